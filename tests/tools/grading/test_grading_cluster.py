"""Grading on a Dask cluster: a scheduler and two workers, processes of their own, one killed."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from course_tools.grading.command import Options, run
from tests.tools.grading.handed_in import config, hand_in_class, pages, tables

_STUDENTS = 10


def _free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def cluster(needs_sandbox, needs_dask, tmp_path):
    """The scheduler's address and the processes of two workers."""
    import distributed

    address = f"tcp://127.0.0.1:{_free_port()}"
    base = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    quiet = ["--no-dashboard", "--host", "127.0.0.1"]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    processes = [subprocess.Popen([*base, *quiet, "--port", address.rpartition(":")[2]], **silent)]
    for number in (1, 2):
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-nanny"]
        worker += ["--nthreads", "1", "--name", f"w{number}", "--no-dashboard"]
        worker += ["--local-directory", str(tmp_path / f"dask{number}")]
        processes.append(subprocess.Popen(worker, **silent))
    try:
        with distributed.Client(address, timeout="30s") as client:
            client.wait_for_workers(2, timeout=60)
        yield address, processes[1:]
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()


def test_a_killed_worker_costs_nothing_but_time(cluster, tmp_path, capsys):
    address, workers = cluster
    source = hand_in_class(tmp_path / "class", _STUDENTS)
    toml = config(tmp_path)
    assert run(Options(source, tmp_path / "here", config=toml, seed=5, jobs=2)) == 0

    def kill_while_it_grades():
        deadline = time.monotonic() + 60
        while not _shared(workers[0].pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.4)
        os.kill(workers[0].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_while_it_grades)
    killer.start()
    there = Options(source, tmp_path / "there", config=toml, seed=5, scheduler=address)
    assert run(there) == 0
    killer.join()
    assert workers[0].wait(10) == -signal.SIGKILL
    assert workers[1].poll() is None
    assert re.search(rf"{_STUDENTS} graded now", capsys.readouterr().out)
    assert tables(tmp_path / "there") == tables(tmp_path / "here")
    assert pages(tmp_path / "there") == pages(tmp_path / "here")
    assert _shared(workers[1].pid) == [], "the other worker cleaned up after every submission"


def _shared(pid):
    return [name for name in os.listdir("/dev/shm") if name.startswith(f"lr-course-{pid}.")]
