"""Lesson 12's readings of the recorded model against the record itself."""

import numpy as np
import pytest

from course_lib.experiments import lesson12_model as model
from course_lib.experiments.lesson12_runs import parabola_peak
from course_lib.language_model import GRIDS, recorded_runs


def test_best_peaks_are_those_of_the_mean_over_seeds():
    final = recorded_runs().final("linear", 640)
    found = model.peaks_over_lengths("linear")
    assert found[1] == parabola_peak(GRIDS[0].peaks, final.mean(axis=1))
    chosen = model.peaks_over_lengths("linear", seeds=[3, 3, 5])
    weighted = (2 * final[:, 3] + final[:, 5]) / 3
    assert chosen[1] == pytest.approx(parabola_peak(GRIDS[0].peaks, weighted))


def test_the_exponent_is_the_slope_through_the_logs_and_lies_in_its_interval():
    found = model.peak_exponent_over_seeds("constant", draws=100)
    logs = np.log(model.peaks_over_lengths("constant"))
    x = np.log([320, 640, 1280])
    slope = ((x - x.mean()) * (logs - logs.mean())).sum() / ((x - x.mean()) ** 2).sum()
    assert found.mean == pytest.approx(slope)
    assert found.low < found.mean < found.high


def test_a_mean_curve_has_the_rates_and_the_readings_of_its_runs():
    curve = model.mean_curve("WSD 20 %", 640, 0.004, after=200)
    assert curve.updates.tolist() == list(range(224, 641, 32))
    assert len(curve.rates) == 640
    assert curve.rates[511] == 0.004 > curve.rates[513]
    run = recorded_runs().curve("WSD 20 %", 640, 0.004)
    np.testing.assert_allclose(curve.losses, run[:, 6:].mean(axis=0))
    cold = model.mean_curve("linear", 640, 0.004, warmup_steps=0)
    assert cold.rates[0] == 0.004
    assert len(cold.updates) == 20
