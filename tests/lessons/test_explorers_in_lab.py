"""Every explorer in its lesson in a real JupyterLab: every control by keyboard, play, the log."""

import math
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from course_lib import range_test, schedules, training
from course_lib.problems import noisy_spirals
from tests.lessons.lab import lab, problems, run_all, stored_figures
from tests.lessons.lab_explorers import CHANGES, Panel

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
PATIENCE_MS = 60_000  # of a busy machine; nothing waits that long where all is well
NARROW = {"width": 800, "height": 1400}


@pytest.fixture(scope="module")
def jupyterlab(needs_chromium):
    with lab() as started:
        yield started


@contextmanager
def explored(jupyterlab, lesson, picture, theme="light"):
    """Run a lesson and yield its explorer; at the end nothing may be wrong with page or kernel."""
    notebook = NOTEBOOKS / f"{lesson}.ipynb"
    with jupyterlab.opened(notebook, theme=theme, viewport=NARROW) as page:
        run_all(page)
        panel = Panel(page)
        panel.element.scroll_into_view_if_needed()
        yield panel
        assert panel.sticking_out() == []
        page.screenshot(path=picture)
        assert problems(page, stored_figures(notebook)) == []
        assert "Traceback" not in page.server_log(), page.server_log()


def move_everything(panel, still=()):
    """Sweep every control; each changes what is shown, but for those that are `still` alone."""
    controls = panel.controls()
    first, words = panel.shown(), panel.text()
    for label, kind, handles in controls:
        seen = panel.sweep(label, kind, handles)
        assert label in still or len({*seen, first}) > 1, f"{label} changes nothing"
        assert panel.says(words, exactly=True), f"{label} does not come back"
    return [label for label, *_ in controls]


def plays(panel):
    """Press play and pause: the picture moves on, and stops where it was told to."""
    assert panel.play(frames=6) == 0, "frames were still drawn after the pause"


def test_constant_rate(jupyterlab, tmp_path):
    with explored(jupyterlab, "01_constant_lr", tmp_path / "panel.png") as panel:
        assert move_everything(panel) == ["rate η", "curvature λ", "noise σ"]
        panel.press("curvature λ", "End")
        rate = 10 ** panel.values()["rate η"][0]
        assert panel.says(f"ηλ = {rate * 10:.2f} ≥ 2")


def test_schedules(jupyterlab, tmp_path):
    with explored(jupyterlab, "00_start_here", tmp_path / "panel.png", theme="dark") as panel:
        panel.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        panel.element.locator("button", has_text="copy").press("Enter")
        panel.element.locator("button", has_text="copied").wait_for()
        copied = panel.page.evaluate("() => navigator.clipboard.readText()")
        assert copied.startswith("from torch.optim.lr_scheduler import CosineAnnealingLR")
        assert "PEAK_LR = 0.1\n" in copied
        panel.press("run length", "ArrowLeft", "ArrowRight")  # the button says "copy" again
        labels = move_everything(panel)
        assert labels[:5] == ["schedule", "peak_lr", "warmup_steps", "total_steps", "floor"]
        panel.press("noise σ", "Home")
        panel.press("run length", *["ArrowLeft"] * 30)
        x, y, rates = -1.5, 1.5, []
        for t in range(170):
            rates.append(0.1 * (0.05 + 0.95 * t / 20))
            if t >= 20:
                rates[t] = 0.05 * (1 + math.cos(math.pi * (t - 20) / 180))
            x, y = x - rates[t] * x, y - rates[t] * 15 * y
        loss = 0.5 * (x * x + 15 * y * y)
        assert panel.says(f"{rates[-1]:.3g} at the last of 170.")
        assert panel.says(f"{loss:.3g} at last")
        assert panel.says("horizon-mismatch")
        plays(panel)
        panel.press("floor", "End")
        panel.press("peak_lr", "Home")
        assert panel.says("do not go together: floor must be")
        panel.press("floor", "Home")
        panel.press_button("keep")
        panel.press("peak_lr", "End")
        panel.wait()
        assert panel.says("it diverges at update ")
        assert "at last (kept 1)" in panel.text()


