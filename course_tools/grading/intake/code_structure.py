"""Fingerprints of code that stay the same when it is renamed, reformatted or put in another order.

After Schleimer, Wilkerson and Aiken, "Winnowing: local algorithms for document fingerprinting",
SIGMOD 2003, on the tree of the code instead of its text.
"""

from __future__ import annotations

import ast
import base64
import builtins
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

#: Tokens of a fingerprint, and fingerprints in a row of which one is kept: what two functions have
#: in common is found from 11 tokens on, as in `return peak_lr * step / warmup_steps`.
LENGTH, WINDOW = 8, 4
_MOST = 5_000  # fingerprints of one task; more are cut off
_BUILT_IN = frozenset(dir(builtins))
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)


def fingerprints(bodies: Iterable[ast.AST], imported: Mapping[str, str]) -> list[int]:
    """Return the fingerprints of pieces of code, sorted, each a number of 32 bits.

    Names of the code's own, numbers, hints of types, comments and docstrings do not count; nor
    does the order of the pieces. Names of functions that it uses do, without their modules.

    Args:
        bodies: the pieces: definitions, or expressions that were assigned.
        imported: names that imports give, with what they stand for.

    >>> one = ast.parse("def f(x, rate): return np.cos(x) * 2 - rate * x")
    >>> two = ast.parse("def g(step, u): return math.cos(step) * 3 - u * step  # mine")
    >>> fingerprints([one], {"np": "numpy"}) == fingerprints([two], {"math": "math"})
    True
    """
    found: set[int] = set()
    for body in bodies:
        found.update(_winnowed(list(_tokens(body, imported))))
    return sorted(found)[:_MOST]


def packed(prints: Sequence[int]) -> str:
    """Return fingerprints as a short text; `unpacked` reads it.

    >>> unpacked(packed([1, 2**32 - 1]))
    [1, 4294967295]
    """
    return base64.b64encode(b"".join(one.to_bytes(4, "big") for one in prints)).decode()


def unpacked(text: str) -> list[int]:
    """Return the fingerprints in a text that `packed` wrote."""
    content = base64.b64decode(text)
    return [int.from_bytes(content[n : n + 4], "big") for n in range(0, len(content), 4)]


def _winnowed(tokens: Sequence[str]) -> set[int]:
    if len(tokens) < LENGTH:
        return {_hash(tokens)} if tokens else set()
    hashes = [_hash(tokens[n : n + LENGTH]) for n in range(len(tokens) - LENGTH + 1)]
    windows = max(1, len(hashes) - WINDOW + 1)
    return {min(hashes[n : n + WINDOW]) for n in range(windows)}


def _hash(tokens: Sequence[str]) -> int:
    digest = hashlib.blake2b("\0".join(tokens).encode("utf-8", "replace"), digest_size=4)
    return int.from_bytes(digest.digest(), "big")


def _tokens(body: ast.AST, imported: Mapping[str, str]) -> Iterator[str]:
    """Return the nodes of a tree, each before its parts, without what does not count."""
    waiting = [body]
    while waiting:
        node = waiting.pop()
        parts = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.Name):
            yield _kind_of_name(node, imported)
            continue
        if isinstance(node, ast.Attribute):
            yield node.attr
            parts = [] if _is_of_module(node, imported) else [node.value]
        elif isinstance(node, ast.Constant):
            yield _kind(node.value)
        elif isinstance(node, ast.AugAssign):
            yield from ("Assign", "name", "BinOp")
            parts = [node.op, node.target, node.value]
        elif isinstance(node, ast.AnnAssign):
            yield "Assign"
            parts = [node.target, *([node.value] if node.value else [])]
        elif isinstance(node, ast.BinOp):
            yield "BinOp"
            parts = [node.op, node.left, node.right]
        elif isinstance(node, ast.arg):
            yield "arg"
            continue
        else:
            if not isinstance(node, ast.expr_context | ast.Expr | ast.Module | ast.arguments):
                yield type(node).__name__
            if isinstance(node, _DEFINITIONS):
                parts = [one for one in parts if one is not getattr(node, "returns", None)]
        waiting.extend(one for one in reversed(parts) if not _is_text(one))


def _is_text(node: ast.AST) -> bool:
    is_statement = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_statement or isinstance(node, ast.Import | ast.ImportFrom)


def _is_of_module(node: ast.Attribute, imported: Mapping[str, str]) -> bool:
    inner = node.value
    while isinstance(inner, ast.Attribute):
        inner = inner.value
    return isinstance(inner, ast.Name) and inner.id in imported


def _kind_of_name(node: ast.Name, imported: Mapping[str, str]) -> str:
    """Return the name of what was imported or built in; others count as names alone."""
    if isinstance(node.ctx, ast.Load):
        if node.id in imported:
            return imported[node.id].rpartition(".")[2]
        if node.id in _BUILT_IN:
            return node.id
    return "name"


def _kind(value: object) -> str:
    """Return what counts of a constant: of a number or a text, that it is one."""
    if isinstance(value, str | bytes):
        return "text"
    return str(value) if value is None or isinstance(value, bool) else "number"
