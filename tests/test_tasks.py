"""Every task: right answers pass however they are written, known mistakes are named."""

import numpy as np
import pytest

from course_lib import tasks
from course_lib.checks import CheckFailed, check

TASKS = list(tasks.ALL.values())
MISTAKES = [(task, mistake) for task in TASKS for mistake in task.misconceptions]


def named(task, function):
    function.__name__ = task.name
    return function


def as_single_precision(value):
    return np.float32(value)


def as_list(value):
    return np.asarray(value).tolist()


def gradient_step(w, gradient, rate):
    return [a - rate * b for a, b in zip(w, gradient, strict=True)]


def largest_stable_rate(hessian):
    w = np.ones(len(hessian))
    for _ in range(20_000):  # power iteration
        w = hessian @ w
        w = w / np.linalg.norm(w)
    return 2 / (w @ hessian @ w)


def steady_state_loss(rate, curvature, noise_std):
    m = 0.0
    for _ in range(20_000):
        m = (1 - rate * curvature) ** 2 * m + rate**2 * noise_std**2
    return curvature * m / 2


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
@pytest.mark.parametrize("convert", [lambda value: value, as_single_precision, as_list])
def test_the_reference_passes_in_any_form(task, convert, capsys):
    check(named(task, lambda **case: convert(task.reference(**case))))
    assert "right in all" in capsys.readouterr().out


@pytest.mark.parametrize("function", [gradient_step, largest_stable_rate, steady_state_loss])
def test_another_correct_solution_passes(function):
    check(function)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_other_seeds_give_other_cases_and_the_reference_holds(task, seed):
    cases = task.cases(seed)
    assert len(cases) == len(task.cases(0))
    assert repr(cases) != repr(task.cases(0))
    assert tasks.compare(task, cases, [task.reference(**case) for case in cases]) is None


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_at_least_three_mistakes_are_known_each_with_words_of_its_own(task):
    sentences = {mistake.sentence for mistake in task.misconceptions}
    assert len(sentences) == len(task.misconceptions) >= 3


@pytest.mark.parametrize(
    ("task", "mistake"), MISTAKES, ids=[f"{task.name}: {m.name}" for task, m in MISTAKES]
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_a_known_mistake_is_rejected_and_named(task, mistake):
    with pytest.raises(CheckFailed) as failed:
        check(named(task, lambda **case: mistake.function(**case)))
    message = str(failed.value)
    assert message.endswith(f"Likely cause: {mistake.sentence}")
    assert "  got       " in message
    assert "  expected  " in message


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda value: None, "returns None: is there a `return`"),
        (lambda value: "fast", "has to return numbers"),
        (lambda value: 3 * np.asarray(value), "Every answer is 3 times the expected one"),
        (lambda value: [value], "has shape"),
        (lambda value: np.nan * np.asarray(value), "NaN or infinity"),
        (lambda value: np.asarray(value) + 1e-4, "got"),
    ],
)
def test_other_wrong_answers_are_rejected_with_what_can_be_said(task, spoil, message):
    with pytest.raises(CheckFailed, match=message):
        check(named(task, lambda **case: spoil(task.reference(**case))))


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_zeros_are_not_called_a_multiple(task):
    with pytest.raises(CheckFailed) as failed:
        check(named(task, lambda **case: 0 * np.asarray(task.reference(**case))))
    assert "times the expected" not in str(failed.value)


def test_an_error_of_the_learner_is_shown_with_their_line():
    def gradient_step(w, gradient, rate):
        return w - rate * gradient[7, 7, 7]

    with pytest.raises(CheckFailed) as failed:
        check(gradient_step)
    message = str(failed.value)
    assert "gradient_step raised an error in case 1: gradient_step(w=array([ 1., -2.])" in message
    assert "IndexError" in message
    assert "in your line  return w - rate * gradient[7, 7, 7]" in message


def test_changing_the_arguments_spoils_no_other_case():
    def gradient_step(w, gradient, rate):
        w -= rate * gradient
        return w

    check(gradient_step)


def test_a_stub_is_not_yet_written():
    def gradient_step(w, gradient, rate):
        raise NotImplementedError("write gradient_step in this cell")

    with pytest.raises(NotImplementedError):
        check(gradient_step)


def test_a_function_that_answers_no_task_is_refused():
    with pytest.raises(ValueError, match=r"gradient_step.*got my_step"):
        check(my_step)


def my_step():
    return None
