"""The training explorer: real runs in the kernel's own loop, watched, stopped and started over."""

import asyncio
import importlib
import re
import threading
from html import unescape

import numpy as np
import pytest

from course_lib import explorers, problems, training
from course_lib.explorers.training_plan import TrainingPlan
from course_lib.intervals import bootstrap_interval
from course_lib.schedules.catalogue import FAMILIES
from tests.lib.explorers.moving import values_of
from tests.lib.explorers.training_panel import go, panel_with, reach, scores_by_hand, text, trained

PANEL = importlib.import_module("course_lib.explorers.training")  # explorers.training is the call


def test_before_go_the_words_say_the_rates_and_nothing_runs():
    panel = explorers.training()
    words = text(panel.words)
    assert "1 constant, 0.794 throughout" in words
    assert "3 cosine, 0.794 at first, 2.18e-05 at the last update" in words
    assert "4 WSD, 0.0265 at first, up to 0.794 at update 30, 0.0132 at the last update" in words
    assert "Press Go to train 8 seeds of 4 schedules, 300 updates each" in words
    assert panel.task is None
    assert panel.outcome is None
    assert panel.stop.disabled
    assert panel.bar.value == 0


@pytest.mark.parametrize("name", list(explorers.training().controls))
def test_every_move_is_shown(name):
    panel = panel_with(shown=1)  # the schedule that is always there
    if name == "shown":  # what it moves is there once something is trained
        go(panel)
    seen = []
    for value in values_of(panel.controls[name]):
        panel.controls[name].value = value
        assert 'role="status"' in panel.words.value
        seen.append(panel.words.value + panel.picture.value)
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("name", ["schedule_2", "peak_1", "data", "optimizer", "seeds", "updates"])
def test_every_setting_can_be_trained(name):
    values = values_of(explorers.training().controls[name])
    if name == "schedule_2":
        values = values[::4]
    seen = set()
    for value in values[-1:] if name in ("seeds", "updates") else values:
        panel = panel_with(**{name: value})
        seen.add(go(panel))
        assert panel.outcome.state == "done"
        assert panel.bar.value == panel.bar.max == panel.outcome.plan.updates
    assert len(seen) == (1 if name in ("seeds", "updates") else len(values))


def test_what_is_chosen_at_go_is_trained_whatever_is_moved_meanwhile():
    async def moving(panel):
        panel.go.click()
        await reach(panel, 20)
        for name in ("seeds", "updates", "peak_1", "data", "optimizer", "schedule_4", "shown"):
            for value in values_of(panel.controls[name]):
                panel.controls[name].value = value
                assert "Training 2 seeds of 4 schedules, 200 updates each" in text(panel.words)
            await asyncio.sleep(0)
        await panel.task

    panel, undisturbed = panel_with(updates=200), panel_with(updates=200)
    asyncio.run(moving(panel))
    go(undisturbed)
    np.testing.assert_array_equal(panel.outcome.runs.losses, undisturbed.outcome.runs.losses)
    assert panel.details.value == undisturbed.details.value
    assert "Press Go" in text(panel.words)  # what is chosen now has not been trained
    for name, control in undisturbed.controls.items():
        panel.controls[name].value = control.value
    for slot in (1, 2, 3, 4):  # moved along by the optimizer
        panel.controls[f"peak_{slot}"].value = undisturbed.controls[f"peak_{slot}"].value
    assert panel.words.value == undisturbed.words.value
    assert panel.picture.value == undisturbed.picture.value


def test_the_curves_grow_and_the_words_stay_while_it_trains():
    async def watch(panel):
        seen = []
        panel.picture.observe(
            lambda change: seen.append((panel.outcome.updates, change["new"])), names="value"
        )
        words = set()
        panel.words.observe(lambda change: words.add(change["new"]), names="value")
        await trained(panel)
        return seen, words

    panel = panel_with(updates=120)
    seen, words = asyncio.run(watch(panel))
    assert [updates for updates, _ in seen] == list(range(10, 121, 10))
    assert len({picture for _, picture in seen}) == 12
    assert len(words) == 2  # one while it runs, one at the end
    assert panel.progress.value == "2 seeds × 4 schedules, update 120 of 120"


