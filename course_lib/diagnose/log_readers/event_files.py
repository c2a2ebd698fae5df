"""TensorBoard's event files, read by the library tensorboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.diagnose.log_readers.log_columns import ColumnTable, is_metric, is_rate
from course_lib.diagnose.log_readers.log_errors import LogError, listed

MARK = b"brain.Event:"
_EPOCH_TAG = ("epoch_", "lr/pg", "x/lr")  # Keras, Ultralytics and YOLOv5 count epochs


def read_events(path: Path, more: tuple[str, ...] = ()) -> ColumnTable:
    """Return the scalars of an event file or of a folder with some: rates, losses and metrics.

    The files are read one after the other and whole, with the rows of a run that went back to a
    checkpoint, which TensorBoard itself hides.

    Args:
        path: file, of any name, or folder.
        more: further tags to read.

    Raises:
        LogError: the library tensorboard is not installed, or no tag is named like a rate.

    >>> read_events(Path("nowhere"))  # doctest: +SKIP
    """
    try:
        from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
        from tensorboard.util.tensor_util import make_ndarray
    except ImportError:
        raise LogError(
            f"{path.name} is a TensorBoard event file: reading it needs the library tensorboard "
            "(pip install tensorboard)"
        ) from None
    files = sorted(path.glob("*tfevents*")) if path.is_dir() else [path]
    rows: dict[str, list[tuple[int, float]]] = {}
    others: dict[str, None] = {}
    for file in files:
        for event in LegacyEventFileLoader(str(file)).Load():
            for value in event.summary.value:
                tag = value.tag
                if not (is_rate(tag) or is_metric(tag) or tag in more):
                    others[tag] = None
                    continue
                number = _scalar(value, make_ndarray)
                if number is not None:
                    rows.setdefault(tag, []).append((event.step, number))
    chosen = [tag for tag in rows if is_rate(tag) or tag in more]
    names = (*rows, *others)
    if not chosen:
        raise LogError(
            f"{path.name}: no tag is named like a rate (lr, learning_rate, …); tags: "
            f"{listed(names)}; rate_column= names the right one"
        )
    read = {tag: np.array(pairs, dtype=np.float64).T for tag, pairs in rows.items()}
    return _joined(read, chosen, names)


def _scalar(value: Any, make_ndarray: Any) -> float | None:
    """Return the number of a summary: plain, or in a tensor as TensorFlow 2 writes it."""
    kind = value.WhichOneof("value")
    if kind == "simple_value":
        return value.simple_value
    if kind == "tensor" and not value.tensor.tensor_shape.dim:
        array = make_ndarray(value.tensor)
        return float(array) if array.dtype.kind in "fiu" else None
    return None


def _joined(read: dict[str, np.ndarray], chosen: list[str], names: tuple[str, ...]) -> ColumnTable:
    """Return the tags as columns of one table, by the steps of the first tag of rates."""
    first = chosen[0]
    steps = read[first][0]
    columns = {}
    notes = []
    for tag, (at, values) in read.items():
        if np.array_equal(at, steps):
            columns[tag] = values
            continue
        column = np.array([*map(dict(_pairs(at, values)).get, steps.tolist())], dtype=float)
        if np.isfinite(column).any():
            columns[tag] = column
        elif tag in chosen:
            notes.append(f"{tag} has no step in common with {first}; left out")
    columns["epoch" if first.startswith(_EPOCH_TAG) else "step"] = steps
    return ColumnTable(columns, names, steps.size, notes=notes)


def _pairs(at: np.ndarray, values: np.ndarray) -> Iterator[tuple[float, float]]:
    return zip(at.tolist(), values.tolist(), strict=True)
