"""From a table of columns to a `RateLog`: which columns hold rates, which one counts, and what."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from course_lib.diagnose.log_readers.counter_notes import counter_notes
from course_lib.diagnose.log_readers.log_columns import ColumnTable, is_metric, is_rate
from course_lib.diagnose.log_readers.log_errors import LogError, counted, listed
from course_lib.diagnose.log_readers.log_kinds import (
    CALL_COUNTERS,
    ENVIRONMENT_COUNTERS,
    EPOCH_COUNTERS,
    KINDS,
    UPDATE_COUNTERS,
    lags_of,
)
from course_lib.diagnose.log_readers.run_settings import named_settings
from course_lib.diagnose.rate_log import RateLog

_STEM = re.compile(r"(.*?(?<![a-z])(?:lrs?|learning[_ \-]?rates?))(?![a-z])", re.I)
_PREFERRED = ("lr", "learning_rate", "train/learning_rate", "train/lr", "train_lr")
_LOSSES = ("loss", "train_loss", "total_loss", "train/loss", "train/total_loss", "train_loss_step")
_MOST_METRICS = 24
_ROW_AN_EPOCH = ("keras_csvlogger", "keras_history_json", "timm_summary")
_ENOUGH = 0.5  # a counter must be there in this share of the rows that have a rate


def build_log(
    table: ColumnTable,
    key: str,
    source: str,
    *,
    rate_column: str | Sequence[str] | None = None,
    step_column: str | None = None,
) -> RateLog:
    """Return the log that a table holds.

    Args:
        table: columns of the file.
        key: key of its kind in `KINDS`.
        source: name of the file, for messages.
        rate_column: names of the columns of rates; None: those whose names say so.
        step_column: name of the counter; None: the kind's own, or the usual ones.

    Raises:
        LogError: no column holds rates, or a named column is not there.

    >>> table = ColumnTable({"epoch": np.arange(2.0), "lr": np.array([0.1, 0.05])}, ("epoch",), 2)
    >>> build_log(table, "keras_csvlogger", "log.csv").unit
    'epoch'
    """
    where = f"{source}: " if source else ""
    notes = list(table.notes)
    names = _rate_names(table, rate_column, where, notes)
    rates = np.stack([table.columns[name] for name in names])
    if key in ("mmcv_log_json",):
        rates = _of_training(table, rates)
    kept = np.flatnonzero(np.isfinite(rates).any(axis=0))
    counter, unit = _counter(table, key, kept, step_column, where)
    if counter and np.isnan(table.columns[counter][kept]).any():
        numbered = kept[~np.isnan(table.columns[counter][kept])]
        notes.append(
            f"{counted(kept.size - numbered.size, 'row')} with a rate and no {counter} left out"
        )
        kept = numbered
    if counter and kept.size:
        notes += counter_notes(table, counter, kept)
    if kept.size < table.size:
        notes.append(f"{kept.size} of {table.size} rows have a rate; the others were left out")
    group = rates[:, kept]
    if np.isnan(group).all(axis=1).any():
        empty = [name for name, row in zip(names, group, strict=True) if np.isnan(row).all()]
        raise LogError(f"{where}the column {listed(empty)} has no rate in a row with {counter}")
    if (group < 0).any():
        notes.append(f"{counted(int((group < 0).sum()), 'rate')} below 0")
    if infinite := int(np.isinf(rates).sum()):
        notes.append(f"{counted(infinite, 'infinite rate')}, read as none")
    at = np.arange(kept.size, dtype=np.float64)
    epochs = _epochs(table, kept, counter, key)
    settings = named_settings(table.settings)
    if counter:
        at = table.columns[counter][kept]
        at, unit = _without_restarts(at, unit, epochs, settings, counter, key, notes)
    elif key in _ROW_AN_EPOCH:
        unit = "epoch"
        notes.append("the log has no counter; its rows are epochs, counted from 0")
    else:
        notes.append("the log has no counter; its rows are counted from 0")
    losses, metrics = _losses_and_metrics(table, kept, counter)
    return RateLog(
        rates=group,
        at=at,
        unit=unit,
        lags=table.lags or lags_of(key, unit, at, names, table.names),
        group_names=names,
        epochs=epochs if unit != "epoch" else None,
        losses=losses,
        metrics=metrics,
        settings=settings,
        format=KINDS[key].name,
        source=source,
        notes=tuple(notes),
        cut_off=table.cut_off,
    )


def _rate_names(
    table: ColumnTable, wanted: str | Sequence[str] | None, where: str, notes: list[str]
) -> tuple[str, ...]:
    """Return the names of the columns of rates: those of one family, one for each group."""
    with_values = [n for n, c in table.columns.items() if np.isfinite(c).any()]
    if wanted is not None:
        asked = [wanted] if isinstance(wanted, str) else list(wanted)
        parts = [n for a in asked for n in with_values if n == a or n.startswith(f"{a}[")]
        missing = [a for a in asked if not any(n == a or n.startswith(f"{a}[") for n in parts)]
        if missing:
            there = "has no number in any row" if missing[0] in table.names else "is not there"
            raise LogError(
                f"{where}rate_column {missing[0]!r} {there}; columns: {listed(table.names)}"
            )
        return tuple(parts)
    found = [name for name in with_values if is_rate(name)]
    if not found:
        raise LogError(where + _no_rates(table))
    families: dict[str, list[str]] = {}
    for name in found:
        families.setdefault(_STEM.match(name.lower())[1], []).append(name)
    if len(families) > 1 and all(" - " in name for name in found):  # W&B: one column a run
        notes.append(f"each column is a run of its own, read as a group: {listed(found)}")
        return tuple(found)
    first = min(families, key=lambda s: _PREFERRED.index(s) if s in _PREFERRED else 99)
    chosen = families.pop(first)
    if families:
        others = [name for names in families.values() for name in names]
        notes.append(
            f"the rates are those of {listed(chosen)}; {listed(others)} may be rates as well "
            "(rate_column= chooses)"
        )
    for name in [n for n in chosen if n.endswith("_epoch")]:
        if (each := f"{name.removesuffix('_epoch')}_step") in chosen:
            chosen.remove(name)
            notes.append(f"{name}, the mean of {each} over an epoch, was left out")
    for name in chosen:
        if name in table.unreadable:
            count, example = table.unreadable[name]
            cells = counted(count, "cell")
            notes.append(f"{cells} of {name} without a number, such as {example!r}")
    return tuple(chosen)


def _no_rates(table: ColumnTable) -> str:
    """Say that no rate was found, and why."""
    if table.size == 0:
        return f"no rows; columns: {listed(table.names)}"
    for name, (count, example) in table.unreadable.items():
        if is_rate(name):
            cells = counted(count, "cell")
            return f"the column {name!r} holds no numbers: {cells} such as {example!r}"
    empty = [name for name in table.names if is_rate(name)]
    if empty:
        return f"the column {listed(empty)} is empty in all {table.size} rows; a log needs a rate"
    return (
        f"no column is named like a rate (lr, learning_rate, …); columns: {listed(table.names)}; "
        "rate_column= names the right one"
    )


def _counter(
    table: ColumnTable, key: str, kept: np.ndarray, wanted: str | None, where: str
) -> tuple[str | None, str]:
    """Return the name of the counter, None if there is none, and its unit."""
    if wanted is not None:
        if wanted not in table.columns or np.isnan(table.columns[wanted][kept]).all():
            raise LogError(
                f"{where}step_column {wanted!r} has no number beside a rate; "
                f"columns: {listed(table.names)}"
            )
        return wanted, _unit_of(wanted)
    usual = (*UPDATE_COUNTERS, *ENVIRONMENT_COUNTERS, *EPOCH_COUNTERS, *CALL_COUNTERS)
    for name in (*KINDS[key].counters, *usual):
        if name in table.columns:
            there = np.isfinite(table.columns[name][kept])
            if there.mean() >= _ENOUGH:
                if key.startswith(("ultralytics", "yolov")) and name == "step":
                    return name, "epoch"
                return name, _unit_of(name)
    return None, "row"


def _unit_of(name: str) -> str:
    """Return the unit that a counter's name says."""
    lower = name.lower()
    if "timestep" in lower or lower in ENVIRONMENT_COUNTERS:
        return "environment step"
    return "epoch" if lower.split("/")[-1] in ("epoch", "epochs", "ep") else "update"


