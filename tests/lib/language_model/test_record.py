"""A recording that is stopped goes on, and loses no finished run."""

import json
import multiprocessing
import time

import numpy as np
import pytest

from course_lib.language_model import PlannedRun, grid, record, runs_file

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
    return (run.final, run.held_out, run.train) == (other.final, other.held_out, other.train)


def test_shared_updates_change_no_number(uninterrupted):
    for plan in SHORT.plans:
        (alone,) = record.train_planned([plan])
        assert same(alone, uninterrupted[plan]), plan


def test_a_killed_recording_goes_on_and_loses_one_run_at_most(tmp_path, uninterrupted):
    file = tmp_path / f"{SHORT.name}.jsonl"
    process = multiprocessing.get_context("spawn").Process(
        target=record._record, args=(SHORT, tmp_path)
    )
    process.start()
    until = time.monotonic() + 120
    while len(record.finished(file)) < 2:
        assert time.monotonic() < until
        time.sleep(0.01)
    process.kill()
    process.join()
    kept = record.finished(file)
    assert 2 <= len(kept) < len(SHORT.plans)
    with file.open("a") as out:
        out.write('{"text":"grammar","sched')  # a line that was cut short
    assert record.finished(file) == kept
    assert record._record(SHORT, tmp_path) == len(SHORT.plans) - len(kept)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    runs = [runs_file.RecordedRun.from_json(line) for line in lines]
    assert len(runs) == len({run.plan for run in runs}) == len(SHORT.plans)
    assert runs[: len(kept)] == kept
    assert all(same(run, uninterrupted[run.plan]) for run in runs)
    assert record._record(SHORT, tmp_path) == 0


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
