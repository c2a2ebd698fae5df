"""What lint says: the words and places of a finding, what it refuses, and any rates whatever."""

import math
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.lint import Finding, lint
from course_lib.schedules import cosine, multi_step, triangular, warmup_cosine
from tests.lib.lint.suspicious_rates import (
    changed,
    clobbered_warmup,
    codes,
    joined_late,
    optax_rate,
    scaled_from,
    torch_cosine,
    unclamped_linear,
    wave,
)


@pytest.mark.parametrize(
    ("schedule", "total", "options", "expected"),
    [
        (
            optax_rate(0.1, 10, 90),
            100,
            {},
            [
                "advice: first-update-zero (step 0)",
                "problem: dead-tail (steps 90-99): the last 10 of 100 updates",
            ],
        ),
        (
            warmup_cosine(0.1, 50, 1000),
            1000,
            {"loop_steps": 250},
            [
                "problem: horizon-mismatch (steps 250-999): total_steps is 1000 but the loop "
                "makes 250 updates, the last of them at a rate of 0.08956 instead of 2.734e-07."
            ],
        ),
        (
            cosine(0.1, 1000),
            2000,
            {},
            [
                "problem: dead-tail (steps 1000-1999)",
                "problem: horizon-mismatch (steps 1000-1999): the schedule ends at 1000 but the "
                "loop makes 2000 updates, the last of them at a rate of 0 instead of 2.467e-07.",
            ],
        ),
        (
            torch_cosine,
            100,
            {},
            [
                "advice: rises-after-end (steps 102-109): past the end at 100 the rate climbs "
                "again, from 2.467e-05 at the last planned update to 0.001985 at step 109."
            ],
        ),
        (
            unclamped_linear,
            100,
            {},
            [
                "problem: negative (steps 101-109): 9 rates are below 0, down to -0.009, from "
                "step 101 on, past the end at 100."
            ],
        ),
        (
            clobbered_warmup(25),
            1000,
            {},
            [
                "problem: jump (steps 99-100): from step 99 to step 100 the rate goes from "
                "0.00396 to 0.1"
            ],
        ),
        (
            [0.1, math.nan, math.inf],
            3,
            {},
            ["problem: not-finite (steps 1-2): 2 rates are not a finite"],
        ),
        (
            wave(90),
            45_000,
            {},
            [
                "problem: climbs-back (steps 90-180): from 0 at step 90 the rate climbs back "
                "along the cosine that it came down, to 0.1 at step 180, the first of 250 climbs. "
            ],
        ),
        (
            cosine(0.1, 300, 0.01)(np.arange(1000)),
            1000,
            {},
            [
                "problem: floor-held (steps 300-999): the decay is over after 300 of 1000 "
                "updates, and the rate stays at its floor of 0.01 for the other 70 % of the run."
            ],
        ),
        (
            joined_late(2000, 10_000),
            10_000,
            {},
            [
                "problem: drop-after-warmup (steps 1999-2000): the warmup ends at 0.1 at step "
                "1999 and the next rate is 0.09045, 10 % lower."
            ],
        ),
        (
            scaled_from(5000, 1 / 8, cosine(0.1, 10_000)),
            10_000,
            {},
            [
                "problem: broken-curve (steps 4999-5000): from step 4999 to step 5000 the rate "
                "falls from 0.05002 to 0.00625, by a factor of 8, and goes on from there."
            ],
        ),
        (
            multi_step(0.1, [30_000, 60_000]),
            90,
            {},
            [
                "problem: milestone-past-end (steps 0-89): 2 drops lie past the last of 90 "
                "updates, the first at step 30000, so the rate stays at 0.1."
            ],
        ),
        (
            triangular(0.1, 0.01, 200),
            1100,
            {},
            [
                "problem: cycle-cut (steps 1000-1099): the run ends while the rate rises, at "
                "0.0991, 99 updates after the foot of 0.01."
            ],
        ),
        (
            changed(cosine(0.1, 100)(np.arange(100)), 70, 71, 0.1),
            100,
            {},
            [
                "problem: spike (step 70): the rate is 0.1 for one update, at step 70, and "
                "0.01935 at the next."
            ],
        ),
        (
            multi_step(0.1, [50, 100]),
            1000,
            {},
            [
                "problem: early-drop (steps 50-999): from step 50 on, 5 % into the run, the rate "
                "stays at"
            ],
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
