"""Everything odd about a log: one small rule for each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from course_lib.diagnose.identification import Identification, Oddity
from course_lib.diagnose.oddities.evidence import Evidence
from course_lib.diagnose.oddities.oddities_of_files import RULES_OF_FILES
from course_lib.diagnose.oddities.oddities_of_plans import RULES_OF_PLANS
from course_lib.diagnose.oddities.oddities_of_rates import RULES_OF_RATES, not_finite
from course_lib.diagnose.oddities.oddities_of_resumes import RULES_OF_RESUMES
from course_lib.diagnose.oddities.oddities_of_shapes import RULES_OF_SHAPES
from course_lib.diagnose.oddities.oddities_of_warmups import RULES_OF_WARMUPS
from course_lib.diagnose.rate_log import RateLog

OddityRule = Callable[[Evidence], Iterator[Oddity]]

ODDITY_RULES: tuple[OddityRule, ...] = (
    *RULES_OF_FILES,
    *RULES_OF_RATES,
    *RULES_OF_PLANS,
    *RULES_OF_WARMUPS,
    *RULES_OF_SHAPES,
    *RULES_OF_RESUMES,
)


# A schedule that was advanced once an epoch ends early and hardly warms up: one cause is enough.
_FOLLOW_FROM_EPOCHS = ("stopped-early", "run-shorter-than-warmup")


def find_oddities(log: RateLog, found: Identification) -> tuple[Oddity, ...]:
    """Return everything odd about a log, in the order of the rows.

    Args:
        log: the log.
        found: its identification; the rules about its curve are silent where it has no parts.

    >>> import numpy as np
    >>> log = RateLog([[0.1, 0.1, 0.05, 0.1, 0.1, 0.05]], at=[0, 1, 2, 0, 1, 2], unit="epoch")
    >>> [o.code for o in find_oddities(log, Identification(log, 0, ())) if o.problem]
    ['several-runs']
    """
    case = Evidence(log, found)
    if not case.rows.size:
        return tuple(not_finite(case))
    seen = [oddity for rule in ODDITY_RULES for oddity in rule(case)]
    if any(oddity.code == "counts-epochs" for oddity in seen):
        seen = [oddity for oddity in seen if oddity.code not in _FOLLOW_FROM_EPOCHS]
    return tuple(sorted(seen, key=lambda oddity: (oddity.first, not oddity.problem)))
