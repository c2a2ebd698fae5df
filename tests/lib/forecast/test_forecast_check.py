"""The command that holds the laws to published curves, on a small made-up folder."""

import re

import numpy as np
import pytest

from course_lib.forecast.__main__ import FITTED, main
from course_lib.forecast.curve_files import read_file, read_folder
from tests.lib.forecast.made_curves import STEPS, UPDATES, WARMUP, multi_power_losses, rates_of

SHAPES = {
    "cosine_24000": "cosine",
    "constant_24000": "constant",
    "wsdcon_9": "step",
    "wsd_20000_24000": "cooldown",
}


def write(folder, size, name, shape, steps=UPDATES[7::3]):
    rates = rates_of(shape)
    losses = multi_power_losses(rates, steps, L0=2.0 + 1 / size)
    following = np.append(rates, rates[-1])
    rows = [
        f"{t},{float(following[t])!r},{loss:.4f}" for t, loss in zip(steps, losses, strict=True)
    ]
    (folder / f"{size}_{name}.csv").write_text("\n".join(["step,lr,loss", *rows]) + "\n")


@pytest.fixture
def folder(tmp_path):
    for size in (100, 25):
        for name, shape in SHAPES.items():
            write(tmp_path, size, name, shape)
    (tmp_path / "notes.txt").write_text("no curve\n")
    return tmp_path


def rows(capsys):
    lines = capsys.readouterr().out.splitlines()[1:]
    return [line.split() for line in lines]


def test_it_prints_a_row_for_every_size(folder, capsys):
    assert main(["--check", str(folder), "--warmup", str(WARMUP)]) == 0
    table = rows(capsys)
    assert [row[:2] for row in table] == [["25", "multi-power"], ["100", "multi-power"]]
    for _, _, r2, mae, rmse, _seconds in table:
        assert float(r2) > 0.999
        assert 0 < float(mae) <= float(rmse) < 0.01


def test_the_law_without_a_response_is_worse_and_the_band_is_shown(folder, capsys):
    asked = ["--check", str(folder), "--warmup", str(WARMUP), "--all-laws", "--band"]
    assert main(asked) == 0
    table = [row for row in rows(capsys) if row[0] == "25"]
    assert [row[1] for row in table] == ["multi-power", "annealing", "power"]
    mae = [float(row[3]) for row in table]
    assert max(mae[:2]) < mae[2] / 3  # so short runs hardly tell the two responses apart
    assert all(0 <= float(row[6]) <= 100 and row[7] == "%" for row in table)


def test_rates_between_rows_are_filled(folder):
    curve = read_folder(folder, WARMUP)["25"]["cosine_24000"]
    true = rates_of("cosine")
    first = curve.updates[0]
    assert np.abs(curve.rates[first:] - true[first:]).max() < 1e-3 * true.max()
    np.testing.assert_allclose(np.diff(curve.rates[: WARMUP - 1], 2), 0, atol=1e-15)
    assert curve.rates[0] == 0
    assert curve.updates[-1] == STEPS


def test_a_jump_stays_a_jump(folder):
    curve = read_folder(folder, WARMUP)["25"]["wsdcon_9"]
    np.testing.assert_allclose(curve.rates[WARMUP:], rates_of("step")[WARMUP:])


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "FOLDER must hold files named SIZE_schedule.csv"),
        ({"notes.csv": "step,lr,loss\n"}, "FOLDER must hold files named SIZE_schedule.csv"),
        ({"25_cosine_24000.csv": "a,b\n"}, "25_cosine_24000.csv must begin with the line step,lr"),
        ({"25_cosine_24000.csv": "step,lr,loss\n"}, "must hold three numbers in every row"),
        ({"25_cosine_24000.csv": "step,lr,loss\n9,x,2\n"}, "must hold three numbers in every row"),
        ({"25_cosine_24000.csv": "step,lr,loss\n9,.1,2\n9,.1,2\n"}, "steps must be >= 1 and incr"),
        ({"25_cosine_24000.csv": "step,lr,loss\n9,-1,2\n"}, "25_cosine_24000.csv: rates must be"),
        ({"25_cosine_24000.csv": "step,lr,loss\n9,.1,nan\n"}, "losses must be finite and > 0"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(tmp_path, capsys, files, words):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert main(["--check", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert err.count("\n") == 1


def test_a_missing_curve_is_named(folder, capsys):
    (folder / f"25_{FITTED[0]}.csv").unlink()
    assert main(["--check", str(folder)]) == 2
    assert "size 25 lacks 25_cosine_24000.csv" in capsys.readouterr().err


def test_a_folder_without_curves_to_predict_is_refused(folder, capsys):
    (folder / "25_wsd_20000_24000.csv").unlink()
    assert main(["--check", str(folder)]) == 2
    assert "size 25 lacks a curve to predict" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_refused(tmp_path, capsys):
    assert main(["--check", str(tmp_path / "nowhere")]) == 2
    assert re.search(r"FOLDER must be a folder, got .*nowhere", capsys.readouterr().err)


def test_a_warmup_is_a_whole_number(folder):
    with pytest.raises(ValueError, match="warmup must be >= 1, got 0"):
        read_file(folder / "25_cosine_24000.csv", "cosine_24000", warmup=0)
