"""Lesson 12's readings of the published runs, against numbers worked out by hand."""

import numpy as np
import pytest

from course_lib.compare import Contrast
from course_lib.experiments.lesson12_advice import Advice
from course_lib.experiments.lesson12_runs import (
    LENGTHS,
    Judge,
    bound,
    bound_at,
    loss_per_log_updates,
    order_agreement,
    parabola_peak,
    peak_exponent,
    repeats,
    tuned,
)
from course_lib.intervals import Interval, Spread, pooled_spread
from course_lib.theory import best_scale, last_iterate_bound

JUDGE = Judge(Spread(0.001, 16), 0.005)
T_95 = 2.1199  # Student's t with 16 degrees of freedom


def test_the_mean_over_repeats_chooses_the_peak():
    one = tuned("constant")
    assert one.losses == (3.1083, 3.1121)
    assert one.loss == pytest.approx(3.1102)
    assert list(one.curve) == [1e-4, 5e-4, 1e-3, 2e-3, 3e-3]
    assert not one.at_edge


def test_a_best_peak_at_the_edge_is_said_and_a_given_one_is_not():
    assert tuned("WSD 60 %", 15_000).at_edge
    assert np.isnan(tuned("WSD 60 %", 15_000).peak_between)
    assert not tuned("WSD 60 %", 15_000, peak_lr=0.002).at_edge


def test_lengths_and_peaks_that_were_not_run_are_refused():
    with pytest.raises(ValueError, match="updates must be a length"):
        tuned("constant", 25_000)
    with pytest.raises(ValueError, match="peak_lr must be one of"):
        tuned("cosine", peak_lr=0.004)


def test_the_parabola_finds_its_own_vertex():
    peaks = np.array([0.1, 0.3, 1.0, 2.0])
    losses = 2.0 + (np.log(peaks) - np.log(0.5)) ** 2
    assert parabola_peak(peaks, losses) == pytest.approx(0.5)


def test_all_repeats_are_found():
    found = repeats()
    assert len(found) == 16
    assert pooled_spread(found).degrees == 16
    assert pooled_spread(found).std == pytest.approx(0.00119, abs=1e-5)


def test_the_price_is_the_slope_over_log_updates():
    falls = [
        tuned(f"WSD {k} %", 35_000).loss - tuned(f"WSD {k} %").loss
        for k in (10, 20, 40, 60, 80, 90)
    ]
    assert loss_per_log_updates() == pytest.approx(np.median(falls) / np.log(50 / 35))


def test_an_interval_of_one_run_and_two():
    (one,) = JUDGE.contrasts([(tuned("linear"), tuned("cosine"))])
    half = T_95 * 0.001 * np.sqrt(1 + 1 / 2)
    assert one.difference.mean == pytest.approx(2.9535 - 2.9543)
    assert one.difference.high - one.difference.mean == pytest.approx(half, rel=1e-4)
    assert one.peaks == (0.002, 0.002)


def test_many_intervals_are_longer_than_one():
    pair = (tuned("linear"), tuned("cosine"))
    (alone,), ten = JUDGE.contrasts([pair]), JUDGE.contrasts([pair] * 10)
    assert ten[0].difference.high > alone.difference.high


def test_every_length_counts_alike_however_often_it_was_run(capsys):
    (one,) = JUDGE.show_over_lengths("WSD 60 %", ["WSD 20 %"])
    gaps = [tuned("WSD 20 %", n).loss - tuned("WSD 60 %", n).loss for n in LENGTHS]
    half = T_95 * 0.001 * np.sqrt(7 * 1 + 1 / 2) / 4
    assert one.difference.mean == pytest.approx(np.mean(gaps))
    assert one.difference.high - one.difference.mean == pytest.approx(half, rel=1e-4)


def test_the_bound_is_the_library_s_at_the_best_scale():
    value, scale = bound("cosine", 15_000)
    assert bound_at("cosine", 3 * scale, unit=3.0, updates=15_000) == pytest.approx(value)
    assert bound_at("cosine", 1.1 * scale, unit=1.0, updates=15_000) > value
    flat = np.ones(15_000)
    assert bound("constant", 15_000)[0] == pytest.approx(
        last_iterate_bound(best_scale(flat) * flat), rel=0.02
    )


def test_the_bound_orders_the_pairs_that_are_decided():
    everything = Judge(Spread(1e-9, 16), 0.005)  # every pair is decided
    pairs, decided, agree = order_agreement(everything)
    assert (pairs, decided) == (55, 55)
    assert 40 < agree < 55  # WSD 60 % ends below linear decay, which has the smallest bound
    assert order_agreement(Judge(Spread(1.0, 16), 0.005))[1:] == (0, 0)


def test_the_exponent_is_the_slope_over_the_lengths():
    found = peak_exponent("WSD 10 %", Spread(1e-9, 16), draws=3)
    peaks = [tuned("WSD 10 %", n).peak_between for n in LENGTHS]
    slope = np.polyfit(np.log(LENGTHS), np.log(peaks), 1)[0]
    assert found.low == pytest.approx(slope, abs=1e-4)
    assert found.mean == pytest.approx(slope)


@pytest.mark.parametrize(
    ("ends", "answer"),
    [((-0.03, -0.01), "confirmed"), ((0.01, 0.03), "contradicted"), ((-0.01, 0.02), "open")],
)
def test_advice_is_confirmed_contradicted_or_open(ends, answer):
    contrast = Contrast("a", "b", Interval(np.mean(ends), *ends), 0.005, seeds=1)
    assert Advice("a beats b", "8", contrast).answer == answer
