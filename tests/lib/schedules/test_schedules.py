"""The presets against values a person can check, and every bad argument against its message."""

import math

import pytest

from course_lib import schedules as s
from course_lib.schedules import shapes

COSINE_HALF = 0.5 * (1 + math.cos(math.pi / 4))


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (s.constant(0.3), {0: 0.3, 1: 0.3, 10**9: 0.3}),
        (s.step_decay(0.8, 0.5, 10), {0: 0.8, 9: 0.8, 10: 0.4, 19: 0.4, 20: 0.2, 35: 0.1}),
        (s.multi_step(1.0, [3, 5], 0.1), {0: 1, 2: 1, 3: 0.1, 4: 0.1, 5: 0.01, 10**6: 0.01}),
        (s.exponential(2.0, 0.5), {0: 2, 1: 1, 3: 0.25}),
        (s.inverse_time(1.0, 0.5), {0: 1, 2: 0.5, 8: 0.2}),
        (s.inverse_sqrt(1.0, 4), {0: 0.25, 4: 1, 16: 0.5, 36: 1 / 3, 64: 0.25}),
        (s.linear(1.0, 10, floor=0.2), {0: 1, 5: 0.6, 10: 0.2, 11: 0.2}),
        (s.polynomial(1.0, 10), {0: 1, 5: 0.25, 9: 0.01, 10: 0, 99: 0}),
        (s.polynomial(1.0, 10, power=0.5), {0: 1, 5: 0.5**0.5, 10: 0}),
        (s.cosine(0.1, 100), {0: 0.1, 25: 0.1 * COSINE_HALF, 50: 0.05, 100: 0, 10**9: 0}),
        (s.cosine(0.1, 100, floor=0.02), {0: 0.1, 50: 0.06, 100: 0.02, 500: 0.02}),
        (s.cosine(0.1, 1), {0: 0.1, 1: 0.0}),
        (s.cosine_restarts(1.0, 4), {0: 1, 2: 0.5, 4: 1, 6: 0.5, 400: 1}),
        (s.cosine_restarts(1.0, 2, mult=2, floor=0.2), {0: 1, 1: 0.6, 2: 1, 4: 0.6, 6: 1, 14: 1}),
        (s.warmup(s.constant(1.0), 4), {0: 0.25, 2: 0.625, 4: 1, 9: 1}),
        (s.warmup(s.constant(1.0), 4, start=0), {0: 0, 1: 0.25, 4: 1}),
        (s.warmup(s.cosine(1.0, 8), 0), {0: 1, 8: 0}),
        (s.warmup_cosine(1.0, 10, 100), {0: 0.1, 10: 1, 55: 0.5, 100: 0, 101: 0}),
        (s.warmup_linear(1.0, 10, 110, 0.5), {0: 0.1, 10: 1, 60: 0.75, 110: 0.5, 999: 0.5}),
        (s.triangular(1.0, 0.2, 4), {0: 0.2, 1: 0.6, 2: 1, 3: 0.6, 4: 0.2, 402: 1}),
        (s.triangular(1.0, 0.2, 4, "triangular2"), {2: 1, 4: 0.2, 6: 0.6, 10: 0.4}),
        (s.triangular(1.0, 0.0, 4, "exp_range", gamma=0.5), {0: 0, 1: 0.25, 2: 0.25, 6: 1 / 64}),
        (
            s.one_cycle(1.0, 10, 0.4, 10, 100),
            {0: 0.1, 2: 0.55, 4: 1, 7: 0.5005, 10: 1e-3, 11: 1e-3},
        ),
        (
            s.one_cycle(1.0, 10, 0.4, 10, 100, three_phase=True, anneal="linear"),
            {0: 0.1, 2: 0.55, 4: 1, 6: 0.55, 8: 0.1, 9: 0.0505, 10: 1e-3},
        ),
        (s.one_cycle_momentum(10, 0.4), {0: 0.95, 2: 0.9, 4: 0.85, 7: 0.9, 10: 0.95}),
        (
            s.one_cycle_momentum(10, 0.4, three_phase=True),
            {0: 0.95, 4: 0.85, 6: 0.9, 8: 0.95, 9: 0.95, 10: 0.95},
        ),
        (s.wsd(1.0, 2, 10, 4), {0: 0.5, 2: 1, 5: 1, 6: 1, 8: 0.5, 10: 0, 11: 0}),
        (s.wsd(1.0, 0, 10, 4, "1-sqrt"), {0: 1, 6: 1, 7: 0.5, 10: 0}),
        (s.wsd(1.0, 0, 10, 4, "cosine", 0.2), {6: 1, 8: 0.6, 10: 0.2}),
        (s.wsd(1.0, 0, 10, 4, "exp", 0.01), {6: 1, 8: 0.1, 10: 0.01, 12: 0.01}),
        (s.wsd(1.0, 2, 10, 4).branch(4, 2), {3: 1, 4: 1, 5: 0.5, 6: 0, 7: 0}),
        (s.join(s.constant(1.0).take(2), s.linear(4.0, 2)), {1: 1, 2: 4, 3: 2, 4: 0}),
        (s.scale(s.linear(1.0, 4, 0.5), 0.1), {0: 0.1, 2: 0.075, 4: 0.05}),
        (s.repeat(s.linear(1.0, 2), 3), {0: 1, 1: 0.5, 2: 1, 5: 0.5, 6: 0}),
        (s.exponential(1.0, 0.5).take(3), {2: 0.25, 3: 0.125, 9: 0.125}),
    ],
    ids=lambda value: value.name if isinstance(value, s.Schedule) else "",
)
def test_values_a_person_can_check(schedule, expected):
    for step, rate in expected.items():
        assert schedule(step) == pytest.approx(rate, rel=1e-12, abs=1e-15), step


