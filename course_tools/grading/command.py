"""The command `lr-course grade`: from a folder of submissions to gradebook, tables and pages."""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import click
from tqdm import tqdm

from course_tools.grading import decisions, exports
from course_tools.grading.enrollment import (
    Enrollment,
    Missing,
    enrolled,
    with_earlier_names,
)
from course_tools.grading.gradebook.engine import NoGradebookError
from course_tools.grading.gradebook.journal import Gradebook, GradeChange, Standing
from course_tools.grading.gradebook.summary import summary
from course_tools.grading.intake.preflight import preflight
from course_tools.grading.intake.roster import read_roster
from course_tools.grading.intake.roster_matching import Matching, match
from course_tools.grading.intake.submissions import Submission, take_in
from course_tools.grading.pages import class_pages
from course_tools.grading.pages.by_hand_words import outdated_lines, without_work_words
from course_tools.grading.publishing import Publication, publish
from course_tools.grading.report import NOT_HANDED_IN
from course_tools.grading.run import batch, memory
from course_tools.grading.settings import (
    Settings,
    config_text,
    in_words,
    parse_settings,
)
from course_tools.grading.visible_text import visible

ALL = "all"
INTERRUPTED = 130  # what shells say of Ctrl-C
_MOST_NAMED = 10
_MOST_SHOWN = 20  # changes and failures; the tables have all
_UNSAFE = (
    "WARNING: without the sandbox, every submission can do what you can do: read and delete your "
    "files, use the network, and change the marks of others."
)


@dataclass(frozen=True)
class Options:
    """The options of `grade`; see its help."""

    source: Path
    out: Path
    config: Path | None = None
    gradebook: str | None = None
    jobs: int | None = None
    scheduler: str | None = None
    seed: int | None = None
    regrade: tuple[str, ...] = ()
    unsafe: bool = False
    layout: str = ""
    preview: bool = False
    zip_names: str = ""
    roster: Path | None = None
    csv: str = exports.STANDARD
    yes: bool = False
    changed_settings: bool = False


def run(options: Options) -> int:
    """Grade, write tables and pages, print a summary; return the exit status.

    0: every submission has a report. 1: some could not be graded because of the machine. 130: it
    was interrupted; finished grades are kept, and the same command continues.

    Raises:
        ValueError: a bad option, folder, configuration or gradebook; nothing was graded.
        NoSandboxError: submissions cannot be run safely here.
    """
    memory.keep_together()
    config = config_text(options.config)
    settings = parse_settings(config, str(options.config))
    roster = None if options.roster is None else read_roster(options.roster)
    taken = take_in(options.source, options.out, options.layout, options.zip_names)
    found = taken.submissions
    matching = match(roster, taken.origins) if roster is not None else Matching()
    again = _again(options.regrade, found, matching)
    checked = preflight(taken, settings.policy.attempts, settings.late, roster, matching)
    click.echo("\n".join(checked.lines), err=True)
    url = options.gradebook or f"sqlite:///{(options.out / 'grades.sqlite').resolve()}"
    with _existing(url) as old:
        before = decisions.earlier(old)
        has = {"has_config": options.config is not None, "has_roster": roster is not None}
        other = decisions.compared(before.last, settings, **has)
        open_questions = _say_decisions(checked.questions, before, other)
        if options.preview:
            return 0
        _stop_if_unclear(open_questions, other, options)
        _make_folder(options.out)
        if options.unsafe:
            click.echo(_UNSAFE, err=True)
        with (
            nullcontext(old) if old is not None else _new(url, options.out) as book,
            book.held("lr-course grade"),
            _executor(options) as (executor, jobs),
        ):
            people = enrolled(roster, matching, book.files())
            if before.last is not None:
                people = with_earlier_names(people, before.last.people, book.files())
            given = Publication(config, people, options.csv)
            course = batch.Course(settings, book.secret_seed(options.seed), options.unsafe, again)
            given.keep(book)
            decisions.keep(book, before, open_questions)
            last = book.last_id()
            outcome, status = _graded(found, book, course, jobs, executor)
            left = len(found) - outcome.done
            given = dataclasses.replace(given, pending=left)
            given.keep(book)
            standings = publish(book, options.out, given)
            changes = book.changes(last)
    _say(outcome, left, standings, changes, people, settings, options.out)
    return status


