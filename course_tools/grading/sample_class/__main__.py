"""Writes a made-up class to a folder: `python -m course_tools.grading.sample_class FOLDER`."""

import sys
from pathlib import Path

from course_tools.grading.sample_class.writing import write_class

if len(sys.argv) != 2:
    sys.exit("usage: python -m course_tools.grading.sample_class FOLDER")
write_class(Path(sys.argv[1]))
