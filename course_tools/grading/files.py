"""Writes a file in one step, and reads one that somebody named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def read_at_most(path: Path, most: int, name: str) -> bytes:
    """Return the content of a file that an instructor named.

    Args:
        path: path of the file.
        most: most bytes that it may have.
        name: its name in an error.

    Raises:
        ValueError: it cannot be read, or is larger.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise ValueError(f"{name} cannot be read: {error.strerror}") from error
    if len(content) > most:
        raise ValueError(f"{name} is larger than {most} bytes")
    return content


def write_whole(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Write a file so that a reader finds the old one or the new one, never half of one.

    Args:
        path: path of the file; its folder is there.
        content: all of it.
        durable: whether it is on the disk when this returns; takes some milliseconds.

    Raises:
        OSError: the folder cannot be written; what was there stays. It names the file.
    """
    with whole_file(path, durable=durable) as file:
        file.write(content)


@contextmanager
def whole_file(path: Path, *, durable: bool = False) -> Iterator[BinaryIO]:
    """Return a file to write to; it takes the place of an older one when all of it is written.

    Args:
        path: path of the file; its folder is there.
        durable: whether it is on the disk in the end; takes some milliseconds.

    Raises:
        OSError: the folder cannot be written; what was there stays, as it does after any error.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(unfinished, "wb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(unfinished, path)
    except OSError as error:
        if error.errno is not None and error.filename is None:  # as on a full disk
            error.filename = str(path)
        raise
    finally:
        unfinished.unlink(missing_ok=True)
