"""The files of records: the runs to make, the differences from a new run, how to write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "course_lib" / "libraries" / "recorded_rates"
UPDATES = 106  # of a new record: a run of 100 updates and what comes after its end
TOLERANCE = 1e-12  # of records without one, as a share of the largest rate: float64's
# Significant digits of a stored rate. Nine give a float32 back; fifteen are two hundred times as
# fine as the tolerance of float64. More of them were a seventh of the files, and so of a wheel.
DIGITS, DIGITS_OF_FLOAT32 = 15, 9


def names() -> list[str]:
    """Return the libraries that have a file of records, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def read(library: str, folder: Path | None = None) -> dict[str, Any]:
    """Return what a library's file holds: version, how it was recorded, and schedules."""
    return json.loads(_file(library, folder).read_text(encoding="utf-8"))


def write(library: str, part: dict[str, Any], folder: Path | None = None) -> None:
    """Write a library's file."""
    _file(library, folder).write_text(text(part), encoding="utf-8")


def _file(library: str, folder: Path | None) -> Path:
    return (folder or FOLDER) / f"{library}.json"


def plans(schedules: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what a driver has to know of each record: name, arguments and number of updates."""
    return {
        key: {
            "name": record["name"],
            "arguments": record["arguments"],
            "updates": len(record.get("values", ())) or UPDATES,
        }
        for key, record in schedules.items()
    }


def differences(stored: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Return a line for everything in which a library's new run differs from its stored records.

    The new rates are compared as they would be stored.
    """
    lines = []
    before = stored.get("version")  # a new library has none
    if before != found["version"]:
        lines.append(f"version: {found['version']}, stored {before}")
    for key, new in found["schedules"].items():
        old = stored["schedules"][key]
        if "values" in new:
            new = {**new, "values": as_stored(new["values"], old.get("tolerance", TOLERANCE))}
        lines += _different(key, old, new, 0.0)
    return lines


def as_stored(rates: list[float | None], tolerance: float) -> list[float | None]:
    """Return rates with the digits that their record's tolerance asks for.

    >>> as_stored([0.1 + 0.2, None, 2 / 3], 1e-12)
    [0.3, None, 0.666666666666667]
    >>> as_stored([2 / 3], 2e-7)
    [0.666666667]
    """
    digits = DIGITS if tolerance < 1e-7 else DIGITS_OF_FLOAT32
    return [rate if rate is None else float(f"{rate:.{digits}g}") for rate in rates]


def changes(stored: dict[str, Any], found: dict[str, Any]) -> dict[str, list[str]]:
    """Return what another release changed: lines of every record that changed, by its name.

    Rates that differ by no more than the record's tolerance have not changed; a record without
    one, which no schedule of ours reproduces, is held to `TOLERANCE`.
    """
    lines = {}
    for key, new in found["schedules"].items():
        old = stored["schedules"][key]
        lines[key] = _different(key, old, new, old.get("tolerance", TOLERANCE))
    return {key: told for key, told in lines.items() if told}


def _different(key: str, old: dict[str, Any], new: dict[str, Any], tolerance: float) -> list[str]:
    if "failed" in new:
        return [f"{key}: failed, {new['failed']}"]
    lines = []
    if old.get("error") != new.get("error"):
        lines.append(f"{key}: error {new.get('error')!r}, stored {old.get('error')!r}")
    return lines + _different_rates(key, old.get("values", []), new["values"], tolerance)


def _different_rates(
    key: str, old: list[float | None], new: list[float | None], tolerance: float
) -> list[str]:
    if not old:
        return [f"{key}: no rates stored"]
    largest = max(abs(rate) for rate in old if rate is not None)
    allowed = tolerance * largest
    steps = [t for t, rates in enumerate(zip(old, new, strict=True)) if not _same(*rates, allowed)]
    if not steps:
        return []
    first = steps[0]
    line = f"{key}: rate {new[first]} at t = {first}, stored {old[first]}; {len(steps)} differ"
    sizes = [abs(old[t] - new[t]) for t in steps if None not in (old[t], new[t])]
    if not sizes:
        return [line]
    return [f"{line}, by up to {max(sizes) / largest:.1g} of the largest rate"]


def _same(old: float | None, new: float | None, allowed: float) -> bool:
    """Whether two rates are equal, or as near as is allowed; None is the end of a run."""
    return old == new or (None not in (old, new) and abs(old - new) <= allowed)


def updated(stored: dict[str, Any], found: dict[str, Any], how: str) -> dict[str, Any]:
    """Return a library's records with the rates of a new run.

    Args:
        stored: the library's part of the file.
        found: version, and values and perhaps an error for each record.
        how: the way the records were made, in words.
    """
    schedules = {}
    for key, record in stored["schedules"].items():
        kept = {name: v for name, v in record.items() if name not in ("error", "values")}
        new = found["schedules"][key]
        error = {"error": new["error"]} if "error" in new else {}
        values = as_stored(new["values"], record.get("tolerance", TOLERANCE))
        schedules[key] = {**kept, **error, "values": values}
    return {"version": found["version"], "recorded": how, "schedules": schedules}


def text(part: dict[str, Any]) -> str:
    """Return the text of a library's file: one line a record, so that a difference names it."""
    head = [f" {_json(name)}: {_json(part[name])}" for name in ("version", "recorded")]
    rows = [f"  {_json(key)}: {_json(record)}" for key, record in part["schedules"].items()]
    lines = ",\n".join([*head, ' "schedules": {\n' + ",\n".join(rows) + "\n }"])
    return f"{{\n{lines}\n}}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
