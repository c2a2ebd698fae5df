"""Files that are broken or odd: what can be read is graded, and for the rest it is said why."""

import json

import nbformat

from course_tools.grading.report import MISSING, NOT_WRITTEN
from tests.hostile.making import (
    EX01,
    LOSS,
    RATE,
    ROOT,
    STEP,
    Host,
    Notebook,
    as_bytes,
    changed,
    code_cell,
    full,
    mistaken,
    solved,
    task_cell,
    unreadable,
)

_WRONG = "def steady_state_loss(rate, curvature, noise_std):\n    return -1.0"
_RIGHT = (
    "def steady_state_loss(rate, curvature, noise_std):\n"
    "    return rate * noise_std**2 / (4 - 2 * rate * curvature)"
)


def _nbformat_3(host: Host) -> bytes:
    return as_bytes(nbformat.convert(nbformat.from_dict(solved()), 3))


def _windows(host: Host) -> bytes:
    nb = solved()
    for cell in nb["cells"]:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")
    return b"\xef\xbb\xbf" + json.dumps(nb, indent=1).replace("\n", "\r\n").encode()


def _deep(levels: int):
    def build(host: Host) -> bytes:
        text = json.dumps(solved() | {"metadata": {"deep": 0}})
        return text.replace('"deep": 0', f'"deep": {"[" * levels}{"]" * levels}').encode()

    return build


def _without(task: str):
    def change(nb: Notebook) -> None:
        nb["cells"].remove(task_cell(nb, task))

    return changed(change)


def _as_markdown(nb: Notebook) -> None:
    cell = task_cell(nb, LOSS)
    cell["cell_type"] = "markdown"
    del cell["outputs"], cell["execution_count"]


def _reordered(nb: Notebook) -> None:
    nb["cells"].reverse()


def _duplicated(nb: Notebook) -> None:
    nb["cells"] += [dict(task_cell(nb, task)) for task in (STEP, RATE, LOSS)]


def _twice(first: str, then: str):
    def change(nb: Notebook) -> None:
        cell = task_cell(nb, LOSS)
        cell["source"] = first
        at = nb["cells"].index(cell)
        nb["cells"].insert(at + 1, dict(cell, source=then))

    return changed(change)


def _without_imports(nb: Notebook) -> None:
    nb["cells"] = [c for c in nb["cells"] if "import numpy" not in "".join(c["source"])]


def _ids(*ids: str):
    def change(nb: Notebook) -> None:
        for number, cell in enumerate(nb["cells"]):
            cell["id"] = ids[number % len(ids)]

    return changed(change)


def _kernelspec(name: str, language: str):
    def change(nb: Notebook) -> None:
        nb["metadata"]["kernelspec"] = {"name": name, "display_name": name, "language": language}
        nb["metadata"]["language_info"] = {"name": language}

    return changed(change)


def _no_metadata(nb: Notebook) -> None:
    nb["metadata"] = {}
    for cell in nb["cells"]:
        cell["metadata"].pop("task", None)
        cell["metadata"].pop("tags", None)


def _scripts(nb: Notebook) -> None:
    script = "<script>alert(1)</script>"
    nb["metadata"] |= {"title": script, "authors": [{"name": '=HYPERLINK("http://x")'}]}
    markdown = {"cell_type": "markdown", "id": "m", "metadata": {"<b>": script}, "source": script}
    nb["cells"].insert(0, markdown)
    nb["cells"].append(code_cell(f"# {script}\nprint('{script}')"))


def _old_outputs(nb: Notebook) -> None:
    data = {"application/x-python-pickle": "Y29zCnN5c3RlbQou", "text/html": "<script>1</script>"}
    for cell in nb["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [
                {"output_type": "display_data", "data": data, "metadata": {}},
                {"output_type": "stream", "name": "stdout", "text": "6 of 6 points"},
            ]


def _odd_parts(nb: Notebook) -> None:
    nb["cells"].append({})
    nb["cells"].append({"cell_type": "code", "source": {"a": 1}, "metadata": [1]})
    nb["cells"].append({"cell_type": "spell", "source": 7, "metadata": {"tags": 3}})


def _foreign_task(nb: Notebook) -> None:
    nb["cells"].append(code_cell("def lr_at_step(step):\n    return step"))
    nb["cells"][-1]["metadata"]["task"] = "lr_at_step"


def _extra_cells(nb: Notebook) -> None:
    nb["cells"] += [code_cell(f"x_{number} = {number}") for number in range(1_500)]


SUBMISSIONS = (
    unreadable("empty", lambda host: b"", "there is nothing in it"),
    unreadable("truncated JSON", lambda host: as_bytes(solved())[:5000], "half of it is missing"),
    unreadable("not JSON", lambda host: b"# my homework\n1 + 1\n", "it is no notebook"),
    unreadable("a picture", lambda host: b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "bytes"),
    unreadable("JSON, no notebook", lambda host: b'{"points": 6}', "it has no cells"),
    unreadable("metadata 200,000 deep", _deep(200_000), "no JSON reader can take it"),
    unreadable(
        "a notebook of another course",
        lambda host: as_bytes({**solved(), "metadata": {}, "cells": [code_cell("x = 1")]}),
        "none of its cells is a task's",
    ),
    full("metadata 200 deep", _deep(200), "odd, and readable"),
    full("nbformat 3", _nbformat_3, "an old notebook is brought up to date"),
    full("byte order mark and Windows line ends", _windows, "an editor did that"),
    full("kernelspec of R", _kernelspec("ir", "R"), "the grader chooses the kernel"),
    full("kernelspec of Python 2", _kernelspec("python2", "python"), "the grader chooses"),
    full("kernelspec that is a path", _kernelspec("../../bin/sh", "bash"), "it is never looked up"),
    full("duplicate cell ids", _ids("same"), "an id says nothing"),
    full(
        "hostile cell ids",
        _ids("../../../tmp/evil", "a\nb", "<script>", "‮cba", "x" * 10_000, "", "=1+1"),
        "an id is never a path or a page",
    ),
    full("without metadata", changed(_no_metadata), "function names tell the tasks"),
    full("scripts and formulas in texts", changed(_scripts), "texts are not graded"),
    full("forged and pickled outputs", changed(_old_outputs), "outputs handed in do not count"),
    full("cells that are no cells", changed(_odd_parts), "they hold nothing"),
    full("a task of another exercise", changed(_foreign_task), "it counts for nothing"),
    full("1,500 cells more", changed(_extra_cells), "many cells are no crime"),
    full("reordered cells", changed(_reordered), "functions are called at the end as well"),
    full("duplicated task cells", changed(_duplicated), "the same again changes nothing"),
    full("a wrong function, then a right one", _twice(_WRONG, _RIGHT), "the best one counts"),
    full("a right function, then a wrong one", _twice(_RIGHT, _WRONG), "the best one counts"),
    mistaken("a task cell is deleted", _without(LOSS), "it is not there", outcomes=(MISSING,)),
    mistaken(
        "a task cell became Markdown",
        changed(_as_markdown),
        "Markdown is not run",
        outcomes=(MISSING,),
    ),
    full(
        "the cell with the imports is deleted",
        changed(_without_imports),
        "what the exercise came with is there, whatever became of its cell",
    ),
    mistaken(
        "the exercise as it was given out",
        lambda host: (ROOT / "exercises" / f"{EX01}.ipynb").read_bytes(),
        "nothing was written",
        tasks=(STEP, RATE, LOSS),
        outcomes=(NOT_WRITTEN,),
    ),
)
