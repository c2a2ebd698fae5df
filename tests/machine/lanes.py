"""Run the two lanes of `make test` at the same time, and print what they say one after the other.

    python -m tests.machine.lanes LOG MAKE

Tests wait a third of their time, so notebooks are executed beside them with what the cores have
left. A shell would start the second lane deaf to Ctrl-C, and would leave it behind.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

CODE, NOTEBOOKS = "test-code", "test-notebooks"


def main(log: Path, make: str) -> int:
    """Return the exit status of the first lane that fails, 0 where both pass.

    Args:
        log: file for what the notebooks' lane says until it is printed.
        make: the command for make.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [make, "--no-print-directory"]
    with open(log, "wb") as said:
        notebooks = subprocess.Popen(
            ["nice", "-n", "5", *command, NOTEBOOKS],
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        code = subprocess.call([*command, CODE])
        status = notebooks.wait()
    except BaseException:
        os.killpg(notebooks.pid, signal.SIGTERM)
        notebooks.wait()
        raise
    sys.stdout.flush()
    sys.stdout.buffer.write(log.read_bytes())
    return code or status


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
    except KeyboardInterrupt:
        sys.exit(130)