def test_stop_ends_it_at_once_and_shows_the_scores_so_far():
    async def stopping(panel):
        panel.go.click()
        assert not panel.stop.disabled
        await reach(panel, 100)
        panel.stop.click()
        stopped_at, picture = panel.outcome.updates, panel.picture.value
        assert panel.stop.disabled
        await panel.task
        assert panel.outcome.updates == stopped_at
        assert panel.picture.value == picture

    panel = panel_with(updates=600)
    asyncio.run(stopping(panel))
    at = panel.outcome.updates
    assert 100 <= at < 600
    rates = FAMILIES["WSD"](10**-0.1, 600)(np.arange(600))
    runs = scores_by_hand(rates[:at], 2, problems.noisy_spirals(), training.Sgd())
    words = text(panel.words)
    assert f"Stopped after {at} of 600 updates" in words
    assert f"4 WSD (peak 0.794) {bootstrap_interval(runs.held_out_loss[:, -1]):.2f}" in words
    assert f"{at} updates of 600, stopped" in text(panel.details)
    assert go(panel).startswith("Held-out loss after 600 updates")


def test_stop_before_the_first_score_leaves_the_plan():
    async def stopping(panel):
        panel.go.click()
        panel.stop.click()
        await panel.task

    panel = panel_with()
    asyncio.run(stopping(panel))
    assert panel.outcome is None
    assert "Press Go" in text(panel.words)


def test_a_second_go_starts_over_and_the_first_writes_no_more():
    async def twice(panel):
        panel.go.click()
        first = panel.task
        await reach(panel, 100)
        panel.controls["updates"].value = 80
        panel.go.click()
        assert panel.bar.value == 0
        await asyncio.gather(first, panel.task)

    panel, alone = panel_with(updates=600), panel_with(updates=80)
    asyncio.run(twice(panel))
    assert panel.outcome.state == "done"
    assert text(panel.words) == go(alone)
    assert panel.picture.value == alone.picture.value
    assert panel.bar.value == panel.bar.max == 80
    assert text(panel.details).count("stopped") == 1


def test_all_may_diverge_and_a_boundary_that_is_gone_is_not_drawn(recwarn):
    panel = panel_with(data="spirals, all labels right", schedule_2="", schedule_3="")
    panel.controls["schedule_4"].value = ""
    panel.controls["peak_1"].value, panel.controls["shown"].value = 1e3, 1
    panel.controls["seeds"].value = 8
    words = go(panel)
    runs = scores_by_hand(
        np.full(60, 1e3), 8, problems.noisy_spirals(label_noise=0.0), training.Sgd()
    )
    assert runs.diverged.any()
    assert "Lowest" not in words
    gone = runs.diverged[0]
    assert ("seed 0: diverged" in panel.picture.value) == gone
    assert ("<image" in panel.picture.value) == (not gone)
    assert not recwarn.list


def test_an_error_in_the_training_is_shown_and_not_swallowed(monkeypatch):
    def broken(*_args, **_options):
        yield from list(real(*_args, **_options))[:2]
        raise TypeError("something <broke>")

    real = importlib.import_module("course_lib.explorers.training_plan").stages
    monkeypatch.setattr("course_lib.explorers.training_plan.stages", broken)
    heard = []

    async def failing(panel):
        asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))
        await trained(panel)

    panel = panel_with()
    with pytest.raises(TypeError, match="something"):
        asyncio.run(failing(panel))
    assert [str(context["exception"]) for context in heard] == ["something <broke>"]
    assert 'role="alert"' in panel.words.value
    assert "something &lt;broke&gt;" in panel.words.value
    assert panel.bar.bar_style == "danger"
    assert panel.stop.disabled
    monkeypatch.undo()
    assert go(panel).startswith("Held-out loss after 60 updates")
    assert panel.bar.bar_style == "success"


def test_an_error_in_the_drawing_is_not_swallowed(monkeypatch):
    panel = panel_with()

    def broken(*_args, **_options):
        raise TypeError("cannot draw")

    monkeypatch.setattr(PANEL, "training_view", broken)
    with pytest.raises(TypeError, match="cannot draw"):
        panel.controls["seeds"].value = 5
    with pytest.raises(TypeError, match="cannot draw"):
        panel._go()  # a click would hand it to IPython, which shows the traceback


def test_an_error_in_the_drawing_of_a_stage_is_not_swallowed(monkeypatch):
    def broken(outcome=None, **settings):
        if outcome is not None:
            raise TypeError("cannot draw")
        return real(outcome=outcome, **settings)

    real = PANEL.training_view
    monkeypatch.setattr(PANEL, "training_view", broken)
    panel = panel_with()
    with pytest.raises(TypeError, match="cannot draw"):
        go(panel)
    assert "Training failed: TypeError: cannot draw" in text(panel.words)


