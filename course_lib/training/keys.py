"""Keys of runs: one hash over all that determines a run's numbers."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from course_lib.training.runs import RunBlock
from course_lib.training.settings import Mlp, Workload

NO_NUMBERS = {
    *("__init__", "cache", "engine", "finished", "keys", "progress_bar", "run_execution"),
    "torch_losses",  # what is measured at the end of a run
}


def code_hash(folder: Path = Path(__file__).parent) -> bytes:
    """Return a hash of the modules of `folder` that compute numbers: all but NO_NUMBERS."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.py")):
        if file.stem not in NO_NUMBERS:
            for piece in pieces((file.name, file.read_bytes())):
                digest.update(piece)
    return digest.digest()


def pieces(value: object) -> Iterator[bytes]:
    """Yield bytes that tell any two values apart: the type, the length, then the content."""
    if value is None:
        yield b"none;"
    elif isinstance(value, bool):
        yield b"bool %d;" % value
    elif isinstance(value, int):
        yield b"int %d;" % value
    elif isinstance(value, float):
        yield b"float " + struct.pack("<d", value)
    elif isinstance(value, str):
        yield from pieces((b"str", value.encode()))
    elif isinstance(value, bytes):
        yield b"bytes %d " % len(value) + value
    elif isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biuf":
        yield from pieces((b"array", value.dtype.newbyteorder("<").str, value.shape))
        yield np.ascontiguousarray(value, value.dtype.newbyteorder("<")).tobytes()
    elif isinstance(value, tuple):
        yield b"tuple %d " % len(value)
        for item in value:
            yield from pieces(item)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from pieces((b"dataclass", type(value).__qualname__, len(fields(value))))
        for field in fields(value):
            yield from pieces((field.name, getattr(value, field.name)))
    else:
        raise TypeError(f"there is no key for a {type(value).__name__}: {value!r}")


CODE = code_hash()  # now: the files may change while this process goes on with what it loaded


def identity(workload: Workload, code: bytes = CODE) -> tuple[bytes, str, str]:
    """Return what computes the workload's numbers here: hash of the code, NumPy, PyTorch.

    It does not tell processors apart: another one may round differently.

    Args:
        workload: data, model, optimizer and batch size.
        code: hash of the code that computes; by default that of what this process has loaded.
    """
    uses_torch = not isinstance(workload.model, Mlp)
    return code, np.__version__, version("torch") if uses_torch else ""


def run_keys(block: RunBlock, code: bytes = CODE) -> list[bytes]:
    """Return the key of every run: SHA-256 over all that determines its numbers.

    That is the workload with its data, the run's rates, momenta and seed, the steps at which it is
    scored and its weights are kept, and `identity`; not the runs beside it.

    Args:
        block: runs to make keys of.
        code: hash of the code, as in `identity`.
    """
    common = hashlib.sha256()
    for piece in pieces(
        (identity(block.workload, code), block.workload, block.scored_at, block.keep_at)
    ):
        common.update(piece)
    keys = []
    for row, seed in enumerate(block.seeds):
        digest = common.copy()
        momenta = None if block.momenta is None else block.momenta[row]
        for piece in pieces((seed, block.rates[row], momenta)):
            digest.update(piece)
        keys.append(digest.digest())
    return keys
