"""Tells whether the rate of a run is the one that was planned: from its log, or in its loop."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from course_lib.diagnose.diagnosing import diagnose, main_group, other_groups
from course_lib.diagnose.examples import example_log
from course_lib.diagnose.identification import FittedParameter, FittedPart, Identification, Oddity
from course_lib.diagnose.identification_words import describe
from course_lib.diagnose.identifying import identify
from course_lib.diagnose.identifying.families import FAMILIES
from course_lib.diagnose.log_readers import LogError, from_entry, read_log
from course_lib.diagnose.mistakes.known_mistakes import KNOWN_MISTAKES
from course_lib.diagnose.mistakes.plan_comparison import assert_as_planned, compare_with_plan
from course_lib.diagnose.mistakes.plan_verdict import Explanation, GroupComparison, PlanComparison
from course_lib.diagnose.mistakes.planned import PlannedRates, read_plan
from course_lib.diagnose.oddities import find_oddities
from course_lib.diagnose.precision import Precision, precision_of
from course_lib.diagnose.rate_log import RateLog

__all__ = [
    "FAMILIES",
    "KNOWN_MISTAKES",
    "Explanation",
    "FirstDifference",
    "FittedParameter",
    "FittedPart",
    "GroupComparison",
    "Identification",
    "LogError",
    "Oddity",
    "PlanComparison",
    "PlannedRates",
    "Precision",
    "RateLog",
    "ResumeCheck",
    "assert_as_planned",
    "check_resume",
    "compare_with_plan",
    "describe",
    "diagnose",
    "example_log",
    "find_oddities",
    "from_entry",
    "identify",
    "main_group",
    "other_groups",
    "precision_of",
    "read_log",
    "read_plan",
]

# Loaded when first asked for, so that importing this package does not import torch.
_LATER = {
    "FirstDifference": "resuming.resume_result",
    "ResumeCheck": "resuming.resume_result",
    "check_resume": "resuming.resume_check",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
