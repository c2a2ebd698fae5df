"""The zip files of feedback reach the right people, by the rules that Moodle and Canvas have."""

import re
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_tools.grading.gradebook.journal import Gradebook, HandedIn, Key
from course_tools.grading.intake.submissions import take_in
from course_tools.grading.pages import feedback_zips
from course_tools.grading.pages.feedback import student_page
from course_tools.grading.pages.feedback_zips import write_zips
from tests.tools.grading.example_reports import report, standing, unreadable_report
from tests.tools.grading.layout_exports import Person, written


def whole(standings):
    return standings


def from_moodle(student, user, worth=None, file="ex.ipynb", flat=False):
    mark = "assignsubmission_file_" if flat else "assignsubmission_file_/"
    return standing(student, user, worth, place=f"{student}_{user}_{mark}{file}")


def from_canvas(student, user, attachment, worth=None, file="ex.ipynb", late=""):
    return standing(student, user, worth, place=f"{student}_{late}{user}_{attachment}_{file}")


def read(path):
    """Names and texts of a zip file's pages; none is there twice."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert len(set(names)) == len(names)
        assert archive.testzip() is None
        return {name: archive.read(name).decode("utf-8") for name in names}


def by_moodles_rule(names, participants):
    """Which participant gets which file, as Moodle's importziplib.php finds out."""
    found = {}
    for path in names:
        if path.rpartition("/")[2].startswith((".", "~")):
            continue
        parts = path.split("/")
        while parts:
            info = parts.pop(0).split("_", 4)
            if len(info) < 4 or not re.fullmatch(r"\s*\d+", info[1]):
                continue
            if int(info[1]) not in participants or info[2:4] != ["assignsubmission", "file"]:
                continue
            rest = "/".join([*info[4:], *parts]).lstrip("/")
            assert (int(info[1]), rest) not in found, "one would replace the other"
            found[int(info[1]), rest] = path
            break
    return found


def by_canvas_rule(names, attachments):
    """Which user gets which files, as Canvas' infer_comment_context_from_filename finds out."""
    found = {}
    for path in names:
        pieces = [one for one in path.rpartition("/")[2].split("_") if one != "LATE"]
        numbers = [int(one) for one in pieces if re.fullmatch(r"\d+", one)][:2]
        if pieces[-1].startswith("link") or path.startswith("._") or len(numbers) < 2:
            continue
        if numbers[1] in attachments.get(numbers[0], ()):
            found.setdefault(numbers[0], []).append(path)
    return found


def test_moodles_participants_get_their_pages(tmp_path):
    good, other = report(reached=1.0), report("ex05_cyclical")
    standings = [
        from_moodle("Ada_Maria Lovelace", "11", good),
        from_moodle("Zoë Ångström", "12", good, flat=True),
        from_moodle(".Bob", "13", unreadable_report()),
        from_moodle("Cyd", "21", other),
    ]
    files = write_zips(standings, whole, tmp_path, False)
    assert [file.name for file in files] == [
        "moodle_ex04_warmup_feedback.zip",
        "moodle_ex05_cyclical_feedback.zip",
    ]
    warmup, cyclical = map(read, files)
    assert set(warmup) == {
        "Ada Maria Lovelace_11_assignsubmission_file_/feedback.html",
        "Zoë Ångström_12_assignsubmission_file_/feedback.html",
        ".Bob_13_assignsubmission_file_/feedback.html",
    }
    got = by_moodles_rule(warmup, {11, 12, 13})
    assert set(got) == {(number, "feedback.html") for number in (11, 12, 13)}
    assert warmup[got[12, "feedback.html"]] == student_page(
        "Zoë Ångström", [good], False, ["Zoë Ångström_12_assignsubmission_file_ex.ipynb"]
    )
    assert "could not be read" in warmup[got[13, "feedback.html"]]
    assert set(by_moodles_rule(cyclical, {21, 22})) == {(21, "feedback.html")}
    assert len(cyclical) == 2, "of the file that cannot be read, nobody knows the assignment"


def test_a_student_of_moodle_with_two_files_gets_one_page_of_both(tmp_path):
    standings = [
        from_moodle("Ada", "11", unreadable_report(), "notes.txt"),
        from_moodle("Ada", "11", report(), "a.ipynb"),
    ]
    (file,) = write_zips(standings, whole, tmp_path, False)
    ((_, page),) = read(file).items()
    assert page.index("Exercise 4: warmup") < page.index("A file that could not be read")


