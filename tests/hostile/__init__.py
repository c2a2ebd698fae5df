"""Hostile, broken and odd submissions as data, each with what it deserves."""

import dataclasses

from tests.hostile import (
    answers,
    endings,
    errors,
    escapes,
    files,
    forgeries,
    honest,
    looking,
    patches,
    resources,
)
from tests.hostile.making import Host, Hostile, as_bytes, solved

_KINDS = (
    honest,
    files,
    errors,
    answers,
    endings,
    resources,
    patches,
    forgeries,
    looking,
    escapes,
)
#: All of them; a name begins with its kind.
SUBMISSIONS: tuple[Hostile, ...] = tuple(
    dataclasses.replace(one, name=f"{kind.__name__.rpartition('.')[2]}: {one.name}")
    for kind in _KINDS
    for one in kind.SUBMISSIONS
)

__all__ = ["SUBMISSIONS", "Host", "Hostile", "as_bytes", "solved"]
