"""Lint finds nothing in a healthy schedule or its record, and no jump in a few of its rows."""

import numpy as np
import pytest

from course_lib.lint import lint
from course_lib.schedules import (
    constant,
    cosine,
    cosine_restarts,
    exponential,
    inverse_sqrt,
    inverse_time,
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
from tests.lib.lint.suspicious_rates import codes

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


def test_a_log_with_few_rows_shows_no_jump():
    for schedule, total in HEALTHY:
        for rows in (10, 20, 50):
            if not schedule.name.startswith(("cosine restarts", "WSD")) and total >= 2 * rows:
                assert "jump" not in codes(schedule(np.arange(0, total, total // rows)), rows)
