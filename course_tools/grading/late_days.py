"""Late days: when something was due, when it was handed in, and the points that this costs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import course_tasks

_DAY = 86_400
_MOST_DAYS = 3_650
_CLASS = 3  # files of one time that are no accident
_MOST_POINTS = 1_000_000


@dataclass(frozen=True)
class RecordedTime:
    """The time at which something was handed in.

    Attributes:
        seconds: seconds since 1970.
        is_local: whether they are those of a clock on the wall, as if it showed UTC: zip files and
            the names of some platforms have no time zone. They are taken for the policy's.
    """

    seconds: float
    is_local: bool = False


@dataclass(frozen=True)
class HandInTime:
    """The time at which a file was handed in, as far as it is known.

    Attributes:
        moment: the recorded time, None where there is none.
        marked_late: whether the platform says that it is late, and not since when.
    """

    moment: RecordedTime | None = None
    marked_late: bool = False

    def earlier(self, other: HandInTime) -> HandInTime:
        """Return the time that counts of two for the same file: a copy of it has a later one.

        Without a time zone and with one, times cannot be compared: this one counts.
        """
        if self.moment is None or other.moment is None:
            return self if other.moment is None else other
        if other.moment.is_local == self.moment.is_local:
            return min(self, other, key=lambda one: one.moment.seconds)
        return self


@dataclass(frozen=True)
class LatePolicy:
    """The times at which exercises are due, and the points that late days cost.

    Attributes:
        due: exercise -> time, as pairs; "" stands for all others. Without any, nothing is late.
        timezone: time zone of these times, a name such as "Europe/Berlin".
        points_per_day: points lost for each late day that has begun.
        share_per_day: the same as a share of the exercise's points, 0 to 1.
        free_days: late days of a student, in all exercises together, that cost nothing; used in
            the order in which the exercises are due.
        last_day: number of late days after which an exercise has no points; 0: there is no end.
    """

    due: tuple[tuple[str, datetime], ...] = ()
    timezone: str = "UTC"
    points_per_day: float = 0.0
    share_per_day: float = 0.0
    free_days: int = 0
    last_day: int = 0

    def due_at(self, exercise: str) -> datetime | None:
        """Return when an exercise is due in the policy's time zone, None for never."""
        dates = dict(self.due)
        return dates.get(exercise, dates.get(""))

    def days_late(self, exercise: str, moment: RecordedTime, extension: float = 0.0) -> int:
        """Return the number of days begun after an exercise was due.

        Args:
            exercise: name of the exercise.
            moment: the time of handing in.
            extension: days by which it is due later.

        Example:
            >>> due = datetime(2025, 3, 10, 23, 59, 59)
            >>> policy = LatePolicy(due=(("", due),), timezone="Europe/Berlin")
            >>> handed_in = datetime(2025, 3, 11, 8, 0, tzinfo=timezone.utc)
            >>> policy.days_late("ex01_constant_lr", RecordedTime(handed_in.timestamp()))
            1
        """
        due = self.due_at(exercise)
        if due is None:
            return 0
        late = self.wall_time(moment) - (due + timedelta(days=extension))
        return max(0, math.ceil(late.total_seconds() / _DAY))

    def wall_time(self, moment: RecordedTime) -> datetime:
        """Return a moment as a clock in the policy's time zone shows it."""
        found = datetime.fromtimestamp(moment.seconds, timezone.utc)
        if not moment.is_local:
            found = found.astimezone(ZoneInfo(self.timezone))
        return found.replace(tzinfo=None, microsecond=0)


@dataclass(frozen=True)
class DatedWork:
    """A student's work at an exercise, as far as late days depend on it.

    Attributes:
        time: the time of handing in.
        reached: points reached.
        possible: points that the exercise is worth.
    """

    time: HandInTime
    reached: float
    possible: float


@dataclass(frozen=True)
class Lateness:
    """The late days of a student's exercise and their cost.

    Attributes:
        days: days begun after it was due; None: the platform says that it is late, not how much.
        free: number of these days that cost nothing.
        lost: points lost, at most those reached.
        handed_in: the time of handing in, as clocks in the policy's time zone show it; "" where it
            is not known.
    """

    days: int | None
    free: int = 0
    lost: float = 0.0
    handed_in: str = ""


