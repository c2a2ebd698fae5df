"""`python -m records.runs NAME`: trains a small model for real and keeps the log it wrote."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from records.libraries import pins_of, run_module

HERE = Path(__file__).parent
LOGS = HERE.parents[1] / "course_lib" / "diagnose" / "example_logs"
TRAINERS = {path.stem.removeprefix("of_"): path for path in sorted(HERE.glob("of_*.py"))}


def main(arguments: list[str] | None = None) -> int:
    """Run one trainer in an environment of its own."""
    parser = argparse.ArgumentParser(prog="python -m records.runs", description=__doc__)
    parser.add_argument("name", choices=sorted(TRAINERS), help="the trainer to run")
    chosen = parser.parse_args(arguments)
    run_module(f"records.runs.of_{chosen.name}", pins_of(TRAINERS[chosen.name]), LOGS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
