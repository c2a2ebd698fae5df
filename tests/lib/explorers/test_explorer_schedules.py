"""The schedule explorer without a browser: what it says against a plain loop, and every move."""

import base64
import math
import re
import threading
import time

import numpy as np
import pytest
import torch

from course_lib import explorers, schedules
from course_lib.explorers.optimizers import OPTIMIZERS
from course_lib.explorers.places import PLACES
from course_lib.explorers.schedule_view import MOST_KEPT
from course_lib.libraries.to_code import LIBRARIES
from course_lib.schedules.parameters import PRESETS
from tests.lib.explorers.moving import moved_over_its_range, values_of


@pytest.fixture
def panel():
    return explorers.schedules("warmup + cosine")


def words(panel):
    return panel.words.value


def numbers(text):
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", text)]


@pytest.mark.parametrize("preset", PRESETS)
def test_every_control_of_every_schedule_redraws_over_its_range(preset):
    panel = explorers.schedules(preset)
    first = panel.words.value
    for name, control in panel.controls.items():
        if name != "preset":
            before = control.value
            moved_over_its_range(panel, name)
            control.value = before
    assert panel.words.value == first


@pytest.mark.parametrize(
    "name", ["peak_lr", "noise_std", "updates", "place", "optimizer", "x", "y"]
)
def test_the_picture_changes_with(panel, name):
    pictures = moved_over_its_range(panel, name)
    assert len(set(pictures)) == len(pictures)


def test_a_schedule_brings_its_own_parameters_and_keeps_those_it_shares(panel):
    panel.controls["peak_lr"].value = 1.0
    panel.controls["preset"].value = "1-cycle"
    assert {"peak_lr", "div", "anneal", "three_phase"} < panel.controls.keys()
    assert "warmup_steps" not in panel.controls
    assert panel.plan() == explorers.ChosenPreset(
        "1-cycle",
        (
            *(("peak_lr", 1.0), ("total_steps", 200), ("pct_start", 0.3), ("div", 25.0)),
            *(("final_div", 1e4), ("three_phase", False), ("anneal", "cos")),
        ),
    )
    assert panel.controls["div"].tooltip == "peak over first rate, >= 1."


def test_gamma_goes_with_the_mode_that_takes_it(panel):
    panel.controls["preset"].value = "triangular"
    assert "gamma" not in dict(panel.plan().arguments)
    panel.controls["mode"].value = "exp_range"
    assert dict(panel.plan().arguments)["gamma"] == 0.98


def test_the_words_are_those_of_a_plain_loop(panel):
    panel.controls["noise_std"].value = 0.0
    panel.controls["peak_lr"].value = 0.05
    panel.controls["updates"].value = 120
    x, y = -1.5, 1.5
    losses = [0.5 * (x * x + 15 * y * y)]
    for t in range(120):
        rate = 0.05 * t / 20 + 0.0025 * (1 - t / 20) if t < 20 else None
        rate = rate or 0.05 * (1 + math.cos(math.pi * (t - 20) / 180)) / 2
        x, y = x - rate * x, y - rate * 15 * y
        losses.append(0.5 * (x * x + 15 * y * y))
    said = words(panel)
    assert f"{rate:.3g} at the last of 120." in said
    assert "rate 0.0025 at the first update, the highest 0.05 at update 20" in said
    assert f"loss {losses[0]:.3g} above the minimum at first, {losses[-1]:.3g} at last" in said


def test_momentum_and_adam_are_those_of_torch(panel):
    for name, make in {
        "SGD, momentum 0.9": lambda p: torch.optim.SGD(p, lr=1.0, momentum=0.9),
        "Adam": lambda p: torch.optim.Adam(p, lr=1.0),
    }.items():
        w = torch.tensor([-1.5, 1.5], dtype=torch.float64, requires_grad=True)
        optimizer, plan = make([w]), schedules.linear(0.02, 40)
        for t in range(40):
            optimizer.param_groups[0]["lr"] = plan(t)
            optimizer.zero_grad()
            (0.5 * (w[0] ** 2 + 15 * w[1] ** 2)).backward()
            optimizer.step()
        view = explorers.schedules_view(
            explorers.ChosenPreset("linear", (("peak_lr", 0.02), ("total_steps", 40))),
            updates=40,
            optimizer=name,
            noise_std=0.0,
        )
        x, y = w.tolist()
        last = 0.5 * (x * x + 15 * y * y)
        assert f"{last:.3g} at last" in view.words


def test_a_run_that_diverges_is_said_and_marked(panel):
    panel.controls["noise_std"].value = 0.0
    panel.controls["peak_lr"].value = 10.0
    found = re.search(r"it diverges at update (\d+)", words(panel))
    y, rates = 1.5, schedules.warmup_cosine(10.0, 20, 200)
    for t in range(200):
        y -= rates(t) * 15 * y
        if not math.isfinite(7.5 * y * y):
            break
    assert int(found[1]) == t + 1
    assert "loss no longer finite" in panel.picture.value
    assert "nan" not in panel.picture.value
    assert "inf" not in panel.picture.value


