"""What lint says: each code with a schedule that deserves it and one that just does not."""

import math
import time
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.lint import Finding, lint
from course_lib.schedules import (
    Phase,
    Schedule,
    constant,
    cosine,
    cosine_restarts,
    exponential,
    inverse_sqrt,
    inverse_time,
    join,
    linear,
    multi_step,
    one_cycle,
    polynomial,
    step_decay,
    transformer,
    triangular,
    warmup,
    warmup_cosine,
    warmup_linear,
    wsd,
)
from course_lib.schedules.shapes import Cosine, CosineWave, Polynomial

HEALTHY = [
    (constant(0.1), 1000),
    (step_decay(0.1, 0.1, 30), 90),
    (step_decay(0.1, 0.5, 100), 1000),
    (multi_step(0.1, [30_000, 60_000, 80_000]), 90_000),
    (exponential(0.1, 0.999), 5000),
    (inverse_sqrt(0.1, 100), 10_000),
    (inverse_time(0.1, 0.01), 1000),
    (transformer(512), 100_000),
    (linear(0.1, 1000), 1000),
    (linear(0.1, 10), 10),
    (linear(0.1, 1000, 0.01), 1000),
    (polynomial(0.1, 1000), 1000),
    (polynomial(0.1, 10_000, 3.0), 10_000),
    (cosine(0.1, 100), 100),
    (cosine(0.1, 100_000), 100_000),
    (cosine(0.1, 1000, 0.001), 1000),
    (cosine_restarts(0.1, 100), 400),
    (cosine_restarts(0.1, 100, mult=2, floor=0.001), 700),
    (warmup(constant(0.1), 100), 10_000),
    (warmup(step_decay(0.1, 0.1, 300), 50), 950),
    (warmup_cosine(0.1, 10, 100), 100),
    (warmup_cosine(0.1, 5, 50), 50),
    (warmup_cosine(6e-4, 375, 300_000, 6e-5), 300_000),
    (warmup_linear(1e-4, 10_000, 1_000_000), 1_000_000),
    (warmup(cosine(0.1, 900), 100, start=1e-8), 1000),
    (triangular(0.1, 0.01, 200), 1000),
    (triangular(0.1, 0.01, 25), 1000),
    (triangular(0.1, 0.01, 200, "triangular2"), 1000),
    (triangular(0.1, 0.01, 200, "exp_range", gamma=0.999), 1000),
    (one_cycle(0.1, 100), 100),
    (one_cycle(0.1, 10_000), 10_000),
    (one_cycle(0.1, 1000, three_phase=True), 1000),
    (one_cycle(0.1, 1000, anneal="linear"), 1000),
    (wsd(0.1, 100, 1000, 200), 1000),
    (wsd(0.1, 100, 1000, 200, "1-sqrt"), 1000),
    (wsd(0.1, 100, 1000, 200, "cosine"), 1000),
    (wsd(0.1, 100, 1000, 200, "exp", floor=1e-4), 1000),
    (wsd(0.1, 100, 1000, 200).branch(500, 100), 600),
]


def codes(*args, **options):
    return [finding.code for finding in lint(*args, **options)]


def lambda_of(schedule):
    """The same schedule as a function of one int, as anybody may write it."""
    return lambda step: float(schedule(step))


@pytest.mark.parametrize(("schedule", "total"), HEALTHY, ids=lambda x: getattr(x, "name", None))
def test_a_healthy_schedule_has_no_finding(schedule, total):
    assert [str(finding) for finding in lint(schedule, total)] == []


@pytest.mark.parametrize(("schedule", "total"), HEALTHY, ids=lambda x: getattr(x, "name", None))
def test_nor_has_its_record_nor_a_function_that_takes_one_step_at_a_time(schedule, total):
    rates = schedule(np.arange(total)).tolist()
    assert codes(rates, total, floor=rates[-1]) == []
    if total <= 1000:
        assert codes(lambda_of(schedule), total) == []


def optax_rate(peak, warmup_steps, decay_steps):
    """optax.warmup_cosine_decay_schedule(0, peak, warmup_steps, decay_steps)."""

    def rate(step):
        if step < warmup_steps:
            return peak * step / warmup_steps
        done = min(1.0, (step - warmup_steps) / (decay_steps - warmup_steps))
        return peak * 0.5 * (1.0 + math.cos(math.pi * done))

    return rate


def torch_cosine(step):
    return 0.1 * 0.5 * (1.0 + math.cos(math.pi * step / 100))


def timm_rate(step, prefix):
    """CosineLRScheduler(t_initial=100, warmup_t=10): without prefix the cosine starts early."""
    if step < 10:
        return 0.1 * (step + 1) / 11
    done = (step - 10) / 90 if prefix else step / 100
    return 0.05 * (1.0 + math.cos(math.pi * min(1.0, done)))


