"""The noisy-quadratic explorer without a browser: every move, and its numbers computed anew."""

import importlib
import re

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar

from course_lib import explorers, theory
from course_lib.explorers import quadratic_families as families
from course_lib.explorers.chart_svg import charts_html
from tests.lib.explorers.moving import moved_over_its_range

FIRST = {
    "dimensions": 50,
    "exponent": 1.0,
    "noise_exponent": 1.0,
    "noise_std": 4.0,
    "batch_size": 16,
    "horizon": 300,
    "floor": 0.0,
    "first_cycle": 1 / 3,
    "decay": 0.2,
    "warmup": 0.0,
}
SHORT = {**FIRST, "dimensions": 7, "exponent": 1.3, "noise_exponent": 0.4, "horizon": 24}


@pytest.fixture
def panel():
    return explorers.noisy_quadratic()


def view(settings=FIRST, **changed):
    return explorers.noisy_quadratic_view(**{**settings, **changed})


def excess(words):
    """The share above the least loss, by the name of the schedule."""
    pairs = re.findall(r" ([^,]+?) ([\d.]+) %", words.rpartition("by:")[2])
    return {name: float(number) / 100 for name, number in pairs}


def least(words):
    return float(re.search(r"from \S+ to (\S+) in", words)[1])


def rows(details):
    cells = re.findall(r"<t[hd] [^>]*>([^<]*)</t[hd]>", details)
    return {line[0]: line[1:] for line in np.reshape(cells, (-1, 4)).tolist()[1:]}


def last_loss(settings, rates):
    """E[L(w_T)] by the recursion, one coordinate and one update after another."""
    total = 0.0
    for i in range(1, settings["dimensions"] + 1):
        h = i ** -settings["exponent"]
        variance = settings["noise_std"] ** 2 * h ** settings["noise_exponent"]
        m = 1.0
        for rate in rates:
            m = (1 - rate * h) ** 2 * m + rate**2 * variance / settings["batch_size"]
        total += 0.5 * h * m
    return total


def test_it_starts_at_the_problem_of_the_lesson(panel):
    assert panel.settings() == pytest.approx(FIRST)
    assert "noise σ/√B = 1.00" in panel.words.value


@pytest.mark.parametrize("name", FIRST)
def test_every_control_changes_the_picture_over_its_range(panel, name, capfd):
    pictures = moved_over_its_range(panel, name)
    assert len(set(pictures)) == len(pictures)
    assert 'role="alert"' not in panel.words.value
    assert capfd.readouterr() == ("", "")


def test_the_least_loss_is_what_a_general_search_finds():
    words = view(SHORT).words
    found = minimize(
        lambda logs: np.log(last_loss(SHORT, np.exp(logs))),
        np.log(np.linspace(0.5, 0.05, SHORT["horizon"])),
        method="L-BFGS-B",
    )
    assert least(words) == pytest.approx(np.exp(found.fun), rel=2e-3)
    ends = re.search(r"begin at (\S+) and end at (\S+);", words)
    assert [float(end) for end in ends.groups()] == pytest.approx(
        np.exp(found.x[[0, -1]]), rel=0.03
    )


