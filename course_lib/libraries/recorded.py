"""The rates that other libraries really gave: one record a schedule, one file a library."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.libraries.registry import from_library
from course_lib.schedules import Schedule

_FOLDER = Path(__file__).with_name("recorded_rates")


@dataclass(frozen=True, eq=False)
class Record:
    """One schedule of a library, as it was run, and what we say of it.

    float64 libraries agree with us to 1e-12 of the largest rate: some thousand roundings of
    recursions that multiply the rate at every step. float32 libraries agree to 2e-7, 1.7 units of
    float32 (2**-23) there. The share is of the largest rate and not of the rate itself: near the
    floor 1 + cos(x) and start - end cancel, and what is left keeps the absolute error of the peak.
    Keras' restarts lose more: the place in a cycle is what is left when whole cycles are taken off
    in float32, so the error grows with the number of cycles, here 4. MindSpore's CosineDecayLR
    takes the sine of an angle with half a turn more, which loses as much.

    Attributes:
        library: name of the library.
        schedule: name of the record, different from all others of the library.
        version: release or commit that was run.
        recorded: the way the record was made, in words.
        name: name of what was run, as `from_library` takes it.
        arguments: arguments it was given, as `from_library` takes them.
        rates: rate of update t + 1, float64, shape (T,); NaN where the library raised or the run
            was over.
        tolerance: largest difference allowed, as a share of the largest rate; None if uncovered.
        phases: phases that stand for it, as JSON, where `from_library` does not take functions.
        uncovered: reason why no schedule of ours stands for it, or None.
        error: the error that the library raised past its end, or None.
        notes: remarks, or None.
    """

    library: str
    schedule: str
    version: str
    recorded: str
    name: str
    arguments: dict[str, Any]
    rates: np.ndarray
    tolerance: float | None = None
    phases: list[dict[str, Any]] | None = None
    uncovered: str | None = None
    error: str | None = None
    notes: str | None = None

    def ours(self) -> Schedule:
        """Return our schedule for this record.

        Raises:
            ValueError: the record is uncovered.
        """
        if self.uncovered is not None:
            raise ValueError(f"{self.library} {self.schedule} is not covered: {self.uncovered}")
        if self.phases is not None:
            return Schedule.from_json(json.dumps({"name": self.name, "phases": self.phases}))
        return from_library(self.name, **self.arguments)


@cache
def recorded() -> dict[str, dict[str, Record]]:
    """Return the records: library -> name of the record -> record."""
    return {path.stem: _read(path) for path in sorted(_FOLDER.glob("*.json"))}


def recorded_rates(library: str, schedule: str) -> np.ndarray:
    """Return the recorded rates, NaN where the library raised or the run was over."""
    return recorded()[library][schedule].rates


def _read(path: Path) -> dict[str, Record]:
    file = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_with_steps)
    return {
        schedule: _record(path.stem, schedule, file["version"], file["recorded"], fields)
        for schedule, fields in file["schedules"].items()
    }


def _record(library: str, schedule: str, version: str, how: str, fields: dict[str, Any]) -> Record:
    rates = np.array(fields.pop("values"), dtype=float)
    rates.flags.writeable = False
    return Record(library, schedule, version, how, rates=rates, **fields)


def _with_steps(pairs: list[tuple[str, Any]]) -> dict[str | int, Any]:
    """Return an object of JSON, its keys as whole numbers where they are steps, as optax has."""
    return {int(key) if key.isdecimal() else key: value for key, value in pairs}
