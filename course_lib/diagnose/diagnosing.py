"""The whole diagnosis of a log: which group to look at, the schedule, and everything odd."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from course_lib.diagnose.identification import Identification
from course_lib.diagnose.identifying import identify
from course_lib.diagnose.oddities import find_oddities
from course_lib.diagnose.rate_log import RateLog

_SAME_CURVE = 1e-6


def main_group(log: RateLog) -> int:
    """Return the group that most groups have the rates of; the first where none is in the majority.

    YOLOv5 logs its biases first, whose warmup falls while all others rise.

    >>> main_group(RateLog([[0.1, 0.05], [0.01, 0.05], [0.01, 0.05]], at=[0, 1]))
    1
    """
    rates = np.nan_to_num(log.rates, nan=0.0, posinf=0.0, neginf=0.0)
    alike = [np.isclose(rates, own, rtol=_SAME_CURVE, atol=0).all(axis=1).sum() for own in rates]
    return int(np.argmax(alike))


def diagnose(log: RateLog, group: int | None = None) -> Identification:
    """Return the schedule that a log follows, with everything odd about it.

    Args:
        log: rates as logged.
        group: parameter group, from 0; None: the one that most groups are like.

    Raises:
        ValueError: a group that the log does not have.

    >>> log = RateLog([[0.1, 0.1, 0.05, 0.1, 0.1, 0.05]], at=[0, 1, 2, 0, 1, 2], unit="epoch")
    >>> [oddity.code for oddity in diagnose(log).oddities if oddity.problem]
    ['several-runs']
    """
    found = identify(log, group=main_group(log) if group is None else group)
    return replace(found, oddities=find_oddities(log, found))


def other_groups(found: Identification) -> list[str]:
    """Return a sentence for each other parameter group: the same curve at a ratio, or its own.

    >>> log = RateLog([[0.1, 0.1, 0.05], [0.01, 0.01, 0.005]], at=range(3), group_names=("a", "b"))
    >>> other_groups(diagnose(log))
    ['b has the rates of a, times 0.1.']
    """
    log, own = found.log, found.log.rates[found.group]
    sentences = []
    for number, (name, rates) in enumerate(zip(log.group_names, log.rates, strict=True)):
        if number == found.group:
            continue
        both = np.isfinite(own) & np.isfinite(rates)
        top = float(np.max(own[both], initial=0.0))
        ratio = float(np.max(rates[both], initial=0.0)) / top if top > 0 else 0.0
        if np.allclose(rates[both], ratio * own[both], rtol=_SAME_CURVE, atol=0) and both.any():
            times = "" if abs(ratio - 1.0) <= _SAME_CURVE else f", times {ratio:.6g}"
            sentences.append(f"{name} has the rates of {log.group_names[found.group]}{times}.")
            continue
        parts = identify(log, group=number).parts
        families = ", then ".join(part.family for part in parts) or "no curve was identified"
        first, last = rates[np.isfinite(rates)][[0, -1]]
        sentences.append(f"{name} has a curve of its own, {first:.4g} to {last:.4g}: {families}.")
    return sentences
