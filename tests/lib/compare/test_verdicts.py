"""Verdicts: four outcomes, a margin fixed by the data, a table that shows all they rest on."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib import compare, problems, training
from course_lib.compare import RATIO_MARGIN, Verdict, margin, paired, show_verdicts, verdict
from course_lib.intervals import Interval
from course_lib.measured import MIME as TABLE
from course_lib.outcomes import MIME, from_data
from tests.lib.compare.known_scores import SCHEDULES, STEPS, run

# 0, or large enough that no change of the unit makes it 0.
ends = st.just(0.0) | st.floats(1e-6, 1e3) | st.floats(-1e3, -1e-6)
sizes = st.floats(1e-6, 1e3)


def of(low, high):
    return Interval((low + high) / 2, low, high)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-0.5, 0.5, Verdict.EQUAL),
        (0.1, 0.9, Verdict.EQUAL),  # not 0, and too small to matter
        (-3.0, -2.0, Verdict.BETTER),
        (-3.0, -0.1, Verdict.BETTER),
        (0.1, 3.0, Verdict.WORSE),
        (-0.5, 3.0, Verdict.OPEN),
        (-3.0, 0.0, Verdict.OPEN),
        (-1.0, 0.5, Verdict.OPEN),  # the margin itself is not inside
        (math.nan, math.nan, Verdict.OPEN),
        (math.inf, math.inf, Verdict.WORSE),
        (-math.inf, -math.inf, Verdict.BETTER),
    ],
)
def test_the_four_verdicts(low, high, expected):
    assert verdict(of(low, high), margin=1.0) is expected


@given(ends, ends, sizes)
def test_turning_the_pair_round_turns_the_verdict_round(a, b, size):
    low, high = min(a, b), max(a, b)
    turned = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}
    found = verdict(of(low, high), size)
    assert verdict(of(-high, -low), size) is turned.get(found, found)


@given(ends, ends, sizes, st.floats(1e-3, 1e3))
def test_the_unit_does_not_matter(a, b, size, unit):
    low, high = min(a, b), max(a, b)
    if all(abs(abs(end) - size) > 1e-9 * size for end in (low, high)):  # not at a rounding
        assert verdict(of(low * unit, high * unit), size * unit) is verdict(of(low, high), size)


@given(ends, ends, sizes, st.floats(0.0, 1.0))
def test_a_narrower_interval_never_turns_better_into_worse(a, b, size, share):
    low, high = min(a, b), max(a, b)
    middle = (low + high) / 2
    narrow = Interval(middle, middle + (low - middle) * share, middle + (high - middle) * share)
    pair = {verdict(of(low, high), size), verdict(narrow, size)}
    assert pair != {Verdict.BETTER, Verdict.WORSE}
    if verdict(of(low, high), size) is Verdict.EQUAL:
        assert verdict(narrow, size) is Verdict.EQUAL


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan, math.inf])
def test_a_margin_must_be_a_size(wrong):
    with pytest.raises(ValueError, match="margin must be"):
        verdict(of(0, 1), wrong)


def test_a_bare_number_has_no_verdict():
    with pytest.raises(TypeError, match=r"difference must be an Interval, got 0\.3"):
        verdict(0.3, 0.01)


def test_the_margin_follows_from_the_classes_alone():
    spirals, recall = problems.noisy_spirals(), problems.associative_recall(keys=2, values=4, gap=1)
    assert margin(spirals) == pytest.approx(0.005 * math.log(3))
    assert margin(problems.digits()) == pytest.approx(0.005 * math.log(10))
    assert margin(recall) == pytest.approx(0.005 * math.log(4))
    for batch in (16, None):
        assert margin(training.Workload(spirals, batch_size=batch)) == margin(spirals)
    with pytest.raises(TypeError, match="problem must be a Workload or its data"):
        margin(problems.power_law_quadratic(4))
    assert RATIO_MARGIN == 0.01


def test_a_pair_is_compared_seed_by_seed():
    found = paired("a", "b", [1.0, 2.0, 3.0], [1.5, 2.4, 3.6], margin=0.01, peaks=(0.1, 0.2))
    assert found.difference.mean == pytest.approx(-0.5)
    assert found.verdict is Verdict.BETTER
    assert (found.seeds, str(found.outcome())) == (3, "a better_than b")
    with pytest.raises(ValueError, match="their_scores must be as many as our_scores, 2, got 3"):
        paired("a", "b", [1.0, 2.0], [1.0, 2.0, 3.0], margin=0.01)


def test_a_comparison_gives_the_intervals_of_all_pairs_at_once():
    result = run()
    for one in result.against("linear", margin=0.05):
        i, j = result.names.index(one.ours), result.names.index("linear")
        assert one.difference == Interval(
            result.ranking.mean[i, j], result.ranking.low[i, j], result.ranking.high[i, j]
        )
        assert one.peaks == (result.chosen_peaks[i], result.chosen_peaks[j])
    names = [one.ours for one in result.against("linear", margin=0.05)]
    assert names == ["cosine", "constant"]
    assert result.contrast("constant", "linear", margin=0.05).verdict is Verdict.WORSE
    assert result.contrast("constant", "linear", margin=0.5).verdict is Verdict.EQUAL
    with pytest.raises(ValueError, match=r"theirs must be one of .*got 'WSD'"):
        result.contrast("linear", "WSD", margin=0.05)


def test_a_schedule_that_diverged_is_worse():
    result = run(lost={("linear", 1.0, 7)})
    assert result.contrast("linear", "cosine", margin=0.05).verdict is Verdict.WORSE
    assert result.contrast("cosine", "linear", margin=0.05).verdict is Verdict.BETTER
    both = run(lost={("linear", 1.0, 7), ("cosine", 1.0, 1)})
    assert both.contrast("cosine", "linear", margin=0.05).verdict is Verdict.OPEN


@pytest.fixture
def shown(monkeypatch):
    found = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: found.append(data))
    return found


def test_a_table_of_verdicts_shows_effect_seeds_peaks_and_edges(shown):
    result = run(peaks=[0.01, 0.1, 1.0])
    show_verdicts(result.against("constant", margin=0.05), at="20 updates", unit="score")
    text = shown[0]["text/plain"]
    assert "difference of score [interval]" in text
    assert "verdict (margin 0.05)" in text
    assert "1 (edge) / 0.1" in text
    assert "better" in text
    said = [str(one) for one in from_data(shown[0][MIME])]
    assert said == [
        "linear better_than constant at 20 updates",
        "cosine better_than constant at 20 updates",
    ]
    with pytest.raises(ValueError, match="contrasts must hold at least one"):
        show_verdicts([])


def test_showing_a_comparison_records_all_pairs_and_counts(shown):
    result = run(reference="constant")
    result.show(margin=0.05, at="here")
    said = [str(one) for one in from_data(shown[0][MIME])]
    assert said == [
        "constant worse_than linear at here",
        "constant worse_than cosine at here",
        "linear better_than cosine at here",
        "constant beaten_by 2 at here",
        "linear beaten_by 0 at here",
        "cosine beaten_by 1 at here",
    ]
    result.show(margin=0.5)  # all differences are smaller
    assert {str(one).split()[1] for one in from_data(shown[1][MIME])} == {"equal_to", "beaten_by"}
    assert all(
        one.object == "0" for one in from_data(shown[1][MIME]) if one.relation == "beaten_by"
    )
    header = shown[0]["text/plain"].splitlines()[0]
    assert "minus constant" in header
    assert "verdict (margin 0.05)" in header


def scaled(factor):
    return lambda peak, steps: SCHEDULES["linear"](peak * factor, steps)


def test_a_family_is_scored_in_its_best_shape():
    # The runner scores "linear" best at a highest rate of 1; only the shape "full" gets there.
    shapes = {"tenth": scaled(0.1), "full": scaled(1.0), "hundredth": scaled(0.01)}
    result = run(chosen={"constant": SCHEDULES["constant"], "linear": shapes}, peaks=[0.1, 1.0])
    assert result.shapes == ("", "full")
    assert result.shapes_tried.tolist() == [1, 3]
    assert result.tuning_updates == 4 * 2 * 8 * 20
    alone = run(chosen={"constant": SCHEDULES["constant"], "linear": scaled(1.0)}, peaks=[0.1, 1.0])
    assert np.array_equal(result.scores, alone.scores)
    assert np.array_equal(result.validation, alone.validation)
    assert result.contrast("linear", "constant", margin=0.05).shapes == ("full", "")
    assert "1 to 3 shapes × 2 peaks" in result.as_markdown()
    assert "| full " in result.as_markdown()


def test_a_shape_counts_by_its_best_peak_however_it_does_at_others():
    # At the peaks 1 and 100 "full" is off the best rate by 0 and 2 decades, "tenth" by 1 and 1.
    shapes = {"tenth": scaled(0.1), "full": scaled(1.0)}
    assert run(chosen={"linear": shapes}, peaks=[1.0, 100.0]).shapes == ("full",)


@pytest.mark.parametrize("family", [{}, {"": scaled(1.0)}, {1: scaled(1.0)}])
def test_a_family_names_its_shapes(family):
    with pytest.raises(ValueError, match="'linear' must be a function or map names of shapes"):
        run(chosen={"linear": family})


def test_a_shape_that_fails_is_named_with_its_family():
    def broken(peak, steps):
        raise ValueError("no such drop")

    with pytest.raises(ValueError, match=r"'linear, drop 2' failed .* no such drop"):
        run(chosen={"linear": {"drop 0.5": scaled(0.5), "drop 2": broken}})
    assert compare.Verdict("open") is Verdict.OPEN


def two_shapes(rates, seeds, momenta):
    """A runner: seed 0 likes "flat" at 0.1 and seed 2 "falling" at 1; the means are 0.5 and 0.6."""
    liked = {(0, "flat", 0.1): 0.0, (2, "flat", 0.1): 1.0, (0, "falling", 1.0): 1.2}
    liked |= {(2, "falling", 1.0): 0.0}
    shapes = ["flat" if row[1] == row[0] else "falling" for row in rates]
    keys = zip(seeds.tolist(), shapes, rates[:, 0].tolist(), strict=True)
    scores, unknown = np.array([liked.get(key, 5.0) for key in keys]), np.full(len(rates), np.nan)
    return compare.Trials("score", scores, np.array([STEPS]), scores[:, None], unknown)


def test_tables_keep_the_peaks_and_shapes_that_may_as_well_have_been_chosen(shown):
    flat = {"flat": SCHEDULES["constant"]}
    kinds = {"ours": {**flat, "falling": SCHEDULES["linear"]}, "theirs": flat}
    seeds = compare.Seeds([0, 2], [1, 3])
    how = {"peaks": [0.1, 1.0, 2.0], "total_steps": STEPS, "seeds": seeds}
    result = compare.compare(two_shapes, kinds, **how)
    assert result.may_be_chosen == ((("flat", 0), ("falling", 1)), (("flat", 0),))
    contrast = result.contrast("ours", "theirs", margin=0.1)
    assert contrast.others == (("1 (falling)",), ())
    show_verdicts([contrast])
    result.show(margin=0.1)
    assert shown[0][TABLE]["rows"][0][4] == {
        "chosen": "0.1 (flat, edge) / 0.1 (flat, edge)",
        "others": ["1 (falling) / 0.1 (flat, edge)"],
    }
    assert [row[1:3] for row in shown[1][TABLE]["rows"]] == [
        [{"chosen": "flat", "others": ["falling"]}, {"chosen": "0.1 (edge)", "others": ["1"]}],
        ["flat", "0.1 (edge)"],
    ]


@given(arrays(np.float64, (3, 4), elements=st.floats(-1, 1)))
def test_the_chosen_one_may_be_chosen_and_what_is_worse_with_every_seed_may_not(scores):
    found = compare.may_be_chosen(np.vstack([scores, scores.max(axis=0) + 0.1])).tolist()
    assert scores.mean(axis=1).argmin() in found
    assert 3 not in found
