"""An identification in words: what the log follows, what it cannot tell, and what is odd."""

from __future__ import annotations

import numpy as np

from course_lib.diagnose.identification import FittedParameter, FittedPart, Identification
from course_lib.diagnose.oddities.evidence import count

_WIDTH = 16
_MANY = 5  # more milestones are written in one line
# An interval this narrow, as a share of the value, is rounding.
_SURE = 1e-6


def describe(found: Identification) -> str:
    """Return an identification as text: file, curve, convention, call, residual, limits, oddities.

    Args:
        found: the identification, with its oddities.

    >>> from course_lib.diagnose import Identification, RateLog
    >>> log = RateLog([[0.1]], at=[5], source="one.csv", format="CSV")
    >>> print(describe(Identification(log, 0, (), cannot_tell=("One row fits any curve.",))))
    one.csv (CSV): 1 row, update 5, float64
    No curve was identified.
    <BLANKLINE>
    This log cannot tell:
      - One row fits any curve.
    """
    blocks = [[_head(found)]]
    if found.parts:
        blocks += [_part(found, part) for part in found.parts]
        blocks.append(_whole(found))
    else:
        blocks[0].append("No curve was identified.")
    blocks += [
        _list("This log cannot tell:", found.cannot_tell),
        _list("Problems:", [o.message for o in found.oddities if o.problem]),
        _list("Good to know:", [o.message for o in found.oddities if not o.problem]),
        _list("How the file was read:", found.log.notes),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _head(found: Identification) -> str:
    log = found.log
    at = log.at[np.isfinite(log.at)]
    span = f"{log.unit} {at.min():,.10g}"
    if at.min() < at.max():
        span = f"{log.unit}s {at.min():,.10g} to {at.max():,.10g}"
    name = f"{log.source} ({log.format})" if log.source else log.format
    group = ""
    if len(log.group_names) > 1:
        group = f", group {log.group_names[found.group]} of {', '.join(log.group_names)}"
    return f"{name}: {count(log.size, 'row')}, {span}{group}, {log.precision}"


def _part(found: Identification, part: FittedPart) -> list[str]:
    unit = found.log.unit
    title = part.family[:1].upper() + part.family[1:]
    if len(found.parts) > 1:
        first, last = found.log.at[part.first], found.log.at[part.end - 1]
        title = f"{unit.capitalize()}s {first:,.10g} to {last:,.10g}: {part.family}"
    lines = [title]
    places = [p for name, p in part.parameters.items() if name.startswith("milestone_")]
    short = len(places) > _MANY
    for name, p in part.parameters.items():
        if not short or not name.startswith(("milestone_", "rate_")):
            lines.append(f"  {name:{_WIDTH}}{_value(p)}")
    if short:
        first = ", ".join(f"{p.value:.10g}" for p in places[:_MANY])
        lines.append(f"  {'drops':{_WIDTH}}{len(places)}: {first}, … {places[-1].value:.10g}")
    lines.append(f"  {'row at s shows':{_WIDTH}}{_convention(part.lag)}")
    if part.convention:
        lines.append(f"  {'convention':{_WIDTH}}{part.convention}")
    for row, lag in part.skipped:
        at = found.log.at[row]
        lines.append(f"  {'':{_WIDTH}}{_convention(lag)} from {unit} {at:,.10g} on")
    return lines


def _convention(lag: float) -> str:
    if lag == 0:
        return "the rate at t = s"
    return f"the rate at t = s {'-' if lag > 0 else '+'} {abs(lag):g}"


def _value(known: FittedParameter) -> str:
    if known.high - known.low <= _SURE * abs(known.value):
        return f"{known.value:.7g}"
    if np.isinf(known.high):
        return f"{known.value:.7g}  (at least {known.low:.7g})"
    return f"{known.value:.7g}  ({known.low:.7g} to {known.high:.7g})"


def _whole(found: Identification) -> list[str]:
    lines = [f"Largest difference from the log: {found.residual:.2g} of the peak."]
    if found.call:
        inside = found.call.replace("\n", "\n  ")
        lines += ["Probably made by:", f"  {inside}"]
    return lines


def _list(title: str, sentences: tuple[str, ...] | list[str]) -> list[str]:
    return [title, *(f"  - {sentence}" for sentence in sentences)] if sentences else []
