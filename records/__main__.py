"""`python -m records NAME [--compare]`: records a library anew, or says what would change."""

from __future__ import annotations

import argparse
import sys

from records import stored
from records.libraries import PINS, run


def main(arguments: list[str] | None = None) -> int:
    """Run one library over its records; return 1 when it was compared and something differs."""
    parser = argparse.ArgumentParser(prog="python -m records", description=__doc__)
    parser.add_argument("name", choices=sorted(PINS), help="the library to run")
    parser.add_argument("--compare", action="store_true", help="print what differs; write nothing")
    chosen = parser.parse_args(arguments)
    part = stored.read(chosen.name)
    found = run(chosen.name, stored.plans(part["schedules"]))
    lines = stored.differences(part, found)
    print("\n".join(lines or [f"{chosen.name} {found['version']}: nothing differs"]))
    if chosen.compare:
        return 1 if lines else 0
    how = f"python -m records {chosen.name}"
    stored.write(chosen.name, stored.updated(part, found, how))
    return 0


if __name__ == "__main__":
    sys.exit(main())
