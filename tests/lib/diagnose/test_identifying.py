"""Schedules are identified again from the rates that they give, as logs round and thin them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.diagnose import RateLog, identify, read_log
from course_lib.libraries import from_library
from course_lib.schedules import (
    constant,
    cosine,
    exponential,
    linear,
    multi_step,
    polynomial,
    warmup_cosine,
    warmup_linear,
    wsd,
)
from tests.lib.diagnose.odd_logs import holds

PEAKS = st.sampled_from([1e-5, 5e-5, 3e-4, 1e-3, 0.002, 0.1, 0.5])
ROUNDINGS = st.sampled_from(["float64", "float32", "3 digits", "thinned"])


def printed(rates, digits):
    return np.array([float(f"{rate:.{digits - 1}e}") for rate in rates])


def logged(schedule, total, rounding, **more):
    """The rates of a schedule as a log has them: every update, or every few."""
    every = {"thinned": 7}.get(rounding, 1)
    at = np.arange(0, total + 1, every)
    rates = schedule(at)
    if rounding == "float32":
        rates = rates.astype(np.float32).astype(np.float64)
    if rounding == "3 digits":
        rates = printed(rates, 3)
    return RateLog(rates=[rates], at=at, lags=(0,), **more)


@given(PEAKS, st.integers(5, 60), st.integers(80, 400), ROUNDINGS)
@settings(max_examples=15, deadline=None)
def test_linear_decay_with_warmup(peak, rise, fall, rounding):
    total = rise + fall
    found = identify(logged(warmup_linear(peak, rise, total), total, rounding))
    holds(found, "linear decay with warmup", peak=peak, total_steps=total)
    if rounding == "float64":
        holds(found, "linear decay with warmup", warmup_steps=rise)


@given(PEAKS, st.integers(5, 60), st.integers(80, 400), st.sampled_from([0.0, 0.1]), ROUNDINGS)
@settings(max_examples=15, deadline=None)
def test_cosine_with_warmup(peak, rise, fall, share, rounding):
    total = rise + fall
    plan = warmup_cosine(peak, rise, total, floor=share * peak)
    found = identify(logged(plan, total, rounding))
    holds(found, "cosine with warmup", peak=peak, total_steps=total)
    if rounding == "float64":
        values = found.parts[0].parameters
        assert values["warmup_steps"].value == rise
        assert values["total_steps"].value == total
        assert values["peak"].value == peak


@given(PEAKS, st.integers(80, 400), st.sampled_from(["float64", "float32", "3 digits"]))
@settings(max_examples=8, deadline=None)
def test_curves_without_a_warmup(peak, total, rounding):
    holds(identify(logged(linear(peak, total), total, rounding)), "linear decay", total_steps=total)
    holds(identify(logged(cosine(peak, total), total, rounding)), "cosine", total_steps=total)
    found = identify(logged(polynomial(peak, total, 2.0), total, rounding))
    holds(found, "polynomial", peak=peak)
    found = identify(logged(exponential(peak, 0.99), total, rounding))
    holds(found, "exponential", peak=peak, gamma=0.99)
    holds(identify(logged(constant(peak), total, rounding)), "constant", peak=peak)


@given(
    PEAKS,
    st.integers(5, 40),
    st.integers(40, 200),
    st.integers(40, 200),
    st.sampled_from(["linear", "cosine", "1-sqrt"]),
)
@settings(max_examples=8, deadline=None)
def test_warmup_stable_decay(peak, rise, stable, fall, shape):
    total = rise + stable + fall
    plan = wsd(peak, rise, total, fall, shape)
    found = identify(logged(plan, total, "float64"))
    holds(found, f"WSD, {shape} decay", peak=peak, decay_from=total - fall, total_steps=total)


@given(
    PEAKS,
    st.lists(st.integers(20, 380), min_size=1, max_size=3, unique=True).filter(
        lambda places: min(np.diff([0, *sorted(places), 400])) >= 10
    ),
    st.sampled_from([0.1, 0.5, 0.2]),
    ROUNDINGS,
)
@settings(max_examples=8, deadline=None)
def test_drops_lie_between_the_rows_that_show_them(peak, places, drop, rounding):
    found = identify(logged(multi_step(peak, sorted(places), drop), 400, rounding))
    true = {f"milestone_{n}": place for n, place in enumerate(sorted(places), 1)}
    holds(found, "multi-step", peak=peak, **true)


@pytest.mark.parametrize("lag", [0, 1])
@pytest.mark.parametrize("name", ["linear", "cosine"])
@given(peak=PEAKS, rise=st.integers(3, 50), fall=st.integers(60, 300))
@settings(max_examples=8, deadline=None)
def test_transformers_warmup_starts_at_zero_and_tells_the_lag(name, lag, peak, rise, fall):
    total = rise + fall
    plan = from_library(
        f"transformers.get_{name}_schedule_with_warmup",
        base_lr=peak,
        num_warmup_steps=rise,
        num_training_steps=total,
    )
    at = np.arange(1, total + 1)
    log = RateLog(
        rates=[plan(at - lag)],
        at=at,
        lags=(1, 0),
        format="Hugging Face trainer_state.json",
        settings={"total_steps": total},
    )
    found = identify(log)
    family = {"linear": "linear decay with warmup", "cosine": "cosine with warmup"}[name]
    holds(found, family, peak=peak, warmup_steps=rise, total_steps=total)
    assert found.parts[0].lag == lag
    assert found.parts[0].convention == "warmup t / W"
    assert f"num_warmup_steps={rise}, num_training_steps={total}" in found.call


@given(
    st.lists(st.integers(1, 399), max_size=4, unique=True),
    st.integers(2, 80),
    st.sampled_from(["linear", "cosine"]),
)
@settings(max_examples=12, deadline=None)
def test_skipped_updates_are_read_off_the_rows(skips, rise, name):
    at = np.arange(1, 401)
    lags = 1 + np.array([sum(skip < row for skip in skips) for row in at])
    plan = from_library(
        f"transformers.get_{name}_schedule_with_warmup",
        base_lr=5e-5,
        num_warmup_steps=rise,
        num_training_steps=450,
    )
    log = RateLog(
        rates=[plan(at - lags)],
        at=at,
        lags=(1, 0),
        format="Hugging Face trainer_state.json",
        settings={"total_steps": 450},
    )
    found = identify(log)
    assert len(found.parts) == 1
    part = found.parts[0]
    assert part.parameters["warmup_steps"].value == rise
    read = np.full(400, part.lag)
    for row, lag in part.skipped:
        read[row:] = lag
    assert np.allclose(part.rate_at(at - read), log.rates[0], rtol=1e-11, atol=0)
    assert np.array_equal(read[1:], lags[1:])


@pytest.mark.parametrize(
    ("name", "arguments", "family", "call"),
    [
        ("torch.OneCycleLR", {"max_lr": 0.1, "total_steps": 200}, "one cycle", "total_steps=200"),
        ("torch.CosineAnnealingLR", {"T_max": 100}, "cosine that climbs again", "T_max=100"),
        ("torch.StepLR", {"step_size": 30, "gamma": 0.1}, "step decay", "gamma=0.1"),
        ("torch.ExponentialLR", {"gamma": 0.98}, "exponential", "gamma=0.98"),
        ("torch.PolynomialLR", {"total_iters": 150, "power": 2.0}, "polynomial", "power=2"),
        (
            "torch.CosineAnnealingWarmRestarts",
            {"T_0": 30, "T_mult": 2},
            "cosine restarts",
            "T_0=30, T_mult=2",
        ),
        (
            "torch.CyclicLR",
            {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 25},
            "triangular",
            "step_size_up=25",
        ),
        (
            "transformers.get_inverse_sqrt_schedule",
            {"num_warmup_steps": 20},
            "inverse sqrt with warmup",
            "num_warmup_steps=20",
        ),
        (
            "transformers.get_cosine_with_hard_restarts_schedule_with_warmup",
            {"num_warmup_steps": 20, "num_training_steps": 200, "num_cycles": 3},
            "cosine restarts with warmup",
            "num_cycles=3",
        ),
        (
            "transformers.get_polynomial_decay_schedule_with_warmup",
            {"num_warmup_steps": 20, "num_training_steps": 199, "lr_end": 1e-6, "power": 1.0},
            "linear decay with warmup",
            "lr_end=1e-06",
        ),
    ],
)
def test_curves_of_libraries(name, arguments, family, call):
    plan = from_library(name, **{"base_lr": 0.1, **arguments})
    at = np.arange(199)
    total = {"total_steps": 200} if "restarts" in name else {}
    found = identify(RateLog(rates=[plan(at)], at=at, lags=(0,), settings=total))
    holds(found, family)
    assert found.residual < 1e-9
    assert call in found.call


def test_a_plan_by_epoch_stands_still_between_the_epochs():
    plan, at = cosine(1e-3, 20, floor=1e-5), np.arange(49, 20 * 137, 50)
    found = identify(RateLog(rates=[plan(at // 137)], at=at, lags=(0,)))
    holds(found, "cosine", peak=1e-3, floor=1e-5, total_steps=20 * 137, steps_per_epoch=137)
    assert "once per epoch" in found.call


def test_means_over_epochs_are_near_the_rates_in_their_middle():
    x = np.arange(50)[:, None] + np.arange(200) / 200
    rates = np.where(x < 5, 1e-3 * x / 5, 5e-4 * (1 + np.cos(np.pi * (x - 5) / 45))).mean(axis=1)
    log = RateLog(
        rates=[rates],
        at=np.arange(50),
        unit="epoch",
        lags=(0, 1, -0.5),
        format="DeiT or MAE log.txt",
        settings={"epochs": 50},
    )
    found = identify(log)
    assert found.parts[0].lag == -0.5
    values = {name: value.value for name, value in found.parts[0].parameters.items()}
    assert values == {"peak": 1e-3, "warmup_steps": 5.0, "total_steps": 50.0}


def test_the_last_printed_digit_makes_no_staircase():
    at = np.arange(0, 300, 10)
    log = RateLog(rates=[printed(cosine(3e-4, 5000)(at), 3)], at=at, lags=(0,))
    assert identify(log).parts[0].family not in ("multi-step", "step decay")


def test_timm_counts_the_decay_from_zero():
    plan = from_library(
        "timm.CosineLRScheduler",
        base_lr=7e-5,
        t_initial=100,
        lr_min=3e-6,
        warmup_t=10,
        warmup_lr_init=4e-7,
    )
    at = np.arange(1, 110)  # timm's first update has the optimizer's own rate
    log = RateLog(rates=[plan(at)], at=at, lags=(0,), unit="epoch", format="timm summary.csv")
    found = identify(log)
    holds(found, "cosine with warmup", peak=7e-5, warmup_steps=10, total_steps=100, floor=3e-6)
    assert "counts from t = 0" in found.parts[0].convention


def yolo_rates(peak, end, epochs, batches, cosine=False, late=0, bias=0.0):
    """The loop of the trainers themselves, iteration by iteration."""

    def share(x):
        if cosine:
            return (1 - math.cos(x * math.pi / epochs)) / 2 * (end - 1) + 1
        return (1 - x / epochs) * (1 - end) + end

    warm, rates = max(round(3 * batches), 100), []
    for epoch in range(epochs):
        rate = peak * share(max(epoch - late, 0))
        for i in range(batches):
            n = i + batches * epoch
            if n <= warm:
                rate = float(np.interp(n, [0, warm], [bias, peak * share(epoch)]))
        rates.append(float(f"{rate:.6g}"))
    return rates


@pytest.mark.parametrize("cosine", [False, True])
@pytest.mark.parametrize(("batches", "late"), [(14, 0), (80, 0), (500, 0), (26, 1)])
def test_yolo_warms_up_by_iteration(batches, late, cosine):
    rates = yolo_rates(0.01, 0.01, 40, batches, cosine, late)
    log = RateLog(
        rates=[rates],
        at=np.arange(40) + (1 - late),
        unit="epoch",
        lags=(1, 2) if not late else (1, 0),
        format="Ultralytics results.csv" if not late else "YOLOv5 or YOLOv9 results.csv",
        settings={"epochs": 40, "lrf": 0.01},
    )
    found = identify(log)
    family = "YOLO cosine" if cosine else "YOLO linear decay"
    holds(found, family, peak=0.01, floor=1e-4, total_steps=40, batches=batches)


def test_a_resume_with_another_length_makes_two_parts():
    first, second = warmup_linear(2e-4, 5, 300), warmup_linear(2e-4, 5, 800)
    at = np.arange(500)
    rates = np.where(at < 300, first(at), second(at))
    found = identify(RateLog(rates=[rates], at=at, lags=(0,), settings={"total_steps": 800}))
    assert [(part.first, part.end) for part in found.parts] == [(0, 300), (300, 500)]
    assert [part.parameters["total_steps"].value for part in found.parts] == [300, 800]
    assert found.residual < 1e-9


def test_runs_in_one_file_are_parts_and_rows_logged_twice_are_none():
    plan = warmup_cosine(1e-3, 10, 100)
    once = np.arange(100)
    found = identify(RateLog(rates=[plan(np.tile(once, 3))], at=np.tile(once, 3), lags=(0,)))
    assert [part.first for part in found.parts] == [0, 100, 200]
    twice = np.concatenate([np.arange(60), np.arange(55, 100)])
    found = identify(RateLog(rates=[plan(twice)], at=twice, lags=(0,)))
    assert [(part.first, part.end) for part in found.parts] == [(0, 105)]


def test_a_plateau_rule_is_known_by_its_metric():
    rng = np.random.default_rng(3)
    losses = np.concatenate([np.linspace(2, 1, 12), 1 + 0.2 * rng.random(28)])
    rates, rate, best, bad = [], 1e-3, math.inf, 0
    for loss in losses:
        rates.append(rate)
        best, bad = (loss, 0) if loss < best * (1 - 1e-4) else (best, bad + 1)
        if bad > 4:
            rate, bad = rate * 0.5, 0
    log = RateLog(
        rates=[rates], at=np.arange(1, 41), unit="epoch", lags=(1, 0), metrics={"val_loss": losses}
    )
    holds(identify(log), "reduce on plateau", peak=1e-3, factor=0.5, patience=4)


def test_stable_baselines_lags_by_rollouts_and_evaluations():
    at = np.array([4096, 6144, 8192, 10000, 12288, 14336, 20000, *range(22528, 400_000, 2048)])
    done = 2048 * (np.arange(at.size) + 1)
    done = np.minimum(done, at - 2048)
    rates = 3e-4 * (1 - done / 1_000_000)
    log = RateLog(rates=[rates], at=at, unit="environment step", lags=(2048, 0), settings={})
    found = identify(log)
    assert found.parts[0].family == "linear decay"
    assert found.parts[0].parameters["peak"].value == pytest.approx(3e-4)
    assert found.residual < 1e-2


def test_a_group_that_is_not_there():
    log = RateLog(rates=[[0.1, 0.1]], at=[0, 1])
    with pytest.raises(ValueError, match="group must be < 1"):
        identify(log, group=1)
    with pytest.raises(TypeError, match="group"):
        identify(log, group=0.5)


def test_each_group_is_identified_by_itself():
    at = np.arange(200)
    log = RateLog(rates=[warmup_cosine(1e-3, 10, 200)(at), linear(0.1, 200)(at)], at=at, lags=(0,))
    families = [identify(log, group=group).parts[0].family for group in (0, 1)]
    assert families == ["cosine with warmup", "linear decay"]


def test_digits_after_the_point_and_digits_in_all_are_not_confused():
    x = np.arange(1, 101)
    rates = np.where(x <= 5, 1e-3 * x / 5, 5e-4 * (1 + np.cos(np.pi * (x - 5) / 95)))
    six_decimals = RateLog(rates=[np.round(rates, 6)], at=x, lags=(0,))
    assert str(six_decimals.precision) == "rounded to 6 decimals"
    holds(identify(six_decimals), "cosine with warmup", peak=1e-3, total_steps=100)
    six_digits = RateLog(rates=[printed(1e-3 * np.linspace(1, 0.03, 60) ** 1.1, 6)], at=x[:60])
    assert str(six_digits.precision) == "rounded to 6 significant digits"


def test_mmcv_scales_the_decay_while_it_warms_up():
    at = np.arange(50, 12_001, 50)
    t = at - 1
    rates = 1e-4 + (0.01 - 1e-4) * (1 - t / 12_000) ** 0.9
    rates = np.where(t < 1500, rates * (1 - (1 - t / 1500) * (1 - 1e-3)), rates)
    log = RateLog(rates=[rates], at=at, lags=(1,), format="MMCV .log.json")
    found = identify(log)
    holds(found, "polynomial with warmup", peak=0.01, warmup_steps=1500, total_steps=12_000)
    assert "PolyLR(eta_min=0.0001, power=0.9" in found.call


def test_the_solver_prints_nothing(capfd, tmp_path):
    # A value without a bound, over which HiGHS' presolve fails and says so on the terminal.
    path = tmp_path / "rates.csv"
    rows = [f"{k},0.{k}" for k in range(1, 11)]
    path.write_text("\n".join(["iteration,lr", *rows, ""]), encoding="utf-8")
    log = read_log(path)
    assert str(log.precision) == "rounded to 1 significant digit"
    assert identify(log).parts
    assert capfd.readouterr() == ("", "")
