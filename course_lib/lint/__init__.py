"""Finds suspicious parts of a schedule, each with its steps and a way to fix it.

The rules look at rates, not at names, so they work on a `Schedule`, on any function from the step
to a rate and on rates recorded from a real run. A finding is a reason to look, not a proof: a
problem is what no sensible run does, and advice is about what many healthy runs do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from course_lib.lint.asked_rates import known_rates, milestones, own_end, own_peak
from course_lib.lint.findings import Finding, Run
from course_lib.lint.group_findings import bundled, for_groups, named_groups, standing_still
from course_lib.lint.rules_of_breaks import RULES_OF_BREAKS
from course_lib.lint.rules_of_the_run import RULES, RULES_THAT_COMPARE
from course_lib.lint.rules_of_the_shape import RULES_OF_THE_SHAPE
from course_lib.schedules import Schedule
from course_lib.validation import check_count, check_real

__all__ = ["Finding", "lint"]

_One = Schedule | Callable[[int], float] | Sequence[float] | np.ndarray


def lint(
    schedule: _One | Sequence[_One] | Mapping[str, _One],
    total_steps: int,
    *,
    peak_lr: float | Sequence[float] | Mapping[str, float] | None = None,
    floor: float | Sequence[float] | Mapping[str, float] | None = None,
    loop_steps: int | None = None,
    max_jump: float = 20.0,
) -> list[Finding]:
    """Return the suspicious parts of a schedule, ordered by the step where each begins.

    Several parameter groups are reported one by one, and groups that follow one curve up to a
    constant ratio once. A group whose rate rests while that of another changes is a finding too.
    A check of a run, as in CI, asks for those with the `severity` "problem".

    Args:
        schedule: a `Schedule`, any function from a step (int) to a rate, or the rates of a run
            that were recorded, one for each update. For several parameter groups, a list of
            these, a mapping from the groups' names to these, or an array (groups, steps). Of a log
            with a row in every few updates, steps and totals count the rows.
        total_steps: updates the schedule is meant for, warmup included, >= 1.
        peak_lr: rate it is meant to reach, > 0; a `Schedule` says so itself. For several groups,
            one rate for all, a list of one for each, or a mapping from their names.
        floor: rate it is meant to come down to, >= 0, given as `peak_lr` is; with None this is not
            checked.
        loop_steps: updates the training loop really makes, >= 1 (after accumulation, over all
            epochs); None means total_steps. The linter judges the rates of these updates.
        max_jump: factor between two updates from which a change counts as a jump, > 1. The
            default lies between the drops by 10 of a staircase and the 25 by which a one-cycle
            behind another scheduler leaves its warmup too low.

    Raises:
        ValueError, TypeError: an argument out of its range, no rates, or a rate that is not a
            number (a rate of nan or inf is a finding).

    The schedule ends after 100 updates, but the loop makes 120:

    >>> from course_lib.schedules import linear
    >>> for finding in lint(linear(0.1, total_steps=100), total_steps=100, loop_steps=120):
    ...     print(finding.severity, finding.code, finding.first_step, finding.last_step)
    problem dead-tail 100 119
    problem horizon-mismatch 100 119

    Two groups with one curve, cut short, and one that nobody schedules:

    >>> head = linear(0.1, total_steps=100)([*range(60)])
    >>> groups = {"head": head, "body": head / 10, "norms": [0.1] * 60}
    >>> for finding in lint(groups, total_steps=60, floor=0.0):
    ...     print(finding.group, "|", finding.code)
    head, body (x 0.1) | floor-never-reached
    norms | group-stands-still
    norms | floor-never-reached
    """
    total = check_count("total_steps", total_steps)
    loop = total if loop_steps is None else check_count("loop_steps", loop_steps)
    check_real("max_jump", max_jump, low=1.0, low_open=True)
    groups = named_groups(schedule)
    if groups is None:
        return _found(_run(schedule, total, loop, peak_lr, floor, max_jump))
    peaks, floors = (
        for_groups(name, value, list(groups))
        for name, value in (("peak_lr", peak_lr), ("floor", floor))
    )
    runs = {
        name: _run(one, total, loop, peak, low, max_jump)
        for (name, one), peak, low in zip(groups.items(), peaks, floors, strict=True)
    }
    bundles = bundled(runs)
    still = {finding.group: finding for finding in standing_still(bundles)}
    findings = []
    for bundle in bundles:
        findings += [still[str(bundle)]] if str(bundle) in still else []
        findings += [replace(one, group=str(bundle)) for one in _found(bundle.run)]
    return findings


def _run(
    schedule: object,
    total: int,
    loop: int,
    peak_lr: float | None,
    floor: float | None,
    max_jump: float,
) -> Run:
    if peak_lr is not None:
        check_real("peak_lr", peak_lr, low_open=True)
    if floor is not None:
        check_real("floor", floor)
    return Run(
        known=known_rates(schedule, total, loop),
        total_steps=total,
        loop_steps=loop,
        own_end=own_end(schedule),
        peak_lr=own_peak(schedule) if peak_lr is None else float(peak_lr),
        floor=None if floor is None else float(floor),
        max_jump=max_jump,
        milestones=milestones(schedule),
    )


def _found(run: Run) -> list[Finding]:
    rules = [*RULES]
    if np.isfinite(run.known).all() and run.top > 0:
        rules += [*RULES_THAT_COMPARE, *RULES_OF_THE_SHAPE, *RULES_OF_BREAKS]
    # Differences and ratios of any finite floats may overflow; inf compares as it should.
    with np.errstate(over="ignore", invalid="ignore"):
        findings = [finding for rule in rules for finding in rule(run)]
    return sorted(findings, key=lambda f: (f.first_step, f.last_step, f.code))
