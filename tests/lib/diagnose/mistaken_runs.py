"""Random plans, carried out with a known mistake in a real loop, update by update."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from course_lib.libraries import Loop, Resume, simulate_loop
from tests.lib.diagnose import random_plans
from tests.lib.diagnose.random_plans import RandomPlan


class Unfit(Exception):
    """This mistake cannot be made with this plan."""


# Factor of the rates of the parameter group that is being made.
GROUP_FACTOR = [1.0]


def random_plan(rng: random.Random, n: int) -> RandomPlan:
    plan, factor = random_plans.random_plan(rng, n), GROUP_FACTOR[0]
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
