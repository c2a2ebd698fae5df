"""Submissions are found in every layout, and read as bytes: too large, linked, broken ones too."""

import errno
import os
import zipfile
from pathlib import Path

import pytest

from course_tools.grading.intake.places import UnreadableError
from course_tools.grading.intake.submissions import BESIDE, NOBODYS, submissions, take_in
from tests.tools.grading.layout_exports import notebook

CONTENT = b'{"cells": []}'


def folder_of(root, *places):
    for place in places:
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_bytes(CONTENT)
    return root


def zip_of(path, *places):
    with zipfile.ZipFile(path, "w") as archive:
        for place in places:
            archive.writestr(place, CONTENT)
    return path


def found(source):
    return [(one.student, one.user, one.place) for one in submissions(source)]


def test_a_folder_a_student_with_several_notebooks(tmp_path):
    root = folder_of(tmp_path, "bob/ex04.ipynb", "ada/ex04.ipynb", "ada/deep/ex05.ipynb")
    folder_of(root, "ada/.ipynb_checkpoints/ex04-checkpoint.ipynb", "ada/notes.txt")
    assert found(root) == [
        ("ada", "", "ada/deep/ex05.ipynb"),
        ("ada", "", "ada/ex04.ipynb"),
        ("bob", "", "bob/ex04.ipynb"),
    ]


def test_a_flat_folder(tmp_path):
    assert found(folder_of(tmp_path, "Zoë Ö.ipynb", "ada.ipynb")) == [
        ("Zoë Ö", "", "Zoë Ö.ipynb"),
        ("ada", "", "ada.ipynb"),
    ]


CANVAS = (
    "lovelaceada_11_101_ex04 warmup.ipynb",
    "lovelaceada_11_102_ex04 warmup-2.ipynb",
    "turingalan_LATE_12_103_ex04_warmup.ipynb",
)
MOODLE = (
    "Ada Lovelace_11_assignsubmission_file_/ex04_warmup.ipynb",
    "Alan_T Turing_12_assignsubmission_file_ex04_warmup.ipynb",
)


@pytest.mark.parametrize("make", [zip_of, folder_of])
def test_what_canvas_gives(tmp_path, make):
    source = make(tmp_path / "canvas", *CANVAS)
    assert found(source) == [
        ("lovelaceada", "11", CANVAS[0]),
        ("lovelaceada", "11", CANVAS[1]),
        ("turingalan", "12", CANVAS[2]),
    ]


@pytest.mark.parametrize("make", [zip_of, folder_of])
def test_what_moodle_gives(tmp_path, make):
    assert found(make(tmp_path / "moodle", *MOODLE)) == [
        ("Ada Lovelace", "11", MOODLE[0]),
        ("Alan_T Turing", "12", MOODLE[1]),
    ]


@pytest.mark.parametrize("make", [zip_of, folder_of])
def test_the_bytes_are_read_up_to_a_limit(tmp_path, make):
    (one,) = submissions(make(tmp_path / "in", "ada/ex01.ipynb"))
    assert one.read(len(CONTENT)) == CONTENT
    with pytest.raises(UnreadableError, match="larger than the 12 bytes"):
        one.read(len(CONTENT) - 1)


def test_hostile_names_are_names_and_no_paths(tmp_path):
    names = ("../../etc/passwd.ipynb", "/etc/shadow.ipynb", "<script>/x.ipynb", "=1+1.ipynb")
    source = zip_of(tmp_path / "in.zip", *names)
    assert {one.place for one in submissions(source)} == set(names)
    assert {one.read(100) for one in submissions(source)} == {CONTENT}
    assert os.listdir(tmp_path) == ["in.zip"]


def test_symbolic_links_are_not_followed(tmp_path):
    secret = folder_of(tmp_path / "secret", "key.ipynb")
    root = folder_of(tmp_path / "in", "ada/ex04.ipynb")
    (root / "bob").mkdir()
    (root / "bob" / "ex04.ipynb").symlink_to(secret / "key.ipynb")
    (root / "eve").symlink_to(secret, target_is_directory=True)
    (root / "loop").symlink_to(root, target_is_directory=True)
    by_student = {one.student: one for one in submissions(root)}
    assert set(by_student) == {"ada", "bob"}
    with pytest.raises(UnreadableError, match="symbolic link is not followed"):
        by_student["bob"].read(1000)


