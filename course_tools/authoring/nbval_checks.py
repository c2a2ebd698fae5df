"""A pytest plugin that adds to nbval what it does not compare: measured numbers and pictures.

nbval compares text exactly and leaves pictures out. With this plugin, in the same execution of a
notebook, a table of measured numbers is compared within the uncertainty that it states, and a
picture must look like the stored one::

    pytest -p course_tools.authoring.nbval_checks --nbval notebooks
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import nbval.kernel
import pytest
from jupyter_client.manager import KernelManager
from nbval.plugin import IPyNbCell

from course_tools.authoring.figures import differing_pictures, without_pictures
from course_tools.authoring.kernel_sockets import with_own_sockets
from course_tools.authoring.measured_tables import differing_tables, split_tables
from course_tools.authoring.running import takes_long


def pytest_configure() -> None:
    """Let every kernel have its own sockets: pytest's processes start theirs at one time."""
    nbval.kernel.KernelManager = _kernel_manager


def pytest_itemcollected(item: pytest.Item) -> None:
    """Put the course's comparison in place of nbval's own."""
    if isinstance(item, IPyNbCell):
        nbvals_own = item.compare_outputs

        def compare_outputs(new: Sequence[Any], stored: Sequence[Any]) -> bool:
            if not nbvals_own(_compared_as_text(new), _compared_as_text(stored)):
                return False
            picture = differing_pictures(item.cell, stored, new)
            tables = differing_tables(item.cell, stored, new)
            item.comparison_traceback = tables + [picture] * bool(picture)
            return not item.comparison_traceback

        item.compare_outputs = compare_outputs


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the lessons that take long, so that none of them is left alone at the end."""
    items.sort(key=lambda item: isinstance(item, IPyNbCell) and not takes_long(item.parent.nb))


def _kernel_manager(**kwargs: Any) -> KernelManager:
    return with_own_sockets(KernelManager(**kwargs))


def _compared_as_text(outputs: Sequence[Any]) -> list[Any]:
    rest = []
    for output in split_tables(outputs)[0]:
        if "text/html" in output.get("data", {}):
            data = {**output["data"], "text/html": without_pictures(output["data"]["text/html"])}
            output = type(output)({**output, "data": data})
        rest.append(output)
    return rest
