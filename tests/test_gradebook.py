"""A gradebook keeps what it was told: after kill -9, with two writers, whatever the names.

Every test that takes a `url` runs against PostgreSQL too, from test_gradebook_postgresql.py.
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
import sqlalchemy as sa
from example_reports import (
    full_report,
    handed_in,
    key,
    report,
    task_report,
    unreadable_report,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_lib.grading import gradebook
from course_lib.grading.gradebook import Change, Gradebook, Key, TaskChange
from course_lib.grading.report import (
    OUTCOMES,
    STATES,
    Curve,
    Points,
    Report,
    Shown,
    TaskReport,
    outline,
)

ROOT = Path(__file__).parents[1]
# Characters that no index can compress: PostgreSQL's hold no more than 2704 bytes.
LONG = "".join(random.Random(0).choices([chr(code) for code in range(0x4E00, 0x9000)], k=10_000))
HOSTILE = ("a\0b", "\udce9t\udce9", "\\u0000", "\\", LONG, "Zoë 🎓", "'; DROP TABLE --", "")


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'grades.sqlite'}"


@pytest.fixture
def book(url):
    with Gradebook(url) as opened:
        yield opened


def contents(url):
    """Everything that is kept, without numbers and times, sorted."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = []
        for table in ("settings", "results", "handed_in"):
            rows = connection.execute(sa.text(f"SELECT * FROM {table}")).mappings()
            found += [
                (table, sorted((k, v) for k, v in row.items() if k not in ("id", "recorded_at")))
                for row in rows
            ]
    engine.dispose()
    return sorted(found, key=repr)


def python(code, *arguments):
    """A process that runs code."""
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


# Seeds.


def test_a_seed_is_drawn_once(book, url):
    first = book.secret_seed()
    assert 0 <= first < 2**63
    assert book.secret_seed() == first
    with Gradebook(url) as again:
        assert again.secret_seed() == first


def test_seeds_of_two_gradebooks_differ(tmp_path):
    seeds = set()
    for number in range(3):
        with Gradebook(f"sqlite:///{tmp_path / str(number)}.sqlite") as one:
            seeds.add(one.secret_seed())
    assert len(seeds) == 3


def test_a_given_seed_is_kept_from_then_on(book):
    book.secret_seed()
    assert book.secret_seed(2**63 - 1) == 2**63 - 1
    assert book.secret_seed(0) == 0
    assert book.secret_seed() == 0


@pytest.mark.parametrize("seed", [-1, 2**63, True])
def test_a_seed_out_of_range_is_refused(book, seed):
    with pytest.raises(ValueError, match=r"given must be a seed from 0 to 9223372036854775807"):
        book.secret_seed(seed)


def test_processes_that_begin_at_once_get_the_same_seed(url):
    code = """
import sys, time
from course_lib.grading.gradebook import Gradebook
print("ready", flush=True)
time.sleep(float(sys.argv[2]) - time.time())
with Gradebook(sys.argv[1]) as book:
    print(book.secret_seed())
"""
    begin = time.time() + 3
    processes = [python(code, url, begin) for _ in range(4)]
    said = [process.communicate()[0].split() for process in processes]
    assert [words[0] for words in said] == ["ready"] * 4
    assert len({words[1] for words in said}) == 1


# The journal.


def test_a_report_comes_back_as_it_was(book):
    assert book.latest(key()) is None
    assert book.record(key(), full_report())
    assert book.latest(key()) == full_report()


@pytest.mark.parametrize(
    "other", [key("b"), key(seed=8), key(settings="t"), replace(key(), exercise_version="v2")]
)
def test_a_grade_is_of_all_its_key(book, other):
    book.record(key(), report())
    assert book.latest(other) is None
    assert book.record(other, report(reached=1.0))
    assert (book.latest(key()).reached, book.latest(other).reached) == (2.0, 1.0)


def test_the_first_report_of_a_revision_stays(book):
    assert book.record(key(), report(reached=1.0), 1)
    assert not book.record(key(), report(reached=2.0), 1)
    assert book.latest(key()).reached == 1.0
    assert book.record(key(), report(reached=0.0), 3)
    assert book.record(key(), report(reached=1.5), 2)  # later, but of a lower revision
    assert book.latest(key()).reached == 0.0
    assert book.latest(key(), 2).reached == 1.5
    assert book.latest(key(), 4) is None
    assert book.last_revision() == 3


def test_an_empty_gradebook(book):
    assert (book.last_id(), book.last_revision(), book.pending()) == (0, 0, 0)
    assert book.standings() == []
    assert book.changes(0) == []