def _of_training(table: ColumnTable, rates: np.ndarray) -> np.ndarray:
    """Return the rates of rows of training, if any has one: others count other batches."""
    mode = table.columns.get("mode=train")
    if mode is None:
        return rates
    trained = np.where(mode == 1, rates, np.nan)
    return trained if np.isfinite(trained).any() else rates


def _epochs(
    table: ColumnTable, kept: np.ndarray, counter: str | None, key: str
) -> np.ndarray | None:
    """Return the epoch of each row; where the row has none, that of its neighbour of this step."""
    name = next((name for name in EPOCH_COUNTERS if name in table.columns), None)
    if name is None:
        return None
    column = table.columns[name]
    if key == "lightning_csvlogger":  # the monitor's row precedes those of its epoch, without it
        known = np.flatnonzero(np.isfinite(column))
        if not known.size:
            return None
        following = np.searchsorted(known, np.arange(column.size))
        column = column[known[np.minimum(following, known.size - 1)]]
    found = _filled(column, kept, table.columns[counter] if counter else None)
    return found if np.isfinite(found).any() else None


def _without_restarts(
    at: np.ndarray,
    unit: str,
    epochs: np.ndarray | None,
    settings: dict,
    counter: str,
    key: str,
    notes: list[str],
) -> tuple[np.ndarray, str]:
    """Return counter and unit; a counter that begins anew every epoch is made whole."""
    if unit != "update" or epochs is None or np.isnan(epochs).any() or at.size < 2:
        return _first_epoch(at, unit, epochs, settings, counter, key, notes)
    new_epoch = np.diff(epochs) > 0
    within = np.diff(at)
    if not new_epoch.any() or (within[new_epoch] > 0).mean() > 0.5:
        return at, unit
    length = settings.get("steps_per_epoch")
    begin = KINDS[key].first_epoch
    begin = (0 if epochs.min() < 1 else 1) if begin is None else begin
    if length:
        notes.append(f"{counter} begins anew every epoch: updates are counted by {length} an epoch")
        return (epochs - begin) * length + at, "update"
    if (new_epoch | (within < 0)).all():  # one row an epoch
        notes.append(f"{counter} begins anew every epoch; with a row an epoch, epochs are counted")
        return epochs, "epoch"
    longest = at.max()
    notes.append(
        f"{counter} begins anew every epoch, whose length the file does not say (at least "
        f"{longest:g}); epochs are counted instead"
    )
    return epochs + (at - at.min()) / longest, "epoch"


