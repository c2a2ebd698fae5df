"""Random schedules of this package: every preset, joined, repeated, scaled and cut."""

from __future__ import annotations

import math

from course_lib.schedules import (
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
    repeat,
    scale,
    step_decay,
    transformer,
    triangular,
    warmup,
    warmup_cosine,
    warmup_linear,
    wsd,
)
from tests.lib.libraries.random_draws import rate, share, short


def _floor(random, peak):
    return random.choice([0.0, 0.0, peak, peak * share(random), min(1e-7, peak)])


def _lengths(random):
    rise = short(random)
    return rise, rise + short(random, 1)


def _milestones(random):
    return sorted(random.sample(range(1, 40), random.randint(1, 4)))


def _steps_of_own(random, peak):
    """A staircase whose drops differ."""
    parts = [constant(peak * share(random, 1.0)).take(short(random, 1)) for _ in range(3)]
    return join(*parts, constant(peak * share(random)))


def _wsd(random, peak):
    rise, fall = short(random), short(random, 1)
    shape = random.choice(["linear", "1-sqrt", "cosine", "exp"])
    floor = peak * share(random) if shape == "exp" else _floor(random, peak)
    return wsd(peak, rise, rise + fall + short(random, 1), fall, shape, floor)


def _branch(random, peak):
    rise, hold = short(random), short(random, 1)
    long = wsd(peak, rise, rise + hold + 10, 10)
    return long.branch(rise + random.randint(1, hold), short(random, 1), "1-sqrt")


def _two_lines(random, peak):
    """Up and back down to the same rate, after one update there or none."""
    low = random.choice([0.0, peak * share(random)])
    up = warmup(linear(peak, short(random, 1), low), short(random, 1), start=low)
    return random.choice([up, join(constant(low).take(1), up)])


def _cycles(random, peak):
    """Cosines whose lengths and tops grow by a factor, to one floor."""
    steps, mult, drop = short(random, 1), random.choice([1, 2, 3]), share(random, 1.0)
    floor = random.choice([0.0, peak * drop**3 * share(random)])
    return join(
        *(cosine(peak * drop**i, steps * mult**i, floor) for i in range(random.randint(2, 4)))
    )


# Without a warmup.
PLAIN = {
    "constant": lambda r, p: constant(p),
    "step decay": lambda r, p: step_decay(p, share(r, 1.0), short(r, 1)),
    "multi-step": lambda r, p: multi_step(p, _milestones(r), share(r)),
    "uneven steps": _steps_of_own,
    "exponential": lambda r, p: exponential(p, share(r, 1.0, 0.999)),
    "inverse time": lambda r, p: inverse_time(p, share(r, 0.0)),
    "inverse sqrt": lambda r, p: inverse_sqrt(p, short(r, 1)),
    "transformer": lambda r, p: transformer(r.choice([64, 512]), short(r, 1), p),
    "linear": lambda r, p: linear(p, short(r, 1), _floor(r, p)),
    "polynomial": lambda r, p: polynomial(
        p, short(r, 1), r.choice([0.5, 1.0, 2.0, r.uniform(0.3, 4.0)]), _floor(r, p)
    ),
    "cosine": lambda r, p: cosine(p, short(r, 1), _floor(r, p)),
    "cosine restarts": lambda r, p: cosine_restarts(
        p, short(r, 1), r.choice([1, 1, 2, 3, 1.5]), _floor(r, p)
    ),
    "cycles": _cycles,
    "triangular": lambda r, p: triangular(
        p, p * share(r, 0.0), short(r, 2), r.choice(["triangular", "triangular2"])
    ),
    "exp range": lambda r, p: triangular(
        p, p * share(r, 0.0), short(r, 2), "exp_range", gamma=r.choice([0.9, 0.99, 1.0])
    ),
}
# Which bring their own.
RISING = {
    "warmup and linear": lambda r, p: warmup_linear(p, *_lengths(r), _floor(r, p)),
    "warmup and cosine": lambda r, p: warmup_cosine(p, *_lengths(r), _floor(r, p)),
    "1-cycle": lambda r, p: one_cycle(
        p, short(r, 5), anneal=r.choice(["cos", "linear"]), three_phase=r.random() < 0.3
    ),
    "WSD": _wsd,
    "branch": _branch,
    "two lines": _two_lines,
}
FAMILIES = {**PLAIN, **RISING}


def draw(random) -> tuple[str, Schedule]:
    """Return the name of a family and a schedule of it, perhaps warmed up, cut or joined."""
    name, schedule = _one(random)
    change = random.random()
    if change < 0.12:
        schedule = _cut(random, schedule)
        return f"{name}, cut", schedule
    if change < 0.24:
        after, second = _one(random)
        return f"{name} + {after}", join(_finite(random, schedule), second)
    if change < 0.3:
        return f"{name}, repeated", repeat(_finite(random, schedule), random.randint(2, 4))
    if change < 0.34:
        return f"{name}, scaled", scale(schedule, random.choice([0.5, 3.0]))
    return name, schedule


def updates_to_compare(schedule: Schedule) -> int:
    """Return the updates of a schedule and three, or what comes before its endless phase and 90."""
    finite = sum(int(phase.steps) for phase in schedule.phases if phase.steps < math.inf)
    return finite + (3 if schedule.total_steps < math.inf else 90)


def _one(random) -> tuple[str, Schedule]:
    peak = rate(random)
    name = random.choice(list(FAMILIES))
    schedule = FAMILIES[name](random, peak)
    if name in PLAIN and random.random() < 0.4:
        first = schedule(0)
        start = random.choice([None, 0.0, 0.0, first * share(random)])
        return f"warmup and {name}", warmup(schedule, short(random), start=start)
    return name, schedule


def _finite(random, schedule):
    return _cut(random, schedule) if schedule.total_steps == math.inf else schedule


def _cut(random, schedule):
    return schedule.take(random.randint(1, int(min(schedule.total_steps, 60))))
