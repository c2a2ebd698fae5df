"""A fitted law: what it predicts, with which band, and the best schedule under it."""

import dataclasses
import warnings

import numpy as np
import pytest

from course_lib import schedules
from course_lib.forecast import BeyondTheFit, LossCurve, fit
from tests.lib.forecast.made_curves import (
    PEAK,
    STEPS,
    THREE,
    UPDATES,
    WARMUP,
    made_run,
    multi_power_losses,
    rates_of,
)


@pytest.fixture(scope="module")
def noisy():
    return fit([made_run(name, noise=5e-3, seed=seed) for seed, name in enumerate(THREE)])


def test_a_schedule_and_its_rates_give_the_same(exact):
    schedule = schedules.warmup_cosine(PEAK, WARMUP, STEPS)
    by_schedule = exact.predict(schedule)
    by_rates = exact.predict(schedule(np.arange(STEPS)))
    np.testing.assert_array_equal(by_schedule.losses, by_rates.losses)
    np.testing.assert_array_equal(by_schedule.updates, by_rates.updates)
    assert by_schedule.updates[-1] == STEPS
    assert by_schedule.final == by_schedule.losses[-1]


def test_a_prediction_is_the_law(exact):
    predicted = exact.predict(rates_of("cooldown"), UPDATES)
    true = multi_power_losses(rates_of("cooldown"), UPDATES)
    np.testing.assert_allclose(predicted.losses, true, rtol=1e-3)
    np.testing.assert_array_equal(predicted.updates, UPDATES)


def test_an_endless_schedule_needs_a_number_of_updates(exact):
    constant = schedules.warmup(schedules.constant(PEAK), WARMUP)
    with pytest.raises(ValueError, match=r"updates must say for how long .* got None"):
        exact.predict(constant)
    assert exact.predict(constant, 500).updates[-1] == 500
    assert exact.predict(constant, [100, 300]).updates.tolist() == [100, 300]
    assert exact.predict(rates_of("constant"), 500).updates[-1] == 500
    for wrong, words in [([], "at least one entry"), ([float("nan")], "whole numbers, got nan")]:
        with pytest.raises(ValueError, match=f"updates must .*{words}"):
            exact.predict(constant, wrong)
    with pytest.raises(ValueError, match="updates must be <= 1200, one rate each, got 1300"):
        exact.predict(rates_of("constant"), 1300)


@pytest.mark.parametrize(
    ("updates", "words"),
    [
        ([], "at least one entry"),
        ([STEPS + 100], "1 to 1200"),
        ([7, 3], "strictly increasing, got 3"),
        (600, "one axis"),
        ([3.5], "whole numbers, got 3.5"),
    ],
)
def test_the_updates_of_losses_are_checked(exact, updates, words):
    with pytest.raises(ValueError, match=f"updates must .*{words}"):
        exact.losses(rates_of("cosine"), updates)


def test_the_updates_of_losses_may_be_a_list(exact):
    rates = rates_of("cosine")
    as_array = exact.losses(rates, np.array([100, 300]))
    np.testing.assert_array_equal(exact.losses(rates.tolist(), [100, 300]), as_array)


def test_far_beyond_the_fit_it_warns_in_words(exact):
    far = schedules.warmup(schedules.constant(PEAK), WARMUP)
    with pytest.warns(BeyondTheFit, match=r"is 5\.1 times that of the longest fitted run"):
        exact.predict(far, 5 * STEPS)
    with pytest.warns(BeyondTheFit):
        exact.best_schedule(10 * STEPS, PEAK)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exact.predict(far, 3 * STEPS)
        exact.predict(np.asarray(far(np.arange(5 * STEPS))), [100])  # asked about its beginning


@pytest.mark.parametrize("level", [0.0, 1.0, float("nan"), "wide"])
def test_a_level_out_of_range_is_refused(exact, level):
    with pytest.raises((ValueError, TypeError), match="level must be"):
        exact.predict(rates_of("cosine"), level=level)


def test_a_negative_loss_is_refused(exact):
    rates = np.concatenate([np.full(20, 1.0), np.full(20, 1e-3)])
    with pytest.raises(ValueError, match="rates must lie where the law is positive"):
        exact.predict(rates)


