"""Published loss curves in files: SIZE_schedule.csv with the columns step, lr and loss."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from course_lib.forecast.loss_curves import LossCurve
from course_lib.validation import check_count

#: Updates of the linear warmup of the runs of Luo et al. 2025, which their files leave out.
WARMUP = 2160
_NAME = re.compile(r"(\d+)_(\w+)\.csv")
_HEADER = "step,lr,loss"
#: Between two rows the rate is interpolated, unless it differs by more than this share: a jump.
_JUMP = 0.2


def read_folder(folder: Path | str, warmup: int = WARMUP) -> dict[str, dict[str, LossCurve]]:
    """Return the curves of a folder: size -> schedule -> curve, sizes in increasing order.

    Args:
        folder: folder with files such as 25_cosine_24000.csv.
        warmup: updates of the linear warmup before the first row, >= 1.

    Raises:
        ValueError: there is no such folder, no such file in it, or a file of another form.

    >>> read_folder("nowhere")
    Traceback (most recent call last):
    ValueError: FOLDER must be a folder, got nowhere
    """
    place = Path(folder)
    if not place.is_dir():
        raise ValueError(f"FOLDER must be a folder, got {folder}")
    named = [(match, path) for path in place.iterdir() if (match := _NAME.fullmatch(path.name))]
    if not named:
        raise ValueError(
            f"FOLDER must hold files named SIZE_schedule.csv, such as 25_cosine_24000.csv, and "
            f"{folder} holds none"
        )
    sizes: dict[str, dict[str, LossCurve]] = {}
    for match, path in sorted(named, key=lambda one: (int(one[0][1]), one[0][2])):
        sizes.setdefault(match[1], {})[match[2]] = read_file(path, match[2], warmup)
    return sizes


def read_file(path: Path, name: str, warmup: int = WARMUP) -> LossCurve:
    """Return the curve of one file.

    A row's loss was read after `step` updates, and `lr` is the rate of the next. Between rows the
    rate is linear, or jumps at the later row; before the first it rises from 0 during the warmup.

    Args:
        path: file.
        name: name of the curve.
        warmup: updates of the linear warmup, >= 1.

    Raises:
        ValueError: the header or a row is of another form, or `LossCurve` refuses the numbers.
    """
    warmup = check_count("warmup", warmup)
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    if not lines or lines[0].replace(" ", "") != _HEADER:
        raise ValueError(f"{path.name} must begin with the line {_HEADER}, got {lines[:1]}")
    try:
        rows = np.array([[float(cell) for cell in line.split(",")] for line in lines[1:] if line])
        steps, logged, losses = rows.T
    except ValueError:
        raise ValueError(f"{path.name} must hold three numbers in every row, and a row") from None
    if not (np.isfinite(steps).all() and steps[0] >= 1 and (np.diff(steps) > 0).all()):
        raise ValueError(f"{path.name}: steps must be >= 1 and increase, got {steps[:3]} …")
    try:
        return LossCurve(_filled(steps, logged, warmup), steps, losses, name)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None


def _filled(steps: np.ndarray, logged: np.ndarray, warmup: int) -> np.ndarray:
    """Return the rate of every update up to the last row."""
    t = np.arange(int(steps[-1]))
    known = np.concatenate([[0.0, min(warmup, steps[0])], steps])
    rates = np.interp(t, known, np.concatenate([[0.0, logged[0]], logged]))
    for row in np.flatnonzero(np.abs(np.diff(logged)) > _JUMP * logged[:-1]):
        rates[int(steps[row]) : int(steps[row + 1])] = logged[row]
    return rates
