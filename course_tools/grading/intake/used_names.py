"""Reads from its code what a task's function uses, and what it calls in the cells."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from course_tools.grading.intake.cell_code import read_code
from course_tools.grading.intake.code_structure import fingerprints, packed
from course_tools.grading.intake.magics import DEFINING_NOTHING, HARMLESS_MAGICS, magic_of
from course_tools.grading.intake.name_bindings import (
    COMPREHENSIONS,
    FUNCTIONS,
    NOTEBOOKS_MODULE,
    Bindings,
    bindings_of,
    imported,
    inside,
    own_names,
)

#: What begins the name of something that was built in, and of something nobody can see.
BUILT_IN, UNSEEN = "builtins.", "?"
_BUILT_IN = frozenset(dir(builtins)) | {"display", "get_ipython", "In", "Out"}
_RUN_TEXT = {"compile", "eval", "exec", "get_ipython", "globals", "__import__"}
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef)
_SELF = ("self", "cls")
_MOST_MOMENTS = 10  # twice as many as the grader asks a function
_MOST_NAMES = 1_000  # of one task; more are cut off


@dataclass(frozen=True)
class _Scope:
    """Names of the functions around a piece of code, and what those stand for that they import."""

    own: frozenset[str] = frozenset()
    imports: dict[str, str] = field(default_factory=dict)

    def within(self, node: ast.AST) -> _Scope:
        own = own_names(node)
        imports = {name: origin for name, origin in self.imports.items() if name not in own}
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and not isinstance(node, ast.Lambda):
            for one in inside(*node.body):
                if isinstance(one, ast.Import | ast.ImportFrom):
                    imports.update(imported(one))
        return _Scope(self.own | own, imports)


@dataclass(frozen=True)
class _Mention:
    """A name in a piece of code, with the attributes that follow it.

    Attributes:
        root: the name; "" where it is a function's own, or no name.
        attributes: the attributes.
        is_import: whether `root` is what a function's own import names.
    """

    root: str
    attributes: tuple[str, ...] = ()
    is_import: bool = False


class NotebookNames:
    """The names in the cells of a notebook, from which it follows what a function uses."""

    def __init__(self, given: Sequence[str], cells: Sequence[str]) -> None:
        """Read the cells.

        Args:
            given: the code of the exercise's own cells, which run first.
            cells: the learner's code.

        Raises:
            MemoryError: there is not enough memory for it.
        """
        trees = [_tree(source) for source in cells]
        self._bindings: Bindings = bindings_of([_tree(source) for source in given], trees)
        # A cell may check one of them.
        self._within = [(one, _defined_within(one)) for tree in trees for one in tree.body]
        self._last = len(cells)
        self._private = {name for tree in trees for name in _own_private(tree)}
        self._runs_text = any(map(_runs_text, trees))
        self._used: dict[str, tuple[str, ...]] = {}
        self._mentions: dict[int, list[_Mention]] = {}
        self._bodies: dict[int, ast.AST] = {}
        of_given = self._bindings.of.items()
        self._imported = {name: some[0].origin for name, some in of_given if some[0].origin}
        self._imported.update(one for tree in trees for one in _imported_in(tree))

    def used_by(self, task: str, asked: Sequence[int] = ()) -> tuple[str, ...]:
        """Return what the function of a task, and what it calls in the cells, uses.

        What a name stands for is asked right after a cell that defines or checks the function, and
        at the end: that is when the grader calls it. What the exercise came with is followed where
        it is a value, not where it is a function.

        Args:
            task: name of the function.
            asked: numbers of the cells after which the grader calls it, beside those that define
                it; they count where a task is asked about for the first time.

        Returns:
            Dotted names of what was imported (numpy.cos), `builtins.` and a name for what is
            built in, `.` and a name for an attribute, `?` and a name for what code defines that
            is not in the cells.
        """
        if task in self._used:
            return self._used[task]
        found: set[str] = set()
        own = [one for one in self._bindings.of.get(task, ()) if not one.is_given]
        moments = [self._last, *sorted({*asked, *(one.cell for one in own)}, reverse=True)]
        within = [one for one, names in self._within if task in names]
        for moment in moments[:_MOST_MOMENTS]:
            self._follow(task, moment, found, within)
        if not own and not within and self._runs_text:
            found.add(f"{UNSEEN}{task}")
        self._used[task] = tuple(sorted(found)[:_MOST_NAMES])
        return self._used[task]

    def structure_of(self, tasks: Sequence[str]) -> str:
        """Return the fingerprints of functions and of what they call in the cells.

        Returns:
            A short text, of which `code_structure.unpacked` makes numbers.
        """
        for task in tasks:
            self.used_by(task)
        return packed(fingerprints(self._bodies.values(), self._imported))

    def _follow(
        self, task: str, moment: int, found: set[str], within: Sequence[ast.stmt] = ()
    ) -> None:
        waiting, seen = [_Mention(task)], set()
        for one in within:
            waiting.extend(self._mentioned(one))
            self._bodies[id(one)] = one
        while waiting:
            mention = waiting.pop()
            if mention in seen:
                continue
            seen.add(mention)
            if mention.is_import:
                waiting.extend(_from_import(mention.root, mention.attributes, found))
                continue
            live = self._bindings.live(mention.root, moment) if mention.root else []
            for one in live:
                if one.origin:
                    waiting.extend(_from_import(one.origin, mention.attributes, found))
                elif not (one.is_given and isinstance(one.body, (*FUNCTIONS, ast.ClassDef))):
                    waiting.extend(self._mentioned(one.body))
                    if not one.is_given:
                        self._bodies[id(one.body)] = one.body
            if not any(one.origin for one in live):
                found.update(self._attributes(mention))
            if mention.root and not live and mention.root != task:
                found.update(self._unbound(mention))

    def _mentioned(self, body: ast.AST) -> list[_Mention]:
        if id(body) not in self._mentions:
            self._mentions[id(body)] = list(dict.fromkeys(_mentions(body)))
        return self._mentions[id(body)]

    def _attributes(self, mention: _Mention) -> Iterator[str]:
        for name in mention.attributes:
            if name not in self._private and (mention.root not in _SELF or name.startswith("__")):
                yield f".{name}"

    def _unbound(self, mention: _Mention) -> Iterator[str]:
        if mention.root in _BUILT_IN:
            yield f"{BUILT_IN}{mention.root}"
        elif self._bindings.stars:
            for module in self._bindings.stars:
                yield from _imported_names(f"{module}.{mention.root}", mention.attributes)
        elif self._runs_text:
            yield f"{UNSEEN}{mention.root}"


def _from_import(origin: str, attributes: Sequence[str], found: set[str]) -> Iterator[_Mention]:
    """Add what was imported to what is found; yield what is rather the notebook's own."""
    module, *names = (*origin.split("."), *attributes)
    if module != NOTEBOOKS_MODULE:
        found.update(_imported_names(origin, attributes))
        return
    if not names or names[0].startswith("__"):  # any name may be asked of it, unseen
        found.add(".".join((module, *names)))
    if names:
        yield _Mention(names[0], tuple(names[1:]))