def _say_decisions(
    questions: Sequence[str], before: decisions.Earlier, other: decisions.Differences
) -> list[str]:
    """Say what was decided before, and what is to be decided; return the latter."""
    still_open = [one for one in questions if one not in before.decided]
    decided = [one for one in questions if one in before.decided]
    for head, some in (("Decided before:", decided), ("To be decided:", still_open)):
        if some:
            click.echo("\n".join([head, *(f"  {one}" for one in some)]), err=True)
    if other.told:
        click.echo(other.told, err=True)
    return still_open


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"cannot write to --out {out}: {error.strerror}") from error


def _stop_if_unclear(
    questions: Sequence[str], other: decisions.Differences, options: Options
) -> None:
    """Grade nothing where somebody has to decide, or where an option of the last call is missing.

    Raises:
        ValueError: it is so; the message says which option goes on.
    """
    why = []
    if questions and not options.yes:
        why.append("somebody has to decide what stands above, and --yes goes on")
    if other.missing and not options.changed_settings:
        why.append(
            f"the last call had {other.missing}: give it again, or go on without it with "
            "--changed-settings"
        )
    if why:
        raise ValueError(f"nothing was graded, because {'; and '.join(why)}")


@contextmanager
def _existing(url: str) -> Iterator[Gradebook | None]:
    """Open the gradebook of earlier calls, once: looking for damage takes its time."""
    try:
        book = Gradebook(url, create=False)
    except NoGradebookError:
        yield None
        return
    with book:
        yield book


def _new(url: str, out: Path) -> Gradebook:
    """Begin a gradebook; it never stands in silently for one that is lost."""
    began = any((out / name).exists() for name in (class_pages.CLASS_PAGE, "grades.csv"))
    try:
        return Gradebook(url, create=not began)
    except NoGradebookError as error:
        raise ValueError(
            f"{out} holds the tables of an earlier call, but {error}; a new one would "
            "draw other hidden cases and know no earlier mark. Put a copy from a backup in its "
            "place, name the gradebook with --gradebook, or give another --out"
        ) from error


def _graded(
    found: Sequence[Submission],
    book: Gradebook,
    course: batch.Course,
    jobs: int,
    executor: Executor | None,
) -> tuple[batch.BatchOutcome, int]:
    outcome = batch.BatchOutcome()
    # Seen on a terminal only: in a log, a bar that is drawn anew every second is noise.
    bar = tqdm(total=len(found), unit="file", disable=not sys.stderr.isatty())
    with bar, _interrupts_answered():
        try:
            batch.grade_all(
                found,
                book,
                course,
                jobs=jobs,
                executor=executor,
                told=lambda _: bar.update(),
                outcome=outcome,
            )
        except KeyboardInterrupt:
            bar.close()
            click.echo(
                "Interrupted. Finished grades are kept; run the same command again to continue.",
                err=True,
            )
            return outcome, INTERRUPTED
        except batch.MachineError as error:
            bar.close()
            click.echo(f"Stopped: {error}. Finished grades are kept.", err=True)
            return outcome, 1
    return outcome, int(bool(outcome.failed))


