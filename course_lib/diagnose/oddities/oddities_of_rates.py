"""Oddities of the rates as numbers, and of several groups beside one another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from course_lib.diagnose.identification import Oddity
from course_lib.diagnose.oddities.evidence import SAME, Evidence, count, runs_of
from course_lib.diagnose.oddities.oddities_of_files import rounded_to_zero

_ADAPTIVE = ("adam", "lion", "adagrad", "rmsprop", "adafactor", "lamb", "sophia", "muon", "paged")
_ADAPTIVE_TOOLS = ("hugging face", "trainer_state", "hf_", "llama", "sb3", "baselines")
# Adam moves every weight by about its rate: above a tenth, no recipe trains anything. Linear
# scaling and LARS give SGD rates of some units.
_ABSURD_ADAPTIVE, _ABSURD_UNKNOWN, _ABSURD_SGD = 0.1, 1.0, 30.0
# An update with a rate this small changes no float32 weight.
_VOID = 1e-10
_DEAD_SHARE = 0.02


def not_finite(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity for rates that are infinite."""
    column = case.log.rates[case.found.group]
    bad = np.flatnonzero(np.isinf(column))
    if bad.size:
        yield Oddity(
            "not-finite",
            f"{count(bad.size, 'rate')} {'is' if bad.size == 1 else 'are'} infinite, the first at "
            f"{case.log.unit} {case.log.at[bad[0]]:g}.",
            int(bad[0]),
            int(bad[-1]) + 1,
            problem=True,
        )


def negative(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity for rates below 0."""
    bad = np.flatnonzero(case.rates < 0)
    if bad.size:
        yield case.oddity(
            "negative",
            f"{count(bad.size, 'rate')} {'is' if bad.size == 1 else 'are'} below 0, down to "
            f"{case.rates.min():.4g}, from {case.where(bad[0])} on: such updates climb the loss.",
            int(bad[0]),
            int(bad[-1]) + 1,
            problem=True,
        )


def absurd_rate(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity for a rate with which nothing trains."""
    top = case.top
    limit, which = _limit(case)
    if top > limit:
        typed = top == int(top) and case.constant
        typo = f"; as a whole number it may be a typing error for {top:g}e-5" if typed else ""
        yield case.oddity(
            "absurd-rate",
            f"The rate is {top:g}, above {limit:g}, beyond which {which}{typo}.",
            problem=True,
        )
    elif 0 < top < _VOID and case.rates.size > 1:
        yield case.oddity(
            "absurd-rate",
            f"The highest rate is {top:.2g}, too small to change a float32 weight.",
            problem=True,
        )


def _limit(case: Evidence) -> tuple[float, str]:
    optimizer = str(case.setting("optimizer", "opt", "optim") or "").lower()
    tool = case.log.format.lower()
    if any(name in optimizer for name in _ADAPTIVE) or (
        not optimizer and any(name in tool for name in _ADAPTIVE_TOOLS)
    ):
        return _ABSURD_ADAPTIVE, "an optimizer of Adam's kind does not train"
    if any(name in optimizer for name in ("sgd", "lars", "momentum")):
        return _ABSURD_SGD, "even SGD in large batches does not train"
    return _ABSURD_UNKNOWN, "hardly any optimizer trains"


def dead_rows(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity for several rows of rate 0 that are no rounding."""
    if any(rounded_to_zero(case)):
        return
    if case.top == 0:
        yield case.oddity(
            "dead-rows", "The rate is 0 in every row, so nothing is trained.", problem=True
        )
        return
    zeros = [(a, b) for a, b in runs_of(case.rates == 0) if b - a > 1]
    if not zeros:
        return
    first, end = max(zeros, key=lambda span: span[1] - span[0])
    if case.share(first, end) > _DEAD_SHARE:
        yield case.oddity(
            "dead-rows",
            f"The rate is 0 in {end - first} rows in a row, from {case.where(first)} to "
            f"{case.where(end - 1)}: these updates change nothing.",
            first,
            end,
            problem=True,
        )


def groups_differ(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity for the parameter groups whose curve is not that of the group identified."""
    own = case.log.rates[case.found.group]
    alike: dict[str, list[str]] = {}
    for name, column in zip(case.log.group_names, case.log.rates, strict=True):
        both = np.isfinite(own) & np.isfinite(column)
        if not both.any() or np.allclose(own[both], column[both], rtol=SAME, atol=0):
            continue
        alike.setdefault(_difference(case, own[both], column[both]), []).append(name)
    for how, names in alike.items():
        which = f"The group {names[0]}" if len(names) == 1 else f"The groups {', '.join(names)}"
        has = "has" if len(names) == 1 else "have"
        own_name = case.log.group_names[case.found.group]
        yield case.oddity("groups-differ", f"{which} {has} {how.format(own_name)}.")


def _difference(case: Evidence, own: np.ndarray, other: np.ndarray) -> str:
    if not other.any():
        return "a rate of 0 in every row, unlike {}: nothing in it is trained"
    used = own > 0
    ratios = other[used] / own[used]
    if ratios.size and np.ptp(ratios) <= 1e-3 * ratios.max():
        return f"{ratios[0]:.4g} times the rate of {{}}"
    if other[0] > other[-1] and other[0] == other.max() and own[0] < own.max():
        return (
            f"another curve than {{}}: a warmup that falls from {other[0]:.4g}, as YOLO's has for "
            "biases"
        )
    return f"another curve than {{}}, from {other[0]:.4g} to {other[-1]:.4g}"


RULES_OF_RATES = (not_finite, negative, absurd_rate, dead_rows, groups_differ)
