"""The panel of the range-test explorer: every move, play, and what does not go together."""

import re
from html import unescape

import numpy as np
import pytest

from course_lib import explorers, range_test
from course_lib.explorers import chart, range_sweep
from course_lib.explorers.range_test import range_test_view
from tests.lib.explorers.moving import moved_over_its_range, values_of
from tests.lib.explorers.range_settings import (
    FIRST,
    NO_ZONES,
    QUICK,
    losses_of,
    marks,
    medians_of,
)


@pytest.fixture
def panel():
    return explorers.range_test()


@pytest.fixture
def sweeps(monkeypatch):
    """The tests that are really made, in order; none is remembered from before."""
    made, really = [], range_test.sweep

    def sweep(*arguments, **settings):
        made.append(settings)
        return really(*arguments, **settings)

    monkeypatch.setattr(range_test, "sweep", sweep)
    range_sweep.trained.cache_clear()
    return made


@pytest.mark.parametrize("name", FIRST)
def test_every_move_is_shown(panel, name, capfd):
    values = values_of(panel.controls[name])
    pictures = moved_over_its_range(panel, name)
    assert len(set(pictures)) == len(set(values)) > 1
    assert not any("opacity:.25" in picture for picture in pictures)
    assert capfd.readouterr() == ("", "")


def test_the_panel_begins_with_the_whole_test(panel):
    assert panel.settings() == FIRST
    for control in panel.controls.values():
        assert len(control.description) <= 17
        assert control.tooltip


def test_a_test_that_diverges_at_once_has_no_zones_and_is_still_shown(panel):
    for name, value in NO_ZONES.items():
        panel.controls[name].value = value
    assert "opacity" not in panel.picture.value[:30]
    view = range_test_view(**NO_ZONES)
    assert "There are no zones (sweep must not diverge in its first tenth" in view.words
    assert not marks(view, chart.Stretch)
    (median,) = marks(view, chart.Line)
    assert median.y[0] < view.charts[0].y.high < median.y[-1]  # it leaves the chart at the top
    medians = medians_of(*losses_of(NO_ZONES))
    assert f"from η = {min(medians.values()):.2g}" in view.words
    part = range_test_view(**NO_ZONES | {"step": 60})
    assert "most runs have ended in NaN" in part.words
    assert "zone" not in part.words


def test_the_shown_update_never_trains_again(panel, sweeps):
    for step in (1, 50, 99, 100):
        panel.controls["step"].value = step
    (play,) = panel._others
    for frame in range(0, play.max + 1, play.step):
        play.value = frame
    assert not sweeps[1:]
    panel.controls["seeds"].value = 9
    assert len(sweeps) == 2
    assert all(made["cache"] is False and made["jobs"] == 1 for made in sweeps)


def test_play_shows_the_whole_test_in_five_seconds(panel):
    (play,) = panel._others
    step = panel.controls["step"]
    assert play.value == play.max  # a first press begins anew
    assert (play.max - play.min) // play.step * play.interval == 5000
    for length in (20, 200):
        panel.controls["steps"].value = length
        shown = []
        for frame in range(play.min, play.max + 1, play.step):
            play.value = frame
            assert play.value == frame  # nothing pushes it back
            shown.append(step.value)
        assert shown == sorted(shown)
        assert (shown[0], shown[-1]) == (1, length)
    step.value = 50
    assert play.value == 25  # playing goes on from there


def test_the_shown_update_stays_at_the_end_of_a_longer_test(panel):
    step, steps = panel.controls["step"], panel.controls["steps"]
    for length in (200, 40, 100):
        steps.value = length
        assert step.value == step.max == length
        assert f"{length} updates from" in panel.words.value
    step.value = 30
    steps.value = 200
    assert "Update 30 of 200" in panel.words.value
    steps.value = 20
    assert "20 updates from" in panel.words.value


def test_digits_have_no_noise_to_set(panel, sweeps):
    noises = [panel.controls[name] for name in ("angle_noise", "label_noise")]
    panel.controls["data"].value = "digits"
    assert all(control.disabled for control in noises)
    assert range_test_view(**QUICK | {"data": "digits", "label_noise": 0.5}).words == (
        range_test_view(**QUICK | {"data": "digits"}).words
    )
    panel.controls["data"].value = "spirals"
    assert not any(control.disabled for control in noises)


def test_what_does_not_go_together_is_a_sentence_and_the_next_move_recovers(panel):
    batch = panel.controls["batch_size"]
    batch.max = 2000
    batch.value = 1000
    assert 'role="alert"' in panel.words.value
    assert "batch_size must be &lt;= the 900 examples, got 1000" in panel.words.value
    assert "opacity:.25" in panel.picture.value[:40]
    batch.value = 32
    assert panel.words.value == explorers.range_test().words.value
    assert "opacity:.25" not in panel.picture.value


def test_other_errors_are_not_hidden(panel):
    def broken(**settings):
        raise TypeError("broken")

    panel.view = broken
    with pytest.raises(TypeError, match="broken"):
        panel.controls["depth"].value = 3


def test_without_a_kernel_the_whole_test_is_a_figure_with_words(panel):
    bundle = panel._repr_mimebundle_()
    alt = unescape(re.search(r'alt="([^"]*)"', bundle["text/html"])[1])
    assert alt == bundle["text/plain"] == range_test_view(**FIRST).words
    assert "data:image/png;base64," in bundle["text/html"]


def test_the_rules_of_the_panel_are_those_of_the_tools():
    rates, losses = losses_of(QUICK)
    for name, rule in range_test.RULES.items():
        for run in losses:
            for step in (5, 30, 60):
                shown, own = (
                    one.suggest(rates, run[:step]) for one in (range_sweep._RULES[name], rule)
                )
                np.testing.assert_equal((shown.rate, shown.reason), (own.rate, own.reason))
