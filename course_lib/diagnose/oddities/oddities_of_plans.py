"""Oddities of a run beside its settings: where it stopped, and what it was to reach."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np

from course_lib.diagnose.identification import Oddity
from course_lib.diagnose.oddities.evidence import ONE_CYCLE_RISE, Evidence, plain

# Less than half of a schedule leaves the rate near its peak, whatever the decay.
_HALF = 0.5
# A total rounded to whole epochs may exceed the run by a little.
_LONGER, _MUCH_LONGER = 1.02, 1.5
_SHORT_OF_PEAK = 5e-4
_SLACK = 0.01
_AS_LONG = 0.02
# MMDetection's RTMDet configurations: base_lr = 0.004 for 256 images, eta_min = base_lr * 0.05.
_RTMDET_LR, _RTMDET_FLOOR = 0.004, 0.05
_BATCHES = tuple(2**k for k in range(1, 13))
_YOLO_LR0 = 0.01  # the default of lr0, which nobody typed
_SCHEDULES = ("cos", "lin", "poly", "exp", "cycle", "yolox")
_NOT_YET = ("wsd", "step", "plateau", "constant")
_ETA_MIN = re.compile(r"(?:eta_min|min_lr)\s*=\s*(\d[\d.]*(?:e-?\d+)?)")
_SCHEDULER_COLUMN = "keras"


def stopped_early(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the last row is well before the end."""
    if case.complete is not False:
        return
    share = case.done / case.end
    rate = ""
    if not case.constant and case.peak > 0 and case.rates.size > 1:
        rate = f", when the rate is {100 * case.rates[-1] / case.peak:.3g} % of its peak"
    what = "The file is a snapshot" if case.is_checkpoint else "The run stopped"
    patience = case.number("patience")
    if not case.is_checkpoint and case.log.unit == "epoch" and patience and patience < case.done:
        rate += f"; its early stopping has a patience of {patience:g} epochs"
    if case.run_end is None and case.end_is_assumed:
        rate += f" (if its rise takes {ONE_CYCLE_RISE:.0%} of it, the default)".replace("%", " %")
    total = case.parameter("total_steps")
    may_be_whole = case.run_end is None and total is not None and total.low <= case.done
    if may_be_whole:
        rate += "; a decay to a floor that ends here fits as well"
    yield case.oddity(
        "stopped-early",
        f"{what} at {case.log.unit} {plain(case.done)} of {plain(case.end)}, "
        f"{100 * share:.3g} % of the schedule{rate}.",
        case.rates.size - 1,
        problem=not (case.is_checkpoint or case.constant or may_be_whole) and share < _HALF,
    )