def test_range_test(jupyterlab, tmp_path):
    with explored(jupyterlab, "07_range_test", tmp_path / "panel.png", theme="dark") as panel:
        assert "update shown" in move_everything(panel)
        panel.press("hidden layers", "ArrowLeft")
        panel.press("update shown", *["ArrowLeft"] * 40)
        swept = range_test.sweep(
            training.Workload(
                noisy_spirals(label_noise=0.0),
                training.Mlp((64,), dtype="float32"),
                training.Sgd(),
                32,
            ),
            np.arange(8),
            lowest_rate=1e-5,
        )
        median = np.median(swept.losses, axis=0)
        assert panel.says(f"Update 60 of 100, at η = {swept.rates[59]:.2g}")
        assert panel.says(f"the median loss is {median[59]:.3g}")
        plays(panel)
        panel.press("lowest rate η", "End")
        panel.press("update shown", "End")
        assert panel.says("100 updates from η = 1 to 10, 8 seeds")


def test_training(jupyterlab, tmp_path):
    with explored(jupyterlab, "08_grand_comparison", tmp_path / "panel.png") as panel:
        # Without runs there is no boundary to choose from.
        assert {"seeds", "forecast"} <= {*move_everything(panel, still=("boundary of",))}
        panel.press("updates", "Home")
        panel.press("seeds", "Home")
        panel.element.evaluate(CHANGES)
        panel.press_button("Go")
        panel.page.get_by_text("update 60 of 60").wait_for(timeout=PATIENCE_MS)
        panel.wait()
        assert panel.page.evaluate("window.frames_seen") > 5, "the curves did not grow"
        runs = training.train(
            training.Workload(noisy_spirals(), training.Mlp(dtype="float32"), training.Sgd(), 32),
            np.tile(schedules.constant(10**-0.1)(np.arange(60)), (2, 1)),
            np.arange(2),
        )
        assert panel.says(f"1 constant (peak 0.794) {runs.held_out_loss[:, -1].mean():.2f} [")
        before = panel.shown()
        panel.control("boundary of").locator("select").press("Home")
        panel.wait()
        assert panel.shown() != before
        panel.press("updates", "End")
        panel.press("seeds", "End")
        panel.press_button("Go")
        panel.page.get_by_text("of 600").last.wait_for(timeout=PATIENCE_MS)
        panel.press_button("Stop")
        panel.page.get_by_text("topped").first.wait_for(timeout=PATIENCE_MS)
        panel.press("peak 1", "End")
        panel.press("updates", "Home")
        panel.press("seeds", "Home")
        panel.press_button("Go")
        panel.page.get_by_text("update 60 of 60").wait_for(timeout=PATIENCE_MS)
        panel.wait()
        assert panel.says("1 constant is no better than guessing")
        foretold(panel)


def foretold(panel):
    """Train for long enough, tick the box, and see the next schedule predicted and then judged."""
    panel.press("peak 1", *["PageDown"] * 12)
    panel.press("updates", *["ArrowRight"] * 12)
    panel.press_button("Go")
    panel.page.get_by_text("update 300 of 300").wait_for(timeout=PATIENCE_MS)
    panel.control("forecast").locator("input").press("Space")
    panel.control("schedule 2").locator("select").press("ArrowUp")
    panel.wait()
    assert panel.says("law fitted to your 3 runs: 2 multi-step ")
    assert "2 multi-step, predicted from your 3 runs" in panel.text()
    panel.press_button("Go")
    assert panel.says("The forecast from your 3 runs: 2 multi-step was to end at")
    assert "2 multi-step, real" in panel.text()


def test_noisy_quadratic(jupyterlab, tmp_path):
    with explored(jupyterlab, "03_cosine", tmp_path / "panel.png", theme="dark") as panel:
        assert move_everything(panel)[:2] == ["dimensions", "exponent of λ"]
        panel.press("dimensions", "Home")
        panel.press("updates T", "Home")
        # In one dimension the greedy rule is the best: m is the mean square of the weight.
        sigma, m = panel_noise(panel), 1.0
        least = [0.5 * m]
        for _ in range(20):
            rate = m / (m + sigma**2)
            m = (1 - rate) ** 2 * m + rate**2 * sigma**2
            least.append(0.5 * m)
        assert panel.says(f"falls from {least[0]:.3g} to {least[-1]:.3g} in 20 updates at best")


def panel_noise(panel):
    return 10 ** panel.values()["noise σ"][0] / 4  # batches of 16
