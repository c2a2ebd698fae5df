"""The range-test explorer: every control, its sentences against tests made here, and its end."""

import re
from html import unescape

import numpy as np
import pytest

from course_lib import explorers, problems, range_test, training
from course_lib.explorers import chart, range_charts, range_sweep, range_words, static, svg
from course_lib.explorers.range_test import range_test_view
from tests.made_sweeps import made_sweep
from tests.moving import moved_over_its_range, values_of

FIRST = {
    "data": "spirals",
    "optimizer": "SGD",
    "angle_noise": 0.25,
    "label_noise": 0.0,
    "depth": 2,
    "width": 64,
    "batch_size": 32,
    "seeds": 8,
    "lowest_rate": 1e-5,
    "steps": 100,
    "spread": "quartiles",
    "step": 100,
}
QUICK = FIRST | {"width": 8, "depth": 1, "seeds": 3, "label_noise": 0.3, "steps": 60, "step": 60}
RUNAWAY = FIRST | {"lowest_rate": 1e-3, "depth": 4, "width": 128, "seeds": 5}
NO_ZONES = FIRST | {"lowest_rate": 1.0, "depth": 4, "width": 128, "batch_size": 8}
MADE_BY = {
    "SGD": training.Sgd(),
    "momentum 0.9": training.Sgd(momentum=0.9),
    "Adam": training.Adam(),
}


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


def losses_of(setting):
    """Rates and losses of the same test, made with the training loop alone."""
    rates = np.geomspace(setting["lowest_rate"], 10, setting["steps"])
    data = problems.digits()
    if setting["data"] == "spirals":
        data = problems.noisy_spirals(
            noise=setting["angle_noise"], label_noise=setting["label_noise"]
        )
    model = training.Mlp((setting["width"],) * setting["depth"], dtype="float32")
    work = training.Workload(data, model, MADE_BY[setting["optimizer"]], setting["batch_size"])
    seeds = np.arange(setting["seeds"])
    runs = training.train(work, np.tile(rates, (len(seeds), 1)), seeds, progress=False, jobs=1)
    return rates, runs.losses


def smoothed(losses):
    """The median over seeds, then over seven steps, the ends repeated; NaN counts as infinite."""
    median = np.median(np.nan_to_num(losses, nan=np.inf), axis=0)
    padded = np.concatenate([median[:1].repeat(3), median, median[-1:].repeat(3)])
    return np.array([np.median(padded[i : i + 7]) for i in range(len(median))])


def edges(rates, curve):
    """First rates of the falling and of the unstable zone, by a search from the lowest loss."""
    tenth = curve[: len(curve) // 10]
    start, lowest = np.median(tenth), int(np.argmin(curve))
    margin = max(0.1 * (start - curve[lowest]), np.ptp(tenth))
    first = lowest
    while first > 0 and curve[first - 1] <= start - margin:
        first -= 1
    last = lowest
    while curve[last] <= curve[lowest] + margin:
        last += 1
    return rates[first], rates[last]


def medians_of(rates, losses):
    """Each rule's median over the runs that it reads a rate from."""
    found = {}
    for name, rule in range_test.RULES.items():
        each = np.array([rule.suggest(rates, run).rate for run in losses])
        if np.isfinite(each).any():
            found[name] = np.nanmedian(each)
    return found


def said(words, pattern):
    """The groups of a pattern that must stand in the words, numbers without commas."""
    match = re.search(pattern, words)
    assert match, f"{pattern!r} is not said in {words!r}"
    return [text.replace(",", "") for text in match.groups()]


def view_of(losses):
    """What the explorer would show of a single run with these losses."""
    sweep = made_sweep(losses)
    zones, table = range_test.zones(sweep), range_test.summary(sweep)
    step = len(sweep.rates)
    shown = (
        range_charts.loss_chart(sweep, zones, step, "quartiles"),
        range_charts.rules_chart(sweep, zones, step, table),
    )
    return explorers.View(shown, range_words.words_of(sweep, zones, "", step, table))


def marks(view, kind, number=0):
    return [mark for mark in view.charts[number].marks if isinstance(mark, kind)]


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


@pytest.mark.parametrize(
    "setting",
    [
        FIRST,
        FIRST | {"optimizer": "momentum 0.9", "seeds": 4},
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


def test_names_stand_at_the_ticks_of_both_pictures_and_a_margin_makes_room():
    x = chart.Axis("x", 0.0, 1.0)
    y = chart.Axis("", -0.5, 1.5, names=("a & b", "long name"))
    np.testing.assert_array_equal(y.ticks(), [0, 1])
    plain, roomy = (chart.Chart("t", x, y, margin=margin) for margin in (0, 50))
    for text in (">a &amp; b<", ">long name<"):
        assert text in svg.chart_svg(roomy)
    starts = [float(re.search(r'<svg x="(\d+)"', svg.chart_svg(one))[1]) for one in (plain, roomy)]
    assert starts[1] - starts[0] == 50
    drawn = [static.figure((one,)).axes[0] for one in (plain, roomy)]
    assert [label.get_text() for label in drawn[0].get_yticklabels()] == ["a & b", "long name"]
    assert drawn[1].get_position().x0 > drawn[0].get_position().x0
    assert drawn[1].get_position().x1 == pytest.approx(drawn[0].get_position().x1)
