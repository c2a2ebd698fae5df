"""Runs a learner's cells and asks their functions: right after their own cells, and at the end.

So a function has the marks that the notebook's check gives where it stands, whatever a later cell
does to its name. Work of the learner's own may use a part of the submission's time and output, and
tasks that it still kept from an answer are asked once more without it.
"""

from __future__ import annotations

import dataclasses
import secrets
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from course_tasks import Case
from course_tools.grading import report
from course_tools.grading.box import wire
from course_tools.grading.box.client import Allowance
from course_tools.grading.box.kernels import WarmKernels
from course_tools.grading.box.probe import MIME
from course_tools.grading.intake.notebook import Cell
from course_tools.grading.report import RaisedError
from course_tools.grading.run import questions
from course_tools.grading.run.kernel_run import (
    ASK,
    BOOT,
    CELL,
    GIVEN,
    KernelRun,
    Step,
    StepDone,
    run_steps,
    shown,
)
from course_tools.grading.settings import Limits

_MOST_STARTS = 16  # of a kernel; every one but the first follows a cell that ended the one before
_MOST_ASKS = 4  # of a task; each is behind a cell that defines or checks it
_GIVEN_SECONDS = 60.0
_OWN_SHARE = 0.5  # of a submission's time that the learner's own work may use
_TASKS_SHARE = 0.25  # that is kept for asking tasks without such work
_QUICK, _QUIET = 1.0, 100_000  # seconds and bytes of own work that may run again
AT_THE_END = -1


@dataclass(frozen=True)
class Asked:
    """The outcome of asking a task's function.

    Attributes:
        outcome: `report.ANSWERED`, `report.MISSING`, or why there are no answers.
        values: the answers, one a case; empty if there are none.
        seconds: seconds that the calls took.
        printed: its output meanwhile, cut off.
        after: index of the learner's cell after which it was asked, or `AT_THE_END`.
        limit: the limit that it exceeded, by its name in the settings; "" for none.
        encoded: the answers as they came, one a case.
    """

    outcome: str
    values: tuple[Any, ...] = ()
    seconds: float = 0.0
    printed: str = ""
    after: int = AT_THE_END
    limit: str = ""
    encoded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ended:
    """Why a learner's cell did not come to its end.

    Attributes:
        why: one of `report.OUTCOMES`.
        limit: the limit that it exceeded, by its name in the settings; "" for none.
        is_left_out: whether it was not run, because cells like it had used up their part.
    """

    why: str
    limit: str = ""
    is_left_out: bool = False


@dataclass
class Ran:
    """The outcome of running a submission.

    Attributes:
        asked: task -> the outcomes of asking it, in the order of the cells, the end last.
        printed: index of a learner's cell -> its output and errors, cut off.
        ended: index of a learner's cell -> why it did not come to its end.
        raised: index of a learner's cell -> its exception.
    """

    asked: dict[str, list[Asked]] = field(default_factory=dict)
    printed: dict[int, str] = field(default_factory=dict)
    ended: dict[int, Ended] = field(default_factory=dict)
    raised: dict[int, RaisedError] = field(default_factory=dict)


@dataclass(frozen=True)
class RunRequest:
    """The cells and the questions of a run.

    Attributes:
        given: code that the exercise came with, run before the learner's.
        cells: the learner's.
        cases: cases of every task.
        limits: limits of the submission.
        share: the share of a task's points that answers to its cases earn. Where it is 1, nothing
            that ends a kernel later matters to them.
    """

    given: Sequence[str]
    cells: Sequence[Cell]
    cases: Mapping[str, Sequence[Case]]
    limits: Limits
    share: Callable[[str, Asked], float] = lambda task, asked: 0.0


def run(request: RunRequest, warm: WarmKernels) -> Ran:
    """Run a learner's cells and ask the function of every task for its answers.

    A cell that raises does not stop the others. One that takes too long, ends its kernel or
    exceeds a limit is left out when the kernel is started anew for the rest; that a kernel ended
    by itself is believed when it happens twice, as somebody else may have killed it.

    Args:
        request: the cells to run and the questions to ask.
        warm: source of the kernels.

    Raises:
        KernelStartError: no kernel starts.
    """
    return _Run(request, warm).whole()


