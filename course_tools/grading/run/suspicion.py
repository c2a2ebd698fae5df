"""Points an instructor to functions that call somebody else's implementation.

The code is read without running it, so that it cannot lie; a call can still be hidden. This flags,
and people decide.
"""

from __future__ import annotations

import ast
import importlib
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from course_tools.grading.report import (
    CALLS_IMPLEMENTATION,
    REACHES_BEYOND,
    READS_PRIVATE,
    Suspicion,
)

#: Where the rates of the exercises are to be had ready-made.
_IMPLEMENTATIONS = (
    "course_lib.capstone",
    "course_lib.checks",
    "course_lib.compare",
    "course_lib.forecast",
    "course_lib.intervals",
    "course_lib.libraries",
    "course_lib.range_test",
    "course_lib.schedules",
    "course_lib.theory",
    "course_lib.training",
    "course_tasks",
    "course_tools",
    "fastai",
    "ignite",
    "keras",
    "lightning",
    "optax",
    "pytorch_lightning",
    "tensorflow",
    "timm",
    "torch.optim",
    "transformers",
)
#: Modules with which a program looks at, or reaches beyond, the process it runs in.
_REACHING = (
    *("ctypes", "gc", "importlib", "inspect", "ipykernel", "jupyter_client", "marshal"),
    *("multiprocessing", "pickle", "requests", "signal", "socket", "subprocess", "urllib", "zmq"),
)
_BUILT_IN = ("__import__", "compile", "eval", "exec")  # run code that is not there
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SELF = ("self", "cls")
_LONGEST = 20  # attributes of attributes, of which every beginning is looked at


@dataclass
class _Code:
    """What the cells define.

    Attributes:
        bodies: name -> the body of the function, class or assignment of this name.
        imports: name -> the dotted name it was imported from.
    """

    bodies: dict[str, list[ast.AST]] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)


def uses(task: str, cells: Sequence[str], given: Sequence[str] = ()) -> frozenset[str]:
    """Return what a task's function, and whatever it calls in the cells, uses of other people's.

    Args:
        task: name of the function.
        cells: the learner's code.
        given: the exercise's own code, whose imports the learner may use.

    Returns:
        Dotted names, such as course_lib.schedules.cosine; and `._name` for private attributes.
    """
    code = _Code()
    for source in (*given, *cells):
        _read(source, code)
    found: set[str] = set()
    waiting, seen = [task], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for body in code.bodies.get(name, ()):
            for dotted in _names(body):
                root, _, rest = dotted.partition(".")
                if root in code.imports:
                    whole = f"{code.imports[root]}.{rest}" if rest else code.imports[root]
                    if _is_in(whole, _IMPLEMENTATIONS) or _is_in(whole, _REACHING):
                        found.add(whole)
                elif root in code.bodies:
                    waiting.append(root)
                elif root in _BUILT_IN:
                    found.add(root)
                found.update(_private(dotted))
    return frozenset(found)


def suspicions(
    task: str, cells: Sequence[str], given: Sequence[str], allowed: frozenset[str]
) -> list[Suspicion]:
    """Return what a task's function uses beyond what the solution uses, at most one of a kind.

    Args:
        task: name of the function.
        cells: the learner's code.
        given: the exercise's own code.
        allowed: names that the solution uses; where it uses a module, all of it is allowed.
    """
    more = {name for name in uses(task, cells, given) if not _is_in(name, allowed)}
    longest = _longest(more)
    found = {
        CALLS_IMPLEMENTATION: [name for name in longest if _is_in(name, _IMPLEMENTATIONS)],
        REACHES_BEYOND: [name for name in longest if _is_in(name, (*_REACHING, *_BUILT_IN))],
        READS_PRIVATE: [name for name in more if name.startswith("._")],
    }
    return [Suspicion(kind, task, tuple(sorted(names))) for kind, names in found.items() if names]


def _read(source: str, code: _Code) -> None:
    tree = _parsed(source)
    if tree is None:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                name = one.asname or one.name.partition(".")[0]
                code.imports[name] = one.name if one.asname else name
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in _names_from(node.module) if node.names[0].name == "*" else ():
                code.imports.setdefault(name, f"{node.module}.{name}")
            for one in node.names:
                code.imports[one.asname or one.name] = f"{node.module}.{one.name}"
    for node in _outside_functions(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            code.bodies.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        code.bodies.setdefault(name.id, []).append(node.value)


def _names_from(module: str) -> list[str]:
    """Return the names that `from module import *` gives, of the course's own modules."""
    if not module.startswith("course_lib.") or not _is_in(module, _IMPLEMENTATIONS):
        return []
    try:
        return dir(importlib.import_module(module))
    except ImportError:  # a name that somebody made up
        return []


@lru_cache(maxsize=200)
def _parsed(source: str) -> ast.Module | None:
    # IPython's own lines, as %time, are no Python; nothing of interest hides in them.
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
        return None


def _outside_functions(tree: ast.AST) -> Iterator[ast.AST]:
    """Return what runs when a cell runs: a name assigned within a function is that function's."""
    waiting = [tree]  # no recursion: a stranger's expression may be nested deeper than that goes
    while waiting:
        for node in ast.iter_child_nodes(waiting.pop()):
            yield node
            if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
                waiting.append(node)


def _own(function: ast.AST) -> set[str]:
    """Return a function's arguments and the names it assigns, without those it calls global."""
    body = function.body if isinstance(function.body, list) else [function.body]
    inside = list(_outside_functions(ast.Module(body, [])))
    found = {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)}
    found |= {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return found.difference(*(node.names for node in inside if isinstance(node, ast.Global)))


def _names(body: ast.AST) -> Iterator[str]:
    """Return the names in a piece of code, with the attributes that follow them.

    A name of a function's own has no root: whatever has this name outside is something else.
    """
    waiting: list[tuple[ast.AST, frozenset[str]]] = [(body, frozenset())]
    while waiting:
        node, own = waiting.pop()
        if isinstance(node, _FUNCTIONS):
            own = own | _own(node)
        if isinstance(node, ast.Name) and node.id not in own:
            yield node.id
        inside = ast.iter_child_nodes(node)
        if isinstance(node, ast.Attribute):
            parts, inner = [node.attr], node.value
            while isinstance(inner, ast.Attribute):
                parts.append(inner.attr)
                inner = inner.value
            if len(parts) > _LONGEST:
                inside = [inner]
            root = inner.id if isinstance(inner, ast.Name) else ""
            root = "" if root in own and root not in _SELF else root
            yield ".".join([root, *reversed(parts)])
        waiting.extend((one, own) for one in inside)


def _private(dotted: str) -> Iterator[str]:
    root, *attributes = dotted.split(".")
    if root in _SELF:
        return
    for name in attributes:
        if name.startswith("_") and not name.endswith("__"):
            yield f".{name}"


def _longest(names: set[str]) -> set[str]:
    """Return names without those of which another one is a part."""
    return {name for name in names if not any(other.startswith(f"{name}.") for other in names)}


def _is_in(name: str, modules: Iterable[str]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)
