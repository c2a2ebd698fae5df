"""New processes that do not spend their first second importing: forks of one that has the grader.

A worker of pytest has one such server at most, so all that any test's processes need is here.
"""

import multiprocessing

from tests.machine.reach import everything

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "course_tools.grading.command",
        "course_tools.grading.mark_command",
        "tests.tools.grading.handed_in",
        "tests.tools.grading.gradebook.gradebooks",
        "psycopg",
    ]
)


def forked(function, *arguments):
    """Start a function in a process of its own and return the process."""
    process = FORKS.Process(target=function, args=arguments)
    with everything():  # the first one starts the server, which later tests use as well
        process.start()
    return process
