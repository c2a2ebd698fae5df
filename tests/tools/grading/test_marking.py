"""Marks come from the secret cases; learners are shown the public ones."""

import dataclasses
import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import course_tasks
from course_tasks import answers_of, built, judge
from course_tasks.showing import show, show_call
from course_tools.grading import report, report_json
from course_tools.grading.box import wire
from course_tools.grading.pages.feedback import student_page
from course_tools.grading.report import RaisedError, Report
from course_tools.grading.run.marking import (
    PUBLIC_SEED,
    cases_of,
    mark,
    with_output,
    without_points,
)
from course_tools.grading.run.submission_execution import Asked
from tests.tools.grading.box.test_wire import values as any_values

SEED = 5
TASKS = list(course_tasks.ALL.values())
FEW = [*TASKS[::4], course_tasks.ALL["choose_peak"]]  # all of them would take a minute
COSINE = course_tasks.ALL["cosine_rate"]
STEP = course_tasks.ALL["gradient_step"]


@functools.cache
def right(name):
    task = course_tasks.ALL[name]
    return tuple(answers_of(task.reference, cases_of(task, SEED)))


def marked(task, values, **fields):
    return mark(task, SEED, Asked(report.ANSWERED, tuple(values), **fields))


def by(function, task):
    return answers_of(function, cases_of(task, SEED))


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_the_references_answers_get_all_points_after_their_trip(task):
    travelled = [wire.decode(wire.loads(wire.dumps(wire.encode(v)))) for v in right(task.name)]
    found = marked(task, travelled)
    assert found.is_right, found
    assert found.possible == task.points
    assert (found.public, found.hidden, found.curve, found.cause) == (None, None, None, "")
    report_json.to_json(Report("ex", report.GRADED, (found,)))


@pytest.mark.parametrize("task", FEW, ids=lambda task: task.name)
def test_known_mistakes_are_named(task):
    for known in task.misconceptions:
        found = marked(task, by(known.function, task))
        assert not found.is_right
        assert found.cause
        report_json.to_json(Report("ex", report.GRADED, (found,)))


def wrong(**arguments):
    return 1.01 * COSINE.reference(**arguments)


def test_the_public_difference_is_shown_and_the_hidden_one_kept_apart():
    found = marked(COSINE, by(wrong, COSINE))
    public, hidden = COSINE.cases(PUBLIC_SEED), COSINE.cases(SEED)
    assert found.reached == 0
    assert found.public.of == len(public)
    assert found.public.call == show_call(COSINE.name, public[found.public.number - 1])
    assert found.hidden.call == show_call(COSINE.name, hidden[found.hidden.number - 1])
    assert found.cause == "Every answer is 1.01 times the expected one."


@pytest.mark.parametrize("task", FEW, ids=lambda task: task.name)
def test_nothing_of_the_hidden_cases_is_in_what_a_learner_reads(task):
    """Of scored tasks, the sentence tells what an answer is worth, so that it can be understood."""
    public = {show_call(task.name, case) for case in task.cases(PUBLIC_SEED)}
    hidden = [case for case in task.cases(SEED) if show_call(task.name, case) not in public]
    functions = [known.function for known in task.misconceptions]
    for function in [*functions, lambda **_: np.ones(3), lambda **_: 3, lambda **_: None]:
        found = dataclasses.replace(marked(task, by(function, task)), hidden=None)
        page = student_page("ada", [Report("ex01_constant_lr", report.GRADED, (found,))], False)
        told = report_json.to_json(Report("ex", report.GRADED, (found,))) + page
        for case in hidden:
            assert show_call(task.name, case) not in told
    if found.public:
        assert found.public.call in public
    shapes = {np.shape(task.reference(**built(case))) for case in task.cases(PUBLIC_SEED)}
    for case in hidden if found.public and task.score is None else ():
        shape = np.shape(task.reference(**built(case)))
        assert shape in shapes or str(shape) not in told


def test_the_cause_is_told_of_public_cases_where_they_tell_one():
    """That of a hidden case may name the shape that is expected of it."""
    task = course_tasks.ALL["warmup_cosine_rates"]
    answers = by(lambda **_: np.ones((7, 7)), task)
    public = task.cases(PUBLIC_SEED)
    cause = judge(task, public, answers[-len(public) :]).cause
    swapped = [task.reference(**built(task.cases(SEED)[0])), *answers[1:]]  # another is the first
    assert cause.startswith("The answer is an array of shape (7, 7)")
    assert marked(task, answers).cause == marked(task, swapped).cause == cause


