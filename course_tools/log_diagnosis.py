"""The command `lr-course diagnose`: a log in words and as a figure, with or without its plan."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from course_lib.diagnose import (
    Identification,
    PlanComparison,
    RateLog,
    compare_with_plan,
    describe,
    diagnose,
    other_groups,
    read_log,
)
from course_tools.authoring.errors import CourseError

FIGURES = (".png", ".svg", ".pdf")
# A plan's own call may have a `steps_per_epoch` too, which stays as it is.
_ARGUMENT = re.compile(r"\b(rate_column|step_column|^steps_per_epoch(?= must be given))\b=?")


@dataclass(frozen=True)
class LogQuestion:
    """The arguments of the command; None and empty mean that they were not given.

    Attributes:
        log: file or folder of a run, or a CSV.
        plans: plan in words, or one for each parameter group.
        base_lr: rates of the optimizer, one or one for each parameter group.
        unit: unit of the plan, "update" or "epoch".
        total_steps: length of the run in the plan's unit.
        steps_per_epoch: updates in an epoch.
        factors: name -> whole number that may be a factor, as the processes.
        group: name or number of a parameter group.
        format: kind of the log.
        rate_column: column of the rates.
        step_column: column of the counter.
        figure: file for a figure, of one of `FIGURES`.
    """

    log: Path
    plans: Sequence[str] = ()
    base_lr: Sequence[float] = ()
    unit: str | None = None
    total_steps: int | None = None
    steps_per_epoch: int | None = None
    factors: Sequence[tuple[str, int]] = ()
    group: str | None = None
    format: str | None = None
    rate_column: str | None = None
    step_column: str | None = None
    figure: Path | None = None


def answer(question: LogQuestion) -> tuple[str, bool]:
    """Return the diagnosis in words, and whether the run is as planned and free of problems.

    Raises:
        CourseError: a log or a plan that cannot be read, or a figure that cannot be written.
    """
    if question.figure is not None and question.figure.suffix.lower() not in FIGURES:
        raise CourseError(
            f"--figure must end in {', '.join(FIGURES)}, got {question.figure.name!r}"
        )
    try:
        log = read_log(
            question.log,
            format=question.format,
            rate_column=question.rate_column,
            step_column=question.step_column,
        )
        group = _group(log, question.group)
        found = diagnose(log, group)
        comparison = _compared(log, group, question) if question.plans else None
    except (ValueError, TypeError, OSError) as error:
        raise CourseError(_as_options(str(error))) from error
    text, good = _words(found, comparison)
    text = _as_options(text)
    if comparison is None and group is None and len(log.group_names) > 1:
        text += "\n\n" + "\n".join(["Other groups:", *(f"  - {s}" for s in other_groups(found))])
    if question.figure is not None:
        _draw(question.figure, found, comparison)
        text += f"\n\nwrote {question.figure}"
    return text, good


def _as_options(words: str) -> str:
    """Return the words of the library with the command's options for its arguments."""
    return _ARGUMENT.sub(lambda match: f"--{match[1].replace('_', '-')}", words)


def _group(log: RateLog, wanted: str | None) -> int | None:
    if wanted is None:
        return None
    if wanted in log.group_names:
        return log.group_names.index(wanted)
    if wanted.isdecimal() and int(wanted) < len(log.group_names):
        return int(wanted)
    names = ", ".join(log.group_names)
    raise CourseError(
        f"--group must be one of {names}, or a number below {len(log.group_names)}, got {wanted!r}"
    )


def _compared(log: RateLog, group: int | None, question: LogQuestion) -> PlanComparison:
    plan = question.plans[0] if len(question.plans) == 1 else list(question.plans)
    base_lr = None
    if question.base_lr:
        base_lr = question.base_lr[0] if len(question.base_lr) == 1 else list(question.base_lr)
    if group is not None:
        log = log.of_group(group)
    return compare_with_plan(
        log,
        plan,
        base_lr=base_lr,
        unit=question.unit,
        total_steps=question.total_steps,
        steps_per_epoch=question.steps_per_epoch,
        known=dict(question.factors),
    )


def _words(found: Identification, comparison: PlanComparison | None) -> tuple[str, bool]:
    if comparison is None:
        return describe(found), not any(oddity.problem for oddity in found.oddities)
    explained = any(one.exact for one in comparison.equal_first)
    if comparison.as_planned or explained:
        return "\n".join([str(comparison), *_notes(comparison.log)]), comparison.as_planned
    return f"{comparison}\n\nWithout the plan, the log says:\n\n{describe(found)}", False


def _notes(log: RateLog) -> list[str]:
    return ["", "How the file was read:", *(f"  - {note}" for note in log.notes)] * bool(log.notes)


def _draw(path: Path, found: Identification, comparison: PlanComparison | None) -> None:
    from course_lib.plots.diagnosis import comparison_figure, identification_figure

    figure, alt = (
        identification_figure(found) if comparison is None else comparison_figure(comparison)
    )
    try:
        figure.savefig(path, metadata={_ALT_KEY[path.suffix.lower()]: alt})
    except OSError as error:
        raise CourseError(f"cannot write --figure {path}: {error.strerror}") from error


# Where each kind of file keeps a description, for those who cannot see the picture.
_ALT_KEY = {".png": "Description", ".svg": "Description", ".pdf": "Subject"}
