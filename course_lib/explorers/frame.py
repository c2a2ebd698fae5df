"""The frame of every explorer: controls, charts and words, drawn again when a control moves.

A live page shows the widgets. Where no kernel runs, the same output shows a figure of the charts
at their first setting, with the words as its alternative text.
"""

from __future__ import annotations

import html
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets
import numpy as np

from course_lib import plots
from course_lib.explorers.chart import Chart
from course_lib.explorers.chart_svg import charts_html
from course_lib.explorers.static import figure

#: Of a running explorer's element, and of the figure that stands in for it.
CSS_CLASS = "lr-explorer"

_LABEL = {"description_width": "132px"}
_CONTROL = {"width": "360px", "max_width": "100%"}
_ROWS = {"display": "flex", "flex_flow": "row wrap", "width": "auto"}


@dataclass(frozen=True)
class View:
    """The charts and words of an explorer at one setting.

    Attributes:
        charts: the pictures.
        words: plain sentences about the charts; also the figure's alternative text.
        details: HTML below the charts, made by the explorer itself; whatever comes from elsewhere
            must be escaped.
    """

    charts: tuple[Chart, ...]
    words: str
    details: str = ""


class Explorer(widgets.VBox):
    """An interactive panel: the output of `view` for the values of `controls`.

    Attributes:
        controls: the widgets that hold the settings, by the name of the argument of `view`.
        words: the sentence below the controls, an HTML widget.
        picture: the charts, an HTML widget.
        details: more HTML below the charts.
        lock: held while a move or a press is dealt with. JupyterLab hands what happens to widgets
            to a thread of its own (a subshell of the kernel), but not from the first moment on.
    """

    def __init__(
        self,
        view: Callable[..., View],
        controls: Mapping[str, widgets.ValueWidget],
        *,
        others: tuple[widgets.Widget, ...] = (),
    ) -> None:
        """Draw once, and again whenever a control changes.

        Args:
            view: takes the controls' values by name. A ValueError is shown as a sentence,
                because every part of the course raises one when values do not go together.
            controls: in the order in which they are shown.
            others: widgets after the controls that hold no setting, such as buttons and play.
        """
        self.view, self.controls = view, dict(controls)
        self.lock = threading.RLock()
        # One object, because a handler that is registered twice is called only once.
        self._hear = self.locked(self._moved)
        self.words, self.picture, self.details = (
            widgets.HTML(layout={"width": "auto"}) for _ in range(3)
        )
        self._bar = widgets.Box(layout=_ROWS)
        self._others, self._is_dimmed = others, False
        for control in self.controls.values():
            control.observe(self._hear, names="value")
        super().__init__([self._bar, self.words, self.picture, self.details, _page_code()])
        self.layout.width = "100%"
        self.add_class(CSS_CLASS)
        self._arrange()
        self._first = self.draw()
        if self._first is None:
            raise ValueError(f"the first setting must be possible: {self.words.value}")

    def settings(self) -> dict[str, Any]:
        """Return the values of the controls, by name."""
        return {name: control.value for name, control in self.controls.items()}

    def locked(self, handler: Callable[..., None]) -> Callable[..., None]:
        """Return a handler of moves or presses that waits until the one before is done."""

        def handle(*arguments: object) -> None:
            with self.lock:
                handler(*arguments)

        return handle

    def draw(self) -> View | None:
        """Show the view at the settings; return None where they do not go together."""
        try:
            view = self.view(**self.settings())
        except ValueError as error:
            self.words.value = alert(f"These values do not go together: {error}.")
            if not self._is_dimmed:  # the last possible setting, so that the change is visible
                self.picture.value = _dimmed(self.picture.value)
            self.details.value, self._is_dimmed = "", True
            return None
        self.words.value = (
            f'<p role="status" style="margin:2px 0;line-height:1.4">{html.escape(view.words)}</p>'
        )
        self.picture.value = charts_html(view.charts)
        # A table that is wider than a narrow page scrolls in a box of its own.
        self.details.value = f'<div style="overflow-x:auto">{view.details}</div>'
        self._is_dimmed = False
        return view

    def _arrange(self) -> None:
        self._bar.children = [*self.controls.values(), *self._others]

    def _moved(self, _change: object) -> None:
        self.draw()

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        """Return the widget, and for pages without a kernel the figure of the first setting."""
        bundle = super()._repr_mimebundle_(**options)
        picture = plots.img_tag(figure(self._first.charts), alt=self._first.words)
        html_text = f'<div class="{CSS_CLASS}">{picture}</div>'
        return bundle | {"text/html": html_text, "text/plain": self._first.words}


