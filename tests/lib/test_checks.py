"""What a check says and shows: points, causes, pictures, errors with the learner's own line."""

import dataclasses
import functools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import course_lib
import course_tasks
from course_lib import checks, plots
from course_lib.checks import CheckFailed, show_progress
from course_lib.progress import ProgressFile
from course_tasks import Given, Hint, Misconception, Score, Task, checking

STEP = course_tasks.ALL["gradient_step"]


def line_cases(rng):
    return [{"step": n, "peak_lr": 2.0} for n in (0, 1, 5, 10)]


def line(step, peak_lr):
    return peak_lr * step / 10


def two_late(step, peak_lr):
    return peak_lr * max(step - 2, 0) / 10


LINE = Task(
    name="line",
    points=2,
    reference=line,
    make_cases=line_cases,
    hints=(Hint("I am late", "Count again."),),
    misconceptions=(Misconception("late", two_late, "This begins two steps late."),),
    curve="step",
    scale=lambda case, expected: case["peak_lr"],
)


def ramp(n):
    return np.arange(float(n))


RAMP = Task("ramp", 3, ramp, lambda rng: [{"n": 12}], (Hint("a", "b"),), ())


def guess(x):
    return 5.0


GUESS = Task(
    "guess",
    4,
    guess,
    lambda rng: [{"x": 1}, {"x": 2}],
    (Hint("a", "b"),),
    (Misconception("zero", lambda x: 0.0, "This is nothing."),),
    score=lambda case, value: Score(max(0.0, 1 - abs(value - 5) / 10), f"off by {abs(value - 5)}"),
)


@pytest.fixture
def session(tmp_path):
    """A course of one small exercise, of which nothing is solved yet."""
    exercises = {"ex": (STEP, LINE, RAMP, GUESS)}
    return checking.Session(exercises, ProgressFile.within(tmp_path / "kept"))


@pytest.fixture
def check(session):
    return functools.partial(checks.check, session=session)


@pytest.fixture
def failing(check):
    def failing(name, function):
        with pytest.raises(CheckFailed) as failed:
            check(named(name, function))
        return str(failed.value)

    return failing


@pytest.fixture
def shown(monkeypatch):
    """Curves and alt texts of the pictures that were shown."""
    seen = []
    monkeypatch.setattr(plots, "show", lambda figure, alt: seen.append((figure.axes[0].lines, alt)))
    return seen


def named(name, function):
    @functools.wraps(function)
    def learner(*arguments, **more):
        return function(*arguments, **more)

    learner.__name__ = name
    return learner


def test_a_right_answer_is_told_with_points_and_not_called_proven(capsys, check):
    check(line)
    told = capsys.readouterr().out
    assert told.splitlines() == [
        "line: right in all 4 cases tried here; 2 of 2 points.",
        "This notebook: ████░░░░░░░░░░░░░░░░ 2 of 10 points",
    ]


def test_a_second_run_of_a_check_counts_once(capsys, check):
    check(line)
    check(line)
    assert capsys.readouterr().out.count("2 of 10 points") == 2


def test_a_wrong_answer_shows_the_case_and_the_cause_and_both_curves(shown, failing):
    message = failing("line", two_late)
    assert message.splitlines()[:5] == [
        "line: not yet. First difference, in case 2:",
        "  line(step=1, peak_lr=2.0)",
        "  got       0.0",
        "  expected  0.2",
        "Likely cause: This begins two steps late.",
    ]
    ((lines, alt),) = shown
    np.testing.assert_allclose(lines[0].get_ydata(), [line(t, 2.0) for t in range(21)])
    np.testing.assert_allclose(lines[1].get_ydata(), [two_late(t, 2.0) for t in range(21)])
    assert lines[2].get_xdata()[0] == 1
    assert alt.startswith("line in case 2, over step 0 to 20: your answer")


def test_a_curve_that_fails_in_places_is_drawn_where_it_is(shown, failing):
    def breaks(step, peak_lr):
        return peak_lr * step / 10 if step < 5 else 1 / 0

    message = failing("line", breaks)
    assert "  raised    ZeroDivisionError: " in message
    assert "  in your line  return peak_lr * step / 10 if step < 5 else 1 / 0" in message
    yours = shown[0][0][1].get_ydata()
    assert np.isfinite(yours).sum() == 5


def test_a_long_answer_is_shown_around_the_first_difference_and_drawn(shown, failing):
    def late(n):
        values = np.arange(float(n))
        values[9] = 0.5
        return values

    message = failing("ramp", late)
    assert "got       array([…, 4.0, 5.0, 6.0, 7.0, 8.0, 0.5, 10.0, 11.0])  (12 values, " in message
    assert "shown from index 4)" in message
    assert "expected  array([…, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0])" in message
    assert "Perhaps a hint in the notebook helps: “a”." in message
    assert len(shown) == 1


