"""Runs Python in a sandbox without Jupyter, for the tests of the sandbox."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from course_tools.grading.box import cgroups, sandbox, seccomp
from course_tools.grading.settings import Limits

LIMITS = Limits(memory_mb=300, processes=32, disk_mb=8, submission_seconds=20)


def run_in_box(code, limits=LIMITS, filtered=True):
    """Run code that fills a dict `found`; return its exit status, the dict and its stderr."""
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="box-") as name:
        shared = Path(name)
        (shared / "code.py").write_text(
            f"import json, os\nfound = {{}}\n{code}\n"
            f"open({name!r} + '/found.json', 'w').write(json.dumps(found))\n"
        )
        group = cgroups.make(cgroups.new_name(), limits.memory_mb, limits.processes, limits.cores)
        descriptor = seccomp.as_descriptor()
        try:
            program = [sys.executable, str(shared / "code.py")]
            command = sandbox.command(program, shared, group, limits, descriptor)
            if not filtered:
                at = command.index("--seccomp")
                del command[at : at + 2]
            done = subprocess.run(
                command, pass_fds=(descriptor,), capture_output=True, text=True, timeout=60
            )
        finally:
            os.close(descriptor)
            group.remove()
        told = shared / "found.json"
        found = json.loads(told.read_text()) if told.exists() else {}
        return done.returncode, found, done.stderr


def found_in_box(code, **options):
    """What code finds in the sandbox."""
    status, found, told = run_in_box(code, **options)
    assert status == 0, told
    return found
