"""The pictures in a notebook: compared after an execution, and one taken out for the README."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.image import imread
from nbformat import NotebookNode
from packaging.version import Version

EMBEDDED_PNG = re.compile(r"<img[^>]*?src=[\"']data:image/png;base64,([^\"']+)[\"']", re.S)
_DATA_URL = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]+")

# Pictures are compared after averaging over squares of 8 × 8 pixels, so that a line which moved by
# one pixel counts for little. Root-mean-square differences measured then, on 0..1: another
# processor's arithmetic 0.001, text drawn without smoothing 0.003, one of four curves moved by
# 0.3 % of the axis 0.010, by 1 % 0.031.
SQUARE = 8
TOLERANCE = 0.006
# Matplotlib draws text with another FreeType from 3.11 on. All lessons and solutions executed with
# 3.9.0, beside pictures that 3.11.2 had drawn: 41 cells differ by more than 0.006, none by more
# than 0.015.
TOLERANCE_BEFORE_3_11 = 0.02
# Near the edge of stability a run amplifies its rounding, so a figure of such runs looks a little
# different on another processor. Cells tagged `varies` draw them; measured differences of five such
# figures under another BLAS kernel: 0.009 to 0.042; from an empty card: 0.054 and more.
VARIES = "varies"
TOLERANCE_WHERE_IT_VARIES = 0.05

README_PICTURE = "docs/rate_sweep.png"  # made by the cell that is tagged readme-picture


def readme_picture(nb: NotebookNode) -> bytes | None:
    """The PNG in the output of the cell tagged readme-picture; None without such a cell."""
    for cell in nb.cells:
        if "readme-picture" in cell.metadata.get("tags", []):
            return next(iter(_pngs(cell.outputs)), None)
    return None


def tolerance(version: str = matplotlib.__version__) -> float:
    """Return by how much a picture may differ where this version of Matplotlib draws it anew."""
    return TOLERANCE if Version(version) >= Version("3.11.dev0") else TOLERANCE_BEFORE_3_11


def differing_pictures(cell: NotebookNode, stored: Sequence[Any], new: Sequence[Any]) -> str:
    """The difference between the PNG pictures of two executions of a cell; empty without one.

    Args:
        cell: the cell; tagged `varies`, its pictures may differ more.
        stored: its outputs as they were.
        new: its outputs now.
    """
    varies = VARIES in cell.metadata.get("tags", [])
    allowed = TOLERANCE_WHERE_IT_VARIES if varies else tolerance()
    reason = _difference(_pngs(stored), _pngs(new), allowed)
    if not reason:
        return ""
    return f"a picture differs from the stored one ({reason}): rebuild with `make build`"


def without_pictures(text: str) -> str:
    """HTML with a word in place of each PNG in it, whose bytes depend on versions and fonts."""
    return _DATA_URL.sub("PICTURE", text)


def _pngs(outputs: Sequence[Any]) -> list[bytes]:
    encoded = []
    for output in outputs:
        data = output.get("data", {})
        if "image/png" in data:
            encoded.append(data["image/png"])
        encoded += EMBEDDED_PNG.findall(data.get("text/html", ""))
    return [base64.b64decode(text) for text in encoded]


def _difference(stored: list[bytes], new: list[bytes], allowed: float) -> str:
    if len(stored) != len(new):
        return f"{len(stored)} stored, {len(new)} now"
    for old_png, new_png in zip(stored, new, strict=True):
        if old_png == new_png:
            continue
        old, now = imread(io.BytesIO(old_png)), imread(io.BytesIO(new_png))
        if old.shape != now.shape:
            return f"shape {old.shape} stored, {now.shape} now"
        rms = float(np.sqrt(np.mean((_coarse(old) - _coarse(now)) ** 2)))
        if rms > allowed:
            return f"root-mean-square difference {rms:.3f}, allowed {allowed}"
    return ""


def _coarse(picture: np.ndarray) -> np.ndarray:
    """Means over squares of pixels; the last row and column are repeated to fill up squares."""
    planes = picture if picture.ndim == 3 else picture[..., None]
    height, width, channels = planes.shape
    planes = np.pad(planes, ((0, -height % SQUARE), (0, -width % SQUARE), (0, 0)), mode="edge")
    rows, columns = planes.shape[0] // SQUARE, planes.shape[1] // SQUARE
    return planes.reshape(rows, SQUARE, columns, SQUARE, channels).mean(axis=(1, 3))
