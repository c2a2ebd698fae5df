"""The runs of lesson 7."""

import numpy as np

from course_lib import problems, training
from course_lib.experiments import lesson07_runs as runs
from course_lib.range_test import RULES, Sweep, sweep

SMALL = training.Workload(problems.digits(), training.Mlp((8,)), batch_size=32)


def made_sweep(losses):
    losses = np.atleast_2d(losses)
    rates = np.geomspace(1e-4, 10.0, losses.shape[1])
    none = np.full(len(losses), -1)
    steps = np.full(len(losses), losses.shape[1])
    return Sweep("made", rates, losses, none, steps, np.arange(len(losses)))


def test_the_cliff_is_looked_for_above_the_best_rate_only():
    found = runs.truth_of([1, 2, 4, 8], [[0.9] * 4, [0.1] * 4, [0.2] * 4, [np.nan] * 4])
    assert found.best == 2
    assert found.cliff == 8
    assert found.good == (2, 2)
    assert np.isnan(runs.truth_of([1, 2], [[0.9] * 4, [0.1] * 4]).cliff)


def test_the_beginning_of_a_constant_run_is_the_shorter_run():
    both = runs.full_runs(SMALL, [0.1, 0.5], range(3), steps=20, every=10)
    short = runs.full_runs(SMALL, [0.1, 0.5], range(3), steps=10, every=10)
    assert list(both) == [10, 20]
    assert np.array_equal(both[10].losses, short[10].losses)
    ends = runs.held_out(SMALL, np.full((1, 10), 0.1), range(3))
    assert np.array_equal(ends[0], short[10].losses[0])


def test_suggestions_are_counted_below_the_range_and_past_the_cliff():
    truth = runs.Truth(np.array([1.0]), np.ones((1, 1)), 0.5, (0.2, 0.8), 2.0)
    assert runs.below_range(np.array([0.1, 0.15, np.nan]), truth).tolist() == [True, False, False]
    assert runs.past_cliff(np.array([1.4, 1.5, np.nan]), truth).tolist() == [False, True, False]


def test_the_small_grid_goes_on_in_both_directions():
    for best in (8.0, 1 / 16):
        found = runs.small_grid(lambda peaks, best=best: abs(np.log(np.c_[peaks] / best)), 1.0)
        assert (runs.tuned_peak(found).peak, len(found)) == (best, 7)


def test_a_suggestion_is_scored_against_the_tuned_peak_on_the_same_seeds():
    (found,) = runs.suggestions_as_peaks(
        SMALL, ("fastai minimum",), [0.1, 0.5, 1.0], range(2), range(10, 14), steps=20
    )
    assert (found.ours, found.theirs, found.seeds) == ("fastai minimum", "tuned peak", 4)
    assert found.peaks[1] in (0.1, 0.5, 1.0)


def test_the_hand_written_update_is_the_engines():
    data = problems.spirals()
    step = runs.one_update_of(data, (8,), 0)
    losses = [step(0.1) for _ in range(3)]
    trained = training.train(
        training.Workload(data, training.Mlp((8,))), np.full((1, 3), 0.1), [0]
    ).losses
    assert np.allclose(losses, trained[0])


def test_a_heavier_average_has_its_minimum_later():
    losses = np.concatenate([np.full(20, 2.0), np.linspace(2, 1, 40), np.linspace(1, 3, 40)])
    found = runs.lowest_averages(made_sweep(losses), (0.5, 0.98))
    assert found[0.5] < found[0.98]


def test_a_wobble_at_low_rates_fools_the_slope_over_the_rate_only():
    losses = np.concatenate([np.full(30, 2.0), np.linspace(2, 1, 50), np.linspace(1, 1.5, 20)])
    losses[15:20] = 1.9
    found = runs.steepest(made_sweep(losses), RULES["Lightning"])
    assert found["over the rate"][0] < 1e-2 < found["over its logarithm"][0]


def test_a_tools_own_sweep_ends_where_the_tool_ends():
    found = runs.own_sweep(SMALL, range(2), "Lightning")
    assert found.shape == (2,)
    assert (found[np.isfinite(found)] < 1.0).all()
    assert sweep(SMALL, range(2), steps=20).rates[-1] > 1.0


def test_the_good_range_is_the_stretch_around_the_best():
    losses = np.repeat([[0.11], [0.5], [0.12], [0.1], [0.13], [0.9]], 4, axis=1)
    assert runs.truth_of([1, 2, 4, 8, 16, 32], losses).good == (4, 16)


def test_the_valley_meets_a_multiple_of_itself_on_the_same_seeds():
    found = runs.valley_and_its_multiple(SMALL, 4, range(2, 6), steps=20)
    assert found.theirs == "4 times the valley"
    assert found.peaks[1] == 4 * found.peaks[0]
