"""Grades a folder of submissions: new ones go to workers, every result to the gradebook."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field

from course_tools.grading import report, report_json
from course_tools.grading.box import kernels, sandbox
from course_tools.grading.gradebook.journal import Gradebook, HandedIn, Key
from course_tools.grading.intake import reader
from course_tools.grading.intake.places import Submission, UnreadableError, is_notebook
from course_tools.grading.report import Note, Report
from course_tools.grading.run.grading_job import GradingJob, Worker, grade_job
from course_tools.grading.run.version import version_of
from course_tools.grading.settings import Settings

_WAITING = 2  # jobs that a worker has before it; more would only fill memory
_MOST_FAILURES = 5  # one after the other, before the machine is given up


class MachineError(RuntimeError):
    """Submissions cannot be graded here, one after the other; finished grades are kept."""


@dataclass(frozen=True)
class Course:
    """The settings for grading a folder.

    Attributes:
        settings: limits and policies.
        seed: seed of the hidden cases.
        unsafe: whether submissions run without the sandbox.
        again: takes a submission, returns whether it is graded though it was before.
    """

    settings: Settings
    seed: int
    unsafe: bool = False
    again: Callable[[Submission], bool] = lambda submission: False


@dataclass
class BatchOutcome:
    """The outcome of a batch.

    Attributes:
        graded: files that were graded now.
        copies: files of the same bytes as one of these.
        known: files whose results were there before.
        failed: submissions that could not be graded, with the reason; not in the gradebook.
    """

    graded: int = 0
    copies: int = 0
    known: int = 0
    failed: list[tuple[Submission, str]] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Files that something was found out about."""
        return self.graded + self.copies + self.known + len(self.failed)


@dataclass(frozen=True)
class _Item:
    """A file with its bytes, or why it has none."""

    submission: Submission
    key: Key
    exercise: str
    content: bytes = b""
    unreadable: str = ""
    is_more: bool = False  # one more exercise in a file that has been counted


def grade_all(
    found: Sequence[Submission],
    book: Gradebook,
    course: Course,
    *,
    jobs: int,
    executor: Executor | None = None,
    told: Callable[[Submission], None] = lambda submission: None,
    outcome: BatchOutcome | None = None,
) -> BatchOutcome:
    """Grade all submissions whose result the gradebook does not have.

    Each result is written as soon as it is there, in one transaction: whenever this ends, by
    whatever, the next call goes on. A file that several students handed in is graded once.

    Args:
        found: the submissions.
        book: gradebook of earlier results, to which new ones are added.
        course: settings of the grading.
        jobs: number of submissions graded at one time.
        executor: grades them instead of threads of this process.
        told: is called with every submission that is done with.
        outcome: is filled as results come, so that an interrupted caller has it as well.

    Raises:
        MachineError: several in a row could not be graded, for want of a kernel.
        NoSandboxError: there is no sandbox, and `course.unsafe` is not set.
    """
    if not course.unsafe:
        sandbox.check_sandbox()
    kernels.sweep()
    try:
        with _workers(executor, jobs) as (submit, width):
            batch = _Batch(book, course, told, outcome or BatchOutcome())
            for item in _items(found, course):
                job = batch.begin(item)
                if job is not None:
                    batch.waiting[submit(job)] = item
                while len(batch.waiting) >= width:
                    batch.settle()
            while batch.waiting:
                batch.settle()
    finally:
        reader.close()
    return batch.outcome