def lateness(
    work: Mapping[str, DatedWork], policy: LatePolicy, extension: float = 0.0
) -> dict[str, Lateness]:
    """Return how late the exercises of a student are that have a due date.

    Args:
        work: exercise -> the student's work.
        policy: the due dates and what late days cost.
        extension: days by which everything is due later for this student.
    """
    dated = [(due, name) for name in work if (due := policy.due_at(name)) is not None]
    left, found = policy.free_days, {}
    for _, name in sorted(dated):
        one = work[name]
        if one.time.moment is None:
            found[name] = Lateness(None if one.time.marked_late else 0)
            continue
        days = policy.days_late(name, one.time.moment, extension)
        free = min(left, days)
        left -= free
        a_day = policy.points_per_day + policy.share_per_day * one.possible
        lost = (days - free) * a_day
        if policy.last_day and days > policy.last_day:
            lost = one.reached
        handed_in = str(policy.wall_time(one.time.moment))
        found[name] = Lateness(days, free, max(0.0, min(lost, one.reached)), handed_in)
    return found


def looks_packed(exercise: str, moments: Iterable[RecordedTime], policy: LatePolicy) -> bool:
    """Return whether times are rather those of a download than those of handing in.

    That is so where everything is late, and all within an hour: whoever packs or copies files
    without their times gives them all the same one.

    Args:
        exercise: name of the exercise.
        moments: the times of its files in a class.
        policy: the due dates.
    """
    due = policy.due_at(exercise)
    times = [policy.wall_time(one) for one in moments]
    if due is None or len(times) < _CLASS:
        return False
    return min(times) > due and max(times) - min(times) <= timedelta(hours=1)


def read_late_policy(found: Any, where: str) -> LatePolicy:
    """Return the policy in the table `late` of a configuration.

    Args:
        found: the table, as TOML is read.
        where: name of the table, for messages.

    Raises:
        ValueError: it names something unknown, or a value is not allowed; the message says which.
    """
    if not isinstance(found, Mapping):
        raise ValueError(f"{where} must be a table, got {found!r}")
    default = LatePolicy()
    for name in found:
        if name not in vars(default):
            raise ValueError(f"{where} has no {name}; it has {', '.join(vars(default))}")
    values = {**vars(default), **found}
    zone = values["timezone"]
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise ValueError(
            f'{where}.timezone must be the name of a time zone, such as "Europe/Berlin", '
            f"got {zone!r}"
        ) from error
    for name, most in (("points_per_day", _MOST_POINTS), ("share_per_day", 1.0)):
        _check_number(f"{where}.{name}", values[name], (int, float), most)
    for name in ("free_days", "last_day"):
        _check_number(f"{where}.{name}", values[name], (int,), _MOST_DAYS)
    if values["points_per_day"] and values["share_per_day"]:
        raise ValueError(f"{where} must have points_per_day or share_per_day, got both")
    return LatePolicy(
        _dates(found.get("due", ""), f"{where}.due", zone),
        zone,
        float(values["points_per_day"]),
        float(values["share_per_day"]),
        values["free_days"],
        values["last_day"],
    )


def _check_number(where: str, value: Any, kinds: tuple[type, ...], most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, kinds) or not 0 <= value <= most:
        kind = "a whole number" if kinds == (int,) else "a number"
        raise ValueError(f"{where} must be {kind} from 0 to {most:g}, got {value!r}")


def _dates(found: Any, where: str, zone: str) -> tuple[tuple[str, datetime], ...]:
    if found == "":
        return ()
    if not isinstance(found, Mapping):
        return (("", _date(found, where, zone)),)
    for name in found:
        if name not in course_tasks.EXERCISES:
            known = ", ".join(course_tasks.EXERCISES)
            raise ValueError(f"{where} must name exercises, of {known}, got {name!r}")
    return tuple((name, _date(one, f"{where}.{name}", zone)) for name, one in found.items())


def _date(found: Any, where: str, zone: str) -> datetime:
    """Return a time as the zone's clocks show it: what has no seconds lasts to the minute's end."""
    refused = (
        f'{where} must be a date or a time, such as "2025-03-10" or "2025-03-10 23:59", '
        f"got {found!r}"
    )
    if isinstance(found, str):
        text = found.strip()
        try:  # a date of any form has no time: as one, it would end with its first minute
            found = _day_or_time(text)
        except ValueError as error:
            raise ValueError(refused) from error
        if isinstance(found, datetime) and not re.search(r"[T ]\d\d:\d\d:\d\d", text):
            found = found.replace(second=59)
    if isinstance(found, date) and not isinstance(found, datetime):
        return datetime.combine(found, time(23, 59, 59))
    if not isinstance(found, datetime):
        raise ValueError(refused)
    if found.tzinfo is not None:
        found = found.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return found


def _day_or_time(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return datetime.fromisoformat(text)