def test_all_revisions_are_kept(book, url):
    for revision in range(3):
        book.record(key(), report(), revision)
    assert len([row for row in contents(url) if row[0] == "results"]) == 3


TEXT = st.one_of(
    st.text(max_size=20),
    st.text(st.sampled_from("\0\\\ud800\udce9\"'%;\u202e🎓\ue000\uffff"), max_size=8),
)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
# JSON writes a pair of surrogates and the character that they stand for alike.
PAIRED = TEXT.map(
    lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
)
POINTS = st.builds(Points, PAIRED, NUMBER, NUMBER)
SHOWN = st.none() | st.builds(Shown, st.integers(), st.integers(), PAIRED, PAIRED, PAIRED)
ROW = st.lists(st.none() | NUMBER, max_size=3).map(tuple)
CURVES = st.none() | st.builds(Curve, st.lists(NUMBER, max_size=3).map(tuple), ROW, ROW)
TASK = st.builds(
    TaskReport,
    task=PAIRED,
    outcome=st.sampled_from(OUTCOMES),
    parts=st.lists(POINTS, max_size=2).map(tuple),
    misconception=PAIRED,
    cause=PAIRED,
    public=SHOWN,
    hidden=SHOWN,
    curve=CURVES,
    printed=PAIRED,
    seconds=NUMBER,
)
REPORT = st.builds(
    Report,
    exercise=PAIRED,
    state=st.sampled_from(STATES),
    tasks=st.lists(TASK, max_size=2).map(tuple),
    notes=st.lists(PAIRED, max_size=2).map(tuple),
    unsafe=st.booleans(),
    printed=PAIRED,
    seconds=NUMBER,
).filter(lambda one: abs(one.reached) < 1e308)


@settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(worth=REPORT, version=TEXT, seed=st.integers(0, 2**63 - 1), name=TEXT)
def test_any_report_and_name_come_back(book, worth, version, seed, name):
    one = Key("a" * 64, version, seed, name)
    revision = book.last_revision() + 1
    assert book.record(one, worth, revision)
    assert book.latest(one, revision) == worth


# Files and standings.


def test_handing_in_once_more_changes_nothing(book, url):
    assert book.hand_in(handed_in(), handed_in(content="b")) == 2
    before = contents(url)
    assert book.hand_in(handed_in(), handed_in(content="b")) == 0
    assert contents(url) == before


@pytest.mark.parametrize("order", [float("nan"), float("inf")])
def test_an_order_that_orders_nothing_is_refused(book, order):
    with pytest.raises(ValueError, match="order must be a finite number, got"):
        book.hand_in(handed_in(), handed_in(content="b", order=order))
    assert book.pending() == 0


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_any_kind_come_back(book, name):
    file = handed_in(student=name, user=name, place=f"{name}/x.ipynb")
    assert (book.hand_in(file), book.hand_in(file)) == (1, 0)
    book.record(key(), report())
    (found,) = book.standings()
    assert found.handed_in == file
    assert (found.student, found.user, found.exercise) == (name, name, "ex04_warmup")


def test_names_that_are_written_alike_stay_apart(book):
    for name in HOSTILE:
        book.hand_in(handed_in(student=name))
    book.record(key(), report())
    assert [one.student for one in book.standings()] == sorted(HOSTILE)


ATTEMPTS = (  # content, when, worth
    handed_in(content="a", order=1.5, attempt=0),
    handed_in(content="b", order=2, attempt=1),
    handed_in(content="c", order=3, attempt=2),
)
WORTH = {"a": 1.0, "b": 2.0, "c": 0.5}


@pytest.mark.parametrize(("attempts", "content"), [("first", "a"), ("best", "b"), ("latest", "c")])
def test_the_attempt_that_counts(url, attempts, content):
    for number, files in enumerate(permutations(ATTEMPTS)):
        with Gradebook(url) as book:
            for file in files:  # whatever the order in which they are found and graded
                student = f"student {number}"
                book.hand_in(replace(file, student=student))
                letter = file.sha256[0]
                book.record(key(letter), report(reached=WORTH[letter]))
    with Gradebook(url) as book:
        found = book.standings(attempts)
    assert [one.student for one in found] == [f"student {number}" for number in range(6)]
    assert {one.handed_in.sha256[0] for one in found} == {content}
    assert {one.report.reached for one in found} == {WORTH[content]}
    assert {one.others for one in found} == {2}


