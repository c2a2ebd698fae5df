"""The bar of a long training: where it is shown, what it counts, and that it leaves no trace."""

import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import nbformat
import pytest
from nbclient import NotebookClient

from course_lib.training import progress_bar
from tests.lib.training.fake_training import ROOT, fail_late, fake, never, run, wait_for
from tests.tools.authoring.made_notebooks import notebook

pytestmark = pytest.mark.usefixtures("folder")


class Terminal:
    """A screen of one line."""

    def __init__(self):
        self.line, self.shown = "", []

    def write(self, text):
        for part in re.split("(\r)", text):
            if part == "\r":
                self.column = 0
            elif part:
                column = getattr(self, "column", len(self.line))
                self.line = self.line[:column] + part + self.line[column + len(part) :]
                self.column = column + len(part)
                self.shown.append(self.line)

    def flush(self):
        pass

    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    screen = Terminal()
    # Not sys.stderr itself: pytest puts its own there again before the test is called.
    monkeypatch.setattr(progress_bar, "sys", SimpleNamespace(stderr=screen, modules=sys.modules))
    return screen


def test_bar_counts_runs_and_leaves_nothing(terminal, store):
    run(fake, number=2, jobs=1, shown_from=0)
    run(fake, number=4, size=1, jobs=1, store=store, shown_from=0)
    assert any("2/4" in line for line in terminal.shown)
    assert any("4/4" in line and "run" in line for line in terminal.shown)
    assert not any("4/2" in line for line in terminal.shown)
    assert terminal.line.strip() == ""
    terminal.shown.clear()
    run(never, number=4, store=store, shown_from=0)
    assert terminal.shown == []


def test_runs_of_the_cache_are_counted_from_the_start(terminal, store):
    run(fake, number=3, store=store)
    run(fake, number=5, size=1, jobs=1, store=store, shown_from=0)
    counts = re.findall(r"(\d)/5", "".join(terminal.shown))
    assert counts[0] in "34"
    assert counts[-1] == "5"


def test_no_bar_where_it_is_not_wanted_or_not_needed(terminal, monkeypatch):
    run(fake, jobs=1)
    run(fake, jobs=1, progress=False, cache=False, shown_from=0)
    assert terminal.shown == []
    monkeypatch.setattr(terminal, "isatty", lambda: False)
    run(fake, jobs=1, cache=False, shown_from=0)
    assert terminal.shown == []


def test_bar_appears_when_the_whole_will_take_two_seconds(terminal, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress_bar.time, "monotonic", lambda: now[0])
    with progress_bar.Progress(total=30, ready=10) as bar:
        now[0] += 0.9
        bar.add(10)  # 1.8 s for 20
        assert terminal.shown == []
        now[0] += 0.6
        bar.add(4)  # 1.5 s for 14: 2.14 s
        assert "24/30" in terminal.shown[-1]
        now[0] += 0.2
        bar.add(6)
        assert "30/30" in terminal.shown[-1]
    with progress_bar.Progress(total=3, ready=0) as bar:
        now[0] += 1.9
        bar.add()
        terminal.shown.clear()
        now[0] += 0.2
        bar.add()  # nothing is ready, but somebody waits
        assert "0/3" in terminal.shown[-1]


def test_bar_appears_while_the_first_blocks_are_still_trained(terminal):
    def train_block(block):
        wait_for(lambda: terminal.shown)
        return fake(block)

    with ThreadPoolExecutor(2) as executor:
        run(train_block, executor=executor, shown_from=0)
    assert "0/6" in terminal.shown[0]


def test_bar_goes_when_the_call_fails(terminal):
    with pytest.raises(AssertionError, match="nothing should be trained"):
        run(fail_late, size=1, jobs=1, shown_from=0)
    assert terminal.shown
    assert terminal.line.strip() == ""


CELL = """
import sys
sys.path[:0] = {path!r}
from tests.lib.training import fake_training as t
from course_lib.training import RunStore, cache
print("before")
store = RunStore(cache.place(), worth_writing=0)
t.run(t.fake, 11, jobs={jobs}, store=store, shown_from=0).final_loss.sum()
"""


def execute(folder, monkeypatch, jobs=1, session=None):
    """Outputs of a cell that trains, and the kinds of all messages that came from it."""
    monkeypatch.setenv("LR_COURSE_CACHE", str(folder))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    if session:
        monkeypatch.setenv("JPY_SESSION_NAME", session)
    else:
        monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    messages = []

    class Client(NotebookClient):
        def process_message(self, message, *arguments):
            messages.append(message)
            return super().process_message(message, *arguments)

    nb = notebook(CELL.format(path=[str(ROOT), str(ROOT)], jobs=jobs))
    Client(nb, timeout=60).execute()
    return nb.cells[0].outputs, messages


def test_executed_notebook_has_no_trace_of_a_bar_nor_of_the_cache(folder, monkeypatch):
    first, messages = execute(folder, monkeypatch, jobs=2)
    assert (folder / "training.sqlite").exists()
    second, _ = execute(folder, monkeypatch)
    assert [output.output_type for output in first] == ["stream", "execute_result"]
    assert nbformat.from_dict(first) == nbformat.from_dict(second)
    assert json.dumps(first) == json.dumps(second)
    assert {"display_data", "update_display_data"}.isdisjoint(m["msg_type"] for m in messages)


def test_watched_notebook_shows_a_bar_that_is_empty_at_the_end(folder, monkeypatch):
    outputs, messages = execute(folder, monkeypatch, session="lesson.ipynb")
    shown = [
        message["content"]["data"]["text/plain"]
        for message in messages
        if message["msg_type"] in ("display_data", "update_display_data")
    ]
    assert any("11/11" in text for text in shown)
    assert shown[-1] == ""
    assert [output.output_type for output in outputs] == [
        "stream",
        "display_data",
        "execute_result",
    ]
    assert outputs[1].data == {"text/plain": ""}
    again, _ = execute(folder, monkeypatch, session="lesson.ipynb")
    assert [output.output_type for output in again] == ["stream", "execute_result"]
