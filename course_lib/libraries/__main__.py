"""`python -m course_lib.libraries` prints the table of recorded schedules and our errors.

With `--conventions` it prints what their arguments mean, as Markdown: the page docs/libraries.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from course_lib.libraries.conformance import table, table_text
from course_lib.libraries.conventions_page import conventions_page


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table; return 1 when a row of the recorded ones is out of tolerance."""
    parser = argparse.ArgumentParser("python -m course_lib.libraries", description=__doc__)
    parser.add_argument("--conventions", action="store_true", help="what the arguments mean")
    if parser.parse_args(arguments).conventions:
        print(conventions_page(), end="")
        return 0
    rows, uncovered = table()
    print(table_text(rows, uncovered))
    return 0 if all(row.within for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
