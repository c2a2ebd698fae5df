"""Measures a slider, from the key to the new picture, in a real JupyterLab in Chromium.

The peer is the plainest panel there is: `interactive_output` around a matplotlib figure of one
curve, which JupyterLab draws as a PNG.

    python -m benchmarks.explorers --minutes 10

moves random sliders of both explorers for so long, and prints what memory kernel and page need.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from benchmarks.timing import MissingPeer, Result
from course_tools.doctor import find_chromium

EXPLORERS = ("schedules", "noisy_quadratic")
PLAYERS = ("schedules", "range_test")
MOVES = 40  # of every slider
PEER = """\
import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from course_lib import schedules

def draw(peak_lr):
    figure, ax = plt.subplots(figsize=(7, 3))
    ax.plot(schedules.warmup_cosine(peak_lr, 20, 200)(np.arange(200)))
    plt.show()

slider = widgets.FloatLogSlider(0.1, min=-4, max=1, step=0.05)
play = widgets.Play(min=-80, max=20, value=-80, interval=50)
play.observe(lambda change: setattr(slider, "value", 10 ** (play.value / 20)), "value")
panel = widgets.VBox([play, slider, widgets.interactive_output(draw, {"peak_lr": slider})])
panel.add_class("lr-explorer")
panel"""
RSS = "int(open('/proc/self/statm').read().split()[1]) * 4096"

# A key on a slider, and the time until the frame after the new picture came into the page.
TIMED = """async ([slider, moves]) => {
  const panel = document.querySelector('.jupyter-widgets.lr-explorer');
  const handle = [...panel.querySelectorAll('.noUi-handle')].filter(h => h.offsetParent)[slider];
  const isPng = panel.querySelector('img') !== null;
  const picture = panel.querySelector('svg[role=img], img').closest('.jupyter-widgets');
  const png = () => panel.querySelector('img')?.src ?? '';
  const frame = () => new Promise(done => requestAnimationFrame(done));
  const later = ms => new Promise(done => setTimeout(done, ms));
  const times = [];
  const value = () => handle.getAttribute('aria-valuetext');
  let key = 'ArrowRight';
  for (let move = 0; move < moves; move++) {
    const before = value(), pngBefore = png();
    let watch;
    const start = performance.now();
    const drawn = new Promise(done => {
      // An Output is cleared before it is filled again: its new picture is what counts.
      watch = new MutationObserver(() => {
        if (!isPng || (png() && png() !== pngBefore)) done();
      });
      watch.observe(picture, { childList: true, subtree: true, attributes: true });
    });
    handle.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    if (value() === before) {  // at its end
      watch.disconnect();
      key = key === 'ArrowRight' ? 'ArrowLeft' : 'ArrowRight';
      continue;
    }
    // A move that changes nothing in the picture, such as of a parameter past the run's end.
    const came = await Promise.race([drawn.then(() => true), later(400).then(() => false)]);
    watch.disconnect();
    if (came) {
      await frame();
      times.push(performance.now() - start);
    }
    if (move % 10 === 9) key = key === 'ArrowRight' ? 'ArrowLeft' : 'ArrowRight';
    await later(40);
  }
  return times;
}"""


# Play for some seconds, looking at every frame that the browser draws whether the picture is new.
PLAYED = """async ms => {
  const panel = document.querySelector('.jupyter-widgets.lr-explorer');
  const frame = () => new Promise(done => requestAnimationFrame(done));
  const shown = () => panel.querySelector('img')?.src
    ?? panel.querySelector('svg[role=img]')?.closest('.widget-html-content').innerHTML;
  const button = panel.querySelector('.widget-play button');
  button.click();
  let last = shown(), frames = 0;
  const start = performance.now();
  while (performance.now() - start < ms) {
    await frame();
    const now = shown();
    if (now && now !== last) { frames += 1; last = now; }
  }
  button.click();
  return frames / (performance.now() - start) * 1000;
}"""
FOCUS = """share => {
  const all = document.querySelectorAll('.jupyter-widgets.lr-explorer :is(.noUi-handle, select)');
  const parts = [...all].filter(part => part.offsetParent);
  parts[Math.floor(share * parts.length)].focus();
}"""


def median() -> Result:
    """Return the median time from a slider's move to the new frame."""
    return _result(statistics.median)


def p95() -> Result:
    """Return the 95th percentile of the time from a slider's move to the new frame."""
    return _result(_p95)


def frames_a_second() -> Result:
    """Return how many new pictures a second the slower of the two explorers with Play shows."""
    rates = {name: _played(f"explorers.{name}()") for name in PLAYERS}
    peer, slowest = _played(PEER), min(rates.values())
    notes = [f"{name}: {rate:.1f}" for name, rate in rates.items()]
    return Result(
        slowest, "frames/s of 20", "interactive_output, matplotlib", slowest / peer, tuple(notes)
    )


