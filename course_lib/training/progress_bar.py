"""A bar that counts runs while somebody waits, and leaves nothing behind.

It is drawn where a person looks on: in a terminal, and in a cell of a notebook that JupyterLab or
VS Code shows. A notebook that is executed by a program (papermill, nbclient, nbval) gets none: its
outputs are compared and kept, and must not tell a first run from one that found all in the cache.
"""

from __future__ import annotations

import os
import sys
import time

SHOWN_FROM = 2.0  # seconds that the whole takes


class Progress:
    """Counts runs; the bar appears once the whole is expected to take `shown_from` seconds."""

    def __init__(
        self, total: int, ready: int, wanted: bool = True, shown_from: float = SHOWN_FROM
    ) -> None:
        """Start the clock; `ready` of the `total` runs are there already."""
        self.total, self.ready, self.done = total, ready, 0
        self.wanted, self.shown_from = wanted, shown_from
        self.start, self.bar = time.monotonic(), None

    def __enter__(self) -> Progress:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.close()

    def add(self, runs: int = 0) -> None:
        """Count runs that are done now; with none, only look at the clock."""
        self.done += runs
        if self.bar is None and self.wanted and self._expected() > self.shown_from:
            self.bar = _new_bar(self.total, self.ready)
            self.wanted = self.bar is not None
            runs = self.done
        if self.bar is not None:
            self.bar.update(runs)
            self.bar.refresh()

    def _expected(self) -> float:
        """Return how many seconds the whole takes, as far as is known now."""
        passed = time.monotonic() - self.start
        return passed * (self.total - self.ready) / self.done if self.done else passed


class _CellLine:
    """What a bar is written to in a cell: one output that is changed, and is empty at the end."""

    def __init__(self) -> None:
        self.handle, self.text = None, ""

    def write(self, text: str) -> None:
        from IPython.display import display

        line = text.strip("\r\n ")
        if self.handle is None:
            if line:
                self.handle = display(self._data(line), raw=True, display_id=True)
        elif line != self.text:
            self.handle.update(self._data(line), raw=True)
        self.text = line

    def flush(self) -> None:
        """A line is sent when it is written."""

    @staticmethod
    def _data(line: str) -> dict[str, str]:
        return {"text/plain": line}


def _new_bar(total: int, ready: int):
    """Return a bar, or None where nobody would see it."""
    in_cell = _in_watched_cell()
    if not in_cell and not (sys.stderr is not None and sys.stderr.isatty()):
        return None
    from tqdm import tqdm  # not tqdm.auto: its widget stays in a notebook's outputs

    width = {"ncols": 80} if in_cell else {"dynamic_ncols": True}
    return tqdm(
        total=total,
        initial=ready,
        desc="training",
        unit="run",
        leave=False,
        file=_CellLine() if in_cell else sys.stderr,
        **width,
    )


def _in_watched_cell() -> bool:
    """Return whether this is a kernel that was started for a person.

    A Jupyter server names the notebook in JPY_SESSION_NAME, VS Code in a variable of the notebook.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if getattr(shell, "kernel", None) is None:
        return False
    return "JPY_SESSION_NAME" in os.environ or "__vsc_ipynb_file__" in shell.user_ns
