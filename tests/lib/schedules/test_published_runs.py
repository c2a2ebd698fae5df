"""The typed table of published runs: its size, and figures that the course's texts name."""

import numpy as np
import pytest

from course_lib.schedules.published_runs import (
    WARMUP_STEPS,
    cooldown_share,
    names,
    published_plan,
    published_runs,
)


def best(schedule, updates=50_000):
    return min(published_runs(schedule, updates), key=lambda run: run.final_loss)


def test_all_runs_are_there():
    runs = published_runs()
    assert len(runs) == 147
    settings = [(run.schedule, run.peak_lr, run.updates) for run in runs]
    repeats = [one for one in set(settings) if settings.count(one) == 2]
    assert len(set(settings)) == 131
    assert len(repeats) == 16
    assert {updates for _, _, updates in repeats} == {50_000}
    assert {run.peak_lr for run in runs} == {1e-4, 5e-4, 1e-3, 2e-3, 3e-3, 5e-3}
    count = {updates: len(published_runs(updates=updates)) for updates in (15_000, 25_000, 35_000)}
    assert count == {15_000: 20, 25_000: 36, 35_000: 20}
    assert round(sum(run.final_loss for run in runs), 4) == 452.3609


@pytest.mark.parametrize(
    ("schedule", "peak", "loss"),
    [
        ("constant", 5e-4, 3.1083),
        ("cosine to a tenth", 1e-3, 2.9819),
        ("WSD 20 %", 1e-3, 2.9660),
        ("WSD 20 %, 1-sqrt", 1e-3, 2.9599),
        ("cosine", 2e-3, 2.9534),
        ("WSD 60 %", 2e-3, 2.9513),
        ("linear", 2e-3, 2.9535),
    ],
)
def test_the_best_peaks_are_those_of_the_paper(schedule, peak, loss):
    assert (best(schedule).peak_lr, best(schedule).final_loss) == (peak, loss)


def test_the_run_that_was_lost_is_kept():
    assert max(run.final_loss for run in published_runs("cosine", 50_000)) == 7.585


def test_repeats_lie_within_four_thousandths():
    losses = {}
    for run in published_runs():
        losses.setdefault((run.schedule, run.peak_lr, run.updates), []).append(run.final_loss)
    apart = [np.ptp(pair) for pair in losses.values() if len(pair) == 2]
    assert 1e-4 < min(apart) < max(apart) < 4e-3


def test_unknown_names_and_lengths_are_refused():
    with pytest.raises(ValueError, match="schedule must be one of"):
        published_runs("WSD 30 %")
    with pytest.raises(ValueError, match="updates must be one of"):
        published_runs(updates=20_000)
    with pytest.raises(ValueError, match="schedule must be one of"):
        published_plan("WSD 30 %", 0.1, 1000)


@pytest.mark.parametrize("name", names())
def test_a_plan_warms_up_and_ends_as_its_name_says(name):
    plan, total = published_plan(name, 2.0, 50_000), 50_000
    rates = plan(np.arange(total + 1))
    assert plan(WARMUP_STEPS) == rates.max() == 2.0
    assert rates[0] == pytest.approx(2.0 / WARMUP_STEPS)
    end = {"constant": 2.0, "cosine to a tenth": 0.2}.get(name, 0.0)
    assert rates[-1] == pytest.approx(end)
    share = cooldown_share(name)
    if share is not None:
        begins = round((1 - share) * total)
        assert plan(begins) == pytest.approx(2.0)
        assert plan((begins + total) // 2) == pytest.approx(1.0)


def test_one_minus_sqrt_falls_below_linear_at_first():
    linear, rounder = (published_plan(n, 1.0, 50_000) for n in ("WSD 20 %", "WSD 20 %, 1-sqrt"))
    assert linear(40_000) == rounder(40_000) == 1.0
    assert rounder(42_500) == pytest.approx(0.5)
    assert linear(42_500) == pytest.approx(0.75)