def test_the_latest_of_the_best_counts(book):
    for file in ATTEMPTS:
        book.hand_in(file)
        book.record(key(file.sha256[0]), report(reached=1.0))
    assert [one.handed_in.attempt for one in book.standings("best")] == [2]


@pytest.mark.parametrize(("attempts", "attempt"), [("latest", 2), ("first", 0), ("best", 2)])
def test_attempts_of_one_moment_are_told_apart(tmp_path, attempts, attempt):
    files = [replace(file, order=1.0) for file in ATTEMPTS]
    counts = set()
    for number, some in enumerate(permutations(files)):
        with Gradebook(f"sqlite:///{tmp_path / str(number)}.sqlite") as book:
            for file in some:
                book.hand_in(file)
                book.record(key(file.sha256[0]), report(reached=1.0))
            counts |= {one.handed_in.attempt for one in book.standings(attempts)}
    assert counts == {attempt}


def test_a_policy_that_is_none_is_refused(book):
    with pytest.raises(ValueError, match="attempts must be latest, first or best, got 'mean'"):
        book.standings("mean")


def test_going_back_to_an_earlier_version_counts(book):
    for content, order in (("a", 1), ("b", 2), ("a", 3)):
        book.hand_in(handed_in(content=content, order=order, place="ada/x.ipynb"))
        book.record(key(content), report())
    assert [one.handed_in.sha256[0] for one in book.standings("latest")] == ["a"]
    assert [one.handed_in.order for one in book.standings("latest")] == [3]
    assert [one.handed_in.order for one in book.standings("first")] == [1]


def test_what_cannot_be_read_takes_no_exercises_place(book):
    book.hand_in(handed_in(content="a", order=1))
    book.record(key("a"), report(reached=1.0))
    for content, order in (("b", 0), ("c", 2), ("d", 3)):
        book.hand_in(handed_in(content=content, order=order, exercise=""))
        book.record(key(content), unreadable_report())
    # Its name says which exercise it should be: that is no better.
    for content, order in (("e", -1), ("f", 9)):
        book.hand_in(handed_in(content=content, order=order))
        book.record(key(content), replace(unreadable_report(), exercise="ex04_warmup"))
    for attempts in ("latest", "first", "best"):
        found = book.standings(attempts)
        assert [one.exercise for one in found] == ["", "", "", "ex04_warmup"]
        assert [one.handed_in.sha256[0] for one in found] == ["b", "c", "d", "a"]
        assert [one.others for one in found] == [0, 0, 0, 2]


def test_standings_are_sorted_and_what_has_no_result_is_counted(book):
    for student, user in (("b", "2"), ("B", "1"), ("a", "9"), ("a", "10"), ("é", "")):
        for content, exercise in (("x", "ex05"), ("y", "ex04")):
            place = f"{content}.ipynb"
            book.hand_in(handed_in(student, content, user=user, exercise=exercise, place=place))
    assert (book.pending(), book.standings()) == (10, [])
    book.record(key("x"), report("ex05"))
    assert book.pending() == 5
    book.record(key("y"), report("ex04"))
    assert book.pending() == 0
    found = [(one.student, one.user, one.exercise) for one in book.standings()]
    assert found == sorted(found)
    assert len(set(found)) == 10


def test_what_the_journal_has_last_counts(book):
    book.hand_in(handed_in())
    book.record(key(), report(reached=2.0))
    book.record(key(), report(reached=1.0), 2)
    assert [one.report.reached for one in book.standings()] == [1.0]
    book.record(key(seed=8), report(reached=0.5))
    assert [one.report.reached for one in book.standings()] == [0.5]


def test_only_what_counts_is_read(book, monkeypatch):
    for number, content in enumerate("abc"):
        book.hand_in(handed_in(content=content, order=number))
        for revision in range(5):
            book.record(key(content), report(reached=1.0), revision)
    read = []

    def from_json(text):
        read.append(text)
        return Report(**{**json.loads(text), "tasks": ()})

    monkeypatch.setattr(gradebook, "from_json", from_json)
    assert len(book.standings()) == 1
    assert len(read) == 1


def test_more_standings_than_are_read_at_once(book, monkeypatch):
    monkeypatch.setattr(gradebook, "_CHUNK", 3)
    monkeypatch.setattr(gradebook, "_STREAM", {"yield_per": 3})
    for number in range(10):
        letter = chr(ord("a") + number)
        book.hand_in(handed_in(f"student {number}", letter))
        book.record(key(letter), report(reached=number / 8))
    assert [one.report.reached for one in book.standings()] == [n / 8 for n in range(10)]


