"""What answers are worth, and which mistake they are known by."""

import warnings

import numpy as np
import pytest

import course_tasks
from course_tasks import Case, Misconception, Task, judge


def inverse(n):
    return 1.0 / np.arange(1.0, n)


@pytest.mark.parametrize(
    ("answer", "known"),
    [
        (lambda n: np.r_[np.inf, 1 / np.arange(1.0, n - 1) * (1 + 1e-9)], True),
        (lambda n: np.r_[np.inf, np.inf, 1 / np.arange(2.0, n - 1)], False),
        (lambda n: np.r_[1.0, 1 / np.arange(1.0, n - 1)], False),
        (lambda n: np.r_[np.nan, 1 / np.arange(1.0, n - 1)], False),
    ],
)
def test_a_mistake_with_infinite_values_is_known_by_them(answer, known):
    mistake = Misconception("zero", lambda n: 1.0 / np.arange(n - 1.0), "You divide by zero.")
    task = Task("inverse", 2, inverse, lambda rng: [{"n": 8}], (), (mistake,))
    with np.errstate(divide="ignore"):
        verdict = judge(task, task.cases(), [answer(8)])
    assert verdict.points == 0
    assert bool(verdict.misconception) is known


ONE = Task("one", 1, lambda: 1.0, lambda rng: [{}], (), ())


def test_as_many_answers_as_cases_are_needed():
    with pytest.raises(ValueError, match="one a case, 1, got 0"):
        judge(ONE, ONE.cases(), [])


def test_text_must_be_the_same():
    cases: list[Case] = [{}]
    task = Task("words", 1, lambda: ["a", "b"], lambda rng: cases, (), ())
    for answer, right in [
        (["a", "b"], True),
        (("a", "b"), True),
        (np.array(["a", "b"]), True),
        (["b", "a"], False),
        ("ab", False),
        ([], False),
        (None, False),
        ({"a", "b"}, False),
    ]:
        assert judge(task, cases, [answer]).is_right is right


def test_true_and_false_are_not_numbers_and_numbers_not_they():
    cases: list[Case] = [{}]
    for want, answer, points in [
        (True, True, 2),
        (True, 1, 1.75),
        (1.0, True, 1.75),
        (3, 3.0, 1.75),
    ]:
        task = Task("yes", 2, lambda want=want: want, lambda rng: cases, (), ())
        assert judge(task, cases, [answer]).points == points


def test_what_is_no_text_is_told_so():
    task = Task("words", 1, lambda: ["a", "b"], lambda rng: [{}], (), ())
    for answer in ({"a", "b"}, [1, 2], {"a": 1}):
        assert judge(task, [{}], [answer]).cause == "The task asks for a list of texts."
    assert judge(task, [{}], [["b", "a"]]).cause == ""


def test_the_largest_floats_are_judged_without_a_warning():
    task = Task("half", 2, lambda n: np.full(n, 0.5), lambda rng: [{"n": 3}], (), ())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        verdict = judge(task, task.cases(), [np.array([1.0, 1.0, -1.0]) * np.finfo(float).max])
    assert verdict.points == 0
    assert "times the expected" not in str(verdict)


@pytest.mark.parametrize("factor", [1 + 0j, np.complex128(1)])
def test_complex_numbers_without_an_imaginary_part_are_real_numbers(factor):
    """From NumPy 2.5 on, `numpy.linalg.eigvals` gives nothing else."""
    task = course_tasks.ALL["largest_stable_rate"]
    cases = task.cases(0)
    right = [task.reference(**case) * factor for case in cases]
    assert judge(task, cases, right).is_right
    assert judge(task, cases, [value + 1e-9j for value in right]).points == 0
