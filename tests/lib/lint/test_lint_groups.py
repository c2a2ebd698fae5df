"""What lint says of several parameter groups: once for one curve, one by one otherwise."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.lint import lint
from course_lib.schedules import constant, cosine, warmup, warmup_cosine
from tests.lib.lint.suspicious_rates import codes, torch_cosine

COSINE = cosine(0.1, 100)(np.arange(100))


def said(*args, **options):
    return [(finding.group, finding.code) for finding in lint(*args, **options)]


def test_groups_with_one_curve_are_reported_once_with_their_ratios():
    cut = {"head": cosine(0.1, 100), "body": cosine(0.01, 100), "norms": cosine(0.1, 100)}
    assert said(cut, 200) == [
        ("head, body (x 0.1), norms", "dead-tail"),
        ("head, body (x 0.1), norms", "horizon-mismatch"),
    ]
    (first, _) = lint(cut, 200)
    where = "(head, body (x 0.1), norms; steps 100-199)"
    assert str(first).startswith(f"problem: dead-tail {where}: the last")


def test_groups_with_different_curves_are_reported_one_by_one():
    groups = [COSINE, np.r_[[0.1] * 5, [0.001] * 95], 2 * COSINE]
    assert said(groups, 100) == [("group 1", "jump"), ("group 1", "early-drop")]
    assert said(np.array(groups), 100) == said([row.tolist() for row in groups], 100)


@pytest.mark.parametrize(
    "one",
    [
        cosine(0.1, 100),
        COSINE,
        COSINE.tolist(),
        tuple(COSINE),
        torch_cosine,
        COSINE.astype(np.float32),
    ],
    ids=lambda one: type(one).__name__,
)
def test_whatever_is_one_schedule_may_be_one_of_several(one):
    alone = [finding.code for finding in lint(one, 100)]
    several = lint([one, one], 100)
    assert [finding.code for finding in several] == alone
    assert {finding.group for finding in several} <= {"group 0, group 1"}


def test_one_group_is_one_schedule_with_a_name():
    (finding,) = lint({"all": [0.1, math.nan]}, 2)
    assert (finding.code, finding.group) == ("not-finite", "all")
    assert finding.message == lint([0.1, math.nan], 2)[0].message
    assert lint([0.1, math.nan], 2)[0].group == ""
    assert said(np.full((1, 20), 0.1), 20) == []


def test_groups_that_are_not_numbers_together_are_reported_once():
    broken = [0.1, math.nan, 0.1]
    assert said([broken, broken], 3) == [("group 0, group 1", "not-finite")]
    assert said([broken, [0.1, 0.1, math.nan]], 3) == [
        ("group 0", "not-finite"),
        ("group 1", "not-finite"),
    ]


def test_a_group_that_rests_while_another_changes_is_found():
    groups = {"head": COSINE, "late": np.full(100, 0.05)}
    (finding,) = lint(groups, 100)
    assert (finding.group, finding.code) == ("late", "group-stands-still")
    assert finding.message == (
        "the rate stays at 0.05 in all 100 updates, while that of head is between 2.467e-05 and "
        "0.1."
    )


@pytest.mark.parametrize(
    "groups",
    [
        [constant(0.1), constant(0.01)],
        {"head": COSINE, "frozen": np.zeros(100)},
        [warmup(constant(0.1), 20, start=0.06), constant(0.1)],
    ],
    ids=["both rest", "frozen", "a small change"],
)
def test_its_neighbours_are_not(groups):
    assert "group-stands-still" not in [code for _, code in said(groups, 100)]


def test_peak_and_floor_are_meant_for_all_or_given_for_each():
    groups = {"head": COSINE, "body": COSINE / 10}
    assert said(groups, 100, floor=0.0) == []
    assert said(groups, 100, peak_lr={"body": 0.01, "head": 0.1}) == []
    assert said(groups, 100, peak_lr=[0.1, 0.01]) == []
    assert said(groups, 100, peak_lr=0.1) == [("body", "peak-never-reached")]
    assert said(groups, 100, peak_lr=[0.2, 0.02]) == [("head, body (x 0.1)", "peak-never-reached")]


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        (({}, 10), {}, ValueError, "at least one group, got none"),
        ((np.empty((0, 5)), 10), {}, ValueError, "at least one group, got none"),
        (
            (np.ones((2, 2, 2)), 10),
            {},
            ValueError,
            r"\(steps,\) or \(groups, steps\), got .*2, 2, 2",
        ),
        ((np.ones((2, 5)), 5), {"peak_lr": [0.1]}, ValueError, "peak_lr must hold 2 values, got 1"),
        (({"a": [0.1]}, 1), {"floor": {"b": 0.0}}, ValueError, r"floor must name .*'a'.*'b'"),
        (([[0.1], 0.1], 1), {}, TypeError, "schedule must be a Schedule"),
        (([[0.1], []], 1), {}, ValueError, "at least one rate"),
        (([0.1, [0.1]], 2), {}, TypeError, r"rate 1 must be a number, got \[0.1\]"),
        (([0.1], 1), {"peak_lr": [0.1]}, TypeError, "peak_lr"),
    ],
)
def test_what_is_no_group_is_refused(arguments, options, error, words):
    with pytest.raises(error, match=words):
        lint(*arguments, **options)


@settings(max_examples=100, deadline=None)
@given(
    rates=st.lists(st.lists(st.floats(), min_size=12, max_size=12), min_size=1, max_size=4),
    total=st.integers(1, 20),
)
def test_any_groups_whatever_are_reported_as_the_first_of_one_curve_is_alone(rates, total):
    reported = [f for f in lint(rates, total) if f.code != "group-stands-still"]
    for among in dict.fromkeys(f.group for f in reported):
        leader = int(among.split(",")[0].removeprefix("group "))
        assert [f.code for f in reported if f.group == among] == codes(rates[leader], total)
    named = {name.split(" (")[0] for f in reported for name in f.group.split(", ")}
    clean = [row for g, row in enumerate(rates) if f"group {g}" not in named]
    assert all(codes(row, total) == [] for row in clean)


@pytest.mark.parametrize("ratio", [0.1, 3.0, 2.0**-30])
def test_a_ratio_changes_nothing(ratio):
    schedule = warmup_cosine(0.1, 5, 100, 0.05)
    one = [(f.code, f.first_step) for f in lint(schedule, 300)]
    both = lint({"a": schedule, "b": warmup_cosine(0.1 * ratio, 5, 100, 0.05 * ratio)}, 300)
    assert [(f.code, f.first_step) for f in both] == one
    assert {f.group for f in both} == {f"a, b (x {ratio:.3g})"}
