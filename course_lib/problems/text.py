"""Texts to train a language model on: chapters of a novel, and sentences of known entropy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from course_lib.validation import check_count

_NOVEL = Path(__file__).with_name("moby_dick.txt")
_HELD_OUT_CHAPTERS = 10  # every tenth


@dataclass(frozen=True)
class ByteText:
    """A text as bytes, and one of the same kind to score on.

    Attributes:
        train: uint8, shape (bytes,), values below `vocabulary`.
        held_out: uint8, shape (bytes,), never trained on.
        vocabulary: number of values that a byte can have; 128 for ASCII.
        name: name in plots and tables.
        loss_floor: entropy in nats a byte, below which no model can be expected to get, where it
            is known; else None. On a finite text a lucky model may do a little better.

    >>> text = moby_dick()
    >>> bytes(text.train[22:39]).decode()
    'Call me Ishmael. '
    """

    train: np.ndarray
    held_out: np.ndarray
    vocabulary: int
    name: str
    loss_floor: float | None = None

    def windows(self, count: int, length: int) -> np.ndarray:
        """Return held-out windows at even distances, (count, length + 1): inputs and next bytes.

        Raises:
            ValueError: the held-out text has fewer bytes than one window.

        >>> moby_dick().windows(3, 64).shape
        (3, 65)
        """
        check_count("count", count)
        check_count("length", length)
        last = len(self.held_out) - length - 1
        if last < 0:
            raise ValueError(
                f"length must be < the {len(self.held_out)} held-out bytes, got {length}"
            )
        starts = np.linspace(0, last, count).astype(int)
        return self.held_out[starts[:, None] + np.arange(length + 1)]


@cache
def moby_dick() -> ByteText:
    """Return chapters 1 to 50 of Moby-Dick; every tenth chapter is held out.

    453,767 bytes to train on and 30,177 held out, all ASCII: quotation marks and dashes were
    replaced by theirs. The best loss is not known, so `loss_floor` is None.

    Raises:
        FileNotFoundError: the course was installed from a wheel, which leaves the novel out.

    Source: Herman Melville, Moby-Dick; or, The Whale (1851), in the public domain.

    >>> text = moby_dick()
    >>> len(text.train), len(text.held_out)
    (453767, 30177)
    """
    if not _NOVEL.exists():
        raise FileNotFoundError(
            f"{_NOVEL.name} is in a clone of the course, not in its wheel: run the lessons there"
        )
    chapters = re.split(r"(?m)^(?=CHAPTER )", _NOVEL.read_text("ascii"))[1:]
    held_out = "".join(chapters[_HELD_OUT_CHAPTERS - 1 :: _HELD_OUT_CHAPTERS])
    train = "".join(chapter for i, chapter in enumerate(chapters, 1) if i % _HELD_OUT_CHAPTERS)
    return ByteText(_as_bytes(train), _as_bytes(held_out), vocabulary=128, name="Moby-Dick")


def _as_bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("ascii"), np.uint8)
