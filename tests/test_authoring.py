"""From sources to notebooks: ids, emptied solutions, the build, and the rules of the check."""

import base64
import io
import json
import re

import nbformat
import pytest
from PIL import Image

from course_lib.authoring.build import build
from course_lib.authoring.errors import CellFailure, CourseError
from course_lib.authoring.rules import check
from course_lib.authoring.solutions import contains, emptied, solution_lines
from course_lib.authoring.sources import complete_notebook, exercise_notebook
from course_lib.authoring.templates import LESSON_PARTS

LESSON = "sources/lessons/01_decay.py"
EXERCISE = "sources/exercises/ex01_decay.py"
BUILT_LESSON = "notebooks/01_decay.ipynb"
BUILT_EXERCISE = "exercises/ex01_decay.ipynb"


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def edit_notebook(path, change):
    nb = nbformat.read(path, as_version=4)
    change(nb)
    nbformat.write(nb, path)


def found(root):
    return {(problem.file, problem.rule) for problem in check(root)}


def contents(root):
    return {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}


# Sources


def test_emptied_solution_keeps_imports_signature_and_docstring_only(course):
    nb = exercise_notebook(course, EXERCISE)
    cell = next(cell for cell in nb.cells if cell.id == "task-halved")
    assert cell.source == (
        "import functools\n"
        "from collections.abc import (\n    Callable,\n)\n\n\n"
        "@functools.lru_cache\n"
        "def halved(\n    peak_lr: float,\n    *,\n    steps: int = 1,  # units\n) -> float:\n"
        '    """The rate after ``steps`` halvings.\n\n'
        '    Args:\n        steps: a count.\n    """\n'
        '    raise NotImplementedError("write halved in this cell")'
    )


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f(x): return x", 'def f(x):\n    raise NotImplementedError("write f in this cell")'),
        (
            "def f(x={1: 2},\n      y=1): return x",
            'def f(x={1: 2},\n      y=1):\n    raise NotImplementedError("write f in this cell")',
        ),
        (
            'def f():\n  "Doc."\n  return 1\n\ndef g():\n  return 2',
            'def f():\n  "Doc."\n  raise NotImplementedError("write f in this cell")\n\n\n'
            'def g():\n  raise NotImplementedError("write g in this cell")',
        ),
    ],
)
def test_emptied_of_unusual_layouts(code, expected):
    assert emptied(code, "here") == expected


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("answer = 3\ndef f(): return 1", "`answer = 3`"),
        ("def f(:", "not Python"),
        ("import numpy", "needs the function"),
    ],
)
def test_solution_cell_with_anything_else_is_an_error_that_names_it(code, part):
    with pytest.raises(CourseError, match=re.escape(part)) as error:
        emptied(code, "ex.py, cell 4")
    assert "ex.py, cell 4" in str(error.value)


def test_solution_lines_are_logical_lines_without_comments_and_trivia(course):
    nb = complete_notebook(course, EXERCISE)
    cell = next(cell for cell in nb.cells if cell.id == "task-halved")
    lines = solution_lines(cell.source, "here")
    assert lines == [
        "factor = 2 ** steps",
        "if factor == 1 :",
        "return peak_lr",
        "return ( peak_lr / factor )",
    ]
    assert contains("so factor=2**steps it is", lines[0])
    assert not contains("factor = 2 ** step", lines[0])


