"""The page of docs/ that is made with a notebook of the appendix: one table, in Markdown."""

from __future__ import annotations

from collections.abc import Callable

from course_lib.libraries.conventions_page import conventions_page

#: Path of a generated notebook -> the page that is made beside it, and what makes it.
PAGES: dict[str, tuple[str, Callable[[], str]]] = {
    "notebooks/libraries.ipynb": ("docs/libraries.md", conventions_page),
}
