"""Curves as single tools make them are identified from small logs in the tools' own forms."""

import ast
import math

import numpy as np
import pytest

from course_lib.diagnose import (
    RateLog,
    describe,
    diagnose,
    from_entry,
    identify,
    read_log,
    read_plan,
)
from course_lib.diagnose.examples import example_log
from course_lib.libraries import from_library


def half_cosine(share):
    return 0.5 * (1.0 + math.cos(math.pi * share))


def entry(kind, rates, **columns):
    return from_entry({"format": kind, "lr": {"lr": list(rates)}, **columns})


def values_of(found):
    assert len(found.parts) == 1, found.cannot_tell
    return {name: p.value for name, p in found.parts[0].parameters.items()}


def one_cycle(t, total, peak):
    top, start = 0.3 * total - 1, peak / 25
    if t <= top:
        return peak + (start - peak) * half_cosine(t / top)
    low = start / 1e4
    return low + (peak - low) * half_cosine((t - top) / (total - 1 - top))


def test_a_one_cycle_for_updates_that_lightning_advanced_once_an_epoch():
    found = diagnose(read_log(example_log("metrics.csv")))
    assert found.parts[0].family == "one cycle"
    values = values_of(found)
    assert (values["total_steps"], values["steps_per_epoch"]) == (400, 20)
    assert values["peak"] == pytest.approx(1e-3)
    assert values["warmup_start"] == pytest.approx(1e-3 / 25)
    problem = next(o for o in found.oddities if o.code == "counts-epochs")
    assert problem.problem
    assert "20 of its 400 steps" in problem.message
    assert "OneCycleLR" in found.call
    assert "once per epoch of 20 updates" in found.call


