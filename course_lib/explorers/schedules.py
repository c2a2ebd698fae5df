"""The schedule explorer: any preset, its parameters as sliders, and what it does to a descent."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from course_lib.explorers import places
from course_lib.explorers.frame import (
    Explorer,
    View,
    choice,
    heading,
    log_slider,
    play_button,
    range_slider,
    slider,
    switch,
)
from course_lib.explorers.optimizers import OPTIMIZERS
from course_lib.explorers.schedule_view import MOST_KEPT, ChosenPreset, schedules_view
from course_lib.libraries.to_code import LIBRARIES
from course_lib.schedules.parameters import PRESETS, PresetParameter, parameters

_MOST_UPDATES = 500


def schedules(preset: str = "warmup + cosine") -> ScheduleExplorer:
    """Return the panel: a schedule and its parameters, a descent with it, findings and code.

    Args:
        preset: the schedule it opens with, a name of `course_lib.schedules.parameters.PRESETS`.

    Raises:
        ValueError: there is no such preset.
    """
    parameters(preset)  # raises an error that lists the names
    return ScheduleExplorer(preset)


class ScheduleExplorer(Explorer):
    """The panel of `schedules`; its parameters' sliders change with the schedule.

    Attributes:
        kept: the schedules that were kept for comparison, at most three.
    """

    def __init__(self, preset: str) -> None:
        """Draw the preset with its usual parameters."""
        self.kept: tuple[ChosenPreset, ...] = ()
        # All are made at once and hidden where a schedule does not have them: a page keeps what it
        # has drawn of a widget that is taken out (measured: 15 MB a minute of changing schedules).
        every = {one.name: one for name in PRESETS for one in parameters(name)}
        self._all = {name: _control(one) for name, one in every.items()}
        self._own = self._parameters_of(preset)
        self._schedule = {"preset": choice("schedule", list(PRESETS), preset)}
        self._run = {
            "updates": slider(
                "run length", 200, 2, _MOST_UPDATES, help="number of updates that the loop makes"
            ),
            "place": choice("landscape", list(places.PLACES)),
            "optimizer": choice("optimizer", list(OPTIMIZERS)),
            "noise_std": slider(
                "noise σ", 1.0, 0.0, 3.0, 0.05, help="added to each coordinate of the gradient"
            ),
            "x": slider("start x", -1.5, -places.REACH, places.REACH, 0.1),
            "y": slider("start y", 1.5, -places.REACH, places.REACH, 0.1),
        }
        self._show = {
            "shown": slider("shown, %", 100, 0, 100, help="how much of the run is drawn"),
            "library": choice("code for", LIBRARIES),
        }
        self.play = play_button(100, help="play the run from its first update")
        self.play.value = 100
        widgets.jslink((self.play, "value"), (self._show["shown"], "value"))
        self.keep = widgets.Button(
            description="keep", tooltip="keep this schedule, to compare others with it"
        )
        self.forget = widgets.Button(
            description="forget kept", tooltip="remove the schedules that were kept"
        )
        super().__init__(_view, self._controls())
        for control in self._all.values():
            control.observe(self._hear, names="value")
        self.keep.on_click(self.locked(self._keep))
        self.forget.on_click(self.locked(self._forget))

    def settings(self) -> dict[str, Any]:
        """Return the arguments of `schedules_view`."""
        value = {name: control.value for name, control in self.controls.items()}
        rest = {
            k: value[k] for k in ("updates", "place", "optimizer", "noise_std", "shown", "library")
        }
        return {"plan": self.plan(), "kept": self.kept, "start": (value["x"], value["y"]), **rest}

    def plan(self) -> ChosenPreset:
        """Return the schedule that is looked at."""
        preset = self._schedule["preset"].value
        values = {name: control.value for name, control in self._own.items()}
        given = []
        for parameter in parameters(preset):
            only, value = parameter.only_with, values[parameter.name]
            if only is None or values[only[0]] == only[1]:
                given.append((parameter.name, _rounded(value)))
        return ChosenPreset(preset, tuple(given))

    def _parameters_of(self, preset: str) -> dict[str, widgets.ValueWidget]:
        """Show a control for every parameter, and return them; each keeps its value meanwhile."""
        help_of = {parameter.name: parameter.help for parameter in parameters(preset)}
        for name, control in self._all.items():
            control.layout.display = "" if name in help_of else "none"
            control.tooltip = help_of.get(name, "")
        return {name: self._all[name] for name in help_of}

    def _controls(self) -> dict[str, widgets.Widget]:
        return self._schedule | self._own | self._run | self._show

    def _arrange(self) -> None:
        self._bar.children = [
            heading("The schedule"),
            *self._schedule.values(),
            *self._all.values(),
            heading("A descent with it"),
            *self._run.values(),
            heading("What is shown"),
            self.play,
            *self._show.values(),
            self.keep,
            self.forget,
        ]

    def _moved(self, change: Any) -> None:
        if change["owner"] is self._schedule["preset"]:
            self._own = self._parameters_of(change["new"])
            self.controls = self._controls()
        self.draw()

    def _keep(self, _button: object) -> None:
        plan = self.plan()
        if self.draw() is not None and plan not in self.kept:
            self.kept = (*self.kept, plan)[-MOST_KEPT:]
            self.draw()

    def _forget(self, _button: object) -> None:
        self.kept = ()
        self.draw()


def _view(**settings: Any) -> View:
    return schedules_view(settings.pop("plan"), settings.pop("kept"), **settings)


def _control(parameter: PresetParameter) -> widgets.ValueWidget:
    if parameter.kind == "choice":
        return choice(parameter.name, parameter.choices, parameter.value)
    if parameter.kind == "switch":
        return switch(parameter.name, parameter.value)
    usual, label = parameter.usual, parameter.name
    if parameter.kind == "counts":
        return range_slider(label, usual.value, usual.low, usual.high)
    if usual.log:
        return log_slider(label, usual.value, usual.low, usual.high)
    return slider(label, usual.value, usual.low, usual.high)


def _rounded(value: Any) -> Any:
    """Return a rate as a person would write it: a slider's 0.09999999999999998 is 0.1."""
    return float(f"{value:.3g}") if isinstance(value, float) else value