def test_a_short_answer_is_drawn_as_far_as_it_goes(shown, failing):
    assert "of shape (7,); an array of shape (12,)" in failing("ramp", lambda n: np.arange(7.0))
    assert np.isfinite(shown[0][0][1].get_ydata()).sum() == 7


def test_scalars_and_short_arrays_are_not_drawn(shown, failing):
    failing("gradient_step", lambda w, gradient, rate: w)
    assert shown == []


@pytest.mark.parametrize(
    ("answer", "points", "words"),
    [
        (
            lambda n: ramp(n)[:, None],
            "2.75 of 3",
            "of shape (12, 1); an array of shape (12,) is",
        ),
        (lambda n: np.arange(n), "2.75 of 3", "int64; the task asks for floating-point numbers"),
        (lambda n: np.array(ramp(n), object), "0 of 3", "has to return numbers"),
    ],
)
def test_shape_and_kind_are_parts_of_their_own(answer, points, words, shown, failing):
    message = " ".join(failing("ramp", answer).split())
    assert words in message
    assert ("the values are right; " + points in message) == (points != "0 of 3")


def test_whole_numbers_of_python_lose_nothing(capsys, check):
    check(named("ramp", lambda n: list(range(n))))
    check(named("line", lambda step, peak_lr: int(2 * step / 10) if step % 5 == 0 else step / 5))
    assert capsys.readouterr().out.count("right in all") == 2


def test_odd_answers_are_shown_as_they_are(shown, failing):
    assert "got       [[1], [1, 2]]" in failing("ramp", lambda n: [[1], [1, 2]])
    assert "got       {'a': 0.3333333}" in failing("ramp", lambda n: {"a": 1 / 3})
    assert "got       [0.5, 1.5]" in failing("ramp", lambda n: [np.float64(0.5), np.float32(1.5)])
    assert "got       'x'" in failing("ramp", lambda n: "x")


def test_a_score_is_told_case_by_case_and_keeps_its_points(capsys, check, failing):
    check(named("guess", lambda x: 7.0))
    told = capsys.readouterr().out
    assert told.startswith("guess: 3.2 of 4 points.\n  off by 2.0 (2 times)\n")
    message = failing("guess", lambda x: -20.0)
    assert message.startswith("guess: 0 of 4 points.")
    check(named("guess", lambda x: 0.0))
    assert "Likely cause: This is nothing." in capsys.readouterr().out


def test_what_a_score_cannot_take_is_a_sentence(failing):
    told = failing("guess", lambda x: [1.0, 2.0])
    assert "guess has to return one finite number; it returned a list of float (2 times)" in told
    assert "one finite number; it returned inf" in failing("guess", lambda x: np.inf)
    assert "one finite number; it returned NoneType" in failing("guess", lambda x: None)


def test_an_error_in_a_scored_task_is_told(failing):
    def guess(x):
        return 1 / (x - x)

    message = failing("guess", guess)
    assert "guess raised ZeroDivisionError: division by zero, in your line `return 1 /" in message


def test_an_error_is_shown_with_the_learners_line_without_ours(failing):
    def gradient_step(w, gradient, rate):
        return w - rate * gradient[7, 7, 7]

    message = failing("gradient_step", gradient_step)
    assert "in case 1:\n  gradient_step(w=array([1.0, -2.0])" in message
    assert "  raised    IndexError: " in message
    assert "  in your line  return w - rate * gradient[7, 7, 7]" in message
    assert "Perhaps a hint in the notebook helps: “The check says that I go uphill”; " in message
    assert "how to begin" not in message


def test_what_has_no_code_of_its_own_may_raise_as_well(check):
    line = np.vectorize(lambda step, peak_lr: step / 0, otypes=[float])
    line.__name__ = "line"
    with pytest.raises(CheckFailed, match=r"raised +ZeroDivisionError"):
        check(line)


@pytest.mark.parametrize("name", ["step", "x"])
def test_other_parameters_are_refused_with_the_signature(name, check):
    space = {}
    exec(f"def line({name}, peak_lr, more): return 0", space)
    with pytest.raises(CheckFailed, match=r"callable as line\(step, peak_lr\), with these names"):
        check(space["line"])


def test_parameters_with_defaults_may_be_added(capsys, check):
    def line(step, peak_lr, more=0):
        return peak_lr * step / 10 + more

    check(line)
    assert "right in all" in capsys.readouterr().out


def test_changing_the_arguments_spoils_no_other_case(capsys, check):
    def gradient_step(w, gradient, rate):
        w -= rate * gradient
        return w

    check(gradient_step)
    assert "right in all" in capsys.readouterr().out


def test_a_stub_is_not_yet_written(check):
    def gradient_step(w, gradient, rate):
        raise NotImplementedError("write gradient_step in this cell")

    with pytest.raises(NotImplementedError):
        check(gradient_step)


