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

_NO_NUMBERS = {"__init__", "cache", "engine", "execution", "finished", "keys", "progress"}


def _read_code() -> bytes:
    """Return a hash of the modules of this folder that compute numbers: all but _NO_NUMBERS."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        if file.stem not in _NO_NUMBERS:
            for piece in _pieces((file.name, file.read_bytes())):
                digest.update(piece)
    return digest.digest()


def identity(workload: Workload) -> tuple[bytes, str, str]:
    """Return what computes the workload's numbers here: hash of the code, NumPy, PyTorch.

    It does not tell processors apart: another one may round differently.
    """
    uses_torch = not isinstance(workload.model, Mlp)
    return _CODE, np.__version__, version("torch") if uses_torch else ""


def run_keys(block: RunBlock) -> list[bytes]:
    """Return the key of every run: SHA-256 over all that determines its numbers.

    That is the workload with its data, the run's rates, momenta and seed, the steps at which it is
    scored and its weights are kept, and `identity`; not the runs beside it.
    """
    common = hashlib.sha256()
    for piece in _pieces(
        (identity(block.workload), block.workload, block.scored_at, block.keep_at)
    ):
        common.update(piece)
    keys = []
    for row, seed in enumerate(block.seeds):
        digest = common.copy()
        momenta = None if block.momenta is None else block.momenta[row]
        for piece in _pieces((seed, block.rates[row], momenta)):
            digest.update(piece)
        keys.append(digest.digest())
    return keys


def _pieces(value: object) -> Iterator[bytes]:
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
        yield from _pieces((b"str", value.encode()))
    elif isinstance(value, bytes):
        yield b"bytes %d " % len(value) + value
    elif isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biuf":
        yield from _pieces((b"array", value.dtype.newbyteorder("<").str, value.shape))
        yield np.ascontiguousarray(value, value.dtype.newbyteorder("<")).tobytes()
    elif isinstance(value, tuple):
        yield b"tuple %d " % len(value)
        for item in value:
            yield from _pieces(item)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from _pieces((b"dataclass", type(value).__qualname__, len(fields(value))))
        for field in fields(value):
            yield from _pieces((field.name, getattr(value, field.name)))
    else:
        raise TypeError(f"there is no key for a {type(value).__name__}: {value!r}")


_CODE = _read_code()  # now: the files may change while this process goes on with what it loaded
