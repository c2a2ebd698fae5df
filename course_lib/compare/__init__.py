"""Fair comparisons of schedules: the peak tuned for each, fresh seeds, paired intervals."""

from course_lib.compare.comparing import compare
from course_lib.compare.peaks import GoodRange, good_range
from course_lib.compare.plan import Seeds
from course_lib.compare.ranks import Ranking, rank
from course_lib.compare.result import Comparison, Row
from course_lib.compare.runners import Trials

__all__ = [
    "Comparison",
    "GoodRange",
    "Ranking",
    "Row",
    "Seeds",
    "Trials",
    "compare",
    "good_range",
    "rank",
]
