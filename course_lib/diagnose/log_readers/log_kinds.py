"""One table of the kinds of logs: what each one's counter counts, and when it reads the rate.

A row says rate = schedule(at - lag), where the schedule's t counts updates (or epochs) from 0.
The lags are read off the tools' own code; where it changed, the older behaviour is named too.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

UPDATE_COUNTERS = (
    *("trainer/global_step", "train/global_step", "global_step", "current_steps", "num_updates"),
    *("step", "iteration", "iter", "it", "update", "updates", "steps", "iterations"),
    *("global_iter", "global iteration", "Step", "train/step", "column 1"),
)
ENVIRONMENT_COUNTERS = ("time/total_timesteps", "total_timesteps", "timesteps", "env_steps")
EPOCH_COUNTERS = ("epoch", "epochs", "ep", "train/epoch", "Epoch")
CALL_COUNTERS = ("_step",)  # W&B counts its own calls of log where the script gives no step


@dataclass(frozen=True)
class LogKind:
    """A kind of log, and how its rows are to be read.

    Attributes:
        name: name for people, as in "Lightning metrics.csv".
        update_lags: lags of a counter of updates, the likeliest first.
        epoch_lags: lags of a counter of epochs that begins at 0; one that begins at 1 adds 1.
        first_epoch: number of the tool's first epoch; None: read off the log.
        counters: columns that this tool counts with, before the usual ones.
        settings_files: files beside the log that hold the run's settings.

    >>> KINDS["timm_summary"].settings_files
    ('args.yaml',)
    """

    name: str
    update_lags: tuple[float, ...] = (0, 1)
    epoch_lags: tuple[float, ...] = (0, -1, 1)
    first_epoch: int | None = None
    counters: tuple[str, ...] = ()
    settings_files: tuple[str, ...] = ()


KINDS = {
    # Before transformers 4.51.0, `_maybe_log_save_evaluate` read the rate after the scheduler's
    # step: the rate of the next update. Since then, `learning_rate = self._get_learning_rate()`
    # stands before that step.
    "hf_trainer_state": LogKind("Hugging Face trainer_state.json", (1, 0), counters=("step",)),
    # LogCallback copies the last entry of the Trainer's log_history.
    "llamafactory_trainer_log": LogKind("LLaMA-Factory trainer_log.jsonl", (1, 0)),
    # The rate at an epoch's end. New releases step the scheduler before the epoch, older ones and
    # YOLOv5 after it with last_epoch = -1, so that the first decayed rate comes twice.
    "ultralytics_results": LogKind(
        "Ultralytics results.csv", epoch_lags=(0, 1), settings_files=("args.yaml",)
    ),
    "yolov5_results": LogKind(
        "YOLOv5 or YOLOv9 results.csv",
        epoch_lags=(1, 0),
        first_epoch=0,
        settings_files=("opt.yaml", "hyp.yaml"),
    ),
    "yolov9_results": LogKind(
        "YOLOv5 or YOLOv9 results.csv",
        epoch_lags=(1, 0),
        first_epoch=0,
        settings_files=("opt.yaml", "hyp.yaml"),
    ),
    # LearningRateMonitor reads the rate when a batch begins; `self.log` inside training_step too,
    # inside on_train_batch_end after the scheduler's step.
    "lightning_csvlogger": LogKind(
        "Lightning metrics.csv",
        (0, -1),
        first_epoch=0,
        counters=("step", "trainer/global_step"),
        settings_files=("hparams.yaml",),
    ),
    # update_summary comes before lr_scheduler.step(epoch + 1); with --sched-on-updates the rate is
    # that after the epoch's last update.
    "timm_summary": LogKind(
        "timm summary.csv", epoch_lags=(0, -1), first_epoch=0, settings_files=("args.yaml",)
    ),
    # hooks.LRScheduler.after_step puts the rate into the storage, then steps; iterations from 0.
    "detectron2_metrics_json": LogKind("detectron2 metrics.json", (0,), counters=("iteration",)),
    "detectron2_log_txt": LogKind("detectron2 log.txt", (0,), counters=("iter",)),
    # LoggerHook writes iter + 1 after the iteration, RuntimeInfoHook the rate before it.
    "mmengine_scalars_json": LogKind(
        "MMEngine scalars.json", (1,), (0,), first_epoch=1, counters=("step",)
    ),
    "mmcv_log_json": LogKind("MMCV .log.json", (1,), (0,), first_epoch=1, counters=("iter",)),
    # LearningRateScheduler sets the rate when an epoch begins; a LearningRateSchedule counts
    # updates, so that the rate at the end of an epoch is that of the next one.
    "keras_csvlogger": LogKind("Keras CSVLogger", epoch_lags=(0, -1), first_epoch=0),
    "keras_history_json": LogKind("Keras history", epoch_lags=(0, -1), first_epoch=0),
    "sb3_progress_csv": LogKind(
        "Stable-Baselines3 progress.csv", counters=("time/total_timesteps",)
    ),
    # train_lr is the mean over the epoch: of rates per epoch (DeiT) or per update (MAE).
    "deit_mae_log_txt": LogKind("DeiT or MAE log.txt", epoch_lags=(0, 1, -0.5), first_epoch=0),
    # update_lr(progress_in_iter + 1) after the update sets the rate of the next one and logs it.
    "yolox_train_log": LogKind("YOLOX train_log.txt", (0,), first_epoch=1),
    "wandb_history_csv": LogKind("W&B history (CSV)"),
    "wandb_history_json": LogKind("W&B history (JSON)"),
    "wandb_chart_csv": LogKind("W&B chart (CSV)", counters=("Step", "trainer/global_step")),
    "tensorboard_csv": LogKind("TensorBoard CSV", counters=("Step",)),
    "tensorboard_events": LogKind("TensorBoard event file", counters=("step",)),
    "custom_epoch_csv": LogKind("CSV, a row an epoch"),
    "generic_csv": LogKind("CSV"),
    "json_rows": LogKind("JSON rows"),
    "text_log": LogKind("text log"),
    "rows": LogKind("rows", (0, -1)),
    "list": LogKind("list", (0, -1)),
}
FORMATS = tuple(KINDS)


def kind_of_columns(names: Collection[str], container: str) -> str:
    """Return the key of the kind that the names of columns show.

    Args:
        names: names of all columns.
        container: form of the file: "csv", "jsonl", "json", "rows", or "history" for an object
            of columns.

    >>> kind_of_columns(["epoch", "lr/pg0", "lr/pg1"], "csv")
    'ultralytics_results'
    """
    there = set(names)
    starts = {name.split("/")[0] for name in there}
    if any(name.startswith("lr/pg") for name in there):
        return "ultralytics_results"
    if "x/lr0" in there:
        return "yolov9_results" if "train/dfl_loss" in there else "yolov5_results"
    if {"time/total_timesteps", "train/learning_rate"} <= there:
        return "sb3_progress_csv"
    if {"current_steps", "total_steps"} <= there:
        return "llamafactory_trainer_log"
    if "_step" in there:
        return "wandb_history_csv" if container == "csv" else "wandb_history_json"
    if {"Wall time", "Step", "Value"} <= there:
        return "tensorboard_csv"
    if any(name.endswith("__MIN") for name in there):
        return "wandb_chart_csv"
    if container == "csv":
        if "step" in there and ("epoch" in there or any(n.startswith("lr-") for n in there)):
            return "lightning_csvlogger"
        if {"epoch", "train_lr"} <= there or any(name.startswith("train_lr[") for name in there):
            return "timm_summary"
        if "loss" in there and there & {"learning_rate", "lr"} and "step" not in there:
            return "keras_csvlogger"
        if "epoch" in {name.lower() for name in there} and "step" not in there:
            return "custom_epoch_csv"
        return "generic_csv"
    if "iteration" in there and there & {"eta_seconds", "data_time", "total_loss"}:
        return "detectron2_metrics_json"
    if {"mode", "epoch", "iter"} <= there:
        return "mmcv_log_json"
    if "step" in there and "lr" in starts and there & {"data_time", "memory", "base_lr", "time"}:
        return "mmengine_scalars_json"
    if "train_lr" in there and there & {"epoch", "it"}:
        return "deit_mae_log_txt"
    if {"learning_rate", "epoch", "step"} <= there:
        return "hf_trainer_state"
    counters = {*UPDATE_COUNTERS, *EPOCH_COUNTERS}
    if container == "history" and "loss" in there and not there & counters:
        return "keras_history_json"
    return "rows" if container == "rows" else "json_rows"


def lags_of(
    key: str, unit: str, at: np.ndarray, rate_names: tuple[str, ...], names: Collection[str] = ()
) -> tuple[float, ...]:
    """Return the lags that a log of a kind may have, the likeliest first.

    Args:
        key: key of the kind in `KINDS`.
        unit: unit of the counter.
        at: counter of the rows that have a rate, (rows,).
        rate_names: names of the columns of rates: tools that write through others are known by
            them.
        names: names of all columns; empty where they are not known.

    >>> lags_of("ultralytics_results", "epoch", [1, 2, 3], ("lr/pg0",))
    (1, 2)
    """
    kind = KINDS[key]
    at = np.asarray(at, dtype=np.float64)
    if unit == "row":
        return (0, -1)
    if unit == "environment step":
        return _environment_lags(at)
    if unit == "epoch":
        first = kind.first_epoch
        if first is None:
            first = 0 if np.nanmin(at) < 1 else 1
        return tuple(lag + first for lag in kind.epoch_lags)
    if key == "hf_trainer_state" and names and "grad_norm" not in names:
        return (0, 1)  # the Trainer logs grad_norm since 4.38, long before 4.51
    if any(name.split(" - ")[-1] == "train/learning_rate" for name in rate_names):
        return (1, 0)  # Hugging Face's Trainer, through W&B or TensorBoard
    if any(name.startswith("lr-") for name in rate_names):
        return KINDS["lightning_csvlogger"].update_lags
    return kind.update_lags


def _environment_lags(at: np.ndarray) -> tuple[float, ...]:
    """Return the lags of Stable-Baselines3, which logs a rate when the next rollout has ended.

    A rollout's length is the most frequent difference of rows: a callback that evaluates adds some.
    """
    gaps = np.diff(at[:64])  # the first rows: a thinned log keeps those
    gaps = gaps[gaps > 0]
    if not gaps.size:
        return (0,)
    sizes, counts = np.unique(gaps, return_counts=True)
    return (float(sizes[np.argmax(counts)]), 0)
