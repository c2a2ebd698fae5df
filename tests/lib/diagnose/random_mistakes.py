"""Random runs with a known mistake, logged as tools log, and the comparison's answer to each.

`python -m tests.lib.diagnose.random_mistakes --cases 5000` prints how often each is named.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from course_lib.diagnose import RateLog, compare_with_plan
from course_lib.diagnose.precision import Precision
from tests.lib.diagnose.mistaken_runs import GROUP_FACTOR, MISTAKES, Run, Unfit


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
    GROUP_FACTOR[0] = 0.3
    try:
        second = make(rng, n)
    finally:
        GROUP_FACTOR[0] = 1.0
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
