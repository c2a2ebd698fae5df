"""The tests of the gradebook once more, against a PostgreSQL server of their own."""

import inspect
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest

from course_tools.grading.gradebook import journal as gradebook
from course_tools.grading.gradebook.journal import Gradebook
from course_tools.grading.publishing import Publication
from tests.machine.tools import postgresql_owner, postgresql_programs
from tests.tools.calling import lr_course
from tests.tools.grading.example_reports import handed_in, key, report
from tests.tools.grading.gradebook import (
    test_adjustments,
    test_gradebook,
    test_gradebook_failures,
    test_gradebook_lock,
    test_gradebook_standings,
)

_PATIENCE = 60  # seconds for the server to start
_database_numbers = itertools.count()

_MODULES = (
    test_adjustments,
    test_gradebook,
    test_gradebook_standings,
    test_gradebook_failures,
    test_gradebook_lock,
)
for _name, _test in (pair for module in _MODULES for pair in vars(module).items()):
    if _name.startswith("test_") and {"url", "book"} & set(inspect.signature(_test).parameters):
        globals()[_name] = _test


def _owner():
    """Options that start the server as a user that it does not refuse."""
    user = postgresql_owner()
    if user.pw_uid == os.getuid():
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@pytest.fixture(scope="session")
def server(needs_postgresql, needs_psycopg):
    """The folder of the socket of a server that lives as long as the tests."""
    programs, owner = postgresql_programs(), _owner()
    # Not pytest's folder, which no other user may enter; and a socket's path has to be short.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    if owner:
        os.chown(folder, owner["user"], owner["group"])
    data, options = folder / "data", {"cwd": folder, "env": {"LC_ALL": "C"}, **owner}
    process = None
    try:
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "grader", "-A", "trust", "-E", "UTF8", "-N"],
            check=True,
            capture_output=True,
            **options,
        )
        settings = ("listen_addresses=", f"unix_socket_directories={folder}", "fsync=off")
        command = [programs / "postgres", "-D", data, *(f"--{one}" for one in settings)]
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, **options)
        _wait_until_up(process, folder)
        yield folder
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)  # stops at once, and cleanly
            process.wait(_PATIENCE)
        shutil.rmtree(folder)


def _wait_until_up(process, folder):
    import psycopg

    end = time.monotonic() + _PATIENCE
    while True:
        try:
            psycopg.connect(host=str(folder), user="grader", dbname="postgres").close()
            return
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > end:
                log = (folder / "log").read_text()
                raise RuntimeError(f"the server does not start: {log}") from error
            time.sleep(0.05)


@pytest.fixture
def url(server):
    """A database of the test's own."""
    import psycopg

    name = f"grades_{next(_database_numbers)}"
    options = {"host": str(server), "user": "grader", "dbname": "postgres", "autocommit": True}
    with psycopg.connect(**options) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield f"postgresql+psycopg://grader@/{name}?host={server}"
    with psycopg.connect(**options) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_the_plain_url_of_postgresql_is_understood(url):
    with Gradebook(url.replace("+psycopg", "")) as one:
        assert one._engine.dialect.driver == "psycopg"


def test_marks_are_changed_by_hand_there_as_well(url, book, tmp_path):
    book.hand_in(handed_in("ada"))
    book.record(key(), report())
    Publication().keep(book)
    words = ("set", "ada", "ex04_warmup", "3", "--reason", "So it is.", "--gradebook", url)
    done = lr_course("mark", tmp_path, *words)
    assert done.output.splitlines()[0] == "ada, ex04_warmup: 3 of 4 points"
    assert [one.points for one in book.standings()] == [3.0]
    assert "ada,,,,,3" in (tmp_path / "canvas.csv").read_text()
    with book.held("lr-course grade"):
        told = lr_course("mark", tmp_path, *words)
    assert told.exit_code == 2
    assert "is in use by lr-course grade, process" in told.output


def test_a_connection_that_the_server_ended_is_replaced(url):
    with Gradebook(url) as one, Gradebook(url) as other:
        with other._engine.connect() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert one.record(key(), report())


def test_the_journals_numbers_are_in_the_order_of_its_commits(url):
    with Gradebook(url) as first, Gradebook(url) as second:
        with first._write() as connection:  # a writer that has its turn and is not done
            later = threading.Thread(target=second.record, args=(key("b"), report()))
            later.start()
            time.sleep(0.3)
            with second._engine.connect() as other:
                waiting = other.exec_driver_sql(
                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                )
                assert waiting.scalar() == 1
            assert second.last_id() == 0
            values = {"exercise": "", "state": "", "reached": 0.0, "report": "{}"}
            values |= vars(key("a")) | {"revision": 1, "recorded_at": "2026-01-01T00:00:00+00"}
            connection.execute(gradebook.tables.results.insert(), values)
        later.join()
        assert second.last_id() == 2
        assert second.latest(key("b")) == report()
