"""Keeps a gradebook for one command that writes, and says to others who has it.

The system itself ends the lock of a process that ends, by kill -9 as well.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from course_tools.grading.gradebook.engine import GradebookError, shown

try:
    import fcntl
except ImportError:  # Windows, which has no sandbox either: no lock
    fcntl = None

_NUMBER = 0x6C7264  # any but that of the writers' turns in engine.py
_LONGEST = 63  # bytes that PostgreSQL keeps of a name; the text here is ASCII
_TAKE = sa.text("SELECT pg_try_advisory_lock(:number)")
_GIVE_BACK = sa.text("SELECT pg_advisory_unlock(:number)")
_WHO = sa.text(
    "SELECT application_name, backend_start FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND granted AND classid = 0 AND objsubid = 1"
    " AND objid = :number AND datname = current_database()"
)


@contextmanager
def held(engine: Engine, command: str) -> Iterator[None]:
    """Keep the gradebook until the `with` ends.

    Args:
        engine: engine of the gradebook.
        command: name of the command, for those who have to wait.

    Raises:
        GradebookError: another process has it; the message says which.
    """
    me = f"{command}, process {os.getpid()} on {ascii(socket.gethostname())[1:-1]}"
    holding = _file_held if engine.dialect.name == "sqlite" else _advisory_held
    with holding(engine, me):
        yield


@contextmanager
def _file_held(engine: Engine, me: str) -> Iterator[None]:
    if fcntl is None:
        yield
        return
    # Beside the gradebook: to close any handle of that file would end the database's own locks.
    path = Path(f"{engine.url.database}-lock")
    file = _locked(engine, path)
    try:
        with suppress(OSError):  # a full disk: the gradebook itself says so
            os.ftruncate(file, 0)
            os.pwrite(file, f"{me}, since {_shown(datetime.now())}".encode(), 0)
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(file)


def _locked(engine: Engine, path: Path) -> int:
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = os.pread(file, 1000, 0).decode(errors="replace")
            os.close(file)
            raise _in_use(engine, who) from None
        except OSError as error:
            raise GradebookError(
                f"the gradebook {shown(engine.url)} cannot be locked: {path}: {error.strerror}"
            ) from error
        if _is_same(path, file):
            return file
        os.close(file)  # its holder has just removed it


def _is_same(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(file))
    except FileNotFoundError:
        return False


@contextmanager
def _advisory_held(engine: Engine, me: str) -> Iterator[None]:
    with engine.connect() as pooled:
        connection = pooled.execution_options(isolation_level="AUTOCOMMIT")
        named = sa.text("SELECT set_config('application_name', :name, false)")
        connection.execute(named, {"name": me[:_LONGEST]})
        try:
            # The server may need a moment to see that a process which had it was killed.
            for wait in (0.1, 0.3, 0.6, 0.0):
                if connection.scalar(_TAKE, {"number": _NUMBER}):
                    break
                time.sleep(wait)
            else:
                found = connection.execute(_WHO, {"number": _NUMBER}).first()
                raise _in_use(engine, f"{found[0]}, since {_shown(found[1])}" if found else "")
            try:
                yield
            finally:
                with suppress(GradebookError):  # where the server is gone, so is the lock
                    connection.execute(_GIVE_BACK, {"number": _NUMBER})
        finally:
            pooled.invalidate()  # it has a name that no other use of a connection should have


def _shown(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def _in_use(engine: Engine, who: str) -> GradebookError:
    return GradebookError(
        f"the gradebook {shown(engine.url)} is in use by {who.strip() or 'another process'}; wait "
        "until that command has ended"
    )
