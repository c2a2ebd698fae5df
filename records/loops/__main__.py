"""`python -m records.loops NAME [--compare]`: runs real loops, or says what would change."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from records import stored
from records.libraries import pins_of, run_driver

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / "tests" / "lib" / "libraries" / "recorded_loops"
LOOPS = {path.stem.removeprefix("of_"): path for path in sorted(HERE.glob("of_*.py"))}


def main(arguments: list[str] | None = None) -> int:
    """Run one library's loops; return 1 when they were compared and something differs."""
    parser = argparse.ArgumentParser(prog="python -m records.loops", description=__doc__)
    parser.add_argument("name", choices=sorted(LOOPS), help="the library to run")
    parser.add_argument("--compare", action="store_true", help="print what differs; write nothing")
    chosen = parser.parse_args(arguments)
    part = stored.read(chosen.name, FOLDER)
    # A loop says by itself how many updates it makes, so none is asked for.
    plans = {key: {**plan, "updates": 0} for key, plan in stored.plans(part["schedules"]).items()}
    found = run_driver(f"records.loops.of_{chosen.name}", pins_of(LOOPS[chosen.name]), plans)
    lines = stored.differences(part, found)
    print("\n".join(lines or [f"{chosen.name} {found['version']}: nothing differs"]))
    if chosen.compare:
        return 1 if lines else 0
    failed = [key for key, new in found["schedules"].items() if "failed" in new]
    if failed:
        print(f"nothing was written, because {len(failed)} failed: {', '.join(failed)}")
        return 1
    how = f"python -m records.loops {chosen.name}"
    stored.write(chosen.name, stored.updated(part, found, how), FOLDER)
    return 0


if __name__ == "__main__":
    sys.exit(main())
