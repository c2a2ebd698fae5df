"""nbval says whether a notebook, run afresh in the sandbox, prints what was handed in."""

import dataclasses
import json

import pytest

from course_tools.grading.pages.report_words import reproduction_words
from course_tools.grading.report import MALFORMED, NO_OUTPUTS, SAME_OUTPUTS, Reproduction
from course_tools.grading.run.reproduction import reproduction
from tests.tools.grading.handed_in import SHORT

pytestmark = pytest.mark.usefixtures("needs_sandbox")
LIMITS = dataclasses.replace(SHORT.limits, cell_seconds=1)


def cell(source, printed="", tags=(), **fields):
    output = {"output_type": "stream", "name": "stdout", "text": printed}
    return {
        **{"cell_type": "code", "source": source, "metadata": {"tags": list(tags)}},
        **{"outputs": [output] if printed else [], "execution_count": None},
        **fields,
    }


def notebook(*cells, **metadata):
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": metadata, "cells": list(cells)}


def found_in(nb, **options):
    return reproduction(json.dumps(nb).encode(), options.pop("limits", LIMITS), **options)


def said(nb, **options):
    return reproduction_words(found_in(nb, **options))


SAME = (
    cell("x = 2"),
    cell("print(x)", "2\n"),
    cell("print(object())", "<object object at 0x7f>\n"),
    cell("import socket; print(socket.gethostname())", "box\n"),
    cell("check(1)", "no", tags=["check"]),
)


def test_the_same_outputs_appear_again_in_the_sandbox():
    found = found_in(notebook(*SAME))
    assert not found.is_other
    assert reproduction_words(found) == (
        "Run afresh, the notebook prints what was handed in (3 cells with outputs)."
    )


def test_without_the_sandbox_it_is_another_machine():
    assert said(notebook(*SAME), unsafe=True) == (
        "Run afresh, the notebook prints something else in In [4] (of 3 cells with outputs). "
        "Clock times and random numbers without a seed differ as well."
    )


def test_other_outputs_and_cells_that_do_not_end_are_named():
    endless = (cell("print(x + 1)", "4\n"), cell("while True: pass", "1\n"))
    found = said(notebook(*SAME, *endless))
    assert found == (
        "Run afresh, the notebook prints something else in In [6], In [7] "
        "(of 5 cells with outputs). Clock times and random numbers without a seed differ as well."
    )


def test_cells_are_counted_as_jupyter_counts_them():
    text = {"cell_type": "markdown", "source": "text", "metadata": {}}
    found = said(notebook(text, cell(" \n"), cell("x = 1"), text, cell("print(x)", "2\n")))
    assert "something else in In [2] (of 1 cell with outputs)" in found


def test_sources_are_lists_of_lines_as_jupyter_saves_them():
    cells = (cell(["x = 2\n", "print(x)"], "2\n"), cell(["print(1)\n", "# NBVAL_SKIP"], "1\n"))
    assert found_in(notebook(*cells)) == Reproduction(SAME_OUTPUTS, 1, left_out=1)


def test_half_of_a_surrogate_pair_in_a_comment_stops_nothing():
    nb = notebook(cell("x = 2  # half \ud83d of a pair"), cell("print(x)", "2\n"))
    assert found_in(nb) == Reproduction(SAME_OUTPUTS, 1)


def test_when_nothing_ends_it_is_said():
    limits = dataclasses.replace(LIMITS, cell_seconds=30, submission_seconds=1)
    content = notebook(cell("import time; time.sleep(60)", "1\n"))
    found = found_in(content, limits=limits, patience=1)
    assert reproduction_words(found) == "Run afresh, the notebook did not come to its end."
    assert found.is_other


@pytest.mark.parametrize("cells", [[], [cell("print(1)")], [cell("check(f)", "1", tags=["check"])]])
def test_without_outputs_nothing_runs(cells):
    assert found_in(notebook(*cells)) == Reproduction(NO_OUTPUTS)


NESTED = {}
for _ in range(480):
    NESTED = {"a": NESTED}


@pytest.mark.parametrize(
    "nb",
    [
        {"nbformat": 4, "cells": [cell("1", "1")], "metadata": {}},
        notebook({"cell_type": "code"}),
        notebook(cell("1", outputs=[{"output_type": "stream"}])),
        notebook(cell("1", outputs="text")),
        notebook(cell("1", metadata={"tags": "check"})),
        notebook(cell("1", metadata=[])),
        notebook(cell(1)),
        notebook("cell"),
        notebook(cell("1", "1"), deep=NESTED),
    ],
    ids=range(9),
)
def test_what_is_not_well_formed_is_not_run(nb):
    assert found_in(nb) == Reproduction(MALFORMED)
