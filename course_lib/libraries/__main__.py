"""`python -m course_lib.libraries` prints the table of recorded schedules and our errors."""

from __future__ import annotations

import sys

from course_lib.libraries.conformance import table, table_text


def main() -> int:
    """Print the table; return 1 when a row is out of tolerance."""
    rows, uncovered = table()
    print(table_text(rows, uncovered))
    return 0 if all(row.within for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