def test_hard_coded_public_answers_get_no_points_and_the_page_says_so():
    cases = COSINE.cases(PUBLIC_SEED)
    table = {str(case): COSINE.reference(**built(case)) for case in cases}
    found = marked(COSINE, by(lambda **case: table.get(str(case), 0.0), COSINE))
    assert found.reached == 0
    assert found.public is None
    assert found.hidden is not None
    page = student_page("ada", [Report("ex03_cosine", report.GRADED, (found,))], False)
    assert "Does it only know these cases?" in page
    assert found.hidden.call not in page


def shared_and_own():
    public = [show_call(COSINE.name, case) for case in COSINE.cases(PUBLIC_SEED)]
    calls = [show_call(COSINE.name, case) for case in COSINE.cases(SEED)]
    shared = [n for n, call in enumerate(calls) if call in public]
    own = [n for n, call in enumerate(calls) if call not in public]
    assert shared
    assert own
    return calls, shared, own


def test_a_case_that_the_check_shows_as_well_is_not_called_hidden():
    """The fixed cases come first in both; only these are wrong here."""
    calls, shared, _ = shared_and_own()
    fixed = {calls[n] for n in shared}

    def at_the_edges(**case):
        return COSINE.reference(**case) + (show_call(COSINE.name, case) in fixed)

    found = marked(COSINE, by(at_the_edges, COSINE))
    assert found.reached == 0
    assert found.public.call in fixed
    assert found.hidden is None
    page = student_page("ada", [Report("ex03_cosine", report.GRADED, (found,))], True)
    assert "does not show" not in page


def test_the_hidden_difference_is_the_first_on_a_case_of_its_own():
    calls, _, own = shared_and_own()
    found = marked(COSINE, by(wrong, COSINE))
    assert found.hidden.call == calls[own[0]]
    assert (found.hidden.number, found.hidden.of) == (own[0] + 1, len(calls))


def test_answers_that_differ_from_call_to_call_are_told():
    answers = list(right(COSINE.name))
    _, shared, _ = shared_and_own()
    answers[shared[0]] += 1
    found = marked(COSINE, answers)
    assert (found.reached, found.public, found.hidden) == (0, None, None)
    assert "wrong in another with the same arguments" in found.sentence


def test_right_hidden_answers_alone_get_the_points():
    answers = list(right(COSINE.name))
    number = len(COSINE.cases(SEED))
    found = marked(COSINE, answers[:number] + [0.0] * (len(answers) - number))
    assert found.is_right
    assert found.cause == ""
    assert found.public is not None


def test_shape_and_kind_of_number_have_points_of_their_own():
    task = course_tasks.ALL["warmup_cosine_rates"]
    parts = {p.part: p.reached for p in marked(task, [v[None] for v in right(task.name)]).parts}
    assert parts == {"values": task.points - 0.5, "shape": 0.0, "kind of number": 0.25}


def test_a_stub_is_not_written_and_one_that_raises_now_and_then_is():
    stub = course_tasks.Raised("NotImplementedError", "")
    number = len(cases_of(STEP, SEED))
    found = marked(STEP, [stub] * number)
    assert (found.outcome, found.reached, found.possible) == ("not written", 0, STEP.points)
    assert found.raised is None
    found = marked(STEP, [stub] * (number - 1) + [1.0])
    assert found.outcome == report.ANSWERED
    assert found.public.got.startswith("raised NotImplementedError")


@pytest.mark.parametrize("outcome", sorted(set(report.OUTCOMES) - {report.ANSWERED}))
def test_a_function_without_answers_gets_no_points(outcome):
    asked = Asked(outcome, printed="b", limit="memory_mb" * (outcome == report.OVER_LIMIT))
    found = with_output(mark(STEP, SEED, asked), asked, "a")
    assert (found.outcome, found.reached, found.possible) == (outcome, 0, STEP.points)
    kinds = {report.OVER_LIMIT: "memory_mb", report.DIED: report.PROCESS_ENDED}
    assert found.stopped_by == kinds.get(outcome, "")
    assert found.sentence == ""
    assert found.printed == "ab"


def test_what_is_raised_is_shown_with_its_line():
    raised = course_tasks.Raised("KeyError", "'step'", "return x['step']")
    found = marked(COSINE, [raised] * len(cases_of(COSINE, SEED)))
    assert found.public.got == "raised KeyError: 'step', in your line return x['step']"
    assert found.curve is None
    assert found.raised == RaisedError("KeyError", "'step'")


