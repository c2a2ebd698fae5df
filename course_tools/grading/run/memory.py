"""The memory of the grader's own process."""

from __future__ import annotations

import ctypes
from contextlib import suppress

_ARENA_MAX = -8  # M_ARENA_MAX of glibc's <malloc.h>


def keep_together() -> None:
    """Let all threads that start later take memory from one place.

    In places of their own they keep what they have once needed. Only glibc has these.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)
