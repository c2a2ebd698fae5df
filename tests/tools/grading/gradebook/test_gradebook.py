"""A gradebook keeps what it was told: seeds and reports, whatever the names.

Every test of a gradebook that takes a `url` runs against PostgreSQL too, from
test_gradebook_postgresql.py.
"""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_tools.grading.gradebook.journal import Gradebook, Key
from course_tools.grading.report import (
    OUTCOMES,
    STATES,
    Curve,
    Note,
    PartPoints,
    Report,
    Reproduction,
    Shown,
    Suspicion,
    TaskReport,
)
from tests.tools.grading.example_reports import full_report, key, report
from tests.tools.grading.gradebook.gradebooks import Forked, contents, draw_seed
from tests.tools.grading.processes import FORKS

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
    barrier = FORKS.Barrier(4)
    seeds = [one.rest() for one in [Forked(draw_seed, url, barrier) for _ in range(4)]]
    assert [len(drawn) for drawn in seeds] == [1] * 4
    assert len({seed for (seed,) in seeds}) == 1


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
POINTS = st.builds(PartPoints, PAIRED, NUMBER, NUMBER)
SHOWN = st.none() | st.builds(Shown, st.integers(), st.integers(), PAIRED, PAIRED, PAIRED)
NAMES = st.lists(PAIRED, max_size=2).map(tuple)
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
    notes=st.lists(st.builds(Note, *[PAIRED] * 5), max_size=2).map(tuple),
    suspicions=st.lists(st.builds(Suspicion, PAIRED, PAIRED, NAMES, PAIRED), max_size=2).map(tuple),
    reproduction=st.none() | st.builds(Reproduction, PAIRED, named=NAMES, told=PAIRED),
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
