"""Writes a class of made-up learners and what they hand in, to try the grader on.

Names are made up; what they hand in is drawn from functions that people write, right and wrong.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from pathlib import Path

import nbformat
import numpy as np
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

import course_lib
import course_tasks
from course_tools.grading.sample_class import ex01, ex04

_COURSE = Path(course_lib.__file__).resolve().parent.parent
_TEXTS = {"ex01_constant_lr": ex01, "ex04_warmup": ex04}
#: The exercises that the learners of a sample class know.
EXERCISES = tuple(_TEXTS)

#: Given names and family names that go together.
_NAMES = (
    (("Anna", "Jürgen", "Zoë", "Søren"), ("Müller", "Groß", "van der Berg", "Østergård")),
    (("José", "Lucía", "Íñigo", "María del Mar"), ("García Núñez", "Peña", "Ibáñez")),
    (("Seán", "Aoife", "D'Arcy", "Niamh"), ("O'Brien", "Ní Dhomhnaill", "Smith-Jones")),
    (("François", "Éloïse", "Maëlle", "Gaël"), ("Lefèvre", "d'Hérelle", "Benoît")),
    (("Łukasz", "Jiří", "Michał"), ("Wójcik", "Dvořák", "Źrebiec")),
    (("Żaneta", "Šárka", "Małgorzata"), ("Kowalská", "Šimůnková")),
    (("Nguyễn Thị", "Trần Văn", "Lê Hoàng"), ("Ánh", "Đức", "Phượng")),
    (("Ayşe", "Çağla", "Gökhan", "Işıl"), ("Yılmaz", "Öztürk", "Şahin")),
    (("李", "王", "陳"), ("志明", "芳", "怡君")),
    (("山田", "佐藤", "鈴木"), ("花子", "健太", "さくら")),
    (("김", "박", "이"), ("서연", "민준", "지우")),
    (("Ольга", "Дмитро", "Настя"), ("Ковальчук", "Шевченко", "Бондар")),
    (("محمد", "فاطمة", "يوسف"), ("العلي", "حسن", "منصور")),
    (("Priya", "Arjun", "Lakshmi"), ("Krishnamurthy", "Singh", "Banerjee")),
    (("Chidi", "Ngozi", "Oluwaṣeun"), ("Okonkwo", "Adébáyọ̀", "Eze")),
    (("Kaʻiulani", "Keoni"), ("Kahananui", "Kealoha")),
    (("Þór", "Ásgeir"), ("Jónsson", "Guðmundsson")),
)
_SOLVES = (5.0, 1.6)  # of the beta distribution of how often a learner is right: 3 of 4 on average
_TRIES = 0.7  # share of the tasks not solved that have an answer, which is wrong
_ADDS = 0.4  # share of the tasks behind which there is a cell of the learner's own
_HANDED_IN = 1_741_600_000  # seconds since 1970: 10 March 2025
_LATER = 3 * 3600  # until a second attempt

Answers = dict[str, str]  # by task; a task that is not there is not written


def write_class(
    folder: Path, students: int = 24, seed: int = 0, exercises: Sequence[str] = EXERCISES
) -> None:
    """Write what a class hands in, `<folder>/<student>/<exercise>.ipynb`, as it is in reality.

    Most learners solve most tasks. Some make known mistakes, leave tasks out, add cells, print and
    plot. Two have the same name. And once each: an error of syntax, an endless loop, a call of the
    course's own implementation, a file that is no notebook, one that is cut off, and a second
    attempt beside the first. The same arguments give the same files.

    Args:
        folder: folder to write to; it is made, or must be empty.
        students: number of learners, at least the number of those oddities, 6.
        seed: seed of who they are and what they do.
        exercises: exercises that they hand in, of `EXERCISES`.

    Raises:
        ValueError: the folder holds something, there are too few learners, or an exercise is not
            known.
    """
    if students < len(_ODDITIES):
        raise ValueError(
            f"students must be at least {len(_ODDITIES)}, one for each odd thing, got {students}"
        )
    rng = np.random.default_rng(seed)
    names = _write_ordinary(folder, students, rng, exercises)
    odd = rng.permutation(students)[: len(_ODDITIES)]
    for number, (index, spoil) in enumerate(zip(odd, _ODDITIES, strict=True)):
        exercise = exercises[number % len(exercises)]
        spoil(folder / names[index] / f"{exercise}.ipynb", exercise, rng)


def ordinary(
    folder: Path, students: int, seed: int = 0, exercises: Sequence[str] = EXERCISES[:1]
) -> None:
    """Write a class without oddities: every file is a notebook, and every function returns.

    Args:
        folder: folder to write to; it is made, or must be empty.
        students: number of learners, at least 1. No two of their files are the same.
        seed: seed of who they are and what they do.
        exercises: exercises that they hand in, of `EXERCISES`.

    Raises:
        ValueError: the folder holds something, there is no learner, or an exercise is not known.
    """
    if students < 1:
        raise ValueError(f"students must be at least 1, got {students}")
    _write_ordinary(folder, students, np.random.default_rng(seed), exercises)


def _write_ordinary(
    folder: Path, students: int, rng: np.random.Generator, exercises: Sequence[str]
) -> list[str]:
    """Write a class and return its names."""
    for exercise in exercises:
        if exercise not in _TEXTS:
            raise ValueError(f"exercises must be of {', '.join(_TEXTS)}, got {exercise!r}")
    if not exercises:
        raise ValueError(f"exercises must be some of {', '.join(_TEXTS)}, got none")
    _make(folder)
    names = _names(students, rng)
    for name in names:
        share = rng.beta(*_SOLVES)
        (folder / name).mkdir()
        for exercise in exercises:
            nb = _notebook(name, exercise, _draw_answers(exercise, share, rng), rng)
            _write(folder / name / f"{exercise}.ipynb", _text(nb))
    return names


def _make(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is no folder")
    if folder.is_dir() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty: name a new folder, or empty it yourself")
    folder.mkdir(parents=True, exist_ok=True)


def _names(students: int, rng: np.random.Generator) -> list[str]:
    """Return different names of folders; the second learner is called as the first."""
    whole = [" ".join(pair) for group in _NAMES for pair in product(*group)]
    drawn = [whole[i] for i in rng.permutation(len(whole))]
    called = (drawn[:1] + drawn * (students // len(drawn) + 1))[:students]
    found: dict[str, int] = {}
    names = []
    for name in called:
        found[name] = found.get(name, 0) + 1
        # "(2)" would be what a browser adds to a copy, and the grader would ask whose it is.
        names.append(f"{name} (group {found[name]})" if found[name] > 1 else name)
    return names


def _draw_answers(exercise: str, share: float, rng: np.random.Generator) -> Answers:
    """Return what a learner writes who is right this often."""
    texts, answers = _TEXTS[exercise], {}
    for task in course_tasks.EXERCISES[exercise]:
        if rng.random() < share:
            answers[task.name] = _one_of(texts.RIGHT[task.name], rng)
        elif rng.random() < _TRIES:
            answers[task.name] = _one_of(texts.WRONG[task.name].values(), rng)
    return answers


def _one_of(texts: Iterable[str], rng: np.random.Generator) -> str:
    found = list(texts)
    return found[rng.integers(len(found))]


def _notebook(name: str, exercise: str, answers: Answers, rng: np.random.Generator) -> NotebookNode:
    """Return the exercise as a learner leaves it."""
    nb = copy.deepcopy(nbformat.read(_COURSE / "exercises" / f"{exercise}.ipynb", 4))
    cells = [new_markdown_cell(f"Handed in by {name}", id="own-name")]
    waiting: list[NotebookNode] = []  # cells that come behind the next check
    for cell in nb.cells:
        task = cell.metadata.get("task")
        if task in answers:
            *helpers, cell.source = _pieces(answers[task])
            cells += [
                new_code_cell(source, id=f"own-{task}-{n}") for n, source in enumerate(helpers)
            ]
        if task and rng.random() < _ADDS:
            source = _one_of(_TEXTS[exercise].OWN_CELLS[task], rng).rstrip("\n")
            waiting.append(new_code_cell(source, id=f"own-{task}-try"))
        cells.append(cell)
        if "check" in cell.metadata.get("tags", ()):
            cells += waiting
            waiting = []
    nb.cells = cells
    return nb


def _pieces(text: str) -> list[str]:
    return [piece.rstrip("\n") for piece in text.split("# %%\n")]


def _text(nb: NotebookNode) -> str:
    return nbformat.writes(nb) + "\n"


def _write(path: Path, text: str, seconds: int = 0) -> None:
    """Write a file as handed in these seconds after the first ones."""
    path.write_text(text, encoding="utf-8")
    os.utime(path, (_HANDED_IN + seconds, _HANDED_IN + seconds))


# What can happen once in a class. Each takes the file of a learner, its exercise and the generator.


def _put(path: Path, text: str) -> None:
    """Replace the task's function in a file by the one in the text."""
    nb = nbformat.read(path, 4)
    marked = [cell for cell in nb.cells if "task" in cell.metadata]
    (cell,) = (cell for cell in marked if f"def {cell.metadata.task}(" in text)
    cell.source = text.rstrip("\n")
    _write(path, _text(nb))


