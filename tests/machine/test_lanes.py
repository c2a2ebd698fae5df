"""The two lanes of `make test`: both run, in order they are printed, and Ctrl-C ends both."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.machine import ctrl_c

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("needs_make")


@pytest.fixture
def lanes(tmp_path):
    """A function that starts the two lanes, of one shell command each."""

    def start(code, notebooks):
        lines = f"test-code:\n\t@{code}\ntest-notebooks:\n\t@{notebooks}\n"
        (tmp_path / "Makefile").write_text(lines)
        return subprocess.Popen(
            [sys.executable, "-m", "tests.machine.lanes", str(tmp_path / "log"), "make"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT), "MAKEFLAGS": ""},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=ctrl_c.is_heard,
        )

    return start


def test_both_run_at_the_same_time_and_are_printed_in_order(lanes, tmp_path):
    waits = f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; echo first"
    run = lanes(waits, f"touch {tmp_path}/go; echo second")
    assert run.communicate(timeout=30)[0].splitlines() == ["first", "second"]
    assert run.returncode == 0


@pytest.mark.parametrize(("code", "notebooks"), [("false", "true"), ("true", "false")])
def test_either_may_fail(lanes, code, notebooks):
    run = lanes(code, f"echo second; {notebooks}")
    assert "second" in run.communicate(timeout=30)[0]
    assert run.returncode != 0


def test_ctrl_c_ends_both(lanes, tmp_path):
    run = lanes("sleep 300", f"touch {tmp_path}/go; sleep 300")
    limit = time.monotonic() + 30
    while not (tmp_path / "go").exists():
        assert time.monotonic() < limit
        time.sleep(0.05)
    children = psutil.Process(run.pid).children(recursive=True)
    os.killpg(run.pid, signal.SIGINT)
    assert run.wait(timeout=30) == 130
    assert psutil.wait_procs(children, timeout=10)[1] == []
