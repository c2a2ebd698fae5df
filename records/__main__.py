"""`python -m records NAME …`: records libraries anew, or says what would change.

Status: 0 when nothing differs or the records were written, 1 when something differs, 2 when a
library could not be run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from records import stored
from records.libraries import PINS, newest, pinned, run


def main(arguments: list[str] | None = None) -> int:
    """Run libraries over their records; return the status, of several libraries the largest."""
    parser = argparse.ArgumentParser(prog="python -m records", description=__doc__)
    libraries = ", ".join(sorted(PINS))
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"libraries to run: {libraries}")
    parser.add_argument("--all", action="store_true", help="run all of them")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--compare", action="store_true", help="print what differs; write nothing")
    how.add_argument(
        "--newest",
        action="store_true",
        help="run the newest release instead of the pinned one, and print what changed by more "
        "than a record's tolerance; write nothing",
    )
    chosen = parser.parse_args(arguments)
    if chosen.all == bool(chosen.names):
        parser.error("give names of libraries, or --all")
    for name in chosen.names:
        if name not in PINS:
            parser.error(f"NAME must be one of {libraries}; got {name!r}")
    step = _try_newest if chosen.newest else _compare if chosen.compare else _record
    return max([_status(step, name) for name in (sorted(PINS) if chosen.all else chosen.names)])


def _status(step: Callable[[str], int], name: str) -> int:
    try:
        return step(name)
    except subprocess.CalledProcessError as error:
        command = " ".join(map(str, error.cmd[1:]))  # without the path of a Python that is gone
        _say(f"{name}: could not be run: python {command} ended with status {error.returncode}")
        return 2


def _record(name: str) -> int:
    part, found, _ = _differences(name)
    failed = [key for key, new in found["schedules"].items() if "failed" in new]
    if failed:
        _say(f"{name}: nothing was written, because {len(failed)} failed: {', '.join(failed)}")
        return 2
    stored.write(name, stored.updated(part, found, f"python -m records {name}"))
    return 0


def _compare(name: str) -> int:
    _, _, lines = _differences(name)
    return 1 if lines else 0


def _differences(name: str) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Run the pinned release; print and return what differs, after the records and the rates."""
    part = stored.read(name)
    found = run(name, stored.plans(part["schedules"]))
    lines = stored.differences(part, found)
    _say(*(lines or [f"{name} {found['version']}: nothing differs"]))
    return part, found, lines


def _try_newest(name: str) -> int:
    """Run the newest release and print what it changed."""
    release, pin = newest(name), pinned(name)
    if release == pin:
        _say(f"{name}: the newest release is the pinned one, {pin}")
        return 0
    _say(f"{name}: the newest release is {release}, the pinned one {pin}")
    part = stored.read(name)
    found = run(name, stored.plans(part["schedules"]), release)
    changed = stored.changes(part, found)
    _say(*(line for lines in changed.values() for line in lines))
    _say(f"{name} {found['version']}: {len(changed)} of {len(part['schedules'])} records changed")
    return 1 if changed else 0


def _say(*lines: str) -> None:
    for line in lines:
        print(line, flush=True)  # before what pip and drivers print


if __name__ == "__main__":
    sys.exit(main())