@contextmanager
def _interrupts_answered() -> Iterator[None]:
    """Answer Ctrl-C at once: ending what runs may take some seconds."""
    before = signal.getsignal(signal.SIGINT)
    if (
        before is not signal.default_int_handler
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        click.echo("\nStopping the running submissions, which may take ten seconds.", err=True)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _again(
    regrade: Sequence[str], found: Sequence[Submission], matching: Matching
) -> Callable[[Submission], bool]:
    names = set(regrade)
    known = {name for one in found for name in _names(one, matching) if name}
    for name in sorted(names - known - {ALL}):
        near = get_close_matches(name, sorted(known), 1)
        raise ValueError(
            f"--regrade must be {ALL}, a student or a file, got {name!r}"
            + (f"; did you mean {near[0]!r}?" if near else "")
        )
    return lambda one: ALL in names or not names.isdisjoint(_names(one, matching))


def _names(one: Submission, matching: Matching) -> tuple[str, ...]:
    person = matching.people.get((one.student, one.user))
    names = (person.name, person.id) if person else ()
    return *names, one.student, one.user, one.place, str(one.source / one.place)


@contextmanager
def _executor(options: Options) -> Iterator[tuple[Executor | None, int]]:
    """Return the executor and the number of jobs at one time (the threads of a cluster)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if options.scheduler is None:
        yield None, options.jobs or cores or 1
        return
    try:
        from dask.distributed import Client
    except ImportError as error:
        raise ValueError(
            "--scheduler needs dask: pip install 'lr-course[cluster]', here and on every worker"
        ) from error
    try:
        client = Client(options.scheduler, timeout="5s")
    except (OSError, ValueError) as error:
        raise ValueError(f"no scheduler answers at {options.scheduler}: {error}") from error
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise ValueError(f"the scheduler at {options.scheduler} has no workers")
        yield client.get_executor(pure=False, retries=3), options.jobs or threads


def _say(
    outcome: batch.BatchOutcome,
    left: int,
    standings: Sequence[Standing],
    changes: Sequence[GradeChange],
    people: Enrollment,
    settings: Settings,
    out: Path,
) -> None:
    done = [f"{outcome.graded} graded now"]
    if outcome.copies:
        done.append(f"{outcome.copies} identical to another")
    done.append(f"{outcome.known} graded before")
    if outcome.failed:
        done.append(f"{len(outcome.failed)} not graded")
    lines = [f"Files: {', '.join(done)}."]
    lines += [f"  {visible(one.place)}: {why}" for one, why in outcome.failed[:_MOST_SHOWN]]
    if left:
        lines.append(f"Not graded yet: {left}. Run the same command again.")
    found = summary(standings)
    replaced = sum(one.others for one in standings)
    attempts = [one for one in standings if one.report.state != NOT_HANDED_IN]
    lines.append(
        f"Attempts that count, one for each student and exercise: {len(attempts)}"
        + (f" (other attempts: {replaced})" if replaced else "")
    )
    lines += [f"  {state:14} {number:6}" for state, number in found.states]
    for one in found.exercises:
        lines.append(
            f"{one.exercise}: {_count(one.number, 'student')}, on average "
            f"{one.mean * one.possible:.3g} of {one.possible:g} points"
        )
    lines += _of_people(standings, people)
    if changes:
        lines.append(f"{_count(len(changes), 'result')} changed:")
        lines += [
            f"  {visible(one.student)}, {one.exercise}: {one.before:g} -> {one.after:g} "
            f"({', '.join(task.task for task in one.tasks) or one.state_after})"
            for one in changes[:_MOST_SHOWN]
        ]
        if len(changes) > _MOST_SHOWN:
            lines.append(f"  and {len(changes) - _MOST_SHOWN} more")
    lines += outdated_lines(standings)
    lines.append(_settings_words(settings))
    lines.append(f"Tables, pages and gradebook: {out}; begin with {out / 'class.html'}")
    click.echo("\n".join(lines))


def _of_people(standings: Sequence[Standing], people: Enrollment) -> Iterator[str]:
    """Yield who is missing, unknown or late, and who is in no table of a platform."""
    if people.roster is not None:
        missing = people.missing(standings)
        nothing = [one.person.name for one in missing if not one.exercise]
        yield (
            f"Roster: {_count(len(people.roster.people), 'student')}; handed in nothing: "
            f"{_shown(nothing) or 'nobody'}"
        )
        some = sorted({one.exercise for one in missing} - {""})
        for exercise in some:
            names = [_without_work(one) for one in missing if one.exercise == exercise]
            yield f"  without {exercise}: {_shown(names)}"
        if unknown := people.unknown(standings):
            yield f"  not in the roster: {_shown([name for name, _ in unknown])}"
    late = [one for one in standings if one.late is not None and one.late.days != 0]
    if late:
        lost = sum(one.late.lost for one in late)
        yield f"Late: {_count(len(late), 'hand-in')}, {lost:g} points taken off"
    for name, without in exports.left_out(standings, people).items():
        yield f"Not in {name}, as no number or name for it is known: {_shown(without)}"


def _without_work(one: Missing) -> str:
    words = without_work_words(one.by_hand)
    return f"{one.person.name} ({words})" if words else one.person.name


def _shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(map(visible, names[:_MOST_NAMED])) + more


def _settings_words(settings: Settings) -> str:
    default, now = in_words(Settings()), in_words(settings)
    others = [f"{name} {now[name]} (by default {default[name]})" for name in now]
    others = [one for one, name in zip(others, now, strict=True) if now[name] != default[name]]
    return f"Settings: {', '.join(others) or 'the defaults'}"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
