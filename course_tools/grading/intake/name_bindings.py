"""Finds what the names of a notebook stand for, cell by cell, without running it."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
NOTEBOOKS_MODULE = "__main__"  # the module whose names the cells define
#: Methods that put their arguments into the object they belong to.
_FILLING = {"add", "append", "appendleft", "extend", "insert", "setdefault", "update"}


@dataclass(frozen=True)
class Binding:
    """A meaning that a name has from some cell on.

    Attributes:
        cell: number of the cell.
        body: the definition, or the expression that was assigned; None for an import.
        origin: dotted name of what was imported; "" for no import.
        is_certain: whether it replaces what the name stood for before, whatever happens.
        is_given: whether the exercise came with it.
    """

    cell: int
    body: ast.AST | None = None
    origin: str = ""
    is_certain: bool = True
    is_given: bool = False


@dataclass
class Bindings:
    """The meanings of all names at the top level of a notebook.

    Attributes:
        of: name -> its bindings, in the order of the cells.
        stars: modules of which everything was imported.
    """

    of: dict[str, list[Binding]] = field(default_factory=lambda: defaultdict(list))
    stars: list[str] = field(default_factory=list)

    def live(self, name: str, cell: int) -> list[Binding]:
        """Return what a name may stand for when the cells up to this one have run.

        Where the learner has a value of this name anywhere, the exercise's value is not meant.
        """
        found: list[Binding] = []
        bindings = self.of.get(name, [])
        is_own = any(one.is_certain and not one.is_given for one in bindings)
        for one in reversed(bindings):
            if one.cell <= cell and not (is_own and one.is_given and not one.origin):
                found.append(one)
                if one.is_certain:
                    break
        return found


def bindings_of(given: Sequence[ast.Module], cells: Sequence[ast.Module]) -> Bindings:
    """Return what names stand for at the top level of a notebook.

    Args:
        given: the exercise's own cells, which run first.
        cells: the learner's cells.
    """
    found = Bindings()
    for tree in given:
        _read(tree, -1, found, is_given=True)
    for number, tree in enumerate(cells):
        _read(tree, number, found, is_given=False)
    return found


def imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """Return the names that an import gives, each with what it stands for; * for all of a module.

    >>> list(imported(ast.parse("import a.b, c as d").body[0]))
    [('a', 'a'), ('d', 'c')]
    >>> list(imported(ast.parse("from a import b, c as d").body[0]))
    [('b', 'a.b'), ('d', 'a.c')]
    """
    for one in node.names:
        if isinstance(node, ast.Import):
            root = one.name.partition(".")[0]
            yield (one.asname, one.name) if one.asname else (root, root)
            continue
        module = "." * node.level + (node.module or "")
        if one.name == "*":
            yield "*", module
        else:
            yield one.asname or one.name, f"{module}.{one.name}"


def inside(*nodes: ast.AST) -> Iterator[ast.AST]:
    """Return all that runs when a piece of code runs: not what is within functions and classes."""
    waiting = list(nodes)  # no recursion: a stranger's expression may be nested deeper than that
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(node))


def targets(node: ast.AST) -> Iterator[str]:
    """Return the names that a node gives a value to."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, _DEFINITIONS) or (isinstance(node, ast.ExceptHandler) and node.name):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (name for name, _ in imported(node))
    elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


def own_names(scope: ast.AST) -> set[str]:
    """Return the names that belong to a function, a class or a comprehension alone."""
    if isinstance(scope, COMPREHENSIONS):
        parts = [one.target for one in scope.generators]
        return {name for node in inside(*parts) for name in targets(node)}
    body = scope.body if isinstance(scope.body, list) else [scope.body]
    nodes = list(inside(*body))
    found = {name for node in nodes for name in targets(node)}
    if isinstance(scope, FUNCTIONS):
        found |= {one.arg for one in ast.walk(scope.args) if isinstance(one, ast.arg)}
    return found.difference(*(node.names for node in nodes if isinstance(node, ast.Global)))


def _read(tree: ast.Module, cell: int, found: Bindings, *, is_given: bool) -> None:
    def bind(name: str, body: ast.AST | None, origin: str = "", is_certain: bool = False) -> None:
        found.of[name].append(Binding(cell, body, origin, is_certain, is_given))

    at_once = {id(statement) for statement in tree.body}
    for node in _in_order(tree):
        is_certain = id(node) in at_once
        if isinstance(node, _DEFINITIONS):
            bind(node.name, node, is_certain=is_certain)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for name, origin in imported(node):
                if name == "*":
                    found.stars.append(origin)
                elif origin != f"{NOTEBOOKS_MODULE}.{name}":  # that it already is
                    bind(name, None, origin, is_certain)
        for target, value, replaces in _assignments(node):
            for name, is_whole in _roots(target):
                bind(name, value, is_certain=is_certain and replaces and is_whole)
    for function in ast.walk(tree):
        if isinstance(function, FUNCTIONS) and not isinstance(function, ast.Lambda):
            _read_globals(function, bind)


def _read_globals(function: ast.FunctionDef | ast.AsyncFunctionDef, bind) -> None:
    nodes = list(inside(*function.body))
    names = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
    if not names:
        return
    for node in nodes:
        for target, value, _ in _assignments(node):
            for name in names.intersection(name for name, _ in _roots(target)):
                bind(name, value)


def _in_order(tree: ast.Module) -> Iterator[ast.AST]:
    """Return what runs with a cell, in the order of the text."""
    waiting = list(reversed(tree.body))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            waiting.extend(reversed(list(ast.iter_child_nodes(node))))


def _assignments(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST, bool]]:
    """Return what a node gives a value to, the value, and whether it replaces what was there."""
    if isinstance(node, ast.Assign):
        yield from ((target, node.value, True) for target in node.targets)
    elif isinstance(node, ast.AnnAssign) and node.value:
        yield node.target, node.value, True
    elif isinstance(node, ast.AugAssign | ast.NamedExpr):
        yield node.target, node.value, False
    elif isinstance(node, ast.For | ast.AsyncFor):
        yield node.target, node.iter, False
    elif isinstance(node, ast.withitem) and node.optional_vars:
        yield node.optional_vars, node.context_expr, False
    elif isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in _FILLING:
            yield function, ast.Tuple(node.args, ast.Load()), False
        elif isinstance(function, ast.Name) and function.id == "setattr" and node.args:
            yield node.args[0], ast.Tuple(node.args[1:], ast.Load()), False


def _roots(target: ast.AST) -> Iterator[tuple[str, bool]]:
    """Return the names that a target changes, and whether it replaces all of what they stand for.

    >>> list(_roots(ast.parse("a, b.c, d[0] = x").body[0].targets[0]))
    [('a', True), ('b', False), ('d', False)]
    """
    waiting = [target]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Tuple | ast.List):
            waiting.extend(reversed(node.elts))
        elif isinstance(node, ast.Starred):
            waiting.append(node.value)
        elif isinstance(node, ast.Name):
            yield node.id, isinstance(node.ctx, ast.Store)
        else:
            while isinstance(node, ast.Attribute | ast.Subscript):
                node = node.value
            if isinstance(node, ast.Name):
                yield node.id, False
