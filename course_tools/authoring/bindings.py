"""Concluding sentences, each bound to the outcome that it rests on.

A conclusion carries one of these comments, in its own paragraph, list item, table row or answer:

- ``<!-- holds: linear better_than constant at 300 updates -->``: a cell of this notebook recorded
  it (`course_lib.outcomes`); several are separated by semicolons;
- ``<!-- holds in 06: … -->``: a cell of lesson 6 did;
- ``<!-- derived: from the formula above -->``: a definition, a proof, a formula;
- ``<!-- source: Goyal et al. 2017 -->``: others measured it, or a library documents it.

Every comment is held against the records. A comment is required where a reader takes something
away: a bold sentence, a line of the recap, the answer to a quiz question, a row of a table of
advice, a verdict on a claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from nbformat import NotebookNode

from course_lib.outcomes import MIME, Outcome, check_claim, from_data
from course_tools.authoring.sources import tags
from course_tools.authoring.templates import Finding

COMMENT = re.compile(
    r"<!--\s*(holds in (?P<other>\w+)|holds|derived|source):(?P<words>.*?)-->", re.S
)
YEAR = re.compile(r"\b(19|20)\d\d\b")
BOLD = re.compile(r"\*\*(?P<words>[^*]+(?:\*[^*]+\*[^*]*)*)\*\*")
FENCE = re.compile(r"^```.*?^```", re.M | re.S)
ANSWER = re.compile(r"<details>.*?</details>", re.S)
ITEM = re.compile(r"^(?:\d+\.|-) .*?(?=^(?:\d+\.|-) |\Z)", re.M | re.S)
ROW = re.compile(r"^\|.*\|$", re.M)
# A bold term of up to four words is a name; five words and more conclude something.
CONCLUDING_WORDS = 5
UNBOUND = {"title", "predict", "next"}  # they ask, or say what will come
ADVICE = {"monday", "guide"}

Records = Mapping[str, Sequence[Outcome]]


def recorded(nb: NotebookNode) -> list[Outcome]:
    """The outcomes that the cells of an executed notebook recorded, in order."""
    return [
        outcome
        for cell in nb.cells
        for output in cell.get("outputs", [])
        for outcome in from_data(output.get("data", {}).get(MIME, []))
    ]


def binding_findings(nb: NotebookNode, records: Records) -> Iterator[Finding]:
    """Conclusions of an executed notebook that their record contradicts, or that have none.

    Args:
        nb: the executed notebook.
        records: outcomes of every notebook, by the two digits that its name begins
            with, or by its whole name where it has none.
    """
    own = recorded(nb)
    yield from _twice(own)
    for number, cell in enumerate(nb.cells, start=1):
        if cell.cell_type != "markdown":
            continue
        for problem in _contradictions(cell.source, own, records):
            yield "holds", f"cell {number}: {problem}"
        for unit in _units(cell):
            if not COMMENT.search(unit):
                yield "holds", f"cell {number}: nothing says what this rests on: {_short(unit)!r}"


def grounds_problems(grounds: Sequence[str], records: Records) -> Iterator[str]:
    """Faults in the grounds of a sentence that stands in data, outside any notebook.

    Args:
        grounds: texts such as ``in 02: linear equal_to cosine`` or ``source: Smith 2017``.
        records: as in `binding_findings`.
    """
    if not grounds:
        yield "nothing says what this rests on"
    for ground in grounds:
        if ground.startswith("in "):
            yield from claim_problems(ground, (), records)
        elif not (ground.startswith("source: ") and YEAR.search(ground)):
            yield f"{ground!r} must be `in NN: …`, or `source: …` with its year"


def claim_problems(words: str, own: Sequence[Outcome], records: Records) -> Iterator[str]:
    """Faults in the words of one comment after ``holds:``, or of ``holds in 06:``.

    Args:
        words: one or several claims, separated by semicolons, the first with ``in 06:`` where
            another lesson recorded them.
        own: outcomes of the notebook's own cells.
        records: as in `binding_findings`.
    """
    match = re.match(r"in (\w+):", words.strip())
    if match:
        words, own = words.strip()[match.end() :], records.get(match[1], ())
    for claim in words.split(";"):
        why = check_claim(" ".join(claim.split()), own)
        if why:
            place = f" in {match[1]}" if match else ""
            yield f"{' '.join(claim.split())!r} does not hold{place}: {why}"


def _contradictions(source: str, own: Sequence[Outcome], records: Records) -> Iterator[str]:
    for match in COMMENT.finditer(source):
        kind, words = match[1], match["words"].strip()
        if not words:
            yield f"the comment {match[0]!r} is empty"
        elif kind == "source" and not YEAR.search(words):
            yield f"the source {words!r} needs its year"
        elif kind.startswith("holds"):
            prefix = f"in {match['other']}: " if match["other"] else ""
            yield from claim_problems(prefix + words, own, records)


def _twice(own: Sequence[Outcome]) -> Iterator[Finding]:
    """Records that exclude each other: two comparisons need different words after ``at``."""
    for index, outcome in enumerate(own):
        for other in own[:index]:
            if check_claim(str(outcome), [other]).startswith("the record says"):
                yield "holds", f"two cells record {str(other)!r} and {str(outcome)!r}"


def _units(cell: NotebookNode) -> Iterator[str]:
    """The parts of a cell that need a comment of their own."""
    named, source = set(tags(cell)), FENCE.sub("", cell.source)
    if named & {"claim"}:
        yield source
    if "quiz" in named:
        yield from ANSWER.findall(source)
    if "recap" in named:
        yield from ITEM.findall(source)
    if named & ADVICE:
        yield from ROW.findall(source)[2:]  # below the head and its rule
    if not named & {*UNBOUND, *ADVICE, "quiz", "recap"}:
        yield from (part for part in _paragraphs(source) if _concludes(part))


def _paragraphs(source: str) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", source):
        items = ITEM.findall(block)
        yield from items or [block]


def _concludes(paragraph: str) -> bool:
    text = re.sub(r"<!--.*?-->", "", paragraph, flags=re.S)
    return any(len(match["words"].split()) >= CONCLUDING_WORDS for match in BOLD.finditer(text))


def _short(unit: str) -> str:
    words = " ".join(re.sub(r"<[^<>]*>", " ", unit).split())
    return words if len(words) <= 80 else words[:77] + "…"
