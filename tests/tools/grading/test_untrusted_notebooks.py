"""A learner's code is taken out of notebooks of every kind; what is none is refused in words."""

import json
from pathlib import Path

import nbformat
import pytest

from course_tools.grading.intake.notebook import parse
from course_tools.grading.intake.submissions import UnreadableError
from course_tools.grading.report import NOT_CODE, Note
from tests.tools.grading.handed_in import code_cell

ROOT = Path(__file__).parents[3]
SOLVED = ROOT / "solutions" / "ex01_constant_lr.ipynb"
TASKS = ["gradient_step", "largest_stable_rate", "steady_state_loss"]


@pytest.fixture
def nb():
    return json.loads(SOLVED.read_text(encoding="utf-8"))


def as_bytes(nb):
    return json.dumps(nb).encode()


def tasks_of(work):
    return [cell.task for cell in work.cells if cell.task]


def task_cell(nb, name):
    return next(cell for cell in nb["cells"] if cell["metadata"].get("task") == name)


def test_all_functions_of_a_cell_are_its_own_and_tell_the_exercise(nb):
    whole = "\n\n".join("".join(task_cell(nb, name)["source"]) for name in TASKS)
    nb["cells"], nb["metadata"] = [code_cell(whole)], {}
    work = parse(as_bytes(nb))
    assert (work.exercise, work.cells[0].defines) == ("ex01_constant_lr", tuple(TASKS))


def test_functions_of_a_cell_that_is_no_python_are_its_own_and_not_asked(nb):
    nb["cells"], nb["metadata"] = [code_cell("def gradient_step(w):\n    return w -* 2")], {}
    (cell,) = parse(as_bytes(nb)).cells
    assert (cell.task, cell.defines, cell.asks) == (TASKS[0], (TASKS[0],), ())


#: What IPython runs, as it compiles each statement alone, and what Python refuses as a whole.
LATE = ("from __future__ import annotations", "global calls")


@pytest.mark.parametrize("late", LATE)
def test_a_cell_whose_statements_ipython_compiles_one_by_one_is_read(nb, late):
    cell = task_cell(nb, TASKS[0])
    cell["source"] = f"calls = 0\n{late}\n" + "".join(cell["source"])
    cell["metadata"] = {}
    assert parse(as_bytes(nb)) != parse(SOLVED.read_bytes())
    assert tasks_of(parse(as_bytes(nb))) == TASKS


@pytest.mark.parametrize("odd", ["\f", "\x1c", "\x85", "\u2028", "\r"])
def test_a_cell_goes_on_behind_a_check_at_the_line_that_python_counts(nb, odd):
    cell = task_cell(nb, TASKS[0])
    above = f"text = '''{odd}'''\n" + "".join(cell["source"]) + "\ncheck(gradient_step)\n"
    cell["source"] = above + "gradient_step = None"
    sources = [cell.source for cell in parse(as_bytes(nb)).cells if TASKS[0] in cell.asks]
    assert sources == [above, "gradient_step = None"]


@pytest.mark.parametrize("path", sorted((ROOT / "solutions").glob("*.ipynb")), ids=lambda p: p.stem)
def test_a_solved_exercise_is_known_with_all_its_tasks_and_without_its_checks(path):
    work = parse(path.read_bytes())
    marked = [c for c in nbformat.read(path, 4).cells if c.metadata.get("task")]
    assert work.exercise == path.stem
    assert tasks_of(work) == [cell.metadata.task for cell in marked]
    assert not any(cell.source.startswith(("check(", "show_progress(")) for cell in work.cells)
    assert work.notes == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_windows_line_ends_and_forms_of_unicode_change_nothing(nb, encoding):
    expected = parse(as_bytes(nb))
    for cell in nb["cells"]:
        cell["source"] = [line.replace("\n", "\r\n") for line in cell["source"]]
    text = json.dumps(nb, indent=1).replace("\n", "\r\n")
    assert parse(text.encode(encoding)) == expected


def test_without_metadata_functions_tell_the_tasks(nb):
    nb["metadata"] = {}
    for cell in nb["cells"]:
        cell["metadata"] = {} if "task" in cell["metadata"] else cell["metadata"]
    work = parse(as_bytes(nb))
    assert (work.exercise, tasks_of(work)) == ("ex01_constant_lr", TASKS)


