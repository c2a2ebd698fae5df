"""The small course that tests build and damage: where its files are, how they are changed."""

import nbformat

from course_tools.authoring.rules import check

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