T = SHORT["horizon"]
BY_HAND = {
    "constant": lambda u: np.ones_like(u),
    "exponential": lambda u: 0.01**u,
    "linear": lambda u: 1 - u,
    "cosine": lambda u: 0.1 + 0.9 * (1 + np.cos(np.pi * u)) / 2,
    "cosine restarts": lambda u: (
        0.1 + 0.9 * (1 + np.cos(np.pi * np.where(u < 1 / 3, 3 * u, 1.5 * u - 0.5))) / 2
    ),
    "WSD": lambda u: np.where(u < 0.75, 1.0, 1 - np.sqrt(np.maximum(4 * u - 3, 0.0))),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_schedule_leaves_what_the_recursion_says(name):
    shown = view(SHORT, floor=0.1, decay=0.25)
    shape = BY_HAND[name](np.arange(T) / T)
    best = minimize_scalar(
        lambda log_peak: last_loss(SHORT, np.exp(log_peak) * shape),
        bounds=np.log([0.01, 3.0]),
        method="bounded",
        options={"xatol": 1e-7},
    )
    peak, end, regret = (float(text) for text in rows(shown.details)[name])
    assert peak == pytest.approx(np.exp(best.x), rel=2e-3)
    assert end == pytest.approx(best.fun, rel=1e-3)
    assert excess(shown.words)[name] == pytest.approx(best.fun / least(shown.words) - 1, abs=0.01)
    assert regret == pytest.approx(excess(shown.words)[name] * least(shown.words), rel=0.02)


def test_the_order_is_told_and_drawn():
    shown = view()
    shares = excess(shown.words)
    assert list(shares.values()) == sorted(shares.values())
    assert list(rows(shown.details)) == [*shares, "best rates"]
    (chart,) = [chart for chart in shown.charts if "regret" in chart.title]
    assert chart.y.names == tuple(shares)
    assert [float(dot.y[0]) for dot in chart.marks] == [*range(7)]
    drawn = [float(dot.x[0]) / 100 for dot in chart.marks]
    assert drawn == pytest.approx([*shares.values()], rel=0.01)


def test_the_best_rates_are_drawn_from_the_first_to_the_last():
    shown = view(horizon=500)
    rates = theory.optimal_rates(families.optimum(50, 1.0, 1.0, 4.0, 16, 500).problem, 500)
    (line,) = [mark for mark in shown.charts[2].marks if getattr(mark, "label", "") == "best rates"]
    assert line.y == pytest.approx(rates[line.x])
    assert (line.x[:20] == np.arange(20)).all()
    assert line.x[-1] == 499
    assert np.diff(line.x).max() <= 4


def test_a_lower_floor_is_not_a_better_one_and_a_cut_cycle_costs():
    """What the lesson asks can be answered with the panel, and these are the answers."""
    floors = [0.0, 0.06, 0.2]
    long, short = (
        [excess(view(horizon=steps, floor=floor).words)["cosine"] for floor in floors]
        for steps in (300, 20)
    )
    assert np.argmin(long) == 1
    assert np.argmin(short) == 2
    flat, steep = (excess(view(exponent=exponent).words) for exponent in (1.4, 1.8))
    assert flat["linear"] < flat["cosine"]
    assert steep["cosine"] < steep["linear"]
    restarts = "cosine restarts"
    whole, cut = (excess(view(first_cycle=first).words)[restarts] for first in (1 / 3, 2 / 3))
    assert cut > 3 * whole
    for noise in (4.0, 8.0, 16.0, 40.0):
        for batch in (1, 16, 64):
            best = next(iter(excess(view(noise_std=noise, batch_size=batch).words)))
            assert best != restarts


def test_rates_above_the_limit_and_the_hill_they_climb_are_shown():
    assert "above" not in view().words
    shown = view(exponent=2.0, batch_size=64, horizon=20)
    rates = families.optimum(50, 2.0, 1.0, 4.0, 64, 20)
    above = (rates.rates > 2.0).sum()
    assert above > 0
    assert f"{above} of them lie above the stability limit" in shown.words
    assert "limit 2/λ_max" in charts_html(shown.charts)
    hill = shown.charts[3]
    assert rates.losses.max() > 50 * rates.losses[0]
    assert hill.y.high > rates.losses.max()


def test_whole_cycles_are_not_cut_by_a_rounding():
    for updates in range(20, 501):
        for cycles in (2, 3, 4):
            first = families.cycle_length(updates, 1 / (2**cycles - 1))
            assert updates <= first * (2**cycles - 1) < updates + 2**cycles - 1


def test_what_does_not_go_together_is_a_sentence_until_the_next_move(panel):
    before = panel.picture.value
    panel.controls["decay"].value = 0.6
    panel.controls["warmup"].max = 0.9
    panel.controls["warmup"].value = 0.5
    assert "do not go together: warmup_steps + decay_steps" in panel.words.value
    assert "opacity" in panel.picture.value
    panel.controls["warmup"].value, panel.controls["decay"].value = 0.0, 0.2
    assert panel.picture.value == before


def test_best_rates_that_cannot_be_found_are_a_sentence(panel):
    panel.controls["horizon"].value = 30
    shown = panel.words.value
    panel.controls["noise_std"].min = -4
    panel.controls["noise_std"].value = 1e-3
    assert "no best rates found" in panel.words.value
    panel.controls["noise_std"].value = 4.0
    assert panel.words.value == shown


def test_rates_that_are_not_the_best_are_not_shown_as_such(panel, monkeypatch):
    monkeypatch.setattr(theory, "optimal_rates", lambda problem, steps: np.full(steps, 0.01))
    panel.controls["horizon"].value = 95
    assert "search for the best rates has missed them" in panel.words.value
    families.optimum.cache_clear()


def test_a_mistake_in_the_code_is_not_swallowed(panel, monkeypatch):
    def broken(*_):
        raise TypeError("broken")

    module = importlib.import_module("course_lib.explorers.noisy_quadratic")
    monkeypatch.setattr(module, "tuned", broken)
    with pytest.raises(TypeError, match="broken"):
        panel.controls["floor"].value = 0.1


def test_without_a_kernel_there_is_a_figure_with_its_words(panel):
    html = panel._repr_mimebundle_()["text/html"]
    assert html.count("<img src=") == 1
    assert view().words.split(";")[0] in html


def test_controls_are_named_shortly_and_explained(panel):
    for control in panel.controls.values():
        assert 0 < len(control.description) <= 17
        assert control.tooltip