# Changes.


def test_standings_are_outlines_and_whole_brings_the_rest(book):
    book.record(key(), full_report())
    book.hand_in(handed_in())
    (one,) = book.standings()
    assert one.report == outline(full_report()) != full_report()
    assert (one.report.reached, one.report.tasks[0].cause) == (1.75, "The warmup is not counted.")
    (whole,) = book.whole([one])
    assert (whole.report, whole.student) == (full_report(), one.student)


def test_whole_keeps_the_order_and_reads_in_parts(book, monkeypatch):
    monkeypatch.setattr(gradebook, "_CHUNK", 2)
    for name in "abcde":
        book.record(key(name), report(notes=(name,)))
        book.hand_in(handed_in(name, name))
    standings = book.standings()[::-1]
    assert [one.report.notes for one in book.whole(standings)] == [(n,) for n in "edcba"]


def test_what_a_regrade_changed(book):
    book.hand_in(handed_in("bob", user="12"), handed_in("ada"), handed_in("ada", "b"))
    book.record(key("a"), report(reached=2.0, seconds=1.0))
    book.record(key("b"), report(reached=2.0, seconds=1.0))
    before = book.last_id()
    assert book.changes(0) == []  # nothing was replaced
    book.record(key("a"), report(reached=1.75, seconds=2.0), 2)
    book.record(key("b"), report(reached=2.0, seconds=2.0), 2)  # took longer, which is no change
    book.record(key("c"), report(reached=0.0))
    task = TaskChange("lr_at_step", 2.0, 1.75, "answered", "answered")
    names = (("ada", "", "ada/a.ipynb"), ("bob", "12", "bob/a.ipynb"))
    more = ("ex04_warmup", 2.0, 1.75, 4.0, "graded", "graded", (task,))
    assert book.changes(before) == [Change(*name, *more) for name in names]
    assert book.changes(book.last_id()) == []


def test_a_change_of_tasks_and_of_what_can_be_read(book):
    book.hand_in(handed_in(), handed_in(content="b"))
    book.record(key("a"), report(tasks=(task_report("old"), task_report("same"))))
    book.record(key("b"), unreadable_report())
    before = book.last_id()
    worth = report(tasks=(task_report("new"), task_report("same", outcome="timed out")))
    book.record(key("a"), worth, 2)
    book.record(key("b"), report(reached=1.0), 2)
    first, second = book.changes(before)
    assert first.tasks == (
        TaskChange("new", None, 2.0, None, "answered"),
        TaskChange("same", 2.0, 2.0, "answered", "timed out"),
        TaskChange("old", 2.0, None, "answered", None),
    )
    assert (second.exercise, second.before, second.after) == ("ex04_warmup", 0.0, 1.0)
    assert (second.state_before, second.state_after) == ("unreadable", "graded")


# What can go wrong.

_WRITER = """
import sys
from example_reports import handed_in, key, report
from course_lib.grading.gradebook import Gradebook
url, first, last, ready = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
with Gradebook(url) as book:
    book.secret_seed(7)
    print(ready, flush=True)
    for number in range(first, last):
        content = f"{number:064x}"
        files = [handed_in(f"student {number}", place=str(n), sha256=content) for n in range(8)]
        book.hand_in(*files)
        name = key(settings=str(number))
        if book.latest(name) is None:
            book.record(name, report(reached=number % 8 / 4, printed="x" * 20_000))
print("done")
"""


def test_no_kill_leaves_half_of_anything(book, url, tmp_path):
    chance, done = random.Random(0), 0
    for _ in range(12):
        process = python(_WRITER, url, max(0, done - 2), 1_000_000, "ready")
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0, 0.06))
        process.send_signal(signal.SIGKILL)
        assert process.communicate()[0] == ""
        done = _whole(url)
    rows = done + 5
    assert python(_WRITER, url, 0, rows, "again").communicate()[0] == "again\ndone\n"
    disturbed = contents(url)
    undisturbed = f"sqlite:///{tmp_path / 'undisturbed.sqlite'}"
    assert python(_WRITER, undisturbed, 0, rows, "once").communicate()[0] == "once\ndone\n"
    assert disturbed == contents(undisturbed)


def _whole(url):
    """How many results there are, after a look at every row."""
    rows = contents(url)
    files = [dict(row)["student"] for table, row in rows if table == "handed_in"]
    assert {files.count(student) for student in files} <= {8}
    for table, row in rows:
        if table == "results":
            found = dict(row)
            expected = report(reached=int(found["settings"]) % 8 / 4, printed="x" * 20_000)
            assert gradebook.from_json(found["report"]) == expected
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as base:
            assert base.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return sum(table == "results" for table, _ in rows)


