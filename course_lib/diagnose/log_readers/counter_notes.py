"""Notes on counters of a file that disagree with the one that its rates are read by."""

from __future__ import annotations

import numpy as np

from course_lib.diagnose.log_readers.log_columns import ColumnTable
from course_lib.diagnose.log_readers.log_kinds import CALL_COUNTERS

_FAR_ON = 2.0  # rows without a rate this much further on are counted by something else


def counter_notes(table: ColumnTable, counter: str, kept: np.ndarray) -> list[str]:
    """Return notes about W&B's own counter, and about rows without a rate that count further on.

    Args:
        table: columns of the file.
        counter: name of the counter.
        kept: rows with a rate, (rows,), int.
    """
    notes = []
    calls = [name for name in CALL_COUNTERS if name in table.names and name != counter]
    if calls:
        notes.append(f"rows are counted by {counter}; {calls[0]} counts the calls of log")
    last, last_of_all = np.nanmax(table.columns[counter][kept]), np.nanmax(table.columns[counter])
    if last_of_all > _FAR_ON * last > 0:
        notes.append(
            f"rows without a rate count on to {last_of_all:g} in {counter}, those with one end at "
            f"{last:g}: the rates stopped, or two counters share the column"
        )
    return notes
