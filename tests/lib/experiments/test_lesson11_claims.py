"""The rule of lesson 11, what its claims record, and how its tables show them."""

from itertools import product

import pytest

from course_lib.experiments.lesson11_claims import (
    Claim,
    Docket,
    by_loss,
    by_ratio,
    exactly,
    lucky_verdicts,
    rule,
)


def test_no_single_case_brings_about_a_verdict_and_both_sides_are_treated_alike():
    other = {"for": "against", "against": "for", "open": "open"}
    mirror = {"holds": "fails", "fails": "holds", "depends": "depends", "open": "open"}
    for sides in product(other, repeat=4):
        found = rule(sides)
        if max(sides.count("for"), sides.count("against")) < 2:
            assert found == "open"
        assert rule([other[side] for side in sides]) == mirror[found]
    assert rule(["for", "for", "open", "open"]) == "open"  # no more than half
    assert rule(["for", "for", "against", "against"]) == "depends"
    assert rule(["against", "against"]) == "fails"


def test_an_equal_result_speaks_against_better_for_no_worse_and_against_different():
    case = exactly("ours", "theirs", 1.0, 1.001)
    for needs, side in (("better", "against"), ("no worse", "for"), ("different", "against")):
        assert Claim("c", "q", "s", needs=needs, cases={"x": case}).side("x") == side
    worse = exactly("ours", "theirs", 2.0, 1.0)
    assert Claim("c", "q", "s", needs="different", cases={"x": worse}).side("x") == "for"


def test_the_effect_is_positive_where_ours_is_lower_and_counts_in_margins():
    case = by_loss("a", "b", [1.0, 1.0], [1.02, 1.02], margin=0.01)
    assert case.effect.mean == pytest.approx(2.0)
    assert by_ratio("a", "b", [1.0, 1.0], [1.0, 1.0]).effect.mean == 0.0
    assert case.effect.low <= case.effect.mean <= case.effect.high


def test_sides_are_recorded_where_they_differ_and_the_verdict_always(capsys):
    docket = Docket()
    docket.judge(Claim("x", "q", "s"), {"one": True, "two": False})
    docket.judge(Claim("y", "q", "s"), {"one": True, "two": True})
    mixed, clear = ([str(one) for one in claim.outcomes()] for claim in docket.claims)
    assert mixed == ["x for at one", "x against at two", "x open"]
    assert clear == ["y holds"]
    docket.judge(Claim("x", "q", "s"), {"one": True, "two": True})  # a cell that runs again
    assert [claim.verdict for claim in docket.claims] == ["holds", "holds"]
    docket.show()
    assert "2/0/0" in capsys.readouterr().out


def test_luck_passes_far_fewer_claims_by_the_rule_than_by_one_case():
    lucky = lucky_verdicts(trials=4000)
    assert 0.3 < lucky["one case is enough"] < 1.0
    assert lucky["the rule"] < 0.2
