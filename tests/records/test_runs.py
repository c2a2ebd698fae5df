"""The small runs whose logs are examples: each trainer has its log; Keras writes the same again."""

from __future__ import annotations

import csv
import os
import subprocess
import sys

import numpy as np

from records.libraries import pins_of
from records.runs.__main__ import HERE, LOGS, TRAINERS


def test_every_trainer_pins_its_releases_and_has_its_log():
    logs = {path.name for path in LOGS.iterdir()}
    sources = {name: path.read_text(encoding="utf-8") for name, path in TRAINERS.items()}
    assert set(TRAINERS) == {"keras", "lightning", "transformers"}
    for name, path in TRAINERS.items():
        assert all("==" in pin for pin in pins_of(path))
        assert any(log in sources[name] for log in logs)
    assert all(any(log in source for source in sources.values()) for log in logs)


def test_keras_writes_its_log_again(tmp_path, needs_keras):
    command = [sys.executable, "-m", "records.runs.of_keras", str(tmp_path)]
    subprocess.run(command, check=True, cwd=HERE.parents[1], env=os.environ)
    again, kept = (
        list(csv.DictReader((folder / "training_log.csv").open(encoding="utf-8")))
        for folder in (tmp_path, LOGS)
    )
    assert again[0].keys() == kept[0].keys()
    assert len(again) == len(kept)
    # Later, the loss moves in its last digits alone, and so may the epoch of a cut.
    first = [float(row["learning_rate"]) for row in again[:20]]
    assert first == [float(row["learning_rate"]) for row in kept[:20]]
    assert len(set(first)) > 1
    losses = [[float(row["loss"]) for row in rows] for rows in (again, kept)]
    np.testing.assert_allclose(*losses, rtol=1e-4)
