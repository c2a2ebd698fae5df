"""Logs as tables: which column holds rates, which one counts, and in what unit."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import course_lib.diagnose
from course_lib.diagnose import read_log
from course_lib.diagnose.log_readers.csv_logs import layout_of, read_table

EXAMPLES = Path(course_lib.diagnose.__file__).parent / "example_logs"


def table(path, *rows, end="\n"):
    path.write_text("\n".join(rows) + end, encoding="utf-8")
    return path


def test_ultralytics_with_its_settings(tmp_path):
    rows = ["epoch,time,train/box_loss,lr/pg0,lr/pg1,lr/pg2"]
    rows += [f"{e},{9.5 * e},1.5,{1e-3 * e},{1e-3 * e},{2e-3 * e}" for e in (1, 2, 3)]
    (tmp_path / "args.yaml").write_text("epochs: 100\nlr0: 0.01\nlrf: 0.01\noptimizer: auto\n")
    log = read_log(table(tmp_path / "results.csv", *rows))
    assert (log.format, log.unit, log.lags) == ("Ultralytics results.csv", "epoch", (1, 2))
    assert log.group_names == ("lr/pg0", "lr/pg1", "lr/pg2")
    assert log.rates[:, 2].tolist() == [0.003, 0.003, 0.006]
    assert log.settings == {"epochs": 100, "lr0": 0.01, "lrf": 0.01, "optimizer": "auto"}
    assert log.notes == ("settings were read from args.yaml",)


def test_padded_headers_and_epochs_from_0(tmp_path):
    rows = ["               epoch,      train/box_loss,               x/lr0,               x/lr1"]
    rows += [f"{e:20d},{1.5:20},{0.07 - e / 100:20},{e / 1000:20}" for e in (0, 1, 2)]
    (tmp_path / "opt.yaml").write_text("epochs: 100\nhyp:\n  lr0: 0.3\n")
    log = read_log(table(tmp_path / "results.csv", *rows))
    assert (log.format, log.lags) == ("YOLOv5 or YOLOv9 results.csv", (1, 0))
    assert log.group_names == ("x/lr0", "x/lr1")
    assert log.settings == {"epochs": 100}


def test_lightnings_own_file():
    log = read_log(EXAMPLES / "metrics.csv")
    assert (log.format, log.unit, log.lags) == ("Lightning metrics.csv", "update", (0, -1))
    assert log.group_names == ("lr-AdamW",)
    assert log.at.tolist() == [*range(0, 400, 20)]
    assert log.epochs.tolist() == [*range(20)]  # the monitor's rows have none of their own


def test_lightning_with_several_groups_two_counters_and_rows_of_one_step(tmp_path):
    rows = ["epoch,lr-SGD/pg1,lr-SGD/pg1-momentum,lr-SGD/pg2,step,train_loss,val_loss"]
    rows += [",0.1,0.9,0.2,49,,", "0,,,,49,1.5,", ",0.05,0.9,0.1,99,,", "0,,,,99,1.25,"]
    rows += ["0,,,,6538,,1.0"]  # Lightning counts batches of validation in the same column
    (tmp_path / "hparams.yaml").write_text("learning_rate: 0.2\nmax_steps: 1000\n")
    log = read_log(table(tmp_path / "metrics.csv", *rows))
    assert log.group_names == ("lr-SGD/pg1", "lr-SGD/pg2")
    assert log.at.tolist() == [49, 99]
    assert log.losses.tolist() == [1.5, 1.25]
    assert (log.settings["peak_lr"], log.settings["total_steps"]) == (0.2, 1000)
    assert "2 of 5 rows have a rate; the others were left out" in log.notes


def test_lightning_with_a_rate_for_each_step_and_its_mean(tmp_path):
    rows = ["epoch,lr_epoch,lr_step,step", "0,,0.1,4", "0,,0.3,9", "0,0.2,,9", "1,,0.5,14"]
    log = read_log(table(tmp_path / "metrics.csv", *rows))
    assert log.group_names == ("lr_step",)
    assert log.rates.tolist() == [[0.1, 0.3, 0.5]]
    assert "lr_epoch, the mean of lr_step over an epoch, was left out" in log.notes


def test_timm_with_one_rate_and_with_a_list_as_text(tmp_path):
    (tmp_path / "args.yaml").write_text("sched: cosine\nlr: 0.5\nmin_lr: 1.0e-05\nopt: sgd\n")
    rows = ["epoch,train_loss,train_lr,eval_top1", "0,5.5,1e-05,0.5", "1,5.25,0.1,2.5"]
    log = read_log(table(tmp_path / "summary.csv", *rows))
    assert (log.format, log.unit, log.lags) == ("timm summary.csv", "epoch", (0, -1))
    assert log.settings == {
        **{"scheduler": "cosine", "peak_lr": 0.5, "floor": 1e-5, "optimizer": "sgd"}
    }
    assert log.metrics["eval_top1"].tolist() == [0.5, 2.5]
    rows = ["epoch,train_loss,train_lr,eval_top1", '0,5.5,"[1e-05, 2e-05]",0.5', '1,5,"[0.1, 1]",2']
    log = read_log(table(tmp_path / "summary.csv", *rows))
    assert log.group_names == ("train_lr[0]", "train_lr[1]")
    assert log.rates.tolist() == [[1e-5, 0.1], [2e-5, 1.0]]


def test_kerass_own_file():
    log = read_log(EXAMPLES / "training_log.csv")
    assert (log.format, log.unit, log.lags) == ("Keras CSVLogger", "epoch", (0, -1))
    assert str(log.precision) == "float32"
    assert log.at[:3].tolist() == [0, 1, 2]
    assert "val_loss" in log.metrics


def test_keras_writes_what_is_read(tmp_path, needs_keras, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", os.environ.get("KERAS_BACKEND", "torch"))
    import keras

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    inputs = np.ones((4, 1))
    halved = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.1 * 0.5**epoch)
    logger = keras.callbacks.CSVLogger(str(tmp_path / "log.csv"))
    model.fit(inputs, inputs, epochs=3, verbose=0, callbacks=[halved, logger])
    log = read_log(tmp_path / "log.csv")
    assert (log.format, log.lags[0]) == ("Keras CSVLogger", 0)
    np.testing.assert_allclose(log.rates, [[0.1, 0.05, 0.025]], rtol=1e-6)


def test_keras_2_without_epochs(tmp_path):
    log = read_log(table(tmp_path / "h.csv", ",loss,val_loss,lr", "0,2,3,0.1", "1,1,2,0.05"))
    assert (log.format, log.unit, log.at.tolist()) == ("Keras CSVLogger", "epoch", [0, 1])


def test_stable_baselines_counts_environment_steps(tmp_path):
    rows = ["time/total_timesteps,train/learning_rate,train/loss,eval/mean_reward", "2048,,,"]
    rows += [f"{2048 * k},{3e-4 - k * 1e-6},5.5," for k in (2, 3, 4)] + ["10000,0.0003,,-795.5"]
    log = read_log(table(tmp_path / "progress.csv", *rows))
    assert (log.unit, log.lags) == ("environment step", (2048, 0))
    assert log.at.tolist() == [4096, 6144, 8192, 10000]


def test_wandb_history_counts_with_the_scripts_own_counter(tmp_path):
    rows = ["_step,iter,_runtime,lr,train/loss", "0,0.0,9.5,1e-05,4.25", "1,0.0,9.6,,"]
    rows += ["2,250.0,10.5,0.001,2.5"]
    log = read_log(table(tmp_path / "history.csv", *rows))
    assert (log.format, log.unit, log.at.tolist()) == ("W&B history (CSV)", "update", [0, 250])


def test_wandb_chart_of_one_run_and_of_two(tmp_path):
    rows = ['"Step","fox-1 - train/learning_rate","fox-1 - train/learning_rate__MIN"']
    rows = [f'{rows[0]},"fox-1 - train/learning_rate__MAX"', '"10","0.1","0.1","0.1"']
    log = read_log(table(tmp_path / "chart.csv", *rows))
    assert (log.format, log.lags) == ("W&B chart (CSV)", (1, 0))
    assert log.group_names == ("fox-1 - train/learning_rate",)
    rows = [
        '"Step","fox-1 - lr","fox-1 - lr__MIN","ant-2 - lr","ant-2 - lr__MIN"',
        "1,2,2,,",
        "1,,,3,3",
    ]
    log = read_log(table(tmp_path / "chart.csv", *rows))
    assert log.group_names == ("fox-1 - lr", "ant-2 - lr")
    assert any("each column is a run of its own" in note for note in log.notes)


def test_tensorboards_export(tmp_path):
    rows = ["Wall time,Step,Value", "1700000000.5,10,0.0001", "1700000001.5,20,9.5e-05"]
    log = read_log(table(tmp_path / "run.csv", *rows))
    assert (log.format, log.unit, log.at.tolist()) == ("TensorBoard CSV", "update", [10, 20])
    assert log.rates.tolist() == [[1e-4, 9.5e-5]]
    assert "the column 'Value' was taken for the rates" in log.notes[0]


@pytest.mark.parametrize("sep", [",", ";", "\t"])
def test_two_columns_with_and_without_names(tmp_path, sep):
    for head in (["step", "value"], []):
        rows = [sep.join(head)] * bool(head) + [f"{k}{sep}{0.1 / k}" for k in (1, 2, 4)]
        log = read_log(table(tmp_path / "a.txt", *rows))
        assert (log.format, log.at.tolist()) == ("CSV", [1, 2, 4])
        assert log.rates.tolist() == [[0.1, 0.05, 0.025]]


def test_columns_between_spaces_and_names_in_a_comment(tmp_path):
    np.savetxt(tmp_path / "a.txt", [[1, 0.1], [2, 0.05]], header="epoch lr")
    log = read_log(tmp_path / "a.txt")
    assert (log.unit, log.rates.tolist()) == ("epoch", [[0.1, 0.05]])


def test_one_column(tmp_path):
    log = read_log(table(tmp_path / "a.txt", "0.1", "0.05", "0.025"))
    assert (log.unit, log.rates.tolist()) == ("row", [[0.1, 0.05, 0.025]])


def test_decimal_commas_where_they_can_be_nothing_else_or_are_asked_for(tmp_path):
    rows = ["epoch;lr;loss", "0;0,1;2,5", "1;5,0E-02;1,5"]
    path = table(tmp_path / "a.csv", *rows)
    assert read_log(path).rates.tolist() == [[0.1, 0.05]]
    assert read_log(path).losses.tolist() == [2.5, 1.5]
    quoted = table(tmp_path / "b.csv", "epoch,lr", '0,"0,125"', '1,"0,5"')
    assert read_log(quoted, decimal=",").rates.tolist() == [[0.125, 0.5]]


def test_a_row_that_is_being_written_and_a_header_that_comes_again(tmp_path):
    rows = ["epoch,loss,lr", "0,1.5,0.1", "1,1.5,0.1", "epoch,loss,lr", "0,1.5,0.1", "1,1"]
    log = read_log(table(tmp_path / "a.csv", *rows, end=""))
    assert log.at.tolist() == [0, 1, 0]
    assert [note.split(":")[0] for note in log.notes] == [
        "the file does not end with a line end",
        "1 row with fewer cells than the header",
        "the header comes again in 1 row",
        "3 of 4 rows have a rate; the others were left out",
    ]


def test_a_number_that_may_be_cut_off_is_left_out(tmp_path):
    log = read_log(table(tmp_path / "a.csv", "step,lr", "1,1.95e-05", "2,1.9e-05", "3,1.8", end=""))
    assert log.rates.tolist() == [[1.95e-5, 1.9e-5]]
    assert "its last number, 1.8, may be cut off and was left out" in log.notes[0]
    quoted = read_log(table(tmp_path / "a.csv", "step,lr", '"1","0.1"', '"2","0.2"', end=""))
    assert quoted.rates.tolist() == [[0.1, 0.2]]
    assert quoted.notes == ()


def test_several_candidates_one_is_taken_and_the_choice_said(tmp_path):
    path = table(tmp_path / "a.csv", "step,base_lr,lr", "1,0.5,0.1", "2,0.5,0.2")
    log = read_log(path)
    assert log.group_names == ("lr",)
    assert log.notes == (
        "the rates are those of lr; base_lr may be rates as well (rate_column= chooses)",
    )
    assert read_log(path, rate_column="base_lr").rates.tolist() == [[0.5, 0.5]]


def test_columns_and_kinds_that_are_named(tmp_path):
    path = table(tmp_path / "a.csv", "count,eta,epoch", "10,0.1,1", "20,0.2,1")
    log = read_log(path, rate_column="eta", step_column="count", format="lightning_csvlogger")
    assert (log.unit, log.lags, log.at.tolist()) == ("update", (0, -1), [10, 20])
    assert read_log(path, rate_column="eta").unit == "epoch"


def test_utf_16_as_powershell_writes_it_and_byte_order_marks(tmp_path):
    path = tmp_path / "a.csv"
    for encoding in ("utf-16", "utf-8-sig"):
        path.write_text("epoch,lr\n0,0.1\n1,0.2\n", encoding=encoding)
        assert read_log(path).rates.tolist() == [[0.1, 0.2]]


def test_numbers_in_other_clothes(tmp_path):
    rows = [
        "epoch,lr,loss",
        "1/3,tensor(0.5000),-",
        "2/3,0.25,none",
        '3/3,"tensor([0.125], device)",nan',
    ]
    log = read_log(table(tmp_path / "a.csv", *rows))
    assert log.at.tolist() == [1, 2, 3]
    assert log.rates.tolist() == [[0.5, 0.25, 0.125]]


numbers = st.floats(1e-9, 10, allow_nan=False)


@given(st.lists(st.tuples(numbers, st.none() | numbers), min_size=2, max_size=30), st.data())
def test_every_table_is_read_back(rows, data):
    sep = data.draw(st.sampled_from([",", ";", "\t"]))
    lines = [sep.join(("step", "lr", "train_loss"))]
    lines += [
        sep.join((str(k), repr(rate), "" if loss is None else repr(loss)))
        for k, (rate, loss) in enumerate(rows)
    ]
    layout = layout_of(lines)
    assert layout.delimiter == sep
    found = read_table(lines, layout, "")
    assert found.columns["lr"].tolist() == [rate for rate, _ in rows]
    losses = [np.nan if loss is None else loss for _, loss in rows]
    np.testing.assert_array_equal(found.columns["train_loss"], losses)


def test_more_rows_than_a_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr("course_lib.diagnose.log_readers.csv_logs.CHUNK", 7)
    with open(tmp_path / "a.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["step", "lr"], *([k, k / 100] for k in range(1, 51))])
    log = read_log(tmp_path / "a.csv")
    assert log.rates[0].tolist() == [k / 100 for k in range(1, 51)]
