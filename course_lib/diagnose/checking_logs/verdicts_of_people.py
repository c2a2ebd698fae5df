"""Compares an identification with the family and parameters that a person read off a log."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from course_lib.diagnose.identification import FittedParameter, Identification

CLOSE = 0.01
# Words of a verdict's family -> words of ours, one of which must be there.
_FAMILIES = (
    (r"polynomial \(|^polynomial", r"polynomial"),
    (r"constant =|constant \(", r"constant"),
    (r"plateau", r"plateau|step|stair|drop|level"),
    (r"one cycle", r"cycle|cosine"),
    (r"cosine", r"cosine|cycle"),
    (r"then one drop|multi-?step|\bstep\b", r"step|stair|drop|level|milestone"),
    (r"warmup .*(constant|not seen)", r"warmup|constant"),
    (r"exponential", r"exponential"),
    (r"linear", r"linear"),
    (r"constant", r"constant"),
)
# A verdict's parameter -> ours, any of which may hold it.
_NAMES = {
    **dict.fromkeys(("peak", "lr", "base_lr", "base", "start", "peak_nominal", "value"), ("peak",)),
    **dict.fromkeys(("warmup_steps", "warmup_iters", "warmup_epochs"), ("warmup_steps",)),
    **dict.fromkeys(
        ("total_steps", "total", "epochs", "T", "lr_decay_iters", "total_timesteps"),
        ("total_steps",),
    ),
    **dict.fromkeys(("end_value", "floor", "min_lr", "eta_min", "final"), ("floor",)),
    **dict.fromkeys(("decay_from", "at", "drop_at"), ("decay_from", "milestone", "at")),
    "power": ("power",),
    "gamma": ("gamma", "factor"),
    "factor": ("factor", "gamma"),
    "patience": ("patience",),
}


def disagreements(found: Identification, verdict: Mapping[str, Any]) -> list[str]:
    """Return what an identification says otherwise than a verdict; [] where they agree.

    Rates count as equal within 1 %; a parameter also where the verdict's value is within the
    interval. A parameter that only one of them names is not compared.

    Args:
        found: the identification.
        verdict: object with "family" and "parameters".
    """
    family = str(verdict.get("family", ""))
    if re.search(r"unidentif|cannot be told", family, re.IGNORECASE):
        if found.parts and not found.cannot_tell:
            return [f"identified as {found.parts[-1].family}, where the verdict cannot tell"]
        return []
    if not found.parts:
        return ["no curve was identified" + "".join(f": {why}" for why in found.cannot_tell[:1])]
    return [*_of_rates(found), *_of_family(found, family), *_of_parameters(found, verdict)]


def _of_rates(found: Identification) -> Iterator[str]:
    if not found.residual <= CLOSE:
        yield f"the rates differ by {found.residual:.2g} of the peak"
    covered = np.zeros(found.log.size, dtype=bool)
    for part in found.parts:
        covered[part.first : part.end] = True
    left = int(np.count_nonzero(~covered & np.isfinite(found.log.rates[found.group])))
    if left:
        yield f"{left} of {found.log.size} rows belong to no part"


def _of_family(found: Identification, family: str) -> Iterator[str]:
    ours = " + ".join(part.family for part in found.parts)
    for theirs, words in _FAMILIES:
        if re.search(theirs, family, re.IGNORECASE):
            rates = found.log.rates[found.group]
            rises_only = "warmup" in ours and not (np.diff(rates[np.isfinite(rates)]) < 0).any()
            if not re.search(words, ours, re.IGNORECASE) and not rises_only:
                yield f"the family is {ours}, the verdict says {family}"
            return


def _of_parameters(found: Identification, verdict: Mapping[str, Any]) -> Iterator[str]:
    values = verdict.get("parameters") or {}
    peaks = [p.parameters["peak"].value for p in found.parts if "peak" in p.parameters]
    peak = max(peaks, default=found.log.peak)
    for name, value in values.items():
        if name not in _NAMES or isinstance(value, bool) or not isinstance(value, int | float):
            continue
        theirs = _in_unit(found, name, float(value), values)
        ours = [p.parameters[n] for p in found.parts for n in _NAMES[name] if n in p.parameters]
        peak = max(
            (p.parameters["peak"].value for p in found.parts if "peak" in p.parameters), default=1.0
        )
        if ours and theirs is not None and not any(_agree(p, theirs, name, peak) for p in ours):
            said = ", ".join(f"{p.value:.6g}" for p in ours)
            yield f"{name} is {said}, the verdict says {theirs:.6g}"


def _in_unit(
    found: Identification, name: str, value: float, values: Mapping[str, Any]
) -> float | None:
    """Return a verdict's value in the log's unit; None where that cannot be known."""
    in_epochs = name in ("epochs", "warmup_epochs")
    if in_epochs and found.log.unit == "update":
        length = values.get("iters_per_epoch") or found.log.settings.get("steps_per_epoch")
        return value * float(length) if length else None
    if name == "T" or not in_epochs or found.log.unit in ("epoch", "row"):
        return value
    return None


def _agree(ours: FittedParameter, theirs: float, name: str, peak: float) -> bool:
    # A length may be counted from either side of the first row; a floor is seen beside the peak.
    slack = CLOSE * abs(theirs)
    if name in ("end_value", "floor", "min_lr", "eta_min", "final"):
        slack = max(slack, 1e-3 * peak)
    elif _NAMES[name][0] in ("total_steps", "warmup_steps", "decay_from", "patience"):
        # So may a patience: PyTorch cuts after patience + 1 bad epochs, Keras after patience.
        slack = max(slack, 1.0)
    return ours.low - slack <= theirs <= ours.high + slack or abs(ours.value - theirs) <= slack