def test_the_transformer_paper():
    schedule = s.transformer(512, 4000)
    for step in (0, 1, 3998, 3999, 4000, 100_000):
        n = step + 1
        paper = 512**-0.5 * min(n**-0.5, n * 4000**-1.5)
        assert schedule(step) == pytest.approx(paper, rel=1e-12)


def test_a_first_update_moves_after_every_warmup():
    for schedule in (
        s.warmup_cosine(0.1, 10, 100),
        s.wsd(0.1, 10, 100, 20),
        s.inverse_sqrt(0.1, 9),
    ):
        assert schedule(0) > 0


BAD = [
    (lambda: s.constant(-0.1), ValueError, "peak_lr .*>= 0, got -0.1"),
    (lambda: s.constant(math.nan), ValueError, "peak_lr .*got nan"),
    (lambda: s.constant(math.inf), ValueError, "peak_lr .*got inf"),
    (lambda: s.constant("0.1"), TypeError, "peak_lr .*got '0.1'"),
    (lambda: s.constant(True), TypeError, "peak_lr .*got True"),
    (lambda: s.step_decay(0.1, drop=0.0), ValueError, "drop .*> 0 and <= 1, got 0.0"),
    (lambda: s.step_decay(0.1, drop=1.5), ValueError, "drop .*got 1.5"),
    (lambda: s.step_decay(0.1, every=0), ValueError, "every must be >= 1, got 0"),
    (lambda: s.step_decay(0.1, every=2.0), TypeError, "every .*got 2.0"),
    (lambda: s.multi_step(0.1, []), ValueError, r"milestones .*got \[\]"),
    (lambda: s.multi_step(0.1, [5, 5]), ValueError, "milestones .*strictly increasing"),
    (lambda: s.multi_step(0.1, [9, 5]), ValueError, "milestones .*strictly increasing"),
    (lambda: s.multi_step(0.1, [0, 5]), ValueError, "milestones must be >= 1, got 0"),
    (lambda: s.exponential(0.1, 1.1), ValueError, "gamma .*<= 1, got 1.1"),
    (lambda: s.inverse_time(0.1, -1.0), ValueError, "rate .*got -1.0"),
    (lambda: s.inverse_sqrt(0.1, 0), ValueError, "warmup_steps must be >= 1, got 0"),
    (lambda: s.linear(0.1, 0), ValueError, "total_steps must be >= 1, got 0"),
    (lambda: s.polynomial(0.1, 5, power=0), ValueError, "power .*> 0, got 0"),
    (lambda: s.cosine(0.1, 10, floor=0.2), ValueError, "floor .*<= 0.1, got 0.2"),
    (lambda: s.cosine(0.1, 10, floor=-0.2), ValueError, "floor .*>= 0.*got -0.2"),
    (lambda: s.cosine_restarts(0.1, 10, mult=0.5), ValueError, "mult .*>= 1, got 0.5"),
    (lambda: s.warmup(s.constant(0.1), -1), ValueError, "warmup_steps must be >= 0, got -1"),
    (lambda: s.warmup(s.constant(0.1), 5, 0.2), ValueError, "start .*<= 0.1, got 0.2"),
    (lambda: s.warmup_cosine(0.1, 10, 10), ValueError, "warmup_steps must be < total_steps = 10"),
    (lambda: s.warmup_linear(0.1, 11, 10), ValueError, "warmup_steps must be < .*got 11"),
    (lambda: s.triangular(0.1, 0.2, 10), ValueError, "floor .*got 0.2"),
    (lambda: s.triangular(0.1, 0, 1), ValueError, "period must be >= 2, got 1"),
    (lambda: s.triangular(0.1, 0, 4, "square"), ValueError, "mode must be one of .*got 'square'"),
    (lambda: s.triangular(0.1, 0, 4, "exp_range"), ValueError, "gamma .*got None"),
    (lambda: s.triangular(0.1, 0, 4, gamma=0.9), ValueError, "gamma .*got 0.9"),
    (lambda: s.one_cycle(0.1, 1), ValueError, "total_steps must be >= 2, got 1"),
    (lambda: s.one_cycle(0.1, 10, 0.0), ValueError, "pct_start must leave .*got 0.0"),
    (lambda: s.one_cycle(0.1, 10, 0.5, three_phase=True), ValueError, "3 phases, got 0.5"),
    (lambda: s.one_cycle(0.1, 10, div=0.5), ValueError, "div .*>= 1, got 0.5"),
    (lambda: s.one_cycle(0.1, 10, anneal="exp"), ValueError, "anneal must be .*got 'exp'"),
    (lambda: s.one_cycle_momentum(10, highest=1.0), ValueError, "highest must be < 1"),
    (lambda: s.one_cycle_momentum(10, base=0.99), ValueError, "base .*<= 0.95, got 0.99"),
    (lambda: s.wsd(0.1, 5, 10, 5), ValueError, "must be < total_steps = 10, got 10"),
    (lambda: s.wsd(0.1, 5, 20, 5, "sine"), ValueError, "shape must be one of .*got 'sine'"),
    (lambda: s.wsd(0.1, 5, 20, 5, "exp"), ValueError, "floor must be > 0 .*got 0.0"),
    (lambda: s.constant(0.1).branch(0, 5), ValueError, "at_step must be >= 1, got 0"),
    (lambda: s.cosine(0.1, 9).branch(10, 5), ValueError, "must be <= total_steps = 9, got 10"),
    (lambda: s.cosine(0.1, 9).take(0), ValueError, "steps must be >= 1, got 0"),
    (lambda: s.join(), ValueError, "at least one"),
    (lambda: s.join(s.constant(1.0), s.constant(2.0)), ValueError, r"schedule 1 \(constant\)"),
    (lambda: s.scale(s.constant(1.0), -1), ValueError, "factor .*got -1"),
    (lambda: s.repeat(s.constant(1.0), 2), ValueError, "endless"),
    (lambda: s.repeat(s.cosine(1.0, 5), 0), ValueError, "times must be >= 1, got 0"),
    (lambda: s.Phase(math.inf, 1.0, 0.0, shapes.Cosine()), ValueError, "steps must be finite"),
    (lambda: s.Phase(5, 1.0, 0.0, "cosine"), TypeError, "shape must be a Shape, got 'cosine'"),
    (lambda: s.Phase(5, math.nan, 0.0, shapes.Cosine()), ValueError, "start .*got nan"),
    (lambda: s.Phase(5, 1.0, 0.0, shapes.Cosine(), length=4), ValueError, "length .*got 4"),
    (lambda: s.Schedule(()), ValueError, "at least one phase"),
    (lambda: s.Schedule(s.constant(1.0).phases * 2), ValueError, "only the last"),
    (lambda: s.Schedule.from_json("[1]"), ValueError, "JSON object with phases"),
    (lambda: s.Schedule.from_json('{"phases": [{"steps": 1}]}'), ValueError, "phase 1 must have"),
    (lambda: shapes.shape_from_dict({"name": "Sine"}), ValueError, "one of .*got 'Sine'"),
    (lambda: shapes.shape_from_dict({"name": "Drops", "x": 1}), ValueError, "takes .*got"),
    (lambda: shapes.Geometric(1.0), ValueError, "ratio must be > 0 and < 1"),
    (lambda: shapes.Triangle(4, rise=1.0), ValueError, "rise must be > 0 and < 1"),
    (lambda: s.total_updates(1, 10, 0), ValueError, "batch_size must be >= 1, got 0"),
    (lambda: s.total_updates(1, 10, 16, drop_last=True), ValueError, "examples must fill"),
    (lambda: s.total_updates(1.5, 10, 2), TypeError, "epochs must be a whole number"),
    (lambda: s.plateau(0.1, factor=1.0), ValueError, "factor must be > 0 and < 1"),
    (lambda: s.plateau(0.1, mode="rel"), ValueError, "mode must be"),
    (lambda: s.plateau(0.1, floor=0.2), ValueError, "floor .*got 0.2"),
]


@pytest.mark.parametrize(("make", "error", "message"), BAD, ids=[m for _, _, m in BAD])
def test_bad_arguments_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("arguments", "updates"),
    [
        ((1, 100, 10), 10),
        ((3, 101, 10), 33),
        ((3, 101, 10, 1, True), 30),
        ((2, 100, 10, 4), 6),  # 10 batches: 4 + 4 + 2, and the rest is an update too
        ((1, 1000, 10, 1, False, 4), 25),
        ((1, 1001, 10, 1, False, 4), 26),
        ((1, 103, 10, 1, True, 4), 2),  # 25 examples a process, two whole batches of 10
        ((90, 1_281_167, 256), 90 * 5005),
    ],
)
def test_total_updates(arguments, updates):
    assert s.total_updates(*arguments) == updates
