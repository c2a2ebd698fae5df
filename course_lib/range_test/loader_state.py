"""The state of a loader: what a range test can put back, and what it cannot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from torch.utils.data import DataLoader, IterableDataset

from course_lib.range_test.leave_no_trace import GENERATORS, objects_kept
from course_lib.range_test.reach import reachable


@contextmanager
def loader_kept(loader: Iterable) -> Iterator[None]:
    """Restore a loader's generators and its living workers when the block ends.

    The generators are those that the loader, its samplers, its data set or its functions hold.
    With `persistent_workers` the block has worker processes of its own, which end with it, so an
    epoch that is under way goes on undisturbed.
    """
    with ExitStack() as stack:
        stack.enter_context(objects_kept(reachable(loader, GENERATORS)))
        for one in reachable(loader, (DataLoader,)):
            if one.persistent_workers:
                stack.enter_context(_workers_kept(one))
        yield


def lost_by(loader: Iterable) -> tuple[str, ...]:
    """Return one sentence for each thing about a loader that cannot be put back.

    >>> lost_by([1, 2]), lost_by(iter([1, 2]))
    ((), ('The loader is an iterator: the batches that the test drew from it are gone.',))
    """
    if isinstance(loader, Iterator):
        return ("The loader is an iterator: the batches that the test drew from it are gone.",)
    held = reachable(loader, (DataLoader,))
    sources = [one.dataset for one in held if isinstance(one.dataset, IterableDataset)]
    if any(one.num_workers == 0 for one in held) and sources:
        kind = type(sources[0]).__name__
        return (
            f"The data set is an IterableDataset ({kind}): if it keeps its place in a stream, "
            "that has moved on.",
        )
    return ()


@contextmanager
def _workers_kept(loader: DataLoader) -> Iterator[None]:
    workers, loader._iterator = loader._iterator, None
    try:
        yield
    finally:
        own, loader._iterator = loader._iterator, workers
        if own is not None:
            own._shutdown_workers()
