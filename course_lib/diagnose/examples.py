"""Three small logs that real trainers wrote, each of a run with a mistake that people make."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).with_name("example_logs")


def example_log(name: str) -> Path:
    """Return the path of a log that a real trainer wrote; records/runs has the runs.

    Args:
        name: "trainer_state.json" (Hugging Face, 3 epochs, then resumed with 8), "metrics.csv"
            (Lightning, a one-cycle schedule advanced once an epoch) or "training_log.csv" (Keras,
            a plateau rule without a floor).

    Raises:
        ValueError: another name.

    >>> from course_lib.diagnose import read_log
    >>> read_log(example_log("training_log.csv")).format
    'Keras CSVLogger'
    """
    logs = sorted(path.name for path in _FOLDER.iterdir())
    if name not in logs:
        raise ValueError(f"name must be one of {', '.join(logs)}, got {name!r}")
    return _FOLDER / name
