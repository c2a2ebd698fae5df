"""Logs as text for people: lines such as "epoch 3/20  loss=0.49  lr=1.2e-05"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from course_lib.diagnose.log_readers.csv_logs import CHUNK
from course_lib.diagnose.log_readers.log_columns import NUMBER, ColumnTable, TableBuilder
from course_lib.diagnose.log_readers.log_errors import LogError, counted
from course_lib.diagnose.log_readers.run_settings import KNOWN, named_settings, plain_value

_BEFORE = r"(?<![a-z0-9_.])"
_IS = r"""["']?\s*(?:[:=]|\sto\b|\sis\b)?\s*["']?"""
_RATE = re.compile(
    rf"""{_BEFORE}(?P<name>(?:train[_/]|base_|current[_ ]|new[_ ])?(?:lr|learning[ _-]?rate)
    (?:[_/-]?(?:pg|group)?_?\d+)?)["']?\s*(?:[:=]|\sto\b|\sis\b|of\sgroup\s(?P<group>\d+)\sto)?
    \s*["']?(?P<value>[\[(]\s*{NUMBER}(?:\s*,\s*{NUMBER})*\s*[\])]|{NUMBER})(?![\w%/])""",
    re.I | re.X,
)
_IN_EPOCH = re.compile(
    rf"{_BEFORE}(?:epoch|train)(?:\(train\))?:?\s*\[?\s*(\d+)(?:/\d+)?\]?\s*\[\s*(\d+)/(\d+)", re.I
)
_ITERATION = re.compile(r"\bIter(?:\(train\))?\s*\[\s*(\d+)/(\d+)\]")
_BAR = re.compile(r"\|\s*(\d+)/(\d+)\s*\[")  # tqdm
_EPOCH = re.compile(
    rf"""{_BEFORE}(?:epoch|ep)["']?\s*[:=\#]?\s*["']?\[?\s*(\d+(?:\.\d+)?)(?:\s*(?:/|of)\s*(\d+))?(?![\w%])""",
    re.I,
)
_STEP = re.compile(
    rf"""{_BEFORE}(?:global[_ ]?step|num_updates|iteration|iter|step|update|it(?=\s*[:=]))["']?
    \s*[:=\#]?\s*["']?\[?\s*(\d+(?:,\d{{3}})*)(?:\s*(?:/|of)\s*(\d+))?(?![\w%]|\.\d)""",
    re.I | re.X,
)
_LOSS = re.compile(rf"{_BEFORE}(?:total_loss|train[_ ]loss|loss){_IS}({NUMBER})", re.I)
_SETTING = re.compile(rf"{_BEFORE}([a-z_]+)\s*[:=]\s*({NUMBER}|[a-z_]\w*)(?=[\s,;)\]]|$)", re.I)
_SETTINGS_IN = 3000  # lines
_HINT = re.compile(r"step|update|train|\bit\b")


def read_text(lines: Iterable[str], source: str) -> tuple[ColumnTable, str]:
    """Return the table of a text log, and the key of its kind.

    Every line with a rate is a row. Its epoch and its step stand in the line, or in the last line
    that has them. Rates before the first epoch or step are settings.

    Args:
        lines: all lines of the file.
        source: name of the file, for messages.

    Raises:
        LogError: no line holds a rate, or one alone without an epoch or a step.

    >>> table, _ = read_text(["ep 1/20  loss=0.49  lr=1.95e-05"], "run.log")
    >>> table.columns["epoch"], table.columns["lr"]
    (array([1.]), array([1.95e-05]))
    """
    settings: dict[str, Any] = {}
    builder = TableBuilder()
    seen = {"lines": 0, "before": 0, "yolox": 0, "detectron2": 0}
    rows = _rows(lines, settings, seen)
    names: dict[str, None] = {}
    while chunk := [*islice(rows, CHUNK)]:
        for row in chunk:
            names.update(dict.fromkeys(row))
        builder.add({name: [row.get(name) for row in chunk] for name in names}, len(chunk))
    if not builder.rows:
        raise LogError(
            f"{source}: no rate in {seen['lines']} lines of text; a log needs lines such as "
            '"epoch 1/20 lr=1.2e-05"'
        )
    if builder.rows == 1 and not names.keys() & {"epoch", "step"}:
        raise LogError(
            f"{source}: one rate in {seen['lines']} lines of text, without an epoch or a step: "
            "settings, and no log yet"
        )
    table = builder.build(names)
    table.settings = settings
    if seen["before"]:
        table.notes.append(
            f"{counted(seen['before'], 'rate')} before the first epoch or step left out"
        )
    kind = next((k for k in ("yolox", "detectron2") if seen[k]), "")
    return table, {"yolox": "yolox_train_log", "detectron2": "detectron2_log_txt"}.get(
        kind, "text_log"
    )


def _rows(
    lines: Iterable[str], settings: dict[str, Any], seen: dict[str, int]
) -> Iterator[dict[str, Any]]:
    """Yield the rows that have a rate; those before the first counter only if there is none."""
    counts: dict[str, Any] = {}
    early: list[dict[str, Any]] = []
    row: dict[str, Any] = {}
    for line in lines:
        seen["lines"] += 1
        lower = line.lower()
        if "iter" in lower or "ep" in lower or _HINT.search(lower):
            _count(line, lower, counts, settings)
        if seen["lines"] <= _SETTINGS_IN and not counts:
            _learn(line, settings)
        rates = _rates(line) if "lr" in lower or "learning" in lower else {}
        if not rates:
            continue
        seen["yolox"] += "yolox" in line
        seen["detectron2"] += "d2.utils.events" in line
        grouped = any("/group " in name for name in rates)
        if grouped and row and not row.keys() & rates.keys():
            row |= rates  # PyTorch's verbose schedulers write a line for each group
            continue
        if row:
            yield from _placed(row, counts, early)
        loss = _LOSS.search(line) if "loss" in lower else None
        row = {**{n: v for n, v in counts.items() if n in ("epoch", "step")}, **rates}
        row |= {"loss": loss[1]} if loss else {}
    if row:
        yield from _placed(row, counts, early)
    if counts:
        seen["before"] = len(early)
    else:
        settings.pop("peak_lr", None)  # these lines are the rows themselves
        yield from early


def _placed(
    row: dict[str, Any], counts: dict[str, Any], early: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield a row that has a counter; put one without it aside."""
    if "epoch" in row or "step" in row:
        yield row
    else:
        early.append(row)


def _rates(line: str) -> dict[str, str]:
    """Return the rates in a line: name -> text; the first of each name."""
    found: dict[str, str] = {}
    for match in _RATE.finditer(line):
        name = f"lr/group {match['group']}" if match["group"] else match["name"]
        value = match["value"].strip("[()] ")
        found.setdefault(name, f"[{value}]" if "," in value else value)
    return found


def _count(line: str, lower: str, counts: dict[str, Any], settings: dict[str, Any]) -> None:
    """Bring the last seen epoch and step up to date; `lower` is the line in small letters."""
    bracket = "[" in line  # a search is slow, a look for a letter is not
    if bracket and (place := _IN_EPOCH.search(line)):
        counts["epoch"], counts["step"] = place[1], place[2]
        settings.setdefault("steps_per_epoch", int(place[3]))
        return
    if bracket and (place := _ITERATION.search(line)):
        counts["step"] = place[1]
        settings.setdefault("total_steps", int(place[2]))
        return
    epoch = _EPOCH.search(line) if "ep" in lower else None
    step = _STEP.search(line) if "it" in lower or "step" in lower or "upd" in lower else None
    if epoch:
        counts["epoch"] = epoch[1]
        if epoch[2]:
            settings.setdefault("epochs", int(epoch[2]))
    if step:
        counts["step"] = step[1].replace(",", "")
        if step[2]:
            settings.setdefault("steps_per_epoch" if epoch else "total_steps", int(step[2]))
    elif bracket and (place := _BAR.search(line)):
        counts["step"] = place[1]
        settings.setdefault("steps_per_epoch" if epoch else "total_steps", int(place[2]))
    elif epoch and "step" in counts:
        del counts["step"]  # a step of an earlier line does not belong to this epoch


def _learn(line: str, settings: dict[str, Any]) -> None:
    """Take settings that are known by name from a line before the first row."""
    for name, value in _SETTING.findall(line):
        known = named_settings({name: plain_value(value)})
        for key, number in known.items():
            if key in KNOWN or key == "warmup_epochs":
                settings.setdefault(key, number)