def test_values_that_do_not_go_together_are_a_sentence_and_the_next_move_mends_it(panel):
    good = panel.picture.value
    panel.controls["warmup_steps"].value = 300
    assert 'role="alert"' in words(panel)
    assert "warmup_steps must be &lt; total_steps = 200, got 300" in words(panel)
    assert "opacity" in panel.picture.value
    assert panel.details.value == ""
    panel.controls["floor"].value = 0.2
    panel.controls["warmup_steps"].value = 20
    assert "floor must be finite, &gt;= 0 and &lt;= 0.1, got 0.2" in words(panel)
    panel.controls["floor"].value = 0.0
    assert panel.picture.value == good
    assert 'role="status"' in words(panel)


def test_up_to_three_schedules_are_kept_beside_the_one_that_is_looked_at(panel):
    for peak in (0.01, 0.02, 0.03, 0.04):
        panel.controls["peak_lr"].value = peak
        panel.keep.click()
    panel.keep.click()  # a second time: it is there already
    assert len(panel.kept) == MOST_KEPT
    assert "kept 3: warmup + cosine (peak_lr 0.04," in panel.picture.value
    assert words(panel).count("(kept ") == MOST_KEPT
    panel.forget.click()
    assert "kept" not in panel.picture.value + words(panel)


def test_kept_walks_are_those_they_were_when_looked_at(panel):
    alone = re.search(r"([\d.e-]+) at last", words(panel))[1]
    panel.keep.click()
    panel.controls["preset"].value = "constant"
    assert f"{alone} at last (kept 1)" in words(panel)


def test_play_shows_the_run_so_far(panel):
    full = panel.picture.value
    seen = []
    for value in range(0, 101, 10):
        panel.controls["shown"].value = value
        seen.append(len(panel.picture.value))
    assert panel.picture.value == full
    assert seen[:-1] == sorted(seen[:-1])
    panel.controls["shown"].value = 25
    assert "The charts show the first 50 of 200 updates." in words(panel)


def test_the_linter_and_the_code_stand_beside_it(panel):
    assert "No findings" in panel.details.value
    panel.controls["updates"].value = 100
    assert "horizon-mismatch" in panel.details.value
    for library in LIBRARIES:
        panel.controls["library"].value = library
        assert f"The same in {library}" in panel.details.value
    panel.controls["library"].value = "optax"
    assert "optax.cosine_decay_schedule(0.1, decay_steps=180)" in panel.details.value


def test_a_library_that_cannot_express_a_schedule_says_so(panel):
    panel.controls["preset"].value = "1-cycle"
    panel.controls["library"].value = "transformers"
    assert "<pre" in panel.details.value
    assert "# " in panel.details.value


def test_phases_are_shaded_and_past_the_end_is_named(panel):
    panel.controls["updates"].value = 300
    for name in ("rise", "fall", "past the end"):
        assert f">{name}</text>" in panel.picture.value
    panel.controls["preset"].value = "cosine restarts"
    assert ">cycles</text>" in panel.picture.value


def test_without_a_kernel_the_first_setting_is_a_figure(panel):
    panel.controls["peak_lr"].value = 1.0
    bundle = panel._repr_mimebundle_()
    picture = re.search(
        r'<img src="data:image/png;base64,([^"]+)" alt="([^"]+)"', bundle["text/html"]
    )
    assert base64.b64decode(picture[1]).startswith(b"\x89PNG")
    assert picture[2].startswith("warmup + cosine (peak_lr 0.1,")
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_an_error_that_is_not_about_values_is_not_hidden(panel, monkeypatch):
    def broken(**settings):
        raise TypeError("a mistake of ours")

    panel.view = broken
    with pytest.raises(TypeError, match="a mistake of ours"):
        panel.controls["updates"].value = 50


def test_an_unknown_schedule_is_refused():
    with pytest.raises(ValueError, match=r"preset must be one of \['constant'.*got 'cosinus'"):
        explorers.schedules("cosinus")


def test_places_are_seen_from_above_to_their_edges():
    for place in PLACES:
        for optimizer in OPTIMIZERS:
            view = explorers.schedules_view(
                explorers.ChosenPreset("constant", (("peak_lr", 0.1),)),
                place=place,
                optimizer=optimizer,
            )
            assert numbers(view.words)
            contours = view.charts[1].marks[0]
            assert np.nanmax(np.abs(contours.x)) <= 2.5 + 1e-9


def test_controls_can_be_walked_through_by_value(panel):
    assert values_of(panel.controls["library"]) == list(LIBRARIES)


def test_moves_in_two_threads_wait_for_each_other(panel, monkeypatch):
    inside, most, view = [], [], panel.view

    def watched(**settings):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.01)
        found = view(**settings)
        inside.pop()
        return found

    panel.view = watched

    def move(name, values):
        for value in values:
            panel.controls[name].value = value

    threads = [
        threading.Thread(target=move, args=("updates", range(100, 110))),
        threading.Thread(target=move, args=("x", np.linspace(-2, 2, 10))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) >= 20
    assert max(most) == 1
