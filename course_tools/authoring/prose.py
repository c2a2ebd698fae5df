"""The numbers in a lesson's prose, each held against what the lesson computes.

A number in a text cell or in the words for a figure (``alt=``) must be one of

- a number that a cell nearby prints, equal at the precision shown in the prose;
- a number in the code of a cell nearby: what went in;
- the result of a sum in an HTML comment of the same cell, which is worked out here:
  ``<!-- 2/50 = 0.04 -->``;
- a figure from a paper, in a comment ``<!-- cited: 375e6, 0.1 -->`` of a cell that names the year.

Title, quiz, recap, advice and the closing cell speak of the whole lesson: for them every cell is
near.
In a quiz, an answer may also use the numbers of its question. Formulas, code, links, identifiers,
years, minutes, the numbers of lessons and lists of references are no claims and are passed over.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from course_tools.authoring.bindings import COMMENT as BINDING
from course_tools.authoring.bindings import YEAR
from course_tools.authoring.sources import tags
from course_tools.authoring.templates import Finding

COMMENT = re.compile(r"<!--(.*?)-->", re.S)
NO_CLAIM = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (r"<!--.*?-->", re.S),
        (r"\*\*References\.\*\*.*", re.S),
        (r"```.*?```", re.S),
        (r"`[^`\n]*`", 0),
        (r"\$\$.*?\$\$", re.S),
        (r"\$(?!\s*[-−]?[\d.]+\s*\$)[^$]+\$", 0),  # a formula; a bare number in dollars is a claim
        (r"\]\([^)\s]*\)", 0),
        (r"<[^<>]*>", 0),
        (r"https?://\S+|\b(arXiv|doi|ISBN):\s*\S+", re.I),
        (r"^\s*(>\s*)?(#+ )?(\*\*)?\d+[.)](?=[\s*])", re.M),  # lists, headings, questions
        (r"\b\d+(\s*(to|–|-)\s*\d+)? minutes?\b(, and \d+ more for)?", 0),
        (
            r"\b(lesson|exercise|section|chapter|figure|table|appendix|version|mistake|puzzle)s?"
            r"\s+\d+(\.\d+)*((,| to| and|, and|–| or)\s*\d+)*",
            re.I,
        ),
        (r"^#+ What goes wrong, \d+", re.M),
        (r"\b(vol|no|pp|p)\.\s*\d+([–-]\d+)?", re.I),
        (r"\b95 % (confidence |bootstrap )?(interval|level)s?", 0),
        (r"\b(in|since) (19|20)\d\d\b|[(,;] ?(19|20)\d\d[a-z]?(?=[),;])", 0),
    )
)
NUMBER = re.compile(
    r"(?<![\w.,])(?<![A-Za-z]-)[-−+]?"  # not the 3 of GPT-3
    r"(?P<digits>\d{1,3}(?:[,\u2009\u202f\u00a0 ]\d{3})+(?!\d)|\d+)(?P<decimals>\.\d+)?"
    r"(?P<exponent>[eE][-+−]?\d+)?(?P<percent>\s?%)?(?![\w]|\.\d)"
)
PRINTED = re.compile(r"(?<![\w.])[-−+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(\s?%)?")
ALWAYS = (0.0, 1.0, 10.0)  # and 100 %, "divide by 10": no measurement is told with them alone
# How far a cell may stand from the prose it supports. The nearer, the fewer agree by chance:
# of those with two digits or a decimal, changed by one in the last place, the check finds 69 % with
# six cells and 49 % with the whole lesson (lessons 0 to 4).
NEAR = 6
EVERYWHERE = {"title", "quiz", "recap", "monday", "next"}
ROUNDING = 1e-9


@dataclass(frozen=True)
class ProseNumber:
    """A number in prose: its text, its size without sign, and the unit of its last digit."""

    text: str
    value: float
    unit: float

    def agrees(self, other: float) -> bool:
        """Whether `other`, rounded to the precision shown, is this number; signs are ignored."""
        slack = 0.0 if self.value < 10 and self.unit == 1 else self.unit / 2
        return abs(abs(other) - self.value) <= slack + ROUNDING * max(1.0, self.value)


def prose_findings(nb: NotebookNode) -> Iterator[Finding]:
    """Numbers in the prose of an executed lesson that nothing in it supports."""
    supported = [{*_printed(cell), *_written_in_code(cell)} for cell in nb.cells]
    for index, cell in enumerate(nb.cells, start=1):
        far = EVERYWHERE.intersection(tags(cell))
        near = supported if far else supported[max(0, index - 1 - NEAR) : index + NEAR]
        known = {abs(value) for value in set(ALWAYS).union(*near)}
        if cell.cell_type == "code":
            texts, extra = _alternative_texts(cell.source), set()
        else:
            texts, extra = [cell.source], set()
            for error in _collect_comments(cell.source, extra):
                yield "prose", f"cell {index}: {error}"
        if "quiz" in tags(cell):
            question, *answers = re.split(r"(?=<details)", cell.source)
            extra |= {abs(value) for value in _values(question)}
            for answer in answers:  # what follows an answer may be the next question
                extra |= {abs(value) for value in _values(answer.partition("</details>")[2])}
        for text in texts:
            for number in numbers_in(text):
                if not any(number.agrees(value) for value in known | extra):
                    yield "prose", _message(index, number)


def numbers_in(text: str) -> list[ProseNumber]:
    """The numbers of a text that are claims, in order."""
    for pattern in NO_CLAIM:
        text = pattern.sub(" ⋅ ", text)
    return [_prose_number(match) for match in NUMBER.finditer(text)]


def _message(index: int, number: ProseNumber) -> str:
    return (
        f"cell {index}: no output and no input near it supports {number.text!r}; "
        "print it, or show the sum in a comment (<!-- 2/50 = 0.04 -->)"
    )


def _prose_number(match: re.Match[str]) -> ProseNumber:
    digits = re.sub(r"[^\d]", "", match["digits"])
    decimals, exponent = match["decimals"] or "", (match["exponent"] or "e0").replace("−", "-")
    scale = 10.0 ** int(exponent[1:]) / (100 if match["percent"] else 1)
    unit = 10.0 ** -max(len(decimals) - 1, 0)
    return ProseNumber(match[0].strip(), float(digits + decimals) * scale, unit * scale)


def _printed(cell: NotebookNode) -> Iterator[float]:
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        html = re.sub(r"<[^<>]*>", " ", data.get("text/html", ""))
        for text in (output.get("text", ""), data.get("text/plain", ""), html):
            yield from _values(text)


def _values(text: str) -> Iterator[float]:
    for match in PRINTED.finditer(re.sub(r"(?<=\d)[,\u2009\u202f\u00a0](?=\d{3}\b)", "", text)):
        number = match[0].replace("−", "-").rstrip("% ")
        value = float(number)
        yield value / 100 if match[1] else value


def _written_in_code(cell: NotebookNode) -> Iterator[float]:
    if cell.cell_type == "code":
        for node in ast.walk(_parsed(cell.source)):
            if isinstance(node, ast.Constant) and type(node.value) in (int, float):
                yield float(node.value)


def _alternative_texts(source: str) -> list[str]:
    """The words given as ``alt=``; what an f-string puts in is computed and left out."""
    texts = []
    for node in ast.walk(_parsed(source)):
        if isinstance(node, ast.keyword) and node.arg == "alt":
            parts = [part for part in ast.walk(node.value) if isinstance(part, ast.Constant)]
            texts += [part.value for part in parts if isinstance(part.value, str)]
    return texts


def _parsed(source: str) -> ast.AST:
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    return ast.parse("\n".join(lines))


def _collect_comments(source: str, numbers: set[float]) -> Iterator[str]:
    """Adds what the comments of a cell support to `numbers`; yields what is wrong with them."""
    for comment in COMMENT.findall(BINDING.sub("", source)):
        if comment.strip().startswith("cited:"):
            if not YEAR.search(COMMENT.sub("", source)):
                yield f"{comment.strip()!r} needs a reference with its year in the same cell"
            numbers |= {abs(value) for value in _values(comment.partition(":")[2])}
        elif "=" in comment:
            left, _, right = comment.rpartition("=")
            try:
                value = _evaluate(left)
            except (ValueError, SyntaxError, ArithmeticError) as error:
                yield f"the sum {comment.strip()!r} cannot be worked out: {error}"
                continue
            shown = [_prose_number(match) for match in NUMBER.finditer(right)]
            if len(shown) != 1 or not shown[0].agrees(value):
                yield f"the sum {comment.strip()!r} is wrong: {left.strip()} is {value:.6g}"
            numbers |= {number.value for number in shown}


_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: operator.pow,
}
_NAMES = {"sqrt": math.sqrt, "log": math.log, "exp": math.exp, "cos": math.cos, "pi": math.pi}


def _evaluate(text: str) -> float:
    """The value of a sum of numbers, + - * / // **, brackets, sqrt, log, exp, cos and pi."""

    def value(node: ast.AST) -> float:
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return node.value
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](value(node.left), value(node.right))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.Name) and node.id == "pi":
            return math.pi
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
            function = _NAMES.get(node.func.id)
            if callable(function):
                return function(value(node.args[0]))
        raise ValueError(f"{ast.unparse(node)} is not arithmetic")

    return float(value(ast.parse(text.strip(), mode="eval").body))
