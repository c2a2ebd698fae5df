"""A roster is read as spreadsheets write it, and what is wrong with it is named by its line."""

import re

import pytest

from course_tools.grading.intake.roster import COLUMNS, RosterPerson, read_roster

TEXT = "ID,Name,E-mail,SIS User ID,Section,Extension\n"
TEXT += '7,"Lovelace, Ada",ada@x.edu,s7,A,1.5\n8,Zoë,,,,\n'


def read(folder, content):
    file = folder / "class.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_roster(file)


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.replace("ID", '"ID"', 1).encode("utf-8-sig"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.encode("utf-16"),
        TEXT.replace(",", ";").replace("Lovelace;", "Lovelace,").replace("1.5", "1,5").encode(),
        TEXT.replace(",", "\t").replace("Lovelace\t", "Lovelace,").encode(),
        ("\n" + TEXT + "\n,,,,,\n\n").encode(),
        TEXT.replace("Zoë,,,,", "Zoë").encode(),
        TEXT.replace("Zoë", "Zoe\u0308").encode(),
        ("sep=,\n" + TEXT).encode("utf-8-sig"),
        ("sep=;\r\n" + TEXT.replace(",", ";").replace("Lovelace;", "Lovelace,")).encode(),
        TEXT.replace("Zoë,,,,", "Zoë,,,,,,").encode(),
    ],
)
def test_what_spreadsheets_write(tmp_path, content):
    assert read(tmp_path, content).people == (
        RosterPerson("7", "Lovelace, Ada", "ada@x.edu", sis_id="s7", section="A", extension=1.5),
        RosterPerson("8", "Zoë"),
    )


def test_every_column_has_its_name_in_any_spelling(tmp_path):
    head = ";".join(name.upper().replace("_", " ") for name in reversed(COLUMNS))
    values = {name: f"{name}1" for name in COLUMNS} | {"extension": "2", "email": "a@x"}
    values |= {"canvas_id": "12", "moodle_id": "13"}
    (one,) = read(
        tmp_path, f"{head}\n{';'.join(values[name] for name in reversed(COLUMNS))}"
    ).people
    assert vars(one) == values | {"extension": 2.0}


def test_a_column_that_is_not_known_is_said(tmp_path):
    assert read(tmp_path, "id,name,favourite colour,\n1,Ada,red,\n").unused == ("favourite colour",)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("11", "11"),
        ("11.0", "11"),
        ("11,0", "11"),
        ("Participant 11", "11"),
        ("Teilnehmer/in 11", "11"),
    ],
)
def test_numbers_are_read_as_spreadsheets_and_moodle_write_them(tmp_path, text, number):
    assert read(tmp_path, f"id;name;moodle_id\n1;Ada;{text}\n").people[0].moodle_id == number


def test_a_column_without_a_head_may_hold_notes(tmp_path):
    found = read(tmp_path, "id,name,\n1,Ada,repeats the year\n2,Ben,\n")
    assert [(one.id, one.name) for one in found.people] == [("1", "Ada"), ("2", "Ben")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is empty: it needs a head with the columns id, name"),
        ("id,name\n", "has a head and no people"),
        (
            "id;email\n1;a@x\n",
            "line 1: the column name is missing; the columns are id, name, email",
        ),
        ("name\nAda\n", "line 1: the column id is missing"),
        ("id,name,extention\n1,Ada,2\n", "there is no column 'extention'; did you mean extension?"),
        ("id,name,ID\n1,Ada,2\n", "line 1: the column id is there twice"),
        ("id,name\n1,Ada\n,Ben\n", "line 3: the id is empty"),
        ("id,name\n1,\n", "line 2: the name is empty"),
        ("id,name\n1,Ada\n2,Ben\n\n1,Cy\n", "line 5: the id '1' is that of line 2"),
        ("id,name,email\n1,Ada,A@x\n2,Ben,a@X\n", "line 3: the email 'a@X' is that of line 2"),
        ("id,name,canvas_id\n1,A,5\n2,B,5\n", "line 3: the canvas_id '5' is that of line 2"),
        ("id,name,extension\n1,Ada,two\n", "line 2: the extension must be a number of days from 0"),
        ("id,name,extension\n1,Ada,-1\n", "got '-1'"),
        ("id,name,extension\n1,Ada,nan\n", "got 'nan'"),
        ("id,name\n1,Ada,Lovelace\n", "line 2: 3 values for 2 columns; a value that contains"),
        ("id,name,\n1,Ada,Lovelace,x\n", "line 2: 4 values for 3 columns; a value that contains"),
        ('id,name\n1,"Ada\n2,Ben\n', "line 2: it is no row of CSV"),
        ('id,name\n1,"A\nda"\n1,B\n', "line 4: the id '1' is that of line 2"),
        ("id,name\n=1+1,Ada\n", "line 2: the id '=1+1' begins like a formula"),
        ("id,name,sis_login\n1,Ada,a\u200bda\n".replace("a\u200b", "\u202ea"), "cannot be seen"),
        (
            "id,name\n1,Ada\n2,Zoë\n".encode("cp1252"),
            "line 3: it is not UTF-8. If this is right: '2,Zoë'",
        ),
        ("id,name,canvas_id\n1,Ada,1.023E+16\n", "line 2: a spreadsheet has rounded the canvas_id"),
        ("id;name\n1,23457E+11;Ada\n", "rounded the id to '1,23457E+11'. Make the column one of"),
        ("id,name,email\n1,Lovelace, Ada\n", "line 2: the email 'Ada' has no @; a name with the"),
        ("id,name,canvas_id\n1,Lovelace, Ada\n", "line 2: the canvas_id must be a number, got 'Ad"),
        ("sep=;\nid;name\n1;Ada\n\n;Ben\n", "line 5: the id is empty"),
        (b"PK\x03\x04xlsx", "is a spreadsheet or zip file: save it as CSV UTF-8"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, content, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        read(tmp_path, content)


def test_a_roster_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match="cannot be read: No such file or directory"):
        read_roster(tmp_path / "class.csv")
