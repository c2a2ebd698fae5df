"""The recorded rates of other libraries: reproduced with their tails, or refused with a reason."""

import math
import os
import subprocess
import sys

import numpy as np
import pytest

from course_lib.libraries import conformance, from_library
from course_lib.libraries.conformance import recorded, recorded_rates

RECORDS = [(library, key) for library, entries in recorded().items() for key in entries]
FLOAT64, FLOAT32 = 1e-12, 2e-7
# Whole cycles taken off, or half a turn added, in float32.
LESS_THAN_FLOAT32 = {"CosineDecayRestarts_tmul1": 4e-7, "CosineDecayLR": 4e-7}
SINGLE = ("optax", "keras", "mindspore", "mlx", "xgboost")
PREFIXES = {"megatron-lm": "megatron", "transformers_4": "transformers"}
ROWS, UNCOVERED = conformance.table()


def test_every_record_is_reproduced_or_refused_with_a_reason():
    covered = {(row.library, row.schedule) for row in ROWS}
    refused = {(item.library, item.schedule) for item in UNCOVERED}
    assert covered | refused == set(RECORDS)
    assert not covered & refused
    assert len(covered) + len(refused) == len(ROWS) + len(UNCOVERED) == len(RECORDS)
    assert len(ROWS) >= 151
    assert all(len(item.reason) > 20 for item in UNCOVERED)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.library}-{row.schedule}")
def test_a_record_is_reproduced_with_its_tail(row):
    rates = recorded_rates(row.library, row.schedule)
    ours = recorded()[row.library][row.schedule].ours()(np.arange(rates.size))
    applied = np.isfinite(rates)
    assert applied.sum() >= 60
    peak = rates[applied].max()
    single = row.library in SINGLE or row.schedule.startswith("fit_")
    single = single or (row.library, row.schedule) == ("speechbrain", "LinearScheduler")
    limit = LESS_THAN_FLOAT32.get(row.schedule, FLOAT32 if single else FLOAT64)
    np.testing.assert_allclose(ours[applied], rates[applied], rtol=0, atol=limit * peak)
    assert row.within
    assert row.tolerance == limit


def test_the_records_are_complete():
    assert len(RECORDS) >= 155
    for library, key in RECORDS:
        record = recorded()[library][key]
        assert (record.library, record.schedule) == (library, key)
        assert record.version
        assert record.recorded in ("earlier, by hand", f"python -m records {library}")
        assert record.name.startswith(f"{PREFIXES.get(library, library)}.")


@pytest.mark.parametrize(
    ("library", "key", "words"),
    [
        ("torch", "CosineAnnealingLR", "rises again"),
        ("torch", "OneCycleLR_linear", "raises after t = 100 (rate -0.0014)"),
        ("torch", "StepLR", "goes on falling"),
        ("deepspeed", "LRRangeTest_staircase", "goes on rising"),
        ("optax", "cosine_decay_schedule", "held at 0.001"),
        ("timm", "CosineLRScheduler_prefix", "held at 0.001"),
        ("timm", "CosineLRScheduler_cycle_mul2", "held at 0.001 from t = 150, unrecorded"),
        ("torchtitan", "linear", "negative from t = 101"),
        ("transformers", "cosine", "rises again"),
        ("fastai", "fit_one_cycle", "run over after t = 99"),
    ],
)
def test_past_the_end_in_words(library, key, words):
    [row] = [row for row in ROWS if (row.library, row.schedule) == (library, key)]
    assert row.past_end == words


def test_a_wrong_schedule_is_out_of_tolerance():
    wrong = from_library("optax.constant_schedule", value=0.1 * (1 + 3e-7))
    assert not conformance.compare(recorded()["optax"]["constant_schedule"], wrong).within
    almost = from_library("torch.StepLR", base_lr=0.1 * (1 + 1e-11), step_size=30)
    assert not conformance.compare(recorded()["torch"]["StepLR"], almost).within


def test_an_uncovered_record_has_no_schedule():
    with pytest.raises(ValueError, match="follows the loss"):
        recorded()["torch"]["ReduceLROnPlateau"].ours()


def test_the_command_prints_every_row():
    done = subprocess.run(
        [sys.executable, "-m", "course_lib.libraries"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 110
    for row in ROWS:
        assert any(row.library in line and row.schedule[:40] in line for line in lines)
    assert all(f"{item.library} {item.schedule}:" in done.stdout for item in UNCOVERED)


def test_the_command_prints_the_rows_of_the_libraries_that_are_named(capsys):
    from course_lib.libraries import __main__ as command

    assert command.main(["torch", "keras"]) == 0
    table = capsys.readouterr().out.split("\n\n")[0].splitlines()[2:]
    assert {line.split()[0] for line in table} == {"torch", "keras"}
    assert len(table) == sum(row.library in ("torch", "keras") for row in ROWS)
    for arguments, words in (
        (["pytorch"], "library must be one of composer, deepspeed, "),
        (["torch", "--conventions"], "one page for all libraries, got 'torch'"),
    ):
        with pytest.raises(SystemExit):
            command.main(arguments)
        assert words in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="pipes of a POSIX shell")
def test_a_reader_that_stops_early_is_no_error():
    with subprocess.Popen(
        [sys.executable, "-m", "course_lib.libraries"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        command.stdout.close()
        assert command.stderr.read() == ""


def test_the_command_fails_when_a_row_is_out_of_tolerance(monkeypatch, capsys):
    from course_lib.libraries import __main__ as command

    bad = conformance.Row("torch", "StepLR", "0", math.nan, 1e-12, "held")
    monkeypatch.setattr(command, "table", lambda: ([bad], []))
    assert command.main([]) == 1
    assert "OUT OF TOLERANCE" in capsys.readouterr().out
