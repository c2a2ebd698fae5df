"""Conclusions are held to their records: what needs one, and every kind of contradiction."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_lib.outcomes import MIME, Outcome, as_data
from course_tools.authoring.bindings import (
    binding_findings,
    claim_problems,
    grounds_problems,
    recorded,
)
from course_tools.authoring.build import build
from course_tools.authoring.rules import check
from tests.tools.authoring.small_course import BUILT_LESSON, LESSON, edit, edit_notebook, found


def cell_with(*outcomes):
    data = {MIME: as_data(outcomes), "text/plain": "table"}
    return new_code_cell("show()", outputs=[new_output("display_data", data=data)])


def text(source, *tags):
    return new_markdown_cell(source, metadata={"tags": list(tags)})


def messages(*cells, records=None):
    nb = new_notebook(cells=list(cells))
    return [message for _, message in binding_findings(nb, records or {})]


LINEAR = Outcome("linear", "better_than", "constant", "300 updates")


@pytest.mark.parametrize(
    ("source", "tags", "count"),
    [
        ("**The linear decay wins here.**", (), 1),
        ("**The linear decay\nwins here.** And more.", (), 1),
        ("a **warmup** is **not a schedule**", (), 0),  # terms and stress
        ("**One two three four *five*.**", (), 1),
        ("Calm.\n\n**The linear decay wins here.**\n\nCalm.", (), 1),
        ("- **The linear decay wins here.**\n- **And the cosine wins there.**", (), 2),
        ("```\n**The linear decay wins here.**\n```", (), 0),
        ("**The linear decay wins here.**", ("title",), 0),
        ("> **Predict before you run.** **Who will win this one?**", ("predict",), 0),
        ("**You will see more of this.**", ("next",), 0),
        ("1. one\n2. two\n   goes on\n3. three", ("recap",), 3),
        (
            "## Quiz\n\n**1.** Why?\n\n<details>Because.</details>\n<details>No.</details>",
            ("quiz",),
            2,
        ),
        ("| job | do |\n|---|---|\n| a | b |\n| c | d |", ("guide",), 2),
        ("| job | do |\n|---|---|\n| a | b |", ("monday",), 1),
        ("| job | do |\n|---|---|\n| a | b |", (), 0),
        ("It holds in every case.", ("claim",), 1),
    ],
)
def test_what_must_say_what_it_rests_on(source, tags, count):
    found = messages(text(source, *tags))
    assert len(found) == count
    assert all("nothing says what this rests on" in message for message in found)


@pytest.mark.parametrize(
    "comment",
    [
        "<!-- holds: linear better_than constant at 300 updates -->",
        "<!-- holds: constant worse_than linear\n at 300 updates -->",
        "<!-- holds: Linear better_than constant at 300 updates; linear beaten_by 0 -->",
        "<!-- derived: the formula above -->",
        "<!-- source: Goyal et al. 2017 -->",
        "<!-- holds in 06: cosine equal_to linear -->",
    ],
)
def test_a_binding_is_enough(comment):
    cells = [cell_with(LINEAR, Outcome("linear", "beaten_by", "0"))]
    records = {"06": [Outcome("linear", "equal_to", "cosine")]}
    bold = text(f"**The linear decay wins here.** {comment}")
    assert messages(*cells, bold, records=records) == []


@pytest.mark.parametrize(
    ("comment", "says"),
    [
        (
            "<!-- holds: linear equal_to constant at 300 updates -->",
            "the record says 'linear better_than",
        ),
        ("<!-- holds: linear better_than constant at 30 updates -->", "no cell records it"),
        ("<!-- holds: linear better_than constant at 300 updates; -->", "no cell records it"),
        ("<!-- holds in 06: linear better_than cosine -->", "does not hold in 06: the record says"),
        ("<!-- holds in 07: linear better_than cosine -->", "does not hold in 07: no cell records"),
        ("<!-- holds: -->", "is empty"),
        ("<!-- derived: -->", "is empty"),
        ("<!-- source: Goyal et al. -->", "needs its year"),
    ],
)
def test_a_binding_that_does_not_hold_is_found_wherever_it_stands(comment, says):
    records = {"06": [Outcome("linear", "equal_to", "cosine")]}
    for tag in ("title", "recap", "next", "claim"):
        (message,) = messages(cell_with(LINEAR), text(f"1. Calm. {comment}", tag), records=records)
        assert says in message


def test_two_cells_that_contradict_each_other_are_found():
    other = Outcome("constant", "better_than", "linear", "300 updates")
    (message,) = messages(cell_with(LINEAR), cell_with(other))
    assert "two cells record" in message
    apart = Outcome("constant", "better_than", "linear", "30 updates")
    assert messages(cell_with(LINEAR), cell_with(LINEAR), cell_with(apart)) == []
    assert recorded(new_notebook(cells=[cell_with(LINEAR, apart)])) == [LINEAR, apart]


# Sentences that stood in the lessons, each beside what its own table said.
CONTRADICTIONS = {
    "short runs cannot be told from the ensemble": (
        "four short runs equal_to ensemble",
        Outcome("four short runs", "worse_than", "ensemble"),
    ),
    "the one-cycle wins at no budget": (
        "1-cycle equal_to step decay at 40 updates",
        Outcome("1-cycle", "better_than", "step decay", "40 updates"),
    ),
    "the one-cycle beats a constant rate": (
        "1-cycle better_than constant at 40 updates",
        Outcome("1-cycle", "open_against", "constant", "40 updates"),
    ),
    "nothing is told from the constant": (
        "constant open_against linear at transformer",
        Outcome("constant", "worse_than", "linear", "transformer"),
    ),
    "four ends are as good as four cosines": (
        "WSD branch equal_to cosine at 500 updates",
        Outcome("WSD branch", "open_against", "cosine", "500 updates"),
    ),
    "the worst mean has rank 1": (
        "constant beaten_by 2 at convnet",
        Outcome("constant", "beaten_by", "0", "convnet"),
    ),
    "the floor wins where there is much noise": (
        "linear to 10 % better_than linear to 0 at noise 1",
        Outcome("linear to 0", "better_than", "linear to 10 %", "noise 1"),
    ),
    "multi-step gains least of all": (
        "multi-step worse_than exponential",
        Outcome("multi-step", "equal_to", "exponential"),
    ),
    "the best rate stands right before the cliff": (
        "rate 1 has the lowest loss",
        Outcome("rate 1 has the lowest loss", "is", "false"),
    ),
    "rate 1 rises at first": (
        "the median loss at rate 1 rises at first",
        Outcome("the median loss at rate 1 rises at first", "is", "false"),
    ),
    "nothing catches a run that starts above 4": (
        "every run that starts above 4 is lost",
        Outcome("every run that starts above 4 is lost", "is", "false"),
    ),
    "squares must have a finite sum": (
        "the loss stays up where the squares diverge",
        Outcome("the loss stays up where the squares diverge", "is", "false"),
    ),
    "a lost run sits at chance": (
        "a lost run ends at nan or at chance",
        Outcome("a lost run ends at nan or at chance", "is", "false"),
    ),
    "a length in updates carries over": (
        "lengths in updates differ less than shares",
        Outcome("lengths in updates differ less than shares", "is", "false"),
    ),
    "normalisation widens the usable range": (
        "normalisation widens the range",
        Outcome("normalisation widens the range", "is", "false"),
    ),
}


@pytest.mark.parametrize("sentence", CONTRADICTIONS)
def test_a_sentence_that_its_table_contradicts_is_found(sentence):
    claim, outcome = CONTRADICTIONS[sentence]
    (problem,) = claim_problems(claim, [outcome], {})
    assert problem.endswith(f"the record says {str(outcome)!r}")
    bold = text(f"**{sentence}, as the lesson once said** <!-- holds: {claim} -->")
    assert len(messages(cell_with(outcome), bold)) == 1


@pytest.mark.parametrize(
    ("grounds", "says"),
    [
        (["in 06: linear equal_to cosine", "source: Smith 2017"], []),
        ([], ["nothing says what this rests on"]),
        (["in 06: linear better_than cosine"], ["the record says 'linear equal_to cosine'"]),
        (["in 05: linear equal_to cosine"], ["no cell records it"]),
        (["source: Smith", "we believe so"], ["with its year", "with its year"]),
    ],
)
def test_grounds_of_a_sentence_in_data_are_held_to_the_records(grounds, says):
    records = {"06": [Outcome("linear", "equal_to", "cosine")]}
    problems = list(grounds_problems(grounds, records))
    assert len(problems) == len(says)
    assert all(words in problem for words, problem in zip(says, problems, strict=True))


def test_the_check_of_a_course_holds_conclusions_to_its_notebooks(course):
    assert found(course) == set()

    def turn(nb):
        for cell in nb.cells:
            for output in cell.get("outputs", []):
                if MIME in output.get("data", {}):
                    output.data[MIME][0][2] = "false"

    edit_notebook(course / BUILT_LESSON, turn)
    assert found(course) == {(LESSON, "holds")}


def test_rows_of_the_cheat_sheet_are_held_to_the_lessons_that_they_name(course):
    sheet = course / "sources/appendix/cheat_sheet.py"
    sheet.parent.mkdir(exist_ok=True)
    sheet.write_text('# %% [markdown] tags=["title"]\n# # Sheet\n', encoding="utf-8")
    build(course)
    problems = [one for one in check(course) if one.file == "sources/appendix/cheat_sheet.py"]
    assert {one.rule for one in problems} == {"holds"}  # the small course has none of the records
    assert any("row 'linear': 'linear equal_to cosine" in one.message for one in problems)


def test_another_lesson_is_looked_up_by_its_number(course):
    edit(course / LESSON, "holds in 01", "holds in 02")
    build(course)
    assert found(course) == {(LESSON, "holds")}
