"""Late days are counted from the time that the platform recorded, and cost what the policy says."""

import re
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_tools.grading.late_days import (
    DatedWork,
    HandInTime,
    Lateness,
    LatePolicy,
    RecordedTime,
    lateness,
)
from course_tools.grading.settings import Settings, read_settings

BERLIN = ZoneInfo("Europe/Berlin")
DUE = datetime(2025, 3, 10, 23, 59, 59)
SHORT_DATES = pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 reads none")
EX01, EX04 = "ex01_constant_lr", "ex04_warmup"


def at(*when, zone=None):
    """A moment: in a zone, or as a clock on the wall shows it."""
    found = datetime(*when, tzinfo=zone or timezone.utc)
    return RecordedTime(found.timestamp(), is_local=zone is None)


def read(folder, text):
    file = folder / "grading.toml"
    file.write_text(text, encoding="utf-8")
    return read_settings(file).late


@pytest.mark.parametrize(
    ("moment", "extension", "days"),
    [
        (at(2025, 3, 10, 23, 59, 59), 0, 0),
        (at(2025, 3, 11, 0, 0, 0), 0, 1),
        (at(2025, 3, 11, 23, 59, 59), 0, 1),
        (at(2025, 3, 12), 0, 2),
        (at(2025, 3, 12), 1, 1),
        (at(2025, 3, 12), 1.5, 0),
        (at(2025, 1, 1), 0, 0),
        (at(2025, 3, 10, 22, 59, 59, zone=timezone.utc), 0, 0),  # as in Berlin's winter
        (at(2025, 3, 10, 23, 0, 0, zone=timezone.utc), 0, 1),
        (at(2025, 3, 11, 7, 29, 59, zone=ZoneInfo("Asia/Kolkata")), 0, 1),
        # In Berlin clocks were put forward on 30 March: a day is from midnight to midnight.
        (at(2025, 3, 30, 23, 59, 59, zone=BERLIN), 0, 20),
        (at(2025, 3, 31, 0, 0, 0, zone=BERLIN), 0, 21),
    ],
)
def test_days_late(moment, extension, days):
    policy = LatePolicy(due=(("", DUE),), timezone="Europe/Berlin")
    assert policy.days_late(EX01, moment, extension) == days


