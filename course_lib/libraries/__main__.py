"""`python -m course_lib.libraries` prints the table of recorded schedules and our errors.

With names of libraries it prints their rows alone. With `--conventions` it prints what the
arguments of all libraries mean, as Markdown: the page docs/libraries.md.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from course_lib.libraries.conformance import recorded, table, table_text
from course_lib.libraries.conventions_page import conventions_page


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table; return 1 when a row of the recorded ones is out of tolerance."""
    parser = argparse.ArgumentParser("python -m course_lib.libraries", description=__doc__)
    parser.add_argument("library", nargs="*", help="libraries to show, such as torch; default: all")
    parser.add_argument("--conventions", action="store_true", help="what the arguments mean")
    given = parser.parse_args(arguments)
    if given.conventions:
        if given.library:
            parser.error(f"--conventions is one page for all libraries, got {given.library[0]!r}")
        print(conventions_page(), end="")
        return 0
    known = sorted(recorded())
    if unknown := [name for name in given.library if name not in known]:
        parser.error(f"library must be one of {', '.join(known)}; got {unknown[0]!r}")
    rows, uncovered = table()
    if given.library:
        rows = [row for row in rows if row.library in given.library]
        uncovered = [item for item in uncovered if item.library in given.library]
    print(table_text(rows, uncovered))
    return 0 if all(row.within for row in rows) else 1


if __name__ == "__main__":
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    sys.exit(status)
