"""The tables of the gradebook and the two questions that join them."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime, timezone

import sqlalchemy as sa

# What a database's text refuses: PostgreSQL the NUL, both halves of a surrogate pair, which stand
# for the bytes of a file name that is no UTF-8.
_REFUSED = re.compile("[\\\\\0\ud800-\udfff]")
_ESCAPE = re.compile(r"\\(u[0-9a-f]{4}|\\)")


class Text(sa.types.TypeDecorator):
    r"""Any text of Python, readable where it can be: `\u0000` for a NUL, `\\` for a backslash."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Return what the database keeps."""
        if value is None:
            return None
        return _REFUSED.sub(lambda m: "\\\\" if m[0] == "\\" else f"\\u{ord(m[0]):04x}", value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Return what was kept."""
        if value is None:
            return None
        return _ESCAPE.sub(lambda m: "\\" if m[1] == "\\" else chr(int(m[1][1:], 16)), value)


class Moment(sa.types.TypeDecorator):
    """A moment in UTC; SQLite has no time zones."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return the moment in UTC."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=timezone.utc)


metadata = sa.MetaData()

settings = sa.Table(
    "settings",
    metadata,
    sa.Column("name", sa.String(50), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

# SQLite counts up only what is called INTEGER.
_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_KEY = ("sha256", "exercise_version", "seed", "settings", "revision")

results = sa.Table(
    "results",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
    sa.Column("sha256", Text, nullable=False, index=True),
    sa.Column("exercise_version", Text, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("settings", Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("exercise", Text, nullable=False),
    sa.Column("state", Text, nullable=False),
    sa.Column("reached", sa.Double, nullable=False),
    sa.Column("report", sa.Text, nullable=False),  # JSON in ASCII
    sa.Column("recorded_at", Moment, nullable=False),
    sa.UniqueConstraint(*_KEY),
    sqlite_autoincrement=True,
)

handed_in = sa.Table(
    "handed_in",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
    # Of student, user, place and sha256: PostgreSQL has no index over names of any length.
    sa.Column("identity", sa.String(64), nullable=False, unique=True),
    sa.Column("student", Text, nullable=False),
    sa.Column("user", Text, nullable=False),
    sa.Column("place", Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("first_order", sa.Double, nullable=False),
    sa.Column("last_order", sa.Double, nullable=False),
    sa.Column("sha256", Text, nullable=False, index=True),
    sa.Column("exercise", Text, nullable=False),
    sa.Column("recorded_at", Moment, nullable=False),
)

# Gradebooks of older versions have no such table, and get an empty one.
hand_in_times = sa.Table(
    "hand_in_times",
    metadata,
    sa.Column("identity", sa.String(64), primary_key=True),  # as in the table of files
    sa.Column("seconds", sa.Double, nullable=True),
    sa.Column("is_local", sa.Boolean, nullable=False),
    sa.Column("marked_late", sa.Boolean, nullable=False),
)

adjustments = sa.Table(
    "adjustments",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
    # Of everything but the time: what is written by hand cannot be computed again.
    sa.Column("identity", sa.String(64), nullable=False),
    sa.Column("student", Text, nullable=False),
    sa.Column("user", Text, nullable=False),
    sa.Column("exercise", Text, nullable=False),
    sa.Column("task", Text, nullable=False),
    sa.Column("action", Text, nullable=False),
    sa.Column("points", sa.Double, nullable=True),
    sa.Column("reason", Text, nullable=False),
    sa.Column("by", Text, nullable=False),
    sa.Column("graded", sa.Double, nullable=True),
    sa.Column("possible", sa.Double, nullable=False),
    sa.Column("recorded_at", Moment, nullable=False),
)


def digest_of(*values: str | float | None) -> str:
    """Return a hash of values, in hexadecimal, for a column that says whether a row is whole."""
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def counting() -> sa.Select:
    """Return the question for every file with its last result: all but the report itself."""
    last = sa.select(sa.func.max(results.c.id).label("id")).group_by(results.c.sha256).subquery()
    return sa.select(
        *(handed_in.c[name] for name in ("student", "user", "place", "attempt", "sha256")),
        handed_in.c.first_order,
        handed_in.c.last_order,
        handed_in.c.exercise.label("handed_in_exercise"),
        results.c.id.label("result_id"),
        results.c.exercise.label("result_exercise"),
        results.c.state,
        results.c.reached,
        *(hand_in_times.c[name] for name in ("seconds", "is_local", "marked_late")),
    ).select_from(
        handed_in.join(results, results.c.sha256 == handed_in.c.sha256)
        .join(last, last.c.id == results.c.id)
        .outerjoin(hand_in_times, hand_in_times.c.identity == handed_in.c.identity)
    )


def all_files() -> sa.Select:
    """Return the question for every file that was handed in."""
    return (
        sa.select(
            *(handed_in.c[name] for name in ("student", "user", "place", "attempt", "sha256")),
            handed_in.c.first_order,
            handed_in.c.last_order,
            handed_in.c.exercise.label("handed_in_exercise"),
            *(hand_in_times.c[name] for name in ("seconds", "is_local", "marked_late")),
        )
        .select_from(
            handed_in.outerjoin(hand_in_times, hand_in_times.c.identity == handed_in.c.identity)
        )
        .order_by(handed_in.c.id)
    )


def replaced(since_id: int) -> sa.Select:
    """Return the question for the results after one that followed another of the same file."""
    after, before = results.alias("after_it"), results.alias("before_it")
    previous = sa.func.lag(results.c.id).over(partition_by=results.c.sha256, order_by=results.c.id)
    pairs = sa.select(results.c.id, previous.label("previous")).subquery()
    return (
        sa.select(
            after.c.id,
            handed_in.c.student,
            handed_in.c.user,
            handed_in.c.place,
            before.c.report.label("before"),
            after.c.report.label("after"),
        )
        .select_from(
            pairs.join(after, after.c.id == pairs.c.id)
            .join(before, before.c.id == pairs.c.previous)
            .join(handed_in, handed_in.c.sha256 == after.c.sha256)
        )
        .where(pairs.c.id > since_id)
    )