def test_the_exception_is_the_first_that_the_notebooks_check_shows():
    answers = list(right(COSINE.name))
    number = len(COSINE.cases(SEED))
    answers[0] = course_tasks.Raised("KeyError", "hidden")
    assert marked(COSINE, answers).raised == RaisedError("KeyError", "hidden")
    answers[number + 1] = course_tasks.Raised("ValueError", " \n first\nsecond")
    assert marked(COSINE, answers).raised == RaisedError("ValueError", "first")
    answers[number + 1] = course_tasks.Raised("E" * 10**6, "x" * 10**7)
    found = marked(COSINE, answers).raised
    assert len(found.kind) + len(found.text) < 400


def test_single_answers_make_a_curve_of_public_cases():
    task = course_tasks.ALL["lr_at_step"]
    answers = by(lambda **case: np.asarray(task.reference(**case)) * 1.5, task)
    curve = marked(task, answers).curve
    assert curve is not None
    assert list(curve.steps) == sorted(curve.steps)
    public = {float(case[task.curve]) for case in task.cases(PUBLIC_SEED)}
    assert set(curve.steps) <= public
    pairs = zip(curve.got, curve.expected, strict=True)
    assert all(got == pytest.approx(1.5 * want) for got, want in pairs)


def test_an_answer_that_is_a_curve_is_drawn_and_holes_are_none():
    task = course_tasks.ALL["warmup_cosine_rates"]
    answers = by(lambda **case: np.where(case["steps"] == 1, np.nan, 2.0), task)
    curve = marked(task, answers).curve
    assert None in curve.got
    assert None not in curve.expected
    assert all(value in (None, 2.0) for value in curve.got)


def test_scores_are_points_and_are_said():
    task = course_tasks.ALL["my_schedule_b"]
    number = len(cases_of(task, SEED))
    length = np.shape(right(task.name)[0])
    found = marked(task, [np.full(length, 1e-3)] * number)
    assert 0 <= found.reached < found.possible
    assert found.sentence
    assert found.hidden is None, "all of its cases are shown"
    assert found.public.expected == "", "the best rates are no secret to tell"
    found = marked(task, ["no numbers"] * number)
    assert found.reached == 0
    assert "finite numbers of shape" in found.sentence


def test_points_can_be_taken_away():
    found = marked(COSINE, right(COSINE.name))
    assert without_points(found).reached == 0
    assert without_points(found).possible == found.possible
    assert not without_points(found).is_right
    assert without_points(found).sentence.endswith("does not count. Its values were right.")
    assert without_points(marked(COSINE, by(wrong, COSINE))).sentence.endswith("were not right.")
    missing = mark(COSINE, SEED, Asked(report.MISSING))
    assert without_points(missing).sentence == missing.sentence


def test_long_texts_are_cut():
    asked = Asked(report.MISSING)
    found = with_output(mark(STEP, SEED, asked), asked, "a" * 9999)
    assert len(found.printed) < 2100
    assert found.printed.endswith("… (cut off)")


JUDGED = [
    course_tasks.ALL[name] for name in ("gradient_step", "warmup_cosine_rates", "what_is_unfair")
]
JUDGED += [course_tasks.ALL["choose_peak"], course_tasks.ALL["my_schedule_a"]]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(max_examples=60, deadline=None)
@given(st.sampled_from(JUDGED), st.lists(any_values, min_size=1, max_size=3), st.booleans())
def test_no_answer_that_arrives_stops_the_marking(task, odd, among_right_ones):
    answers = list(right(task.name))
    if among_right_ones:
        answers[: len(odd)] = odd[: len(answers)]
    else:
        answers = (odd * len(answers))[: len(answers)]
    travelled = [wire.decode(wire.loads(wire.dumps(wire.encode(v)))) for v in answers]
    found = marked(task, travelled)
    assert 0 <= found.reached <= found.possible
    assert report_json.from_json(report_json.to_json(Report("e", "graded", (found,)))).tasks == (
        found,
    )


@pytest.mark.parametrize(
    "odd",
    [
        *(wire.Opaque("generator"), {}, {"a": [1]}, [[1], [1, 2]], [], (), "text", True, None),
        *(2**64 - 1, np.empty((0, 3)), np.full((2,) * 12, 1.0), [wire.Opaque("x")], [2**63, -1]),
        *(np.array("text"), np.array(["a", "b"]), [None, 1.0], 1e308, [[[]]], float("-inf")),
    ],
    ids=repr,
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # a factor that is too large is none
@pytest.mark.parametrize("task", JUDGED, ids=lambda task: task.name)
def test_odd_answers_are_wrong_answers(task, odd):
    found = marked(task, [odd] * len(right(task.name)))
    assert found.reached < found.possible
    report_json.to_json(Report("e", "graded", (found,)))
    show(odd, 1.0)
