#!/bin/sh
# Surprise: a caller blocks SIGINT with signal.pthread_sigmask, so that the processes it is about to
# start inherit the mask and never see Ctrl-C. With joblib's loky the first pool of a program undoes
# this: SIGINT is no longer blocked in the caller, nor in any of the new processes. A later pool of
# the same program leaves the mask as it is.
#
# One would expect a mask to stay until the caller changes it, and loky's own tracker of resources
# does restore what it found. But loky also starts the tracker of Python's multiprocessing with its
# first process, and that one unblocks SIGINT and SIGTERM when it is done, whatever they were before.
# It helps to call multiprocessing.resource_tracker.ensure_running() before blocking.
#
# Source: multiprocessing/resource_tracker.py of Python 3.11, ResourceTracker.ensure_running
# (SIG_UNBLOCK after the start); get_preparation_data in joblib/externals/loky/backend/spawn.py.
#
# Seen: joblib 1.6.0, Python 3.11.7, Linux, 2026-11-30.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet joblib==1.6.0
cat >"$folder/masks.py" <<'CODE'
import signal
import sys

from joblib.externals.loky import get_reusable_executor

BLOCK = signal.SIG_BLOCK


def is_held():
    return signal.SIGINT in signal.pthread_sigmask(BLOCK, [])


def in_a_process(pool):
    mask = pool.submit(signal.pthread_sigmask, BLOCK, [])  # starts the process
    return signal.SIGINT in mask.result()


if __name__ == "__main__":
    if "early" in sys.argv:
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()
    seen = []
    for _ in range(2):
        signal.pthread_sigmask(BLOCK, {signal.SIGINT})
        pool = get_reusable_executor(max_workers=1)
        seen.append((in_a_process(pool), is_held()))
        pool.shutdown()
    print("held in the process, in the caller: first pool", seen[0], "second pool", seen[1])
    sys.exit(seen != ([(True, True)] * 2 if "early" in sys.argv else [(False, False), (True, True)]))
CODE
"$folder/venv/bin/python" --version
"$folder/venv/bin/python" "$folder/masks.py"
"$folder/venv/bin/python" "$folder/masks.py" early
