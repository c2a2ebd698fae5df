"""Notebooks as editors, web sites and systems leave them: read, or refused in one sentence."""

import codecs
import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_tools.authoring.errors import CourseError
from course_tools.authoring.notebook_files import LearnersCell, read_code, read_notebook

CODE = [LearnersCell("x = 'η'\nprint(x)", "gradient_step"), LearnersCell("1 / 0", may_raise=True)]


def made():
    return new_notebook(
        cells=[
            new_code_cell(CODE[0].source, metadata={"task": CODE[0].task}),
            new_markdown_cell("# x = 1"),
            new_code_cell(CODE[1].source, metadata={"tags": ["raises-exception"]}),
        ]
    )


def changed(change):
    """The notebook as JSON, after a change to every cell."""
    document = json.loads(nbformat.writes(made()))
    for cell in document["cells"]:
        change(cell)
    return json.dumps(document)


def without(*keys):
    return lambda cell: [cell.pop(key, None) for key in keys]


def as_lines(cell):
    cell["source"] = "".join(cell["source"]).replace("\n", "\r\n").splitlines(keepends=True)


def as_colab(cell):
    cell["metadata"] |= {"id": "x8gR", "colab": {"base_uri": "https://localhost:8080/"}}
    cell.pop("id")


def as_vs_code(cell):
    cell["metadata"] |= {"vscode": {"languageId": "python"}}


def as_kaggle(cell):
    cell["metadata"] |= {"_uuid": "8f2839f25d", "trusted": True, "execution": {"iopub.status": "x"}}
    cell.pop("id")


def as_deepnote(cell):
    cell["metadata"] |= {"cell_id": "0", "deepnote_cell_type": cell["cell_type"]}
    cell["block_group"] = "0"


@pytest.mark.parametrize(
    "change",
    [
        without("id"),
        without("outputs", "execution_count"),
        as_lines,
        as_colab,
        as_vs_code,
        as_kaggle,
        as_deepnote,
    ],
)
def test_code_is_read_as_other_tools_save_it(tmp_path, change):
    (tmp_path / "a.ipynb").write_text(changed(change), encoding="utf-8")
    assert read_code(tmp_path / "a.ipynb") == CODE


def test_code_is_read_without_any_metadata(tmp_path):
    document = json.loads(changed(without("metadata")))
    del document["metadata"]
    (tmp_path / "a.ipynb").write_text(json.dumps(document), encoding="utf-8")
    assert read_code(tmp_path / "a.ipynb") == [LearnersCell(cell.source) for cell in CODE]
    with pytest.raises(CourseError, match=r"a\.ipynb is not a notebook: .*metadata"):
        read_notebook(tmp_path / "a.ipynb")


@pytest.mark.parametrize(
    "written",
    [
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: nbformat.writes(nbformat.reads(text, 4), 3).encode(),
    ],
    ids=["byte order mark", "UTF-16", "CRLF", "nbformat 3"],
)
def test_a_notebook_is_read_in_any_form(tmp_path, written):
    (tmp_path / "a.ipynb").write_bytes(written(nbformat.writes(made())))
    assert read_code(tmp_path / "a.ipynb") == CODE
    nb = read_notebook(tmp_path / "a.ipynb")
    assert isinstance(nb, nbformat.NotebookNode)
    assert [cell.source for cell in nb.cells] == [CODE[0].source, "# x = 1", CODE[1].source]


@pytest.mark.filterwarnings("error")
def test_cells_without_ids_are_not_warned_of(tmp_path):
    (tmp_path / "a.ipynb").write_text(changed(without("id")), encoding="utf-8")
    assert len(read_notebook(tmp_path / "a.ipynb").cells) == 3


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"<!DOCTYPE html>", "it is a web page; download the notebook's file itself"),
        (b"\xef\xbb\xbf<html>", "it is a web page"),
        (b"<<<<<<< HEAD\n{}\n", "Git left two versions of some lines in it, between <<<<<<< and"),
        (b'{\n<<<<<<< HEAD\n"a": 1\n', "Git left two versions of some lines"),
        (b"%PDF-1.4 \xff", "it is not text"),
        (b"print(1)", "it is not JSON (Expecting value: line 1 column 1 (char 0))"),
        (b"\0" * 9, "it is not text"),
        (b"[" * 100_000, "its JSON is nested too deeply"),
        (b"null", "it is JSON, but names no nbformat"),
        (b'{"cells": []}', "it is JSON, but names no nbformat"),
        (b'{"nbformat": 4, "cells": null}', "it has no list of cells"),
        (b'{"nbformat": "4", "cells": []}', "Unsupported nbformat version 4"),
        (b'{"nbformat": 9, "cells": []}', "Unsupported nbformat version 9"),
        (b'{"nbformat": 3, "worksheets": 5}', "'int' object is not"),
    ],
)
def test_what_is_no_notebook_is_refused_in_a_sentence(tmp_path, content, reason):
    (tmp_path / "a.ipynb").write_bytes(content)
    with pytest.raises(CourseError) as refused:
        read_code(tmp_path / "a.ipynb")
    assert str(refused.value).startswith(f"{tmp_path / 'a.ipynb'} is not a notebook: {reason}")
    with pytest.raises(CourseError, match="is not a notebook: "):
        read_notebook(tmp_path / "a.ipynb")


def test_cells_that_are_no_cells_have_no_code(tmp_path):
    cells = [1, {"cell_type": "code", "source": 3}, {"cell_type": "code", "metadata": []}]
    (tmp_path / "a.ipynb").write_text(json.dumps({"nbformat": 4, "cells": cells}))
    assert read_code(tmp_path / "a.ipynb") == [LearnersCell(""), LearnersCell("")]


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(CourseError, match="there is no notebook"):
        read_code(tmp_path / "a.ipynb")
    with pytest.raises(CourseError, match="cannot be read: Is a directory"):
        read_code(tmp_path)
