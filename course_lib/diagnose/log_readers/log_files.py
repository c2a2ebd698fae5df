"""Reads a log of any kind: what it is, is seen from its content, not from its name."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.diagnose.log_readers.csv_logs import layout_of, read_table
from course_lib.diagnose.log_readers.event_files import MARK, read_events
from course_lib.diagnose.log_readers.json_logs import read_json, read_json_lines
from course_lib.diagnose.log_readers.log_building import build_log
from course_lib.diagnose.log_readers.log_columns import ColumnTable, TableBuilder
from course_lib.diagnose.log_readers.log_errors import LogError
from course_lib.diagnose.log_readers.log_kinds import FORMATS, KINDS, kind_of_columns
from course_lib.diagnose.log_readers.log_places import log_in_folder
from course_lib.diagnose.log_readers.run_settings import (
    epoch_length_beside,
    settings_beside,
    text_log_of,
)
from course_lib.diagnose.log_readers.text_logs import read_text
from course_lib.diagnose.rate_log import RateLog

_HEAD = 1 << 16
_JSON = re.compile(r"\s*(\{\s*[\"}]|\[\s*(\{|\[|-?\d[\d.eE+-]*\s*[,\]]))")
_TAIL = re.compile(r"[-+.\deE]*\d[-+.\deE]*$")
_LISTS = 2  # dimensions of an array of rates


def read_log(
    source: str | Path | Sequence[float] | Sequence[Mapping[str, Any]] | np.ndarray,
    *,
    format: str | None = None,
    rate_column: str | Sequence[str] | None = None,
    step_column: str | None = None,
    decimal: str | None = None,
) -> RateLog:
    """Return the rates of a log, with what its counter counts and when its tool reads the rate.

    It reads files of Hugging Face, LLaMA-Factory, Ultralytics, YOLOv5, YOLOX, Lightning, timm,
    detectron2, MMEngine, MMCV, Keras, Stable-Baselines3, DeiT, MAE, W&B and TensorBoard, tables in
    CSV, rows in JSON, and text with lines such as "epoch 1/20 lr=1.2e-05". A file that is cut off
    is used as far as it goes; `RateLog.notes` says so, and all else that was left out or assumed.

    Args:
        source: path of a file or of a run's folder; or rates, one a row, or (rows, groups); or
            rows as dictionaries; or a dictionary of columns.
        format: kind of the log, one of `FORMATS`; None: seen from its content. It sets the unit
            of the counter and the lags.
        rate_column: name of the column of rates, or names, one for each group.
        step_column: name of the column that counts.
        decimal: "," where 0,5 is a half; None: only in tables where it cannot be anything else.

    Raises:
        LogError: nothing to read the rates from; the message says what was found and is needed.

    >>> read_log([{"step": 0, "lr": 0.1}, {"step": 1, "lr": 0.05}]).rates
    array([[0.1 , 0.05]])
    """
    if format is not None and format not in KINDS:
        raise LogError(f"format must be one of {', '.join(FORMATS)}; got {format!r}")
    if decimal not in (None, ".", ","):
        raise LogError(f"decimal must be '.' or ',', got {decimal!r}")
    more = [rate_column] if isinstance(rate_column, str) else [*(rate_column or ())]
    more += [step_column] if step_column else []
    chosen = {"rate_column": rate_column, "step_column": step_column}
    if not isinstance(source, str | Path):
        table, key = _table_of_values(source, tuple(more))
        return build_log(table, format or key, "", **chosen)
    path = Path(source)
    notes: list[str] = []
    if path.is_dir():
        path, notes = log_in_folder(path)
    if not path.exists():
        raise LogError(f"there is no file {path}")
    table, key = _table_of_file(path, tuple(more), decimal)
    key = format or key
    settings, read = settings_beside(path, KINDS[key].settings_files)
    if key == "mmcv_log_json" and (length := epoch_length_beside(path)):
        settings["steps_per_epoch"] = length
        read.append(text_log_of(path).name)
    notes += [f"settings were read from {', '.join(read)}"] if read else []
    table.settings = {**settings, **table.settings}
    log = build_log(table, key, path.name, **chosen)
    return replace(log, notes=(*notes, *log.notes))


def _table_of_file(
    path: Path, more: tuple[str, ...], decimal: str | None
) -> tuple[ColumnTable, str]:
    """Return the table of a file, and the key of its kind."""
    if path.is_dir():
        return read_events(path, more), "tensorboard_events"
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    if not head.strip():
        raise LogError(f"{path.name} is empty; a log needs a row with a rate")
    if MARK in head[:200]:
        return read_events(path, more), "tensorboard_events"
    encoding = _encoding(head, path.name)
    text = head.decode(encoding, errors="replace").lstrip("\ufeff")
    if _JSON.match(text):
        return _table_of_json(path, encoding, text, more)
    lines = text.splitlines()
    whole = len(head) < _HEAD
    layout = layout_of(lines if whole else lines[:-1], decimal)
    notes: list[str] = []
    if layout is not None:
        with open(path, encoding=encoding, errors="replace", newline="") as file:
            table = read_table(_lines(file, notes), layout, path.name, more)
        key = kind_of_columns(table.names, "csv")
    else:
        with open(path, encoding=encoding, errors="replace") as file:
            table, key = read_text(_lines(file, notes), path.name)
    table.notes = [*notes, *table.notes]
    return table, key


def _table_of_json(
    path: Path, encoding: str, text: str, more: tuple[str, ...]
) -> tuple[ColumnTable, str]:
    """Return the table of a file in JSON: lines, or one document."""
    first, _, rest = text.lstrip().partition("\n")
    if first.startswith('{"') and rest.lstrip("\r\n")[:1] == "{":
        with open(path, encoding=encoding, errors="replace") as file:
            table, form = read_json_lines(_lines(file), path.name, more)
    else:
        whole = path.read_text(encoding=encoding, errors="replace").lstrip("\ufeff")
        table, form = read_json(whole, path.name, more)
    if form == "hf":
        return table, "hf_trainer_state"
    key = kind_of_columns(table.names, form)
    if form == "json" and key == "json_rows" and "config" in text[:2000]:
        key = "wandb_history_json"
    return table, key


def _encoding(head: bytes, name: str) -> str:
    """Return how a file of text is encoded; PowerShell's > writes UTF-16."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in head:
        raise LogError(
            f"{name} is a binary file; a log is text (CSV, JSON, lines) or TensorBoard's event file"
        )
    return "utf-8-sig"


