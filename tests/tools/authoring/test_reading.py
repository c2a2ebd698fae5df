"""How long a lesson takes: what is counted, what counts apart, what is too long."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_tools.authoring.reading import FOLDED, minutes, reading_findings

LINES = "\n".join(f"x{i} = {i}" for i in range(20))


def further(source):
    return new_markdown_cell(source, metadata={FOLDED: True})


def of(*cells):
    found = minutes(new_notebook(cells=list(cells)))
    return found.core, found.further


@pytest.mark.parametrize(
    ("cell", "core"),
    [
        (new_markdown_cell("word " * 200), 1.0),
        (new_markdown_cell("don't half-way 3.5"), 3 / 200),
        (new_markdown_cell("<!-- " + "word " * 200 + "-->"), 0.0),
        (new_markdown_cell("[word](" + "x" * 90 + ")"), 1 / 200),
        (new_markdown_cell(f"```python\n{LINES}\n```"), 2.0),
        (new_code_cell(LINES), 2.0),
        (new_code_cell("# why\n\n" + LINES), 2.0),
        (new_code_cell(LINES, metadata={"jupyter": {"source_hidden": True}}), 0.0),
    ],
)
def test_words_and_visible_lines_are_counted(cell, core):
    assert of(cell) == (pytest.approx(core), 0.0)


def test_a_further_section_ends_at_the_next_heading_of_its_level():
    cells = [
        new_code_cell(LINES),
        further("## Further: more"),
        new_code_cell(LINES),
        new_markdown_cell("### Part of it"),
        new_code_cell(LINES),
        new_markdown_cell("## Recap"),
        new_code_cell(LINES),
    ]
    core, more = of(*cells)
    assert (round(core), round(more)) == (4, 4)


def rules(title, *cells):
    nb = new_notebook(cells=[new_markdown_cell(title), *cells])
    return [message for _, message in reading_findings(nb)]


def test_the_title_says_the_minutes_that_are_counted():
    cells = [new_code_cell(LINES) for _ in range(4)]
    assert rules("# A\n**Time:** about 10 minutes.", *cells) == []
    (message,) = rules("# A\n**Time:** about 15 minutes.", *cells)
    assert "must say `**Time:** about 10 minutes`" in message
    cells += [further("## Further: b"), *(new_code_cell(LINES) for _ in range(4))]
    (message,) = rules("# A\n**Time:** about 10 minutes.", *cells)
    assert "about 10 minutes, and 10 more for *Further*" in message
    assert rules("# A\n**Time:** about 10 minutes, and 10 more for *Further*.", *cells) == []


def test_a_core_path_over_45_minutes_is_too_long():
    found = rules("# A\n**Time:** about 50 minutes.", *(new_code_cell(LINES) for _ in range(25)))
    assert found == ["the core path takes 50 minutes, allowed 45"]
    assert (
        rules("# A\n**Time:** about 45 minutes.", *(new_code_cell(LINES) for _ in range(23))) == []
    )


def test_a_visible_cell_has_25_lines_at_most():
    title = "# A\n**Time:** about 5 minutes."
    lines = "\n\n".join(["x = 1"] * 25)
    assert rules(title, new_code_cell(lines)) == []
    assert rules(title, new_code_cell(lines + "\nx = 1")) == ["cell 2 shows 26 lines, allowed 25"]
    hidden = new_code_cell(lines + "\nx = 1", metadata={"jupyter": {"source_hidden": True}})
    assert rules(title, hidden) == []


def test_further_sections_are_folded_and_no_others():
    title = "# A\n**Time:** about 5 minutes"
    folded, open_ = further("## Further: x"), new_markdown_cell("## Further: x")
    assert rules(title + ", and 5 more for *Further*", folded) == []
    (message,) = rules(title + ", and 5 more for *Further*", open_)
    assert "is folded (jp-MarkdownHeadingCollapsed=true) if it begins with" in message
    (message,) = rules(title, further("## Other"))
    assert "and no other is" in message
    assert len(rules(title + ", and 5 more for *Further*", further("Text.\n\n## Further: x"))) == 1
