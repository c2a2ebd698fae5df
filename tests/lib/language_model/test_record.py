"""A recording that is stopped goes on, and loses no finished run."""

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from course_lib.language_model import PlannedRun, grid, record, runs_file
from tests.machine import ctrl_c

SHORT = grid.Job(
    tuple(
        PlannedRun("grammar", schedule, 0, total, 0.004, 0)
        for schedule, total in (
            ("constant", 32),
            ("constant", 64),
            ("WSD 50 %", 64),
            ("linear", 32),
        )
    )
)


@pytest.fixture(scope="module")
def uninterrupted():
    return {run.plan: run for run in record.train_planned(SHORT.plans)}


def same(run, other):
    return (run.final, run.held_out) == (other.final, other.held_out)


def test_shared_updates_change_no_number(uninterrupted):
    for plan in SHORT.plans:
        (alone,) = record.train_planned([plan])
        assert same(alone, uninterrupted[plan]), plan


def test_a_killed_recording_goes_on_and_loses_one_run_at_most(tmp_path, uninterrupted):
    file = tmp_path / f"{SHORT.name}.jsonl"
    process = multiprocessing.get_context("spawn").Process(
        target=record.record_job, args=(SHORT, tmp_path)
    )
    process.start()
    until = time.monotonic() + 120
    while len(record.finished(SHORT, tmp_path)) < 2:
        assert time.monotonic() < until
        time.sleep(0.01)
    process.kill()
    process.join()
    kept = record.finished(SHORT, tmp_path)
    assert 2 <= len(kept) < len(SHORT.plans)
    with file.open("a") as out:
        out.write('{"text":"grammar","sched')  # a line that was cut short
    assert record.finished(SHORT, tmp_path) == kept
    assert record.record_job(SHORT, tmp_path) == len(SHORT.plans) - len(kept)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    runs = [runs_file.RecordedRun.from_json(line) for line in lines]
    assert len(runs) == len({run.plan for run in runs}) == len(SHORT.plans)
    assert runs[: len(kept)] == kept
    assert all(same(run, uninterrupted[run.plan]) for run in runs)
    assert record.record_job(SHORT, tmp_path) == 0


def test_the_file_keeps_every_run_and_is_the_same_each_time(tmp_path, uninterrupted):
    file, runs = tmp_path / "runs.json.gz", list(uninterrupted.values())
    runs_file.write_runs({"hours": 1}, runs, file)
    first = file.read_bytes()
    assert runs_file.read_runs(file) == ({"hours": 1}, runs)
    time.sleep(1.1)  # a second, in which gzip writes another time
    runs_file.write_runs({"hours": 1}, runs, file)
    assert file.read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == ["runs.json.gz"]


def test_a_diverged_run_is_kept_as_such(tmp_path):
    (run,) = record.train_planned([PlannedRun("grammar", "constant", 0, 32, 1e20, 0)])
    assert run.final is None
    assert run.held_out == (None,)
    file = tmp_path / "runs.json.gz"
    runs_file.write_runs({}, [run], file)
    assert runs_file.read_runs(file)[1] == [run]


def test_the_command_refuses_no_processes(capsys, tmp_path):
    with pytest.raises(SystemExit):
        record.main(["--jobs", "0", "--folder", str(tmp_path)])
    assert "--jobs must be >= 1, got 0" in capsys.readouterr().err


def test_plans_are_what_their_names_say():
    for row in grid.jobs():
        for plan in row.plans:
            rates = plan.rates()
            assert rates.shape == (plan.total_steps,)
            assert rates.max() == pytest.approx(plan.peak_lr, rel=1e-12), plan
            ends = {"constant": 1, "linear to a tenth": 0.1, "multi-step": 0.1}
            end = ends.get(plan.schedule, 0) * plan.peak_lr
            assert rates[-1] == pytest.approx(end, abs=0.02 * plan.peak_lr), plan
            if plan.schedule != "1-cycle":
                first = plan.peak_lr / (plan.warmup_steps or 1)
                assert rates[0] == pytest.approx(first, rel=1e-12), plan