class _Run:
    """What has been found out about a submission so far, and what is left to do."""

    def __init__(self, request: RunRequest, warm: WarmKernels) -> None:
        limits = request.limits
        self._request, self._warm, self._ran = request, warm, Ran()
        self._has_state = {task: questions.has_state(cs) for task, cs in request.cases.items()}
        self._died: set[Step] = set()
        self._is_light: dict[int, bool] = {}  # of cells that came to their end: quick and quiet
        self._allowance = Allowance(
            time.monotonic() + limits.submission_seconds,
            limits.submission_seconds * _OWN_SHARE,
            limits.output_mb * 1_000_000,
        )

    def whole(self) -> Ran:
        """Run everything; then once more what has no answer because of own work, and what is
        wrong because a check that failed did not end its cell.
        """
        everything = list(range(len(self._request.cells)))
        tasks_only = [n for n in everything if not self._request.cells[n].is_own]
        has_own = tasks_only != everything
        reserve = has_own * _TASKS_SHARE * self._request.limits.submission_seconds
        self._allowance.deadline -= reserve
        self._until_answered(everything, list(self._request.cases))
        self._allowance.deadline += reserve
        disturbed = [task for task in self._request.cases if self._is_disturbed(task)]
        if has_own and disturbed:
            for task in disturbed:
                self._ran.asked.pop(task, None)
            self._died.clear()
            for n in tasks_only:  # own work may have ended its kernel, or held the memory
                if n in self._ran.ended and self._ran.ended[n].why != report.TIMED_OUT:
                    del self._ran.ended[n]
            self._until_answered(tasks_only, disturbed, at_the_end=False)
        self._ask_without_what_did_not_run()
        for task in self._request.cases:
            found = self._ran.asked.setdefault(task, [])
            found.sort(key=lambda one: len(everything) if one.after == AT_THE_END else one.after)
            if not found:
                found.append(Asked(report.TIMED_OUT, limit="submission_seconds"))
        return self._ran

    def _is_disturbed(self, task: str) -> bool:
        """Return whether a task has no answer, and own work may be why."""
        outcomes = {one.outcome for one in self._ran.asked.get(task, ())}
        if report.ANSWERED in outcomes:
            return False
        return outcomes != {report.MISSING} or bool(self._ran.ended)

    def _ask_without_what_did_not_run(self) -> None:
        """Ask what is wrong once more without what a failed check, or an exception above it, kept
        from running in the notebook. Here it ran, as it may define what a task needs.
        """
        cells, ran = self._request.cells, self._ran
        did_not_run = {n for n in range(len(cells)) if self._is_behind_failed(n)}
        wrong = [
            task
            for task in self._request.cases
            if any(task in cells[n].asks for n in range(min(did_not_run, default=0), len(cells)))
            and not self._is_right(task)
        ]
        if not did_not_run or not wrong:
            return
        before = {task: ran.asked.pop(task, []) for task in wrong}
        told = [dict(one) for one in (ran.printed, ran.ended, ran.raised)]
        self._until_answered([n for n in range(len(cells)) if n not in did_not_run], wrong)
        better = {
            task
            for task, found in before.items()
            if self._share(task, ran.asked.get(task, ())) > self._share(task, found)
        }
        ran.asked |= {task: found for task, found in before.items() if task not in better}
        for now, then in zip((ran.printed, ran.ended, ran.raised), told, strict=True):
            kept = {n: one for n, one in now.items() if better & set(cells[n].defines)}
            now.clear()
            now.update(then | kept)

    def _is_behind_failed(self, number: int) -> bool:
        """Return whether in the notebook the code above a cell's part, in the same cell, raised."""
        cells, cell = self._request.cells, self._request.cells[number]
        if not cell.behind:
            return False
        first = next(n for n in range(number + 1) if cells[n].file_cell == cell.file_cell)
        # A check that begins the cell is asked behind the one above.
        places = range(max(first - 1, 0), number)
        return any(n in self._ran.raised for n in range(first, number)) or any(
            one.after in places and self._request.share(task, one) < 1
            for task in cell.behind
            for one in self._ran.asked.get(task, ())
        )

    def _until_answered(
        self, numbers: Sequence[int], tasks: Sequence[str], *, at_the_end: bool = True
    ) -> None:
        """Run cells in one kernel after the other until nothing that matters is left to ask."""
        for start in range(_MOST_STARTS):
            if time.monotonic() >= self._allowance.deadline:
                return
            places = {task: self._places(task, numbers, at_the_end) for task in tasks}
            if start:  # what is right already needs no kernel of its own
                places = {task: [] if self._is_right(task) else at for task, at in places.items()}
            if not any(places.values()):
                return
            # What a function has found out in one asking it may know in the next, in one kernel.
            now = {task: at[:1] if self._has_state[task] else at for task, at in places.items()}
            kept = [n for n in numbers if n not in self._ran.ended and not self._is_too_much(n)]
            light = {n for n, is_light in self._is_light.items() if is_light}
            steps, nonce = planned_steps(self._request, kept, now, light)
            session = run_steps(steps, self._warm, self._request.limits, self._allowance)
            self._collect(session, steps, nonce)
            if session.ended_by is None and now == places:
                return

    def _is_right(self, task: str) -> bool:
        return self._share(task, self._ran.asked.get(task, ())) == 1

    def _share(self, task: str, found: Sequence[Asked]) -> float:
        return max((self._request.share(task, one) for one in found), default=0.0)

    def _places(self, task: str, numbers: Sequence[int], at_the_end: bool) -> list[int]:
        """Return behind which cells a task is still to be asked: not behind one that was ended."""
        cells = self._request.cells
        left = [n for n in numbers if n not in self._ran.ended]
        places = [n for n in left if task in cells[n].asks][-_MOST_ASKS:]
        found = self._ran.asked.get(task, [])
        stops = {one.after for one in found if one.outcome not in (report.ANSWERED, report.MISSING)}
        if not places or (at_the_end and places[-1] != left[-1] and places[-1] not in stops):
            places.append(AT_THE_END)
        return [place for place in places if place not in {one.after for one in found}]

    def _is_too_much(self, number: int) -> bool:
        """Return whether own work does not run again, as it has used up its part."""
        if not (self._request.cells[number].is_own and self._allowance.own_is_over):
            return False
        return not self._is_light.get(number, False)

    def _collect(self, session: KernelRun, steps: Sequence[Step], nonce: str) -> None:
        """Keep what the steps printed and answered, and why some did not come to their end."""
        for one in session.done:
            step = one.step
            if step.role == CELL:
                if one.text:
                    self._ran.printed[step.cell] = one.text
                if one.is_whole:
                    self._is_light[step.cell] = one.seconds <= _QUICK and one.size <= _QUIET
                if (error := one.raised) is not None:
                    self._ran.raised[step.cell] = error
            elif step.role == ASK and one.is_whole:
                self._keep(step, asked(one, nonce, len(self._request.cases[step.task])))
        if session.ended_by is not None:
            self._blame(session)
        if self._allowance.own_is_over:
            ran = {one.step for one in session.done}
            why = _why_over(self._allowance)
            for step in steps:
                if step.is_own and step not in ran and step.cell not in self._is_light:
                    self._ran.ended.setdefault(step.cell, Ended(why, is_left_out=True))

    def _keep(self, step: Step, answer: Asked) -> None:
        found = dataclasses.replace(answer, after=step.cell)
        self._ran.asked.setdefault(step.task, []).append(found)

    def _blame(self, session: KernelRun) -> None:
        """Note that a step ended its kernel, so that it does not run again."""
        step, why = session.ended_by, session.why
        same = dataclasses.replace(step, source="")  # a nonce is in it
        if why == report.DIED and same not in self._died:
            self._died.add(same)
        elif step.role == CELL:
            self._ran.ended[step.cell] = Ended(why, session.limit)
            self._allowance.own_stops -= step.is_own
        else:
            self._keep(step, Asked(why, printed=session.done[-1].text, limit=session.limit))


