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

#: Names of those that are slow, or relatives of others; LR_COURSE_THOROUGH=1 runs them as well.
THOROUGH = frozenset(
    {
        "answers: an array that changes each time it is looked at",
        "answers: arrays of many dimensions and of much memory",
        "answers: functions, types and modules",
        "answers: lists that lie about their length",
        "answers: nothing at all in arrays",
        "answers: types and texts that are something else",
        "endings: a bad end in every task",
        "endings: a sleep that is too long",
        "endings: all its calls together take too long",
        "endings: an event loop that is stopped",
        "endings: closes all files",
        "endings: endless loop in a cell of its own",
        "endings: endless loop without Python",
        "endings: os._exit in a cell of its own",
        "errors: a number in place of a function",
        "errors: breakpoint()",
        "errors: other errors that are no Exception",
        "escapes: a tool that makes namespaces",
        "escapes: clone3, whose flags no filter sees",
        "escapes: unshare, a new namespace of mounts",
        "escapes: unshare, a new namespace of networks",
        "files: 1,500 cells more",
        "files: cells that are no cells",
        "files: kernelspec of Python 2",
        "files: kernelspec that is a path",
        "files: scripts and formulas in texts",
        "forgeries: a reply before its time, and then for ever",
        "forgeries: every message twice, as a display",
        "forgeries: its own key, and a request in the grader's name",
        "forgeries: its own key, and an order to debug",
        "forgeries: values that no answer has, 3",
        "honest: %pip install without a network",
        "honest: Greek names and many languages",
        "honest: a widget, a progress bar and HTML",
        "honest: its own names over builtins",
        "honest: magics that do not exist",
        "honest: names that the grader might use",
        "honest: one time with -0.0 and one loop variable left over",
        "honest: the course's own figures and SciPy",
        "looking: a schedule looked into instead of called",
        "looking: looks at files that others left open",
        "patches: a kernel that never says that it is idle",
        "patches: a namespace that answers for every name",
        "patches: a session that sends everything twice",
        "patches: all modules are thrown away",
        "patches: builtins are replaced",
        "patches: every type says that it is a float",
        "patches: hooks around every cell",
        "patches: json writes what it likes",
        "patches: one thread waits for another in a lock",
        "patches: stdout is None",
        "patches: the answers' sender goes on for ever",
        "patches: time is a text",
        "resources: a hundred thousand empty files",
        "resources: a text of 100 MB",
        "resources: a thread that goes on printing much",
        "resources: a view of a billion values",
        "resources: fork bomb in a shell",
        "resources: memory bomb in a task's cell",
        "resources: memory bomb in many child processes",
        "resources: one binary buffer of 300 MB",
        "resources: prints 50 MB in a task's cell",
        "resources: small messages without an end",
    }
)

__all__ = ["SUBMISSIONS", "THOROUGH", "Host", "Hostile", "as_bytes", "solved"]