def _first_epoch(
    at: np.ndarray,
    unit: str,
    epochs: np.ndarray | None,
    settings: dict,
    counter: str,
    key: str,
    notes: list[str],
) -> tuple[np.ndarray, str]:
    """Return the counter of a single row, made whole where the epoch's length is known."""
    length = settings.get("steps_per_epoch")
    if unit == "update" and length and at.size == 1 and epochs is not None and at[0] <= length:
        begin = KINDS[key].first_epoch or 0
        return (epochs - begin) * length + at, unit
    return at, unit


def _losses_and_metrics(
    table: ColumnTable, kept: np.ndarray, counter: str | None
) -> tuple[np.ndarray | None, dict[str, np.ndarray]]:
    """Return the training loss and the other metrics, at the rows that have a rate."""
    found: dict[str, np.ndarray] = {}
    for name, column in table.columns.items():
        if is_metric(name) and not is_rate(name) and len(found) < _MOST_METRICS:
            values = _filled(column, kept, table.columns[counter] if counter else None)
            if np.isfinite(values).any():
                found[name] = values
    losses = next((found.pop(name) for name in _LOSSES if name in found), None)
    return losses, found


def _filled(column: np.ndarray, kept: np.ndarray, at: np.ndarray | None) -> np.ndarray:
    """Return a column at the rows kept; where it is empty, from the rows beside of the same step.

    Lightning writes a row for each logger and Hugging Face one for each evaluation, so that rate,
    loss and metric of one step stand in rows of their own.
    """
    values = column[kept].copy()
    if at is None or not np.isnan(values).any():
        return values
    for shift in (1, -1, 2, -2):
        beside = kept + shift
        inside = (beside >= 0) & (beside < column.size)
        take = np.clip(beside, 0, column.size - 1)
        fits = inside & np.isnan(values) & (at[take] == at[kept])
        values[fits] = column[take][fits]
    return values
