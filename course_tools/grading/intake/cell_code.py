"""Reads the code of a notebook's cell without running it: what it defines, and what it checks."""

from __future__ import annotations

import ast
import itertools
import re
import symtable
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: The functions of `course_lib.checks`, which the course's own cells call.
_CHECKS = {"check", "show_progress"}
_CHECK_MODULE = "course_lib.checks"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINITIONS = (*_FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom)
_SIMPLE = (ast.Name, ast.Constant)
#: What has names of its own.
_SCOPES = (*_FUNCTIONS, ast.ClassDef, ast.Lambda)
_SCOPES += (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LONG = 100_000  # characters; shorter code that needs much memory is nested too deeply to be run
#: Magics of a whole cell behind which Python follows, or another one of them.
_CELL_MAGICS = re.compile(
    r"(?:\s*%%(?:time|timeit|capture|prun|memit|mprun|lprun|snakeviz)\b[^\n]*\n?)+"
)
#: What IPython turns into Python: its own lines, and a cell pasted with an indentation or prompts.
_OF_IPYTHON = re.compile(r"[%!?]|\A\s|^(?:>>>|In \[)", re.M)
_DEF = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)[ \t]*\(", re.M)


@dataclass(frozen=True)
class CellCode:
    """The names and statements of a cell's code, seen without running it.

    Attributes:
        body: its statements; none where it is no Python, which shows when it is run.
        reads: names from outside that it reads, also within its functions.
    """

    body: tuple[ast.stmt, ...] = ()
    reads: frozenset[str] = frozenset()


def read_code(source: str) -> CellCode:
    """Return what is seen of a cell's code.

    IPython's own lines, as `%matplotlib inline` or `!ls`, stand for calls, and an indentation of
    the whole cell and prompts for nothing, as they do in IPython.

    Raises:
        MemoryError: the code is long, and there is not enough memory for it.

    >>> sorted(read_code("def double(x):\\n    return two * x").reads)
    ['two']
    """
    return _parsed_cell(_CELL_MAGICS.sub("", source, count=1)) or CellCode()


def _parsed_cell(source: str, *, by_lines: bool = False) -> CellCode | None:
    """Return what is seen of Python with IPython's lines in it, None where it is none.

    Args:
        source: the code.
        by_lines: whether it is None as well where a line does not stand for one line of Python.
    """
    found = _parsed(source)
    if found is None and _OF_IPYTHON.search(source):
        python = _transformed(source)
        if not by_lines or len(python.splitlines()) == len(source.splitlines()):
            found = _parsed(python)
    return found


def _parsed(source: str) -> CellCode | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a learner's odd escape sequences
            tree = ast.parse(source)
            return CellCode(tuple(tree.body), frozenset(_reads(tree, source)))
    except MemoryError:  # what CPython raises for a nested expression, too
        if len(source) > _LONG:
            raise
        return None
    except (SyntaxError, ValueError, RecursionError, SystemError):
        return None


def _reads(tree: ast.Module, source: str) -> Iterator[str]:
    try:
        waiting = [symtable.symtable(source, "<cell>", "exec")]
    except SyntaxError:  # as of a late `from __future__`: IPython compiles each statement alone
        nodes = ast.walk(tree)
        yield from (one.id for one in nodes if isinstance(one, ast.Name) and not _is_stored(one))
        return
    while waiting:
        table = waiting.pop()
        is_outermost = table.get_type() == "module"
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (is_outermost or symbol.is_global()):
                yield symbol.get_name()
        waiting += table.get_children()


def _is_stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def _transformed(source: str) -> str:
    from IPython.core.inputtransformer2 import TransformerManager  # a fifth of a second

    try:
        return TransformerManager().transform_cell(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""


def defined(body: Sequence[ast.stmt]) -> list[str]:
    """Return the names that statements bind when they run, in order: not those within functions.

    >>> defined(ast.parse("if True:\\n    import numpy as np\\nf = g = abs").body)
    ['np', 'f', 'g']
    """
    names = []
    for node in _outside_functions(body):
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            names.append(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names += [one.asname or one.name.partition(".")[0] for one in node.names]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
    return names


def defined_in_text(source: str) -> list[str]:
    """Return the functions that a cell would define if it were Python, in order.

    >>> defined_in_text("def f(x):\\n    return 2 x\\n\\nasync def g(): ...")
    ['f', 'g']
    """
    return _DEF.findall(source)


def checked(body: Sequence[ast.stmt]) -> list[str]:
    """Return the functions that a cell checks, in order.

    >>> checked(ast.parse("check(lr_at_step, seed)\\ncheck(Mine().with_warmup)").body)
    ['lr_at_step', 'with_warmup']
    """
    calls = filter(None, map(_check_call, body))
    asked = [call.args[0] for call in calls if call.args]
    named = [one for one in asked if isinstance(one, ast.Name | ast.Attribute)]
    return [one.id if isinstance(one, ast.Name) else one.attr for one in named]


def ends_of_checks(source: str) -> list[int]:
    """Return the numbers of the lines after which a cell goes on behind a check of a function.

    >>> ends_of_checks("check(f)\\nf = None\\ncheck(f)")
    [1]
    >>> ends_of_checks("x = 1\\ncheck(f)\\n%reset -f")
    [2]
    """
    if "check" not in source or source.lstrip().startswith("%%"):
        return []
    found = _parsed_cell(source, by_lines=True)
    body = found.body if found is not None else ()
    return [
        node.end_lineno
        for node, after in itertools.pairwise(body)
        if _check_call(node) is not None and after.lineno > node.end_lineno
    ]


def only_checks(body: Sequence[ast.stmt]) -> bool:
    """Return whether statements do nothing but call the course's checks.

    >>> only_checks(ast.parse("check(lr_at_step, seed=7)").body)
    True
    >>> only_checks(ast.parse("import math\\ncheck(lr_at_step)").body)
    False
    """
    return all(_is_check(node) for node in body)


def only_defines(body: Sequence[ast.stmt]) -> bool:
    """Return whether statements only define: functions, classes, imports and plain values.

    >>> only_defines(ast.parse("import math\\nTWO: float = 2.0").body)
    True
    >>> only_defines(ast.parse("table = slow()").body)
    False
    """
    return all(
        isinstance(node, _DEFINITIONS)
        or (
            isinstance(node, ast.Assign | ast.AnnAssign)
            and not any(isinstance(part, ast.Call | ast.Await) for part in ast.walk(node))
        )
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in body
    )


def _is_check(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == _CHECK_MODULE
    call = _check_call(node)
    if call is None:
        return False
    given = [*call.args, *(one.value for one in call.keywords)]
    return all(isinstance(one, _SIMPLE) for one in given)


def _check_call(node: ast.stmt) -> ast.Call | None:
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return None
    return call if call.func.id in _CHECKS else None


def _outside_functions(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """Yield what runs when the cell runs, in order; of what has names of its own, only itself."""
    waiting: list[ast.AST] = list(reversed(body))
    while waiting:  # no recursion: a stranger's expression may be nested deeper than that goes
        node = waiting.pop()
        yield node
        if not isinstance(node, _SCOPES):
            waiting += reversed(list(ast.iter_child_nodes(node)))
