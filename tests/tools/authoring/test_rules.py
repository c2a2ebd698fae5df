"""What `build --check` finds: stale, leaked, missing, hidden, unnamed."""

import dataclasses

import nbformat
import pytest

import course_tasks
from course_tools.authoring.build import build
from course_tools.authoring.rules import check
from course_tools.authoring.sources import complete_notebook, exercise_notebook
from course_tools.authoring.templates import LESSON_PARTS
from tests.tools.authoring.small_course import (
    BUILT_EXERCISE,
    BUILT_LESSON,
    EXERCISE,
    LESSON,
    edit,
    edit_notebook,
    found,
)

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


def test_stored_error_is_found(course):
    error = {"output_type": "error", "ename": "E", "evalue": "boom", "traceback": []}
    edit_notebook(
        course / BUILT_LESSON,
        lambda nb: nb.cells[2].update(outputs=[nbformat.from_dict(error)]),
    )
    (message,) = [p.message for p in check(course) if p.rule == "error"]
    assert "E: boom" in message


def test_widget_that_shows_nothing_without_a_kernel_is_found(course):
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "VBox()"}
    output = nbformat.v4.new_output("display_data", data=view)
    edit_notebook(course / BUILT_LESSON, lambda nb: nb.cells[2].outputs.append(output))
    assert (BUILT_LESSON, "widget") in found(course)


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
    kept = [cell for cell in cells if f'"{part}"' not in cell.partition("\n")[0]]
    assert len(kept) < len(cells)
    path.write_text("\n# %%".join(kept), encoding="utf-8")
    assert (LESSON, part) in found(course)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("**You need** division.", "", "title"),
        ("about 5 minutes.", "", "title"),
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
        ("about 5 minutes", "about 10 minutes", "minutes"),
        ('tags=["surprise", "predict"]', 'tags=["predict"]', "surprise"),
        (
            '# %% [markdown] tags=["surprise"',
            '# %% [markdown]\n# Text.\n\n# %% [markdown] tags=["surprise"',
            "surprise",
        ),
        ("    scheduler.step()\n", "    pass\n", "pytorch"),
        ("# ## Measured", "# ## Further: measured", "further"),
        ('tags=["experiment"]', 'tags=["experiment"] jp-MarkdownHeadingCollapsed=true', "further"),
        ("print(1 // 2)", "print(1 // 2)\n" * 26, "long"),
    ],
)
def test_lesson_rule(course, old, new, rule):
    edit(course / LESSON, old, new)
    assert (LESSON, rule) in found(course)


def test_a_lesson_without_an_exercise_of_its_own_needs_no_link(course):
    source = course / LESSON
    other = source.with_name("07_decay.py")
    text = source.read_text(encoding="utf-8")
    other.write_text(text.replace("](../exercises", "](https://example.org"), encoding="utf-8")
    name = "sources/lessons/07_decay.py"
    assert (name, "next") not in found(course)
    other.write_text(text.replace("ex01_decay", "ex07_decay"), encoding="utf-8")
    assert (name, "next") in found(course)  # what is linked must exist


def test_a_lesson_links_the_one_that_follows(course):
    other = (course / LESSON).with_name("02_more.py")
    other.write_text((course / LESSON).read_text(encoding="utf-8"), encoding="utf-8")
    assert (LESSON, "next") in found(course)
    edit(course / LESSON, "# Next:", "# Next: [more](02_more.ipynb) and")
    assert (LESSON, "next") not in found(course)


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


def test_points_in_the_text_are_those_of_the_task(course, monkeypatch):
    monkeypatch.setitem(course_tasks.ALL, "halved", course_tasks.ALL["largest_stable_rate"])
    assert (EXERCISE, "task") in found(course)
    edit(course / EXERCISE, "3 minutes", "3 minutes · *2 points*")
    assert (EXERCISE, "task") not in found(course)


def test_hints_of_the_task_are_put_above_its_cell(course, monkeypatch):
    edit(
        course / EXERCISE,
        "# <details><summary>It grows</summary>Divide, do not multiply.</details>\n",
        "",
    )
    monkeypatch.setitem(course_tasks.ALL, "halved", course_tasks.ALL["largest_stable_rate"])
    hints = course_tasks.ALL["largest_stable_rate"].hints
    cells = complete_notebook(course, EXERCISE).cells
    (place,) = (i for i, cell in enumerate(cells) if cell.metadata.get("tags") == ["hints"])
    assert cells[place].source.count("<details><summary>") == len(hints)
    assert hints[0].text in cells[place].source
    assert cells[place + 1].metadata.tags == ["solution"]
    assert (EXERCISE, "hints") not in found(course)


def test_a_symptom_is_html_where_the_page_shows_no_markdown(course, monkeypatch):
    hint = course_tasks.Hint("I need `if a < b` *twice*", "Do you?")
    task = dataclasses.replace(course_tasks.ALL["largest_stable_rate"], hints=(hint,))
    monkeypatch.setitem(course_tasks.ALL, "halved", task)
    text = "".join(cell.source for cell in complete_notebook(course, EXERCISE).cells)
    assert "<summary>I need <code>if a &lt; b</code> <em>twice</em></summary>" in text


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
        text = "<function f at 0x7f12ab34cd56>" + "x" * 450_000
        nb.cells[2].outputs = [nbformat.v4.new_output("stream", text=text)]

    edit_notebook(course / BUILT_LESSON, grow)
    assert found(course) == {(BUILT_LESSON, "size"), (BUILT_LESSON, "volatile")}


# An appendix


def test_appendix_needs_a_title_and_no_other_part_and_its_numbers_need_support(course):
    source, notebook = "sources/appendix/words.py", "notebooks/words.ipynb"
    (course / "sources/appendix").mkdir()
    (course / source).write_text("# %%\nprint(0.25)\n", encoding="utf-8")
    assert found(course) == {(notebook, "stale"), (source, "title")}
    text = '# %% [markdown] tags=["title"]\n# # Words\n# A quarter is 0.25.\n\n# %%\nprint(0.25)\n'
    (course / source).write_text(text, encoding="utf-8")
    build(course, ["words"])
    assert found(course) == set()
    edit(course / source, "is 0.25", "is 0.26")
    build(course, ["words"])
    assert found(course) == {(source, "prose")}
