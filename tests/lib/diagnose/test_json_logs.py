"""Logs in JSON, whole and cut off: units, lags, settings and rows."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.diagnose import LogError, read_log
from course_lib.diagnose.log_readers.json_logs import read_json

RATES = [2e-5, 1.5e-5, 1e-5, 5e-6]


def lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def trainer_state(rates=RATES, **more):
    """The state of a run of 4 updates, as `TrainerState.save_to_json` writes it."""
    rows = [
        {"epoch": k / 2, "grad_norm": 1.5, "learning_rate": rate, "loss": 3.0 - k, "step": k + 1}
        for k, rate in enumerate(rates)
    ]
    evaluation = {"epoch": 2.0, "eval_loss": 1.25, "step": 4}
    end = {"epoch": 2.0, "step": 4, "train_loss": 1.5, "train_runtime": 9.0}
    state = {"global_step": 4, "max_steps": 4, "num_train_epochs": 2, "logging_steps": 1} | more
    state["log_history"] = [*rows, evaluation, end]
    return json.dumps(state, indent=2, sort_keys=True) + "\n"


def test_a_trainer_state(tmp_path):
    path = tmp_path / "trainer_state.json"
    path.write_text(trainer_state(best_global_step=None, train_batch_size=8), encoding="utf-8")
    log = read_log(path)
    assert (log.format, log.unit, log.lags) == (
        "Hugging Face trainer_state.json",
        "update",
        (1, 0),
    )
    assert log.rates.tolist() == [RATES]
    assert log.at.tolist() == [1, 2, 3, 4]
    assert log.epochs.tolist() == [0, 0.5, 1, 1.5]
    assert log.losses.tolist() == [3, 2, 1, 0]
    assert log.metrics["eval_loss"][-1] == 1.25  # from the row of the evaluation, of the same step
    assert log.settings["total_steps"] == 4
    assert log.settings["epochs"] == 2
    assert log.settings["batch_size"] == 8
    assert "4 of 6 rows have a rate; the others were left out" in log.notes


def test_before_transformers_4_50_a_row_has_the_next_updates_rate(tmp_path):
    path = tmp_path / "trainer_state.json"
    path.write_text(trainer_state(), encoding="utf-8")
    assert read_log(path).lags == (0, 1)


def test_the_trainer_logs_the_rate_of_the_update_that_it_made(needs_transformers):
    # The rate is read before the scheduler's step: since transformers 4.51.0.
    import inspect

    import transformers

    if tuple(map(int, transformers.__version__.split(".")[:2])) < (4, 51):
        pytest.skip("this transformers is older than the change")
    source = inspect.getsource(transformers.Trainer)
    read = source.index("learning_rate = self._get_learning_rate()")
    assert read < source.index("self.lr_scheduler.step()", read)


def test_transformers_own_state(tmp_path, needs_transformers):
    from transformers.trainer_callback import TrainerState

    history = json.loads(trainer_state())["log_history"]
    state = TrainerState(log_history=history, max_steps=4, num_train_epochs=2, logging_steps=1)
    (tmp_path / "checkpoint-4").mkdir()
    state.save_to_json(str(tmp_path / "checkpoint-4" / "trainer_state.json"))
    log = read_log(tmp_path)
    assert log.rates.tolist() == [RATES]
    assert log.settings["total_steps"] == 4
    assert log.notes[0] == "read from checkpoint-4/trainer_state.json"


def test_of_several_checkpoints_the_last_is_read(tmp_path):
    for step in (500, 1000, 1500):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        text = trainer_state(global_step=step)
        (folder / "trainer_state.json").write_text(text, encoding="utf-8")
    log = read_log(tmp_path)
    assert log.settings["global_step"] == 1500
    assert log.notes[0] == "read from checkpoint-1500/trainer_state.json, the last of 3"


@given(st.data())
def test_a_document_that_is_cut_off_is_used_as_far_as_it_goes(data):
    text = trainer_state(best_global_step=None)
    first = text.index('"loss"') + 60  # by then, the first row is whole
    cut = text[: data.draw(st.integers(first, text.index('"logging_steps"')))]
    table, form = read_json(cut, "trainer_state.json")
    assert form == "hf"
    seen = table.columns["learning_rate"][~np.isnan(table.columns["learning_rate"])]
    assert seen.tolist() == RATES[: seen.size]
    assert seen.size >= min(4, cut.count("},"))  # no whole row is lost
    assert "the file is cut off" in table.notes[0]
    assert table.cut_off


def test_no_number_is_read_from_a_column_that_is_cut_inside_it(tmp_path):
    path = tmp_path / "history.json"
    path.write_text('{"loss": [3.0, 2.0, 1.0], "learning_rate": [0.001, 0.00', encoding="utf-8")
    log = read_log(path)
    assert log.rates.tolist() == [[0.001]]
    assert log.losses.tolist() == [3.0]


def test_llama_factory(tmp_path):
    row = {"current_steps": 5, "total_steps": 40, "loss": 2.0, "lr": 1e-5, "epoch": 0.1}
    rows = [row, {**row, "current_steps": 10, "lr": 9e-6}, {"current_steps": 40, "total_steps": 40}]
    log = read_log(lines(tmp_path / "trainer_log.jsonl", rows))
    assert (log.format, log.unit, log.lags) == ("LLaMA-Factory trainer_log.jsonl", "update", (1, 0))
    assert log.at.tolist() == [5, 10]
    assert log.settings == {"total_steps": 40}
    older = [{**row, "learning_rate": row["lr"], "lr": None} for row in rows[:2]]
    assert read_log(lines(tmp_path / "older.jsonl", older)).group_names == ("learning_rate",)


def test_detectron2(tmp_path):
    rows = [{"iteration": k, "lr": k * 1e-5, "total_loss": 1.0, "eta_seconds": 9} for k in (19, 39)]
    rows.append({"iteration": 39, "bbox/AP": 30.5, "data_time": 0.1})
    log = read_log(lines(tmp_path / "metrics.json", rows))
    assert (log.format, log.unit, log.lags) == ("detectron2 metrics.json", "update", (0,))
    assert log.at.tolist() == [19, 39]
    assert log.losses.tolist() == [1, 1]


def test_runs_that_were_appended_stay_in_the_files_order(tmp_path):
    rows = [{"iteration": k, "lr": 1e-5, "total_loss": 1.0} for k in (19, 39, 19, 39)]
    assert read_log(lines(tmp_path / "metrics.json", rows)).at.tolist() == [19, 39, 19, 39]


def test_mmengine(tmp_path):
    rows = [{"lr": 1e-4, "data_time": 0.1, "loss": 1.0, "epoch": 1, "step": k} for k in (1, 2, 3)]
    rows.append({"coco/AP": 0.5, "step": 1})
    log = read_log(lines(tmp_path / "scalars.json", rows))
    assert (log.format, log.unit, log.lags) == ("MMEngine scalars.json", "update", (1,))
    assert log.at.tolist() == [1, 2, 3]
    assert log.epochs.tolist() == [1, 1, 1]


def mmcv(epochs=2, iterations=(10, 20), mode="train"):
    head = {"env_info": "sys.platform: linux\nPython: 3.9", "seed": 0}
    rows = [
        {"mode": mode, "epoch": e, "iter": i, "lr": 10.0**-e, "loss": 1.0}
        for e in range(1, epochs + 1)
        for i in iterations
    ]
    return [head, *rows]


def test_mmcv_counts_epochs_where_their_length_is_not_known(tmp_path):
    log = read_log(lines(tmp_path / "1.log.json", mmcv()))
    assert (log.format, log.unit, log.lags) == ("MMCV .log.json", "epoch", (1,))
    assert np.floor(log.at).tolist() == [1, 1, 2, 2]
    assert log.rates.tolist() == [[0.1, 0.1, 0.01, 0.01]]
    assert "whose length the file does not say (at least 20)" in log.notes[-1]


def test_mmcv_counts_updates_with_its_text_log_beside(tmp_path):
    text = "2023-01-01 - INFO - Epoch [1][10/25]\tlr: 1.000e-01, eta: 0:01\n"
    (tmp_path / "1.log").write_text(text, encoding="utf-8")
    log = read_log(lines(tmp_path / "1.log.json", mmcv()))
    assert (log.unit, log.lags) == ("update", (1,))
    assert log.at.tolist() == [10, 20, 35, 45]
    assert log.settings["steps_per_epoch"] == 25


def test_mmcv_with_rates_in_rows_of_validation_alone_counts_epochs(tmp_path):
    log = read_log(lines(tmp_path / "1.log.json", mmcv(3, (13,), "val")))
    assert (log.unit, log.lags) == ("epoch", (1,))
    assert log.at.tolist() == [1, 2, 3]


def test_mmcv_leaves_out_rows_of_validation_beside_those_of_training(tmp_path):
    rows = [*mmcv(1, (10, 20)), *mmcv(1, (72,), "val")[1:], *mmcv(2)[3:]]
    assert read_log(lines(tmp_path / "1.log.json", rows)).size == 4


def test_deit_and_mae(tmp_path):
    rows = [{"train_lr": 3e-4, "train_loss": 2.0, "epoch": e, "n_parameters": 9} for e in (0, 1)]
    log = read_log(lines(tmp_path / "log.txt", rows))
    assert (log.format, log.unit) == ("DeiT or MAE log.txt", "epoch")
    assert log.lags == (0, 1, -0.5)
    steps = [{"train_lr": 3e-4, "train_loss": 2.0, "it": k} for k in (0, 5000)]
    assert read_log(lines(tmp_path / "it.txt", steps)).unit == "update"


def test_a_keras_history(tmp_path):
    path = tmp_path / "history.json"
    path.write_text(json.dumps({"loss": [2, 1], "val_loss": [3, 2], "lr": [0.1, 0.05]}), "utf-8")
    log = read_log(path)
    assert (log.format, log.unit, log.at.tolist()) == ("Keras history", "epoch", [0, 1])
    assert log.metrics["val_loss"].tolist() == [3, 2]


def test_wandb_exports_in_json(tmp_path):
    columns = {"iter": [50, 100], "train_lr": [1e-5, 2e-5], "train_loss": [9, 8]}
    document = {"config": {"lr": 1e-4, "iterations": 900}, "history": {"train": columns}}
    path = tmp_path / "history.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    log = read_log(path)
    assert (log.unit, log.at.tolist()) == ("update", [50, 100])
    assert (log.settings["peak_lr"], log.settings["total_steps"]) == (1e-4, 900)
    rows = [{"_step": k, "train/learning_rate": 1e-5, "train/global_step": 5 * k} for k in (1, 2)]
    path.write_text(json.dumps(rows), encoding="utf-8")
    log = read_log(path)
    assert (log.unit, log.lags, log.at.tolist()) == ("update", (1, 0), [5, 10])


def test_rows_by_pandas_pairs_and_bare_numbers(tmp_path):
    path = tmp_path / "log.json"
    for document in (
        {"step": {"0": 5, "1": 10}, "lr": {"0": 0.1, "1": 0.2}},
        [[5, 0.1], [10, 0.2]],
        [[1700000000.5, 5, 0.1], [1700000001.5, 10, 0.2]],
    ):
        path.write_text(json.dumps(document), encoding="utf-8")
        log = read_log(path)
        assert log.at.tolist() == [5, 10]
        assert log.rates.tolist() == [[0.1, 0.2]]
    path.write_text("[0.1, 0.2]", encoding="utf-8")
    assert (read_log(path).unit, read_log(path).rates.tolist()) == ("row", [[0.1, 0.2]])


def test_groups_in_lists_and_objects_and_rates_as_text(tmp_path):
    log = read_log(lines(tmp_path / "a", [{"step": k, "lr": [0.1, 0.2]} for k in (1, 2)]))
    assert log.group_names == ("lr[0]", "lr[1]")
    rows = [{"step": k, "lr": {"head": 0.1, "body": "2e-1"}} for k in (1, 2)]
    log = read_log(lines(tmp_path / "b", rows))
    assert log.group_names == ("lr/head", "lr/body")
    assert log.rates.tolist() == [[0.1, 0.1], [0.2, 0.2]]


def test_a_line_that_is_being_written_is_left_out(tmp_path):
    path = lines(tmp_path / "metrics.json", [{"iteration": k, "lr": 0.1} for k in (0, 1, 2)])
    path.write_text(path.read_text(encoding="utf-8") + '{"iteration": 3, "lr": 0.0', "utf-8")
    log = read_log(path)
    assert log.at.tolist() == [0, 1, 2]
    assert log.notes == ("the last line is cut off: 3 rows read before it",)
    assert log.cut_off


def test_json_without_rows_says_what_it_holds(tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"model": "resnet", "depth": 50}', encoding="utf-8")
    with pytest.raises(LogError, match=r"config.json: no rows in this JSON; it holds model, depth"):
        read_log(path)
