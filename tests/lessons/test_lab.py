"""Proof that the checks of a notebook in a real JupyterLab notice what a learner would."""

import pytest

from tests.lessons.lab import lab, problems, run_all, save_pages
from tests.tools.authoring.made_notebooks import write_notebook

DRAW = """\
import base64, io
import matplotlib.pyplot as plt
from IPython.display import HTML, display
figure = plt.figure(figsize=(2, 1))
figure.savefig(file := io.BytesIO())
plt.close(figure)
data = base64.b64encode(file.getvalue()).decode()
display(HTML(f'<img alt="an empty figure" src="data:image/png;base64,{data}">'))"""


@pytest.fixture(scope="module")
def jupyterlab(needs_chromium):
    with lab() as started:
        yield started


def test_whatever_a_learner_would_see_broken_is_named(jupyterlab, tmp_path):
    broken = write_notebook(
        tmp_path / "broken.ipynb",
        DRAW,
        "import sys; print('careful', file=sys.stderr)",
        "HTML('<img src=\"data:image/png;base64,AAAA\">')",
        "1 / 0",
        "print('never')",
    )
    with jupyterlab.opened(broken, theme="dark") as page:
        assert page.evaluate("document.body.dataset.jpThemeLight") == "false"
        run_all(page)
        assert len(save_pages(page, tmp_path / "pages")) == 1
        assert problems(page, figures=3) == [
            "cell \"import sys; print('careful', file=sys.stderr)\" wrote to stderr: careful",
            "cell '1 / 0' failed: ZeroDivisionError: division by zero",
            "cell \"print('never')\" did not run",
            "figure 2 is not drawn",
            "figure 2 has no alt text",
            "2 figures, not the 3 stored in the notebook",
        ]


def test_a_widget_whose_move_fails_is_named(jupyterlab, tmp_path):
    broken = write_notebook(
        tmp_path / "broken.ipynb",
        "import ipywidgets\nbutton = ipywidgets.Button(description='press')\n"
        "button.on_click(lambda _: 1 / 0)\nbutton",
    )
    with jupyterlab.opened(broken) as page:
        assert page.evaluate("document.body.dataset.jpThemeLight") == "true", "still as the last"
        run_all(page)
        assert problems(page) == []
        page.locator("button:text-is('press')").click()
        page.wait_for_function("() => window.failedMoves.length")
        assert problems(page) == ["moving a widget failed: ZeroDivisionError: division by zero"]
