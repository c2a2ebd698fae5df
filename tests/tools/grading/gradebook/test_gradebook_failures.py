"""kill -9, two writers, an older version, a bad URL: a gradebook loses nothing."""

import os
import random
import re
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from course_tools.grading.gradebook import journal as gradebook
from course_tools.grading.gradebook.engine import GradebookError, NoGradebookError
from course_tools.grading.gradebook.journal import Gradebook, Key
from course_tools.grading.report_json import from_json
from tests.tools.grading.example_reports import handed_in, key, report
from tests.tools.grading.gradebook.gradebooks import Forked, contents, write

ROOT = Path(__file__).parents[4]


def test_no_kill_leaves_half_of_anything(book, url, tmp_path):
    chance, done = random.Random(0), 0
    for _ in range(12):
        writer = Forked(write, url, max(0, done - 2), 1_000_000)
        assert writer.says() == "ready"
        time.sleep(chance.uniform(0, 0.06))
        writer.kill()
        assert writer.rest() == []
        done = _whole(url)
    rows = done + 5
    assert Forked(write, url, 0, rows).rest() == ["ready", "done"]
    disturbed = contents(url)
    undisturbed = f"sqlite:///{tmp_path / 'undisturbed.sqlite'}"
    assert Forked(write, undisturbed, 0, rows).rest() == ["ready", "done"]
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
            assert from_json(found["report"]) == expected
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as base:
            assert base.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return sum(table == "results" for table, _ in rows)


def test_two_writers_lose_and_double_nothing(book, url, tmp_path):
    # Their halves overlap: rows 40 to 80 are written by both.
    writers = [Forked(write, url, 0, 80), Forked(write, url, 40, 120)]
    assert [one.rest() for one in writers] == [["ready", "done"]] * 2
    alone = f"sqlite:///{tmp_path / 'alone.sqlite'}"
    assert Forked(write, alone, 0, 120).rest() == ["ready", "done"]
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
        connection.execute(sa.text("UPDATE settings SET value = '99' WHERE name = 'schema'"))
    engine.dispose()
    with pytest.raises(ValueError, match=r"newer version .*schema is 99, this version knows"):
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
        ("sqlite:////nowhere/grades.sqlite", r"/nowhere/grades.sqlite cannot be opened: unable"),
    ],
)
def test_a_url_that_cannot_be_opened_is_named_without_its_password(given_url, words):
    with pytest.raises(ValueError, match=words) as found:
        Gradebook(given_url)
    assert "secret" not in str(found.value)


@pytest.mark.parametrize(
    ("given_url", "words"),
    [
        ("postgresql://ada:secret@127.0.0.1:9/x", r"ada:\*\*\*@127.0.0.1:9/x cannot be opened"),
        ("postgresql://127.0.0.1:9/x?password=secret", r"127.0.0.1:9/x cannot be opened"),
    ],
)
def test_a_server_that_does_not_answer_is_named_without_its_password(
    needs_psycopg, given_url, words
):
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


# Damage.


def _filled(url, students=60):
    with Gradebook(url) as book:
        book.secret_seed(7)
        for number in range(students):
            name = Key(f"{number:064x}", "v1", 7, "s")
            book.hand_in(handed_in(f"student {number}", place=str(number), sha256=name.sha256))
            book.record(name, report(reached=number % 8 / 4, printed="x" * 3000))


def _damaged(content, kind, chance):
    at = chance.randrange(100, len(content) - 600)
    if kind == "cut off":
        return content[:at]
    put = bytes(512) if kind == "zeros" else chance.randbytes(512)
    return content[:at] + put + content[at + 512 :]


