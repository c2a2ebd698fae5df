"""Submissions are found in every layout, and read as bytes: too large, linked, broken ones too."""

import os
import zipfile

import pytest

from course_tools.grading.intake.places import UnreadableError
from course_tools.grading.intake.submissions import NOBODYS, submissions, take_in

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
    return [(one.student, one.user, one.place, one.attempt) for one in submissions(source)]


def test_a_folder_a_student_with_several_notebooks(tmp_path):
    root = folder_of(tmp_path, "bob/ex04.ipynb", "ada/ex04.ipynb", "ada/deep/ex05.ipynb")
    folder_of(root, "ada/.ipynb_checkpoints/ex04-checkpoint.ipynb", "ada/notes.txt")
    assert found(root) == [
        ("ada", "", "ada/deep/ex05.ipynb", 0),
        ("ada", "", "ada/ex04.ipynb", 0),
        ("bob", "", "bob/ex04.ipynb", 0),
    ]


def test_a_flat_folder(tmp_path):
    assert found(folder_of(tmp_path, "Zoë Ö.ipynb", "ada.ipynb")) == [
        ("Zoë Ö", "", "Zoë Ö.ipynb", 0),
        ("ada", "", "ada.ipynb", 0),
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
        ("lovelaceada", "11", CANVAS[0], 0),
        ("lovelaceada", "11", CANVAS[1], 2),
        ("turingalan", "12", CANVAS[2], 0),
    ]


@pytest.mark.parametrize("make", [zip_of, folder_of])
def test_what_moodle_gives(tmp_path, make):
    assert found(make(tmp_path / "moodle", *MOODLE)) == [
        ("Ada Lovelace", "11", MOODLE[0], 0),
        ("Alan_T Turing", "12", MOODLE[1], 0),
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
        ("Ada Lovelace_11_assignsubmission_file_/ex01.py", MOODLE[1]),
    ],
)
def test_what_a_platform_gives_that_is_no_notebook_is_somebodys(tmp_path, name, other):
    source = zip_of(tmp_path / "in.zip", name, other, "__MACOSX/x", "folder/")
    assert {place: user for _, user, place, _ in found(source)} == {name: "11", other: "12"}


@pytest.mark.parametrize("later", ["ex01-1.ipynb", "ex01 (1).ipynb", "ex01(1).ipynb"])
def test_within_a_second_the_copys_number_says_which_is_later(tmp_path, later):
    root = folder_of(tmp_path, "ada/ex01.ipynb", f"ada/{later}")
    for name in ("ex01.ipynb", later):
        os.utime(root / "ada" / name, (1_700_000_000,) * 2)
    by_place = {one.place: one.order for one in submissions(root)}
    assert by_place[f"ada/{later}"] > by_place["ada/ex01.ipynb"]
    os.utime(root / "ada" / "ex01.ipynb", (1_700_000_002,) * 2)
    by_place = {one.place: one.order for one in submissions(root)}
    assert by_place[f"ada/{later}"] < by_place["ada/ex01.ipynb"]
