"""Schedulers that act on one rate together, as MMEngine's configurations and logs list them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from course_lib.libraries.registry import names, signature

PARAM_SCHEDULER = "mmengine.param_scheduler"
_PREFIX = "mmengine."


def listed_schedulers(
    node: ast.expr, value_of: Callable[[ast.expr], Any]
) -> list[dict[str, Any]] | None:
    """Return the schedulers of a list as dictionaries with "type"; None where it is no such list.

    Args:
        node: expression: `dict(type="LinearLR", end=500)` or `{"type": …}`, a list of those, or
            calls such as `LinearLR(end=500), PolyLR(end=900)`.
        value_of: returns an argument's value.
    """
    is_list = isinstance(node, ast.List | ast.Tuple)
    found = [_scheduler(one, value_of, is_list) for one in (node.elts if is_list else [node])]
    return found if found and None not in found else None


def are_schedulers(plan: Any) -> bool:
    """Return whether an object is a param_scheduler, a dictionary with "type" or a list of such."""
    listed = [plan] if isinstance(plan, Mapping) else plan
    return (
        isinstance(listed, list | tuple)
        and len(listed) > 0
        and all(isinstance(one, Mapping) and "type" in one for one in listed)
    )


def updates_in_an_epoch(
    arguments: Mapping[str, Any], unit: str | None, steps_per_epoch: int | None
) -> int | None:
    """Return the length of an epoch for a call of MMEngine's: 1 where the plan counts epochs.

    Args:
        arguments: arguments of one scheduler, or of param_scheduler.
        unit: unit of the plan.
        steps_per_epoch: updates in an epoch; None: unknown.

    Raises:
        ValueError: schedulers count epochs, and how long these are is not known.
    """
    given = arguments.get("param_scheduler", [arguments])
    schedulers = [given] if isinstance(given, Mapping) else given
    by_epoch = [one.get("by_epoch", True) for one in schedulers if isinstance(one, Mapping)]
    if all(by_epoch) and unit == "epoch":
        return 1
    if any(by_epoch) and steps_per_epoch is None and "batches_per_epoch" not in arguments:
        raise ValueError(
            "plan: MMEngine's schedulers count epochs unless they have by_epoch=False; "
            "give steps_per_epoch"
        )
    return steps_per_epoch


def _scheduler(
    node: ast.expr, value_of: Callable[[ast.expr], Any], in_list: bool
) -> dict[str, Any] | None:
    if isinstance(node, ast.Dict):
        keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
        found = dict(zip(keys, map(value_of, node.values), strict=True))
        return found if "type" in found else None
    if not isinstance(node, ast.Call) or node.args:
        return None
    written = ast.unparse(node.func)
    kind = written.split(".")[-1]
    if written == "dict":
        words = _words(node, value_of)
        return words if "type" in words else None
    if not in_list or written.startswith("torch.") or _PREFIX + kind not in names():
        return None
    known = signature(_PREFIX + kind).parameters
    if {word.arg for word in node.keywords} <= {*known}:
        return {"type": kind, **_words(node, value_of)}
    return None


def _words(node: ast.Call, value_of: Callable[[ast.expr], Any]) -> dict[str, Any]:
    return {word.arg: value_of(word.value) for word in node.keywords if word.arg}
