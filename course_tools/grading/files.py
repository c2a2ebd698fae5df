"""Writes a file in one step."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Write a file so that a reader finds the old one or the new one, never half of one.

    Args:
        path: path of the file; its folder is there.
        content: all of it.
        durable: whether it is on the disk when this returns; takes some milliseconds.

    Raises:
        OSError: the folder cannot be written; what was there stays.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(unfinished, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
