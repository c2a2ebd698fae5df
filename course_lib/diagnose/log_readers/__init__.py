"""Reads the rates out of the logs that trainers write, and says what could not be read."""

from __future__ import annotations

from course_lib.diagnose.log_readers.log_entries import from_entry
from course_lib.diagnose.log_readers.log_errors import LogError
from course_lib.diagnose.log_readers.log_files import read_log
from course_lib.diagnose.log_readers.log_kinds import FORMATS

__all__ = ["FORMATS", "LogError", "from_entry", "read_log"]