def unclamped_linear(step):
    return 0.1 * (1 - step / 100)


def clobbered_warmup(factor):
    """A warmup that ends `factor` times below the phase that follows, as behind OneCycleLR."""
    low = 0.1 / factor
    rise = Phase(100, low / 100, low, Polynomial())
    return Schedule((rise, Phase(900, 0.1, 0.0, Cosine())))


TRIGGERS = {
    "negative": [
        (unclamped_linear, 100, {}),
        ([0.1, -1e-9, 0.1], 3, {}),
        (Schedule((Phase(100, 0.1, -0.001, Polynomial()),)), 100, {}),
    ],
    "not-finite": [([0.1, math.nan, 0.1], 3, {}), ([0.1, 0.1, math.inf], 3, {})],
    "horizon-mismatch": [
        (warmup_cosine(0.1, 100, 1000), 1000, {"loop_steps": 250}),
        (warmup_cosine(0.1, 100, 1000), 1000, {"loop_steps": 1001}),
        (cosine(0.1, 1000), 900, {}),
        (lambda step: 0.1, 1000, {"loop_steps": 999}),
        ([0.1] * 90, 100, {}),
    ],
    "first-update-zero": [
        (warmup(cosine(0.1, 900), 100, start=0.0), 1000, {}),
        ([0.0, 0.1, 0.1], 3, {}),
        (constant(0.0), 10, {}),
    ],
    "rises-after-end": [
        (torch_cosine, 100, {}),
        ([torch_cosine(step) for step in range(106)], 100, {}),
        (Schedule((Phase(math.inf, 0.1, 0.0, CosineWave(100_000)),)), 100_000, {}),
        (cosine_restarts(0.1, 100), 100, {}),
    ],
    "jump": [
        (clobbered_warmup(25), 1000, {}),
        ([0.1] * 50 + [0.1 / 25] * 50, 100, {}),
        ([0.1] * 50 + [0.0] + [0.1] * 49, 100, {}),
        (multi_step(0.1, [500], drop=0.1), 1000, {"max_jump": 5}),
    ],
    "dead-tail": [
        (optax_rate(0.1, 10, 90), 100, {}),
        (optax_rate(0.1, 375, 300_000 - 375), 300_000, {}),
        ([0.1] * 998 + [0.0, 0.0], 1000, {}),
        (exponential(0.1, 0.9), 1000, {}),
    ],
    "floor-never-reached": [
        (warmup_cosine(0.1, 100, 1100, 0.001), 900, {"floor": 0.001}),
        (cosine(0.1, 1000, 0.01), 1000, {"floor": 0.001}),
        ([0.1, 0.08, 0.05], 3, {"floor": 0.0}),
    ],
    "peak-never-reached": [
        (lambda step: timm_rate(step, prefix=False), 100, {"peak_lr": 0.1}),
        (warmup(constant(0.1), 500), 400, {}),
        (clobbered_warmup(25), 99, {}),
    ],
    "warmup-too-long": [
        (warmup_cosine(0.1, 340, 1000), 1000, {}),
        (warmup(constant(0.1), 500), 1000, {}),
    ],
    "warmup-too-short": [
        (warmup_cosine(0.1, 8, 1000), 1000, {}),
        (lambda step: 0.1 * min(1.0, (step + 1) / 9), 1000, {}),
    ],
    "early-drop": [
        (multi_step(0.1, [240]), 1000, {}),
        (step_decay(0.1, 0.1, 30), 300, {}),
        (exponential(0.1, 0.99), 1000, {}),
        (warmup(multi_step(0.1, [100]), 100), 1000, {}),
    ],
}
NEAR_MISSES = {
    "negative": [(lambda step: max(0.0, unclamped_linear(step)), 100, {}), ([0.1, -0.0], 2, {})],
    "not-finite": [([0.1, 1e308, 5e-324], 3, {})],
    "horizon-mismatch": [
        (warmup_cosine(0.1, 100, 1000), 1000, {"loop_steps": 1000}),
        (warmup(constant(0.1), 100), 1000, {}),
        (join(cosine(0.1, 100, 0.01), constant(0.01).take(10)), 500, {}),
        ([0.1] * 106, 100, {}),
    ],
    "first-update-zero": [([1e-12, 0.1, 0.1], 3, {}), (warmup_cosine(0.1, 10, 100), 100, {})],
    "rises-after-end": [
        (lambda step: torch_cosine(min(step, 100)), 100, {}),
        ([torch_cosine(step) for step in range(100)], 100, {}),
        (torch_cosine, 400, {}),
        (warmup(constant(0.1), 500), 400, {}),
    ],
    "jump": [
        (clobbered_warmup(19), 1000, {}),
        ([0.1] * 50 + [0.1 / 19] * 50, 100, {}),
        (step_decay(0.1, 0.1, 10), 40, {}),
        (cosine_restarts(0.1, 10_000), 40_000, {}),
        (warmup(cosine(0.1, 90), 10, start=0.0), 100, {}),
    ],
    "dead-tail": [
        (optax_rate(0.1, 10, 100), 100, {}),
        ([0.1] * 99 + [0.0], 100, {}),
        ([0.1] * 1998 + [0.0, 0.0], 2000, {}),
        ([0.1] * 90 + [1e-9] * 10, 100, {}),
    ],
    "floor-never-reached": [
        (cosine(0.1, 1000, 0.001), 1000, {"floor": 0.001}),
        (linear(0.1, 10), 10, {"floor": 0.0}),
        (linear(0.1, 10)(np.arange(10)), 10, {"floor": 0.0}),
        (cosine(0.1, 1000), 1000, {"floor": 0.001}),
        (warmup_cosine(0.1, 100, 1100, 0.001), 900, {}),
    ],
    "peak-never-reached": [
        (lambda step: timm_rate(step, prefix=True), 100, {"peak_lr": 0.1}),
        (lambda step: timm_rate(step, prefix=False), 100, {}),
        ([0.0996] * 10, 10, {"peak_lr": 0.1}),
    ],
    "warmup-too-long": [
        (warmup_cosine(0.1, 330, 1000), 1000, {}),
        (triangular(0.1, 0.01, 800), 1000, {}),
    ],
    "warmup-too-short": [
        (warmup_cosine(0.1, 9, 1000), 1000, {}),
        (lambda step: 0.1 * min(1.0, (step + 1) / 10), 1000, {}),
        (warmup_cosine(0.1, 5, 50), 50, {}),
        (cosine(0.1, 1000), 1000, {}),
    ],
    "early-drop": [
        (multi_step(0.1, [250]), 1000, {}),
        (multi_step(0.1, [100], drop=0.11), 1000, {}),
        (lambda step: 1.0 / (step + 2), 1000, {}),
        (exponential(0.1, 0.992), 1000, {}),
    ],
}


