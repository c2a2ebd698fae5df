"""Fair comparisons of schedules: the peak tuned for each, fresh seeds, paired intervals."""

from course_lib.compare.comparing import compare
from course_lib.compare.peaks import GoodRange, good_range, may_be_chosen, resampled_seeds
from course_lib.compare.plan import Seeds
from course_lib.compare.ranks import Ranking, rank
from course_lib.compare.result import Comparison
from course_lib.compare.rows import Row
from course_lib.compare.runners import Trials
from course_lib.compare.verdicts import (
    RATIO_MARGIN,
    Contrast,
    Verdict,
    margin,
    paired,
    peak_text,
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
    "may_be_chosen",
    "paired",
    "peak_text",
    "rank",
    "resampled_seeds",
    "show_verdicts",
    "verdict",
]