def test_two_writers_lose_and_double_nothing(book, url, tmp_path):
    # Their halves overlap: rows 40 to 80 are written by both.
    writers = [python(_WRITER, url, 0, 80, "a"), python(_WRITER, url, 40, 120, "b")]
    assert [one.communicate()[0] for one in writers] == ["a\ndone\n", "b\ndone\n"]
    alone = f"sqlite:///{tmp_path / 'alone.sqlite'}"
    assert python(_WRITER, alone, 0, 120, "c").communicate()[0] == "c\ndone\n"
    assert contents(url) == contents(alone)
    assert len(book.standings()) == 0  # no result belongs to these files
    assert book.pending() == 120 * 8


def test_threads_share_a_gradebook(book):
    new = []

    def write(first):
        for number in range(first, first + 30):
            new.append(book.record(key(settings=str(number)), report()))

    threads = [threading.Thread(target=write, args=(first,)) for first in (0, 15, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(new), sum(new)) == (90, 60)


def test_a_gradebook_of_a_newer_version_is_refused(book, url):
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE settings SET value = '2' WHERE name = 'schema'"))
    engine.dispose()
    with pytest.raises(ValueError, match=r"newer version .*schema is 2, this version knows 1"):
        Gradebook(url)


def test_moments_are_in_utc(book, url):
    before = time.time() - 1
    book.record(key(), report())
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        moment = connection.scalar(sa.select(gradebook.tables.results.c.recorded_at))
    engine.dispose()
    assert before < moment.timestamp() < time.time() + 1
    assert moment.utcoffset().total_seconds() == 0


def test_sqlite_waits_for_the_disk(tmp_path):
    with (
        Gradebook(f"sqlite:///{tmp_path / 'grades.sqlite'}") as one,
        one._engine.connect() as connection,
    ):
        assert connection.scalar(sa.text("PRAGMA synchronous")) == 2  # FULL
        assert connection.scalar(sa.text("PRAGMA busy_timeout")) == 60_000
        assert connection.scalar(sa.text("PRAGMA journal_mode")) == "delete"  # undoes half of one


@pytest.mark.parametrize(
    ("given_url", "words"),
    [
        ("grades.sqlite", r"'grades.sqlite' is no database URL; use sqlite:///file.sqlite or"),
        ("://ada:secret@host", r"what was given is no database URL"),
        ("sqlite://", "kept in memory only"),
        ("sqlite:///:memory:", "kept in memory only"),
        ("mysql://ada:secret@host/x", r"mysql://ada:\*\*\*@host/x: .* SQLite or PostgreSQL"),
        ("postgresql+nothing://ada:secret@h/x", r"\+nothing://ada:\*\*\*@h/x cannot be opened"),
        ("postgresql://ada:secret@127.0.0.1:9/x", r"ada:\*\*\*@127.0.0.1:9/x cannot be opened"),
        ("postgresql://127.0.0.1:9/x?password=secret", r"127.0.0.1:9/x cannot be opened"),
        ("sqlite:////nowhere/grades.sqlite", r"/nowhere/grades.sqlite cannot be opened: unable"),
    ],
)
def test_a_url_that_cannot_be_opened_is_named_without_its_password(given_url, words):
    if "127.0.0.1" in given_url:
        pytest.importorskip("psycopg")
    with pytest.raises(ValueError, match=words) as found:
        Gradebook(given_url)
    assert "secret" not in str(found.value)


def test_no_other_user_reads_the_seed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    old = os.umask(0o022)
    try:
        for url in ("sqlite:///here.sqlite", f"sqlite:///{tmp_path / 'there.sqlite'}"):
            Gradebook(url).close()
    finally:
        os.umask(old)
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    (tmp_path / "here.sqlite").chmod(0o640)
    Gradebook("sqlite:///here.sqlite").close()  # whoever opened it to a group meant to
    assert (tmp_path / "here.sqlite").stat().st_mode & 0o777 == 0o640


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path):
    (tmp_path / "grades.sqlite").write_text("student,points\n" * 100)
    with pytest.raises(ValueError, match="cannot be opened: file is not a database"):
        Gradebook(f"sqlite:///{tmp_path / 'grades.sqlite'}")
    assert (tmp_path / "grades.sqlite").read_text() == "student,points\n" * 100
