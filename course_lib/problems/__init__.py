"""Seeded data to train on: nothing is downloaded, the same seed gives the same numbers."""

from course_lib.problems.classification import Classification, spirals

__all__ = ["Classification", "spirals"]