def test_a_link_to_itself_ends_nothing(tmp_path):
    root = folder_of(tmp_path / "in", "ada/ex04.ipynb")
    (root / "bob").mkdir()
    (root / "bob" / "loop").symlink_to("loop")
    by_student = {one.student: one for one in submissions(root, out=root / "grades")}
    with pytest.raises(UnreadableError, match="symbolic link is not followed"):
        by_student["bob"].read(1000)


def test_what_is_no_regular_file_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "ada.ipynb")  # opening it would wait for ever
    (one,) = submissions(tmp_path)
    with pytest.raises(UnreadableError, match="not a regular file"):
        one.read(1000)


def test_a_file_that_went_away_is_unreadable(tmp_path):
    (one,) = submissions(folder_of(tmp_path, "ada.ipynb"))
    (tmp_path / "ada.ipynb").unlink()
    with pytest.raises(UnreadableError, match=r"cannot be read: No such file or directory$"):
        one.read(1000)


def test_no_path_of_this_machine_is_told(tmp_path):
    (one,) = submissions(zip_of(tmp_path / "in.zip", "ada.ipynb"))
    (tmp_path / "in.zip").unlink()
    (tmp_path / "in.zip").mkdir()
    with pytest.raises(UnreadableError) as raised:
        one.read(1000)
    assert str(tmp_path) not in str(raised.value)


def test_a_damaged_member_of_a_zip_is_unreadable(tmp_path):
    source = zip_of(tmp_path / "in.zip", "ada.ipynb")
    damaged = source.read_bytes().replace(CONTENT, b'{"cells": {}}')
    source.write_bytes(damaged)
    (one,) = submissions(source)
    with pytest.raises(UnreadableError, match="CRC"):
        one.read(1000)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path, "there is no folder or zip file"),
        (lambda path: path.mkdir(), "holds no notebook"),
        (lambda path: path.write_bytes(b"PK no zip"), "is not a readable zip file"),
    ],
)
def test_a_source_that_cannot_be_graded_is_refused(tmp_path, make, words):
    make(tmp_path / "in")
    with pytest.raises(ValueError, match=words):
        submissions(tmp_path / "in")


def test_who_handed_in_no_notebook_is_not_left_out(tmp_path):
    root = folder_of(tmp_path / "in", "ada/ex01.ipynb", "ada/data.csv", "leo/ex01.py", "leo/a.csv")
    folder_of(root, "mia/.DS_Store", "mia/.git/config", "uma/a.csv", "uma/ex01.ipynb.txt")
    folder_of(root, "roster.csv", "Nobody At All.ipynb", "grades/grades.csv", "grades/a/x.html")
    everything = take_in(root, out=root / "grades")
    assert {one.student: one.place for one in everything.submissions} == {
        "Nobody At All": "Nobody At All.ipynb",
        "ada": "ada/ex01.ipynb",
        "leo": "leo/a.csv",
        "uma": "uma/ex01.ipynb.txt",
    }
    assert everything.left_out[NOBODYS] == ["roster.csv"]


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("lovelaceada_11_101_ex01.py", CANVAS[2]),
        ("lovelaceada_LATE_11_text.html", CANVAS[2]),
        ("lovelaceada_11_link.html", CANVAS[2]),
        ("Ada Lovelace_11_assignsubmission_file_/ex01.py", MOODLE[1]),
    ],
)
def test_what_a_platform_gives_that_is_no_notebook_is_somebodys(tmp_path, name, other):
    source = zip_of(tmp_path / "in.zip", name, other, "__MACOSX/x", "folder/")
    assert {place: user for _, user, place in found(source)} == {name: "11", other: "12"}


def test_a_notebook_of_the_course_with_another_ending_is_one(tmp_path):
    root = folder_of(tmp_path / "in", "ada/ex01.ipynb", "ada/data.json", "ada/ex02", "ben/a.txt")
    folder_of(root, "ben/ex01.ipynb", "ben/picture.png")
    ex02 = notebook("x", "ex02_classic_decay", "step_decay")
    for place in ("ada/ex02", "ben/a.txt", "ben/picture.png"):
        (root / place).write_text(ex02)
    everything = take_in(root)
    assert [one.place for one in everything.submissions] == [
        *("ada/ex01.ipynb", "ada/ex02", "ben/a.txt", "ben/ex01.ipynb")
    ]
    assert everything.left_out[BESIDE] == ["ada/data.json", "ben/picture.png"]
    alone = folder_of(tmp_path / "alone", "ada/ex01.json")
    (alone / "ada" / "ex01.json").write_text(ex02)
    with pytest.raises(ValueError, match="holds no notebook"):
        take_in(alone)


