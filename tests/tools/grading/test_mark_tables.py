"""`lr-course mark from`: many marks by hand in a table, as a spreadsheet writes it."""

import pytest

from tests.tools.grading.marks_by_hand import EX, class_of_four, done, refused, row_of


@pytest.fixture
def grades(tmp_path):
    """A folder of grades of a class of four."""
    return class_of_four(tmp_path / "grades")


HEAD = "student,exercise,action,points,reason,task,user\n"


def table(folder, text):
    file = folder / "marks.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_all_lines_of_a_table_or_none(grades, tmp_path):
    good = f"Ben,{EX},set,3,Heard it\nAda,{EX},bonus,0.5,Forum,,13\nZoë,{EX},excuse,,ill\n"
    bad = f"Bne,{EX},set,1,x\nBen,{EX},set,7,x\nBen,{EX},put,1,x\nBen,{EX},excuse,1,x\n"
    told = refused(grades, "from", table(tmp_path, HEAD + good + bad), "--by", "Eve")
    assert told.splitlines() == [
        "Error: nothing was written, because of 4 lines:",
        "  line 5: no student is called 'Bne'; did you mean 'Ben'?",
        "  line 6: points must be a number from 0 to 4, got '7'",
        "  line 7: action must be set, bonus, excuse, undo, got 'put'",
        "  line 8: excuse takes no points, got '1'",
    ]
    assert done(grades, "from", table(tmp_path, HEAD + good), "--by", "Eve")[:-1] == [
        f"Ben (11), {EX}: 3 of 4 points",
        f"Ada (13), {EX}: 2.5 of 4 points",
        f"Zoë (12), {EX}: excused",
    ]
    again = done(grades, "from", table(tmp_path, HEAD + good), "--by", "Eve")
    assert all(line.endswith(", as it was before") for line in again[:-1])


def test_a_european_table_with_names_of_its_own(grades, tmp_path):
    head = "\ufeffStudent;Exercise;Action;Points;Reason;By\r\n"
    text = f"{head}11;{EX};Set;2,5;So ist es;Uwe\r\n;;;;\r\n"
    assert done(grades, "from", table(tmp_path, text))[0] == f"Ben (11), {EX}: 2.5 of 4 points"
    assert "So ist es (Uwe, 20" in row_of(grades, "Ben")["by hand"]


@pytest.mark.parametrize(
    "text",
    [
        f"sep=;\r\n{HEAD.replace(',', ';')}Ben;{EX};set;2,5;x\r\n".encode(),
        f"{HEAD.strip()},,\r\n\r\nBen,{EX},set,2.5,x,,,,\r\n,,,,,,,,\r\n".encode(),
        f"{HEAD.replace(',', chr(9))}Ben\t{EX}\tset\t2,5\tx\r\n".encode("utf-16"),
    ],
)
def test_a_table_as_spreadsheets_write_it(grades, tmp_path, text):
    file = table(tmp_path, text)
    assert done(grades, "from", file, "--by", "Eve")[0] == f"Ben (11), {EX}: 2.5 of 4 points"


def test_a_line_without_a_student_says_so_in_every_order_of_columns(grades, tmp_path):
    text = f"exercise,action,points,reason,student\n{EX},set,3,late,\n"
    told = refused(grades, "from", table(tmp_path, text), "--by", "Eve")
    assert "line 2: no student is called ''" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "must have the columns student, exercise, action, points, reason and may have task"),
        ("student,points\n", "got student, points"),
        (HEAD.replace("user", "mood"), "got student, exercise, action, points, reason, task, mood"),
        (HEAD, "has a head and no changes"),
        (
            f"{HEAD}Zoë,{EX}".encode("cp1252"),
            f"line 2: it is not UTF-8. If this is right: 'Zoë,{EX}",
        ),
        (b"PK\x03\x04xlsx", "is a spreadsheet or zip file: save it as CSV UTF-8"),
        (HEAD + 'Ben,"x\n', "line 2: it is no row of CSV"),
        (HEAD + f"Ben,{EX},set,1,x,,,late, and ill\n", "line 2: 9 values for 7 columns; a value "),
        (HEAD + f"Ben,{EX},set,1,x\nBen,{EX},excuse,,y\n", "line 3: the same mark as in line 2"),
        (HEAD + f"Ben,{EX},set,1,x\nBen,{EX},set,2,y\n", "line 3: the same mark as in line 2"),
        (
            f"student,exercise,action,points,reason,,\nBen,{EX},set,1,late, and ill\n",
            "line 2: 'and ill' stands in a column without a name; a value that contains the",
        ),
        (HEAD + "Ben\n", "line 2: action must be set, bonus, excuse, undo, got ''"),
    ],
)
def test_a_table_that_is_none_is_refused(grades, tmp_path, text, told):
    assert told in refused(grades, "from", table(tmp_path, text), "--by", "Eve")


def test_a_table_that_is_not_there_is_named(grades, tmp_path):
    told = refused(grades, "from", tmp_path / "none.csv", "--by", "Eve")
    assert "none.csv cannot be read: No such file or directory" in told