def schedule_longer(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the schedule is made for more than the run."""
    if not case.run_end or not case.schedule_end or case.constant:
        return
    factor = case.schedule_end / case.run_end
    if factor > _LONGER:
        rate = 100 * case.rates[-1] / case.peak
        yield case.oddity(
            "schedule-longer",
            f"The schedule ends at {case.log.unit} {plain(case.schedule_end)}, {factor:.3g} times "
            f"the {case.many(case.run_end)} of the run: the last rate is {rate:.3g} % of the peak.",
            case.rates.size - 1,
            problem=factor > _MUCH_LONGER,
        )


def counts_epochs(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if a schedule made for every update was advanced once per epoch."""
    if case.log.unit != "update" or case.constant or case.schedule_end is None:
        return
    known, every = case.parameter("steps_per_epoch"), case.number("steps_per_epoch")
    if known is not None:
        every = known.value
    elif every is None and "lightning" in case.log.format.lower():
        every = case.interval  # its monitor writes one row an epoch for such a scheduler
    if every is None or every <= 1:
        return
    steps, made = case.schedule_end / every, case.done / every
    # The schedule's own length is the run's number of updates, or a run as long as it is unlikely.
    updates = case.run_end or math.ceil(made) * every
    if not case.cycles_by_epoch and abs(steps / updates - 1) > _AS_LONG:
        return
    if steps < 2 * made:
        return
    rate = 100 * case.rates[-1] / case.peak
    yield case.oddity(
        "counts-epochs",
        f"The schedule counts epochs where it was to count updates: it was advanced once per epoch "
        f"of {plain(every)} updates, so the run made only {plain(math.ceil(made))} of its "
        f"{plain(steps)} steps, and the last rate is {rate:.3g} % of the peak (in Lightning, "
        'give the scheduler interval="step").',
        problem=True,
    )


def past_the_end(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if there are rows after the end of the schedule."""
    end = case.schedule_end
    if end is None or case.constant or "cycl" in case.families or "restart" in case.families:
        return
    after = np.flatnonzero(case.at[case.last_run] > end + case.interval)
    if after.size > 1 and not _cooldown(case):
        first = int(after[0]) + case.starts[-1]
        yield case.oddity(
            "past-the-end",
            f"The schedule ends at {case.log.unit} {plain(end)}, but {after.size} rows follow, up "
            f"to {case.where(case.at.size - 1)}, at rates of {case.rates[first:].min():.3g} to "
            f"{case.rates[first:].max():.3g}.",
            first,
        )


def _cooldown(case: Evidence) -> bool:
    return bool(case.number("cooldown_epochs"))


def optimizer_auto(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if Ultralytics chose the rate itself and left `lr0` unused."""
    lr0, top = case.number("lr0", "peak_lr"), case.peak
    if str(case.setting("optimizer")).lower() != "auto" or not lr0 or not top:
        return
    if abs(top / lr0 - 1) > _SLACK:
        yield case.oddity(
            "optimizer-auto",
            f"The setting lr0 is {lr0:g}, but the curve follows {top:.4g}: optimizer=auto chooses "
            "the rate itself, and any other lr0 gives the same column.",
            problem=abs(lr0 - _YOLO_LR0) > 1e-9,
        )


def peak_differs(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the peak is another than the one in the settings."""
    planned = case.number("peak_lr", "lr0", "lr", "learning_rate", "base_lr")
    automatic = str(case.setting("optimizer")).lower() == "auto"
    if not planned or automatic or case.peak <= 0:
        return
    factor = case.peak / planned
    # A lower rate may only mean that the run did not get that far.
    reached = case.rise < case.rates.size - 1 and case.starts[-1] == 0
    below = factor < 1 - _SLACK and reached and case.at[0] <= case.interval
    if factor > 1 + _SLACK or (below and case.parameter("peak") is not None):
        yield case.oddity(
            "peak-differs",
            f"The settings say {planned:g}, but the peak is {case.peak:.6g}, {factor:.4g} times "
            f"as high{_explained(factor)}.",
        )


def scaled_recipe(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if RTMDet's recipe runs at another rate than its own."""
    scheduler = str(case.setting("param_scheduler", "scheduler") or "")
    recipe = "start_factor=1e-05" in scheduler and "CosineAnnealingLR" in scheduler
    floor = _ETA_MIN.search(scheduler)
    if not recipe or not floor or abs(float(floor[1]) / (_RTMDET_FLOOR * case.peak) - 1) > _SLACK:
        return
    factor = case.peak / _RTMDET_LR
    if abs(factor - 1) > _SLACK:
        yield case.oddity(
            "peak-differs",
            f"The schedule is RTMDet's, whose rate is {_RTMDET_LR:g}; its peak here is "
            f"{case.peak:.6g}, {factor:.4g} times as high{_explained(factor)}.",
        )


def _explained(factor: float) -> str:
    square = factor * factor
    for value, how in ((factor, "linear"), (square, "square-root")):
        for exact in (value, 1 / value):
            ratio = round(exact) if abs(exact - round(exact)) < _SLACK * exact else 0
            if ratio in _BATCHES:
                return f", as {how} scaling of the batch by {ratio} gives"
    return ""


def peak_not_reached(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the highest rate of the rows is below the peak of the curve."""
    known = case.parameter("peak") or case.parameter("base_lr")
    planned = known.value if known else None
    if planned is None and str(case.setting("optimizer")).lower() != "auto":
        planned = case.number("peak_lr", "lr0", "lr")
    if case.log.unit == "update" and case.interval > 1:
        return  # the peak may lie between two rows
    falls = case.rates[-1] < case.top - case.tolerance
    if not planned or not falls or case.rise == 0 or len(case.found.parts) > 1:
        return
    share = case.top / planned
    if not 0.2 < share < 1 - _SHORT_OF_PEAK:
        return
    i = int(np.argmax(case.rates))
    why = "the rows lie before and after it"
    if "timm" in case.log.format.lower():
        why = "the cosine is evaluated at t, not at t - warmup, so it has begun when warmup ends"
    elif case.log.unit == "epoch" and ("yolo" in case.log.format.lower() or _is_yolo(case)):
        why = "the decay already runs during the warmup"
    yield case.oddity(
        "peak-not-reached",
        f"The highest rate is {case.top:.4g} at {case.where(i)}, {100 * share:.4g} % of the "
        f"{planned:.4g} that the warmup climbs towards: {why}.",
        i,
        i + 1,
    )


def _is_yolo(case: Evidence) -> bool:
    return "ultralytics" in case.log.format.lower() or case.number("lrf") is not None


def constant(case: Evidence) -> Iterator[Oddity]:
    """Yield one oddity for a rate that never changes, with the likeliest reason."""
    if not case.constant or len(case.starts) > 1:
        return
    rate, rows = f"{case.rates[0]:.6g}", case.rates.size
    scheduler = str(case.setting("scheduler", "param_scheduler", "sched") or "").lower()
    floor = case.number("floor", "min_lr", "eta_min")
    if floor is None and (match := _ETA_MIN.search(scheduler)):
        floor = float(match[1])
    decays = any(name in scheduler for name in _SCHEDULES)
    waits = any(name in scheduler for name in _NOT_YET)
    if floor and decays and abs(case.rates[0] / floor - 1) < _SLACK:
        yield case.oddity(
            "floor-from-the-start",
            f"All {rows} rows, from {case.where(0)} to {case.where(rows - 1)}, are at the floor of "
            f"{floor:g}: the schedule was over before the first of them, as after a resume past "
            "its end.",
            problem=True,
        )
    elif decays and not waits and case.end and case.done > 0.1 * case.end:
        yield case.oddity(
            "constant-with-scheduler",
            f"The rate is {rate} in all {rows} rows, although the settings name a scheduler "
            f"({scheduler[:40]}): it was never stepped, or something else sets the rate.",
            problem=True,
        )
    elif _one_epoch(case):
        yield case.oddity(
            "constant-one-epoch",
            f"The rate is {rate} in all {rows} rows of a single epoch: Lightning steps a scheduler "
            "once an epoch unless told otherwise, so one would never have acted.",
            problem=True,
        )
    elif _SCHEDULER_COLUMN in case.log.format.lower():
        yield case.oddity(
            "constant-with-scheduler",
            f"The rate is {rate} in all {rows} rows, although Keras logs it only where a callback "
            "may change it: a plateau rule never fired, or the schedule was not reached.",
        )
    else:
        yield case.oddity(
            "constant",
            f"The rate is {rate} in all {rows} rows: no schedule, the tool's default, or one that "
            "was never stepped.",
        )


def _one_epoch(case: Evidence) -> bool:
    epochs = case.log.epochs
    if epochs is None or "lightning" not in case.log.format.lower() or case.rates.size < 10:
        return False
    return bool(np.nanmax(epochs) < np.nanmin(epochs) + 1)


def resumed(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the settings say that the run was resumed and no row shows it."""
    told = str(case.setting("resume") or "false").lower()
    whole = len(case.starts) == 1 and not case.repeats.size and len(case.found.parts) <= 1
    if told not in ("false", "no", "0", "none") and whole and case.at[0] <= 1:
        yield case.oddity(
            "resumed-without-seam",
            "The settings say that the run was resumed, but the rates show no seam.",
        )


RULES_OF_PLANS = (
    stopped_early,
    schedule_longer,
    counts_epochs,
    past_the_end,
    optimizer_auto,
    peak_differs,
    scaled_recipe,
    peak_not_reached,
    constant,
    resumed,
)
