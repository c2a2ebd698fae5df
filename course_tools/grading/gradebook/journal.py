"""The gradebook: an append-only journal of results and of files handed in, in a database."""

from __future__ import annotations

import dataclasses
import math
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from course_tools.grading.gradebook import by_hand, health, lock, tables
from course_tools.grading.gradebook.adjustments import Adjustment, in_force
from course_tools.grading.gradebook.attempts import attempts_that_count, file_of
from course_tools.grading.gradebook.engine import (
    NoGradebookError,
    damaged,
    engine_of,
    shown,
)
from course_tools.grading.gradebook.rows import (
    GradeChange,
    HandedIn,
    Key,
    Standing,
    Student,
    TaskChange,
    change_of,
    time_of,
)
from course_tools.grading.gradebook.stored_reports import outlines, report_of, reports_of
from course_tools.grading.late_days import HandInTime
from course_tools.grading.report import Report
from course_tools.grading.report_json import to_json
from course_tools.grading.settings import BEST, FIRST, LATEST

__all__ = ["GradeChange", "Gradebook", "HandedIn", "Key", "Standing", "TaskChange"]

SCHEMA = 2  # 2: marks by hand, which an older version would leave out
_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_LARGEST_SEED = 2**63 - 1


class Gradebook:
    """The journal. Every method is one transaction: it is there as a whole, or not at all."""

    def __init__(self, url: str, chunk: int = 200, create: bool = True) -> None:
        """Open a gradebook, and create it if there is none.

        Whatever goes wrong with the database, here or later, is a `GradebookError`.

        Args:
            url: address of an SQLite file, `sqlite:///grades.sqlite`, or of a PostgreSQL database,
                `postgresql://user@host/name`.
            chunk: number of reports that are in memory as text at one time.
            create: whether a new one may begin where there is none, or an empty file.

        Raises:
            ValueError: there is no such database, or a newer version of the course wrote it.
            GradebookError: it is damaged, or cannot be opened.
            NoGradebookError: there is none, and it is not to be created.
        """
        self._engine, self._chunk = engine_of(url, create), chunk
        self._stream = {"yield_per": chunk}
        self._writing = self._engine.execution_options(writes=True)
        self._insert = _INSERT[self._engine.dialect.name]
        try:
            with self._write() as connection:
                self._set_up(connection, create)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Gradebook:
        """Return the gradebook."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the gradebook."""
        self.close()

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    def held(self, command: str) -> AbstractContextManager[None]:
        """Keep other commands that write out until the `with` ends; reading goes on.

        Args:
            command: name of the command, which the others are told.

        Raises:
            GradebookError: another process has the gradebook, at the beginning of the `with`.
        """
        return lock.held(self._engine, command)

    def secret_seed(self, given: int | None = None) -> int:
        """Return the seed of the hidden cases: drawn once, and the same ever after.

        Args:
            given: the seed to use from now on, 0 to 2^63 - 1; None: the one that is kept, or a
                new one.

        Raises:
            ValueError: the given seed is out of range.
        """
        if given is not None and (isinstance(given, bool) or not 0 <= given <= _LARGEST_SEED):
            raise ValueError(f"given must be a seed from 0 to {_LARGEST_SEED}, got {given!r}")
        with self._write() as connection:
            if given is not None:
                self._keep_setting(connection, "seed", str(given), replace=True)
            else:
                self._keep_setting(connection, "seed", str(secrets.randbits(63)), replace=False)
            return int(_setting(connection, "seed"))

    def keep(self, **values: str) -> None:
        """Keep texts by their names, all or none; each replaces the one kept before."""
        with self._write() as connection:
            for name, value in values.items():
                self._keep_setting(connection, name, value, replace=True)

    def kept(self, name: str) -> str | None:
        """Return the text that was kept last under a name, None for none."""
        with self._engine.connect() as connection:
            return _setting(connection, name)

    def record(self, key: Key, report: Report, revision: int = 1) -> bool:
        """Write a report to the journal; return whether it was new.

        What is there already under the same key and revision stays as it is.

        Args:
            key: everything that the grade depends on.
            report: the result.
            revision: a higher one replaces what `latest` returns; all stay in the journal.
        """
        values = {
            **dataclasses.asdict(key),
            "revision": revision,
            "exercise": report.exercise,
            "state": report.state,
            "reached": report.reached,
            "report": to_json(report),
            "recorded_at": _now(),
        }
        with self._write() as connection:
            return self._add(connection, tables.results, values)

    def latest(self, key: Key, revision: int | None = None) -> Report | None:
        """Return the report of the highest revision, None if there is none.

        Args:
            key: everything that the grade depends on.
            revision: only this one.
        """
        columns = tables.results.c
        query = sa.select(columns.id, columns.report).order_by(columns.revision.desc()).limit(1)
        for name, value in dataclasses.asdict(key).items():
            query = query.where(columns[name] == value)
        if revision is not None:
            query = query.where(columns.revision == revision)
        with self._engine.connect() as connection:
            found = connection.execute(query).first()
            return None if found is None else report_of(connection, *found)

    def counts(self, key: Key) -> bool:
        """Return whether the result under a key is the one that counts for its file."""
        columns = tables.results.c
        query = sa.select(columns.exercise_version, columns.seed, columns.settings)
        query = query.where(columns.sha256 == key.sha256).order_by(columns.id.desc()).limit(1)
        with self._engine.connect() as connection:
            found = connection.execute(query).first()
        return found is not None and tuple(found) == (
            key.exercise_version,
            key.seed,
            key.settings,
        )

    def last_revision(self) -> int:
        """Return the highest revision of any result, 0 if there is none."""
        with self._engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.max(tables.results.c.revision))) or 0

    def last_id(self) -> int:
        """Return the number of the journal's last result, 0 if there is none."""
        with self._engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.max(tables.results.c.id))) or 0

    def hand_in(self, *files: HandedIn) -> int:
        """Write which student handed in which files, all or none; return how many were new.

        The same student, place and content once more is no new row: it widens the span of time
        in which that content was handed in, so that going back to an earlier version counts.

        Args:
            files: the files that were handed in.

        Raises:
            ValueError: an order is no finite number.
        """
        for one in files:
            if not math.isfinite(one.order):
                raise ValueError(f"order must be a finite number, got {one.order!r} ({one.place})")
        with self._write() as connection:
            return sum(self._hand_in(connection, one) for one in files)

    def adjust(
        self, *adjustments: Adjustment, people: Mapping[Student, Student] | None = None
    ) -> list[bool]:
        """Write changes of marks by hand, all or none; return of each whether it was new.

        None is ever changed or replaced: the last one counts, see `in_force`. One that is in
        force already is not written again.

        Args:
            adjustments: the changes.
            people: as `standings` takes them, for changes that were made under other names.
        """
        with self._write() as connection:
            return by_hand.add(connection, adjustments, _now(), people or {})

    def adjustments(self) -> list[Adjustment]:
        """Return all changes of marks by hand in the order in which they were written."""
        with self._engine.connect() as connection:
            return by_hand.read(connection)

    def pending(self) -> int:
        """Return how many files that were handed in have no result yet."""
        results, files = tables.results.c, tables.handed_in
        has_result = sa.exists().where(results.sha256 == files.c.sha256)
        with self._engine.connect() as connection:
            query = sa.select(sa.func.count()).select_from(files).where(~has_result)
            return connection.scalar(query)

    def files(self) -> list[HandedIn]:
        """Return all files that were ever handed in, in the order in which they came."""
        with self._engine.connect() as connection:
            rows = connection.execute(tables.all_files(), execution_options=self._stream)
            return [file_of(row, LATEST) for row in rows]

    def standings(
        self, attempts: str = LATEST, people: Mapping[Student, Student] | None = None
    ) -> list[Standing]:
        """Return the attempt that counts for every student and exercise, sorted by both.

        Of each file, the result that the journal has last counts. A file that cannot be read
        stands for itself, under the exercise "", and takes no exercise's place, until the same
        student hands in a file of the same name that can be read; a file that has no result is
        left out, see `pending`. Reports are outlines, so that a large class fits into
        memory; `whole` has the rest. Marks that were made by hand alone stand there, too.

        Args:
            attempts: the attempt that counts: "latest", "first" or "best" (the latest of those).
            people: student -> the person, name and number, where a roster says who it is; what
                several students handed in who are one person is that person's.

        Raises:
            ValueError: attempts is not one of the three.
        """
        if attempts not in (LATEST, FIRST, BEST):
            raise ValueError(f"attempts must be {LATEST}, {FIRST} or {BEST}, got {attempts!r}")
        with self._engine.connect() as connection:
            rows = connection.execute(tables.counting(), execution_options=self._stream)
            chosen = attempts_that_count(rows, attempts, people or {})
            reports = outlines(
                connection, {row.result_id for row, _ in chosen.values()}, self._chunk
            )
            adjustments = in_force(by_hand.of_people(by_hand.read(connection), people or {}))
        # Sorted here: databases sort text by the rules of a language.
        standings = [
            Standing(
                *group[:3],
                file_of(row, attempts),
                reports[row.result_id],
                number - 1,
                row.result_id,
            )
            for group, (row, number) in sorted(chosen.items(), key=lambda item: item[0])
        ]
        return by_hand.with_adjustments(standings, adjustments)

    def whole(self, standings: Sequence[Standing]) -> Iterator[Standing]:
        """Return standings, one after the other, with all of their reports."""
        with self._engine.connect() as connection:
            for start in range(0, len(standings), self._chunk):
                some = standings[start : start + self._chunk]
                reports = dict(reports_of(connection, {one.result for one in some}, self._chunk))
                for one in some:
                    yield dataclasses.replace(one, report=reports.get(one.result, one.report))

    def changes(self, since_id: int) -> list[GradeChange]:
        """Return what results changed that the journal got after another, sorted by student.

        A result counts as changed where its points, its state or a task's points or outcome
        differ from those of the result that the journal had of the same file before.

        Args:
            since_id: an earlier result of `last_id`.
        """
        found = []
        with self._engine.connect() as connection:
            for row in connection.execute(
                tables.replaced(since_id), execution_options=self._stream
            ):
                names = (row.student, row.user, row.place)
                before, after = (
                    report_of(connection, row.id, text) for text in (row.before, row.after)
                )
                change = change_of(*names, before, after)
                if change is not None:
                    found.append((*names, row.id, change))
        return [change for *_, change in sorted(found, key=lambda one: one[:4])]

    def _write(self) -> Any:
        return self._writing.begin()

    def _set_up(self, connection: Connection, create: bool) -> None:
        if self._engine.dialect.name == "sqlite":
            health.check(connection)
        if sa.inspect(connection).has_table(tables.settings.name):
            self._refuse_newer(connection)
        elif not create:
            raise NoGradebookError(f"the gradebook {shown(self._engine.url)} is empty")
        tables.metadata.create_all(connection)
        self._keep_setting(connection, "schema", str(SCHEMA), replace=True)

    def _refuse_newer(self, connection: Connection) -> None:
        found = _setting(connection, "schema")
        if found is None or not found.isdecimal():
            raise damaged(self._engine.url, f"its schema is {found!r}")
        if int(found) > SCHEMA:
            raise ValueError(
                f"the gradebook {shown(self._engine.url)} was written by a newer version of the "
                f"course (its schema is {found}, this version knows {SCHEMA}): update the course"
            )

    def _keep_setting(self, connection: Connection, name: str, value: str, replace: bool) -> None:
        row = self._insert(tables.settings).values(name=name, value=value)
        if replace:
            row = row.on_conflict_do_update(index_elements=["name"], set_={"value": value})
        else:
            row = row.on_conflict_do_nothing(index_elements=["name"])
        connection.execute(row)

    def _add(self, connection: Connection, table: sa.Table, values: dict[str, Any]) -> bool:
        row = self._insert(table).values(**values).on_conflict_do_nothing()
        return connection.execute(row.returning(table.c.id)).first() is not None

    def _hand_in(self, connection: Connection, one: HandedIn) -> bool:
        columns = tables.handed_in.c
        values = dataclasses.asdict(one)
        order = values.pop("order")
        del values["time"]
        values |= {"identity": one.identity, "first_order": order, "last_order": order}
        self._keep_time(connection, one.identity, one.time)
        if self._add(connection, tables.handed_in, {**values, "recorded_at": _now()}):
            return True
        for column, wider in (
            (columns.first_order, columns.first_order > order),
            (columns.last_order, columns.last_order < order),
        ):
            same = sa.update(tables.handed_in).where(columns.identity == one.identity, wider)
            connection.execute(same.values({column: order}))
        return False

    def _keep_time(self, connection: Connection, identity: str, found: HandInTime) -> None:
        columns = tables.hand_in_times.c
        of_it = sa.select(tables.hand_in_times).where(columns.identity == identity)
        row = connection.execute(of_it).first()
        known = HandInTime() if row is None else time_of(row)
        counts = known.earlier(found) if row is not None else found
        if row is not None and counts == known:
            return
        values = {
            "seconds": counts.moment.seconds if counts.moment else None,
            "is_local": counts.moment is not None and counts.moment.is_local,
            "marked_late": counts.marked_late,
        }
        new = self._insert(tables.hand_in_times).values(identity=identity, **values)
        connection.execute(new.on_conflict_do_update(index_elements=["identity"], set_=values))


def _setting(connection: Connection, name: str) -> str | None:
    columns = tables.settings.c
    return connection.scalar(sa.select(columns.value).where(columns.name == name))


def _now() -> datetime:
    return datetime.now(timezone.utc)
