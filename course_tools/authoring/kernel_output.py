"""Counts what a learner's cells print and display; runs in the kernel of ``lr-course check``.

Nobody reads it there. If it left the kernel, a cell that prints without end would fill the memory
of both processes within seconds: ipykernel gathers text for a fifth of a second before it sends it.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jupyter_client.session import extract_header

MOST_BYTES = 8_000_000  # of a cell, as `output_mb` of the grader has it for all of them together
_SHOWN = ("stream", "display_data", "update_display_data", "execute_result", "clear_output")
_FAILED = ("error", "execute_reply")
_LONGEST = 5_000  # characters at either end of a traceback
_MOST_LINES = 50  # lines at either end


class TooMuchOutput(KeyboardInterrupt):
    """A cell printed or displayed too much; nothing that handles errors goes on after it."""


def count_output(shell: Any, most: int = MOST_BYTES) -> None:
    """Keep in the kernel what cells print and display, and end a cell that exceeds a limit.

    What other threads and processes print is kept as well, and ends no cell: it is not the cell
    that would have to end.

    Args:
        shell: IPython's shell in the kernel.
        most: most characters that a cell may print and display.
    """
    counter = _Counter(shell.kernel, most)
    # IPython puts functions of its own in place of `write` for each cell, which keep all text.
    shell.events.register("pre_run_cell", lambda *_: counter.watch(sys.stdout, sys.stderr))


class _Counter:
    def __init__(self, kernel: Any, most: int) -> None:
        self._send, kernel.session.send = kernel.session.send, self._sent
        self._most = most
        self._used: Counter[str] = Counter()

    def watch(self, *streams: Any) -> None:
        for stream in streams:
            if hasattr(stream, "parent_header"):  # a stream of the kernel's, not of the learner's
                stream.write = self._write_to(stream)

    def _write_to(self, stream: Any) -> Callable[[str], int]:
        write = type(stream).write

        def counted(string: str) -> int:
            if not isinstance(string, str) or stream.closed:
                return write(stream, string)  # it raises
            self._count(stream.parent_header, string)
            return len(string)

        return counted

    def _sent(self, stream: Any, message: Any, content: Any = None, *args: Any, **more: Any) -> Any:
        """Send a message as `Session.send` does, unless it is one that shows something."""
        is_whole = isinstance(message, Mapping)
        kind = message["header"]["msg_type"] if is_whole else message
        found = message["content"] if is_whole else content
        if kind in _SHOWN:
            if kind != "stream":  # text was counted when it was written
                self._count(message["parent_header"] if is_whole else more.get("parent"), found)
            return None
        if kind in _FAILED and isinstance(found, dict) and "traceback" in found:
            found |= {"traceback": _cut(found["traceback"]), "evalue": found["evalue"][:_LONGEST]}
        return self._send(stream, message, content, *args, **more)

    def _count(self, parent: Mapping[str, Any] | None, shown: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        # Some versions have the whole message as the parent, and others only its header.
        cell = extract_header(parent or {}).get("msg_id", "")
        self._used[cell] += _size(shown)
        if self._used[cell] > self._most:
            raise TooMuchOutput(f"more than {self._most} characters")


def _size(value: Any) -> int:
    if isinstance(value, (str, bytes)):
        return len(value)
    if isinstance(value, Mapping):
        return sum(map(_size, value.values()))
    return sum(map(_size, value)) if isinstance(value, (list, tuple)) else 0


def _cut(traceback: Sequence[str]) -> list[str]:
    """Return a traceback without what nobody would read: the middle of a very long one."""
    text = "\n".join(traceback)
    if len(text) > 2 * _LONGEST:
        text = f"{text[:_LONGEST]} … {text[-_LONGEST:]}"
    lines = text.split("\n")
    if len(lines) > 2 * _MOST_LINES:
        lines = [*lines[:_MOST_LINES], "…", *lines[-_MOST_LINES:]]
    return lines