def test_an_older_notebook_is_brought_up_to_date(nb):
    old = nbformat.convert(nbformat.from_dict(nb), 3)
    work = parse(as_bytes(old))
    assert (work.exercise, tasks_of(work)) == ("ex01_constant_lr", TASKS)


def test_duplicated_and_reordered_cells_keep_their_order(nb):
    cell = task_cell(nb, "gradient_step")
    nb["cells"] = [*reversed(nb["cells"]), cell]
    assert tasks_of(parse(as_bytes(nb))) == [*reversed(TASKS), "gradient_step"]


def test_a_task_cell_that_became_markdown_is_noted(nb):
    task_cell(nb, "gradient_step")["cell_type"] = "markdown"
    work = parse(as_bytes(nb))
    assert tasks_of(work) == TASKS[1:]
    assert work.notes == (Note(NOT_CODE, "gradient_step"),)


def test_a_foreign_mark_is_nothing_beside_the_function_that_the_cell_defines(nb):
    cell = task_cell(nb, "gradient_step")
    cell["metadata"]["task"] = "lr_at_step"
    assert tasks_of(parse(as_bytes(nb))) == TASKS
    cell["source"] = "x = 1"
    assert tasks_of(parse(as_bytes(nb))) == TASKS[1:]


def test_odd_parts_of_cells_are_read_as_nothing(nb):
    for cell in nb["cells"]:
        cell["id"] = "the same"
        cell["outputs"] = "none"
    nb["cells"][2]["source"] = {"a": 1}
    nb["cells"][2]["metadata"] = [1]
    nb["cells"].append({"cell_type": "code", "source": ["1 +", 7], "metadata": {"tags": [1, {}]}})
    nb["cells"].append({})
    nb["metadata"]["kernelspec"] = {"name": "../../bash"}
    work = parse(as_bytes(nb))
    assert tasks_of(work) == TASKS
    assert work.cells[-1].source == "1 +"


def test_code_that_is_no_python_is_taken_as_it_is(nb):
    task_cell(nb, "gradient_step")["source"] = "def gradient_step(:\n"
    nb["cells"].append({"cell_type": "code", "source": "(" * 10_000, "metadata": {}})
    nb["cells"].append({"cell_type": "code", "source": "x = '\\0'\0", "metadata": {}})
    assert tasks_of(parse(as_bytes(nb))) == TASKS


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is no JSON"),
        (b"hello", "it is no JSON"),
        (SOLVED.read_bytes()[:5000], "it is no JSON"),
        (b"\xff\xfe\x00", "the file is not text"),
        ("{}é".encode("cp1252"), "the file is not text"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"cells": ' * 100_000, "nested too deeply"),
        (b"[1]", "no notebook"),
        (b"null", "no notebook"),
        (b"{}", "names no nbformat"),
        (b'{"nbformat": true}', "names no nbformat"),
        (b'{"nbformat": 4}', "without a list of cells"),
        (b'{"nbformat": 4, "cells": [1]}', "without a list of cells"),
        (b'{"nbformat": 4, "cells": [], "metadata": 3}', "holds no task"),
        (b'{"nbformat": 3}', "nbformat 3 cannot be read"),
        (b'{"nbformat": 99, "cells": []}', "nbformat 99 cannot be read"),
        (b'{"nbformat": 4, "cells": [' + b"{}," * 3000 + b"{}]}", "more than the 2000 allowed"),
        (b'{"nbformat": 1' + b"0" * 5000 + b"}", "it is no JSON"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_what_is_no_notebook_is_refused_in_words(content, words):
    with pytest.raises(UnreadableError, match=words):
        parse(content)


def test_a_function_that_was_written_into_a_check_counts(nb):
    check = next(cell for cell in nb["cells"] if "check" in cell["metadata"].get("tags", []))
    own = "def gradient_step(w, gradient, rate):\n    return w - rate * gradient\n"
    check["source"] = own + "check(gradient_step, seed)"
    assert own + "check(gradient_step, seed)" in [cell.source for cell in parse(as_bytes(nb)).cells]
    check["source"] = "check(gradient_step, seed=7)  # another one"
    assert not any(cell.source.startswith("check(") for cell in parse(as_bytes(nb)).cells)