def _page_code() -> widgets.HTML:
    """Return what the page must know: the panel keeps its keys and its width.

    Lab moves to the next cell at an arrow key, even where a list has the focus and would move to
    its next entry, unless what has the focus bears an attribute that no widget can set from Python.
    A style's onload is code that a page runs when it is given the HTML.
    """
    code = (
        f"this.closest('.{CSS_CLASS}').addEventListener('focusin', "
        "event => event.target.setAttribute('data-lm-suppress-shortcuts', 'true'))"
    )
    # Without this a long line of code would make the whole panel as wide as itself.
    narrow = f".{CSS_CLASS} .widget-html-content {{ min-width: 0; width: 100%; }}"
    return widgets.HTML(f'<style onload="{code}">{narrow}</style>', layout={"height": "0"})


def _dimmed(picture: str) -> str:
    return f'<div style="opacity:.25" aria-hidden="true">{picture}</div>'


def alert(sentence: str) -> str:
    """Return a sentence as HTML that stands out, and that a screen reader reads out at once."""
    return (
        '<p role="alert" style="margin:2px 0;padding:4px 8px;border-left:4px solid #D55E00">'
        f"{html.escape(sentence)}</p>"
    )


def slider(
    label: str, value: float, low: float, high: float, step: float | None = None, *, help: str = ""
) -> widgets.FloatSlider | widgets.IntSlider:
    """Return a slider of equal steps, with whole numbers if all four numbers are whole.

    Args:
        label: short name of the setting, with its unit.
        value: the first value.
        low: its least value.
        high: its largest value.
        step: step of the arrow keys; None: a hundredth of the range, or 1 for whole numbers.
        help: shown when the pointer rests on it.
    """
    whole = all(isinstance(number, int) for number in (value, low, high, step or 1))
    if whole:
        return widgets.IntSlider(value, min=low, max=high, step=step or 1, **_look(label, help))
    return widgets.FloatSlider(
        value,
        min=low,
        max=high,
        step=step or (high - low) / 100,
        readout_format=".3g",
        **_look(label, help),
    )


def log_slider(
    label: str, value: float, low: float, high: float, *, per_decade: int = 20, help: str = ""
) -> widgets.FloatLogSlider:
    """Return a slider whose steps are equal ratios, `per_decade` of them to a factor of ten.

    Args:
        label: short name of the setting, with its unit.
        value: the first value; the nearest step is taken, as the slider in the page does.
        low: its least value, > 0.
        high: its largest value.
        per_decade: steps of the arrow keys to a factor of ten.
        help: shown when the pointer rests on it.
    """
    first, last, wanted = np.log10([low, high, value]).tolist()
    nearest = 10 ** (first + round((wanted - first) * per_decade) / per_decade)
    return widgets.FloatLogSlider(
        nearest,
        min=first,
        max=last,
        step=1 / per_decade,
        readout_format=".3g",
        **_look(label, help),
    )


def range_slider(
    label: str, value: tuple[int, int], low: int, high: int, *, help: str = ""
) -> widgets.IntRangeSlider:
    """Return a slider with two handles, for two whole numbers of which the first is no larger."""
    return widgets.IntRangeSlider(value=value, min=low, max=high, **_look(label, help))


def heading(text: str) -> widgets.HTML:
    """Return a heading that fills a row of controls."""
    line = f'<b style="font-size:12px">{html.escape(text)}</b>'
    return widgets.HTML(line, layout={"flex": "1 0 100%", "margin": "0 0 -6px 0"})


def switch(label: str, value: bool, *, help: str = "") -> widgets.Checkbox:
    """Return a box to tick."""
    return widgets.Checkbox(value, **_look(label, help))


def choice(
    label: str, options: object, value: object = None, *, help: str = ""
) -> widgets.Dropdown:
    """Return a list to choose from: names, or pairs of a name and a value.

    Args:
        label: short name of the setting.
        options: as `ipywidgets.Dropdown` takes them.
        value: the one chosen at first; None: the first.
        help: shown when the pointer rests on it.
    """
    first = {} if value is None else {"value": value}
    return widgets.Dropdown(options=options, **first, **_look(label, help))


def play_button(frames: int, step: int = 1, *, interval: int = 50, help: str = "") -> widgets.Play:
    """Return play, pause, stop and repeat for frames 0 … `frames`, one every `interval` ms."""
    return widgets.Play(
        0, min=0, max=frames, step=step, interval=interval, tooltip=help, layout={"width": "180px"}
    )


def _look(label: str, help: str) -> dict[str, Any]:
    return {"description": label, "tooltip": help, "style": _LABEL, "layout": _CONTROL}
