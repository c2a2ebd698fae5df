"""`python -m course_lib.diagnose --check FILE`: the diagnosis of many logs, held to verdicts.

FILE is a JSON list of objects with id, format, columns, step, epoch, lr (name -> rates), loss,
other (what the file says beside its rows) and verdict (family, parameters, oddities, real_problem).
The command prints for every log whether the rates (within 1 %), family and parameters agree with
the verdict, which oddities and problems were named or missed, and the totals. For a log of your own
use `lr-course diagnose LOG`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from course_lib.diagnose.checking_logs.check_file import (
    as_json,
    check_entry,
    lines_of,
    read_entries,
    totals,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison; return 0, or 2 with a sentence where the file cannot be used."""
    parser = argparse.ArgumentParser(
        prog="python -m course_lib.diagnose",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", metavar="FILE", required=True, help="logs with verdicts")
    parser.add_argument("--json", action="store_true", help="results as JSON")
    asked = parser.parse_args(arguments)
    try:
        _check(asked.check, asked.json)
    except (ValueError, OSError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    return 0


def _check(path: str, json: bool) -> None:
    checks = []
    for number, entry in enumerate(read_entries(path)):
        checks.append(check_entry(entry, number))
        if not json:
            print(*lines_of(checks[-1]), sep="\n", flush=True)
    if json:
        print(as_json(checks))
        return
    print()
    for name, number in totals(checks).items():
        print(f"{name:16}{number:6}")


if __name__ == "__main__":
    sys.exit(main())
