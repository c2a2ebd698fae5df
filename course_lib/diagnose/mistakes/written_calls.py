"""Calls that are written as text, of a library's function or of a preset; nothing is executed."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from course_lib import schedules
from course_lib.diagnose.mistakes.scheduler_lists import PARAM_SCHEDULER, listed_schedulers
from course_lib.libraries.registry import follower_names, names, signature
from course_lib.libraries.suggestions import nearest_names

#: Functions of course_lib.schedules that a plan may call.
PRESETS = (
    *("constant", "cosine", "cosine_restarts", "exponential", "inverse_sqrt", "inverse_time"),
    *("linear", "multi_step", "one_cycle", "polynomial", "step_decay", "transformer"),
    *("triangular", "warmup_cosine", "warmup_linear", "wsd"),
)
# Libraries that others copied names from: of several with one name and its arguments, the first.
_ORIGINALS = ("torch.", "transformers.", "keras.")


def call_in(text: str) -> tuple[str, dict[str, Any]]:
    """Return the name of the function that a text calls, and its keyword arguments.

    The name is that in `from_library`, or one of `PRESETS`. A list of MMEngine's schedulers is a
    call of `mmengine.param_scheduler`.

    Raises:
        ValueError, TypeError: the text is no such call.

    >>> call_in("torch.optim.lr_scheduler.StepLR(optimizer, step_size=30)")
    ('torch.StepLR', {'step_size': 30})
    >>> call_in("param_scheduler = dict(type='StepLR', step_size=3)")
    ('mmengine.param_scheduler', {'param_scheduler': [{'type': 'StepLR', 'step_size': 3}]})
    """
    node = _expression(text)
    if (schedulers := listed_schedulers(node, _value)) is not None:
        return PARAM_SCHEDULER, {"param_scheduler": schedulers}
    if not isinstance(node, ast.Call):
        raise ValueError(f"plan must be a call or a list of rates, got {text[:80]!r}")
    return _call_of(node)


def _expression(text: str) -> ast.expr:
    """Return the expression in a text; of an assignment, what is assigned."""
    try:
        statements = ast.parse(text).body
    except SyntaxError:
        statements = []
    if len(statements) == 1 and isinstance(statements[0], ast.Assign | ast.Expr):
        return statements[0].value
    raise ValueError(
        "plan must be a call such as torch.StepLR(step_size=30, base_lr=0.1), a list of rates "
        f"or the JSON of a schedule, got {text[:80]!r}"
    )


def _call_of(node: ast.Call) -> tuple[str, dict[str, Any]]:
    """Return the name and the keyword arguments of a call; nothing of it is executed."""
    name = _name_of(ast.unparse(node.func), [word.arg for word in node.keywords if word.arg])
    if any(word.arg is None for word in node.keywords):
        raise ValueError(f"plan: {name} must not be called with **")
    known = signature(name).parameters if name not in PRESETS else {}
    words = [word for word in node.keywords if word.arg != "optimizer" or "optimizer" in known]
    keywords = {word.arg: _value(word.value) for word in words}
    if name in PRESETS:
        bind = inspect.signature(getattr(schedules, name)).bind
        try:
            return name, bind(*map(_value, node.args), **keywords).arguments
        except TypeError as error:
            raise TypeError(f"plan: {name}: {error}") from None
    if values := node.args[_is_optimizer(node.args[0]) :] if node.args else []:
        raise ValueError(
            f"plan: {name} takes its arguments by keyword, {', '.join(known)}; "
            f"got {ast.unparse(values[0])!r}"
        )
    return name, keywords


def _is_optimizer(node: ast.expr) -> bool:
    return bool(re.fullmatch(r"([\w.]+\.)?opt\w*", ast.unparse(node)))  # self.optimizer, opt


def _name_of(written: str, keywords: Sequence[str] = ()) -> str:
    """Return the name in `from_library`: torch.optim.lr_scheduler.StepLR is torch.StepLR.

    A name without a library may be that of several, and then the arguments decide.
    """
    first, last = written.split(".")[0], written.split(".")[-1]
    if written in PRESETS or (last in PRESETS and first in ("course_lib", "schedules")):
        return last
    known = [*names(), *follower_names()]
    found = [
        name
        for name in known
        if name == written or (name.startswith(f"{first}.") and name.endswith(f".{last}"))
    ]
    found = found or [name for name in known if "." not in written and name.endswith(f".{last}")]
    if len(found) > 1:
        found = [name for name in found if {*keywords} <= {*signature(name).parameters}] or found
    found = [n for first in _ORIGINALS for n in found if n.startswith(first)][:1] or found
    if len(found) != 1:
        near = found or [*get_close_matches(last, PRESETS, 1), *nearest_names(written, known)]
        raise ValueError(
            f"plan: {written!r} is neither a preset of course_lib.schedules nor one name that "
            f"from_library converts; did you mean {' or '.join(near)}?"
        )
    return found[0]


def _value(node: ast.expr) -> Any:
    """Return a literal; a call inside a list is a (name, arguments) pair, as from_library takes."""
    if isinstance(node, ast.Call):
        if (schedulers := listed_schedulers(node, _value)) is not None:
            return schedulers[0]  # dict(type="LinearLR", end=500)
        return _call_of(node)
    if isinstance(node, ast.List | ast.Tuple):
        items = [_value(item) for item in node.elts]
        return items if isinstance(node, ast.List) else tuple(items)
    try:
        return ast.literal_eval(node)
    except ValueError as error:
        raise ValueError(
            f"plan: {ast.unparse(node)!r} is no number, text or list; names and formulas are not "
            "evaluated"
        ) from error