def _played(code: str) -> float:
    with _page(f"from course_lib import explorers\n{code}") as page:
        return page.evaluate(PLAYED, 4000)


def _result(summary: Any) -> Result:
    """Return the slower of the two explorers; what all sliders took is pooled for each."""
    times = _measured()
    ours = {name: summary(times[name]) for name in EXPLORERS}
    peer = summary(times["peer"])
    worst = max(ours.values())
    notes = [f"{name}: {ours[name]:.0f} ms, {len(times[name])} moves" for name in EXPLORERS]
    return Result(worst, "ms", "interactive_output, matplotlib", peer / worst, tuple(notes))


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


@lru_cache(maxsize=1)  # both rows read one measurement
def _measured() -> dict[str, list[float]]:
    times = {}
    for name in EXPLORERS:
        with _page(f"from course_lib import explorers\nexplorers.{name}()") as page:
            times[name] = _time_all_sliders(page)
    with _page(PEER) as page:
        times["peer"] = _time_all_sliders(page)
    return times


def _time_all_sliders(page: Any) -> list[float]:
    sliders = page.locator(".jupyter-widgets.lr-explorer .noUi-handle:visible").count()
    page.evaluate(TIMED, [0, 5])  # what comes only once
    return [ms for slider in range(sliders) for ms in page.evaluate(TIMED, [slider, MOVES])]


@contextmanager
def _page(code: str) -> Iterator[Any]:
    """Yield a page of JupyterLab, started as `make lab` starts it, in which the code has run."""
    if find_chromium() is None:
        raise MissingPeer("left out: no Chromium here (lr-course doctor says how to get one)")
    from tests.lessons.lab import lab, run_all

    with tempfile.TemporaryDirectory() as folder:
        notebook = Path(folder) / "panel.ipynb"
        spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        cells = [new_code_cell(code), new_code_cell(RSS)]
        nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": spec}), notebook)
        size = {"width": 1200, "height": 1600}
        with lab() as started, started.opened(notebook, viewport=size) as page:
            run_all(page)
            page.locator(".jupyter-widgets.lr-explorer .noUi-handle").first.wait_for()
            yield page


def memory(name: str, minutes: float, seed: int = 0) -> list[tuple[float, float, float]]:
    """Move random sliders and lists of an explorer, and watch what memory it takes.

    Returns:
        (minutes, MB of the kernel, MB of the page's JavaScript heap), once a minute.
    """
    rng, rows = random.Random(seed), []
    with _page(f"from course_lib import explorers\nexplorers.{name}()") as page:
        devtools = page.context.new_cdp_session(page)
        clock = page.evaluate("performance.now()")
        while True:
            passed = (page.evaluate("performance.now()") - clock) / 60_000
            if passed >= len(rows) * min(1.0, minutes / 10):
                rows.append((passed, _kernel_megabytes(page), _heap_megabytes(devtools)))
                print(
                    f"{name}: {passed:5.1f} min, kernel {rows[-1][1]:6.1f} MB, page "
                    f"{rows[-1][2]:6.1f} MB",
                    flush=True,
                )
            if passed >= minutes:
                return rows
            _random_move(page, rng)


def _random_move(page: Any, rng: random.Random) -> None:
    page.evaluate(FOCUS, rng.random())  # in one go: a list may change which sliders there are
    for _ in range(rng.randint(1, 8)):
        page.keyboard.press(rng.choice(["ArrowLeft", "ArrowRight", "PageUp", "PageDown", "Home"]))


def _kernel_megabytes(page: Any) -> float:
    """Return the kernel's resident memory, which the last cell prints."""
    page.evaluate("""() => {
      const { content } = window.jupyterapp.shell.currentWidget;
      content.activeCellIndex = content.widgets.length - 1;
      window.asked = false;
      window.jupyterapp.commands.execute('notebook:run-cell').then(() => { window.asked = true; });
    }""")
    page.wait_for_function("window.asked")
    outputs = page.evaluate(
        "window.jupyterapp.shell.currentWidget.content.activeCell.model.outputs.toJSON()"
    )
    return int(outputs[0]["data"]["text/plain"]) / 1e6


def _heap_megabytes(devtools: Any) -> float:
    devtools.send("HeapProfiler.collectGarbage")
    return devtools.send("Runtime.getHeapUsage")["usedSize"] / 1e6


def main(arguments: Sequence[str] | None = None) -> None:
    """Watch the memory of both explorers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.explorers", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="for each explorer")
    minutes = parser.parse_args(arguments).minutes
    for name in EXPLORERS:
        rows = memory(name, minutes)
        # The first tenth fills the caches.
        grown = [rows[-1][i] - rows[1][i] for i in (1, 2)]
        print(f"{name}: from the first tenth on kernel {grown[0]:+.1f} MB, page {grown[1]:+.1f} MB")


if __name__ == "__main__":
    main()
