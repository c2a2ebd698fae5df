"""New processes that do not spend their first second importing: forks of one that has the grader.

A worker of pytest has one such server at most, so all that any test's processes need is here.
"""

import multiprocessing

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["course_lib.grading.command", "handed_in", "gradebooks", "psycopg"])