def cases(table):
    return [
        pytest.param(code, *case, id=f"{code}-{i}")
        for code, row in table.items()
        for i, case in enumerate(row)
    ]


@pytest.mark.parametrize(("code", "schedule", "total", "options"), cases(TRIGGERS))
def test_a_suspicious_schedule_is_found(code, schedule, total, options):
    found = [finding for finding in lint(schedule, total, **options) if finding.code == code]
    assert len(found) == 1
    (finding,) = found
    longest = max(total, options.get("loop_steps", 0))
    assert 0 <= finding.first_step <= finding.last_step < 1.1 * longest + 10
    assert finding.message[0] != " "
    assert finding.message.endswith(".")
    assert ". " not in finding.message
    assert finding.fix[0].isupper()
    assert finding.fix.endswith(".")
    assert ". " not in finding.fix
    assert any(digit in finding.message for digit in "0123456789")


@pytest.mark.parametrize(("code", "schedule", "total", "options"), cases(NEAR_MISSES))
def test_its_neighbour_is_not(code, schedule, total, options):
    assert code not in codes(schedule, total, **options)


def test_every_code_has_a_trigger_and_a_near_miss():
    assert set(TRIGGERS) == set(NEAR_MISSES)
    assert len(TRIGGERS) == 12


@pytest.mark.parametrize(
    ("schedule", "total", "options", "expected"),
    [
        (
            optax_rate(0.1, 10, 90),
            100,
            {},
            ["first-update-zero (step 0)", "dead-tail (steps 90-99): the last 10 of 100 updates"],
        ),
        (
            warmup_cosine(0.1, 50, 1000),
            1000,
            {"loop_steps": 250},
            [
                "horizon-mismatch (steps 250-999): total_steps is 1000 but the loop makes 250 "
                "updates, the last of them at a rate of 0.08956 instead of 2.734e-07."
            ],
        ),
        (
            cosine(0.1, 1000),
            2000,
            {},
            [
                "dead-tail (steps 1000-1999)",
                "horizon-mismatch (steps 1000-1999): the schedule ends at 1000 but the loop makes "
                "2000 updates, the last of them at a rate of 0 instead of 2.467e-07.",
            ],
        ),
        (
            torch_cosine,
            100,
            {},
            [
                "rises-after-end (steps 102-109): past the end at 100 the rate climbs again, from "
                "2.467e-05 at the last planned update to 0.001985 at step 109."
            ],
        ),
        (
            unclamped_linear,
            100,
            {},
            [
                "negative (steps 101-109): 9 rates are below 0, down to -0.009, from step 101 on, "
                "past the end at 100."
            ],
        ),
        (
            clobbered_warmup(25),
            1000,
            {},
            ["jump (steps 99-100): from step 99 to step 100 the rate goes from 0.00396 to 0.1"],
        ),
        ([0.1, math.nan, math.inf], 3, {}, ["not-finite (steps 1-2): 2 rates are not a finite"]),
        (
            multi_step(0.1, [50, 100]),
            1000,
            {},
            ["early-drop (steps 50-999): from step 50 on, 5 % into the run, the rate stays at"],
        ),
    ],
)
def test_what_it_says(schedule, total, options, expected):
    said = [str(finding) for finding in lint(schedule, total, **options)]
    assert len(said) == len(expected)
    for text, beginning in zip(said, expected, strict=True):
        assert text.startswith(beginning)


