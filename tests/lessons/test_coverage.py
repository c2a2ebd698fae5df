"""What the three texts that the course grew from hold, and the lesson and cell that treats each.

The table is `coverage.csv`, an item a line. Its words stand in exactly one cell of the lesson and
would go with what that cell says of the item. How the text is broken into lines does not matter.
"""

import csv
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from course_tools.authoring.sources import complete_notebook

ROOT = Path(__file__).parents[2]
FOLDERS = ("lessons", "appendix")
LONGEST = 60  # characters of the words that point to a cell

# How many items each text has of each kind: the table may grow, and never shrink.
AT_LEAST = {
    "definition page": {
        "section": 8,
        "claim": 14,
        "schedule": 7,
        "function": 8,
        "figure": 1,
        "library call": 15,
        "use case": 8,
        "when to use": 9,
        "avoid": 7,
        "pitfall": 14,
    },
    "article": {
        "section": 11,
        "schedule": 12,
        "function": 14,
        "claim": 45,
        "guide": 11,
        "recipe": 7,
        "connection": 12,
        "reference": 10,
        "figure": 4,
    },
    "exercise page": {
        "section": 5,
        "claim": 8,
        "schedule": 1,
        "library call": 4,
        "pitfall": 4,
        "hint": 4,
    },
}


class Row(NamedTuple):
    source: str
    kind: str
    item: str
    lesson: str
    words: str

    def __str__(self):
        return f"{self.source}, {self.kind}: {self.item}"


def read_table():
    with Path(__file__).with_name("coverage.csv").open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    assert header == list(Row._fields)
    return [Row(*line) for line in lines]


ROWS = read_table()


def plain(cell):
    """The text of a cell on one line, without the marks of a quotation and hidden comments."""
    text = cell.source
    if cell.cell_type == "markdown":
        text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
        text = re.sub(r"^> ?", "", text, flags=re.MULTILINE)
    return " ".join(text.split())


@cache
def cells_of(root, lesson):
    """The cells of a lesson or of a page of the appendix; none where there is no such source."""
    for folder in FOLDERS:
        source = f"sources/{folder}/{lesson}.py"
        if (root / source).exists():
            return [plain(cell) for cell in complete_notebook(root, source).cells]
    return []


def cells_with(words, root, lesson):
    return [number for number, cell in enumerate(cells_of(root, lesson), 1) if words in cell]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_an_item_is_treated_in_a_cell_of_its_lesson(row):
    assert cells_of(ROOT, row.lesson), f"{row}: there is no lesson {row.lesson}"
    found = cells_with(row.words, ROOT, row.lesson)
    assert found, f"{row}: no cell of {row.lesson} has the words {row.words!r} any more"
    assert len(found) == 1, f"{row}: {row.words!r} stands in the cells {found} of {row.lesson}"


def test_no_item_stands_twice_and_none_borrows_the_words_of_another():
    for columns in (("source", "kind", "item"), ("lesson", "words")):
        seen = Counter(tuple(getattr(row, column) for column in columns) for row in ROWS)
        assert [entry for entry, times in seen.items() if times > 1] == []


def test_every_column_is_filled_and_the_words_are_short():
    for row in ROWS:
        assert all(text and text == " ".join(text.split()) for text in row), row
        assert len(row.words) <= LONGEST, row


@pytest.mark.parametrize(
    ("source", "kind"), [(source, kind) for source, kinds in AT_LEAST.items() for kind in kinds]
)
def test_no_row_has_gone(source, kind):
    rows = [row for row in ROWS if (row.source, row.kind) == (source, kind)]
    assert len(rows) >= AT_LEAST[source][kind]


def test_the_table_has_no_other_texts_and_kinds():
    assert {row.source for row in ROWS} == set(AT_LEAST)
    for source, kinds in AT_LEAST.items():
        assert {row.kind for row in ROWS if row.source == source} == set(kinds)


def test_every_lesson_is_named():
    named = {row.lesson for row in ROWS}
    assert named >= {path.stem for path in (ROOT / "sources" / "lessons").glob("*.py")}


def test_words_are_found_across_lines_and_missed_once_they_are_gone(tmp_path):
    folder = tmp_path / "sources" / "lessons"
    folder.mkdir(parents=True)
    kept = (
        "# %% [markdown]\n# > The rate is\n# > halved <!-- 1/2 = 0.5 --> every\n# hundred steps.\n"
    )
    (folder / "00_with.py").write_text(kept, encoding="utf-8")
    (folder / "01_without.py").write_text(kept.replace("halved", "kept"), encoding="utf-8")
    assert cells_with("rate is halved every hundred", tmp_path, "00_with") == [1]
    assert cells_with("rate is halved every hundred", tmp_path, "01_without") == []
    assert cells_of(tmp_path, "02_not_there") == []