def _lines(file: io.TextIOBase, notes: list[str] | None = None) -> Iterator[str]:
    """Yield the lines of a file; NUL, which a crash of the machine leaves behind, is no text.

    With `notes`, a number at the end of a last line that has no line end is left out: of 1.9e-05,
    a file that is still being written may hold 1.9.
    """
    for line in file:
        line = line.replace("\0", "") if "\0" in line else line
        if notes is not None and line[-1:] not in ("\n", "\r", "") and (cut := _TAIL.search(line)):
            notes.append(
                f"the file does not end with a line end: its last number, {cut[0]}, may be cut "
                "off and was left out"
            )
            line = line[: cut.start()]
        yield line


def _table_of_values(
    values: Sequence[Any] | np.ndarray, more: tuple[str, ...]
) -> tuple[ColumnTable, str]:
    """Return the table of rates or of rows that were given as they are."""
    form = "rows"
    if isinstance(values, Mapping):  # Keras' history.history
        if len({np.size(column) for column in values.values()}) != 1:
            sizes = {name: np.size(column) for name, column in values.items()}
            raise LogError(f"every column must have a value a row, got the lengths {sizes}")
        values = [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
        form = "history"
    values = values if isinstance(values, np.ndarray) else [*values]
    if len(values) == 0:
        raise LogError("the list is empty; a log needs a row with a rate")
    builder = TableBuilder()
    if isinstance(values[0], Mapping):
        if odd := [row for row in values if not isinstance(row, Mapping)]:
            raise LogError(f"every row must be a dictionary, got {odd[0]!r}")
        names = tuple(dict.fromkeys(str(name) for row in values for name in row))
        builder.add({name: [row.get(name) for row in values] for name in names}, len(values))
        return builder.build(names), kind_of_columns(names, form)
    try:
        rates = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise LogError(
            f"rates must be numbers, one a row or one a group, got {values[0]!r} …"
        ) from None
    if rates.ndim not in (1, _LISTS) or rates.size == 0:
        raise LogError(f"rates must have the shape (rows,) or (rows, groups), got {rates.shape}")
    columns = rates[:, None] if rates.ndim == 1 else rates
    names = ("lr",) if columns.shape[1] == 1 else tuple(f"lr[{g}]" for g in range(columns.shape[1]))
    return ColumnTable(dict(zip(names, columns.T, strict=True)), names, len(rates)), "list"