def test_a_finding_is_a_value():
    finding = Finding("jump", 1, 2, "m.", "F.")
    assert finding == Finding("jump", 1, 2, "m.", "F.")
    with pytest.raises(FrozenInstanceError):
        finding.code = "other"


def test_a_schedule_that_refuses_steps_past_its_end_is_not_asked_again():
    def rate(step):
        if step > 100:
            raise ValueError(f"total_steps is 100, got {step}")
        return 0.1

    assert codes(rate, 100) == []
    assert codes([0.1, 0.1, 0.1].__getitem__, 3) == []
    with pytest.raises(ValueError, match="total_steps is 100"):
        lint(rate, 200)


def test_rates_of_numpy_and_of_single_precision_will_do():
    rates = cosine(0.1, 1000)(np.arange(1010)).astype(np.float32)
    assert codes(rates, 1000) == []
    assert codes(lambda step: rates[step], 1000) == []


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([0.1], 0), ValueError, "total_steps must be >= 1, got 0"),
        (([0.1], 1.0), TypeError, "total_steps must be a whole number"),
        (([], 10), ValueError, "at least one rate"),
        ((np.array([]), 10), ValueError, "at least one rate"),
        (([0.1, "0.1"], 2), TypeError, "rate 1 must be a number, got '0.1'"),
        (([0.1, None], 2), TypeError, "rate 1 must be a number, got None"),
        ((lambda step: "a", 2), TypeError, r"schedule\(0\) must be a number, got 'a'"),
        ((0.1, 2), TypeError, "schedule must be a Schedule, a function"),
        (("0.1", 2), TypeError, "schedule must be a Schedule, a function"),
    ],
)
def test_a_wrong_argument_is_named(arguments, error, words):
    with pytest.raises(error, match=words):
        lint(*arguments)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"loop_steps": 0}, "loop_steps must be >= 1"),
        ({"peak_lr": 0.0}, "peak_lr must be finite, > 0"),
        ({"floor": -0.1}, "floor must be finite, >= 0"),
        ({"max_jump": 1.0}, "max_jump must be finite, > 1"),
    ],
)
def test_a_wrong_option_is_named(options, words):
    with pytest.raises(ValueError, match=words):
        lint([0.1, 0.1], 2, **options)


@settings(max_examples=300, deadline=None)
@given(
    rates=st.lists(st.floats(), min_size=1, max_size=60),
    total=st.integers(1, 80),
    loop=st.none() | st.integers(1, 80),
    peak=st.none() | st.floats(1e-9, 1e9),
    floor=st.none() | st.floats(0.0, 1e9),
)
def test_any_rates_whatever_give_findings_in_range_and_in_order(rates, total, loop, peak, floor):
    findings = lint(rates, total, loop_steps=loop, peak_lr=peak, floor=floor)
    places = [(finding.first_step, finding.last_step) for finding in findings]
    longest = max(total, loop or 0, len(rates))
    assert all(0 <= first <= last < longest for first, last in places)
    assert places == sorted(places)
    assert len({finding.code for finding in findings}) == len(findings)


@settings(max_examples=100, deadline=None)
@given(
    rates=st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=60),
    factor=st.sampled_from([2.0**-10, 2.0**10]),
)
def test_the_unit_of_the_rate_does_not_matter(rates, factor):
    scaled = [rate * factor for rate in rates]
    places = [(f.code, f.first_step, f.last_step) for f in lint(rates, len(rates))]
    assert [(f.code, f.first_step, f.last_step) for f in lint(scaled, len(rates))] == places


def test_a_million_steps_of_a_schedule_take_about_a_second():
    schedule = warmup_cosine(0.1, 10_000, 1_000_000)
    start = time.perf_counter()
    assert lint(schedule, 1_000_000) == []
    assert time.perf_counter() - start < 5.0
