"""A task's discrimination is scipy's correlation, and its interval covers what it should."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st

from course_tools.grading.gradebook.discrimination import discrimination

POINTS = st.sampled_from([n / 4 for n in range(9)])
CLASSES = st.integers(2, 5).flatmap(
    lambda tasks: st.lists(
        st.lists(POINTS, min_size=tasks, max_size=tasks), min_size=10, max_size=40
    )
)


@given(CLASSES)
def test_it_is_the_correlation_of_numpy_and_scipy_with_the_other_tasks(rows):
    points = np.array(rows)
    found = discrimination(points, 0)
    assume(found is not None)
    others = np.delete(points, 0, axis=1).sum(axis=1)
    assert found.correlation == pytest.approx(np.corrcoef(points[:, 0], others)[0, 1], abs=1e-9)
    named = scipy.stats.pearsonr(points[:, 0], others).statistic
    assert found.correlation == pytest.approx(named, abs=1e-9)
    assert found.students == len(rows)


@given(CLASSES)
def test_the_interval_is_the_jackknifes(rows):
    points = np.array(rows)
    found = discrimination(points, 0)
    assume(found is not None and found.low is not None)
    x, y = points[:, 0], points[:, 1:].sum(axis=1)

    def z(x, y):
        return np.arctanh(np.corrcoef(x, y)[0, 1])

    each = [z(np.delete(x, n), np.delete(y, n)) for n in range(len(x))]
    error = math.sqrt((len(x) - 1) * np.var(each))
    half = scipy.stats.t.ppf(0.975, len(x) - 2) * error
    ends = (math.tanh(z(x, y) - half), math.tanh(z(x, y) + half))
    assert (found.low, found.high) == pytest.approx(ends, abs=1e-6)
    assert -1 <= found.low <= found.correlation <= found.high <= 1


@given(CLASSES, st.randoms(use_true_random=False))
def test_neither_the_order_of_students_nor_the_unit_of_points_counts(rows, chance):
    points = np.array(rows)
    found = discrimination(points, 0)
    assume(found is not None and found.low is not None)
    other = discrimination(8 * np.array(chance.sample(rows, len(rows))), 0)
    assert vars(other) == pytest.approx(vars(found), abs=1e-9)


def test_by_hand():
    # x = 0 0 0 0 0 2 2 2 2 2, y = 1 2 3 2 1 4 5 4 3 5: both means 1 and 3, sums of squares 10 and
    # 20, of products 12.
    points = np.array(
        [[0, 1], [0, 2], [0, 3], [0, 2], [0, 1], [2, 4], [2, 5], [2, 4], [2, 3], [2, 5]]
    )
    found = discrimination(points.astype(float), 0)
    assert found.correlation == pytest.approx(12 / math.sqrt(10 * 20))
    opposite = points * [1, -1]
    assert discrimination(opposite.astype(float), 0).correlation == pytest.approx(
        -12 / math.sqrt(200)
    )


def test_a_perfect_correlation_has_no_interval():
    points = np.array([[n % 3, 2 * (n % 3)] for n in range(12)], dtype=float)
    found = discrimination(points, 0)
    assert found.correlation == pytest.approx(1)
    assert (found.low, found.high) == (None, None)


@pytest.mark.parametrize(
    ("wanted", "points"),
    [
        ("another task", [[n % 3] for n in range(20)]),
        ("students", [[n % 3, n % 4] for n in range(9)]),
        ("different points in the task", [[1, n % 4] for n in range(20)]),
        ("different points in the rest", [[n % 4, 1] for n in range(20)]),
        ("more than four others", [[n < 4, n % 4] for n in range(20)]),
        ("more than four other rests", [[n % 4, n < 4] for n in range(20)]),
    ],
)
def test_nothing_is_said_without(wanted, points):
    assert discrimination(np.array(points, dtype=float), 0) is None
    enough = np.array([[n < 5, n % 4] for n in range(20)], dtype=float)
    assert discrimination(enough, 0) is not None


def test_sums_of_the_same_points_in_another_order_are_no_others():
    orders = itertools.cycle(itertools.permutations((0.1, 0.2, 0.3)))
    points = np.array([[n % 4, *next(orders)] for n in range(30)])
    assert len(set(points[:, 1:].sum(axis=1).tolist())) > 1
    assert discrimination(points, 0) is None


def simulated(rng, students, threshold):
    """Points of five tasks: none, half or all, by ability and luck."""
    ability, luck = rng.normal(size=(students, 1)), rng.normal(size=(students, 5))
    skill = 0.7 * ability + math.sqrt(1 - 0.7**2) * luck
    return 0.5 * (skill > threshold - 0.4) + 0.5 * (skill > threshold)


@pytest.mark.parametrize(("threshold", "least"), [(0.0, 0.92), (-0.8, 0.90)])
def test_the_interval_covers_the_truth(threshold, least):
    rng = np.random.default_rng(7)
    many = simulated(rng, 200_000, threshold)
    truth = np.corrcoef(many[:, 0], many[:, 1:].sum(axis=1))[0, 1]
    found = [discrimination(simulated(rng, 30, threshold), 0) for _ in range(1000)]
    shown = [one for one in found if one is not None and one.low is not None]
    assert len(shown) > 700
    covered = sum(one.low <= truth <= one.high for one in shown) / len(shown)
    assert least <= covered <= 0.98
    assert np.mean([one.high - one.low for one in shown]) < 0.85
