"""No text of a stranger breaks a row of a table, or is computed by a spreadsheet."""

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_tools.grading.cells import cell
from course_tools.grading.exports import write_exports
from course_tools.grading.report import RaisedError
from tests.tools.grading.example_reports import report, standing, task_report, told
from tests.tools.grading.handed_in import table


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (2, "2"),
        (2.0, "2"),
        (-1.5, "-1.5"),  # a number stays one
        (-0.0, "0"),
        (-1e-9, "0"),
        (100.0, "100"),
        (0.1 + 0.2, "0.3"),
        (1e-5, "0.00001"),  # Canvas knows no exponents
        (1234567.25, "1234567.25"),
        (True, "yes"),
        (False, ""),
        (None, ""),
        ("", ""),
        ("Ada O'Neill-Byron, Ph. D.", "Ada O'Neill-Byron, Ph. D."),
        ("李 雷", "李 雷"),
        ("a\r\nb\tc\0d\u2028e\x85f", "a b c d e f"),
        ("abc\u202efed\u2066", "abcfed"),
        ("\udce9x", "\ufffdx"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'=1"),
        ("\r=1", "'=1"),
        (" \u200b=1", "'\u200b=1"),
        ("'=1", "''=1"),
        ('"=1', "'\"=1"),
        ("＝1", "'＝1"),
        ("＋1", "'＋1"),
        ("﹣1", "'﹣1"),
        ("−1", "'−1"),
        ("＠x", "'＠x"),
        ("\u202e=1", "'=1"),
        ("a;=1; @b", "a;'=1;' @b"),
        ("a=1", "a=1"),
        ("x" * 1000, "x" * 1000),
        ("x" * 10_000, "x" * 999 + "…"),
        ("\0" * 20_000 + "=1", ""),
    ],
)
def test_a_cell(value, written):
    assert cell(value) == written


def computes(text):
    """Whether a spreadsheet might compute a cell, however it takes the file apart: told anew."""
    for part in text.replace("\t", ";").split(";"):
        seen = "".join(c for c in part if unicodedata.category(c) not in ("Cf", "Cc", "Mn", "Me"))
        if unicodedata.normalize("NFKC", seen.strip()).startswith(("=", "+", "-", "@", "−")):
            return True
    return False


STRANGE = st.text(
    st.sampled_from("=+-@＝＋－＠−\t\r\n\0\"'`;, a1\u200b\u202e\u2028\x85\ufeff\u0301\udce9…|(\\"),
    max_size=12,
)
NAMES = STRANGE | st.text(max_size=30)


@settings(deadline=None, max_examples=300)
@given(NAMES, NAMES, NAMES, st.integers(0, 3), st.booleans())
def test_no_name_breaks_a_row_or_computes(tmp_path_factory, name, place, said, number, is_moodles):
    folder = tmp_path_factory.mktemp("out", numbered=True)
    raised = RaisedError(name, said)
    task = task_report(cause=said, misconception=name, raised=raised)
    worth = report(notes=(told(said),), tasks=(task,))
    one = standing(name, name, worth, place=place, attempt=number)
    if is_moodles:
        place = f"A_1_assignsubmission_file_{number}.ipynb"
        one = replace(one, handed_in=replace(one.handed_in, place=place, user="1"))
    files = write_exports([standing("first"), one, standing("last")], folder)
    assert [file.name for file in files][4:] == (["moodle_ex04_warmup.csv"] if is_moodles else [])
    for file in files:
        rows = table(folder, file.name)
        assert len({len(row) for row in rows}) == 1
        text = file.read_bytes().decode("utf-8-sig")
        assert text.count("\n") == text.count("\r") == len(rows)  # no line is inside of a cell
        assert not any(computes(value) for row in rows for value in row)
        file.unlink()
    assert len(rows) == (2 if is_moodles else 5)
    folder.rmdir()