def _imported_names(origin: str, attributes: Sequence[str]) -> Iterator[str]:
    if not attributes or f"{origin}." != BUILT_IN:  # of that one only its names are told apart
        yield origin
    if attributes:
        yield ".".join((origin, *attributes))


def _mentions(body: ast.AST) -> Iterator[_Mention]:
    """Return the names in a piece of code, without those in hints of types."""
    waiting: list[tuple[ast.AST, _Scope]] = [(body, _Scope())]
    while waiting:
        node, scope = waiting.pop()
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                yield _mention(node, (), scope)
            continue
        if isinstance(node, ast.Attribute):
            attributes = []
            while isinstance(node, ast.Attribute):
                attributes.append(node.attr)
                node = node.value
            yield _mention(node, tuple(reversed(attributes)), scope)
            if not isinstance(node, ast.Name):
                waiting.append((node, scope))
            continue
        if isinstance(node, ast.Call):
            if magic_of(node) in HARMLESS_MAGICS:
                continue
            named = _named_attributes(node)
            if named:
                yield from (_mention(owner, names, scope) for owner, names in named)
                known = [owner for owner, _ in named if isinstance(owner, ast.Name)]
                rest = [one for one in (*node.args, *node.keywords) if one not in known]
                if isinstance(node.func, ast.Attribute):
                    rest.append(node.func.value)
                waiting.extend((one, scope) for one in rest)
                continue
        waiting.extend(_parts(node, scope))


