"""The training explorer's forecast: the law of the runs so far, drawn and said before Go."""

import asyncio
import re
from html import unescape

import numpy as np
import pytest

from course_lib import explorers, forecast, problems, training
from course_lib.explorers.static import figure
from course_lib.explorers.training_forecast import outlook_of, past_runs
from course_lib.explorers.training_plan import plan_of
from course_lib.intervals import bootstrap_interval
from course_lib.schedules.catalogue import FAMILIES
from tests.lib.explorers.training_panel import go, panel_with, reach, scores_by_hand, text

PEAK, UPDATES = 10**-0.1, 300
TWO = {"updates": UPDATES, "schedule_2": "linear", "schedule_3": "", "schedule_4": "", "shown": 1}
CHART = "held-out loss: forecast"


def trained_panel(**settings):
    """A panel that has trained a constant rate and linear decay, with the forecast on."""
    panel = panel_with(**(TWO | {"forecast": True} | settings))
    go(panel)
    return panel


def view_of(panel):
    """The charts as data, and the words, of what the panel shows now."""
    return explorers.training_view(
        outcome=panel.outcome, past=panel._past, past_at_go=panel._past_at_go, **panel.settings()
    )


def planned(panel):
    settings = panel.settings()
    return plan_of(**{key: settings[key] for key in settings if key not in ("shown", "forecast")})


def chart_of(panel):
    (chart,) = [chart for chart in view_of(panel).charts if chart.title == CHART]
    return chart


def curve_by_hand(name, seeds=2):
    """A run trained apart from the explorer: its readings after the first third."""
    rates = FAMILIES[name](PEAK, UPDATES)(np.arange(UPDATES))
    runs = scores_by_hand(rates, seeds, problems.noisy_spirals(), training.Sgd(), score_every=10)
    at = np.asarray(runs.scored_at)
    settled = at > UPDATES / 3
    return forecast.LossCurve(rates, at[settled], runs.held_out_loss.mean(axis=0)[settled]), runs


def test_it_is_off_at_first_and_then_no_law_is_fitted(monkeypatch):
    calls = []
    monkeypatch.setattr(forecast, "fit", lambda *given: calls.append(given))
    panel = trained_panel(forecast=False)
    panel.controls["schedule_2"].value = "cosine"
    assert "orecast" not in text(panel.words)
    assert CHART not in panel.picture.value
    assert calls == []
    assert explorers.training().controls["forecast"].value is False


def test_without_two_runs_it_says_what_it_needs():
    panel = panel_with(**TWO, forecast=True)
    said = "No forecast: a forecast needs two finished runs with different schedules on spirals"
    assert said in text(panel.words)
    assert "and there are none." in text(panel.words)
    assert "Press Go" in text(panel.words)
    panel.controls["schedule_2"].value = ""
    go(panel)
    panel.controls["schedule_1"].value = "linear"
    assert "and there is 1." in text(panel.words)
    assert CHART not in panel.picture.value


def test_the_dashed_curve_and_its_band_are_those_of_the_fitted_law():
    panel = trained_panel()
    panel.controls["schedule_2"].value = "cosine"
    (constant, _), (linear, _) = curve_by_hand("constant"), curve_by_hand("linear")
    law = forecast.fit([constant, linear], "annealing")
    chart = chart_of(panel)
    band, line = chart.marks[-2:]
    assert line.label == "2 cosine, predicted from your 2 runs"
    assert line.dash
    rates = FAMILIES["cosine"](PEAK, UPDATES)(np.arange(UPDATES))
    predicted = law.predict(rates, line.x)
    np.testing.assert_allclose(line.y, predicted.losses, rtol=1e-6)
    assert (line.x[0], line.x[-1]) == (101, UPDATES)
    np.testing.assert_allclose(band.low, np.maximum(predicted.low, chart.y.low), rtol=1e-6)
    np.testing.assert_allclose(band.high, np.minimum(predicted.high, chart.y.high), rtol=1e-6)
    words = text(panel.words)
    end = f"2 cosine {predicted.final:.3f} [{predicted.low[-1]:.3f}, {predicted.high[-1]:.3f}]"
    assert end in words
    guess = (constant.losses[-1] + linear.losses[-1]) / 2
    assert f"The mean end of these runs, {guess:.3f}, is the simplest guess" in words
    assert "Trained already: 1 constant." in words
    assert [mark.label for mark in chart.marks[:2]] == ["your runs so far"] * 2
    np.testing.assert_allclose(chart.marks[0].y, constant.losses, rtol=1e-6)


