"""Finds the log in a run's folder."""

from __future__ import annotations

import re
from pathlib import Path

from course_lib.diagnose.log_readers.log_errors import LogError, listed

#: Patterns of file names, the surest first.
_PATTERNS = (
    *("trainer_state.json", "trainer_log.jsonl", "results.csv", "metrics.csv", "summary.csv"),
    *("progress.csv", "metrics.json", "scalars.json", "*.log.json", "history.csv", "history.json"),
    *("training_log.csv", "train_log.txt", "log.txt", "log.csv", "*events.out.tfevents*"),
)
_BELOW = ("", "*/", "*/*/")  # checkpoint-500/, lightning_logs/version_0/
_NUMBER = re.compile(r"\d+")


def log_in_folder(folder: Path) -> tuple[Path, list[str]]:
    """Return the log in a run's folder, and notes on the choice.

    The folder itself is looked at first, then the folders in it. Of several checkpoints that of
    the last step is taken; a folder of several event files is read whole.

    Raises:
        LogError: no file has the name of a log, or several runs do.

    >>> log_in_folder(Path(__file__).parents[1] / "example_logs")[0].name
    'trainer_state.json'
    """
    for below in _BELOW:
        for pattern in _PATTERNS:
            found = sorted(path for path in folder.glob(below + pattern) if path.is_file())
            if not found:
                continue
            places = sorted({path.parent for path in found}, key=_order)
            if pattern == "trainer_state.json" or len(places) == 1:
                inside = [path for path in found if path.parent == places[-1]]
                return _one(inside, folder, pattern, len(found))
            names = [path.relative_to(folder).as_posix() for path in found]
            raise LogError(f"{folder.name} holds {len(names)} logs, name one: {listed(names)}")
    there = sorted(path.name for path in folder.iterdir() if path.is_file())
    raise LogError(
        f"{folder.name} holds no log: no {', '.join(_PATTERNS[:6])} … in it or two folders down; "
        f"a log of another name must be given as a file; files there: {listed(there, most=6)}"
    )


def _one(inside: list[Path], folder: Path, pattern: str, count: int) -> tuple[Path, list[str]]:
    """Return one log of one folder, or the folder of several event files."""
    if "tfevents" in pattern and len(inside) > 1:
        return inside[0].parent, [f"{len(inside)} event files of one folder were read together"]
    if len(inside) > 1:
        raise LogError(
            f"{folder.name} holds {len(inside)} logs, name one: {listed([p.name for p in inside])}"
        )
    path = inside[0].relative_to(folder).as_posix()
    more = f", the last of {count}" if count > 1 else ""
    return inside[0], [f"read from {path}{more}"]


def _order(place: Path) -> tuple[int, str]:
    """Order folders by the number in their name: checkpoint-1000 after checkpoint-500."""
    numbers = _NUMBER.findall(place.name)
    return int(numbers[-1]) if numbers else 10**12, place.name
