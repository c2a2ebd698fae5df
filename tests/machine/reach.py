"""What of the tools in `tools.py` the running process, and what it starts, can find."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import ClassVar

from tests.machine.hidden_modules.hiding_finder import HidingFinder
from tests.machine.tools import TOOLS

_MODULES = "LR_COURSE_HIDDEN_MODULES"
_SITE = Path(__file__).with_name("hidden_modules")  # its sitecustomize hides them elsewhere
#: Functions that remember that a tool was there.
_REMEMBERING = (("course_tools.grading.box.sandbox", "check_sandbox"),)


@contextmanager
def everything() -> Iterator[None]:
    """Let all tools be reached for a moment: a server that starts now serves later tests too."""
    reach = Reach.current
    if reach is None:
        yield
        return
    before = reach.shown
    reach.only(frozenset(TOOLS))
    try:
        yield
    finally:
        reach.only(before)


class Reach:
    """Hides tools from this process: their commands on the PATH, and their Python modules.

    Attributes:
        current: the one in force, if any.
        shown: keys of the tools that can be reached now.
    """

    current: ClassVar[Reach | None] = None

    def __init__(self) -> None:
        Reach.current = self
        self.shown = frozenset(TOOLS)
        self._links = Path(tempfile.mkdtemp(prefix="lr-course-path-"))
        self._path = os.environ.get("PATH", os.defpath)
        self._python_path = os.environ.get("PYTHONPATH")
        self._away: dict[str, ModuleType] = {}
        self._finder = HidingFinder()
        self._finder.install()

    def only(self, keys: frozenset[str]) -> None:
        """Let these tools be reached and no others."""
        if keys == self.shown:
            return
        if self.shown - keys:
            _forget()
        hidden = frozenset(name for key in TOOLS.keys() - keys for name in TOOLS[key].modules)
        self._hide_modules(hidden)
        os.environ["PATH"] = self._path_without(TOOLS.keys() - keys)
        os.environ[_MODULES] = " ".join(sorted(hidden))
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_SITE), self._python_path]))
        self.shown = keys

    def close(self) -> None:
        """Let everything be reached again."""
        self.only(frozenset(TOOLS))
        Reach.current = None
        self._finder.uninstall()
        del os.environ[_MODULES]
        os.environ["PATH"] = self._path
        if self._python_path is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = self._python_path
        shutil.rmtree(self._links)

    def _hide_modules(self, hidden: frozenset[str]) -> None:
        self._finder.hidden = hidden
        for name in [one for one in sys.modules if one.partition(".")[0] in hidden]:
            self._away[name] = sys.modules.pop(name)
        for name in [one for one in self._away if one.partition(".")[0] not in hidden]:
            sys.modules[name] = self._away.pop(name)

    def _path_without(self, keys: set[str]) -> str:
        """Return the PATH, with a folder of links in place of each that has a hidden command."""
        hidden = {Path(name).name for key in keys for name in TOOLS[key].commands}
        folders = [self._without(one, hidden) for one in self._path.split(os.pathsep)]
        return os.pathsep.join(folders)

    def _without(self, folder: str, hidden: set[str]) -> str:
        there = sorted(name for name in hidden if os.path.lexists(os.path.join(folder, name)))
        if not there:
            return folder
        links = self._links / "+".join(there) / folder.strip("/").replace("/", "-")
        if not links.exists():
            links.mkdir(parents=True)
            for name in os.listdir(folder):
                if name not in hidden:
                    (links / name).symlink_to(os.path.join(os.path.abspath(folder), name))
        return str(links)


def _forget() -> None:
    for module, function in _REMEMBERING:
        if module in sys.modules:
            getattr(sys.modules[module], function).cache_clear()