def test_cell_ids_survive_edits_elsewhere_and_agree_between_variants(course):
    before = complete_notebook(course, EXERCISE)
    assert [c.id for c in exercise_notebook(course, EXERCISE).cells] == [c.id for c in before.cells]
    edit(course / EXERCISE, "# %% tags", "# %%\n1\n\n# %%\n1\n\n# %% tags")
    ids = [cell.id for cell in complete_notebook(course, EXERCISE).cells]
    assert [i for i in ids if i in {c.id for c in before.cells}] == [c.id for c in before.cells]
    assert len(set(ids)) == len(ids) == len(before.cells) + 2
    assert all(re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", i) for i in ids)


@pytest.mark.parametrize("task", ['task="two words" ', 'task="9" ', ""])
def test_solution_without_a_proper_task_name_is_an_error(course, task):
    edit(course / EXERCISE, 'task="halved" ', task)
    with pytest.raises(CourseError, match=r"ex01_decay.py, cell 4: .*task"):
        complete_notebook(course, EXERCISE)


def test_task_name_used_twice_is_an_error(course):
    with (course / EXERCISE).open("a", encoding="utf-8") as file:
        file.write('\n# %% task="halved" tags=["solution"]\ndef g(): return 1\n')
    with pytest.raises(CourseError, match="'halved' is the name of an earlier cell"):
        complete_notebook(course, EXERCISE)


# The build


def test_build_executes_lessons_and_solutions_but_not_exercises(course):
    lesson, exercise, solution = (
        nbformat.read(course / path, as_version=4)
        for path in (BUILT_LESSON, BUILT_EXERCISE, "solutions/ex01_decay.ipynb")
    )
    assert lesson.metadata.course.source == LESSON
    assert any("0.100" in str(cell.get("outputs")) for cell in lesson.cells)
    assert not any(cell.get("outputs") for cell in exercise.cells)
    assert "right" in str(solution.cells[-1].outputs)
    text = json.dumps(lesson)
    assert "papermill" not in text
    assert str(course.parent) not in text
    assert check(course) == []


def test_second_build_is_byte_identical_and_leaves_no_trace(course):
    before = contents(course)
    built = build(course)
    assert contents(course) == before
    assert built.written == built.removed == []


def test_failing_lesson_leaves_every_file_untouched(course):
    edit(course / LESSON, "How large", "How big")
    edit(course / EXERCISE, "About 5", "About 6")
    (course / "sources/lessons/02_broken.py").write_text("# %%\n1 / 0\n", encoding="utf-8")
    before = contents(course)
    with pytest.raises(CellFailure, match=r"02_broken.py, cell 1: ZeroDivisionError"):
        build(course)
    assert contents(course) == before


def test_notebook_whose_source_is_gone_is_removed_but_a_readers_own_stays(course):
    (course / EXERCISE).unlink()
    own = course / "notebooks/Untitled.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), own)
    built = build(course)
    assert built.removed == [BUILT_EXERCISE, "solutions/ex01_decay.ipynb"]
    assert own.exists()
    assert not (course / BUILT_EXERCISE).exists()


def test_build_of_an_unknown_name_names_the_known_ones(course):
    with pytest.raises(CourseError, match=r"'nothing'.*01_decay.*ex01_decay"):
        build(course, ["nothing"])


# Stale and leaked


def test_source_edited_after_the_build_is_stale(course):
    edit(course / LESSON, "How large", "How big")
    assert found(course) == {(BUILT_LESSON, "stale")}


def change_source(nb):
    nb.cells[1].source += " Indeed."


def change_tags(nb):
    nb.cells[1].metadata.tags = []


def change_id(nb):
    nb.cells[1].id = "another"


def drop_cell(nb):
    del nb.cells[2]


def change_kernel(nb):
    nb.metadata.kernelspec.name = "python"


@pytest.mark.parametrize(
    "change", [change_source, change_tags, change_id, drop_cell, change_kernel]
)
@pytest.mark.parametrize("path", [BUILT_LESSON, BUILT_EXERCISE, "solutions/ex01_decay.ipynb"])
def test_notebook_edited_by_hand_is_stale(course, path, change):
    edit_notebook(course / path, change)
    assert (path, "stale") in found(course)


def test_notebook_not_executed_or_out_of_order_is_stale(course):
    def forget(nb):
        nb.cells[2].execution_count, nb.cells[2].outputs = None, []

    edit_notebook(course / BUILT_LESSON, forget)
    assert found(course) == {(BUILT_LESSON, "stale")}


def test_exercise_with_outputs_is_stale(course):
    def run(nb):
        nb.cells[1].execution_count = 1

    edit_notebook(course / BUILT_EXERCISE, run)
    assert found(course) == {(BUILT_EXERCISE, "stale")}


def test_missing_broken_and_orphan_notebooks_are_stale(course):
    (course / BUILT_EXERCISE).unlink()
    (course / BUILT_LESSON).write_text("{", encoding="utf-8")
    (course / "solutions/old.ipynb").write_text("{}", encoding="utf-8")
    stale = {file for file, rule in found(course) if rule == "stale"}
    assert stale == {BUILT_EXERCISE, BUILT_LESSON, "solutions/old.ipynb"}


def test_stored_error_is_found_in_outputs_and_in_widgets(course):
    error = {"output_type": "error", "ename": "E", "evalue": "boom", "traceback": []}

    def fail(nb):
        nb.cells[2].outputs = [nbformat.from_dict(error)]
        state = nb.metadata.widgets["application/vnd.jupyter.widget-state+json"].state
        next(iter(state.values())).state.outputs = [error]

    edit_notebook(course / BUILT_LESSON, fail)
    messages = [p.message for p in check(course) if p.rule == "error"]
    assert len(messages) == 2
    assert all("E: boom" in message for message in messages)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Count from zero.", "Write `factor=2**steps`."),
        ("def check(function):", "factor = 2 ** steps\n\n\ndef check(function):"),
        ("Count from zero.", "Write `return (peak_lr / factor)` at the end."),
    ],
)
def test_solution_line_in_a_hint_or_in_code_is_a_leak(course, old, new):
    edit(course / EXERCISE, old, new)
    for target in ("exercises", "solutions"):
        path = course / target / "ex01_decay.ipynb"
        edit_notebook(path, lambda nb: nb.update(exercise_notebook(course, EXERCISE)))
    assert (BUILT_EXERCISE, "leak") in found(course)


