"""Fair comparisons of schedules: the peak tuned for each, fresh seeds, paired intervals."""

from course_lib.compare.comparing import compare
from course_lib.compare.peaks import GoodRange, good_range
from course_lib.compare.plan import Seeds
from course_lib.compare.ranks import Ranking, rank
from course_lib.compare.result import Comparison, Row
from course_lib.compare.runners import Trials
from course_lib.compare.verdicts import (
    RATIO_MARGIN,
    Contrast,
    Verdict,
    margin,
    paired,
    show_verdicts,
    verdict,
)

__all__ = [
    "RATIO_MARGIN",
    "Comparison",
    "Contrast",
    "GoodRange",
    "Ranking",
    "Row",
    "Seeds",
    "Trials",
    "Verdict",
    "compare",
    "good_range",
    "margin",
    "paired",
    "rank",
    "show_verdicts",
    "verdict",
]