def test_after_go_the_real_curve_lies_over_the_same_forecast_and_the_error_is_said():
    panel = trained_panel()
    panel.controls["schedule_2"].value = "cosine"
    before = chart_of(panel).marks[-1]
    words = go(panel)
    *_, after, real = chart_of(panel).marks
    np.testing.assert_array_equal(before.y, after.y)  # the new run is not among those it knows
    curve, runs = curve_by_hand("cosine")
    assert real.label == "2 cosine, real"
    np.testing.assert_allclose(real.x, curve.updates)
    np.testing.assert_allclose(real.y, curve.losses, rtol=1e-6)
    mean = bootstrap_interval(runs.held_out_loss[:, -1]).mean
    share = after.y[-1] / mean - 1
    said = f"was to end at {after.y[-1]:.3f} and came to {mean:.3f}"
    off = f"the forecast is {100 * abs(share):.1f} % too {'high' if share > 0 else 'low'}"
    assert f"The forecast from your 2 runs: 2 cosine {said}" in words
    assert off in words
    assert "The forecast" in text(panel.words)
    panel.controls["forecast"].value = False
    assert "The forecast" not in text(panel.words)


def test_the_next_plan_is_predicted_from_the_newest_three_runs():
    panel = trained_panel()
    panel.controls["schedule_2"].value = "cosine"
    go(panel)
    panel.controls["schedule_1"].value = "exponential"
    assert "exponential, predicted from your 3 runs" in chart_of(panel).marks[-1].label
    go(panel)
    panel.controls["schedule_1"].value = "WSD"
    assert "WSD, predicted from your 3 runs" in chart_of(panel).marks[-1].label
    names = [run.curve.name.split(",")[0] for run in outlook_of(planned(panel), panel._past).fitted]
    assert names == ["exponential", "cosine", "constant"]


def test_the_law_is_fitted_once_and_not_at_every_move(monkeypatch):
    calls, real = [], forecast.fit
    panel = trained_panel()
    monkeypatch.setattr(forecast, "fit", lambda *given: calls.append(given) or real(*given))
    for name in ("cosine", "WSD", "1-cycle"):
        panel.controls["schedule_2"].value = name
    panel.controls["peak_2"].value = 0.5
    assert len(calls) == 1


@pytest.mark.parametrize("other", [{"data": "digits"}, {"optimizer": "Adam"}])
def test_runs_on_other_data_or_with_another_optimizer_do_not_count(other):
    panel = trained_panel()
    for name, value in other.items():
        panel.controls[name].value = value
    assert "No forecast" in text(panel.words)
    assert "and there are none." in text(panel.words)


def test_too_few_readings_are_a_sentence():
    panel = trained_panel(updates=60)
    panel.controls["schedule_2"].value = "cosine"
    assert "these runs determine no law: runs must hold at least 30 losses" in text(panel.words)
    assert 'role="status"' in panel.words.value
    assert CHART not in panel.picture.value


def test_what_lies_far_beyond_the_runs_is_said():
    panel = trained_panel()
    panel.controls["schedule_2"].value = "cosine"
    panel.controls["peak_2"].value = 50.0
    words = text(panel.words)
    assert "Note: " in words or "has no forecast" in words
    assert re.search("beyond 4 times|where the law is positive", words)


def test_a_rate_that_never_falls_is_predicted_by_the_power_law():
    panel = trained_panel(schedule_2="constant", peak_2=10**-0.4)
    panel.controls["schedule_2"].value = "cosine"
    assert "by the power law fitted to your 2 runs" in text(panel.words)


def test_a_stopped_training_and_a_diverged_run_are_not_fitted_to():
    async def stopping(panel):
        panel.go.click()
        await reach(panel, 100)
        panel.stop.click()
        await panel.task

    panel = panel_with(**TWO | {"updates": 600}, forecast=True)
    asyncio.run(stopping(panel))
    assert panel._past == ()
    panel = trained_panel(updates=60, peak_1=1e3, seeds=8)
    assert [run.curve.name for run in panel._past] == ["linear, peak 0.794"]
    assert past_runs(panel.outcome)[0].end == pytest.approx(panel.outcome.scores()[1].mean())


def test_a_stopped_forecast_is_not_judged():
    async def stopping(panel):
        panel.go.click()
        await asyncio.sleep(0)
        while panel.outcome.plan != planned(panel) or panel.outcome.updates < 150:
            await asyncio.sleep(0.001)
        panel.stop.click()
        await panel.task

    panel = trained_panel()
    panel.controls["schedule_2"].value = "cosine"
    asyncio.run(stopping(panel))
    assert "The training was stopped, so the forecast of its end is not tested." in text(
        panel.words
    )


def test_the_same_plan_again_needs_no_forecast():
    panel = trained_panel()
    panel.controls["seeds"].value = 3
    assert "No forecast: all of these schedules were trained already." in text(panel.words)


def test_the_page_and_the_figure_draw_it():
    panel = trained_panel()
    panel.controls["schedule_2"].value = "cosine"
    assert f'aria-label="{CHART}' in panel.picture.value
    assert "predicted from your 2 runs" in unescape(panel.picture.value)
    assert "nan" not in panel.picture.value
    drawn = figure(view_of(panel).charts)
    axes = drawn.axes[-1]
    assert axes.get_title(loc="left") == CHART
    assert len(axes.collections) == 1  # the band
    assert any(line.get_linestyle() == "--" for line in axes.get_lines())
    (legend,) = drawn.legends
    labels = [entry.get_text() for entry in legend.get_texts()]
    assert "2 cosine, predicted from your 2 runs" in labels
