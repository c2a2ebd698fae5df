"""Read by every Python that a test starts: packages that the test did not ask for are not found."""

import os

from hiding_finder import HidingFinder

HidingFinder(os.environ.get("LR_COURSE_HIDDEN_MODULES", "").split()).install()