def test_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    root = folder_of(tmp_path, "ada/ex01.ipynb", "ben/ex01.ipynb")
    read = Path.iterdir

    def iterdir(folder):
        if folder == root / "ben":
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return read(folder)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    with pytest.raises(ValueError, match=r"ben cannot be read: Permission denied$"):
        submissions(root)


LATER = ["ex01-1.ipynb", "ex01 (1).ipynb", "ex01(1).ipynb", "ex01 - Copy.ipynb", "ex01-Copy1.ipynb"]
LATER += ["ex01 copy 2.ipynb", "Copy of ex01.ipynb", "ex01 - Kopie (2).ipynb", "ex01.ipynb (1)"]


@pytest.mark.parametrize("later", LATER)
def test_within_a_second_the_copys_number_says_which_is_later(tmp_path, later):
    root = folder_of(tmp_path, "ada/ex01.ipynb", f"ada/{later}")
    for name in ("ex01.ipynb", later):
        os.utime(root / "ada" / name, (1_700_000_000,) * 2)
    by_place = {one.place: one.order for one in submissions(root)}
    assert by_place[f"ada/{later}"] > by_place["ada/ex01.ipynb"]
    os.utime(root / "ada" / "ex01.ipynb", (1_700_000_002,) * 2)
    by_place = {one.place: one.order for one in submissions(root)}
    assert by_place[f"ada/{later}"] < by_place["ada/ex01.ipynb"]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        # Canvas' own suffix behind the student's: the file that was uploaded last counts.
        ("ada_11_101_ex01-2.ipynb", "ada_11_102_ex01-2-1.ipynb"),
        ("ada_11_101_ex01-9.ipynb", "ada_11_102_ex01.ipynb"),
        ("ada_LATE_11_99_ex01-3.ipynb", "ada_LATE_11_100_ex01-1.ipynb"),
        ("ada_11_10230000000012345_ex01.ipynb", "ada_11_10230000000012346_ex01-1.ipynb"),
    ],
)
def test_the_file_that_canvas_got_last_is_the_latest(tmp_path, earlier, later):
    root = folder_of(tmp_path / "in", earlier, later)
    os.utime(root / later, (1_000_000_000,) * 2)
    first, last = sorted(submissions(root), key=lambda one: one.order)
    assert (first.place, last.place) == (earlier, later)
    assert last.order > first.order > 2e9


def test_students_of_an_anonymous_assignment_in_canvas(tmp_path):
    names = ("anon_x1Y2z_101_ex01.ipynb", "LATE_anon_b2_102_ex01.ipynb", "anon_c3_103_ex01.ipynb")
    by_user = {one.user: one for one in submissions(folder_of(tmp_path / "in", *names))}
    assert [(user, one.time.marked_late) for user, one in sorted(by_user.items())] == [
        ("b2", True),
        ("c3", False),
        ("x1Y2z", False),
    ]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ada.ipynb", "is a single notebook: put it into a folder with its student's name"),
        ("all.tar.gz", r"another kind than zip: unpack it into a folder \(tar -xf all.tar.gz -C"),
        ("all.rar", "another kind than zip"),
        ("all.zip", "is not a readable zip file"),
    ],
)
def test_a_file_that_is_no_folder_of_a_class(tmp_path, name, told):
    (tmp_path / name).write_bytes(CONTENT)
    with pytest.raises(ValueError, match=told):
        submissions(tmp_path / name)


def test_a_folder_of_archives(tmp_path):
    zip_of(tmp_path / "ada.zip", "ex01.ipynb")
    (tmp_path / "ben.tar.gz").touch()
    with pytest.raises(ValueError, match=r"no notebook, but archives \('ada.zip', 'ben.tar.gz'\)"):
        submissions(tmp_path)
    folder_of(tmp_path, "ada/ex01.ipynb", "ben/ex01.ipynb")
    assert take_in(tmp_path).archives == ["ada.zip", "ben.tar.gz"]


def test_a_document_beside_a_notebook_is_somebodys(tmp_path):
    document = "lovelaceada_1000_60000_essay.docx"
    names = ("lovelaceada_1000_60001_ex01.ipynb", "turingalan_1001_60002_ex01.ipynb", document)
    everything = take_in(folder_of(tmp_path / "in", *names))
    assert everything.left_out == {BESIDE: [document]}
    alone = take_in(folder_of(tmp_path / "other", *names[1:]))
    assert {one.student: one.place for one in alone.submissions}["lovelaceada"] == document
