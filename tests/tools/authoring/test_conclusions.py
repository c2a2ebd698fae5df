"""A quick run prints the conclusions of the whole one, or it fails."""

import nbformat
import pytest

from course_lib.outcomes import MIME, Outcome, as_data
from course_tools.authoring.build import build
from course_tools.authoring.conclusions import (
    differing_conclusions,
    fast_findings,
    fast_parameters,
)
from course_tools.authoring.notebook_execution import execute
from tests.tools.authoring.made_notebooks import notebook, write_notebook
from tests.tools.authoring.small_course import BUILT_LESSON, LESSON, edit, found
from tests.tools.calling import assert_one_line_error, lr_course

PARAMETERS = ("FAST = False", ["parameters"])
COUNT = "n = 4 if FAST else 8\nprint(n, 'runs')"
ROBUST = ("print('better' if n > 3 else 'tie')", ["conclusion"])
FRAGILE = ("print('better' if n > 5 else 'tie')", ["conclusion"])


def stored(*cells):
    return execute(notebook(*cells)).notebook


def test_conclusions_hold_or_are_named_with_both_texts():
    for cell, holds in ((ROBUST, True), (FRAGILE, False)):
        whole = stored(PARAMETERS, COUNT, cell)
        quick = execute(whole, parameters=fast_parameters(whole)).notebook
        messages = differing_conclusions(whole, quick)
        assert bool(messages) is not holds
    assert "cell 3" in messages[0]
    assert "stored:\nbetter" in messages[0]
    assert "now:\ntie" in messages[0]


def test_of_a_table_with_outcomes_the_outcomes_are_the_conclusion():
    def table(text, relation):
        outcome = Outcome("linear", relation, "constant")
        data = {"text/plain": text, MIME: as_data([outcome])}
        nb = notebook(("show()", ["conclusion"]))
        nb.cells[0].outputs = [nbformat.v4.new_output("display_data", data=data)]
        return nb

    before = table("-0.5 [-0.6, -0.4]  better", "better_than")
    assert differing_conclusions(before, table("-0.4 [-0.7, -0.1]  better", "better_than")) == []
    (message,) = differing_conclusions(before, table("-0.5 [-0.6, -0.4]  better", "open_against"))
    assert "stored:\nlinear better_than constant" in message
    assert "now:\nlinear open_against constant" in message


def test_the_order_of_outcomes_is_no_conclusion():
    def table(*names):
        data = {MIME: as_data([Outcome(name, "better_than", "constant") for name in names])}
        nb = notebook(("show()", ["conclusion"]))
        nb.cells[0].outputs = [nbformat.v4.new_output("display_data", data=data)]
        return nb

    assert differing_conclusions(table("linear", "cosine"), table("cosine", "linear")) == []
    assert differing_conclusions(table("linear", "cosine"), table("cosine", "WSD")) != []


def test_run_fast_compares_conclusions_and_leaves_others_alone(tmp_path):
    for name, cell, status in (("good", ROBUST, 0), ("bad", FRAGILE, 1)):
        nbformat.write(stored(PARAMETERS, COUNT, cell), tmp_path / f"{name}.ipynb")
        result = lr_course("run", "--fast", tmp_path / f"{name}.ipynb")
        assert result.exit_code == status, result.output
    assert "bad.ipynb: the conclusion of cell 3 differs" in result.stderr
    plain = write_notebook(tmp_path / "plain.ipynb", ("n = 1", ["parameters"]), "print(n)")
    assert lr_course("run", "--fast", plain).exit_code == 0


def test_fast_and_compare_exclude_each_other(tmp_path):
    path = write_notebook(tmp_path / "a.ipynb", "1")
    assert_one_line_error(lr_course("run", path, "--fast", "--compare"), "trains other runs")


@pytest.mark.parametrize(
    ("cells", "parts"),
    [
        ((PARAMETERS, COUNT, ROBUST), []),
        ((("seeds = 8", ["parameters"]), "print(1)"), []),
        ((PARAMETERS, COUNT), ["no cell is tagged"]),
        ((PARAMETERS, ("n = 3", ["conclusion"])), ["cell 2", "prints nothing"]),
    ],
)
def test_a_lesson_with_fast_has_conclusions_that_print(cells, parts):
    messages = " ".join(message for _, message in fast_findings(stored(*cells)))
    assert bool(messages) is bool(parts)
    for part in parts:
        assert part in messages


def test_build_check_finds_a_lesson_with_fast_and_without_conclusions(course):
    edit(course / LESSON, '# %% tags=["parameters"]\n', '# %% tags=["parameters"]\nFAST = False\n')
    build(course)
    assert found(course) == {(BUILT_LESSON, "conclusion")}
