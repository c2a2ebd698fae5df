"""An import finder for which some packages are not installed."""

import sys
from importlib.machinery import PathFinder


class HidingFinder:
    """Finds on `sys.path` what `PathFinder` does, but for some packages.

    Attributes:
        hidden: top-level names of those packages.
    """

    def __init__(self, hidden=()):
        self.hidden = frozenset(hidden)

    def find_spec(self, name, path=None, target=None):
        """Return None for a hidden module, which `importlib` takes for one that does not exist."""
        if name.partition(".")[0] in self.hidden:
            return None
        return PathFinder.find_spec(name, path, target)

    def __getattr__(self, name):
        return getattr(PathFinder, name)

    def install(self):
        """Take the place of `PathFinder` in this process."""
        sys.meta_path[sys.meta_path.index(PathFinder)] = self

    def uninstall(self):
        """Give the place back."""
        sys.meta_path[sys.meta_path.index(self)] = PathFinder
