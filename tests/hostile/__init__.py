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

#: Names of those that take several seconds each, and whose like is there as well.
THOROUGH = frozenset(
    {
        "endings: a bad end in every task",
        "endings: an event loop that is stopped",
        "endings: endless loop without Python",
        "files: 1,500 cells more",
        "forgeries: a reply before its time, and then for ever",
        "forgeries: its own key, and an order to debug",
        "forgeries: its own key, and a request in the grader's name",
        "patches: a kernel that never says that it is idle",
        "patches: a session that sends everything twice",
        "patches: all modules are thrown away",
        "patches: builtins are replaced",
        "patches: stdout is None",
        "patches: the answers' sender goes on for ever",
        "patches: time is a text",
        "resources: a thread that goes on printing much",
        "resources: prints 50 MB in a task's cell",
    }
)

__all__ = ["SUBMISSIONS", "THOROUGH", "Host", "Hostile", "as_bytes", "solved"]
