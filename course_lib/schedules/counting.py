"""Counts the updates of a run, a number that every schedule needs and that is often wrong."""

from __future__ import annotations

from course_lib.validation import check_count


def total_updates(
    epochs: int,
    examples: int,
    batch_size: int,
    accumulate: int = 1,
    drop_last: bool = False,
    processes: int = 1,
) -> int:
    """Return the number of optimizer updates in a run.

    An epoch gives each process ceil(examples / processes) examples (samplers pad the last ones;
    with drop_last they cut: floor), in ceil(… / batch_size) batches (drop_last: floor), and
    ceil(batches / accumulate) updates: what is left over at the end of an epoch is an update too.

    Args:
        epochs: passes over the data, >= 1.
        examples: examples in one epoch, all processes together, >= 1.
        batch_size: examples in one batch of one process, >= 1.
        accumulate: batches whose gradients are added up for one update, >= 1.
        drop_last: whether an incomplete batch is left out.
        processes: processes that train together, each on its share of the data, >= 1.

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong type, or there is
            not one update in an epoch.

    Four processes each take 64 of 50,000 images at a time, for three epochs:

    >>> total_updates(epochs=3, examples=50_000, batch_size=64, processes=4)
    588
    """
    numbers = {
        "epochs": epochs,
        "examples": examples,
        "batch_size": batch_size,
        "accumulate": accumulate,
        "processes": processes,
    }
    for name, value in numbers.items():
        check_count(name, value)
    if drop_last:
        batches = examples // processes // batch_size
    else:
        batches = _ceil(_ceil(examples, processes), batch_size)
    if batches == 0:
        raise ValueError(
            f"examples must fill one batch of {batch_size} in each of {processes} processes with "
            f"drop_last, got {examples}"
        )
    return epochs * _ceil(batches, accumulate)


def _ceil(a: int, b: int) -> int:
    return -(-a // b)