@pytest.mark.parametrize("every", [20, 100])
def test_such_a_cycle_with_one_or_several_rows_an_epoch(every):
    steps = range(0, 3000, every)
    rates = [one_cycle(s // 100, 1000, 3e-3) for s in steps]
    found = diagnose(entry("lightning_csvlogger", rates, step=list(steps)))
    values = values_of(found)
    assert (values["total_steps"], values["steps_per_epoch"]) == (1000, 100)
    assert "counts-epochs" in [o.code for o in found.oddities]


def test_a_one_cycle_by_update_stays_one_of_updates():
    steps = range(49, 2000, 50)
    found = diagnose(
        entry("lightning_csvlogger", [one_cycle(s, 2000, 0.01) for s in steps], step=list(steps))
    )
    values = values_of(found)
    assert values["total_steps"] == 2000
    assert "steps_per_epoch" not in values
    assert not [o for o in found.oddities if o.problem]


def test_a_plateau_rule_far_below_the_peak():
    found = diagnose(read_log(example_log("training_log.csv")))
    assert found.parts[0].family == "reduce on plateau"
    values = values_of(found)
    assert (values["factor"], values["patience"]) == (0.2, 3)
    assert found.call.startswith("keras.callbacks.ReduceLROnPlateau(factor=0.2, patience=3)")
    text = describe(found)
    assert "16: 14, 17, 20, 23, 26, … 59" in text
    assert "milestone" not in text
    assert "All 16 drops" in text


def plateau(metric, factor, patience, cooldown, floor):
    """Keras' ReduceLROnPlateau with its min_delta of 1e-4."""
    rate, best, waited, resting, out = 1e-3, math.inf, 0, 0, []
    for value in metric:
        out.append(rate)
        if resting:
            resting, waited = resting - 1, 0
        if value < best - 1e-4:
            best, waited = value, 0
        elif not resting:
            waited += 1
            if waited >= patience and rate > floor:
                rate = max(float(np.float32(rate * factor)), floor)
                resting, waited = cooldown, 0
    return [float(np.float32(rate)) for rate in out]


@pytest.mark.parametrize(("cooldown", "floor"), [(0, 1e-5), (3, 1e-5), (2, 0.0)])
def test_a_plateau_rule_with_a_floor_and_a_cooldown(cooldown, floor):
    noise = np.random.default_rng(5).normal(0, 0.02, 80)
    metric = [float(v) for v in 0.5 + 0.9 ** np.arange(80) + noise]
    rates = plateau(metric, 0.3, 4, cooldown, floor)
    log = entry(
        "keras_csvlogger", rates, epoch=list(range(80)), loss=metric, other={"val_loss": metric}
    )
    found = diagnose(log)
    values = values_of(found)
    assert found.parts[0].family == "reduce on plateau"
    assert values["factor"] == pytest.approx(0.3)
    assert values["patience"] == 4
    if floor:
        assert values["floor"] == pytest.approx(floor)


def test_inverse_time_decay_of_keras():
    epochs = list(range(40))
    rates = [float(np.float32(0.1 / (1 + 0.5 * e / 8))) for e in epochs]
    found = identify(entry("keras_csvlogger", rates, epoch=epochs))
    assert found.parts[0].family == "inverse time"
    assert values_of(found) == {"peak": 0.1, "timescale": 16.0}
    assert found.parts[0].schedule(np.arange(40)) == pytest.approx(rates)
    assert "InverseTimeDecay(0.1, decay_steps=16, decay_rate=1)" in found.call


def test_inverse_time_decay_in_stairs_of_some_updates():
    steps = list(range(0, 1000, 10))
    rates = [0.1 / (1 + 0.5 * (s // 100)) for s in steps]
    found = identify(entry("json_rows", rates, step=steps))
    assert found.parts[0].family == "inverse time"
    assert values_of(found) == {"peak": 0.1, "timescale": 200.0, "steps_per_epoch": 100.0}
    assert found.parts[0].schedule(np.array(steps)) == pytest.approx(rates)
    assert "1 / (1 + t / 2)" in found.call
    assert "once per epoch of 100 updates" in found.call


@pytest.mark.parametrize("power", [0.5, 2.0])
def test_other_powers_of_the_time_are_no_inverse_time(power):
    rates = [0.1 / (1 + s / 20) ** power for s in range(100)]
    found = identify(entry("json_rows", rates, step=list(range(100))))
    assert "inverse time" not in [part.family for part in found.parts]


def restarts(periods, weights, steps, peak=4e-4, low=1e-7):
    """MMCV's CosineRestart, whose cycles have lengths and weights of their own."""
    ends, rates = np.cumsum(periods), []
    for step in steps:
        cycle = min(int(np.searchsorted(ends, step, side="right")), len(periods) - 1)
        share = min((step - ends[cycle] + periods[cycle]) / periods[cycle], 1.0)
        rates.append(low + weights[cycle] * (peak - low) * half_cosine(share))
    return rates


@pytest.mark.parametrize("digits", [17, 5, 3])
@pytest.mark.parametrize("lengths", [(250, 250, 250, 250), (100, 200, 300, 400)])
@pytest.mark.parametrize("weights", [(1.0, 0.5, 0.5, 0.5), (1.0, 0.7, 1.0, 0.25)])
def test_restarts_with_a_list_of_lengths_and_weights(lengths, weights, digits):
    at = list(range(1, 952, 10))  # the last cycle goes on after the rows
    rates = [
        float(f"{rate:.{digits}g}") for rate in restarts(lengths, weights, [s - 1 for s in at])
    ]
    found = diagnose(entry("mmcv_log_json", rates, step=at))
    assert found.parts[0].family == "cosine restarts"
    values = values_of(found)
    assert [values[f"period_{n}"] for n in (1, 2, 3, 4)] == list(lengths)
    assert [values[f"weight_{n}"] for n in (2, 3, 4)] == list(weights[1:])
    assert (values["peak"], values["floor"]) == pytest.approx((4e-4, 1e-7), rel=1e-3)
    steps = np.arange(1001)
    assert found.parts[0].schedule(steps) == pytest.approx(
        restarts(lengths, weights, steps), rel=1e-2
    )
    assert f"periods={list(lengths)}, restart_weights={list(weights)}" in found.call
    assert not [oddity for oddity in found.oddities if oddity.problem]


def test_equal_restarts_are_written_as_mmcv_takes_them():
    at = list(range(1, 1001, 10))
    rates = restarts((250,) * 4, (1.0,) * 4, [s - 1 for s in at])
    found = identify(entry("mmcv_log_json", rates, step=at))
    assert values_of(found)["period"] == 250
    assert "CosineRestartLR(periods=[250, …], eta_min=1e-07, by_epoch=False)" in found.call


def test_two_cosines_of_different_heights_are_two_schedules():
    at = list(range(1, 501, 10))
    rates = restarts((200, 300), (1.0, 0.6), [s - 1 for s in at])
    found = identify(entry("mmcv_log_json", rates, step=at))
    assert [part.family for part in found.parts] == ["cosine", "cosine"]


def test_even_drops_from_epoch_nine_on_are_a_step_decay_of_ten_epochs():
    rates = [float(np.float32(0.1 * 0.5 ** ((1 + e) // 10))) for e in range(60)]
    found = identify(entry("keras_csvlogger", rates, epoch=list(range(60))))
    assert found.parts[0].family == "step decay"
    assert values_of(found)["step_size"] == 10


def test_steps_of_timm_of_which_the_first_lie_in_the_warmup():
    rates = [
        1e-6 + (0.048 - 1e-6) * e / 3 if e < 3 else 0.048 * 0.97 ** (e // 2.4) for e in range(90)
    ]
    found = identify(entry("timm_summary", rates, epoch=list(range(90))))
    values = values_of(found)
    assert found.parts[0].family == "step decay with warmup"
    assert values["peak"] == pytest.approx(0.048)
    assert values["step_size"] == 2.4
    assert values["warmup_steps"] == 3
    assert values["factor"] == 0.97


@pytest.mark.parametrize("rows", ["all", "warmup"])
def test_the_parabola_of_yolox(rows):
    per_epoch, warm, end, flat = 80, 5, 20, 4
    total, rise = per_epoch * (end - flat), per_epoch * warm
    rates, epochs, iters = [], [], []
    for epoch in range(end if rows == "all" else warm):
        for i in range(10, per_epoch + 1, 10):
            t = epoch * per_epoch + i
            fall = 0.01 * (0.05 + 0.95 * half_cosine(min(1, (t - rise) / (total - rise))))
            rate = 0.01 * (t / rise) ** 2 if t <= rise else fall
            rates.append(float(f"{rate:.3e}"))
            epochs.append(epoch + 1)
            iters.append(i)
    settings = {"warmup_epochs": warm, "max_epoch": end, "iters_per_epoch_seen": [per_epoch]}
    found = identify(entry("yolox_train_log", rates, epoch=epochs, step=iters, other=settings))
    family = "cosine with warmup" if rows == "all" else "quadratic warmup"
    assert found.parts[0].family == family, found.cannot_tell
    values = values_of(found)
    assert values["peak"] == pytest.approx(0.01, rel=1e-3)
    assert values["warmup_steps"] == pytest.approx(rise, rel=0.01)


def detectron2_cosine(t, base=0.02, warmup=1000, total=9000):
    if t < warmup:
        return base * (0.001 + (half_cosine(warmup / total) - 0.001) * t / warmup)
    return base * half_cosine(t / total)


def mmcv_polynomial(t, base=0.01, warmup=500, total=10000):
    rate = 1e-4 + (base - 1e-4) * (1 - t / total) ** 0.9
    return rate * 0.01 ** (1 - t / warmup) if t < warmup else rate


def timm_tanh(t, base=1e-3, total=100):
    return 1e-5 + (base - 1e-5) * 0.5 * (1 - math.tanh(-7 + 10 * t / total))


def timm_late(t, base=1e-3, total=100):
    return 1e-5 + (base - 1e-5) * half_cosine((t / total) ** 1.5)


def timm_cycles(t, base=1e-3, length=30):
    return 1e-5 + (base * 0.5 ** (t // length) - 1e-5) * half_cosine(t % length / length)


def cyclic(t, low=1e-4, high=1e-3, half=100):
    height = max(0.0, 1 - abs(t / half - 2 * math.floor(1 + t / (2 * half)) + 1))
    return low + (high - low) * height * 0.999**t


@pytest.mark.parametrize(
    ("rate", "times", "family", "true"),
    [
        (detectron2_cosine, range(19, 9000, 20), "cosine with warmup", {"total_steps": 9000}),
        (mmcv_polynomial, range(49, 10000, 50), "polynomial with warmup", {"power": 0.9}),
        (timm_tanh, range(100), "tanh", {"total_steps": 100}),
        (timm_late, range(100), "cosine of a power", {"power": 1.5}),
        (timm_cycles, range(90), "cosine restarts", {"period": 30, "shrink": 0.5}),
        (cyclic, range(0, 1000, 10), "triangular", {"period": 200, "gamma": 0.999}),
    ],
)
def test_curves_that_one_tool_has(rate, times, family, true):
    found = identify(RateLog([[rate(t) for t in times]], at=list(times), lags=(0,)))
    assert [part.family for part in found.parts] == [family], found.cannot_tell
    values = values_of(found)
    for name, value in true.items():
        assert values[name] == pytest.approx(value, rel=1e-6)
    assert found.residual < 1e-9


def test_skipped_updates_under_a_cosine_with_a_floor():
    def planned(t):
        return 2e-4 * (t / 90 if t < 90 else 0.1 + 0.9 * half_cosine((t - 90) / 2910))

    steps = list(range(20, 3001, 20))
    rates = [planned(s - sum(k <= s for k in (1, 2, 1111, 2222))) for s in steps]
    log = entry("hf_trainer_state", rates, step=steps, other={"max_steps": 3000})
    found = identify(log)
    assert values_of(found)["floor"] == pytest.approx(2e-5)
    assert [lag for _, lag in found.parts[0].skipped] == [3, 4]


def test_skipped_updates_after_a_warmup_from_above_zero():
    at = np.arange(1, 3001)
    t = at - 1 - np.searchsorted([5, 6, 700, 2000], at, side="right")
    rise = 1e-6 + (1e-3 - 1e-6) * t / 200
    rates = np.where(t < 200, rise, 5e-4 * (1 + np.cos(np.pi * (t - 200) / 2800)))
    log = entry("hf_trainer_state", rates.tolist(), step=at.tolist(), other={"max_steps": 3000})
    found = identify(log)
    values = values_of(found)
    assert values["warmup_start"] == pytest.approx(1e-6)
    assert values["warmup_steps"] == 200
    assert found.parts[0].skipped[-1][1] == 5


def test_a_warmup_by_iteration_before_a_cosine_by_epoch():
    def rate(t):
        return 1e-3 * half_cosine(t // 250 / 20) * min(1.0, 0.01 + 0.99 * t / 499)

    steps = list(range(50, 5001, 50))
    found = identify(entry("mmengine_scalars_json", [rate(s - 1) for s in steps], step=steps))
    values = values_of(found)
    assert values["warmup_steps"] == 499
    assert values["total_steps"] == pytest.approx(5000, rel=0.01)
    assert found.residual < 1e-9


MMENGINE = [
    [{"type": "PolyLR", "eta_min": 1e-4, "power": 0.9, "end": 900}],
    [
        {"type": "LinearLR", "start_factor": 0.01, "end": 20},
        {"type": "CosineAnnealingLR", "eta_min": 1e-4, "begin": 400, "end": 900},
    ],
    [
        {"type": "LinearLR", "start_factor": 0.01, "end": 20},
        {"type": "MultiStepLR", "milestones": [300, 600], "gamma": 0.1},
    ],
]


@pytest.mark.parametrize("schedulers", MMENGINE, ids=["poly", "cosine", "steps"])
@pytest.mark.parametrize("by_epoch", [False, True])
def test_mmengines_schedulers_are_printed_as_it_takes_them(schedulers, by_epoch):
    clock = {"batches_per_epoch": 1, "base_lr": 0.01}

    def rates_of(given):
        given = [{**one, "by_epoch": by_epoch} for one in given]
        return from_library("mmengine.param_scheduler", param_scheduler=given, **clock)(range(900))

    counter = {"epoch": list(range(1, 901)), "step": None} if by_epoch else {}
    rates = rates_of(schedulers).tolist()
    log = entry("mmengine_scalars_json", rates, **{"step": list(range(1, 901)), **counter})
    call = identify(log).call
    assert read_plan(call, log=log).rate_at(range(900)) == pytest.approx(rates, rel=1e-6)
    assert call.count("by_epoch=False") == (0 if by_epoch else len(schedulers))
    printed = [
        {"type": one.func.id, **{word.arg: ast.literal_eval(word.value) for word in one.keywords}}
        for one in ast.parse(f"[{call}\n]", mode="eval").body.elts
    ]
    printed = [{key: one[key] for key in one if key != "by_epoch"} for one in printed]
    assert rates_of(printed) == pytest.approx(rates, rel=1e-6)


def test_noise_is_no_curve():
    rates = np.random.default_rng(0).uniform(1e-5, 1e-3, 500)
    assert not identify(RateLog([rates], at=range(500))).parts
