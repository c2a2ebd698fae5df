"""Rules that compare the rates with the run: its length, its end, its peak and its floor."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from course_lib.lint.findings import NOISE, Finding, Rule, Run, count
from course_lib.lint.turning_points import rises_again

# An update a billion times smaller than those at the peak does not change float32 weights. A cosine
# or a cubic to 0 is that low for at most 0.1 % of its run; optax's decay_steps = total - warmup is
# for as long as the warmup.
_DEAD, _DEAD_SHARE = 1e-9, 1e-3
# Where a log prints few decimals, the last stage of a staircase or the end of a cosine reads 0.0:
# for at most a third of the run, and after rates below five units of the last decimal: a tenth of
# them, the next stage of most staircases, is printed as 0.
_MOST_DECIMALS, _ROUNDED_SHARE, _ROUNDED_UNITS = 8, 1 / 3, 5
# timm's cosine without warmup_prefix misses 2.4 % of its peak after a warmup of 10 % of the run,
# and 0.6 % after one of 5 %; a corner between two steps of a long run misses less.
_PEAK_SLACK = 0.005
_FLOOR_SLACK = 0.01
# GPT-3 held its floor for 13 % of the run, longer than any other recipe of the course.
_HELD_SHARE, _HELD_ABOVE, _HELD_BELOW = 1 / 3, 10 * NOISE, 0.9


def _not_finite(run: Run) -> Iterator[Finding]:
    bad = np.flatnonzero(~np.isfinite(run.known))
    if bad.size:
        first, last = int(bad[0]), int(bad[-1])
        yield Finding(
            "not-finite",
            first,
            last,
            f"{count(bad.size, 'rate is', 'rates are')} not a finite number, the first "
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
            f"{count(bad.size, 'rate is', 'rates are')} below 0, down to "
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
        f"{source} {planned} but the loop makes {count(made, 'update', 'updates')}, the last of "
        f"them at a rate of {seen:.4g}{_instead(run, planned)}.",
        f"Build the schedule for {count(made, 'update', 'updates')}, or count again: "
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
    noise = NOISE * run.top
    before, after = run.known[: run.total_steps], run.known[run.total_steps :]
    still_rising = before.size > 1 and before[-1] > before[-2]
    if still_rising or rises_again(before, noise):  # a warmup or a cycle is meant to rise
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


def _dead_tail(run: Run) -> Iterator[Finding]:
    alive = np.flatnonzero(run.rates > _DEAD * run.top)
    first, last = int(alive[-1]) + 1, run.rates.size - 1
    dead = last + 1 - first
    if dead >= 2 and dead > _DEAD_SHARE * run.rates.size and not _is_rounded_to_0(run, first):
        yield Finding(
            "dead-tail",
            first,
            last,
            f"the last {dead} of {run.rates.size} updates "
            f"({dead / run.rates.size:.2g} of the run) have a rate of 0 or almost 0.",
            "Make the decay end with the run; optax's decay_steps, for example, includes the "
            "warmup.",
        )


def _is_rounded_to_0(run: Run, first: int) -> bool:
    """Return whether the zeros from step `first` on may be small rates, printed as 0.0."""
    rates = run.rates
    if rates.size - first > _ROUNDED_SHARE * rates.size or rates[first:].any():
        return False
    decimals = range(1, _MOST_DECIMALS + 1)
    unit = next((10.0**-d for d in decimals if np.array_equal(rates, rates.round(d))), 0.0)
    return bool(rates[first - 1] < min(run.top, _ROUNDED_UNITS * unit * (1 - NOISE)))


def _floor_never_reached(run: Run) -> Iterator[Finding]:
    if run.floor is None:
        return
    # After the peak: a warmup may well begin below the floor.
    peak = int(np.argmax(run.reached))
    lowest = peak + int(np.argmin(run.reached[peak:]))
    # A record ends at the last update, where a linear decay is still 1 / total above its floor.
    slack = max(_FLOOR_SLACK, 1.0 / run.rates.size if run.reached.size == run.rates.size else 0.0)
    above = run.reached[lowest] - run.floor
    if above > slack * (1 + NOISE) * (run.top - run.floor) and above > 0:
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


def _floor_held(run: Run) -> Iterator[Finding]:
    rates = run.rates
    floor, updates = float(rates[-1]), rates.size
    moving = np.flatnonzero(np.abs(rates - floor) > NOISE * run.top)
    first = int(moving[-1]) + 1 if moving.size else 0
    held = updates - first
    if held <= _HELD_SHARE * updates or not _HELD_ABOVE * run.top < floor < _HELD_BELOW * run.top:
        return
    # The last stage of a staircase is as long as it is meant to be: only a decay has a floor.
    if first < 2 or not rates[first - 2] > rates[first - 1] > floor:
        return
    yield Finding(
        "floor-held",
        first,
        updates - 1,
        f"the decay is over after {first} of {updates} updates, and the rate stays at its floor of "
        f"{floor:.4g} for the other {100 * held / updates:.0f} % of the run.",
        "Make the decay end with the run, and count its steps as the scheduler steps.",
    )


def _milestone_past_end(run: Run) -> Iterator[Finding]:
    # A milestone at the end itself is a common way to write the end.
    missed = [step for step in run.milestones if step > run.loop_steps]
    if missed:
        reached = [step for step in run.milestones if step < run.loop_steps]
        drops = count(len(missed), "drop lies", "drops lie")
        yield Finding(
            "milestone-past-end",
            reached[-1] if reached else 0,
            run.loop_steps - 1,
            f"{drops} past the last of {run.loop_steps} updates, the first at step {missed[0]}, so "
            f"the rate stays at {run.known[min(run.loop_steps, run.known.size) - 1]:.4g}.",
            "Count the milestones in the unit in which the scheduler steps, updates or epochs.",
        )


RULES: tuple[Rule, ...] = (
    _not_finite,
    _negative,
    _horizon_mismatch,
    _first_update_zero,
    _milestone_past_end,
)
# These divide and subtract: they need finite rates and a peak above 0.
RULES_THAT_COMPARE: tuple[Rule, ...] = (
    _rises_after_end,
    _dead_tail,
    _floor_held,
    _floor_never_reached,
    _peak_never_reached,
)