def test_what_does_not_go_together_is_a_sentence_and_go_starts_nothing():
    panel = panel_with(schedule_3="")
    said = "the boundary of schedule 3 is asked for, but there is no such schedule"
    assert said in text(panel.words)
    panel.go.click()
    assert panel.task is None
    assert 'role="alert"' in panel.words.value
    panel.controls["shown"].value = 4
    assert 'role="status"' in panel.words.value
    assert "opacity" not in panel.picture.value
    assert go(panel).count("peak") == 3


def test_the_peaks_follow_the_optimizer_and_come_back():
    panel = explorers.training()
    panel.controls["peak_2"].value *= 10
    before = [panel.controls[f"peak_{slot}"].value for slot in (1, 2, 3, 4)]
    for optimizer, first in (("Adam", 0.02), ("SGD, momentum 0.9", 0.1)):
        panel.controls["optimizer"].value = optimizer
        now = [panel.controls[f"peak_{slot}"].value for slot in (1, 2, 3, 4)]
        assert now[0] == pytest.approx(first, rel=0.01)
        assert now[1] == pytest.approx(10 * now[0])
    panel.controls["optimizer"].value = "SGD"
    assert [panel.controls[f"peak_{s}"].value for s in (1, 2, 3, 4)] == pytest.approx(before)


def test_without_a_loop_it_trains_before_go_returns():
    panel = panel_with()
    panel.go.click()
    assert text(panel.words).startswith("Held-out loss after 60 updates")


def test_without_a_kernel_a_finished_comparison_is_shown(capsys):
    panel = explorers.training()
    bundle = panel._repr_mimebundle_()
    assert panel.task is None
    assert panel.outcome is None
    alt = unescape(re.search('alt="([^"]*)"', bundle["text/html"])[1])
    assert alt == bundle["text/plain"]
    for slot, name in enumerate(("constant", "exponential", "cosine", "WSD"), 1):
        rates = FAMILIES[name](10**-0.1, 300)(np.arange(300))
        runs = scores_by_hand(rates, 4, problems.noisy_spirals(), training.Sgd())
        scores = bootstrap_interval(runs.held_out_loss[:, -1])
        assert f"{slot} {name} (peak 0.794) {scores:.2f}" in alt
    assert "Press Go" in text(panel.words)
    assert capsys.readouterr() == ("", "")


def test_only_the_last_results_are_kept_in_the_table():
    panel = panel_with()
    for seeds in (2, 3, 4, 5, 6, 7, 8):
        panel.controls["seeds"].value = seeds
        go(panel)
    table = text(panel.details)
    assert [f"{n} seeds, 60 updates" in table for n in range(2, 9)] == [False] + [True] * 6
    assert table.index("8 seeds") < table.index("7 seeds")


def test_stop_in_another_thread_while_a_stage_is_computed_is_kept(monkeypatch):
    panel, stages = panel_with(updates=60), TrainingPlan.stages

    def pressed_meanwhile(plan):
        for outcome in stages(plan):
            thread = threading.Thread(target=panel.stop.click)
            thread.start()
            thread.join()
            yield outcome

    monkeypatch.setattr(TrainingPlan, "stages", pressed_meanwhile)
    go(panel)
    assert panel.outcome is None
    assert panel.bar.value == 0
    assert panel.progress.value.endswith("update 0 of 60, stopped")
    assert "Press Go" in text(panel.words)


def test_stop_in_another_thread_while_a_stage_is_drawn_comes_after_it(monkeypatch):
    panel, view, pressed = panel_with(updates=60), PANEL.training_view, []

    def pressed_meanwhile(**settings):
        if settings["outcome"] is not None and not pressed:
            pressed.append(threading.Thread(target=panel.stop.click))
            pressed[0].start()
            pressed[0].join(0.3)  # it must wait, and draw what was stopped last
        return view(**settings)

    monkeypatch.setattr(PANEL, "training_view", pressed_meanwhile)
    go(panel)
    pressed[0].join()
    assert panel.outcome.state == "stopped"
    assert text(panel.words).startswith("Stopped after")
    assert panel.progress.value.endswith("stopped")