# The template of a lesson


@pytest.mark.parametrize("part", LESSON_PARTS)
def test_lesson_without_a_part_is_named_by_that_part(course, part):
    path = course / LESSON
    cells = path.read_text(encoding="utf-8").split("\n# %%")
    kept = [cell for cell in cells if f'tags=["{part}"]' not in cell]
    assert len(kept) < len(cells)
    path.write_text("\n# %%".join(kept), encoding="utf-8")
    assert (LESSON, part) in found(course)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("**You need** division.", "", "title"),
        ("About 5 minutes.", "", "title"),
        ("**You will learn** what halving does.", "", "title"),
        ("# # Halve a rate", "# Halve a rate", "title"),
        ('["goes-wrong"]', '["goes-right"]', "goes-wrong"),
        ("# Where does it end?\n\n# %%", "# Where does it end?\n\n# %% [markdown]", "predict"),
        ("<details><summary>Three?", "<summary>Three?", "quiz"),
        (
            "# <details><summary>Two?",
            '\n# %%\n\n# %% [markdown] tags=["quiz"]\n# <details>',
            "quiz",
        ),
        ("# 5. Look.", "# Look.", "recap"),
        ("ex01_decay.ipynb", "ex09_missing.ipynb", "next"),
        ("](../exercises", "](https://example.org", "next"),
        ("# ## From scratch\n\n# %%", "# ## From scratch\n\n# %% [markdown]", "from-scratch"),
    ],
)
def test_lesson_rule(course, old, new, rule):
    edit(course / LESSON, old, new)
    assert (LESSON, rule) in found(course)


def test_parts_in_another_order_are_named(course):
    path = course / LESSON
    cells = path.read_text(encoding="utf-8").split("\n# %%")
    recap = next(i for i, cell in enumerate(cells) if 'tags=["recap"]' in cell)
    cells[recap - 1], cells[recap] = cells[recap], cells[recap - 1]
    path.write_text("\n# %%".join(cells), encoding="utf-8")
    messages = [problem.message for problem in check(course) if problem.file == LESSON]
    assert messages == ["the part recap must begin after the part quiz"]


# The template of an exercise


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("# About 5 minutes.", "# Hello.", "title"),
        ("Difficulty: easy", "Easy", "task"),
        ("3 minutes", "soon", "task"),
        ('tags=["task"]', 'tags=["text"]', "task"),
        ("<details><summary>It grows", "<summary>It grows", "hints"),
        ('tags=["check"]', 'tags=["end"]', "check"),
        ("check(halved)", "halved", "check"),
        (' task="halved" tags=["solution"]', "", "solution"),
    ],
)
def test_exercise_rule(course, old, new, rule):
    edit(course / EXERCISE, old, new)
    assert (EXERCISE, rule) in found(course)


def test_code_given_to_the_learner_may_stand_above_the_solution(course):
    edit(course / EXERCISE, "# %% task=", "# %%\ngiven = 3\n\n# %% task=")
    assert (EXERCISE, "task") not in found(course)


