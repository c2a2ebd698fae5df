"""TensorBoard's event files, read by the library tensorboard."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from course_lib.diagnose.log_readers.log_columns import ColumnTable, is_metric, is_rate
from course_lib.diagnose.log_readers.log_errors import LogError, listed

MARK = b"brain.Event:"
_EPOCH_TAG = ("epoch_", "lr/pg", "x/lr")  # Keras, Ultralytics and YOLOv5 count epochs


def read_events(path: Path, more: tuple[str, ...] = ()) -> ColumnTable:
    """Return the scalars of an event file or of a folder with some: rates, losses and metrics.

    Args:
        path: file or folder.
        more: further tags to read.

    Raises:
        LogError: the library tensorboard is not installed, or no tag is named like a rate.
    """
    try:
        from tensorboard.backend.event_processing import event_accumulator, tag_types
        from tensorboard.util import tensor_util
    except ImportError:
        raise LogError(
            f"{path.name} is a TensorBoard event file: reading it needs the library tensorboard "
            "(pip install tensorboard)"
        ) from None
    # 0: keep all; orphaned rows, of a run that went back to a checkpoint, are part of the log.
    sizes = {tag_types.SCALARS: 0, tag_types.TENSORS: 0, tag_types.IMAGES: 1}
    events = event_accumulator.EventAccumulator(
        str(path), size_guidance=sizes, purge_orphaned_data=False
    )
    events.Reload()
    tags = events.Tags()
    scalars = [*tags[tag_types.SCALARS], *tags[tag_types.TENSORS]]
    chosen = [tag for tag in scalars if is_rate(tag) or tag in more]
    if not chosen:
        raise LogError(
            f"{path.name}: no tag is named like a rate (lr, learning_rate, …); tags: "
            f"{listed(scalars)}; rate_column= names the right one"
        )
    read: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for tag in [*chosen, *(t for t in scalars if is_metric(t) and t not in chosen)]:
        if tag in tags[tag_types.SCALARS]:
            rows = [(one.step, one.value) for one in events.Scalars(tag)]
        else:
            rows = [
                (one.step, float(tensor_util.make_ndarray(one.tensor_proto)))
                for one in events.Tensors(tag)
                if np.prod([d.size for d in one.tensor_proto.tensor_shape.dim] or [1]) == 1
            ]
        if rows:
            steps, values = np.array(rows, dtype=np.float64).T
            read[tag] = steps, values
    return _joined(read, chosen, tuple(scalars))


def _joined(
    read: dict[str, tuple[np.ndarray, np.ndarray]], chosen: list[str], names: tuple[str, ...]
) -> ColumnTable:
    """Return the tags as columns of one table, by the step of the first tag of rates."""
    first = next(tag for tag in chosen if tag in read)
    steps = read[first][0]
    columns = {}
    notes = []
    for tag, (at, values) in read.items():
        if at.shape == steps.shape and np.array_equal(at, steps):
            columns[tag] = values
            continue
        column = np.full(steps.size, np.nan)
        place = {step: row for row, step in enumerate(at.tolist())}
        for row, step in enumerate(steps.tolist()):
            if step in place:
                column[row] = values[place[step]]
        if np.isfinite(column).any():
            columns[tag] = column
        elif tag in chosen:
            notes.append(f"{tag} has no step in common with {first}; left out")
    counter = "epoch" if first.startswith(_EPOCH_TAG) else "step"
    columns[counter] = steps
    return ColumnTable(columns, names, steps.size, notes=notes)