def planned_steps(
    request: RunRequest,
    numbers: Sequence[int],
    places: Mapping[str, Sequence[int]],
    light: Container[int] = (),
) -> tuple[list[Step], str]:
    """Return what a kernel runs, and the nonce by which its answers are known.

    Args:
        request: the cells and the questions.
        numbers: indices of the learner's cells that run.
        places: task -> indices of the cells after which it is asked, or `AT_THE_END`.
        light: indices of own work that was quick and quiet in an earlier kernel: it runs again,
            however much other such work has used.
    """
    limits, nonce = request.limits, secrets.token_hex(8)
    probes = []

    def asks(place: int) -> Iterator[Step]:
        for task in places:
            if place in places[task]:
                probes.append(questions.probe_cell(task, request.cases[task], nonce))
                yield Step(ASK, probes[-1].source, limits.task_seconds, place, task)

    # The exercise's own code: when the machine is busy, that must not be the learner's limit.
    steps = [Step(GIVEN, source, _GIVEN_SECONDS) for source in request.given]
    for n in numbers:
        cell = request.cells[n]
        is_own = cell.is_own and n not in light
        seconds = max(limits.cell_seconds, cell.is_given * _GIVEN_SECONDS)
        steps.append(Step(CELL, cell.source, seconds, n, is_own=is_own))
        steps += asks(n)
    steps += asks(AT_THE_END)
    boot = questions.boot_cell(probes)
    return [Step(BOOT, boot.source, _GIVEN_SECONDS, kept=boot.kept), *steps], nonce


def asked(done: StepDone, nonce: str, number: int) -> Asked:
    """Return what a probe's cell says; whatever it holds was made beside the learner's code."""
    for output in done.outputs:
        found = shown(output).get(MIME)
        if found is None:
            continue
        try:
            answers = questions.read_answers(found, nonce, number)
        except wire.WireError:
            return Asked(report.DIED, printed=done.text)
        if answers.values is None:
            return Asked(report.MISSING)
        return Asked(
            report.ANSWERED, answers.values, answers.seconds, done.text, encoded=answers.encoded
        )
    return Asked(report.DIED, printed=done.text)


def _why_over(allowance: Allowance) -> str:
    if allowance.own_bytes <= 0:
        return report.OVER_LIMIT
    return report.TIMED_OUT if allowance.own_seconds <= 0 else report.DIED
