"""Logs as text: rates with the epoch and the step of their line, or of the lines before."""

from __future__ import annotations

import pytest

from course_lib.diagnose import LogError, read_log


def read(tmp_path, text, **more):
    path = tmp_path / "run.log"
    path.write_text(text, encoding="utf-8")
    return read_log(path, **more)


@pytest.mark.parametrize(
    "line",
    [
        "ep {e}/20  loss=0.5(diag)  lr={r}  acc=0.7  [best]",
        "Epoch: {e}/20 | train loss: 0.5 | LR: {r}",
        "Epoch {e} of 20, loss 0.5, learning rate {r}",
        "epoch {e}: loss: 0.5 learning_rate = {r}.",
        "{{'loss': 0.5, 'learning_rate': {r}, 'epoch': {e}}}",
        "{{'loss': '0.5', 'learning_rate': '{r}', 'epoch': '{e}'}}",
        "[Epoch {e}] loss=0.5; lr is {r}; min_lr: 1e-9; lr_decay: 0.5",
    ],
)
def test_a_line_an_epoch(tmp_path, line):
    text = "".join(line.format(e=e, r=r) + "\n" for e, r in ((1, "1.95e-05"), (2, "1.9e-05")))
    log = read(tmp_path, text)
    assert (log.unit, log.lags) == ("epoch", (1, 0, 2))
    assert log.at.tolist() == [1, 2]
    assert log.rates.tolist() == [[1.95e-5, 1.9e-5]]
    assert log.losses.tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    "line",
    [
        "step {s}: loss 0.5, lr 1e-05",
        "iter: {s}  total_loss: 0.5  lr: 1e-05  max_mem: 11810M",
        "iteration {s}/ 500000 | learning rate: 1.0E-05 | loss: 0.5 | grad norm: 1.5",
        "global_step={s} loss=0.5 lr=1e-05 iter_time: 0.671s",
        "Iter(train) [{s}/80000]  base_lr: 1e-04 lr: 1e-05  eta: 1:00  loss: 0.5",
    ],
)
def test_a_line_a_step(tmp_path, line):
    log = read(tmp_path, "".join(line.format(s=s) + "\n" for s in (100, 200)))
    assert (log.unit, log.at.tolist()) == ("update", [100, 200])
    assert log.rates.tolist() == [[1e-5, 1e-5]]
    assert log.losses.tolist() == [0.5, 0.5]


def test_the_epoch_stands_in_a_line_before_and_settings_are_no_rows(tmp_path):
    text = "lr: 0.0001\nnum_epochs: 30\nbatch_size: 128\n"
    text += "".join(
        f"Epoch: {e}/30\nTime Taken: 9.5s - LR: {r}e-05\n" for e, r in ((1, 9.9), (2, 9))
    )
    log = read(tmp_path, text)
    assert log.at.tolist() == [1, 2]
    assert log.rates.tolist() == [[9.9e-5, 9e-5]]
    assert log.settings == {"peak_lr": 1e-4, "epochs": 30, "batch_size": 128}
    assert log.notes == ("1 rate before the first epoch or step left out",)


def yolox(epoch, iteration, rate):
    head = "2026-01-13 19:36:11.931 | INFO     | yolox.core.trainer:after_iter:253 - "
    tail = f"mem: 46Mb, iter_time: 0.6s, total_loss: 11.8, lr: {rate}, size: 640, ETA: 0:24:55\n"
    return f"{head}epoch: {epoch}/20, iter: {iteration}/30, {tail}"


def test_yolox_counts_updates_through_its_epochs(tmp_path):
    rows = [yolox(e, i, f"{e}e-05") for e in (1, 2) for i in (10, 20, 30)]
    log = read(tmp_path, "".join(rows))
    assert (log.format, log.unit, log.lags) == ("YOLOX train_log.txt", "update", (0,))
    assert log.at.tolist() == [10, 20, 30, 40, 50, 60]
    assert log.settings == {"epochs": 20, "steps_per_epoch": 30}
    log = read(tmp_path, yolox(2, 10, "1e-05"))
    assert log.at.tolist() == [40]


def test_detectron2(tmp_path):
    line = "[11/17 15:16:42] d2.utils.events INFO:  eta: 21:12:23  iter: {}  lr: 0.00019981\n"
    log = read(tmp_path, "  MAX_ITER: 90000\n  BASE_LR: 0.02\n" + line.format(19) + line.format(39))
    assert (log.format, log.lags, log.at.tolist()) == ("detectron2 log.txt", (0,), [19, 39])
    assert log.settings == {"total_steps": 90000, "peak_lr": 0.02}


def test_the_batch_of_an_epoch_in_brackets(tmp_path):
    line = "Epoch [{}][{}/25]\tlr: 1.000e-03, eta: 1 day, loss: 0.5\n"
    rows = [line.format(e, i) for e in (1, 2) for i in (10, 20)]
    log = read(tmp_path, "".join(rows))
    assert (log.unit, log.at.tolist()) == ("update", [10, 20, 35, 45])


def test_pytorchs_verbose_schedulers_write_a_line_for_each_group(tmp_path):
    text = "".join(
        f"Adjusting learning rate of group {g} to {r:.4e}.\n" for r in (1e-2, 5e-3) for g in (0, 1)
    )
    log = read(tmp_path, text)
    assert log.group_names == ("lr/group 0", "lr/group 1")
    assert log.rates.tolist() == [[1e-2, 5e-3], [1e-2, 5e-3]]
    assert log.unit == "row"


def test_several_rates_in_a_line(tmp_path):
    log = read(tmp_path, "step 1 lr=[1e-3, 1e-4]\nstep 2 lr=[5e-4, 5e-5]\n")
    assert log.rates.tolist() == [[1e-3, 5e-4], [1e-4, 5e-5]]


def test_what_is_no_rate(tmp_path):
    with pytest.raises(LogError, match="no rate in 5 lines of text"):
        read(tmp_path, "min_lr: 0.1\nlr_decay: 0.5\nlr: high\nclr: 0.1\nlr: 5%\n")


def test_a_progress_bar(tmp_path):
    line = "Epoch {}:  50%|#####     | {}/20 [00:01<00:01,  9.5it/s, loss=0.5, lr={}]"
    bars = [line.format(e, k, r) for e, k, r in ((0, 10, 0.1), (0, 20, 0.2), (1, 10, 0.3))]
    log = read(tmp_path, "\r".join(bars) + "\n")
    assert (log.unit, log.at.tolist()) == ("update", [10, 20, 30])
    assert log.rates.tolist() == [[0.1, 0.2, 0.3]]


def test_a_number_that_may_be_cut_off_is_left_out(tmp_path):
    log = read(tmp_path, "ep 1/9 loss=0.5 lr=1.95e-05\nep 2/9 loss=0.5 lr=1.9")
    assert log.rates.tolist() == [[1.95e-5]]
    assert "its last number, 1.9, may be cut off and was left out" in log.notes[0]


def test_settings_alone_are_no_log(tmp_path):
    with pytest.raises(LogError, match="one rate in 2 lines of text, without an epoch or a step"):
        read(tmp_path, "lr: 0.0001\nbatch_size: 128\n")


def test_rates_alone_are_rows_and_no_settings(tmp_path):
    log = read(tmp_path, "lr: 0.1\nlr: 0.05\nlr: 0.025\n")
    assert (log.unit, log.rates.tolist()) == ("row", [[0.1, 0.05, 0.025]])
    assert log.settings == {}