def test_a_function_that_answers_no_task_is_refused(check):
    def my_step():
        return None

    with pytest.raises(ValueError, match=r"\(gradient_step, line, ramp, …\), got my_step"):
        check(my_step)


def test_the_task_that_was_meant_is_named(check):
    def gradient_steps(w, gradient, rate):
        return w

    with pytest.raises(ValueError, match=r"its task \(gradient_step\), got gradient_steps"):
        check(gradient_steps)


def test_what_was_not_written_with_def_is_refused(check):
    with pytest.raises(ValueError, match="written with def and named as its task, got Schedule"):
        check(Given("schedules.constant", peak_lr=0.1).build())


def test_other_seeds_draw_other_cases(session, check):
    seeds = []
    drawn = Task("line", 1, line, lambda rng: seeds.append(rng.random()) or line_cases(rng), (), ())
    session.exercises["ex"] = (drawn,)
    check(line)
    check(line, 3)
    assert len(set(seeds)) == 2


def test_a_curve_of_another_seeds_case_is_drawn(session, shown, check):
    drawn = dataclasses.replace(
        LINE, make_cases=lambda rng: [{"step": 1, "peak_lr": rng.uniform(1, 2)}], misconceptions=()
    )
    session.exercises["ex"] = (drawn,)
    with pytest.raises(CheckFailed):
        check(named("line", two_late), 3)
    assert len(shown) == 1


def test_what_is_given_is_made_anew_for_every_call():
    given = Given("schedules.cosine", peak_lr=0.5, total_steps=10)
    assert repr(given) == "cosine(peak_lr=0.5, total_steps=10)"
    one, two = course_tasks.built({"f": given})["f"], course_tasks.built({"f": given})["f"]
    assert one is not two
    assert one(0) == 0.5


def test_progress_keeps_the_best_of_every_task(capsys, check, failing, session):
    check(line)
    failing("line", two_late)
    check(named("guess", lambda x: 7.0))
    capsys.readouterr()
    show_progress(session)
    rows = capsys.readouterr().out.splitlines()
    assert re.split(r"\s+", rows[0]) == ["ex", "██████████░░░░░░░░░░", "5.2", "of", "10", "points"]
    assert len(rows) == 2


def test_progress_that_cannot_be_kept_is_a_sentence_and_no_error(session, tmp_path, capsys, check):
    (tmp_path / "file").write_text("")
    session.kept_in = ProgressFile.within(tmp_path / "file")
    check(line)
    assert "Your progress could not be kept in " in capsys.readouterr().out


def test_a_broken_file_of_progress_is_a_sentence(session, tmp_path, capsys, check):
    (tmp_path / "progress.sqlite").write_text("broken " * 500)
    session.kept_in = ProgressFile.within(tmp_path)
    check(line)
    assert "could not be kept" in capsys.readouterr().out
    show_progress(session)
    assert "cannot be read: " in capsys.readouterr().out


def test_progress_goes_where_the_variable_says(check, session, monkeypatch, tmp_path):
    session.kept_in = None
    monkeypatch.setenv("LR_COURSE_PROGRESS", str(tmp_path / "mine"))
    check(line)
    assert set(ProgressFile.within(tmp_path / "mine").best()[0]) == {"line"}


def test_without_a_place_nothing_is_kept(check, session, monkeypatch):
    session.kept_in = None
    monkeypatch.setenv("LR_COURSE_PROGRESS", "")
    check(line)
    assert session.file.best() == ({}, "Progress is not kept: LR_COURSE_PROGRESS is empty.")


def test_without_another_session_it_is_that_of_the_kernel():
    step = functools.partial(lambda w, gradient, rate: w - rate * gradient)
    step.__name__ = "gradient_step"
    checks.check(step)
    assert checking.THIS_KERNEL.verdicts.pop("gradient_step").is_right


@pytest.mark.parametrize("has_folder", [True, False])
def test_without_the_answers_nothing_is_checked(tmp_path, has_folder):
    shutil.copytree(Path(course_lib.__file__).parent, tmp_path / "course_lib")
    if has_folder:  # as in a grader's box, where the course is an installed package
        (tmp_path / "course_tasks").mkdir()
    code = """
import functools
from course_lib import checks
class Mine:
    def double(self, x): return 2 * x
def renamed(x): return 3 * x
renamed.__name__ = "triple"
print(checks.check(Mine().double), checks.show_progress(), double(3))
double = None
for one in (Mine().double, renamed, functools.partial(len), len, lambda x: x):
    checks.check(one)
print(double, *({"triple", "", "<lambda>"} & set(globals())))
"""
    command = [sys.executable, "-S", "-c", code]  # -S: without the course that is installed
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout == "None None 6\nNone\n", "a grader finds a method by its name"
