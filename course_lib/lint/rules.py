"""The rules of the linter, each a function from the rates of a run to findings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

# Differences below a millionth of the peak are rounding: libraries compute in float32 (6e-8).
_NOISE = 1e-6
# A ramp to or from 0 changes by any factor at its foot; below 1 % of the peak no factor counts.
_FOOT = 0.01
# An update a billion times smaller than those at the peak does not change float32 weights. A cosine
# or a cubic to 0 is that low for at most 0.1 % of its run; optax's decay_steps = total - warmup is
# for as long as the warmup.
_DEAD, _DEAD_SHARE = 1e-9, 1e-3
# timm's cosine without warmup_prefix misses 2.4 % of its peak after a warmup of 10 % of the run,
# and 0.6 % after one of 5 %; a corner between two steps of a long run misses less.
_PEAK_SLACK = 0.005
_FLOOR_SLACK = 0.01
# Published warmups take 0.1 % to 10 % of a run, and one-cycle, which also rises, 25 to 30 %.
_WARMUP_SHARE = 1 / 3
# Adam's first moment (beta 0.9) averages over 10 updates: a shorter warmup ends before it knows
# anything. A tenth of the run is in proportion, however short the run.
_WARMUP_LEAST, _WARMUP_FAIR_SHARE = 10, 0.1
# ResNet-50 first divides by 10 after a third of its run; a quarter is earlier than any recipe.
_EARLY_SHARE, _EARLY_LEFT = 0.25, 0.1
# 1/t, optimal on a noisy quadratic, loses 90 % early too, but only halves while t doubles; any
# exponential and any drop by 10 that do so fall by more than 3.
_STEEP = 3.0


@dataclass(frozen=True)
class Finding:
    """One suspicious part of a schedule.

    Attributes:
        code: name of the rule that found it, such as "dead-tail".
        first_step: first step it concerns; a step counts the updates already done.
        last_step: last step it concerns (inclusive).
        message: one sentence with the numbers.
        fix: one sentence that says what to do.

    >>> from course_lib.lint import lint
    >>> finding = lint([0.1, 0.1, 0.0001], total_steps=3)[0]
    >>> print(finding.code, (finding.first_step, finding.last_step))
    jump (1, 2)
    >>> print(finding.fix)
    Check that each phase starts at the rate where the one before it ends.
    """

    code: str
    first_step: int
    last_step: int
    message: str
    fix: str

    def __str__(self) -> str:
        """Return the finding as one line."""
        where = f"step {self.first_step}"
        if self.last_step != self.first_step:
            where = f"steps {self.first_step}-{self.last_step}"
        return f"{self.code} ({where}): {self.message} {self.fix}"


@dataclass(frozen=True)
class Run:
    """The rates that a rule examines, and what they are meant to be."""

    known: np.ndarray  # rates at t = 0, 1, 2, … as far as they are known, finite or not
    total_steps: int
    loop_steps: int
    own_end: float  # where the schedule itself says that it ends; inf when it does not say
    peak_lr: float | None
    floor: float | None
    max_jump: float

    @cached_property
    def rates(self) -> np.ndarray:
        """The rates of the updates that the loop makes."""
        return self.known[: self.loop_steps]

    @cached_property
    def reached(self) -> np.ndarray:
        """The same and, if known, the rate right after, because an end is reached at t = total."""
        return self.known[: self.loop_steps + 1]

    @cached_property
    def top(self) -> float:
        """The largest rate of the loop."""
        return float(self.rates.max())


Rule = Callable[[Run], Iterator[Finding]]


def _not_finite(run: Run) -> Iterator[Finding]:
    bad = np.flatnonzero(~np.isfinite(run.known))
    if bad.size:
        first, last = int(bad[0]), int(bad[-1])
        yield Finding(
            "not-finite",
            first,
            last,
            f"{_count(bad.size, 'rate is', 'rates are')} not a finite number, the first "
            f"({run.known[first]:g}) at step {first}.",
            "Guard the division or power that gives it, and clamp the step at the end of the run.",
        )


def _negative(run: Run) -> Iterator[Finding]:
    bad = np.flatnonzero(run.known < 0)
    if bad.size:
        first, last = int(bad[0]), int(bad[-1])
        past = f", past the end at {run.total_steps}" if first >= run.total_steps else ""
        yield Finding(
            "negative",
            first,
            last,
            f"{_count(bad.size, 'rate is', 'rates are')} below 0, down to "
            f"{run.known[bad].min():.4g}, from step {first} on{past}.",
            "Clamp the progress t / total_steps to at most 1.",
        )


def _horizon_mismatch(run: Run) -> Iterator[Finding]:
    recorded = len(run.known)
    if recorded < min(run.loop_steps, run.total_steps):
        planned, made, source = run.total_steps, recorded, "total_steps is"
    elif run.loop_steps != run.total_steps:
        planned, made, source = run.total_steps, run.loop_steps, "total_steps is"
    elif run.own_end != math.inf and run.own_end != run.total_steps:
        planned, made, source = int(run.own_end), run.total_steps, "the schedule ends at"
    else:
        return
    seen = run.known[min(made, recorded) - 1]
    yield Finding(
        "horizon-mismatch",
        min(made, planned),
        max(made, planned) - 1,
        f"{source} {planned} but the loop makes {_count(made, 'update', 'updates')}, the last of "
        f"them at a rate of {seen:.4g}{_instead(run, planned)}.",
        f"Build the schedule for {_count(made, 'update', 'updates')}, or count again: "
        "epochs x batches / accumulation.",
    )


def _instead(run: Run, planned: int) -> str:
    if planned > len(run.known):
        return ""
    return f" instead of {run.known[planned - 1]:.4g}"


def _first_update_zero(run: Run) -> Iterator[Finding]:
    if run.known[0] == 0:
        yield Finding(
            "first-update-zero",
            0,
            0,
            "the rate of the first update is 0, so it changes nothing.",
            "Start the warmup at peak_lr / warmup_steps.",
        )


def _rises_after_end(run: Run) -> Iterator[Finding]:
    noise = _NOISE * run.top
    before, after = run.known[: run.total_steps], run.known[run.total_steps :]
    still_rising = before.size > 1 and before[-1] > before[-2]
    if still_rising or _rises_again(before, noise):  # a warmup or a cycle is meant to rise
        return
    higher = run.total_steps + np.flatnonzero(after > before[-1] + noise)
    if higher.size:
        first, last = int(higher[0]), int(higher[-1])
        highest = first + int(np.argmax(run.known[first : last + 1]))
        yield Finding(
            "rises-after-end",
            first,
            last,
            f"past the end at {run.total_steps} the rate climbs again, from {before[-1]:.4g} at "
            f"the last planned update to {run.known[highest]:.4g} at step {highest}.",
            "Clamp the progress t / total_steps to at most 1, or stop the loop at total_steps.",
        )


def _rises_again(rates: np.ndarray, noise: float) -> bool:
    """Whether the rates rise after they have fallen, as those of a cycle do."""
    fallen = np.flatnonzero(np.maximum.accumulate(rates) - rates > noise)
    if not fallen.size:
        return False
    rest = rates[fallen[0] :]
    return bool((rest - np.minimum.accumulate(rest) > noise).any())


def _jump(run: Run) -> Iterator[Finding]:
    levels = np.maximum(run.rates, _FOOT * run.top)
    down = levels[:-1] / levels[1:]
    # Upwards, only beyond what has been trained at before: a restart returns to a known rate.
    up = levels[1:] / np.maximum.accumulate(levels)[:-1]
    factors = np.maximum(down, up)
    jumps = np.flatnonzero(factors > run.max_jump)
    if jumps.size:
        t = int(np.argmax(factors))
        others = f", the largest of {jumps.size} jumps" if jumps.size > 1 else ""
        yield Finding(
            "jump",
            t,
            t + 1,
            f"from step {t} to step {t + 1} the rate goes from {run.rates[t]:.4g} to "
            f"{run.rates[t + 1]:.4g}, more than a factor of {run.max_jump:g}{others}.",
            "Check that each phase starts at the rate where the one before it ends.",
        )


def _dead_tail(run: Run) -> Iterator[Finding]:
    alive = np.flatnonzero(run.rates > _DEAD * run.top)
    first, last = int(alive[-1]) + 1, run.rates.size - 1
    dead = last + 1 - first
    if dead >= 2 and dead > _DEAD_SHARE * run.rates.size:
        yield Finding(
            "dead-tail",
            first,
            last,
            f"the last {dead} of {run.rates.size} updates "
            f"({dead / run.rates.size:.2g} of the run) have a rate of 0 or almost 0.",
            "Make the decay end with the run; optax's decay_steps, for example, includes the "
            "warmup.",
        )


def _floor_never_reached(run: Run) -> Iterator[Finding]:
    if run.floor is None:
        return
    # After the peak: a warmup may well begin below the floor.
    peak = int(np.argmax(run.reached))
    lowest = peak + int(np.argmin(run.reached[peak:]))
    # A record ends at the last update, where a linear decay is still 1 / total above its floor.
    slack = max(_FLOOR_SLACK, 1.0 / run.rates.size if run.reached.size == run.rates.size else 0.0)
    above = run.reached[lowest] - run.floor
    if above > slack * (1 + _NOISE) * (run.top - run.floor) and above > 0:
        yield Finding(
            "floor-never-reached",
            lowest,
            lowest,
            f"after the peak the lowest rate is {run.reached[lowest]:.4g} at step {lowest}, above "
            f"the floor of {run.floor:.4g}.",
            "Make the decay end with the run, and check whether the floor is absolute or a share "
            "of the peak.",
        )


def _peak_never_reached(run: Run) -> Iterator[Finding]:
    highest = int(np.argmax(run.reached))
    if run.peak_lr is not None and run.reached[highest] < (1 - _PEAK_SLACK) * run.peak_lr:
        yield Finding(
            "peak-never-reached",
            highest,
            highest,
            f"the highest rate is {run.reached[highest]:.4g} at step {highest}, below the peak of "
            f"{run.peak_lr:.4g}.",
            "Begin the decay at the end of the warmup (timm: warmup_prefix=True), and check that "
            "the run is longer than the warmup.",
        )


def _warmup_length(rates: np.ndarray, noise: float) -> int:
    """Updates before the first rise is over; 0 without one."""
    falls = np.flatnonzero(np.diff(rates) < -noise)
    rising = rates[: int(falls[0]) + 1] if falls.size else rates
    return int(np.argmax(rising >= rising.max() - noise))


def _warmup(run: Run) -> Iterator[Finding]:
    noise = _NOISE * run.top
    steps, updates = _warmup_length(run.rates, noise), run.rates.size
    if steps == 0:
        return
    numbers = f"the rate first reaches {run.rates[steps]:.4g} at step {steps} of {updates}"
    if steps > _WARMUP_SHARE * updates and not _rises_again(run.rates, noise):
        yield Finding(
            "warmup-too-long",
            0,
            steps,
            f"{numbers}, after {100 * steps / updates:.0f} % of the run.",
            "Shorten the warmup to at most a tenth of the run, unless the rise is the purpose, as "
            "in a range test.",
        )
    # Warming up over W updates reaches the peak at step W - 1 or at step W.
    if steps + 1 < min(_WARMUP_LEAST, _WARMUP_FAIR_SHARE * updates):
        yield Finding(
            "warmup-too-short",
            0,
            steps,
            f"{numbers}, which is too few updates for a warmup to do anything.",
            f"Give the warmup at least {_WARMUP_LEAST} updates, or leave it out.",
        )


def _early_drop(run: Run) -> Iterator[Finding]:
    quarter = int(_EARLY_SHARE * run.rates.size)
    peak = int(np.argmax(run.rates))
    dropped = int(np.flatnonzero(run.rates > _EARLY_LEFT * run.top * (1 + _NOISE))[-1]) + 1
    if dropped >= quarter or not _falls_steeply(run.rates[peak : quarter + 1]):
        return
    yield Finding(
        "early-drop",
        dropped,
        run.rates.size - 1,
        f"from step {dropped} on, {100 * dropped / run.rates.size:.0f} % into the run, the rate "
        f"stays at or below {run.rates[dropped]:.4g}, a tenth of its peak of {run.top:.4g}.",
        "Decay later or less: multiply the decay steps, or the milestones, by updates per epoch "
        "if they were meant as epochs.",
    )


def _falls_steeply(rates: np.ndarray) -> bool:
    """Whether the rate falls by more than `_STEEP` while the time since the peak doubles."""
    t = np.arange(rates.size // 2)
    return bool((rates[t] > _STEEP * rates[2 * t + 1]).any())


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


RULES: tuple[Rule, ...] = (_not_finite, _negative, _horizon_mismatch, _first_update_zero)
# These divide and subtract: they need finite rates and a peak above 0.
RULES_THAT_COMPARE: tuple[Rule, ...] = (
    _rises_after_end,
    _jump,
    _dead_tail,
    _floor_never_reached,
    _peak_never_reached,
    _warmup,
    _early_drop,
)
