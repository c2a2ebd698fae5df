"""Several notebooks at the same time: they share the cores, and Ctrl-C leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest

from course_tools.authoring import running
from tests.machine import ctrl_c
from tests.tools.authoring.made_notebooks import write_notebook
from tests.tools.calling import lr_course

FAST = ("FAST = False", ["parameters"])
CORES = "import os; print(os.environ.get('LOKY_MAX_CPU_COUNT'))"


def printed(nb):
    return "".join(
        output.get("text", "") for cell in nb.cells for output in cell.get("outputs", ())
    )


def test_those_at_the_same_time_share_the_cores(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "cpu_count", lambda: 4)
    paths = [write_notebook(tmp_path / f"{name}.ipynb", CORES) for name in "ab"]
    done = list(running.run_all([running.NotebookJob(path) for path in paths], at_once=2))
    assert {one.job.path for one in done} == set(paths)
    assert [printed(one.notebook) for one in done] == ["2\n", "2\n"]


def test_what_takes_long_begins_first(tmp_path):
    quick = write_notebook(tmp_path / "a.ipynb", "1")
    long = write_notebook(tmp_path / "b.ipynb", FAST)
    done = running.run_all([running.NotebookJob(quick), running.NotebookJob(long)], at_once=1)
    assert [one.job.path for one in done] == [long, quick]


@pytest.mark.parametrize(
    ("jobs", "notebooks", "cores", "at_once"),
    [(None, 9, 2, 2), (None, 9, 64, 4), (None, 3, 64, 1), (8, 9, 2, 8), (8, 3, 2, 3)],
)
def test_how_many_at_once(monkeypatch, jobs, notebooks, cores, at_once):
    monkeypatch.setattr(running, "cpu_count", lambda: cores)
    assert running.notebooks_at_once(jobs, notebooks) == at_once


@pytest.mark.skipif(os.name != "posix", reason="signals to a process group")
def test_ctrl_c_ends_all_kernels(tmp_path):
    started = [tmp_path / f"{name}.started" for name in "ab"]
    for path in started:
        wait = f"import pathlib, time; pathlib.Path({str(path)!r}).touch(); time.sleep(600)"
        write_notebook(path.with_suffix(".ipynb"), wait)
    run = subprocess.Popen(
        [sys.executable, "-m", "course_tools.cli", "run", str(tmp_path), "--jobs", "2"],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=ctrl_c.is_heard,
    )
    limit = time.monotonic() + 60
    while not all(path.exists() for path in started):
        assert time.monotonic() < limit, "the notebooks did not start"
        time.sleep(0.1)
    children = psutil.Process(run.pid).children(recursive=True)
    os.killpg(run.pid, signal.SIGINT)
    run.communicate(timeout=60)
    assert run.returncode != 0
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []


def test_copies_and_the_table_keep_their_order(tmp_path):
    for name, cells in (("a", ["1"]), ("b", [FAST]), ("c", ["1 / 0"])):
        write_notebook(tmp_path / f"{name}.ipynb", *cells)
    result = lr_course("run", tmp_path, "--jobs", 2, "--out", tmp_path / "out")
    rows = [line.split() for line in result.stdout.splitlines()[1:]]
    assert [row[0][-7:] for row in rows] == ["a.ipynb", "b.ipynb", "c.ipynb"]
    assert [row[2] for row in rows] == ["ok", "ok", "failed"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "a.ipynb",
        "b.ipynb",
        "c.ipynb",
    ]
    assert nbformat.read(tmp_path / "out/c.ipynb", as_version=4).cells[-1].outputs


def fail_soon(path):
    """Fail at the first path, for `in_processes`; the others say that they began."""
    if path.name == "0":
        raise RuntimeError("the first")
    path.touch()
    time.sleep(0.3)


def test_where_one_raises_what_has_not_begun_does_not_begin(tmp_path):
    paths = [tmp_path / str(number) for number in range(30)]
    with pytest.raises(RuntimeError, match="the first"):
        list(running.in_processes(fail_soon, paths, at_once=2))
    assert len(list(tmp_path.iterdir())) < 20
