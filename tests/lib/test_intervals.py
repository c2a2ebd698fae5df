"""The bootstrap interval: how often it covers, and what it does at the ends of its range."""

import numpy as np
import pytest
from scipy import stats

from course_lib.intervals import (
    Spread,
    bootstrap_interval,
    mean_interval,
    pooled_spread,
    ratio_interval,
    share_interval,
)

SAMPLES = {
    "normal": (lambda rng, n: rng.normal(2.0, 3.0, n), 2.0),
    "log-normal": (lambda rng, n: np.exp(0.5 * rng.normal(size=n)), np.exp(0.125)),
}


def coverage(draw, mean, level, n, samples=400):
    rng = np.random.default_rng(11)
    intervals = [bootstrap_interval(draw(rng, n), level, resamples=999) for _ in range(samples)]
    return np.mean([i.low <= mean <= i.high for i in intervals])


@pytest.mark.parametrize("name", SAMPLES)
def test_the_interval_of_16_values_covers_nearly_as_often_as_it_says(name):
    assert 0.90 <= coverage(*SAMPLES[name], level=0.95, n=16) <= 0.97  # standard error 0.013


def test_few_values_get_a_longer_interval_than_the_plain_percentiles_give():
    # 8 normal values: the plain interval covers 88 %; without the widening this is red
    assert 0.90 <= coverage(*SAMPLES["normal"], level=0.95, n=8) <= 0.965


def test_the_ends_are_percentiles_widened_by_the_formula():
    values = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
    quantile = stats.t.ppf(0.1, 5) * np.sqrt(6 / 5)
    rng = np.random.default_rng(1)
    means = rng.choice(values, (200_000, 6)).mean(axis=1)
    expected = np.quantile(means, [stats.norm.cdf(quantile), 1 - stats.norm.cdf(quantile)])
    interval = bootstrap_interval(values, level=0.8, resamples=99_999)
    assert (interval.low, interval.high) == pytest.approx(expected, rel=0.012)
    plain = np.quantile(means, [stats.norm.cdf(stats.t.ppf(p, 5)) for p in (0.1, 0.9)])
    assert (np.abs(plain / expected - 1) > 0.03).all()  # so that the test can tell


def test_a_lower_level_gives_a_shorter_interval_by_the_ratio_of_students():
    values = np.random.default_rng(0).normal(size=300)
    ratio = []
    for interval in (bootstrap_interval, mean_interval):
        narrow, wide = (interval(values, level) for level in (0.8, 0.95))
        assert wide.low < narrow.low < narrow.mean < narrow.high < wide.high
        ratio.append((wide.high - wide.low) / (narrow.high - narrow.low))
    assert ratio[0] == pytest.approx(ratio[1], rel=0.03)


def test_many_values_give_students_interval():
    values = np.random.default_rng(0).normal(5.0, 2.0, 400)
    boot, student = bootstrap_interval(values), mean_interval(values)
    assert boot.mean == student.mean
    assert (boot.low, boot.high) == pytest.approx((student.low, student.high), abs=0.02)


def test_the_interval_lies_among_the_values_where_students_does_not():
    losses = np.array([0.01, 0.01, 0.02, 0.9])
    assert mean_interval(losses).low < 0
    interval = bootstrap_interval(losses)
    assert 0.01 - 1e-12 <= interval.low < interval.mean < interval.high <= 0.9 + 1e-12


def test_the_same_values_and_seed_give_the_same_interval():
    values = np.random.default_rng(1).normal(size=9)
    assert bootstrap_interval(values, seed=4) == bootstrap_interval(values, seed=4)
    assert bootstrap_interval(values, seed=4) != bootstrap_interval(values, seed=5)


def test_equal_values_have_an_interval_without_length():
    interval = bootstrap_interval([0.3, 0.3, 0.3])
    assert (interval.low, interval.mean, interval.high) == (0.3, pytest.approx(0.3), 0.3)


@pytest.mark.parametrize("interval", [bootstrap_interval, mean_interval])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0],), r"at least two finite numbers, got \[1.0\]"),
        (([1.0, np.inf],), "finite"),
        (([1.0, 2.0], 0.0), "level must be finite, > 0, got 0.0"),
        (([1.0, 2.0], 1.0), "level must be < 1, got 1.0"),
    ],
)
def test_bad_arguments_are_named(interval, arguments, message):
    with pytest.raises(ValueError, match=message):
        interval(*arguments)


def test_bad_resampling_is_named():
    with pytest.raises(ValueError, match="resamples must be >= 1, got 0"):
        bootstrap_interval([1.0, 2.0], resamples=0)
    with pytest.raises(ValueError, match="seed must be >= 0, got -1"):
        bootstrap_interval([1.0, 2.0], seed=-1)


def test_a_ratio_is_multiplied_not_added_to():
    values = np.array([0.5, 1.0, 2.0, 3.0])
    logs = mean_interval(np.log(values))
    ratio = ratio_interval(np.log(values))
    assert ratio.mean == pytest.approx(stats.gmean(values))
    assert np.log([ratio.low, ratio.high]) == pytest.approx([logs.low, logs.high])


@pytest.mark.parametrize(("hits", "seeds"), [(0, 32), (2, 32), (16, 32), (32, 32), (1, 1)])
def test_a_share_has_the_ends_of_wilsons_formula(hits, seeds):
    found = share_interval(np.arange(seeds) < hits)
    z, share = stats.norm.ppf(0.975), hits / seeds
    middle = (share + z**2 / (2 * seeds)) / (1 + z**2 / seeds)
    half = z / (1 + z**2 / seeds) * np.sqrt(share * (1 - share) / seeds + (z / (2 * seeds)) ** 2)
    assert found.mean == share
    assert [found.low, found.high] == pytest.approx([middle - half, middle + half], abs=1e-12)


def test_a_share_of_nothing_is_refused():
    with pytest.raises(ValueError, match="hits must have at least one value"):
        share_interval(np.array([]))


def test_one_group_gives_the_sample_standard_deviation():
    values = [1.0, 2.0, 4.0, 8.0]
    spread = pooled_spread([values, [100.0]])
    assert (spread.std, spread.degrees) == (pytest.approx(np.std(values, ddof=1)), 3)


def test_the_pooled_interval_of_two_single_runs_covers_as_often_as_it_says():
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(2000):
        spread = pooled_spread(rng.normal([[0.0], [3.0], [9.0]], 0.3, (3, 2)))  # 3 degrees
        found = spread.difference([rng.normal(1.0, 0.3)], [rng.normal(0.0, 0.3)])
        covered += found.low <= 1.0 <= found.high
    assert 0.935 <= covered / 2000 <= 0.965  # standard error 0.005; with 1.96 for t it is 0.86


def test_more_runs_on_each_side_shorten_the_interval_by_the_root():
    one, four = (Spread(0.2, 10).difference([1.0] * n, [0.0] * n) for n in (1, 4))
    assert (one.high - one.low) == pytest.approx(2 * (four.high - four.low))


@pytest.mark.parametrize("groups", [[], [[1.0], [2.0]], [[1.0, 1.0]]])
def test_a_spread_needs_repeats_that_differ(groups):
    with pytest.raises(ValueError, match="two values that differ"):
        pooled_spread(groups)


def test_a_spread_refuses_values_that_are_not_finite():
    with pytest.raises(ValueError, match="at least one finite number"):
        Spread(0.1, 3).difference([np.nan], [1.0])
    with pytest.raises(ValueError, match="std must be finite, > 0"):
        Spread(0.0, 3)