@pytest.mark.parametrize("kind", ["zeros", "other bytes", "cut off"])
def test_damage_is_found_before_anything_is_done_or_nobody_lost_anything(tmp_path, kind):
    file = tmp_path / "grades.sqlite"
    url = f"sqlite:///{file}"
    _filled(url)
    content, chance, found = file.read_bytes(), random.Random(kind), []
    with Gradebook(url) as book:
        undamaged = [(one.student, one.report) for one in book.standings()]
    for _ in range(25):
        damaged = _damaged(content, kind, chance)
        file.write_bytes(damaged)
        try:
            with Gradebook(url) as book:
                assert [(one.student, one.report) for one in book.standings()] == undamaged
        except GradebookError as error:
            found.append(str(error))
        else:
            continue
        assert file.read_bytes() == damaged, "nothing may be written to it"
    assert len(found) >= 15
    for sentence in found:
        assert re.fullmatch(
            r"the gradebook sqlite:///.*/grades\.sqlite cannot be (used|opened): [^\n]+ \(it is "
            r"damaged; put a copy from a backup in its place, or begin a new folder of .*\)",
            sentence,
        )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE results SET report = substr(report, 1, 50) WHERE id = 3", "result 3 is no report"),
        ("UPDATE handed_in SET student = 'Eve' WHERE id = 4", "file 4 was handed in under other n"),
    ],
)
def test_texts_that_are_not_as_they_were_are_found_at_the_beginning(tmp_path, change, told):
    url = f"sqlite:///{tmp_path / 'grades.sqlite'}"
    _filled(url, 5)
    with closing(sqlite3.connect(tmp_path / "grades.sqlite")) as base, base:
        base.execute(change)
    with pytest.raises(GradebookError, match=told):
        Gradebook(url)


def test_damage_that_shows_later_is_one_sentence_too(tmp_path):
    file = tmp_path / "grades.sqlite"
    _filled(f"sqlite:///{file}")
    with Gradebook(f"sqlite:///{file}") as book:
        content = file.read_bytes()
        file.write_bytes(content[:8192] + bytes(len(content) - 8192))
        book._engine.dispose()  # with the pages that it has read already
        with pytest.raises(GradebookError, match=r"malformed \(it is damaged; put a copy from a"):
            book.standings()


@pytest.mark.parametrize("schema", ["", "x", "-1"])
def test_a_schema_that_is_no_number_is_damage(book, url, schema):
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE settings SET value = :to WHERE name = 'schema'"), {"to": schema}
        )
    engine.dispose()
    with pytest.raises(GradebookError, match=rf"its schema is '{schema}' \(it is damaged"):
        Gradebook(url)


def test_an_empty_database_is_no_gradebook_where_there_must_be_one(url):
    if url.startswith("sqlite"):
        with pytest.raises(NoGradebookError, match=r"there is no gradebook sqlite:///.*grades.sq"):
            Gradebook(url, create=False)
        file = Path(url.removeprefix("sqlite:///"))
        assert not file.exists()
        file.touch()
    with pytest.raises(NoGradebookError, match=r"the gradebook .* is empty"):
        Gradebook(url, create=False)
    if url.startswith("sqlite"):
        assert file.read_bytes() == b""
    Gradebook(url).close()
    Gradebook(url, create=False).close()


_ON_A_SMALL_DISK = """
import itertools, sys
from pathlib import Path
from tests.tools.grading.example_reports import key, report
from course_tools.grading.gradebook.journal import Gradebook
kept = 0
filler = Path("/mnt/filler")
filler.write_bytes(bytes(200_000))
with Gradebook("sqlite:////mnt/grades.sqlite") as book:
    try:
        for kept in itertools.count():
            book.record(key(settings=str(kept)), report(printed="x" * 20_000))
    except ValueError as error:
        print(error)
    filler.unlink()
    book.record(key(settings=str(kept)), report(printed="x" * 20_000))
with Gradebook("sqlite:////mnt/grades.sqlite") as book:
    assert all(book.latest(key(settings=str(number))) for number in range(kept + 1))
    print(book.last_id() - kept)
"""


def test_a_full_disk_is_one_sentence_and_costs_no_result(needs_sandbox):
    command = ["bwrap", "--dev-bind", "/", "/", "--size", "1000000", "--tmpfs", "/mnt"]
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    done = subprocess.run(
        [*command, sys.executable, "-c", _ON_A_SMALL_DISK],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said, more = done.stdout.splitlines()
    assert said == (
        "the gradebook sqlite:////mnt/grades.sqlite cannot be used: database or disk is full "
        "(make room, then run the same command again)"
    )
    assert more == "1"