@settings(deadline=None, max_examples=200)
@given(st.integers(-(10**6), 10**6), st.integers(0, 9), st.sampled_from(("UTC", "Europe/Berlin")))
def test_a_second_makes_at_most_a_day_and_an_extension_takes_days(seconds, extension, zone):
    policy = LatePolicy(due=(("", DUE),), timezone=zone)
    moment = at(*(DUE + timedelta(seconds=seconds)).timetuple()[:6])
    days = policy.days_late(EX01, moment)
    assert days == max(0, -(-seconds // 86_400))
    assert policy.days_late(EX01, moment, extension) == max(0, days - extension)


def work(*when, reached=4.0, marked_late=False):
    return DatedWork(HandInTime(at(*when) if when else None, marked_late), reached, 6.0)


@pytest.mark.parametrize(
    ("policy", "days", "lost"),
    [
        ({"points_per_day": 0.5}, 2, 1.0),
        ({"share_per_day": 0.1}, 2, 1.2),
        ({"share_per_day": 1.0}, 2, 4.0),  # no more than was reached
        ({"points_per_day": 0.5, "free_days": 1}, 2, 0.5),
        ({"points_per_day": 0.5, "free_days": 5}, 2, 0.0),
        ({"points_per_day": 0.5, "last_day": 2}, 2, 1.0),
        ({"points_per_day": 0.5, "last_day": 1}, 2, 4.0),
        ({"points_per_day": 0.5, "free_days": 5, "last_day": 1}, 2, 4.0),
        ({}, 2, 0.0),
    ],
)
def test_what_late_days_cost(policy, days, lost):
    found = lateness({EX01: work(2025, 3, 12, 8)}, LatePolicy(due=(("", DUE),), **policy))
    assert (found[EX01].days, found[EX01].lost) == (days, pytest.approx(lost))
    assert found[EX01].handed_in == "2025-03-12 08:00:00"


def test_free_days_are_used_in_the_order_of_due_dates():
    due = ((EX01, datetime(2025, 4, 1)), (EX04, DUE))
    policy = LatePolicy(due=due, points_per_day=1.0, free_days=3)
    both = {EX01: work(2025, 4, 2, 12), EX04: work(2025, 3, 12), "ex05_cyclical": work(2025, 9, 9)}
    found = lateness(both, policy)
    assert {name: (one.days, one.free, one.lost) for name, one in found.items()} == {
        EX04: (2, 2, 0.0),
        EX01: (2, 1, 1.0),
    }


def test_a_time_that_nobody_knows_costs_nothing():
    policy = LatePolicy(due=(("", DUE),), points_per_day=1.0)
    assert lateness({EX01: work()}, policy) == {EX01: Lateness(0)}
    assert lateness({EX01: work(marked_late=True)}, policy) == {EX01: Lateness(None)}


def test_of_a_file_and_its_copy_the_earlier_time_counts():
    old, new = HandInTime(RecordedTime(1.0)), HandInTime(RecordedTime(2.0))
    local, none = HandInTime(RecordedTime(0.0, is_local=True)), HandInTime(None, True)
    assert old.earlier(new) == new.earlier(old) == old
    assert (new.earlier(local), local.earlier(new)) == (new, local)
    assert (none.earlier(new), new.earlier(none)) == (new, new)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ('due = "2025-03-10"', DUE),
        ("due = 2025-03-10", DUE),
        pytest.param('due = "20250310"', DUE, marks=SHORT_DATES),
        ('due = "2025-03-10 23:59"', DUE),
        ('due = "2025-03-10T23:59:00"', DUE.replace(second=0)),
        ("due = 2025-03-10T12:30:15", DUE.replace(hour=12, minute=30, second=15)),
        ('due = "2025-03-10 22:59+00:00"', DUE),
    ],
)
def test_due_dates_as_people_write_them(tmp_path, text, due):
    late = read(tmp_path, f'[late]\ntimezone = "Europe/Berlin"\n{text}\n')
    assert late.due_at(EX01) == late.due_at("anything") == due
    late = read(tmp_path, f'[late]\ntimezone = "Europe/Berlin"\n[late.due]\n{EX01}{text[3:]}\n')
    assert (late.due_at(EX01), late.due_at(EX04)) == (due, None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("late = 3", "late must be a table, got 3"),
        ("[late]\ndays = 3", "late has no days; it has due, timezone, points_per_day"),
        ('[late]\ndue = "10.3.2025"', "late.due must be a date or a time, such as"),
        ("[late]\ndue = 5", "late.due must be a date or a time"),
        ('[late]\ntimezone = "Berlin"', "late.timezone must be the name of a time zone, such as"),
        ("[late]\ntimezone = 1", "late.timezone must be the name of a time zone"),
        ('[late]\ntimezone = "../x"', "late.timezone must be the name of a time zone"),
        ('[late.due]\nex1 = "2025-03-10"', "late.due must name exercises, of ex01_constant_lr"),
        ('[late.due]\nex04_warmup = "x"', "late.due.ex04_warmup must be a date or a time"),
        ("[late]\nshare_per_day = 10", "late.share_per_day must be a number from 0 to 1, got 10"),
        ("[late]\npoints_per_day = -1", "late.points_per_day must be a number from 0 to"),
        ("[late]\npoints_per_day = nan", "late.points_per_day must be a number from 0 to"),
        ("[late]\nfree_days = 1.5", "late.free_days must be a whole number from 0 to"),
        ("[late]\nlast_day = true", "late.last_day must be a whole number from 0 to"),
        (
            "[late]\npoints_per_day = 1\nshare_per_day = 0.1",
            "late must have points_per_day or share_per_day, got both",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        read(tmp_path, text)


def test_late_days_change_no_report():
    policy = LatePolicy(due=(("", DUE),), points_per_day=1.0)
    assert Settings(late=policy).digest == Settings().digest