def _syntax_error(path: Path, exercise: str, rng: np.random.Generator) -> None:
    _put(path, _TEXTS[exercise].SYNTAX_ERROR)


def _endless_loop(path: Path, exercise: str, rng: np.random.Generator) -> None:
    _put(path, _TEXTS[exercise].ENDLESS_LOOP)


def _library_call(path: Path, exercise: str, rng: np.random.Generator) -> None:
    _put(path, _TEXTS[exercise].LIBRARY)


def _no_notebook(path: Path, exercise: str, rng: np.random.Generator) -> None:
    """Leave the code alone, as a script that was renamed."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    _write(path, "\n\n".join(code) + "\n")


def _cut_off(path: Path, exercise: str, rng: np.random.Generator) -> None:
    text = path.read_text(encoding="utf-8")
    _write(path, text[: 3 * len(text) // 5])


def _second_attempt(path: Path, exercise: str, rng: np.random.Generator) -> None:
    """Put a better one beside the file, under the name that Jupyter gives a copy."""
    answers = _draw_answers(exercise, 1.0, rng)
    nb = _notebook(path.parent.name, exercise, answers, rng)
    _write(path.with_name(f"{path.stem}-Copy1.ipynb"), _text(nb), _LATER)
    first = next(iter(answers))
    _put(path, _pieces(_one_of(_TEXTS[exercise].WRONG[first].values(), rng))[-1])


_ODDITIES: tuple[Callable[[Path, str, np.random.Generator], None], ...] = (
    _syntax_error,
    _endless_loop,
    _library_call,
    _no_notebook,
    _cut_off,
    _second_attempt,
)
