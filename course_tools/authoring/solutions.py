"""Takes the solution out of a task cell, and tells whether a piece of it stands elsewhere."""

from __future__ import annotations

import ast
import io
import keyword
import re
import tokenize
from collections.abc import Sequence

from course_tools.authoring.errors import CourseError

Function = ast.FunctionDef | ast.AsyncFunctionDef
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
WORD_OR_SIGN = re.compile(r"\w+|[^\w\s]")


def emptied(code: str, where: str) -> str:
    """A task cell with its solution removed.

    Imports, decorators, signatures and docstrings stay letter by letter; every body becomes
    ``raise NotImplementedError``. Comments go: they may tell the solution.

    Args:
        code: source of the cell, imports and functions only.
        where: names the file and the cell in an error.

    Raises:
        CourseError: the cell does not parse, or holds anything but imports and functions.
    """
    imports, functions = _parsed(code, where)
    blocks = ["\n".join(ast.get_source_segment(code, node) for node in imports)] if imports else []
    blocks += [_stub(code, function) for function in functions]
    return "\n\n\n".join(blocks)


def solution_lines(code: str, where: str) -> list[str]:
    """The logical lines that `emptied` removes, without comments and without trivial ones.

    A line is trivial when all its words are keywords: ``else:``, ``return None``, ``)``.

    Args:
        code: source of the cell, imports and functions only.
        where: names the file and the cell in an error.

    Raises:
        CourseError: as `emptied`.
    """
    _, functions = _parsed(code, where)
    lines = []
    for function in functions:
        for statement in _body(function):
            text = ast.get_source_segment(code, statement, padded=True)
            lines += [line for line in _logical_lines(text) if not _is_trivial(line)]
    return lines


def contains(text: str, line: str) -> bool:
    """Whether ``text`` holds the words and signs of ``line`` in a row, however spaced."""
    words, wanted = WORD_OR_SIGN.findall(text), WORD_OR_SIGN.findall(line)
    return any(
        words[start : start + len(wanted)] == wanted
        for start in range(len(words) - len(wanted) + 1)
    )


def _parsed(code: str, where: str) -> tuple[list[ast.stmt], list[Function]]:
    try:
        statements = ast.parse(code).body
    except SyntaxError as error:
        raise CourseError(f"{where}: the solution is not Python: {error}") from error
    imports = [node for node in statements if isinstance(node, ast.Import | ast.ImportFrom)]
    functions = [node for node in statements if isinstance(node, Function)]
    for node in statements:
        if not isinstance(node, ast.Import | ast.ImportFrom | Function):
            first = ast.get_source_segment(code, node).splitlines()[0]
            raise CourseError(
                f"{where}: a solution cell holds imports and functions only, "
                f"got `{first}`; move it to a cell of its own"
            )
    if not functions:
        raise CourseError(f"{where}: a solution cell needs the function that the task asks for")
    return imports, functions


def _body(function: Function) -> Sequence[ast.stmt]:
    return function.body[1:] if ast.get_docstring(function) is not None else function.body


def _stub(code: str, function: Function) -> str:
    lines = code.splitlines()
    first = min([function.lineno, *(node.lineno for node in function.decorator_list)])
    last, column = _end_of_signature(lines, function)
    header = [*lines[first - 1 : last - 1], lines[last - 1][:column]]
    own_line = function.body[0].lineno > last
    indent = " " * (function.body[0].col_offset if own_line else 4)
    if ast.get_docstring(function) is not None:
        header.append(indent + ast.get_source_segment(code, function.body[0]))
    header.append(f'{indent}raise NotImplementedError("write {function.name} in this cell")')
    return "\n".join(header)


def _end_of_signature(lines: list[str], function: Function) -> tuple[int, int]:
    """Line (from 1) and column behind the colon that ends ``def name(...) -> type:``."""
    rest = "\n".join(lines[function.lineno - 1 : function.end_lineno])
    depth = 0
    for token in tokenize.generate_tokens(io.StringIO(rest).readline):
        if token.type != tokenize.OP:
            continue
        depth += (token.string in "([{") - (token.string in ")]}")
        if token.string == ":" and depth == 0:
            return function.lineno + token.end[0] - 1, token.end[1]
    raise AssertionError(f"no colon ends the signature of {function.name}")


def _logical_lines(text: str) -> list[str]:
    lines, current = [], []
    for token in tokenize.generate_tokens(io.StringIO(f"{text}\n").readline):
        if token.type == tokenize.NEWLINE:
            lines.append(" ".join(current))
            current = []
        elif token.type not in LAYOUT:
            current.append(token.string)
    return lines


def _is_trivial(line: str) -> bool:
    return all(keyword.iskeyword(word) for word in re.findall(r"\w+", line))