def test_canvas_users_get_their_pages(tmp_path):
    standings = [
        from_canvas("lovelaceada", "11", "101", file="ex01.ipynb", late="LATE_"),
        from_canvas("lovelaceada", "11", "105", report("ex05_cyclical"), file="link.ipynb"),
        from_canvas("bob", "12", "102", unreadable_report(), file="77_88_ex.ipynb.txt"),
        from_canvas("cyd" * 40, "13", "10000000000103", file="y" * 200 + "-2.ipynb"),
        standing("dan", "", place="dan/x_14_104_y.ipynb"),  # a folder's own student
        standing("eve", "15", unreadable_report(), place="eve_15_text.html"),
    ]
    files = write_zips(standings, whole, tmp_path, False)
    assert [file.name for file in files] == [
        "canvas_ex04_warmup_feedback.zip",
        "canvas_ex05_cyclical_feedback.zip",
    ]
    warmup, cyclical = map(read, files)
    assert "lovelaceada_LATE_11_101_ex01_feedback.html" in warmup
    first = {11: [101], 12: [102], 13: [10000000000103], 14: [104]}
    got = by_canvas_rule(warmup, first)
    assert {user: len(paths) for user, paths in got.items()} == {11: 1, 12: 1, 13: 1}
    assert "could not be read" in warmup[got[12][0]]
    assert max(map(len, warmup)) < 200
    assert by_canvas_rule(cyclical, {11: [105]}) == {11: ["lovelaceada_11_105_link_feedback.html"]}


def test_a_class_of_no_platform_has_no_zip(tmp_path):
    assert write_zips([standing("ada", "")], whole, tmp_path, False) == []
    one = standing("ada", "11", place="hw_ada_attempt_2025-03-10-09-26-05_ex.ipynb")
    assert write_zips([one], whole, tmp_path, False) == []
    assert write_zips([from_moodle("a", "1", unreadable_report())], whole, tmp_path, False) == []
    assert list(tmp_path.iterdir()) == []


NAMES = st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=40).filter(str.strip)


@given(st.lists(NAMES, min_size=1, max_size=5))
def test_whatever_a_student_is_called_moodle_finds_the_number(tmp_path_factory, names):
    standings = [
        replace(
            from_moodle("x", str(n)),
            student=name,
            handed_in=replace(
                standing().handed_in, place=f"x_{n}_assignsubmission_file_/{name}.ipynb"
            ),
        )
        for n, name in enumerate(names, 7)
    ]
    out = tmp_path_factory.mktemp("out")
    (file,) = write_zips(standings, whole, out, False)
    numbers = range(7, 7 + len(names))
    found = by_moodles_rule(read(file), numbers)
    assert set(found) == {(number, "feedback.html") for number in numbers}
    for path in found.values():
        assert path.count("/") == 1
        assert not set(path) & set('\\:*?"<>|\0\n')


def test_the_same_pages_give_the_same_file(tmp_path):
    standings = [from_moodle("Ada", "11"), from_moodle("Bob", "12")]
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        write_zips(standings, whole, tmp_path / folder, False)
    one, other = (next((tmp_path / name).iterdir()) for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_failure_leaves_the_older_file(tmp_path, monkeypatch):
    standings = [from_moodle("Ada", "11"), from_moodle("Bob", "12")]
    (file,) = write_zips(standings, whole, tmp_path, False)
    before = file.read_bytes()

    def fails_at_bob(own, show_hidden):
        if own[0].student == "Bob":
            raise OSError("the disk is full")
        return "new"

    monkeypatch.setattr(feedback_zips, "feedback_page", fails_at_bob)
    with pytest.raises(OSError, match="the disk is full"):
        write_zips(standings, whole, tmp_path, False)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("export", "name"),
    [
        ("moodle", "moodle_ex01_constant_lr_feedback.zip"),
        ("moodle_flat", "moodle_ex01_constant_lr_feedback.zip"),
        ("canvas", "canvas_ex01_constant_lr_feedback.zip"),
        ("ilias", None),
        ("folders", None),
    ],
)
def test_from_a_download_to_the_zip_that_goes_back(tmp_path, export, name):
    people = [
        Person("Zoë Müller", "zoe", 31, ("ex01.ipynb", "ex01.ipynb")[: 1 + (export == "canvas")]),
        Person("李 雷", "li", 32),
        Person("Ben_Otto", "ben", 33),
    ]
    download = tmp_path / "download.zip"
    written(download, export, people)
    with Gradebook(f"sqlite:///{tmp_path / 'grades.sqlite'}") as book:
        for n, one in enumerate(take_in(download).submissions):
            key = Key(f"{n:064}", "v", 1, "s")
            whose = (one.student, one.user, one.place, 0, one.order)
            book.hand_in(HandedIn(*whose, key.sha256, "ex01_constant_lr"))
            book.record(key, report("ex01_constant_lr"))
        files = write_zips(book.standings(), book.whole, tmp_path, False)
    assert [file.name for file in files] == ([name] if name else [])
    if export == "canvas":
        attachments = {31: [10_001], 32: [10_002], 33: [10_003]}  # the latest one counts
        found = by_canvas_rule(read(files[0]), attachments)
        assert {user: len(paths) for user, paths in found.items()} == {31: 1, 32: 1, 33: 1}
    elif name:
        found = by_moodles_rule(read(files[0]), {31, 32, 33})
        titles = {
            n: re.search(r"<title>(.*?)</title>", read(files[0])[p])[1]
            for (n, _), p in found.items()
        }
        assert titles == {one.number: f"Feedback for {one.name}" for one in people}