def test_the_band_covers_unseen_schedules_and_widens_with_its_level(noisy):
    true = multi_power_losses(rates_of("cooldown"), UPDATES)
    late = UPDATES > WARMUP
    band = noisy.predict(rates_of("cooldown"), UPDATES, level=0.9)
    assert ((band.low < true) & (true < band.high))[late].mean() > 0.9
    wide = noisy.predict(rates_of("cooldown"), UPDATES, level=0.99)
    assert (wide.low < band.low).all()
    assert (wide.high > band.high).all()
    assert (band.high / band.low)[late].max() < 1.2


def test_a_law_that_is_wrong_gets_a_wider_band():
    runs = [made_run(name) for name in THREE]
    band, without_sum = (
        fit(runs, law).predict(rates_of("cooldown"), UPDATES) for law in ("multi-power", "power")
    )
    width = [np.log(one.high / one.low).mean() for one in (band, without_sum)]
    assert width[1] > 10 * width[0]
    true = multi_power_losses(rates_of("cooldown"), UPDATES)
    covered = (without_sum.low < true) & (true < without_sum.high)
    assert covered[UPDATES > WARMUP].mean() > 0.8


def test_one_run_is_predicted_from_its_beginning():
    law = fit([made_run("cosine", noise=1e-3)])
    error, left_out = law._unseen
    assert left_out == 1
    assert error > 0


def test_the_covariance_is_that_of_a_wild_bootstrap(noisy):
    estimate = noisy.estimate
    found = estimate.solution
    random = np.random.default_rng(0)
    pieces, curvature = [], 0.0
    for one, residual, slopes in zip(
        estimate.readings, found.residuals, found.gradients, strict=True
    ):
        z = np.sqrt(one.weights) * residual
        rows = np.sqrt(one.weights)[:, None] * slopes[:, found.free]
        pull = np.clip(z, -found.threshold, found.threshold)
        blocks = np.array_split(np.arange(len(z)), 5)
        pieces += [rows[block].T @ pull[block] for block in blocks]
        curvature = curvature + rows.T @ ((pull / z)[:, None] * rows)
    signs = random.choice([-1.0, 1.0], (20_000, len(pieces)))
    steps = np.linalg.solve(curvature, (signs @ np.array(pieces)).T)
    ours = found.covariance(estimate.readings)[np.ix_(found.free, found.free)]
    spread = np.sqrt(np.diag(ours))
    np.testing.assert_allclose(
        np.cov(steps) / np.outer(spread, spread), ours / np.outer(spread, spread), atol=0.05
    )


def test_the_best_schedule_never_rises_and_beats_the_usual_decays(exact):
    best = exact.best_schedule(STEPS, PEAK, warmup_steps=WARMUP)
    assert best.rates.shape == (STEPS,)
    assert best.rates.max() <= PEAK * (1 + 1e-12)
    assert best.rates[WARMUP] == pytest.approx(PEAK, rel=0.05)
    assert (np.diff(best.rates[WARMUP:]) <= 1e-15).all()
    np.testing.assert_allclose(best.rates[:WARMUP], rates_of("constant")[:WARMUP])
    end = np.array([STEPS])
    assert best.loss == pytest.approx(exact.losses(best.rates, end)[0])
    others = [rates_of(name) for name in ("constant", "cosine", "step", "cooldown")]
    for share in np.linspace(0.05, 1, 20):
        left = (STEPS - np.arange(STEPS)) / (share * (STEPS - WARMUP))
        others += [rates_of("constant") * np.clip(left, 0, 1) ** p for p in (0.5, 1, 1.5, 2)]
    assert best.loss < min(exact.losses(rates, end)[0] for rates in others)


def test_without_a_warmup_the_best_schedule_keeps_its_promise(exact):
    """All fitted runs had a warmup; the loss that is promised for a run without is the law's."""
    best = exact.best_schedule(STEPS, PEAK)
    assert best.rates[0] == pytest.approx(PEAK)
    (true,) = multi_power_losses(best.rates, np.array([STEPS]))
    assert best.loss == pytest.approx(true, rel=1e-2)


def test_no_small_change_of_the_best_schedule_helps(exact):
    best = exact.best_schedule(STEPS, PEAK, warmup_steps=WARMUP)
    random = np.random.default_rng(0)
    end = np.array([STEPS])
    for _ in range(50):
        first, last = np.sort(random.choice(np.arange(WARMUP, STEPS), 2, replace=False))
        moved = best.rates.copy()
        moved[first:last] *= random.choice([0.8, 0.95, 1.05, 1.2])
        moved[WARMUP:] = np.minimum(np.minimum.accumulate(moved[WARMUP:]), PEAK)
        assert exact.losses(moved, end)[0] > best.loss - 1e-4  # its knots are 80