def _mention(node: ast.AST, attributes: tuple[str, ...], scope: _Scope) -> _Mention:
    name = node.id if isinstance(node, ast.Name) else ""
    if name in scope.imports:
        return _Mention(scope.imports[name], attributes, is_import=True)
    if name in scope.own and name not in _SELF:
        return _Mention("", attributes)
    return _Mention(name, attributes)


def _parts(node: ast.AST, scope: _Scope) -> Iterator[tuple[ast.AST, _Scope]]:
    """Return the parts of a node: what a function's head holds is evaluated outside of it."""
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        yield from ((one, scope) for one in _head(node))
        inner = scope.within(node)
        for one in node.body if isinstance(node.body, list) else [node.body]:
            # A method does not see the names of its class.
            is_method = isinstance(node, ast.ClassDef) and isinstance(one, FUNCTIONS)
            yield one, scope if is_method else inner
        return
    inner = scope.within(node) if isinstance(node, COMPREHENSIONS) else scope
    for one in ast.iter_child_nodes(node):
        is_hint = isinstance(node, ast.AnnAssign) and one is node.annotation
        if not (is_hint or _is_type_asked_for(node, one)) or _calls(one):
            yield one, inner


def _head(node: ast.AST) -> Iterator[ast.AST]:
    yield from getattr(node, "decorator_list", ())
    if isinstance(node, ast.ClassDef):
        yield from (*node.bases, *node.keywords)
        return
    defaults = (*node.args.defaults, *node.args.kw_defaults)
    yield from (one for one in defaults if one is not None)
    hints = [one.annotation for one in ast.walk(node.args) if isinstance(one, ast.arg)]
    hints.append(getattr(node, "returns", None))
    yield from (one for one in hints if one is not None and _calls(one))


def _is_type_asked_for(node: ast.AST, part: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("isinstance", "issubclass")
        and part in node.args[1:]
    )


def _calls(node: ast.AST) -> bool:
    return any(isinstance(one, ast.Call) for one in ast.walk(node))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _named_attributes(call: ast.Call) -> list[tuple[ast.AST, tuple[str, ...]]]:
    """Return the attributes that getattr or attrgetter is asked for by their written names."""
    function = call.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    if name == "getattr" and len(call.args) >= 2 and _is_text(call.args[1]):
        owner, attributes = call.args[0], [call.args[1].value]
        while isinstance(owner, ast.Attribute):
            attributes.append(owner.attr)
            owner = owner.value
        return [(owner, tuple(reversed(attributes)))]
    if name in ("attrgetter", "methodcaller") and call.args and all(map(_is_text, call.args[:1])):
        texts = [one.value for one in call.args if _is_text(one)]
        return [(call, tuple(text.split("."))) for text in texts]
    return []


def _defined_within(statement: ast.stmt) -> set[str]:
    """Return the methods and inner functions of a statement's classes and functions."""
    scopes = (one for one in ast.walk(statement) if isinstance(one, (*_NAMED, ast.ClassDef)))
    inner = (one for scope in scopes for one in ast.walk(scope) if one is not scope)
    return {one.name for one in inner if isinstance(one, _NAMED)}


def _tree(source: str) -> ast.Module:
    return ast.Module(list(read_code(source).body), [])


def _imported_in(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from imported(node)


def _own_private(tree: ast.Module) -> Iterator[str]:
    """Return the private attributes that a learner's own classes give themselves."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        for one in ast.walk(node):
            names = [getattr(one, "name", None) if isinstance(one, FUNCTIONS) else None]
            if isinstance(one, ast.Name | ast.Attribute) and isinstance(one.ctx, ast.Store):
                names.append(one.id if isinstance(one, ast.Name) else one.attr)
            yield from (name for name in names if name and name.startswith("_"))


def _runs_text(tree: ast.Module) -> bool:
    """Return whether a cell runs code that is not in its text, which may define anything."""
    harmless = set()
    for node in ast.walk(tree):
        if magic_of(node) in DEFINING_NOTHING:
            harmless.add(id(node.func.value.func))
        elif isinstance(node, ast.Name) and node.id in _RUN_TEXT and id(node) not in harmless:
            return True
    return False