def test_multi_step_falls_after_eight_and_nine_tenths():
    rates = PlannedRun("grammar", "multi-step", 32, 640, 0.01, 0).rates()
    falls = np.flatnonzero(np.diff(rates[32:]) < 0) + 33
    assert falls.tolist() == [512, 576]
    np.testing.assert_allclose(rates[[511, 512, 576]], [0.01, 0.01 * 10**-0.5, 0.001])


def no_process_is_left(group, within=10.0):
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def recording(tmp_path, *options):
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "course_lib.language_model.record", "--jobs", "1"),
            *("--folder", str(tmp_path / "runs"), "--out", str(tmp_path / "out.gz"), *options),
        ],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=ctrl_c.is_heard,
    )


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupted_command_stops_at_once_and_says_what_is_kept(tmp_path, name):
    process = recording(tmp_path)
    training = tmp_path / "runs" / f"{grid.jobs()[0].name}.jsonl"
    until = time.monotonic() + 240
    while not training.exists():
        assert time.monotonic() < until
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.1)
    os.killpg(process.pid, getattr(signal, name))
    error = process.communicate(timeout=30)[1]
    assert process.returncode == 130
    assert re.search(r"Stopped: \d+ of 1520 runs are kept in .*runs\. The same command", error)
    assert "Traceback" not in error
    assert "RuntimeWarning" not in error
    assert not (tmp_path / "out.gz").exists()
    assert no_process_is_left(process.pid)


def test_two_recordings_do_not_share_a_folder(tmp_path, capsys):
    from filelock import FileLock

    (tmp_path / "runs").mkdir()
    with FileLock(tmp_path / "runs" / "lock"):
        options = ["--folder", str(tmp_path / "runs"), "--out", str(tmp_path / "out.gz")]
        assert record.main(options) == 1
    assert f"Another recording is at work in {tmp_path / 'runs'}." in capsys.readouterr().err


@pytest.mark.parametrize("out", [".", "missing/out.gz"])
def test_a_file_that_cannot_be_written_is_found_out_before_the_training(tmp_path, capsys, out):
    with pytest.raises(SystemExit):
        record.main(["--folder", str(tmp_path / "runs"), "--out", str(tmp_path / out)])
    assert "--out must be a file in a folder that can be written to" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_a_folder_that_is_a_file_is_refused(tmp_path, capsys):
    (tmp_path / "runs").write_text("")
    with pytest.raises(SystemExit):
        record.main(["--folder", str(tmp_path / "runs"), "--out", str(tmp_path / "out.gz")])
    assert "--folder must be a folder that can be written to" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["null", "{}", '{"text": "grammar"}', "\xff"])
def test_a_line_that_is_no_run_of_the_job_is_named(tmp_path, uninterrupted, line):
    lines = [line, *map(record._line, uninterrupted.values())]
    text = "\n".join(one.strip("\n") for one in lines)
    (tmp_path / f"{SHORT.name}.jsonl").write_text(text, encoding="latin-1")
    with pytest.raises(ValueError, match=r"jsonl, line 1: every line must be a run of grammar-w0"):
        record.finished(SHORT, tmp_path)


def test_a_run_that_is_there_twice_counts_once(tmp_path, uninterrupted):
    runs = list(uninterrupted.values())
    text = "".join(map(record._line, [*runs, runs[0]]))
    (tmp_path / f"{SHORT.name}.jsonl").write_text(text, encoding="utf-8")
    assert record.finished(SHORT, tmp_path) == runs


@pytest.mark.parametrize(
    ("field", "value"),
    [("text", "novel"), ("schedule", "Linear"), ("total_steps", 100), ("seed", -1), ("seed", 1.5)],
)
def test_a_plan_that_cannot_be_trained_is_refused(field, value):
    fields = {"text": "grammar", "schedule": "linear", "warmup_steps": 32, "total_steps": 320}
    with pytest.raises((ValueError, TypeError), match=rf"^{field} must be "):
        PlannedRun(**{**fields, "peak_lr": 0.004, "seed": 0, field: value})
