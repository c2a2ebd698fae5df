"""Lesson 8's explorer: it trains schedules in front of you."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import ipywidgets as widgets
import numpy as np

from course_lib.explorers.frame import (
    Explorer,
    View,
    alert,
    choice,
    log_slider,
    slider,
    switch,
)
from course_lib.explorers.optimizers import OPTIMIZERS
from course_lib.explorers.training_forecast import PastRun, past_runs
from course_lib.explorers.training_plan import (
    DATA,
    LEAST_UPDATES,
    MOST_SEEDS,
    MOST_UPDATES,
    SLOTS,
    TrainingOutcome,
    TrainingPlan,
    plan_of,
)
from course_lib.explorers.training_view import result_row, training_table, training_view
from course_lib.schedules.catalogue import FAMILIES

#: A peak that suits the optimizer, in steps of the sliders from 1.
_USUAL_STEPS = {"SGD": -2, "SGD, momentum 0.9": -20, "Adam": -34}
_PER_DECADE, _LOWEST, _HIGHEST = 20, 1e-3, 1e3
_FIRST = ("constant", "exponential", "cosine", "WSD")
_BREATH = 0.005  # seconds between two stages, in which the kernel notices a pressed button
_KEPT = 6  # results in the table
_REMEMBERED = 24  # runs, for the forecast


def training() -> TrainingExplorer:
    """Return the panel: schedules and peaks to choose, Go and Stop, and the runs as they go."""
    return TrainingExplorer()


class TrainingExplorer(Explorer):
    """Trains what its controls say once Go is pressed; they are read at that moment.

    Attributes:
        go: the button that starts, and starts over.
        stop: the button that stops; the results so far are then shown.
        bar: bar that shows how many updates are done.
        progress: the same in words.
        outcome: the last training, finished or not; None before the first Go.
        task: the asyncio task that trains or has trained last; an error in it is shown as a
            sentence, given to the loop's exception handler, and raised where the task is awaited.
    """

    def __init__(self) -> None:
        """Show the chosen rates; nothing is trained."""
        self.outcome: TrainingOutcome | None = None
        self.task: asyncio.Task | None = None
        self._turn: object | None = None  # of the runs that may write here; None: nothing runs
        self._results: tuple[str, ...] = ()
        self._past: tuple[PastRun, ...] = ()  # runs that have finished, the newest first
        self._past_at_go: tuple[PastRun, ...] = ()  # those that had when Go was pressed
        self.go = widgets.Button(
            description="Go", icon="play", button_style="success", tooltip="train from the start"
        )
        self.stop = widgets.Button(
            description="Stop", icon="stop", disabled=True, tooltip="end the training now"
        )
        self.bar = widgets.IntProgress(0, min=0, max=1, layout={"width": "200px"})
        self.progress = widgets.Label("not trained yet")
        super().__init__(
            self._show, _controls(), others=(self.go, self.stop, self.bar, self.progress)
        )
        self._at_first = self.settings()
        self.go.on_click(self.locked(self._go))
        self.stop.on_click(self.locked(self._stop))

    def _show(self, **settings: Any) -> View:
        return replace(
            training_view(
                outcome=self.outcome, past=self._past, past_at_go=self._past_at_go, **settings
            ),
            details=training_table(self._results),
        )

    def _moved(self, change: Mapping[str, Any]) -> None:
        if change["owner"] is self.controls["optimizer"]:
            self._suit_peaks(change)
        self.draw()

    def _suit_peaks(self, change: Mapping[str, Any]) -> None:
        """Move all peaks by the ratio of the rates that suit the optimizers, new and old."""
        steps = _USUAL_STEPS[change["new"]] - _USUAL_STEPS[change["old"]]
        for slot in SLOTS:
            peak = self.controls[f"peak_{slot}"]
            power = round(np.log10(peak.value) * _PER_DECADE + steps) / _PER_DECADE
            peak.value = float(np.clip(10**power, _LOWEST, _HIGHEST))

    def _go(self, _button: object = None) -> None:
        self._end_turn()
        if self.draw() is None:
            return
        settings = self.settings()
        plan = plan_of(**_to_train(settings))
        self._past_at_go = self._past
        self._turn, self.stop.disabled = object(), False
        self.bar.max, self.bar.value, self.bar.bar_style = plan.updates, 0, ""
        self._say(plan, 0)
        work = self._train(plan, self._turn)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a script: nothing can be pressed while it trains
            asyncio.run(work)
        else:
            self.task = loop.create_task(work)
            self.task.add_done_callback(_report)

    def _stop(self, _button: object = None) -> None:
        if self._turn is not None:
            self._end_turn()
            self.progress.value += ", stopped"
            self.draw()

    def _end_turn(self) -> None:
        """Let the current run write nothing more; what it has written stays."""
        running = self._turn is not None and self.outcome and self.outcome.state == "running"
        self._turn, self.stop.disabled = None, True
        if running:
            self.outcome = replace(self.outcome, state="stopped")
            self.bar.bar_style = "warning"
            self._remember()

    async def _train(self, plan: TrainingPlan, turn: object) -> None:
        stages = plan.stages()
        try:
            while True:
                await asyncio.sleep(_BREATH)
                outcome = next(stages, None)
                with self.lock:  # Stop may have been pressed meanwhile, in another thread
                    if self._turn is not turn:
                        return
                    if outcome is None:
                        break
                    self._take(outcome)
        except Exception as error:
            with self.lock:
                self._end_turn()
                self.bar.bar_style = "danger"
                self.words.value = alert(f"Training failed: {type(error).__name__}: {error}")
            raise
        with self.lock:
            if self._turn is turn:
                self._end_turn()

    def _take(self, outcome: TrainingOutcome) -> None:
        self.outcome = outcome
        self.bar.value = outcome.updates
        self._say(outcome.plan, outcome.updates)
        if outcome.state == "done":
            self.bar.bar_style = "success"
            self._remember()
            self._past = (*past_runs(outcome), *self._past)[:_REMEMBERED]
        self.draw()

    def _say(self, plan: TrainingPlan, updates: int) -> None:
        self.progress.value = (
            f"{plan.seeds} seeds × {len(plan.contenders)} schedules, update {updates} of "
            f"{plan.updates}"
        )

    def _remember(self) -> None:
        self._results = (result_row(self.outcome), *self._results)[:_KEPT]

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        """Return the widget, and for pages without a kernel the figure of a small comparison."""
        self._first = example_view(**self._at_first)
        return super()._repr_mimebundle_(**options)


@lru_cache(maxsize=1)
def example_view(*, shown: int, **settings: Any) -> View:
    """Return what the panel shows for a setting after training with 4 seeds."""
    settings["seeds"] = 4
    plan = plan_of(**_to_train(settings))
    (outcome,) = plan.stages(every=plan.updates)  # only the end is shown, so only the end is scored
    return training_view(shown, outcome, **settings)


def _to_train(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that say what is trained, without those that say what is shown."""
    return {name: value for name, value in settings.items() if name not in ("shown", "forecast")}


