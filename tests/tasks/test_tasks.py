"""Every task: right answers pass however they are written, mistakes are rejected and named."""

import dataclasses
import functools
import re
import resource
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import course_tasks
from course_lib import plots
from course_lib.checks import CheckFailed, check
from course_tasks import answers_of, built, judge
from tests.tasks.mutants import mutants
from tests.tasks.solved import SOLVED

TASKS = list(course_tasks.ALL.values())
RIGHT_OR_WRONG = [task for task in TASKS if task.score is None]
OTHER = {name: function for solved in SOLVED.values() for name, function in solved.OTHER.items()}
EQUIVALENT = {name: same for solved in SOLVED.values() for name, same in solved.EQUIVALENT.items()}
MISTAKES = [(task, mistake) for task in TASKS for mistake in task.misconceptions]
SOURCES = Path(__file__).parents[2] / "sources" / "exercises"
LEAST_MUTANTS, SECONDS, MEMORY = 20, 2, 2**29
CAPSTONE = course_tasks.EXERCISES["capstone"]  # no case of theirs is drawn; references are data


def verdict_on(task, function, seed=0):
    cases = task.cases(seed)
    return judge(task, cases, answers_of(function, cases))


def by_name(task):
    return task.name


def kind_of(task):
    """The kind of dtype that its answers have: "f", "i", "b" or "U"."""
    return np.asarray(task.reference(**built(task.cases()[0]))).dtype.kind


class TooLongError(BaseException):  # no Exception: what judges answers would catch it
    """A mutant does not end."""


@contextmanager
def limits():
    """Stop what takes too long, and let what takes too much memory fail: a mutant may do either."""

    def stop(*_):
        raise TooLongError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    allowed = resource.getrlimit(resource.RLIMIT_AS)
    if sys.platform == "linux":  # elsewhere nobody knows what is in use
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(
            resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, allowed[1])
        )
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, allowed)
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_every_function_has_one_task():
    assert len(TASKS) == sum(len(group) for group in course_tasks.EXERCISES.values())
    assert set(OTHER) == set(course_tasks.ALL)
    assert set(EQUIVALENT) <= set(course_tasks.ALL)


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
@pytest.mark.parametrize("task", TASKS, ids=by_name)
def test_the_reference_gets_full_points(task, seed):
    verdict = verdict_on(task, task.reference, seed)
    assert verdict.is_right, verdict
    assert verdict.points == pytest.approx(task.points)


@pytest.mark.parametrize("task", [t for t in RIGHT_OR_WRONG if kind_of(t) == "f"], ids=by_name)
def test_single_precision_loses_nothing(task):
    verdict = verdict_on(task, lambda **case: np.float32(task.reference(**case)))
    assert verdict.is_right, verdict


@pytest.mark.parametrize("task", RIGHT_OR_WRONG, ids=by_name)
def test_lists_lose_nothing(task):
    verdict = verdict_on(task, lambda **case: np.asarray(task.reference(**case)).tolist())
    assert verdict.is_right, verdict


@pytest.mark.parametrize("seed", [0, 5])
@pytest.mark.parametrize("task", TASKS, ids=by_name)
def test_another_correct_solution_loses_nothing(task, seed):
    verdict = verdict_on(task, OTHER[task.name], seed)
    assert verdict.is_right, verdict


@pytest.mark.parametrize("task", TASKS, ids=by_name)
def test_a_seed_fixes_the_cases_and_another_gives_others(task):
    assert repr(task.cases(1)) == repr(task.cases(1))
    if task not in CAPSTONE:
        assert repr(task.cases(1)) != repr(task.cases(0))


@pytest.mark.parametrize("task", TASKS, ids=by_name)
def test_hints_and_mistakes_have_words_of_their_own(task):
    sentences = {mistake.sentence for mistake in task.misconceptions}
    names = {mistake.name for mistake in task.misconceptions}
    assert len(sentences) == len(names) == len(task.misconceptions) >= 3
    assert len({hint.symptom for hint in task.hints}) == len(task.hints) >= 2


@pytest.mark.parametrize(
    ("task", "mistake"), MISTAKES, ids=[f"{task.name}: {m.name}" for task, m in MISTAKES]
)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_known_mistake_is_rejected_and_named(task, mistake, seed):
    verdict = verdict_on(task, mistake.function, seed)
    assert verdict.points < task.points
    assert (verdict.misconception, verdict.cause) == (mistake.name, mistake.sentence)


@pytest.mark.parametrize("task", [task for task in TASKS if task not in CAPSTONE], ids=by_name)
def test_mutants_of_the_reference_are_rejected_or_change_nothing(task):
    found = mutants(task.reference)
    nameless = dataclasses.replace(task, misconceptions=())  # which mistake it is, matters not
    survivors = set()
    for words, mutant in found:
        try:
            with limits():
                verdict = verdict_on(nameless, mutant)
        except TooLongError:
            continue
        if verdict.is_right:
            survivors.add(words)
    assert len(found) >= LEAST_MUTANTS
    assert survivors == set(EQUIVALENT.get(task.name, {}))


@pytest.mark.parametrize("task", RIGHT_OR_WRONG, ids=by_name)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda value: None,
        lambda value: object(),
        lambda value: [value, value],
        lambda value: "fast",
        lambda value: np.nan if np.ndim(value) == 0 else [np.nan] * np.size(value),
        lambda value: {"answer": value},
        lambda value: np.ma.masked_array(value, mask=True),
        lambda value: np.asarray(value) + 1e-9j if np.ndim(value) else 1j,
    ],
    ids=["none", "object", "twice", "text", "nan", "dict", "masked", "complex"],
)
def test_what_is_no_answer_gets_nothing(task, spoil):
    if kind_of(task) == "U":
        spoiled = lambda **case: spoil("x")  # noqa: E731
    else:
        spoiled = lambda **case: spoil(task.reference(**case))  # noqa: E731
    assert verdict_on(task, spoiled).points == 0


@pytest.mark.parametrize("task", TASKS, ids=by_name)
@pytest.mark.filterwarnings("ignore")  # a mistake may well divide by zero
def test_the_check_of_a_known_mistake_says_so_whatever_the_seed(task, monkeypatch, capsys):
    monkeypatch.setattr(plots, "show", lambda figure, alt: None)
    for mistake in task.misconceptions:
        learner = functools.wraps(task.reference)(lambda **case: mistake.function(**case))  # noqa: B023
        learner.__name__ = task.name
        try:
            check(learner, seed=4)
        except CheckFailed as failed:
            told = str(failed)
        else:
            told = capsys.readouterr().out  # a score that is not 0
        assert mistake.sentence in " ".join(told.split())


@pytest.mark.parametrize("task", TASKS, ids=by_name)
def test_the_section_to_read_again_is_in_its_lesson(task):
    lesson = SOURCES.parent / "lessons" / f"{task.section.lesson}.py"
    headings = re.findall(r"^# ###? (.+)$", lesson.read_text(encoding="utf-8"), re.M)
    assert task.section.heading in headings


@pytest.mark.parametrize("exercise", course_tasks.EXERCISES)
def test_tasks_come_in_the_order_of_their_notebook(exercise):
    source = (SOURCES / f"{exercise}.py").read_text(encoding="utf-8")
    names = [task.name for task in course_tasks.EXERCISES[exercise]]
    assert re.findall(r'^# %% task="(\w+)"', source, re.M) == names
