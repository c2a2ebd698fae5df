"""Notebooks that were handed in, for the tests of the grader."""

import csv
import io
import json
import re
from pathlib import Path

from course_tools.grading.box.kernels import WarmKernels
from course_tools.grading.command import Options, run
from course_tools.grading.run.submission_grading import grade
from course_tools.grading.settings import Limits, Settings

ROOT = Path(__file__).parents[3]
EX01 = "ex01_constant_lr"
SEED = 5  # of the hidden cases
SHORT = Settings(
    Limits(cell_seconds=4, task_seconds=4, submission_seconds=30, memory_mb=400, processes=48)
)
WRONG = "def gradient_step(w, gradient, rate):\n    return w + rate * gradient\n"
SLOW = "import time\ntime.sleep(60)\n"


def solved(exercise=EX01):
    """A solved notebook as a dict: a learner's, as the course's own solution never counts."""
    nb = shipped("solutions", exercise)
    for cell in nb["cells"]:
        if "task" in cell["metadata"]:
            cell["source"] = "".join(cell["source"]) + "\n# mine"
    return nb


def shipped(folder, exercise=EX01):
    """A notebook of the course as a dict."""
    return json.loads((ROOT / folder / f"{exercise}.ipynb").read_text(encoding="utf-8"))


def with_task(nb, task, source):
    """A notebook with other code in a task's cell."""
    for cell in nb["cells"]:
        if cell["metadata"].get("task") == task:
            cell["source"] = source
    return nb


def code_cell(source, **metadata):
    """A code cell of a notebook that has not run."""
    cell = {"cell_type": "code", "source": source, "metadata": metadata}
    return {**cell, "outputs": [], "execution_count": None}


class CountedKernels(WarmKernels):
    """Kernels that are counted when they are taken."""

    taken = 0

    def take(self):
        self.taken += 1
        return super().take()


def grade_notebook(nb, settings=SHORT, warm=None, **options):
    """The report on a notebook, which is a dict or the bytes of its file."""
    content = nb if isinstance(nb, bytes) else json.dumps(nb).encode()
    warm = warm or WarmKernels(settings.limits, unsafe=options.get("unsafe", False))
    return grade(content, settings, SEED, warm, **options)


def hand_in(folder, student, nb=None, name="exercise.ipynb"):
    """Hand in a notebook, or bytes; by default a solved one; return the file."""
    file = folder / student / name
    file.parent.mkdir(parents=True, exist_ok=True)
    nb = solved() if nb is None else nb
    file.write_bytes(nb if isinstance(nb, bytes) else json.dumps(nb).encode())
    return file


def hand_in_class(folder, students):
    """Hand in notebooks of a class, no two the same: right, wrong, unreadable and failing ones."""
    for number in range(students):
        nb = solved()
        nb["metadata"]["number"] = number
        if number % 4 == 1:
            with_task(nb, "gradient_step", WRONG)
        if number % 4 == 2:
            with_task(nb, "steady_state_loss", "import os\nraise OSError('x')\n")
        content = json.dumps(nb).encode()
        hand_in(folder, f"s{number:03}", content[:-9] if number % 8 == 3 else content)
    return folder


def tables(out):
    """The exported tables of a folder of grades, by name; no two runs take the same time."""
    found = {file.name: file.read_bytes() for file in sorted(out.glob("*.csv"))}
    if "statistics.csv" in found:
        text = found["statistics.csv"].decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, "")))
        timeless = [{k: v for k, v in row.items() if "seconds" not in k} for row in rows]
        found["statistics.csv"] = json.dumps(timeless).encode()
    return found


def table(folder, name):
    """The rows of an exported file, as any reader of CSV finds them."""
    return list(csv.reader(io.StringIO((folder / name).read_bytes().decode("utf-8-sig"), "")))


def pages(out):
    """The pages of a folder of grades, by name, without the times of calls."""
    found = {str(file.relative_to(out)): file.read_bytes() for file in sorted(out.rglob("*.html"))}
    return {
        name: re.sub(rb'<td class="figure seconds">.*?</td>', b"", page)
        for name, page in found.items()
    }


def grade_folder(source, out, seed=SEED, **options):
    """Run `lr-course grade` in this process; return its exit status."""
    return run(Options(source, out, seed=seed, **options))


def config(folder, settings=SHORT):
    """Write settings as a configuration file; return it."""
    lines = ["[limits]"]
    lines += [f"{name} = {value}" for name, value in vars(settings.limits).items()]
    file = folder / "grading.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file
