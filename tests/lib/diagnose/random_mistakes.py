"""Random plans, carried out with a known mistake in a real loop, logged as tools log.

`python -m tests.lib.diagnose.random_mistakes --cases 5000` prints how often each is named.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from course_lib.diagnose import RateLog, compare_with_plan
from course_lib.diagnose.precision import Precision
from course_lib.libraries import Loop, Resume, simulate_loop
from tests.lib.diagnose import random_plans
from tests.lib.diagnose.random_plans import RandomPlan


class Unfit(Exception):
    """This mistake cannot be made with this plan."""


# Factor of the rates of the parameter group that is being made.
_of_group = [1.0]


def random_plan(rng: random.Random, n: int) -> RandomPlan:
    plan, factor = random_plans.random_plan(rng, n), _of_group[0]
    return plan.other(**{base: factor * plan.arguments[base] for base in plan.bases})


@dataclass
class Run:
    """The rates of a run, update by update, beside what was planned."""

    codes: tuple[str, ...]  # any of them names the mistake
    rates: np.ndarray
    right: np.ndarray  # the planned rate of step 0, 1, 2, …
    at: np.ndarray
    options: dict[str, Any] = field(default_factory=dict)
    plan_text: str = ""
    alone: tuple[np.ndarray, ...] = ()  # rates with only one of two mistakes
    plans: list[str] = field(default_factory=list)  # one a group, where there are two
    kept: np.ndarray | None = None  # updates that the log has
    steps_per_epoch: int = 1  # of a log by epoch


def simulated(plan: RandomPlan, loop: Loop, factory: Callable | None = None, base=None):
    result = simulate_loop(
        factory or plan.factory(), loop, base_lr=plan.base_lr if base is None else base
    )
    if result.error is not None and len(result.rates) < 0.5 * loop.updates:
        raise Unfit(str(result.error))
    return result


def right(plan: RandomPlan, updates: int) -> np.ndarray:
    return simulated(plan, Loop(updates=updates)).rates


def run_of(codes, plan: RandomPlan, result, **options) -> Run:
    # Some steps more than the run took, for logs that may lag or be ahead.
    planned = right(plan, int(result.attempts.max()) + 10)
    kept = result.attempts[result.attempts < len(planned)]
    return Run(codes, result.rates[: len(kept)], planned, kept.astype(float), options, plan.text)


MISTAKES: dict[str, Callable[[random.Random, int], Run]] = {}


def mistake(function):
    MISTAKES[function.__name__] = function
    return function


@mistake
def per_batch_for_per_epoch(rng, n):
    epochs = rng.randint(8, 40)
    steps = rng.randint(5, max(6, n // 10))
    plan = random_plan(rng, epochs)
    result = simulated(plan, Loop(updates=epochs * steps))
    by_epoch = Loop(updates=epochs * steps + 10, step_per="epoch", batches_per_epoch=steps)
    planned = simulated(plan, by_epoch).rates
    m = min(len(result.rates), len(planned))
    return Run(
        ("stepped-every-update",),
        result.rates[:m],
        planned,
        np.arange(float(m)),
        {"unit": "epoch", "steps_per_epoch": steps},
        plan.text,
    )


@mistake
def per_epoch_for_per_batch(rng, n):
    plan = random_plan(rng, n)
    steps = max(2, n // rng.randint(4, 30))
    loop = Loop(updates=n, step_per="epoch", batches_per_epoch=steps)
    result = simulated(plan, loop)
    return run_of(("stepped-every-epoch",), plan, result, unit="update", steps_per_epoch=steps)


@mistake
def several_processes(rng, n):
    plan, several = random_plan(rng, n), rng.choice((2, 4, 8))
    result = simulated(plan, Loop(updates=n, processes=several))
    options = {"known": {"processes": several}} if rng.random() < 0.5 else {}
    return run_of(("steps-per-update",), plan, result, **options)


@mistake
def per_batch_while_accumulating(rng, n):
    plan, several = random_plan(rng, n), rng.choice((2, 4, 8))
    result = simulated(plan, Loop(updates=n, accumulate=several, step_per="batch"))
    options = {"known": {"accumulate": several}} if rng.random() < 0.5 else {}
    return run_of(("steps-per-update",), plan, result, **options)


@mistake
def a_step_every_few_updates(rng, n):
    plan, several = random_plan(rng, n), rng.choice((2, 3, 4, 8))
    result = simulated(plan, Loop(updates=n, step_per="epoch", batches_per_epoch=several))
    return run_of(("updates-per-step",), plan, result)


@mistake
def scheduler_before_optimizer(rng, n):
    plan = random_plan(rng, n)
    return run_of(("ahead",), plan, simulated(plan, Loop(updates=n, scheduler_first=True)))


@mistake
def first_updates_skipped(rng, n):
    plan, several = random_plan(rng, n), rng.choice((1, 1, 2, 4, 7))
    loop = Loop(updates=n, skipped=range(several), step_when_skipped=False)
    return run_of(("behind",), plan, simulated(plan, loop))


@mistake
def updates_skipped(rng, n):
    plan = random_plan(rng, n)
    where = rng.sample(range(n // 10, n - n // 10), rng.choice((1, 2, 3)))
    loop = Loop(updates=n, skipped=where, step_when_skipped=False)
    return run_of(("skipped-updates", "counter-jumped"), plan, simulated(plan, loop))


@mistake
def never_stepped(rng, n):
    plan = random_plan(rng, n)
    loop = Loop(updates=n, step_per="epoch", batches_per_epoch=2 * n)
    return run_of(("never-stepped",), plan, simulated(plan, loop))


@mistake
def length_in_the_wrong_unit(rng, n):
    plan = random_plan(rng, n)
    if not plan.total:
        raise Unfit
    factor = rng.choice((2, 4, 8, rng.randint(5, 40)))
    new = plan.arguments[plan.total] * factor
    if rng.random() < 0.5:
        new = plan.arguments[plan.total] // factor
    if new < 2 or (plan.warmup and new <= plan.arguments[plan.warmup] + 1):
        raise Unfit
    actual = plan.other(**{plan.total: new})
    name = rng.choice(("accumulate", "processes"))
    known = {"known": {name: factor}} if rng.random() < 0.5 else {}
    if rng.random() < 0.3:
        known = {"steps_per_epoch": factor, "unit": "update"}
    return run_of(("wrong-unit",), plan, simulated(actual, Loop(updates=n)), **known)


@mistake
def decay_and_warmup(rng, n):
    plan = random_plan(rng, n)
    if plan.name == "torch.SequentialLR":
        warm = plan.arguments["milestones"][0]
        parts = plan.arguments["schedulers"]
        if "T_max" not in parts[1][1]:
            raise Unfit
        parts = [parts[0], (parts[1][0], {"T_max": n})]
        actual = plan.other(schedulers=parts)
    elif plan.total and plan.warmup:
        warm = plan.arguments[plan.warmup] * rng.choice((1, -1))
        actual = plan.other(**{plan.total: plan.arguments[plan.total] + warm})
    else:
        raise Unfit
    return run_of(("decay-and-warmup",), plan, simulated(actual, Loop(updates=n)))


@mistake
def resumed_anew(rng, n):
    plan, at = random_plan(rng, n), rng.randint(n // 5, 4 * n // 5)
    loop = Loop(updates=n, resume=Resume(at, ("build",)))
    return run_of(("started-anew",), plan, simulated(plan, loop))


@mistake
def resumed_without_the_schedulers_state(rng, n):
    plan, at = random_plan(rng, n), rng.randint(n // 5, 4 * n // 5)
    loop = Loop(updates=n, resume=Resume(at, ("build", "load_optimizer")))
    # Schedulers that compute the rate from the step start anew one update later.
    codes = ("state-lost",) if plan.chains else ("state-lost", "started-anew")
    return run_of(codes, plan, simulated(plan, loop))


@mistake
def resumed_without_the_optimizers_state(rng, n):
    plan, at = random_plan(rng, n), rng.randint(n // 5, 4 * n // 5)
    if not plan.chains:
        raise Unfit
    loop = Loop(updates=n, resume=Resume(at, ("build", "load_scheduler")))
    return run_of(("optimizer-state-lost",), plan, simulated(plan, loop))


@mistake
def resumed_with_another_length(rng, n):
    plan, at = random_plan(rng, n), rng.randint(n // 5, 3 * n // 5)
    if not plan.total or plan.name.startswith("torch."):
        raise Unfit
    new = int(plan.arguments[plan.total] * rng.choice((1.5, 2, 0.8, 1.25, 3)))
    if plan.warmup and new <= plan.arguments[plan.warmup] + 1:
        raise Unfit
    other = plan.other(**{plan.total: new})
    resume = Resume(at, ("load_optimizer", "build"), other.factory(last_epoch=at - 1))
    return run_of(
        ("resumed-with-another-length",), plan, simulated(plan, Loop(updates=n, resume=resume))
    )


@mistake
def old_length_kept(rng, n):
    short = random_plan(rng, n)
    if not short.total:
        raise Unfit
    plan = short.other(**{short.total: int(short.arguments[short.total] * rng.choice((1.5, 2, 3)))})
    return run_of(("other-length", "wrong-unit"), plan, simulated(short, Loop(updates=n)))


@mistake
def resumed_sequential_by_last_epoch(rng, n):
    plan = random_plan(rng, n)
    while plan.name != "torch.SequentialLR":
        plan = random_plan(rng, n)
    at = rng.randint(2, 4 * n // 5)
    resume = Resume(at, ("load_optimizer", "build"), plan.factory(last_epoch=at - 1))
    return run_of(
        ("resumed-from-the-last-part",), plan, simulated(plan, Loop(updates=n, resume=resume))
    )


@mistake
def counter_counted_twice_at_the_resume(rng, n):
    plan, at = random_plan(rng, n), rng.randint(n // 5, 3 * n // 5)
    if plan.name.startswith("torch."):
        raise Unfit
    more = rng.choice((1, 2, at))
    resume = Resume(at, ("load_optimizer", "build"), plan.factory(last_epoch=at - 1 + more))
    return run_of(("counter-jumped",), plan, simulated(plan, Loop(updates=n, resume=resume)))


@mistake
def scheduler_of_another_optimizer_after_the_resume(rng, n):
    plan, at = random_plan(rng, n), rng.randint(n // 5, 3 * n // 5)

    def elsewhere(optimizer):
        other = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
        return torch.optim.lr_scheduler.ExponentialLR(other, 0.9)

    resume = Resume(at, ("build", "load_optimizer"), elsewhere)
    return run_of(("stopped-stepping",), plan, simulated(plan, Loop(updates=n, resume=resume)))


@mistake
def another_gamma(rng, n):
    plan = random_plan(rng, n)
    while not plan.gamma or plan.arguments[plan.gamma] > 0.5:
        plan = random_plan(rng, n)
    gamma = plan.arguments[plan.gamma]
    actual = plan.other(**{plan.gamma: rng.choice([g for g in (0.15, 0.4, 0.7) if g != gamma])})
    return run_of(("other-gamma",), plan, simulated(actual, Loop(updates=n)))


@mistake
def milestone_off_by_one(rng, n):
    plan = random_plan(rng, n)
    while not plan.marks:
        plan = random_plan(rng, n)
    marks = list(plan.arguments[plan.marks])
    if rng.random() < 0.5:
        marks = [mark + 1 for mark in marks]
    else:
        marks[rng.randrange(len(marks))] += rng.choice((1, -1))
    if len(set(marks)) < len(marks) or marks != sorted(marks):
        raise Unfit
    actual = plan.other(**{plan.marks: marks})
    return run_of(("milestone-off",), plan, simulated(actual, Loop(updates=n)))


@mistake
def gamma_twice_or_not(rng, n):
    plan = random_plan(rng, n)
    while not plan.gamma:
        plan = random_plan(rng, n)
    twice = rng.random() < 0.6
    gamma = plan.arguments[plan.gamma]
    actual = plan.other(**{plan.gamma: gamma**2 if twice else 1.0})
    code = "gamma-twice" if twice else "gamma-missing"
    return run_of((code,), plan, simulated(actual, Loop(updates=n)))


@mistake
def a_plateau_rule_on_top(rng, n):
    plan = random_plan(rng, n)
    while not plan.chains:
        plan = random_plan(rng, n)
    if (plan.floor and plan.arguments[plan.floor]) or plan.name == "torch.LinearLR":
        raise Unfit
    factor, cuts = rng.choice((0.1, 0.5, 0.2)), rng.choice((1, 1, 2, 3))
    where = sorted(rng.sample(range(n // 5, 4 * n // 5), cuts))
    overrides: dict[int, float] = {}
    for update in where:
        before = simulated(plan, Loop(updates=n, lr_overrides=overrides)).rates[update]
        overrides[update] = before * factor
    result = simulated(plan, Loop(updates=n, lr_overrides=overrides))
    return run_of(("plateau-fired",), plan, result)


@mistake
def climbed_past_the_end(rng, n):
    planned = random_plan(rng, n)
    while planned.name != "cosine":
        planned = random_plan(rng, n)
    arguments = planned.arguments
    torchs = RandomPlan(
        "torch.CosineAnnealingLR",
        {"base_lr": arguments["peak_lr"], "T_max": n, "eta_min": arguments["floor"]},
    )
    result = simulated(torchs, Loop(updates=int(n * rng.uniform(1.1, 1.8))))
    return run_of(("climbed-again",), planned, result)


@mistake
def held_past_the_end(rng, n):
    actual = random_plan(rng, n)
    while actual.name != "cosine":
        actual = random_plan(rng, n)
    arguments = actual.arguments
    planned = RandomPlan(
        "torch.CosineAnnealingLR",
        {"base_lr": arguments["peak_lr"], "T_max": n, "eta_min": arguments["floor"]},
    )
    result = simulated(actual, Loop(updates=int(n * rng.uniform(1.1, 1.8))))
    return run_of(("held-at-the-end",), planned, result)


@mistake
def base_rate_scaled(rng, n):
    plan = random_plan(rng, n)
    if not plan.bases:
        raise Unfit
    factor = rng.choice((2, 4, 8, 64, 0.5, 0.25, 0.1, rng.uniform(0.3, 3)))
    changes = {base: plan.arguments[base] * factor for base in plan.bases}
    floor = plan.floor and plan.arguments[plan.floor]
    if floor and plan.floor not in ("alpha",) and min(changes.values()) <= floor:
        raise Unfit
    actual = plan.other(**changes)
    return run_of(("scaled",), plan, simulated(actual, Loop(updates=n)))


@mistake
def warmup_missing(rng, n):
    plan = random_plan(rng, n)
    while not plan.warmup or plan.name in (
        "inverse_sqrt",
        "transformers.get_inverse_sqrt_schedule",
    ):
        plan = random_plan(rng, n)
    actual = plan.other(**{plan.warmup: 0})
    return run_of(("warmup-missing",), plan, simulated(actual, Loop(updates=n)))


@mistake
def warmup_of_another_length(rng, n):
    plan = random_plan(rng, n)
    while not plan.warmup:
        plan = random_plan(rng, n)
    old = plan.arguments[plan.warmup]
    new = max(1, int(old * rng.choice((0.5, 2, 1.5, 0.1, 3))))
    if new == old or new >= n - n // 3:
        raise Unfit
    actual = plan.other(**{plan.warmup: new})
    return run_of(("other-warmup",), plan, simulated(actual, Loop(updates=n)))


@mistake
def floor_missing_or_misread(rng, n):
    plan = random_plan(rng, n)
    while not plan.floor or not plan.arguments[plan.floor]:
        plan = random_plan(rng, n)
    floor, peak = plan.arguments[plan.floor], plan.arguments[plan.bases[0]]
    kind = rng.choice(("floor-missing", "floor-unit", "other-floor"))
    new = {
        "floor-missing": 0.0,
        "floor-unit": floor * peak,
        "other-floor": floor * rng.choice((2, 3)),
    }[kind]
    if new > peak:
        raise Unfit
    actual = plan.other(**{plan.floor: new})
    return run_of((kind,), plan, simulated(actual, Loop(updates=n)))


@mistake
def no_mistake(rng, n):
    plan = random_plan(rng, n)
    return run_of((), plan, simulated(plan, Loop(updates=n)))


@mistake
def two_scaled_and_ahead(rng, n):
    plan, factor = random_plan(rng, n), rng.choice((2, 4, 0.5))
    result = simulated(plan, Loop(updates=n, scheduler_first=True))
    result.rates[:] *= factor
    run = run_of(("ahead + scaled", "scaled + ahead"), plan, result)
    run.alone = (run.right * factor, run.right[1:])
    return run


@mistake
def two_processes_and_resumed_anew(rng, n):
    plan, several = random_plan(rng, n), rng.choice((2, 4))
    at = rng.randint(n // 3, 2 * n // 3)
    loop = Loop(updates=n, processes=several, resume=Resume(at, ("build",)))
    codes = ("steps-per-update + started-anew", "started-anew + steps-per-update")
    run = run_of(codes, plan, simulated(plan, loop), known={"processes": several})
    run.alone = (
        simulated(plan, Loop(updates=n, processes=several)).rates,
        simulated(plan, Loop(updates=n, resume=Resume(at, ("build",)))).rates,
    )
    return run


@mistake
def two_skipped_and_resumed_anew(rng, n):
    plan = random_plan(rng, n)
    at = rng.randint(n // 2, 3 * n // 4)
    loop = Loop(
        updates=n, skipped=[at // 2], step_when_skipped=False, resume=Resume(at, ("build",))
    )
    parts = ("skipped-updates", "counter-jumped")
    codes = tuple(f"{part} + started-anew" for part in parts)
    run = run_of(codes, plan, simulated(plan, loop))
    skipping = Loop(updates=n, skipped=[at // 2], step_when_skipped=False)
    run.alone = (
        simulated(plan, Loop(updates=n, resume=Resume(at, ("build",)))).rates,
        simulated(plan, skipping).rates,
        # The skip must be seen before the resume: afterwards nothing is left of it.
        np.where(np.arange(n) < at, right(plan, n), np.append(run.rates, run.rates[-1])[:n]),
    )
    return run


TWO = [name for name in MISTAKES if name.startswith("two_")]


# Logs


def rounded(rates: np.ndarray, how: Precision) -> np.ndarray:
    if how.kind == "float32":
        return rates.astype(np.float32).astype(np.float64)
    if how.kind == "float16":
        return rates.astype(np.float16).astype(np.float64)
    if how.kind == "bfloat16":
        bits = rates.astype(np.float32).view(np.uint32)
        even = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
        return even.view(np.float32).astype(np.float64)
    if how.kind == "significant":
        return np.array([float(f"{rate:.{how.digits - 1}e}") for rate in rates])
    if how.kind == "decimals":
        return np.array([round(float(rate), how.digits) for rate in rates])
    return rates


def logged(run: Run, rng: random.Random) -> tuple[RateLog, Precision]:
    """Return the log of a run, and how it was rounded."""
    peak = float(np.abs(run.right).max())
    digits = rng.choice((3, 4, 5, 6))
    after_point = max(1, int(-np.floor(np.log10(peak)))) + rng.choice((2, 3, 4))
    how = rng.choice(
        [Precision("float64")] * 4
        + [Precision("float32")] * 2
        + [Precision("float16"), Precision("bfloat16")]
        + [Precision("significant", digits)] * 2
        + [Precision("decimals", after_point)]
    )
    every = rng.choice((1, 1, 1, 2, 5, 10))
    begin = rng.randrange(every)
    kept = np.arange(begin, len(run.rates), every)
    if rng.random() < 0.2:
        kept = kept[: max(3, int(kept.size * rng.uniform(0.6, 1)))]
    if kept.size < 4:
        raise Unfit
    if run.options.keys() <= {"known"} and rng.random() < 0.1:
        return logged_by_epoch(run, rng, how)
    run.kept, lag = kept, rng.choice((0, 0, 1))
    lags = (lag,) if rng.random() < 0.7 else ((0, 1) if lag == 0 else (1, 0))
    rates = rounded(as_computed(run, rng)[kept], how)
    at = run.at[kept] + lag
    log = RateLog(rates=[rates], at=at, lags=lags)
    return log, how


def logged_by_epoch(run: Run, rng: random.Random, how: Precision) -> tuple[RateLog, Precision]:
    """Return the log of a run with a row for the first, or the last, update of each epoch."""
    steps = rng.choice((2, 3, 5))
    named = run.options.get("known", {}).values()
    if (
        steps in named
        or not np.array_equal(run.at, np.arange(run.at.size))
        or run.at.size < 6 * steps
    ):
        raise Unfit
    run.options |= {"unit": "update", "steps_per_epoch": steps}
    run.steps_per_epoch = steps
    kept = np.arange(rng.choice((0, steps - 1)), run.at.size, steps)
    rates = rounded(as_computed(run, rng)[kept], how)
    return RateLog(rates=[rates], at=np.arange(kept.size), unit="epoch", lags=(0,)), how


def as_computed(run: Run, rng: random.Random) -> np.ndarray:
    """Return the rates as the library computes them: keras and optax do so in float32."""
    if not run.plan_text.startswith(("keras.", "optax.")):
        return run.rates
    off = np.random.default_rng(rng.randrange(2**32)).integers(-1, 2, run.rates.size)
    return (run.rates * (1 + off * 2.0**-23)).astype(np.float32).astype(np.float64)


def visible(log: RateLog, how: Precision, planned: np.ndarray, run: Run) -> bool:
    """Return whether the log differs from planned rates beyond its rounding, at every lag."""
    got = log.rates[0]
    at, lags = log.at, log.lags
    if log.unit == "epoch":
        # Which of an epoch's updates a row has is not known.
        at, lags = at * run.steps_per_epoch, (1, 0, 1 - run.steps_per_epoch)
    for lag in lags:
        steps = np.clip((at - lag).astype(int), 0, len(planned) - 1)
        right = planned[steps]
        exact = how.kind in ("float64", "float32")
        spacing = 1e-6 * np.abs(right).max() if exact else 0.0
        # A hair beyond what the rounding of the planned rate can do.
        half = np.maximum(np.abs(rounded(right, how) - right), half_spacing(how, right))
        if not (np.abs(got - right) > 2.5 * half + spacing).any():
            return False
    return True


def half_spacing(how: Precision, rates: np.ndarray) -> np.ndarray:
    if how.kind == "decimals":
        return np.full(rates.shape, 0.5 * 10.0**-how.digits)
    if how.kind == "significant":
        # Under rounding to a few digits a small rate may look like one rounded after the point.
        powers = np.floor(np.log10(np.maximum(np.abs(rates), 1e-300)))
        own = 0.5 * 10.0 ** (powers + 1 - how.digits)
        return np.maximum(own, own[rates > 0].min()) if (rates > 0).any() else own
    bits = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}[how.kind]
    half = np.abs(rates) * 2.0**-bits
    return np.maximum(half, 2.0**-25) if how.kind == "float16" else half


@dataclass
class Case:
    """One log with its plan, and the mistake that made it."""

    name: str
    run: Run
    log: RateLog


def with_second_group(make, run: Run, log: RateLog, how: Precision, made: Any, n: int) -> RateLog:
    """Return the log with a second group, whose base rate is a part of the first one's."""
    rng = random.Random()
    rng.setstate(made)
    _of_group[0] = 0.3
    try:
        second = make(rng, n)
    finally:
        _of_group[0] = 1.0
    if second.rates.size != run.rates.size or log.unit == "epoch" or second.rates.max() <= 0:
        return log
    run.plans = [run.plan_text, second.plan_text]
    rates = np.stack([log.rates[0], rounded(second.rates[run.kept], how)])
    return replace(log, rates=rates, group_names=("body", "head"), precision=None)


