"""Lesson 7's explorer: the rate rises while a network trains, and eight rules read the losses."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from course_lib.explorers.frame import Explorer, View, choice, log_slider, play_button, slider
from course_lib.explorers.optimizers import OPTIMIZERS
from course_lib.explorers.range_charts import SPREADS, loss_chart, rules_chart, rules_table
from course_lib.explorers.range_sweep import (
    DATA,
    Setting,
    read_until,
    trained,
    zones_or_reason,
)
from course_lib.explorers.range_words import words_of

_STEPS, _FRAMES = 100, 100  # frames: five seconds for a whole test of any length


def range_test() -> RangeTestExplorer:
    """Return the panel: model, data and test as controls; the losses so far, zones and rules."""
    return RangeTestExplorer()


class RangeTestExplorer(Explorer):
    """The panel of `range_test`.

    Attributes:
        play: moves the slider of the updates.
    """

    def __init__(self) -> None:
        """Draw the whole test of the first setting."""
        self.play = play_button(_FRAMES, help="play the whole test in five seconds")
        self.play.value, self._is_playing = _FRAMES, False
        super().__init__(range_test_view, _controls(), others=(self.play,))
        self.play.observe(self.locked(self._frame), "value")
        self.controls["step"].observe(self.locked(self._follow_play), ("value", "max"))

    def _moved(self, change: dict[str, Any]) -> None:
        if change["owner"] is self.controls["steps"]:
            self._follow_length(change["new"])
        elif change["owner"] is self.controls["data"]:
            for name in ("angle_noise", "label_noise"):
                self.controls[name].disabled = change["new"] != "spirals"
        self.draw()

    def _follow_length(self, steps: int) -> None:
        """Give the slider of the updates its new end; if it was at its end, it stays there."""
        step = self.controls["step"]
        at_end = step.value == step.max
        step.max = steps
        if at_end:
            step.value = step.max

    def _frame(self, change: dict[str, Any]) -> None:
        step = self.controls["step"]
        self._is_playing = True
        try:
            step.value = max(1, round(change["new"] / _FRAMES * step.max))
        finally:
            self._is_playing = False

    def _follow_play(self, _change: object) -> None:
        """Let play go on from where the slider stands."""
        # A frame must not come back rounded: a short test has more frames than updates.
        if not self._is_playing:
            step = self.controls["step"]
            self.play.value = round(step.value / step.max * _FRAMES)


def range_test_view(*, spread: str, step: int, **test: Any) -> View:
    """Return the charts of a range test after some of its updates, with words on what they show.

    Args:
        spread: spread of the seeds, one of `range_charts.SPREADS`.
        step: updates shown, >= 1; beyond the last all are.
        test: the fields of `Setting`.

    Raises:
        ValueError, TypeError: a value is out of its range or of the wrong type.
    """
    setting = Setting(**test)
    sweep, (zones, reason) = trained(setting), zones_or_reason(setting)
    if step < 1:
        raise ValueError(f"step must be >= 1, got {step}")
    step = min(step, setting.steps)
    table, silent = read_until(setting, step)
    charts = (
        loss_chart(sweep, zones, step, spread),
        rules_chart(sweep, zones, step, table),
    )
    words = words_of(sweep, zones, reason, step, table)
    return View(charts, words, rules_table(table, silent))


def _controls() -> dict[str, widgets.ValueWidget]:
    return {
        "data": choice("data", DATA, help="what the network learns"),
        "optimizer": choice("optimizer", list(OPTIMIZERS), help="what makes the updates"),
        "angle_noise": slider(
            "angle noise, rad", 0.25, 0.0, 1.0, 0.05, help="how far the spirals' arms blur"
        ),
        "label_noise": slider(
            "label noise", 0.0, 0.0, 0.6, 0.05, help="share of the spirals' labels that are wrong"
        ),
        "depth": slider("hidden layers", 2, 1, 4, help="layers of the network, all as wide"),
        "width": slider("units per layer", 64, 4, 128, 4, help="width of each hidden layer"),
        "batch_size": slider("batch size", 32, 8, 64, 8, help="examples for each update"),
        "seeds": slider("seeds", 8, 1, 16, help="runs, each with its own weights and batches"),
        "lowest_rate": log_slider(
            "lowest rate η", 1e-5, 1e-7, 1.0, per_decade=4, help="rate of the first update"
        ),
        "steps": slider("updates", _STEPS, 20, 200, 10, help="of the whole test, up to rate 10"),
        "spread": choice("seeds shown as", SPREADS, help="how the losses of the seeds are drawn"),
        "step": slider("update shown", _STEPS, 1, _STEPS, help="the test so far; nothing is rerun"),
    }
