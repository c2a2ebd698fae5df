"""Comparisons on the recorded language model, against sums worked out here from its losses."""

import math

import numpy as np
import pytest

from course_lib.compare import Verdict
from course_lib.experiments import language_runs
from course_lib.experiments.lesson04_runs import usable_peaks
from course_lib.language_model import SCHEDULES, RecordedRuns, recorded_runs, runs_file

PEAKS = (0.001, 0.002, 0.004, 0.008, 0.016)


@pytest.fixture
def one_diverged(monkeypatch):
    """The record with the lowest mean of `linear`, 320 updates, spoilt by one run that diverged."""
    peak = language_runs.best_peak("linear", 320)
    runs = dict(recorded_runs().runs)
    plan = next(
        plan
        for plan in runs
        if (plan.text, plan.schedule, plan.warmup_steps) == ("grammar", "linear", 32)
        and (plan.total_steps, plan.peak_lr, plan.seed) == (320, peak, 3)
    )
    runs[plan] = runs_file.RecordedRun(plan, None, (None,) * 10, 1.0)
    changed = RecordedRuns({}, runs)
    monkeypatch.setattr(language_runs, "recorded_runs", lambda: changed)
    return peak


def test_the_margin_is_worth_five_per_cent_and_the_price_of_a_doubling_a_doubling():
    assert language_runs.in_updates(0.0, 640) == 0.0
    assert language_runs.in_updates(language_runs.margin(1280), 1280) == pytest.approx(0.05)
    halves = [
        recorded_runs().tuned(name, 640).scores.mean()
        - recorded_runs().tuned(name, 1280).scores.mean()
        for name in SCHEDULES
        if name != "constant"
    ]
    assert language_runs.in_updates(np.mean(halves), 1280) == pytest.approx(1.0)
    assert language_runs.price(1280) == pytest.approx(np.mean(halves) / math.log(2))


def test_means_and_best_and_usable_peaks_are_those_of_the_losses():
    for warmup in (0, 32):
        final = recorded_runs().final("linear", 320, warmup_steps=warmup).mean(axis=1)
        means = language_runs.mean_losses("linear", 320, warmup_steps=warmup)
        assert list(means) == list(PEAKS)
        assert list(means.values()) == pytest.approx(final.tolist())
        best = language_runs.best_peak("linear", 320, warmup_steps=warmup)
        assert best == PEAKS[final.argmin()]
        usable = [p for p, loss in zip(PEAKS, final, strict=True) if loss <= 1.1 * final.min()]
        assert language_runs.usable_peak("linear", 320, warmup_steps=warmup) == max(usable)
        assert usable_peaks(["linear"], 320)["linear"][warmup // 32] == max(usable)
    assert language_runs.usable_peak("linear", 320, within=0.0) == best
    assert language_runs.usable_peak("linear", 320, within=9.0) == PEAKS[-1]


def test_a_run_that_diverged_makes_its_peak_neither_best_nor_usable(one_diverged):
    assert np.isnan(language_runs.mean_losses("linear", 320)[one_diverged])
    assert language_runs.best_peak("linear", 320) != one_diverged
    assert language_runs.usable_peak("linear", 320, within=9.0) == PEAKS[-1]


def test_a_kept_peak_is_scored_at_it_and_against_the_tuned_schedule():
    worth = language_runs.margin(320)
    found = language_runs.kept_peak("WSD 20 %", 320, 0.002, worth)
    own = recorded_runs().tuned("WSD 20 %", 320)
    gap = recorded_runs().final("WSD 20 %", 320)[1] - own.scores
    assert found.difference.mean == pytest.approx(gap.mean())
    assert found.peaks == (0.002, own.peak)
    assert (found.ours, found.theirs) == ("WSD 20 %, peak 0.002", "WSD 20 %, own peak")
    assert found.verdict is Verdict.WORSE
    with pytest.raises(ValueError, match=r"peak_lr must be one of .*, got 0\.003"):
        language_runs.kept_peak("linear", 320, 0.003, worth)


def test_contrasts_with_and_without_a_warmup_hold_all_at_once():
    (alone,) = language_runs.warmup_contrasts(["linear"], 320)
    first, second = language_runs.warmup_contrasts(["linear", "constant"], 320)
    assert (alone.ours, alone.theirs) == ("linear", "linear, no warmup")
    without = recorded_runs().tuned("linear", 320, warmup_steps=0).scores
    gap = recorded_runs().tuned("linear", 320).scores - without
    assert alone.difference.mean == first.difference.mean == pytest.approx(gap.mean())
    assert first.difference.high > alone.difference.high
    assert second.margin == language_runs.margin(320)
