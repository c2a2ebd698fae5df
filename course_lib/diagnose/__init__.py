"""Tells whether the rate of a run is the one that was planned: from its log, or in its loop."""

from __future__ import annotations

from course_lib.diagnose.identification import FittedParameter, FittedPart, Identification, Oddity
from course_lib.diagnose.precision import Precision, precision_of
from course_lib.diagnose.rate_log import RateLog

__all__ = [
    "FittedParameter",
    "FittedPart",
    "Identification",
    "Oddity",
    "Precision",
    "RateLog",
    "precision_of",
]
