"""Oddities of the file itself: its rows, its counter, and how the numbers were written."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from course_lib.diagnose.identification import Oddity
from course_lib.diagnose.oddities.evidence import SAME, Evidence, count, runs_of

# With ten rows, two curves of three parameters each often fit equally well.
_FEW_ROWS, _VERY_FEW_ROWS = 10, 4
# A gap stands out if it is this much wider than the second widest.
_GAP = 3.0
_LATER = re.compile(r"(phase|stage|part|round|step)[-_ ]?([2-9])(?!\d)|resum|continu", re.I)
# Below this share, rows without a rate are those of an evaluation now and then.
_FEW_EMPTY = 0.03
_KEPT = re.compile(r"(\d+) of (\d+) rows have a rate")
_NO_COUNTER = ("no_epoch_column", "row_index_used_as_epoch", "epoch_column_missing")
_DIGITS = 5  # printed digits from which rounding no longer limits what can be told
_NOISE_DIGITS, _PLAIN_DIGITS, _MOST_LEVELS = 15, 4, 100
_MOST_REPEATS = 3  # places told one by one


def few_rows(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if there are too few rows to tell much."""
    rows = case.rates.size
    if rows <= _FEW_ROWS:
        only = "A single row has a rate" if rows == 1 else f"Only {rows} rows have a rate"
        rest = "so many curves fit" if rows <= _VERY_FEW_ROWS else "so its curve rests on little"
        yield case.oddity("few-rows", f"{only}, {rest}.")