class _Batch:
    """What is under way. All of it runs in the thread that called `grade_all`."""

    def __init__(
        self,
        book: Gradebook,
        course: Course,
        told: Callable[[Submission], None],
        outcome: BatchOutcome,
    ) -> None:
        self.outcome = outcome
        self.waiting: dict[Future, _Item] = {}
        self._book, self._course, self._told = book, course, told
        self._revision = book.last_revision() + 1
        self._same: dict[Key, list[_Item]] = {}  # files with these bytes, while they are graded
        self._new: set[Key] = set()
        self._in_place: dict[tuple[str, str, str], tuple[float, str]] = {}
        for one in book.files():
            where, found = (one.student, one.user, one.place), (one.order, one.sha256)
            self._in_place[where] = max(found, self._in_place.get(where, found))
        self._failures = 0

    def begin(self, item: _Item) -> GradingJob | None:
        """Note that a file was handed in; return the job that is to be done for it, if any."""
        self._book.hand_in(self._in_its_order(_handed_in(item)))
        if item.key in self._same:
            self._same[item.key].append(item)
            return None
        again = self._course.again(item.submission)
        known = None if again else self._book.latest(item.key)
        if known is not None:
            if not self._book.counts(item.key):  # as after another seed, and back
                self._book.record(item.key, known, self._revision)
            is_copy = item.key in self._new
            self._tell([item], "copies" if is_copy else "known")
            return None
        self._same[item.key] = [item]
        if item.unreadable:
            note = Note(report.TOLD, told=item.unreadable)
            self._record(item, Report("", report.UNREADABLE, notes=(note,)))
            return None
        course = self._course
        return GradingJob(item.content, course.settings, course.seed, course.unsafe, item.exercise)

    def _in_its_order(self, one: HandedIn) -> HandedIn:
        """Return a file with an order behind the one that lay in its place before.

        A corrected file may have an older date.
        """
        where = (one.student, one.user, one.place)
        order, sha256 = self._in_place.get(where, (one.order, one.sha256))
        if sha256 != one.sha256 and order >= one.order:
            one = dataclasses.replace(one, order=math.nextafter(order, math.inf))
        self._in_place[where] = max((order, sha256), (one.order, one.sha256))
        return one

    def settle(self) -> None:
        """Wait until some job is done, and write its results."""
        done, _ = wait(self.waiting, return_when=FIRST_COMPLETED)
        for future in done:
            item = self.waiting.pop(future)
            try:
                found = report_json.from_json(future.result())
            except Exception as error:  # of the machine or of a worker: no mark may come of it
                self._fail(item, error)
            else:
                self._failures = 0
                self._record(item, found)

    def _record(self, item: _Item, found: Report) -> None:
        again = self._course.again(item.submission)
        self._book.record(item.key, found, self._revision if again else 1)
        self._new.add(item.key)
        first, *copies = self._same.pop(item.key)
        self._tell([first], "graded")
        self._tell(copies, "copies")

    def _tell(self, items: Sequence[_Item], what: str) -> None:
        """Count files that are done with, each of them once."""
        for one in items:
            if not one.is_more:
                setattr(self.outcome, what, getattr(self.outcome, what) + 1)
                self._told(one.submission)

    def _fail(self, item: _Item, error: Exception) -> None:
        for one in self._same.pop(item.key):
            self.outcome.failed.append((one.submission, f"{type(error).__name__}: {error}"))
            if not one.is_more:
                self._told(one.submission)
        self._failures += 1
        if self._failures >= _MOST_FAILURES:
            raise MachineError(
                f"{self._failures} submissions in a row could not be graded, the last because of "
                f"{type(error).__name__}: {error}"
            ) from error


@contextmanager
def _workers(
    executor: Executor | None, jobs: int
) -> Iterator[tuple[Callable[[GradingJob], Future], int]]:
    """Return how a job is submitted, and how many at one time."""
    if executor is not None:
        yield (lambda job: executor.submit(grade_job, job)), jobs * _WAITING
        return
    worker = Worker()
    pool = ThreadPoolExecutor(jobs)
    try:
        yield (lambda job: pool.submit(worker, job)), jobs * _WAITING
    except BaseException:
        worker.stop()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        worker.close()


def _items(found: Iterable[Submission], course: Course) -> Iterator[_Item]:
    """Read the files, one at a time."""
    limit = course.settings.limits.file_mb * 1_000_000
    for submission in found:
        try:
            content = submission.read(limit)
        except UnreadableError as error:
            told = str(error)
            # What cannot be read has no bytes to name it by.
            name = f"{submission.place} {submission.modified} {told}".encode("utf-8", "replace")
            yield _Item(submission, _key(name, "", course), "", unreadable=told)
            continue
        exercise, others, told = "", (), submission.refused
        try:
            work = reader.read(content)
            exercise, others = work.exercise, work.others
        except UnreadableError:
            if not is_notebook(submission.place):
                told = "No notebook was handed in: the name of one ends with .ipynb."
        yield _Item(submission, _key(content, exercise, course), exercise, content, told)
        for other in others if not told else ():  # to the gradebook, a file of its own
            key = _key(content + f"\0{other}".encode(), other, course)
            yield _Item(submission, key, other, content, is_more=True)


def _key(content: bytes, exercise: str, course: Course) -> Key:
    return Key(
        hashlib.sha256(content).hexdigest(),
        version_of(exercise),
        course.seed,
        course.settings.digest + ("-unsafe" if course.unsafe else ""),
    )


def _handed_in(item: _Item) -> HandedIn:
    one = item.submission
    names = (one.student, one.user, one.place, 0, one.order)
    return HandedIn(*names, item.key.sha256, item.exercise, one.time)