def _report(task: asyncio.Task) -> None:
    """Hand an error of the training to the loop: nobody may be waiting for the task."""
    if not task.cancelled() and (error := task.exception()) is not None:
        task.get_loop().call_exception_handler(
            {"message": "training in an explorer failed", "exception": error, "task": task}
        )


def _controls() -> dict[str, widgets.ValueWidget]:
    controls: dict[str, widgets.ValueWidget] = {}
    for slot, first in zip(SLOTS, _FIRST, strict=True):
        none = [] if slot == SLOTS[0] else [("none", "")]
        controls[f"schedule_{slot}"] = choice(
            f"schedule {slot}",
            [*none, *((name, name) for name in FAMILIES)],
            first,
            help="trained with the same seeds as the others",
        )
        controls[f"peak_{slot}"] = log_slider(
            f"peak {slot}",
            10 ** (_USUAL_STEPS["SGD"] / _PER_DECADE),
            _LOWEST,
            _HIGHEST,
            per_decade=_PER_DECADE,
            help=f"the largest rate of schedule {slot}",
        )
    return controls | {
        "data": choice("data", list(DATA), help="the data to learn"),
        "optimizer": choice(
            "optimizer", list(OPTIMIZERS), help="changing it moves the peaks to suitable values"
        ),
        "seeds": slider("seeds", 8, 2, MOST_SEEDS, help="runs of each schedule"),
        "updates": slider("updates", 300, LEAST_UPDATES, MOST_UPDATES, 20, help="of each run"),
        "shown": choice(
            "boundary of",
            [(f"schedule {slot}", slot) for slot in SLOTS],
            _FIRST.index("cosine") + 1,
            help="schedule whose decision boundary is drawn, for seed 0",
        ),
        "forecast": switch(
            "forecast", False, help="predict the held-out loss from your finished runs, before Go"
        ),
    }
