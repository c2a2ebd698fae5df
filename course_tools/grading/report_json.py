"""Reports as JSON, as the gradebook keeps them and workers send them, of older versions too."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from course_tools.grading.report import (
    OTHER_OUTPUTS,
    SAME_OUTPUTS,
    TOLD,
    Curve,
    Note,
    PartPoints,
    RaisedError,
    Report,
    Reproduction,
    Shown,
    Suspicion,
    TaskReport,
)

_TOLD_OTHER = (  # how such a sentence begins where outputs do not appear again
    "The file is not well-formed",
    "Run afresh, the notebook did not come to its end",
    "Run afresh, the notebook prints something else",
    "Marks in the notebook tell nbval to leave out",
)


def storable(value: Any) -> Any:
    """Return a report, or a part of one, whose texts every database and file can hold.

    A kernel can send half of a surrogate pair, which UTF-8 does not have, and the character 0,
    which PostgreSQL does not have: a question mark stands for them.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "?")
    if isinstance(value, tuple):
        return tuple(storable(one) for one in value)
    if dataclasses.is_dataclass(value):
        names = [one.name for one in dataclasses.fields(value)]
        return dataclasses.replace(value, **{n: storable(getattr(value, n)) for n in names})
    return value


def to_json(report: Report) -> str:
    """Return a report as JSON; `from_json` reads it."""
    return json.dumps(dataclasses.asdict(report), allow_nan=False, sort_keys=True)


def from_json(text: str) -> Report:
    """Return the report that `to_json` wrote, in this version of the course or an older one."""
    found = json.loads(text)
    found["tasks"] = tuple(_task_report(task) for task in found["tasks"])
    found["notes"] = tuple(map(_note, found["notes"]))
    found["suspicions"] = tuple(map(_suspicion, found["suspicions"]))
    found["reproduction"] = _reproduction(found["reproduction"])
    return Report(**found)


def _suspicion(found: Mapping[str, Any] | str) -> Suspicion:
    if isinstance(found, str):
        return Suspicion(TOLD, told=found)
    return Suspicion(**{**found, "names": tuple(found["names"])})


def _note(found: Mapping[str, Any] | str) -> Note:
    return Note(TOLD, told=found) if isinstance(found, str) else Note(**found)


def _reproduction(found: Mapping[str, Any] | str | None) -> Reproduction | None:
    if isinstance(found, str):
        kind = OTHER_OUTPUTS if found.startswith(_TOLD_OTHER) else SAME_OUTPUTS
        return Reproduction(kind, told=found) if found else None
    return Reproduction(**{**found, "named": tuple(found["named"])}) if found else None


def _task_report(found: Mapping[str, Any]) -> TaskReport:
    values = dict(found)
    values["parts"] = tuple(PartPoints(**part) for part in values["parts"])
    for name in ("public", "hidden"):
        values[name] = Shown(**values[name]) if values[name] else None
    if values.get("raised"):
        values["raised"] = RaisedError(**values["raised"])
    if values["curve"]:
        values["curve"] = Curve(**{name: tuple(v) for name, v in values["curve"].items()})
    return TaskReport(**values)