def random_case(seed: int) -> Case:
    rng = random.Random(seed)
    names = [name for name in MISTAKES if name != "no_mistake"]
    while True:
        name = "no_mistake" if rng.random() < 0.1 else rng.choice(names)
        n = rng.choice((30, 60, 120, 250, 500))
        try:
            made = rng.getstate()
            run = MISTAKES[name](rng, n)
            log, how = logged(run, rng)
            if rng.random() < 0.1 and how.kind != "decimals":
                log = with_second_group(MISTAKES[name], run, log, how, made, n)
        except (Unfit, ValueError, ZeroDivisionError, OverflowError):
            continue
        if not np.isfinite(run.rates).all() or len(run.rates) < 8:
            continue
        seen = visible(log, how, run.right, run) and all(
            visible(log, how, one, run) for one in run.alone
        )
        if name == "no_mistake" or seen:
            return Case(name, run, log)


def judged(case: Case) -> tuple[str, list[str], Any]:
    """Return (verdict, codes that rank first, comparison) of one case."""
    comparison = compare_with_plan(
        case.log, case.run.plans or case.run.plan_text, **case.run.options
    )
    if comparison.as_planned:
        good = case.name == "no_mistake"
        return ("right" if good else "as planned"), ["as planned"], comparison
    codes = [one.code for one in comparison.equal_first]
    if case.name == "no_mistake":
        return "false alarm", codes, comparison
    exact = comparison.explanations and comparison.explanations[0].exact
    if set(codes) & set(case.run.codes):
        return ("right" if exact else "named, not exact"), codes, comparison
    return "other", codes, comparison


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--show", type=int, default=0)
    options = parser.parse_args()
    table: dict[str, Counter] = defaultdict(Counter)
    confused: dict[str, Counter] = defaultdict(Counter)
    shown, longest, began = 0, 0.0, time.perf_counter()
    for seed in range(options.first, options.first + options.cases):
        case = random_case(seed)
        start = time.perf_counter()
        verdict, codes, comparison = judged(case)
        longest = max(longest, time.perf_counter() - start)
        table[case.name][verdict] += 1
        if verdict != "right":
            confused[case.name][codes[0] if codes else "none"] += 1
            if shown < options.show:
                shown += 1
                ranks = [(one.code, one.exact) for one in comparison.explanations]
                print(seed, case.name, verdict, case.run.plan_text, case.run.options)
                print("  ", case.log.precision, case.log.size, case.log.at[:3], case.log.lags)
                print("  ", str(comparison)[:700].replace("\n", "\n   "))
                print("  ", ranks)
    total, good = sum(sum(c.values()) for c in table.values()), 0
    for name in sorted(table):
        counts = table[name]
        good += counts["right"]
        print(
            f"{name:42s} {counts['right']:5d} of {sum(counts.values()):5d}  "
            f"{dict(counts)}  {dict(confused[name].most_common(4))}"
        )
    print(
        f"named at rank 1 (or equal first): {good} of {total} = {good / total:.1%}; "
        f"longest {longest:.2f} s, all {time.perf_counter() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
