"""A small language model trained with many schedules: recorded once, read wherever it is needed.

`recorded_runs()` reads what `python -m course_lib.language_model.record` wrote; `rerun` trains any
of the runs again.
"""

from course_lib.language_model.grid import (
    GRIDS,
    HORIZONS,
    SCHEDULES,
    WARMUP,
    Grid,
    PlannedRun,
)
from course_lib.language_model.recorded_runs import (
    CrossTuned,
    RecordedRuns,
    recorded_runs,
    rerun,
)
from course_lib.language_model.runs_file import RecordedRun

__all__ = [
    "GRIDS",
    "HORIZONS",
    "SCHEDULES",
    "WARMUP",
    "CrossTuned",
    "Grid",
    "PlannedRun",
    "RecordedRun",
    "RecordedRuns",
    "recorded_runs",
    "rerun",
]
