"""What lint finds: each code with a schedule that deserves it and one that just does not."""

import math

import numpy as np
import pytest

from course_lib.lint import lint
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
from course_lib.schedules.shapes import CosineWave, Polynomial
from tests.lib.lint.suspicious_rates import (
    clobbered_warmup,
    codes,
    optax_rate,
    timm_rate,
    torch_cosine,
    unclamped_linear,
)

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


def test_a_million_steps_are_looked_at_to_the_last():
    schedule = warmup_cosine(0.1, 10_000, 1_000_000)
    assert lint(schedule, 1_000_000) == []
    (finding,) = lint(schedule, 1_000_000, loop_steps=1_000_001)
    assert (finding.code, finding.last_step) == ("horizon-mismatch", 1_000_000)
