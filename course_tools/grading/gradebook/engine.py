"""Opens the gradebook's database, and lets several graders take turns in it."""

from __future__ import annotations

import os
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url

DIALECTS = ("sqlite", "postgresql")
_WAIT = 60.0  # seconds for another process that writes at the same moment
_LOCK = 0x6C7263  # any number: all writers of a PostgreSQL gradebook ask for the same
_ALLOWED = "use sqlite:///file.sqlite or postgresql://user@host/name"
_CONNECT = {"sqlite": {"timeout": _WAIT}, "postgresql": {"connect_timeout": 10}}
_RESTORE = "put a copy from a backup in its place, or begin a new folder of grades"
#: What to do, by words of the database's own message.
_ADVICE = (
    (("malformed", "not a database", "not decode"), f"it is damaged; {_RESTORE}"),
    (("is full", "no space left", "disk quota"), "make room, then run the same command again"),
    (("readonly", "read-only"), "make the file and its folder writable"),
    (("is locked",), "another process has been writing to it; run the same command again"),
)


class GradebookError(ValueError):
    """The gradebook cannot be used: the message is a sentence for the instructor."""


class NoGradebookError(GradebookError):
    """There is no gradebook where there must be one."""


def engine_of(text: str, create: bool = True) -> Engine:
    """Return the engine of a database; what writes has the execution option `writes`.

    Whatever the database refuses is a `GradebookError`, here and later.

    Args:
        text: the database's URL.
        create: whether the file of an SQLite database is made if there is none.

    Raises:
        ValueError: it is no URL, or of a database that is not supported.
        NoGradebookError: there is no such file, and it is not to be made.
    """
    try:
        url = make_url(text)
    except sa.exc.ArgumentError as error:
        given = "what was given" if "@" in text else repr(text)  # it may hold a password
        raise ValueError(f"{given} is no database URL; {_ALLOWED}") from error
    name = url.get_backend_name()
    if name not in DIALECTS:
        raise ValueError(f"{shown(url)}: a gradebook is kept in SQLite or PostgreSQL; {_ALLOWED}")
    if name == "sqlite" and url.database in (None, "", ":memory:"):
        raise ValueError(f"{shown(url)} is kept in memory only; {_ALLOWED}")
    if name == "sqlite" and not create and not os.path.exists(str(url.database)):
        raise NoGradebookError(f"there is no gradebook {shown(url)}")
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    try:
        # A batch takes hours: the server may have been started anew since a connection's last use.
        engine = sa.create_engine(url, connect_args=_CONNECT[name], pool_pre_ping=True)
        if name == "sqlite":
            _make_private(str(url.database))
    except (sa.exc.ArgumentError, ModuleNotFoundError, OSError) as error:
        raise GradebookError(_sentence(url, error, "opened")) from error
    if name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "handle_error", _in_words)
    sa.event.listen(engine, "begin", _begin_sqlite if name == "sqlite" else _begin_postgresql)
    return engine


def _make_private(file: str) -> None:
    """Make the file if there is none, so that no other user reads the seed of hidden cases."""
    if not os.path.exists(file) and os.path.isdir(os.path.dirname(file) or "."):
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # BEGIN is ours, see `_begin_sqlite`
    connection.execute("PRAGMA synchronous = FULL").close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes then fails at once where another one writes,
    # however long it is told to wait; IMMEDIATE waits for its turn at the beginning.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    # One writer at a time, as in SQLite: the journal's numbers are in the order of its commits,
    # so that nothing appears later before `last_id`, and no two create the tables.
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def shown(url: URL) -> str:
    """Return a URL that may be printed: it holds no password."""
    return url.set(query={}).render_as_string(hide_password=True)


def damaged(url: URL, found: str) -> GradebookError:
    """Return the error for a row that no gradebook holds.

    Args:
        url: URL of the database.
        found: the row and its fault.
    """
    return GradebookError(_sentence(url, ValueError(f"malformed: {found}"), "used"))


def _in_words(context: sa.engine.ExceptionContext) -> None:
    if context.is_pre_ping or context.engine is None:
        return
    verb = "opened" if context.connection is None else "used"
    words = _sentence(context.engine.url, context.original_exception, verb)
    raise GradebookError(words) from context.original_exception


def _sentence(url: URL, error: BaseException | None, verb: str) -> str:
    reason = " ".join(str(error).split()).rstrip(".")
    for secret in (url.password, url.query.get("password")):
        reason = reason.replace(str(secret), "***") if secret else reason
    advice = [told for words, told in _ADVICE if any(one in reason.lower() for one in words)]
    more = f" ({advice[0]})" if advice else ""
    return f"the gradebook {shown(url)} cannot be {verb}: {reason}{more}"
