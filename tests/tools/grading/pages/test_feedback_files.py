"""Feedback pages are files: safe names, and never half of a page."""

import dataclasses
import json
import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_tools.grading import report_json
from course_tools.grading.pages.feedback import (
    page_name,
    remove_other_pages,
    student_page,
    write_pages,
)
from tests.tools.grading.example_reports import told
from tests.tools.grading.pages import feedback_reports as made
from tests.tools.grading.pages.feedback_reports import PAYLOADS

HOSTILE_NAMES = (
    *PAYLOADS,
    "",
    ".",
    "..",
    "../../etc/passwd",
    "a/b",
    "a\\b",
    "CON",
    "index",
    "Ada",
    "ada",
    "ADA",
    "Ada ",
    "Zoë Ö",
    "Zoe\u0308 O\u0308",
    "李小龙",
    "\u202eada",
    "-rf",
    "~root",
    "\ud83d\ude00",
    "\U0001f600",
)


def test_names_of_pages_are_safe_and_unlike():
    names = [page_name(name, user) for name in HOSTILE_NAMES for user in ("", "1", name)]
    assert len({name.casefold() for name in names}) == len(
        {(name, user) for name in HOSTILE_NAMES for user in ("", "1", name)}
    )
    for name in names:
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]*\.html", name)
        assert len(name) <= 100


def test_names_of_pages_stay_the_same_and_can_be_read():
    assert page_name("Zoë Ångström", "1042") == "zoe-angstrom-1042-b366598c769c187b.html"
    assert page_name("李小龙", "").startswith("student-")


@given(one=st.tuples(st.text(), st.text()), other=st.tuples(st.text(), st.text()))
def test_two_students_never_share_a_page(one, other):
    assert (page_name(*one) == page_name(*other)) == (one == other)


def test_pages_are_written_only_where_they_differ(tmp_path):
    out = tmp_path / "new" / "pages"
    assert write_pages(out, [("a-1.html", "<p>ä"), ("b-2.html", "b")]) == ["a-1.html", "b-2.html"]
    before = {path.name: path.stat().st_ino for path in out.iterdir()}
    assert write_pages(out, [("a-1.html", "<p>ä"), ("b-2.html", "c")]) == ["b-2.html"]
    after = {path.name: path.stat().st_ino for path in out.iterdir()}
    assert set(after) == {"a-1.html", "b-2.html"}
    assert after["a-1.html"] == before["a-1.html"]
    assert (out / "a-1.html").read_bytes() == "<p>ä".encode()
    assert (out / "b-2.html").read_text() == "c"


def test_a_page_is_the_old_one_or_the_new_one(tmp_path):
    pages = [letter * 3_000_000 for letter in "ab"]
    write_pages(tmp_path, [("a.html", pages[0])])
    seen, done = set(), threading.Event()

    def read():
        while not done.is_set():
            content = (tmp_path / "a.html").read_bytes()
            seen.add((content[:1], content[-1:], len(content)))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(60):
        write_pages(tmp_path, [("a.html", pages[(number + 1) % 2])])
    done.set()
    reader.join()
    assert seen <= {(b"a", b"a", 3_000_000), (b"b", b"b", 3_000_000)}
    assert len(seen) == 2


def test_a_page_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    write_pages(tmp_path, [("a.html", "old")])

    def full(*paths):
        raise OSError("the disk is full")

    monkeypatch.setattr("course_tools.grading.files.os.replace", full)
    with pytest.raises(OSError, match="the disk is full"):
        write_pages(tmp_path, [("a.html", "new")])
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.html", "old")]


@pytest.mark.parametrize(
    "name", ["../a.html", "a/b.html", ".a.html", "A.html", "a.htm", "", "a.html\n", "a\x00.html"]
)
def test_a_name_that_is_no_pages_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="must be named as page_name does, got"):
        write_pages(tmp_path, [(name, "")])
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_comes_twice_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"must be given once, got 'a\.html' twice"):
        write_pages(tmp_path, [("a.html", "1"), ("a.html", "2")])


def test_pages_of_json_that_came_from_strangers(tmp_path):
    report = made.REPORTS[0]
    text = report_json.to_json(dataclasses.replace(report, notes=(told("half \ud83d of a pair"),)))
    page = student_page("Ada", [report_json.from_json(json.dumps(json.loads(text)))], False)
    write_pages(tmp_path, [("a.html", page)])
    assert "half ⟨U+D83D⟩ of a pair" in (tmp_path / "a.html").read_text(encoding="utf-8")


def test_pages_that_are_nobodys_any_more_go_and_other_files_stay(tmp_path):
    mine, old = page_name("Ada", "11"), page_name("lovelaceada", "11")
    for name in (mine, old, "notes.html", "picture.png"):
        (tmp_path / name).write_text("x")
    remove_other_pages(tmp_path, {mine})
    assert {file.name for file in tmp_path.iterdir()} == {mine, "notes.html", "picture.png"}
