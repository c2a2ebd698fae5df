"""Lesson 11's cases: which schedule is whose, and what is computed by hand here."""

import numpy as np
import pytest

from course_lib import compare, problems, schedules, training
from course_lib.experiments import lesson11_arms, lesson11_rates, lesson11_runs, lesson11_starts

QUADRATIC = problems.power_law_quadratic(dimensions=5)
SMALL = training.Workload(problems.noisy_spirals(per_class=20), training.Mlp((4,)), batch_size=10)
SEEDS = compare.Seeds(range(0, 4, 2), range(1, 6, 2))


def test_a_computed_schedule_has_its_best_shape_and_loses_to_a_better_one():
    found = lesson11_arms.computed(QUADRATIC, lesson11_arms.ARMS, 60)
    assert found.shapes["exponential"] in ("to 1 %", "to 10 %")
    assert found.best("constant", "linear") == "linear"
    case = found.case("linear", "constant")
    assert case.computed
    assert case.contrast.difference.mean == pytest.approx(
        float(np.log(found.scores["linear"][0] / found.scores["constant"][0]))
    )


def test_trained_schedules_are_scored_on_the_fresh_seeds():
    found = lesson11_arms.trained(SMALL, lesson11_arms.THREE, 10, SEEDS, (0.1, 0.4), score_every=5)
    assert found.scores["cosine"].shape == (3,)
    assert (found.lowest["cosine"] <= found.scores["cosine"]).all()
    assert found.case("linear", "cosine").contrast.seeds == 3


def test_runs_that_diverge_count_as_guessing():
    ends = lesson11_arms.ends_of(SMALL, [np.full(10, 1e6), np.full(10, 0.1)], [0, 1])
    assert ends[0] == pytest.approx([np.log(3)] * 2)
    assert (ends[1] < np.log(3) + 1e-12).all()


def test_both_warmups_get_twice_the_best_peak_of_the_shorter_one():
    tuned, shared = lesson11_runs.warmed(SMALL, 20, (0.2, 0.0), SEEDS, (0.1, 0.2))
    peak = 2 * tuned.contrast.peaks[1]
    assert shared.contrast.ours == f"warmup 4, peak {peak:.2g}"
    assert shared.contrast.theirs == f"warmup 0, peak {peak:.2g}"


def test_a_drop_pays_with_noise_and_costs_without():
    quiet = problems.power_law_quadratic(dimensions=5, noise_std=0.0)
    assert lesson11_runs.drop_now(QUADRATIC, 0.3).contrast.difference.mean < 0
    assert lesson11_runs.drop_now(quiet, 0.05).contrast.difference.mean > 0


def test_published_decays_are_cosines_but_for_two():
    gaps = {n: lesson11_runs.gap_to_cosine(r) for n, r in lesson11_runs.published_decays().items()}
    assert [name for name, gap in gaps.items() if gap < 0.01] == ["GPT-3", "LLaMA"]
    assert gaps["BERT"] == pytest.approx(0.105, abs=0.001)
    assert gaps["T5"] > 0.5


def test_the_product_recovers_below_four_and_not_above():
    assert lesson11_runs.product_recovers(3.0, range(4))
    assert not lesson11_runs.product_recovers(4.5, range(4))


def test_a_game_without_damping_leads_nowhere():
    peaks = np.array([0.01, 0.1])
    ends = lesson11_starts.game_distances(np.ones(100), peaks, damping=0.0, noise=0.0)
    assert ends == pytest.approx((1 + peaks**2) ** 100)
    case = lesson11_starts.game(200, 0.0)
    assert case.contrast.at_edge == (True, True)


def test_ranges_of_rates_are_read_off_the_accuracies():
    table = np.full((len(lesson11_starts.GRID), 1), 0.3)
    assert lesson11_starts.highest(table) == lesson11_starts.GRID[0] / 2
    table[2:5] = 0.7
    assert lesson11_starts.width(table) == 8.0
    assert lesson11_starts.highest(table) == lesson11_starts.GRID[4]
    assert lesson11_starts.lowest(table) == lesson11_starts.GRID[2]


def test_accuracies_have_a_row_a_rate_and_a_column_a_seed():
    start = lesson11_starts.Start(depth=1, updates=3)
    found = lesson11_starts.accuracies(SMALL.data, start, range(2))
    assert found.shape == (len(lesson11_starts.GRID), 2)
    assert ((found >= 0) & (found <= 1)).all()


def test_adams_first_update_is_full_size_and_momentums_is_not():
    gradients = np.random.default_rng(0).standard_normal((60, 500))
    adam, momentum = (lesson11_starts.update_sizes(gradients, o) for o in ("Adam", "momentum"))
    assert adam[0] == pytest.approx(1.0)
    assert adam[0] > adam[-1]
    assert momentum[0] < momentum[-1]


def test_the_scale_of_white_noise_is_nearly_right_after_many_updates():
    gradients = np.random.default_rng(0).standard_normal((200, 500))
    early, late = lesson11_starts.scale_errors(gradients, np.ones((2, 500)), at=(5, 200))
    assert late < 0.1 < early


def test_network_gradients_come_with_their_scale():
    gradients, scales = lesson11_starts.network_gradients(SMALL.data, 0, at=(2, 3), probes=5)
    assert gradients.shape[0] == 3
    assert scales.shape == (2, gradients.shape[1])


def test_ends_of_constant_rates_are_looked_at_twice():
    found = lesson11_rates.constant_ends(SMALL, range(2), updates=12, cooldown=6)
    assert list(found) == ["at the constant rate", "after a cooldown"]
    assert all(ends.sharpness.shape == ends.loss.shape == (2, 2) for ends in found.values())


def test_a_cycle_leaves_the_pothole_that_a_small_rate_stays_in():
    case = lesson11_rates.potholes(0.3, np.arange(40))["constant 0.02"]
    assert case.contrast.difference.mean < 0


def test_rates_within_a_factor_are_measured_both_ways():
    found = lesson11_rates.Tested(np.array([0.1, 10.0]), np.array([1.0, 1.0]), 1.0, False)
    case = found.within(found.suggested, found.best, 3.0, ("a", "b"))
    assert case.unit == "log"
    assert case.contrast.difference.mean == pytest.approx(np.log(10 / 3))


def test_the_articles_schedule_ends_at_its_floor():
    assert lesson11_runs.article_schedule(0.08, 30)[-1] == pytest.approx(1e-4)
    assert len(lesson11_runs.article_schedule(0.08, 0)) == 300
    assert schedules.cosine(0.08, 300)(0) == lesson11_runs.article_schedule(0.08, 0)[0]
