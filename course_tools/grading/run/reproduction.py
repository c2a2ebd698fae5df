"""Says whether a notebook, run afresh, prints what it was handed in with: nbval, in the sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

from course_tools.grading.box import cgroups, kernels
from course_tools.grading.intake import reader
from course_tools.grading.intake.places import UnreadableError
from course_tools.grading.report import (
    ENDLESS,
    MALFORMED,
    NO_OUTPUTS,
    OTHER_OUTPUTS,
    SAME_OUTPUTS,
    Reproduction,
)
from course_tools.grading.settings import Limits

_KERNEL = "lr-course-submission"
_MEMORY_MB = 1024  # of nbval itself, which reads what a stranger's kernel sends
_MOST_NAMED = 12
_ADDRESSES = "[addresses]\nregex: 0x[0-9a-f]+\nreplace: 0x…\n"


def reproduction(
    content: bytes, limits: Limits, *, unsafe: bool = False, patience: float = 30.0
) -> Reproduction:
    """Return whether the outputs of a notebook appear again when it is run.

    Its cells run in their order in a new kernel; those that check are left out. An output that
    holds a time or a random number differs every time: this is a question to ask, no proof.

    Args:
        content: the file that was handed in; a notebook, as `notebook.parse` accepts it.
        limits: limits of the submission.
        unsafe: whether it runs without the sandbox.
        patience: seconds for nbval's own start and end.
    """
    try:
        found = reader.comparable(content)
    except UnreadableError:
        return Reproduction(MALFORMED)
    compared, left_out = found.compared, found.left_out
    if not compared:
        return Reproduction(NO_OUTPUTS, left_out=left_out)
    with tempfile.TemporaryDirectory(prefix=cgroups.PREFIX) as name:
        folder = Path(name)
        (folder / "handed_in.ipynb").write_text(found.text, encoding="utf-8")
        (folder / "sanitize.cfg").write_text(_ADDRESSES, encoding="utf-8")
        kernel = folder / "kernels" / _KERNEL
        kernel.mkdir(parents=True)
        specification = kernels.specification(limits, unsafe=unsafe)
        (kernel / "kernel.json").write_text(json.dumps(specification), encoding="utf-8")
        came_to_its_end = _run(folder, limits, unsafe, patience)
        differing = _differing(folder / "result.xml") if came_to_its_end else None
    kernels.sweep()
    if differing is None:
        return Reproduction(ENDLESS, compared, left_out=left_out)
    named = tuple(found.numbers.get(name, name) for name in differing[:_MOST_NAMED])
    kind = OTHER_OUTPUTS if differing else SAME_OUTPUTS
    return Reproduction(kind, compared, len(differing), named, left_out)


def _run(folder: Path, limits: Limits, unsafe: bool, patience: float) -> bool:
    """Run nbval; return whether it came to its end."""
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-p", "nbval.plugin", "-p", "no:cacheprovider"),
        *("--nbval", "handed_in.ipynb", "--nbval-kernel-name", _KERNEL),
        *("--nbval-sanitize-with", "sanitize.cfg", "--junitxml", "result.xml"),
        *("--nbval-cell-timeout", str(max(1, round(limits.cell_seconds)))),
        *("--rootdir", str(folder), "-c", os.devnull),
    ]
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_ADDOPTS"}
    environment |= {"JUPYTER_PATH": str(folder), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    group = None if unsafe else cgroups.make(cgroups.new_name(), _MEMORY_MB, 256, limits.cores)
    if group is not None:
        joined = "; ".join(f'echo $$ > "{path}"' for path in group.entrances)
        command = ["/bin/sh", "-ec", f'{joined}; exec "$@"', "sh", *command]
    try:
        subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=limits.submission_seconds + patience,
            check=False,  # 1: an output differs
        )
    except subprocess.TimeoutExpired:
        return False
    finally:
        if group is not None:
            group.remove()
    return (folder / "result.xml").is_file()


def _differing(path: Path) -> list[str] | None:
    """Return the names of cells that failed: nbval calls them Cell 0, Cell 1, …"""
    try:
        root = ET.parse(path).getroot()
    except ET.ParseError:  # nbval was stopped while it wrote
        return None
    return [
        case.get("name", "").rpartition("::")[2]
        for case in root.iter("testcase")
        if case.find("failure") is not None or case.find("error") is not None
    ]