def test_second_solution_needs_a_text_of_its_own(course):
    with (course / EXERCISE).open("a", encoding="utf-8") as file:
        file.write('\n# %% task="more" tags=["solution"]\ndef more(): return 9\n')
    messages = [problem.message for problem in check(course) if problem.rule == "task"]
    assert messages == ["task more: the solution must follow a markdown cell tagged task"]


# Stored outputs


@pytest.mark.parametrize(
    "mark",
    ["tags=nbval-ignore-output", "tags=nbval-skip", "# NBVAL_IGNORE_OUTPUT", "# NBVAL_SKIP"],
)
def test_numbers_hidden_from_nbval_are_found(course, mark):
    def hide(nb):
        if mark.startswith("tags="):
            nb.cells[2].metadata.tags = [mark.removeprefix("tags=")]
        else:
            nb.cells[2].source = f"{mark}\n{nb.cells[2].source}"

    edit_notebook(course / BUILT_LESSON, hide)
    assert (BUILT_LESSON, "nbval") in found(course)


@pytest.mark.parametrize(
    ("data", "hidden"),
    [
        ({"text/plain": "<Figure size 640x480 with 1 Axes>"}, False),
        ({"text/plain": "0.1"}, True),
        ({"text/markdown": "**3**"}, True),
        ({"text/html": '<b style="top: 3px">no number</b>'}, False),
        ({"text/html": "<b>3</b>"}, True),
    ],
)
def test_what_counts_as_a_number_hidden_from_nbval(course, data, hidden):
    def hide(nb):
        nb.cells[2].metadata.tags = ["nbval-ignore-output"]
        nb.cells[2].outputs = [nbformat.v4.new_output("display_data", data)]

    edit_notebook(course / BUILT_LESSON, hide)
    assert ((BUILT_LESSON, "nbval") in found(course)) is hidden


def test_cell_marked_to_raise_is_refused(course):
    def mark(nb):
        nb.cells[2].metadata.tags = ["raises-exception"]

    edit_notebook(course / BUILT_LESSON, mark)
    assert (BUILT_LESSON, "nbval") in found(course)


@pytest.mark.parametrize(
    ("data", "metadata", "missing"),
    [
        ({"image/png": "aaaa"}, {}, True),
        ({"image/png": "aaaa"}, {"alt": "a curve"}, False),
        ({"image/png": "aaaa"}, {"image/png": {"alt": " "}}, True),
        ({"text/html": "<img src='x'>"}, {}, True),
        ({"text/html": "<img src='x' alt=''>"}, {}, True),
        ({"text/html": "<img alt='a curve' src='x'>"}, {}, False),
        ({"text/html": "<img alt='a curve'><img>"}, {}, True),
    ],
)
def test_picture_without_alternative_text_is_found(course, data, metadata, missing):
    def show(nb):
        nb.cells[2].outputs = [nbformat.v4.new_output("display_data", data, metadata=metadata)]

    edit_notebook(course / BUILT_LESSON, show)
    assert ((BUILT_LESSON, "alt") in found(course)) is missing


def test_large_notebook_and_volatile_output_are_found(course):
    def grow(nb):
        text = "<function f at 0x7f12ab34cd56>" + "x" * 400_000
        nb.cells[2].outputs = [nbformat.v4.new_output("stream", text=text)]

    edit_notebook(course / BUILT_LESSON, grow)
    assert found(course) == {(BUILT_LESSON, "size"), (BUILT_LESSON, "volatile")}


def test_the_picture_of_the_readme_comes_from_the_lesson_that_computes_it(course):
    buffer = io.BytesIO()
    Image.new("RGB", (1, 1)).save(buffer, format="png")
    pixel = base64.b64encode(buffer.getvalue()).decode()
    shown = f'<img src="data:image/png;base64,{pixel}" alt="a pixel">'
    cell = f"""# %% tags=["readme-picture"]
from IPython.display import HTML
HTML('{shown}')

# %% [markdown] tags=["quiz"]"""
    edit(course / LESSON, '# %% [markdown] tags=["quiz"]', cell)
    picture = course / "docs/rate_sweep.png"
    assert "docs/rate_sweep.png" in build(course).written
    assert picture.read_bytes() == base64.b64decode(pixel)
    assert check(course) == []
    picture.write_bytes(b"another")
    assert found(course) == {("docs/rate_sweep.png", "stale")}
    picture.unlink()
    assert found(course) == {("docs/rate_sweep.png", "stale")}
