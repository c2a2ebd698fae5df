"""Range tests: every rule against its tool, the sweep against the engine, zones."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib import problems, training
from course_lib.range_test import RULES, reasons, suggestions, summary, sweep, sweep_at, zones
from course_lib.range_test.readers import fastai_valley
from course_lib.range_test.recording import smooth_as_fastai
from tests.lib.range_test.made_sweeps import STEPS, U, made_sweep

RECORD = json.loads((Path(__file__).parent / "data" / "range_test_rules.json").read_text())
SPIRALS = training.Workload(problems.spirals(), batch_size=32)


def numbers(values):
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def case_of(case, tool):
    """The losses that a tool was given, as the float32 it computed with, and what it recorded."""
    losses = numbers(case["losses"]).astype(np.float32).astype(float)
    if tool == "ignite":  # it makes one step more than asked; the last loss was given twice
        losses = np.append(losses, losses[-1])
    rule = RULES["fastai valley" if tool == "fastai" else tool]
    rates = rule.rates(*RECORD["grids"][tool], len(case["losses"]))
    return rule, rates, losses, case["tools"][tool]


CASES = [
    pytest.param(case, tool, id=f"{tool} {case['name']}")
    for case in RECORD["cases"]
    for tool in case["tools"]
]


@pytest.mark.parametrize(("case", "tool"), CASES)
def test_rates_smoothing_and_stop_are_those_the_tools_recorded(case, tool):
    rule, rates, losses, tools = case_of(case, tool)
    at = tools["at"]
    assert rates[at] == pytest.approx(tools["used"], rel=1e-12)
    if tool == "ignite":  # beside each loss it writes the rate of the step after
        inner = [i for i in at if i + 1 < len(rates)]
        assert rates[np.add(inner, 1)] == pytest.approx(tools["written"][: len(inner)], rel=1e-12)
    else:
        assert rates[at] == pytest.approx(tools["written"], rel=1e-12)
    recorded = rule.recorded(losses)
    assert len(recorded) == tools["steps"]
    expected = numbers(tools["smoothed"])
    assert recorded[at] == pytest.approx(expected, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(("case", "tool"), CASES)
def test_suggestions_are_those_the_tools_gave(case, tool):
    _, rates, losses, tools = case_of(case, tool)
    assert tools["suggested"]
    for name, expected in tools["suggested"].items():
        found = RULES[name].suggest(rates, losses)
        if expected is None:
            assert np.isnan(found.rate)
            assert "points" in found.reason
        else:
            assert found.rate == pytest.approx(expected, rel=1e-12)
            assert not found.reason


def test_the_record_reaches_every_branch():
    found = [
        v for c in RECORD["cases"] for t in c["tools"].values() for v in t["suggested"].items()
    ]
    assert {name for name, value in found if value is None} >= {"fastai valley", "Lightning"}
    stops = {tool for c in RECORD["cases"] for tool, t in c["tools"].items() if t["steps"] < 90}
    assert {"fastai", "Lightning", "ignite"} <= stops


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40))
def test_the_valley_is_the_longest_decreasing_subsequence(values):
    """Against the definition, by the quadratic recursion."""
    losses = np.array(values, dtype=float)
    lengths = np.ones(len(losses), dtype=int)
    for i in range(len(losses)):
        before = lengths[:i][losses[:i] > losses[i]]
        lengths[i] += before.max(initial=0)
    longest, end = lengths.max(), lengths.argmax()
    place = 0 if longest == 1 else end - longest + int(longest / 3) + int(longest / 6)
    rates = np.geomspace(1e-5, 1, len(losses)).astype(np.float32)
    assert fastai_valley(rates, losses) == rates[place]


@pytest.mark.parametrize("seed", range(3))
def test_fastai_s_smoothing_is_torch_s_lerp_to_the_bit_or_nearly(seed):
    losses = np.exp(0.1 * np.random.default_rng(seed).normal(size=100).cumsum())
    average, expected = torch.tensor(0.0), []
    for t, loss in enumerate(torch.tensor(losses, dtype=torch.float32)):
        average = torch.lerp(loss, average, 0.98)
        expected.append(float(average / (1 - 0.98 ** (t + 1))))
    assert smooth_as_fastai(losses) == pytest.approx(expected, rel=1e-6)


def test_the_article_s_suggestion_is_its_code_s_and_past_the_cliff():
    rule = RULES["the article"]
    workload = training.Workload(problems.spirals(), training.Mlp(order="layer_by_layer"))
    found = sweep_at(workload, [42], rule.rates())
    assert suggestions(found, {"article": rule})["article"][0] == pytest.approx(0.40738, abs=5e-6)
    runs = training.train(workload, np.full((1, 300), 0.407), [42])
    assert runs.diverged.all()  # a constant rate as suggested does not train


def test_the_article_does_not_stop_on_nan_and_takes_it_for_the_steepest_fall():
    losses = np.where(STEPS < 60, 1.0 - 0.001 * STEPS, np.nan)
    rates = np.geomspace(1e-6, 1, 100)
    for name, lag in (("the article", -1), ("torch-lr-finder", -1), ("ignite", 0)):
        rule = RULES[name]
        assert len(rule.recorded(losses)) == 100
        assert rule.suggest(rates, losses).rate == pytest.approx(rates[60 + lag])
    for name in ("fastai valley", "fastai minimum", "Lightning"):
        assert RULES[name].suggest(rates, losses).rate < rates[59]


def test_the_article_watches_the_raw_loss_and_one_nan_does_not_blind_it():
    losses = np.where(STEPS == 40, 4.1, 1.0)
    assert len(RULES["the article"].recorded(losses)) == 41
    for name in ("fastai valley", "Lightning", "torch-lr-finder", "ignite"):
        assert len(RULES[name].recorded(losses)) == 100
    losses[20] = np.nan
    assert len(RULES["the article"].recorded(losses)) == 41


def test_lightning_s_average_starts_at_half_the_loss():
    recorded = RULES["Lightning"].recorded(np.ones(50))
    assert recorded[0] == pytest.approx(1 / 1.98)
    assert recorded[-1] == pytest.approx((1 - 0.98**50) / (1 - 0.98**51))
    for name in ("the article", "fastai valley", "torch-lr-finder", "ignite"):
        assert RULES[name].recorded(np.ones(50)) == pytest.approx(np.ones(50), rel=1e-5)


@pytest.mark.parametrize(
    ("name", "points"),
    [("fastai slide", 30), ("fastai steep", 16), ("torch-lr-finder", 16), ("Lightning", 12)],
)
def test_too_few_points_give_no_suggestion_but_a_reason(name, points):
    rates = np.geomspace(1e-5, 1, 100)
    falling = np.linspace(1, 0.5, points)
    found = RULES[name].suggest(rates, falling)
    assert np.isnan(found.rate)
    assert "points" in found.reason
    assert np.isfinite(RULES[name].suggest(rates, np.linspace(1, 0.5, points + 1)).rate)


@pytest.mark.parametrize(
    ("rates", "losses", "message"),
    [
        (np.ones((2, 3)), np.ones(3), "rates must have shape"),
        (np.ones(3), np.ones(4), r"1 <= n <= T, got \(3,\) and \(4,\)"),
        (np.ones(3), np.ones(0), "1 <= n <= T"),
        (np.array([0.0, 1.0]), np.ones(2), "rates must be > 0"),
        (np.array([2.0, 1.0]), np.ones(2), "must not fall, got 1.0 … 2.0"),
    ],
)
def test_a_curve_that_is_none_is_refused(rates, losses, message):
    with pytest.raises(ValueError, match=message):
        RULES["ignite"].suggest(rates, losses)


def test_a_rule_s_own_sweep():
    assert RULES["fastai valley"].rates()[[0, 99]] == pytest.approx([1e-7, 10**0.92 / 10**0.0])
    assert RULES["Lightning"].rates()[-1] == pytest.approx(1.0)
    with pytest.raises(TypeError, match="lowest_rate must be a real number, got None"):
        RULES["torch-lr-finder"].rates()
    assert RULES["torch-lr-finder"].rates(1e-4)[[0, -1]] == pytest.approx([1e-4, 10])
    with pytest.raises(ValueError, match="highest_rate must be finite, > 1"):
        RULES["Lightning"].rates(lowest_rate=1.0)


def test_a_sweep_is_what_the_engine_gives_at_those_rates():
    found = sweep(SPIRALS, [3, 5], lowest_rate=1e-4, highest_rate=2.0, steps=30)
    assert found.rates == pytest.approx(np.geomspace(1e-4, 2.0, 30))
    runs = training.train(SPIRALS, np.tile(found.rates, (2, 1)), [3, 5])
    assert (found.losses == runs.losses).all()
    assert found.seeds.tolist() == [3, 5]
    assert len(found) == 2


def test_a_sweep_ends_on_nan_and_marks_where():
    workload = replace(SPIRALS, model=training.Mlp(order="layer_by_layer"))
    found = sweep(workload, range(4), lowest_rate=1e-3, highest_rate=1e4, steps=60)
    assert (found.diverged_at > 0).all()
    for run, first in enumerate(found.diverged_at):
        assert np.isfinite(found.losses[run, :first]).all()
        assert np.isnan(found.losses[run, first:]).all()
    assert (found.steps_run == 60).all()


def test_a_run_that_diverges_with_its_last_update_has_no_bad_loss():
    found = sweep(SPIRALS, [0], lowest_rate=1e-3, highest_rate=1e300, steps=2)
    assert found.diverged_at.tolist() == [-1]
    assert np.isfinite(found.losses).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lowest_rate": 0.0}, "lowest_rate must be finite, > 0, got 0"),
        ({"highest_rate": 1e-8}, "highest_rate must be finite, > 1e-07"),
        ({"steps": 1}, "steps must be >= 2, got 1"),
        ({"seeds": []}, r"seeds must have shape \(S,\), S >= 1"),
    ],
)
def test_a_sweep_that_makes_no_sense_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        sweep(SPIRALS, **({"seeds": [0]} | change))


@pytest.mark.parametrize("rates", [[0.1], [0.0, 0.1], [0.2, 0.1], [[0.1, 0.2]]])
def test_rates_that_do_not_rise_are_refused(rates):
    with pytest.raises(ValueError, match="rates must have shape"):
        sweep_at(SPIRALS, [0], np.array(rates))


def test_suggestions_read_each_run_for_as_long_as_it_ran():
    stopped = np.where(STEPS < 88, U, np.nan)
    both = made_sweep([U, stopped], steps_run=[100, 88])
    for name, rates in suggestions(both).items():
        rule = RULES[name]
        assert rates.shape == (2,)
        assert rates[0] == rule.suggest(both.rates, U).rate
        assert rates[1] == rule.suggest(both.rates, U[:88]).rate


def test_the_summary_is_over_the_seeds_that_have_a_suggestion():
    short = np.where(STEPS < 14, 1.0 - 0.01 * STEPS, np.nan)
    early = np.where(STEPS < 60, U, np.where(STEPS < 75, 0.3, 0.2))
    table = made_sweep([U, 0.5 * U**2, early, short], steps_run=[100, 100, 100, 14])
    chosen = {name: RULES[name] for name in ("fastai minimum", "ignite")}
    first, second = summary(table, chosen).rows
    assert (first.rule, first.found, first.seeds) == ("fastai minimum", 3, 4)
    assert (second.found, second.seeds) == (4, 4)
    rates = suggestions(table, chosen)["ignite"]
    assert second.median == pytest.approx(np.median(rates))
    quartiles = (second.lower_quartile, second.upper_quartile)
    assert quartiles == pytest.approx(np.percentile(rates, (25, 75)))
    assert (second.lowest, second.highest) == (rates.min(), rates.max())
    assert second.lowest < second.lower_quartile < second.upper_quartile < second.highest
    words = reasons(table, chosen)
    assert words["ignite"] == [""] * 4
    assert "all 14 recorded points are skipped" in words["fastai minimum"][3]
    lines = summary(table, chosen).as_markdown().splitlines()
    assert [line.count("|") for line in lines] == [6] * 4
    assert lines[2].endswith("| 3 of 4 |")
    none = summary(made_sweep([short], steps_run=[14]), {"x": RULES["fastai minimum"]})
    assert none.as_markdown().splitlines()[2] == "| x | – | – | – | 0 of 1 |"


def test_zones_of_a_curve_whose_corners_are_known():
    found = zones(made_sweep([U, U, U]))
    rates = np.geomspace(1e-5, 10, 100)
    assert (found.start_loss, found.best_loss) == (1.0, pytest.approx(0.2, rel=0.5))
    margin = 0.1 * (1.0 - found.best_loss)
    falls = np.flatnonzero(1 - margin > U)[0]
    lowest = found.curve.argmin()
    unstable = lowest + np.flatnonzero(found.curve[lowest:] > found.best_loss + margin)[0]
    assert found.falls_from == rates[falls]
    assert found.unstable_from == rates[unstable]
    assert 80 <= unstable <= 85
    later = zones(made_sweep([U]), share=0.5)
    assert later.falls_from > found.falls_from
    assert later.unstable_from > found.unstable_from


def test_zones_follow_the_median_over_seeds_and_take_nan_for_infinite():
    lost = np.where(STEPS < 60, U, np.nan)
    one_of_three = zones(made_sweep([U, U, lost]))
    assert one_of_three.unstable_from == zones(made_sweep(U)).unstable_from
    two_of_three = zones(made_sweep([U, lost, lost]))
    assert two_of_three.unstable_from == np.geomspace(1e-5, 10, 100)[60]
    assert np.isinf(two_of_three.curve[-1])


def test_zones_where_nothing_falls_or_nothing_breaks():
    noise = 0.05 * np.random.default_rng(0).normal(size=100)
    falling = zones(made_sweep(1 - 0.8 * (STEPS / 99) ** 3 + 0.1 * noise))
    assert np.isfinite(falling.falls_from)
    assert np.isnan(falling.unstable_from)
    flat = zones(made_sweep(1 + np.where(STEPS % 2, 0.01, -0.01)))
    assert np.isnan(flat.falls_from)
    assert np.isnan(flat.unstable_from)
    rising = zones(made_sweep(np.where(STEPS < 70, 1.0, 1.0 + 0.1 * (STEPS - 69))))
    assert np.isnan(rising.falls_from)
    assert rising.unstable_from == np.geomspace(1e-5, 10, 100)[70]


def test_zones_do_not_take_the_noise_of_batches_for_a_fall_or_a_rise():
    spikes = U.copy()
    spikes[[60, 70, 82]] = 3.0, 0.01, 3.0
    smooth, found = zones(made_sweep(U)), zones(made_sweep(spikes))
    ratio = 10 ** (6 / 99)  # of two neighbouring rates
    assert found.falls_from == pytest.approx(smooth.falls_from, rel=2 * (ratio - 1))
    assert found.unstable_from == pytest.approx(smooth.unstable_from, rel=3 * (ratio - 1))
    noise = np.where(STEPS % 2, 0.2, -0.2) * (STEPS < 20)  # wider than a tenth of the fall
    noisy, noisy_rates = zones(made_sweep(U + noise)), np.geomspace(1e-5, 10, 100)
    limit = noisy.start_loss - np.ptp(noisy.curve[:10])
    assert limit < noisy.start_loss - 0.2 * (noisy.start_loss - noisy.best_loss)
    first = np.flatnonzero(noisy.curve < limit)[0]
    assert noisy.falls_from == noisy_rates[first]


def test_zones_are_refused_where_there_is_no_start():
    with pytest.raises(ValueError, match="must not diverge in its first tenth"):
        zones(made_sweep(np.where(STEPS < 5, 1.0, np.nan)))
    with pytest.raises(ValueError, match="steps of the sweep must be >= 20, got 10"):
        zones(made_sweep(np.ones(10)))
    with pytest.raises(ValueError, match="share must be"):
        zones(made_sweep(U), share=1.5)


def test_torch_is_not_loaded_before_it_is_needed():
    code = (
        "import sys, course_lib.range_test as r\n"
        "print([n for n in ('torch', 'matplotlib') if n in sys.modules], hasattr(r, 'nothing'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] False"


def test_a_suggestion_at_the_place_where_a_run_broke_is_marked():
    falling = np.where(STEPS < 60, 1.0 - 0.001 * STEPS, np.nan)
    whole = 1.0 - 0.001 * STEPS
    both = made_sweep([falling, whole, whole])
    for name, rule in RULES.items():
        broke = rule.suggest(both.rates, falling)
        assert broke.at_break == (name in ("the article", "torch-lr-finder", "ignite"))
        assert not rule.suggest(both.rates, whole).at_break
    rate = RULES["ignite"].suggest(both.rates, falling).rate
    assert rate == both.rates[60]  # the update with this rate begins at a loss that is NaN
    found = summary(both, {name: RULES[name] for name in ("ignite", "fastai valley")})
    assert [row.at_break for row in found.rows] == [1, 0]
    lines = found.as_markdown().splitlines()
    assert lines[2].endswith("| 3 of 3 (1 where it broke) |")
    assert lines[3].endswith("| 3 of 3 |")
    assert lines[-1].startswith("Where it broke: the suggestion is not below the rate")
    assert "Where it broke" not in summary(made_sweep([whole])).as_markdown()
