"""The sentences of the range-test explorer."""

from __future__ import annotations

import numpy as np

from course_lib.explorers.range_charts import counted, zones_over
from course_lib.range_test import Summary, Sweep, Zones


def words_of(sweep: Sweep, zones: Zones | None, reason: str, step: int, table: Summary) -> str:
    """Return in words what a test shows after some of its updates.

    Args:
        sweep: the whole test.
        zones: zones of the whole test; None where it has none.
        reason: why it has none.
        step: updates shown, >= 1.
        table: suggestions of the rules for these updates.
    """
    if step < len(sweep.rates):
        parts = (_so_far(sweep, zones, step), _diverged(sweep, step), _would_suggest(table))
    else:
        parts = (
            _whole(sweep, zones),
            _zones(zones, reason),
            _diverged(sweep, step),
            _suggest(table, zones),
        )
    return " ".join(part for part in parts if part)


def _whole(sweep: Sweep, zones: Zones | None) -> str:
    rates = sweep.rates
    test = (
        f"{counted(len(rates), 'update')} from η = {rates[0]:.2g} to {rates[-1]:.2g}, "
        f"{counted(len(sweep), 'seed')}"
    )
    if zones is None:
        return f"{test}: the median loss begins at {_median(sweep)[0]:.3g}."
    lowest = rates[np.argmin(zones.curve)]
    return (
        f"{test}: the smoothed median loss begins near {zones.start_loss:.3g} and is lowest, "
        f"{zones.best_loss:.3g}, at η = {lowest:.2g}."
    )


def _zones(zones: Zones | None, reason: str) -> str:
    if zones is None:
        return f"There are no zones ({reason})."
    falls = (
        "It never falls clearly"
        if np.isnan(zones.falls_from)
        else f"It falls from η = {zones.falls_from:.2g} on"
    )
    if np.isnan(zones.unstable_from):
        return f"{falls}, and does not become unstable before the end."
    return f"{falls}, and is unstable from η = {zones.unstable_from:.2g} on."


def _so_far(sweep: Sweep, zones: Zones | None, step: int) -> str:
    losses, rate = _median(sweep)[:step], sweep.rates[step - 1]
    where = ""
    if zones is not None:
        name = [label for label, _, start, _ in zones_over(sweep, zones) if start <= rate][-1]
        where = f" (zone of the whole test: {name})"
    now = (
        f"the median loss is {losses[-1]:.3g}"
        if np.isfinite(losses[-1])
        else "most runs have ended in NaN"
    )
    return (
        f"Update {step} of {len(sweep.rates)}, at η = {rate:.2g}{where}: {now}; it began at "
        f"{losses[0]:.3g}, and the lowest so far is {losses.min():.3g}."
    )


def _diverged(sweep: Sweep, step: int) -> str:
    gone = sweep.diverged_at[(sweep.diverged_at >= 0) & (sweep.diverged_at < step)]
    if not len(gone):
        return "No run ends in NaN." if step == len(sweep.rates) else ""
    first = sweep.rates[gone.min()]
    runs = counted(len(sweep), "run")
    return f"{len(gone)} of {runs} ended in NaN, the first at η = {first:.2g}."


def _suggest(table: Summary, zones: Zones | None) -> str:
    reach = _reach(table)
    if not reach:
        return "No rule suggests a rate."
    medians = np.array([row.median for row in table.rows if row.found])
    text = f"The rules' median suggestions reach {reach}, a factor of {_ratio(medians)}"
    if zones is None or np.isnan(zones.falls_from):
        return f"{text}."
    end = np.inf if np.isnan(zones.unstable_from) else zones.unstable_from
    inside = np.count_nonzero((medians >= zones.falls_from) & (medians < end))
    return f"{text}; in the falling zone: {inside} of {len(table.rows)}."


def _would_suggest(table: Summary) -> str:
    reach = _reach(table)
    if not reach:
        return "Stopped here, no rule would suggest a rate."
    return f"Stopped here, the rules' median suggestions would reach {reach}."


def _reach(table: Summary) -> str:
    found = sorted((row.median, row.rule) for row in table.rows if row.found)
    if not found:
        return ""
    (low, lowest), (high, highest) = found[0], found[-1]
    return f"from η = {low:.2g} ({lowest}) to {high:.2g} ({highest})"


def _ratio(medians: np.ndarray) -> str:
    ratio = float(f"{medians.max() / medians.min():.2g}")
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:g}"


def _median(sweep: Sweep) -> np.ndarray:
    """Return the median over seeds, (T,); infinite where most have diverged."""
    return np.median(np.where(np.isnan(sweep.losses), np.inf, sweep.losses), axis=0)
