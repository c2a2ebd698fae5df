"""Training that is not: light functions that a worker can import, for the tests of who trains what.

What they return, and the files they write, tell which process had which seeds.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

from course_lib import problems
from course_lib.training import Mlp, Workload, run_execution
from course_lib.training.runs import RunBlock, empty_runs

ROOT = Path(__file__).parents[3]
POSIX = os.name == "posix"
WORK = Workload(problems.spirals(per_class=2), Mlp(hidden=(2,)))


def some_runs(number, steps=10):
    return RunBlock(WORK, np.full((number, steps), 0.1), None, tuple(range(number)), (), ())


def run(train_block, number=6, size=2, **options):
    return run_execution.run(some_runs(number), train_block, lambda workload: size, **options)


def fake(block, losses=None):
    runs = empty_runs(block, 1, float)
    runs.final_loss[:] = block.seeds
    if losses is not None:
        runs.losses[:] = losses
    return runs


def tell_process(block):
    blas = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    wanted = [os.environ[name] for name in run_execution._THREADS]
    return fake(block, [os.getpid(), max(blas), len(set(wanted)), int(wanted[0]), *[0] * 6])


def is_ctrl_c_held():
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def note_seeds(log, block):
    with open(log, "a") as file:
        file.write(" ".join(map(str, block.seeds)) + "\n")
    return fake(block)


def fail_at(seed, marker, log, block):
    if seed in block.seeds and not os.path.exists(marker):
        wait_for(lambda: os.path.exists(log) and read(log) >= {0, 1})
        Path(marker).touch()
        raise OSError("seed of trouble")
    return note_seeds(log, block)


def fail_then_wait(over, log, block):
    if 1 in block.seeds:
        raise OSError("at seed 1")
    if 0 not in block.seeds:
        wait_for(over.exists)
    return note_seeds(log, block)


def die_at(seed, marker, log, block):
    try:
        return fail_at(seed, marker, log, block)
    except OSError:
        os.kill(os.getpid(), signal.SIGKILL)


def last_block_first(folder, block):
    if 0 in block.seeds:
        wait_for(lambda: (Path(folder) / "last").exists())
    if 5 in block.seeds:
        (Path(folder) / "last").touch()
    return fake(block)


def sleep_a_step(seconds, block):
    time.sleep(seconds * block.rates.shape[1])
    return fake(block)


def never(block):
    raise AssertionError("nothing should be trained")


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def read(log):
    return {int(word) for word in Path(log).read_text().split()} if Path(log).exists() else set()


def tell_here(block):
    return fake(block, os.getpid())


def tell_thread(block):
    return fake(block, threading.get_ident() % 2**40)


def fail_late(block):
    return never(block) if 3 in block.seeds else fake(block)


def slow_after_two(log, block):
    """Train two blocks at once, any other only when the file "go" is there."""
    if block.seeds[0] > 1:
        Path(log + " waits").touch()
        wait_for(lambda: os.path.exists(log + " go"))
    return note_seeds(log, block)


def command(code, folder, *arguments, **options):
    """Start a script that finds this module and has a cache of its own."""
    return subprocess.Popen(
        [sys.executable, code, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": f"{ROOT}", "LR_COURSE_CACHE": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background tells all below them to ignore Ctrl-C.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL) if POSIX else None,
        **options,
    )
