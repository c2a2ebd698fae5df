"""Logs of real runs, where this machine has them: LR_COURSE_REAL_LOGS names the file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from course_lib.diagnose import from_entry, identify, read_log
from course_lib.diagnose.log_readers.log_kinds import KINDS

#: How the first lines of a kind are named beside the file, and its key.
FIRST_LINES = {
    **{"detectron2_log_txt": "detectron2_log_txt", "detectron2_metrics": "detectron2_metrics_json"},
    **{"generic_csv": "generic_csv", "hf_trainer": "hf_trainer_state", "timm": "timm_summary"},
    **{"keras3": "keras_csvlogger", "lightning": "lightning_csvlogger", "mae": "deit_mae_log_txt"},
    **{"llamafactory": "llamafactory_trainer_log", "mmcv": "mmcv_log_json", "text": "text_log"},
    **{"mmengine": "mmengine_scalars_json", "sb3": "sb3_progress_csv", "yolox": "yolox_train_log"},
    **{"ultralytics": "ultralytics_results", "wandb_history_csv": "wandb_history_csv"},
    **{"wandb_history_json": "wandb_history_json", "yolov5": "yolov5_results"},
    **{"yolov9": "yolov9_results"},
}


@pytest.fixture(scope="module")
def entries():
    place = os.environ.get("LR_COURSE_REAL_LOGS")
    if not place:
        pytest.skip("LR_COURSE_REAL_LOGS does not name a file of real logs")
    return json.loads(Path(place).read_text(encoding="utf-8"))


def test_every_entry_becomes_a_log(entries):
    for entry in entries:
        log = from_entry(entry)
        columns = [c for n, c in entry["lr"].items() if not isinstance(c[0], str)]
        kept = np.array([[np.nan if rate is None else rate for rate in c] for c in columns])
        kept = kept[:, np.isfinite(kept).any(axis=0)]
        np.testing.assert_array_equal(log.rates, kept, err_msg=entry["id"])
        assert log.format == KINDS[entry["format"]].name
        assert log.unit != "row"
        assert log.lags


def test_an_entry_may_lack_all_but_its_rates(entries):
    for entry in entries:
        least = {"id": entry["id"], "lr": entry["lr"], "other": None}
        assert from_entry(least).unit == "row"


def test_the_first_lines_of_every_kind_are_known(entries):
    folder = Path(os.environ["LR_COURSE_REAL_LOGS"]).parent / "log_formats"
    units = {entry["format"]: from_entry(entry).unit for entry in entries}
    files = sorted(folder.iterdir())
    assert files
    for path in files:
        log = read_log(path)
        (key,) = [key for start, key in FIRST_LINES.items() if path.name.startswith(start)]
        assert log.format == KINDS[key].name, path.name
        assert log.unit == units[key] or key in ("mmcv_log_json", "deit_mae_log_txt"), path.name
        assert np.isfinite(log.rates).all(), path.name
        assert log.size >= 3


REAL = "LR_COURSE_REAL_LOGS"


@pytest.mark.skipif(REAL not in os.environ, reason=f"{REAL} names no file of real logs")
def test_real_logs_are_explained_or_said_to_be_untold():

    wrong = []
    for entry in json.loads(Path(os.environ[REAL]).read_text(encoding="utf-8")):
        found = identify(from_entry(entry))
        told = "unidentifiable" not in entry["verdict"]["family"]
        if bool(found.parts) != told or (found.parts and not found.residual < 1e-2):
            wrong.append((entry["id"], [part.family for part in found.parts], found.cannot_tell))
    assert wrong == []
