"""Outcomes: what a record says, what contradicts it, what a cell leaves in its output."""

import numpy as np
import pytest

from course_lib.outcomes import (
    MIME,
    RELATIONS,
    Outcome,
    as_data,
    check_claim,
    from_data,
    show_facts,
)

FOUND = [
    Outcome("1-cycle", "better_than", "constant", "40 updates"),
    Outcome("linear", "open_against", "cosine"),
    Outcome("constant", "beaten_by", "2", "convnet"),
    Outcome("rate 1 rises at first", "is", "false"),
]


@pytest.mark.parametrize(
    "claim",
    [
        "1-cycle better_than constant at 40 updates",
        "1_cycle better_than Constant at 40  updates",
        "constant worse_than 1-cycle at 40 updates",
        "linear open_against cosine",
        "cosine open_against linear",
        "constant beaten_by 2 at convnet",
        "rate 1 rises at first is false",
    ],
)
def test_what_the_record_says_holds_in_either_order(claim):
    assert check_claim(claim, FOUND) == ""


@pytest.mark.parametrize(
    ("claim", "says"),
    [
        ("1-cycle equal_to constant at 40 updates", "1-cycle better_than constant at 40 updates"),
        ("constant better_than 1-cycle at 40 updates", "1-cycle better_than constant"),
        ("cosine equal_to linear", "linear open_against cosine"),
        ("constant beaten_by 0 at convnet", "constant beaten_by 2 at convnet"),
        ("rate 1 rises at first", "rate 1 rises at first is false"),
    ],
)
def test_a_contradiction_shows_the_record(claim, says):
    assert says in check_claim(claim, FOUND)
    assert check_claim(claim, FOUND).startswith("the record says")


@pytest.mark.parametrize(
    "claim",
    [
        "1-cycle better_than constant",
        "1-cycle better_than constant at 80 updates",
        "1-cycle better_than linear at 40 updates",
        "constant beaten_by 2",
        "constant beaten_by many at convnet",
        "rate 2 rises at first",
        "",
    ],
)
def test_what_nothing_records_is_said_to_be_missing(claim):
    assert check_claim(claim, FOUND) == "no cell records it"


def test_every_pair_of_relations_excludes_each_other():
    for relation in RELATIONS:
        one = [Outcome("a", relation, "b")]
        true = [r for r in RELATIONS if check_claim(f"a {r} b", one) == ""]
        assert true == [relation]
        assert check_claim(f"b {RELATIONS[relation]} a", one) == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a", "beats", "b"), r"relation must be one of .*got 'beats'"),
        (("a", "is", "yes"), "object must be 'true' or 'false' for a fact, got 'yes'"),
        (("a", "beaten_by", "-1"), "object must be a number of schedules, got '-1'"),
        (("", "is", "true"), "subject must be words"),
        (("a; b", "is", "true"), "subject must be words without ';' and '--', got 'a; b'"),
        (("a", "is", "true", "x--y"), "where must be words"),
    ],
)
def test_an_outcome_that_no_comment_could_name_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Outcome(*arguments)


def test_facts_are_shown_and_recorded(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    show_facts({"a < b": np.bool_(True), "b falls": False}, at="peak 0.2")
    (data,) = shown
    assert data["text/plain"] == "at peak 0.2:\na < b: true\nb falls: false"
    assert "a &lt; b: true" in data["text/html"]
    found = from_data(data[MIME])
    assert [str(one) for one in found] == ["a < b at peak 0.2", "b falls is false at peak 0.2"]
    assert from_data(as_data(found)) == found


@pytest.mark.parametrize(
    ("facts", "error", "message"),
    [
        ({}, ValueError, "at least one statement"),
        ({"a": 1}, TypeError, r"facts\['a'\] must be a bool, got 1"),
        ({"a": 0.5}, TypeError, "must be a bool"),
    ],
)
def test_what_was_not_tested_is_no_fact(facts, error, message):
    with pytest.raises(error, match=message):
        show_facts(facts)
