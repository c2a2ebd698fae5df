"""Runs notebooks as a learner does and tells what their checks gave: a process of its own.

Each notebook runs in a fresh IPython shell in a fork, so that nothing of it stays. What a check
gives is told at once: a notebook may end its process.
"""

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[3]
_SECONDS = 60


class Checks:
    """The process that runs notebooks, started once."""

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.tools.grading.notebook_checks"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"},
            text=True,
        )

    def points(self, nb):
        """Return the best points of each task that a notebook checked with the seed 0, and all
        names of tasks that it checked at all.
        """
        self._process.stdin.write(json.dumps(nb) + "\n")
        self._process.stdin.flush()
        best = {}
        while True:
            said = json.loads(self._process.stdout.readline())
            if said is None:
                return best
            task, points = said
            best[task] = max(points, best.get(task, 0.0))

    def close(self):
        """End the process."""
        self._process.stdin.close()
        self._process.wait(_SECONDS)
        self._process.stdout.close()


def _serve():
    import matplotlib.pyplot  # noqa: F401
    import numpy  # noqa: F401
    from IPython.core.interactiveshell import InteractiveShell

    import course_lib.checks  # noqa: F401
    from course_tasks import checking

    tell = os.dup(1)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    original = checking.check

    def check(function, seed, session):
        checked = original(function, seed, session)
        name = getattr(function, "__name__", "")
        if seed == 0 and name in session.verdicts:
            os.write(tell, (json.dumps([name, session.verdicts[name].points]) + "\n").encode())
        return dataclasses.replace(checked, draw=lambda: None)

    checking.check = check
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            with contextlib.suppress(BaseException):
                _run(json.loads(line), InteractiveShell)
            os._exit(0)
        os.waitpid(pid, 0)
        os.write(tell, b"null\n")


def _run(nb, shell_class):
    with tempfile.TemporaryDirectory() as folder:
        os.environ["IPYTHONDIR"] = os.environ["HOME"] = folder
        os.environ["LR_COURSE_PROGRESS"] = f"{folder}/progress.json"
        os.chdir(folder)
        shell = shell_class.instance()
        for cell in nb["cells"]:
            if cell["cell_type"] == "code":
                shell.run_cell("".join(cell["source"]))
                if getattr(shell, "exit_now", False):
                    break


if __name__ == "__main__":
    _serve()
