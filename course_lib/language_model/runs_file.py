"""The recorded runs as they are kept in `runs.json.gz`."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from course_lib.language_model.grid import PlannedRun

RUNS = Path(__file__).with_name("runs.json.gz")


@dataclass(frozen=True)
class RecordedRun:
    """The losses of one run, in nats a byte; None from where it diverged.

    Attributes:
        plan: the run that was planned.
        final: loss on all of the held-out text after the last update.
        held_out: loss on 4,096 held-out bytes after every 32 updates.
        seconds: time that it took beside what it shares with the runs before it.
    """

    plan: PlannedRun
    final: float | None
    held_out: tuple[float | None, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Return it as an object of JSON, the plan's fields among the others."""
        fields = asdict(self)
        return fields.pop("plan") | fields

    @staticmethod
    def from_json(fields: Mapping[str, Any]) -> RecordedRun:
        """Return the run of such an object."""
        fields = dict(fields)
        plan = PlannedRun(**{name: fields.pop(name) for name in PlannedRun.__dataclass_fields__})
        return RecordedRun(plan, held_out=tuple(fields.pop("held_out")), **fields)


def write_runs(about: Mapping[str, Any], runs: Sequence[RecordedRun], file: Path = RUNS) -> None:
    """Write the file: `about` (settings, versions, time), then the runs; the same bytes each time.

    A field of all runs is one list, which is a seventh smaller than the fields run by run. A file
    that is there stays whole until the new one is complete.
    """
    rows = [run.to_json() for run in runs]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    content = {"about": dict(about), "runs": columns}
    text = json.dumps(content, separators=(",", ":")) + "\n"
    beside = file.with_suffix(".part")
    beside.write_bytes(gzip.compress(text.encode("utf-8"), 9, mtime=0))
    beside.replace(file)


def read_runs(file: Path = RUNS) -> tuple[dict[str, Any], list[RecordedRun]]:
    """Return what `write_runs` wrote.

    Raises:
        FileNotFoundError: nothing has been recorded, or the course was installed from a wheel,
            which leaves its recorded runs out.
    """
    if file == RUNS and not file.exists():
        raise FileNotFoundError(
            f"{file.name} is in a clone of the course, not in its wheel: read the runs there"
        )
    content = json.loads(gzip.decompress(file.read_bytes()))
    columns = content["runs"]
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return content["about"], [RecordedRun.from_json(row) for row in rows]
