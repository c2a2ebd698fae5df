"""nbval says whether a notebook, run afresh in the sandbox, prints what was handed in."""

import dataclasses
import json

import pytest

from course_tools.grading.run.reproduction import NO_OUTPUTS, is_other, reproduction
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


def said(nb, **options):
    content = nb if isinstance(nb, bytes) else json.dumps(nb).encode()
    return reproduction(content, options.pop("limits", LIMITS), **options)


SAME = (
    cell("x = 2"),
    cell("print(x)", "2\n"),
    cell("print(object())", "<object object at 0x7f>\n"),
    cell("import socket; print(socket.gethostname())", "box\n"),
    cell("check(1)", "no", tags=["check"]),
)


def test_the_same_outputs_appear_again_in_the_sandbox():
    assert said(notebook(*SAME)) == (
        "Run afresh, the notebook prints what was handed in (3 cells with outputs)."
    )
    assert not is_other(
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


def test_when_nothing_ends_it_is_said():
    limits = dataclasses.replace(LIMITS, cell_seconds=30, submission_seconds=1)
    found = said(notebook(cell("import time; time.sleep(60)", "1\n")), limits=limits, patience=1)
    assert found == "Run afresh, the notebook did not come to its end."
    assert is_other(found)


@pytest.mark.parametrize("cells", [[], [cell("print(1)")], [cell("1", "1", tags=["check"])]])
def test_without_outputs_nothing_runs(cells):
    assert said(notebook(*cells)) == NO_OUTPUTS


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
    assert said(nb) == "The file is not well-formed: it cannot be run as a notebook."
