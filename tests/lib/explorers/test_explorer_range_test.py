"""The range-test explorer: every control, its sentences against tests made here, and its end."""

import re

import numpy as np
import pytest

from course_lib import range_test
from course_lib.explorers import chart, chart_svg, static
from course_lib.explorers.range_test import range_test_view
from tests.lib.explorers.range_settings import (
    FIRST,
    QUICK,
    RUNAWAY,
    edges,
    losses_of,
    marks,
    medians_of,
    said,
    smoothed,
    view_of,
)


@pytest.mark.parametrize(
    "setting",
    [
        FIRST,
        FIRST | {"optimizer": "SGD, momentum 0.9", "seeds": 4},
        FIRST | {"optimizer": "Adam", "seeds": 5, "label_noise": 0.2},
        FIRST | {"data": "digits", "seeds": 4, "batch_size": 16},
        FIRST | {"angle_noise": 0.6, "depth": 3, "width": 20, "steps": 150, "step": 150},
    ],
    ids=str,
)
def test_the_words_say_what_the_whole_test_shows(setting):
    words = range_test_view(**setting).words
    rates, losses = losses_of(setting)
    curve = smoothed(losses)
    begins = np.median(curve[: len(curve) // 10])
    falls, unstable = edges(rates, curve)
    medians = medians_of(rates, losses)
    ordered = sorted(medians, key=medians.get)
    low, high = medians[ordered[0]], medians[ordered[-1]]
    inside = sum(falls <= rate < unstable for rate in medians.values())
    assert f"{setting['steps']} updates from η = 1e-05 to 10, {setting['seeds']} seeds" in words
    assert f"begins near {begins:.3g} and is lowest, {curve.min():.3g}," in words
    assert f"at η = {rates[curve.argmin()]:.2g}." in words
    assert f"falls from η = {falls:.2g} on, and is unstable from η = {unstable:.2g} on." in words
    assert f"from η = {low:.2g} ({ordered[0]}) to {high:.2g} ({ordered[-1]})" in words
    assert f"in the falling zone: {inside} of 8." in words
    (factor,) = said(words, r"a factor of ([\d,.]+);")
    assert float(factor) == pytest.approx(high / low, rel=0.06)


@pytest.mark.parametrize("step", [1, 17, 40, 70, 99])
def test_the_words_say_what_a_part_of_the_test_shows(step):
    words = range_test_view(**FIRST | {"step": step}).words
    rates, losses = losses_of(FIRST)
    falls, unstable = edges(rates, smoothed(losses))
    so_far = np.median(losses[:, :step], axis=0)
    zone = ["too low", "falling", "unstable"][
        (rates[step - 1] >= np.array([falls, unstable])).sum()
    ]
    assert words.startswith(f"Update {step} of 100, at η = {rates[step - 1]:.2g}")
    assert f"(zone of the whole test: {zone})" in words
    assert f"the median loss is {so_far[-1]:.3g}; it began at {so_far[0]:.3g}" in words
    assert f"the lowest so far is {so_far.min():.3g}." in words
    medians = medians_of(rates, losses[:, :step])
    ordered = sorted(medians, key=medians.get)
    if not ordered:
        assert words.endswith("Stopped here, no rule would suggest a rate.")
        return
    low, high = medians[ordered[0]], medians[ordered[-1]]
    assert f"would reach from η = {low:.2g} ({ordered[0]}) to {high:.2g} ({ordered[-1]})." in words


def test_the_charts_show_the_losses_zones_and_suggestions():
    view = range_test_view(**FIRST)
    rates, losses = losses_of(FIRST)
    median, curve = marks(view, chart.Line)
    np.testing.assert_allclose(median.x, rates)
    np.testing.assert_allclose(median.y, np.median(losses, axis=0))
    np.testing.assert_allclose(curve.y, smoothed(losses))
    (band,) = marks(view, chart.Band)
    np.testing.assert_allclose((band.low, band.high), np.quantile(losses, (0.25, 0.75), axis=0))
    falls, unstable = edges(rates, smoothed(losses))
    ends = [(zone.text, zone.start, zone.end) for zone in marks(view, chart.Stretch)]
    assert [end[0] for end in ends] == ["too low", "falling", "unstable"]
    np.testing.assert_allclose(
        [end[1:] for end in ends], [(1e-5, falls), (falls, unstable), (unstable, 10)]
    )
    medians = medians_of(rates, losses)
    (points,) = marks(view, chart.Points, 1)
    names = view.charts[1].y.names
    assert list(reversed(names)) == list(range_test.RULES)
    assert {names[int(y)]: x for x, y in zip(points.x, points.y, strict=True)} == pytest.approx(
        medians
    )


def test_only_what_has_happened_is_drawn():
    whole, part = (range_test_view(**FIRST | {"step": step}) for step in (100, 60))
    for kind in (chart.Line, chart.Band):
        for all_of_it, some in zip(marks(whole, kind), marks(part, kind), strict=True):
            np.testing.assert_array_equal(some.x, all_of_it.x[:60])
    rate = np.geomspace(1e-5, 10, 100)[59]
    for number in (0, 1):
        shown = [(zone.start, zone.end) for zone in marks(part, chart.Stretch, number)]
        assert shown[-1][1] == pytest.approx(rate)
        assert len(shown) == 2
        (now,) = marks(part, chart.Level, number)
        assert now.at == pytest.approx(rate)
        assert part.charts[number].x == whole.charts[number].x
        assert part.charts[number].y.low == whole.charts[number].y.low
        assert part.charts[number].y.high == whole.charts[number].y.high
    assert not marks(whole, chart.Level)


def test_the_seeds_are_drawn_in_three_ways():
    _, losses = losses_of(QUICK)
    (band,) = marks(range_test_view(**QUICK | {"spread": "lowest to highest"}), chart.Band)
    np.testing.assert_allclose((band.low, band.high), (losses.min(axis=0), losses.max(axis=0)))
    single = range_test_view(**QUICK | {"spread": "single lines"})
    assert not marks(single, chart.Band)
    np.testing.assert_allclose([line.y for line in marks(single, chart.Line)[:3]], losses)


def test_runs_that_diverge_are_counted_and_crossed():
    view = range_test_view(**RUNAWAY)
    rates, losses = losses_of(RUNAWAY)
    gone = np.isnan(losses).any(axis=1)
    first = rates[np.isnan(losses).argmax(axis=1)[gone]]
    assert gone.any()
    assert f"{gone.sum()} of 5 runs ended in NaN, the first at η = {first.min():.2g}." in view.words
    (crosses,) = marks(view, chart.Points)
    assert crosses.marker == "x"
    np.testing.assert_allclose(crosses.x, first)
    before = int(np.searchsorted(rates, first.min()))  # updates before the first is lost
    for step, lost in ((before, 0), (before + 1, np.count_nonzero(first == first.min()))):
        part = range_test_view(**RUNAWAY | {"step": step})
        assert sum(len(m.x) for m in marks(part, chart.Points) if m.marker == "x") == lost
        assert ("ended in NaN" in part.words) == bool(lost)
    assert "No run ends in NaN." in range_test_view(**FIRST).words


def test_where_nothing_falls_no_rate_is_called_too_low():
    view = view_of(np.concatenate([np.full(60, 1.1), np.linspace(1.1, 9, 40)]))
    assert "It never falls clearly, and is unstable from" in view.words
    assert "in the falling zone" not in view.words
    assert [zone.text for zone in marks(view, chart.Stretch)] == ["no clear fall", "unstable"]


def test_a_test_that_only_falls_has_no_unstable_zone():
    view = view_of(np.linspace(3, 1, 100))
    assert "and does not become unstable before the end." in view.words
    assert [zone.text for zone in marks(view, chart.Stretch)] == ["too low", "falling"]
    assert marks(view, chart.Stretch)[-1].end == pytest.approx(10)


def test_a_first_loss_above_the_zones_own_start_is_in_the_picture():
    view = view_of(np.concatenate([[5.0, 4.0], np.full(50, 1.0), np.linspace(1, 0.5, 48)]))
    assert view.charts[0].y.low < 0.5 < 5.0 < view.charts[0].y.high


def test_a_narrow_zone_is_shaded_and_goes_without_its_name():
    late = view_of(np.concatenate([np.full(92, 2.0), np.linspace(2, 1, 8)]))
    assert [zone.text for zone in marks(late, chart.Stretch)] == ["too low", ""]


def test_the_table_says_why_a_rule_is_silent():
    silent = range_test_view(**FIRST | {"steps": 20, "step": 20})
    cells = re.findall(r"<t[dh][^>]*>([^<]*)</t", silent.details)
    rows = {row[0]: row[1:] for row in zip(*[iter(cells)] * 6, strict=True)}
    assert list(rows)[1:] == list(range_test.RULES)
    assert rows["fastai slide"][0] == "–"
    assert rows["fastai slide"][3] == "0 of 8"
    assert "16 points are needed, 13 are left" in rows["fastai slide"][4]
    assert "fastai slide 0/8" in silent.charts[1].y.names
    medians = medians_of(*losses_of(FIRST | {"steps": 20}))
    for name, rate in medians.items():
        assert rows[name][0] == f"{rate:.2g}"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"optimizer": "Lion"}, "optimizer must be one of"),
        ({"data": "moons"}, "data must be one of"),
        ({"spread": "none"}, "spread must be one of"),
        ({"step": 0}, "step must be >= 1"),
        ({"lowest_rate": 10.0}, "highest_rate must be"),
        ({"label_noise": 0.7}, "label_noise must be"),
    ],
)
def test_wrong_values_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        range_test_view(**FIRST | wrong)


def test_a_test_too_short_for_zones_is_still_a_test():
    words = range_test_view(**FIRST | {"steps": 19}).words
    assert "There are no zones (steps of the sweep must be >= 20, got 19)." in words


def test_names_stand_at_the_ticks_of_both_pictures_and_a_margin_makes_room():
    x = chart.Axis("x", 0.0, 1.0)
    y = chart.Axis("", -0.5, 1.5, names=("a & b", "long name"))
    np.testing.assert_array_equal(y.ticks(), [0, 1])
    plain, roomy = (chart.Chart("t", x, y, margin=margin) for margin in (0, 50))
    for text in (">a &amp; b<", ">long name<"):
        assert text in chart_svg.chart_svg(roomy)
    starts = [
        float(re.search(r'<svg x="(\d+)"', chart_svg.chart_svg(one))[1]) for one in (plain, roomy)
    ]
    assert starts[1] - starts[0] == 50
    drawn = [static.figure((one,)).axes[0] for one in (plain, roomy)]
    assert [label.get_text() for label in drawn[0].get_yticklabels()] == ["a & b", "long name"]
    assert drawn[1].get_position().x0 > drawn[0].get_position().x0
    assert drawn[1].get_position().x1 == pytest.approx(drawn[0].get_position().x1)