def test_under_the_power_law_the_best_rate_is_constant():
    law = fit([made_run("constant")], "power")
    best = law.best_schedule(500, 0.1, warmup_steps=50)
    np.testing.assert_allclose(best.rates[50:], 0.1, rtol=1e-6)


def test_the_annealing_law_has_a_best_schedule_too():
    law = fit([made_run(name) for name in THREE], "annealing")
    best = law.best_schedule(STEPS, PEAK, warmup_steps=WARMUP, floor=PEAK / 100)
    assert best.rates.min() >= PEAK / 100 - 1e-12
    assert (np.diff(best.rates[WARMUP:]) <= 1e-15).all()
    assert best.loss < law.losses(rates_of("cosine"), np.array([STEPS]))[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"total_steps": 1}, "total_steps must be >= 2"),
        ({"peak_lr": 0.0}, "peak_lr must be finite, > 0"),
        ({"warmup_steps": 99}, "warmup_steps must be <= total_steps - 2, got 99 of 100"),
        ({"floor": 1.0}, "floor must be finite, >= 0 and <= 0.02, got 1.0"),
    ],
)
def test_the_frame_of_the_best_schedule_is_checked(exact, arguments, words):
    with pytest.raises(ValueError, match=words):
        exact.best_schedule(**{"total_steps": 100, "peak_lr": PEAK, **arguments})


def test_a_peak_far_above_the_fit_is_named(exact):
    with pytest.raises(ValueError, match=r"peak_lr must lie where the law is positive, got 20: "):
        exact.best_schedule(600, 1000 * PEAK)


def test_what_holds_arrays_is_written_shortly_and_can_be_compared(exact):
    run = exact.runs[0]
    prediction, best = exact.predict(run.rates), exact.best_schedule(100, PEAK)
    estimate = exact.estimate
    for one in (exact, run, prediction, best, estimate, estimate.solution, estimate.readings[0]):
        assert len(repr(one)) < 200
        assert one in {one}
        assert one != dataclasses.replace(one)
    assert repr(exact).startswith("Forecast('multi-power', L0=2, ")
    assert repr(prediction) == f"Prediction(200 losses, final={prediction.final:.4g}, level=0.9)"
    assert repr(best) == f"BestSchedule(100 updates, loss={best.loss:.4g})"


def test_two_updates_are_enough_for_a_best_schedule(exact):
    assert exact.best_schedule(2, PEAK).rates.shape == (2,)


def test_r2_mae_and_rmse_are_means_over_runs(exact):
    runs = [made_run("cooldown", noise=0.01, seed=1), made_run("cosine", noise=0.03, seed=2)]
    table = []
    for run in runs:
        late = run.updates > WARMUP
        real = run.losses[late]
        error = real - exact.losses(run.rates, run.updates)[late]
        r2 = 1 - np.sum(error**2) / np.sum((real - real.mean()) ** 2)
        table.append((r2, np.mean(np.abs(error)), np.sqrt(np.mean(error**2))))
    score = exact.score(runs)
    assert (score.r2, score.mae, score.rmse) == pytest.approx(tuple(np.mean(table, axis=0)))
    assert score.by_run["cosine"] == pytest.approx(table[1])
    assert len(exact.score([runs[0], runs[0]]).by_run) == 2


def test_a_score_needs_runs_and_readings(exact):
    with pytest.raises(ValueError, match="runs must hold at least one LossCurve, got none"):
        exact.score([])
    with pytest.raises(ValueError, match=r"runs\[0\] must have two losses or more"):
        exact.score([LossCurve(rates_of("cosine"), [30, 50], [3.0, 2.9])])


def test_residuals_are_losses_less_the_law(exact, noisy):
    for one, residual in zip(noisy.estimate.readings, noisy.residuals, strict=True):
        law = noisy.losses(one.run.rates, one.updates)
        np.testing.assert_allclose(residual, np.exp(one.logs) - law, atol=1e-4)
    assert max(np.abs(one).max() for one in exact.residuals) < 1e-4