def several_runs(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the counter starts anew, or if training started several times."""
    starts = case.starts
    if len(starts) > 1:
        yield case.oddity(
            "several-runs",
            f"The counter starts anew at {count(len(starts) - 1, 'row')}, so {len(starts)} runs "
            f"were appended to one file; they have "
            f"{_listed(np.diff([*starts, case.rates.size]))} rows.",
            starts[1],
            problem=True,
        )
        return
    begun = case.number("training_starts_in_file", "training_starts") or 1
    if begun > 1:
        yield case.oddity(
            "several-runs",
            f"Training was started {begun:g} times in this file, but only one start has rates.",
        )


def _listed(numbers: np.ndarray) -> str:
    words = [str(number) for number in numbers[:5]] + ["…"] * (len(numbers) > 5)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def repeated_rows(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity for each place where the counter goes back by some rows."""
    for i in case.repeats[:_MOST_REPEATS]:
        seen = case.at[:i]
        again = case.at[i : i + np.count_nonzero(case.at[i:] <= seen.max())]
        span = f"{case.log.unit} {again[0]:g}"
        if again.size > 1:
            span = f"{case.log.unit}s {again[0]:g} to {again[-1]:g}"
        repeat = "appear twice" if again.size > 1 else "appears twice"
        yield case.oddity(
            "repeated-rows",
            f"After {case.log.unit} {case.at[i - 1]:g} the counter goes back, and {span} {repeat}: "
            "the run was resumed from an older checkpoint.",
            int(i),
            int(i) + again.size,
            problem=True,
        )


def disorder(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the counter goes back so often that no resume explains it."""
    if case.repeats.size > _MOST_REPEATS:
        yield case.oddity(
            "disorder",
            f"The counter goes back at {case.repeats.size} rows, the first after "
            f"{case.where(int(case.repeats[0]) - 1)}: the rows of several runs or loops are mixed.",
            int(case.repeats[0]),
            problem=True,
        )


def begins_in_mid_run(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the first rows of the run are not in the file."""
    first, many = float(case.at[0]), case.log.unit
    if case.rates.size < 2 or many == "row":
        return
    if many == "environment step":
        ahead = np.diff(case.at)
        if first > 10 * max(case.interval, ahead[ahead > 0].min(initial=1.0)):
            yield case.oddity(
                "late-first-rate",
                f"The first rate is at {case.where(0)}; the rows before it have none, as before "
                "learning starts.",
                0,
                1,
            )
        return
    least = 2 if many == "epoch" else max(5.0, 2.5 * case.interval)
    if first < least:
        return
    share = case.rates[0] / case.peak if case.peak > 0 else 0.0
    resumed = " (the settings name a checkpoint to resume from)" if case.setting("resume") else ""
    yield case.oddity(
        "begins-in-mid-run",
        f"The file begins at {case.where(0)}{resumed}, at {100 * share:.3g} % of the peak: the "
        "rows before it are missing, so a jump at the seam or a warmup would not be seen.",
        0,
        1,
    )


def gap(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity for a hole in the counter."""
    ahead = np.diff(case.at)
    if ahead.size < 5:
        return
    second, widest = np.sort(ahead)[-2:]
    if second > 0 and widest > _GAP * second:
        i = int(np.argmax(ahead))
        yield case.oddity(
            "gap",
            f"Between {case.where(i)} and {case.where(i + 1)} there are no rows, although they "
            f"are otherwise at most {second:g} apart.",
            i,
            i + 2,
        )


def no_counter(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if rows are counted because the log counts nothing."""
    if case.log.unit == "row" or any(case.setting(name) is True for name in _NO_COUNTER):
        yield case.oddity(
            "no-counter",
            "The rows with a rate have no step or epoch of their own, so they are counted one by "
            "one.",
        )


def environment_steps(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the counter counts steps of an environment."""
    if case.log.unit == "environment step":
        updates = case.number("n_updates_last", "n_updates")
        made = f" ({case.at[-1]:,.0f} of them for {updates:,.0f} updates)" if updates else ""
        yield case.oddity(
            "environment-steps",
            f"The counter counts steps of the environment, not updates{made}.",
        )


def rows_without_rate(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if many rows of the file have no rate."""
    total = case.number("rows_total", "rows_in_file_total", "lines")
    having = case.number("rows_with_lr", "rows_with_rate")
    without = case.number("rows_without_lr", "rows_without_rate", "lines_without_lr")
    if total and having is None and without is not None:
        having = total - without
    if total and having is not None:
        without = total - having
    if total and without and without < _FEW_EMPTY * total:
        without = None
    if not without:
        without, total = case.log.size - case.rates.size, case.log.size
        for match in filter(None, map(_KEPT.match, case.log.notes)):
            without, total = int(match[2]) - int(match[1]), int(match[2])
    only_held_out = case.setting("lr_only_on_val_rows") is True
    if without or only_held_out:
        have = "has" if without == 1 else "have"
        told = f"{count(without, 'row')} of the file {have} no rate"
        if total:
            told = f"{without:,.0f} of {total:,.0f} rows of the file {have} no rate"
        if only_held_out:
            told = "Only the rows of held-out results have a rate"
        yield case.oddity("rows-without-rate", f"{told}, so the curve is seen only where they do.")


def two_counters(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the file counts two things in one column or has two counters."""
    for note in case.log.notes:
        if re.search(r"begins anew", note):
            yield case.oddity("counter-rebuilt", _sentence(note))
        elif re.search(r"two counters|_step\b", note):
            yield case.oddity("two-counters", _sentence(note))


def _sentence(note: str) -> str:
    return f"{note[:1].upper()}{note[1:].rstrip('.')}."


def one_row_an_epoch(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if a log that counts updates has one row for each epoch."""
    epochs = case.log.epochs
    if case.log.unit != "update" or epochs is None or case.rates.size < 3:
        return
    epochs = epochs[case.rows]
    if np.isfinite(epochs).all() and (np.diff(epochs) == 1).all():
        yield case.oddity(
            "one-row-an-epoch",
            f"There is one row for each epoch, the first at {case.where(0)}, so a change within an "
            "epoch is not seen.",
        )


def later_phase(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the file's name says that another run came before."""
    name = case.log.source.replace("\\", "/").rpartition("/")[2]
    match = _LATER.search(name)
    if match and case.at[0] <= 1:
        yield case.oddity(
            "later-phase",
            f"The name {name} says that this is not the first part of the run, but its counter "
            f"starts at {case.at[0]:g}: the rate of {case.rates[0]:.4g} is a fresh start.",
            0,
            1,
        )


def number_format(case: Evidence) -> Iterator[Oddity]:
    """Yield oddities for rates in less than float64, printed with few digits, or with noise."""
    precision = case.log.precision
    # Five levels with one digit each may just be round numbers.
    printed = precision.digits > 1 or np.unique(case.rates).size > _FEW_ROWS
    if precision.digits and precision.digits < _DIGITS and printed:
        yield case.oddity(
            "few-digits", f"The rates are {precision}, which limits what can be told from them."
        )
    elif precision.kind in ("float32", "float16", "bfloat16"):
        noisy = int(np.argmax([len(repr(float(r))) for r in case.rates]))
        yield case.oddity(
            "float-noise",
            f"The rates are {precision.kind} numbers: {float(case.rates[noisy])!r} stands for "
            f"{case.rates[noisy]:.6g}.",
        )
    elif precision.kind == "float64":
        yield from _noise_of_levels(case)


def _noise_of_levels(case: Evidence) -> Iterator[Oddity]:
    same = np.diff(case.rates) == 0
    held = [(first, end + 1) for first, end in runs_of(same) if end - first > 1]
    for first, end in held[:_MOST_LEVELS]:
        level = float(case.rates[first])
        digits, plain = (_digits(f"{level:.{n}g}") for n in (17, 10))
        noisy = digits >= _NOISE_DIGITS and plain <= _PLAIN_DIGITS
        if noisy and repr(level) != repr(float(f"{level:.10g}")):
            yield case.oddity(
                "float-noise",
                f"The rate {level!r} is {level:g} with the noise of a product or a mean.",
                first,
                end,
            )
            return


def _digits(number: str) -> int:
    return len(number.partition("e")[0].replace(".", "").strip("0"))


def rounded_to_zero(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if a rate of 0 is a small rate that the log rounded."""
    rates = case.rates
    zeros = [(a, b) for a, b in runs_of(rates == 0) if b - a > 1 and a > 0]
    if not zeros or case.top <= 0:
        return
    first, end = zeros[-1]
    levels = _levels(rates[:first])
    printed = [f"{level:.9f}".rstrip("0").partition(".")[2] for level in levels]
    decimals = max(map(len, printed), default=0)
    if case.log.precision.kind == "decimals":
        decimals = case.log.precision.digits
    if len(levels) >= 2 and decimals <= 8:
        factor = levels[-1] / levels[-2]
        following = levels[-1] * factor
        if factor < 1 and following < 0.5 * 10.0**-decimals * (1 + SAME):
            yield case.oddity(
                "rounded-to-zero",
                f"The rates are written with {decimals} decimals, so the {end - first} rows of 0 "
                f"from {case.where(first)} on are probably {following:.2g}.",
                first,
                end,
            )


def _levels(rates: np.ndarray) -> list[float]:
    """Return the values of a step schedule in their order; [] if the rates are none."""
    change = np.flatnonzero(np.diff(rates)) + 1
    if change.size > 20 or change.size > rates.size / 3:
        return []
    return [float(rates[0]), *map(float, rates[change])]


RULES_OF_FILES = (
    few_rows,
    several_runs,
    repeated_rows,
    disorder,
    begins_in_mid_run,
    gap,
    no_counter,
    environment_steps,
    rows_without_rate,
    two_counters,
    one_row_an_epoch,
    later_phase,
    number_format,
    rounded_to_zero,
)
