"""Parts shared by all drivers: reading records, running each, writing the rates."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Raised(Exception):
    """Tells that the library raised in the middle of a run.

    Args:
        rates: rates of the updates before.
        words: the error, and where it was raised.
    """

    def __init__(self, rates: list[float], words: str) -> None:
        """Keep the rates and the words."""
        super().__init__(words)
        self.rates = rates


def drive(rates: Callable[[str, dict[str, Any], int], list[float]], version: str) -> None:
    """Run every record of the file that the command line names; write the rates to the other file.

    Args:
        rates: gives the rates of a record from its name, its arguments and the number of updates;
            fewer rates than updates where the run is over before. Where it raises, the others are
            run all the same.
        version: release of the library.

    Raises:
        SystemExit: the command line does not name two files.
    """
    if len(sys.argv) != 3:
        raise SystemExit("usage: python -m records.drivers.of_NAME RECORDS RATES")
    records = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    found = {key: _run(rates, record) for key, record in records.items()}
    text = json.dumps({"version": version, "schedules": found})
    Path(sys.argv[2]).write_text(text, encoding="utf-8")


def _run(rates: Callable[..., list[float]], record: dict[str, Any]) -> dict[str, Any]:
    updates = record["updates"]
    try:
        found, more = rates(record["name"].split(".", 1)[1], dict(record["arguments"]), updates), {}
    except Raised as raised:
        found, more = raised.rates, {"error": str(raised)}
    except Exception as error:  # such as of a release that no longer has the schedule
        traceback.print_exc()
        return {"values": [], "failed": f"{type(error).__name__}: {error}"}
    return {"values": found + [None] * (updates - len(found)), **more}
