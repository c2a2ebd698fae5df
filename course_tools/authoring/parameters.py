"""Reads the parameters of a notebook and holds given values against them, before anything runs."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

from course_tools.authoring.errors import CourseError

TYPES = {"bool": bool, "int": int, "float": float, "str": str, "list": list, "dict": dict}
WORDS = {"True": True, "False": False, "None": None}


@dataclass(frozen=True)
class NotebookParameter:
    """A parameter of a notebook; ``types`` names what it accepts, nothing means anything."""

    name: str
    types: frozenset[str]


def parse_value(text: str) -> Any:
    """A value typed on the command line, read as papermill does: int, float, bool, None or str."""
    if text in WORDS:
        return WORDS[text]
    for convert in (int, float):
        try:
            return convert(text)
        except ValueError:
            continue
    return text


def parameters_of(nb: NotebookNode) -> dict[str, NotebookParameter]:
    """The assignments in the first code cell tagged ``parameters``, by name.

    Raises:
        CourseError: that cell is not plain Python.
    """
    for number, cell in enumerate(nb.cells, start=1):
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", []):
            try:
                statements = ast.parse(cell.source).body
            except SyntaxError as error:
                raise CourseError(
                    f"cell {number} is tagged parameters but is not plain Python: {error}"
                ) from error
            found = [_parameter(node) for node in statements]
            return {parameter.name: parameter for parameter in found if parameter}
    return {}


def check_parameters(nb: NotebookNode, values: Mapping[str, Any], name: str) -> None:
    """Refuses a value that the notebook has no parameter for, or that a notebook cannot hold.

    Args:
        nb: the notebook, not executed.
        values: value of each parameter, by its name.
        name: name of the notebook, for the error.

    Raises:
        CourseError: an unknown name, or a value of another type than the parameter's default
            or annotation; an int may stand for a float, a bool for neither. A number that is not
            finite: papermill would write it into the metadata, where it is not JSON. Values for a
            notebook in which papermill has put some already: it would replace all of those.
    """
    allowed = parameters_of(nb) if values else {}
    if values and any("injected-parameters" in cell.metadata.get("tags", []) for cell in nb.cells):
        raise CourseError(
            f"{name} was executed with other values for its parameters, which new ones would drop; "
            "run the notebook it was made from, and name all values"
        )
    for key, value in values.items():
        if key not in allowed:
            names = ", ".join(sorted(allowed)) or "none"
            raise CourseError(f"{name} has no parameter {key!r}; its parameters: {names}")
        types = allowed[key].types
        if types and not any(_is_a(value, type_name) for type_name in types):
            raise CourseError(
                f"{name}: parameter {key!r} must be {' or '.join(sorted(types))}, "
                f"got {value!r} ({type(value).__name__})"
            )
        if not _is_finite(value):
            raise CourseError(f"{name}: parameter {key!r} must be finite, got {value!r}")


def _parameter(node: ast.stmt) -> NotebookParameter | None:
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return NotebookParameter(node.target.id, frozenset(_annotated(node.annotation)))
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return NotebookParameter(node.targets[0].id, frozenset(_type_of_default(node.value)))
    return None


def _annotated(annotation: ast.expr) -> set[str]:
    """Names of the types in an annotation; nothing when one of them is not known here."""
    if isinstance(annotation, ast.BinOp):  # float | None
        left, right = _annotated(annotation.left), _annotated(annotation.right)
        return left | right if left and right else set()
    if isinstance(annotation, ast.Subscript):  # list[float]
        return _annotated(annotation.value)
    if isinstance(annotation, ast.Constant) and annotation.value is None:
        return {"None"}
    if isinstance(annotation, ast.Name) and annotation.id in TYPES:
        return {annotation.id}
    return set()


def _type_of_default(value: ast.expr) -> set[str]:
    try:
        default = ast.literal_eval(value)
    except ValueError:  # computed, as in `10 * steps`: any value may be meant
        return set()
    return {type(default).__name__} & TYPES.keys()


def _is_finite(value: Any) -> bool:
    """Whether a value holds no nan and no infinity."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(_is_finite(item) for item in value.values())
    return not isinstance(value, list | tuple) or all(_is_finite(item) for item in value)


def _is_a(value: Any, type_name: str) -> bool:
    if type_name == "None":
        return value is None
    if isinstance(value, bool):
        return type_name == "bool"
    if type_name == "float":
        return isinstance(value, int | float)
    return isinstance(value, TYPES[type_name])
