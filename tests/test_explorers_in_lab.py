"""Every explorer in its lesson in a real JupyterLab: every control by keyboard, play, the log."""

import math
import re
from pathlib import Path

import pytest

from tests.conftest import require_tool
from tests.lab import find_chromium, lab, problems, run_all, stored_figures
from tests.lab_explorers import Panel

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
NARROW = {"width": 800, "height": 1400}


@pytest.fixture(autouse=True)
def browser():
    return find_chromium() or require_tool("chromium")


def opened(page):
    run_all(page)
    panel = Panel(page)
    panel.element.scroll_into_view_if_needed()
    return panel


def move_everything(panel, still=()):
    """Sweep every control; each changes what is shown, but for those that are `still` alone."""
    controls = panel.controls()
    first, words = panel.shown(), panel.text()
    for label, kind, handles in controls:
        seen = panel.sweep(label, kind, handles)
        assert label in still or len({*seen, first}) > 1, f"{label} changes nothing"
        assert panel.text() == words, f"{label} does not come back"
    return [label for label, *_ in controls]


def nothing_wrong(page, lesson):
    assert problems(page, stored_figures(NOTEBOOKS / lesson)) == []
    log = page.server_log()
    assert "Traceback" not in log, log


def plays(panel, at_least=15):
    before, after = panel.play(seconds=3)
    frames = len({round(t) for t in before})
    assert frames / 3 >= at_least, f"{frames / 3:.1f} frames a second"
    assert len(after) <= 3, f"{len(after)} frames were still under way"
    return frames


def test_constant_rate(tmp_path):
    lesson = "01_constant_lr.ipynb"
    with lab(NOTEBOOKS / lesson, viewport=NARROW) as page:
        panel = opened(page)
        assert move_everything(panel) == ["rate η", "curvature λ", "noise σ"]
        panel.press("curvature λ", "End")
        rate = 10 ** panel.values()["rate η"][0]
        assert f"ηλ = {rate * 10:.2f} ≥ 2" in panel.text()
        assert panel.sticking_out() == []
        page.screenshot(path=tmp_path / "panel.png")
        nothing_wrong(page, lesson)


def test_schedules(tmp_path):
    lesson = "00_start_here.ipynb"
    with lab(NOTEBOOKS / lesson, theme="dark", viewport=NARROW) as page:
        panel = opened(page)
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
        assert f"{rates[-1]:.3g} at the last of 170." in panel.text()
        assert f"{loss:.3g} at last" in panel.text()
        assert "horizon-mismatch" in panel.text()
        plays(panel)
        panel.press("floor", "End")
        panel.press("peak_lr", "Home")
        assert "do not go together: floor must be" in panel.text()
        panel.press("floor", "Home")
        panel.press_button("keep")
        panel.press("peak_lr", "End")
        panel.wait()
        assert re.search(r"it diverges at update \d+; .*\(kept 1\)", panel.text())
        assert panel.sticking_out() == []
        page.screenshot(path=tmp_path / "panel.png")
        nothing_wrong(page, lesson)


def test_code_is_copied():
    with lab(NOTEBOOKS / "00_start_here.ipynb") as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        panel = opened(page)
        panel.element.locator("button", has_text="copy").press("Enter")
        panel.element.locator("button", has_text="copied").wait_for()
        copied = page.evaluate("() => navigator.clipboard.readText()")
        assert copied.startswith("from torch.optim.lr_scheduler import CosineAnnealingLR")
        assert "PEAK_LR = 0.1\n" in copied
