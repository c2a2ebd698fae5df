"""`lr-course diagnose` as a new user calls it; docs/diagnose.md has its calls and answers."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from course_lib.diagnose import KNOWN_MISTAKES, example_log
from course_lib.diagnose.log_readers.log_kinds import KINDS
from course_tools.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "diagnose.md").read_text(encoding="utf-8")
CALLS = re.findall(r"```console\n\$ (lr-course [^\n]*)\n(.*?)```", PAGE, re.S)
STATE, METRICS, PLATEAU = (
    str(example_log(name)) for name in ("trainer_state.json", "metrics.csv", "training_log.csv")
)
ONE_CYCLE = "torch.OneCycleLR(max_lr=1e-3, total_steps=400)"


def call(*arguments):
    return CliRunner().invoke(main, ["diagnose", *map(str, arguments)])


def written(rates, folder):
    rows = [f"{t},{float(rate)!r}" for t, rate in enumerate(rates)]
    path = folder / "rates.csv"
    path.write_text("\n".join(["step,lr", *rows, ""]), encoding="utf-8")
    return path


@pytest.mark.parametrize(("line", "answer"), CALLS, ids=[line[40:60] for line, _ in CALLS])
def test_the_page_has_what_the_command_says(line, answer, monkeypatch):
    monkeypatch.chdir(ROOT)
    result = call(*shlex.split(line)[2:])
    assert result.output == answer
    assert result.exit_code == 1


def test_the_page_has_three_logs_and_every_kind_that_is_read():
    assert len(CALLS) == 3
    assert [name for name in (kind.name for kind in KINDS.values()) if name not in PAGE] == []


def test_the_page_has_every_known_mistake_with_its_source():
    for code, (mistake, source) in KNOWN_MISTAKES.items():
        assert f"| `{code}` | {mistake} | {source} |" in PAGE


def test_as_planned_is_0_and_a_departure_is_1(tmp_path):
    path = written([0.1 * (1 - t / 10) for t in range(10)], tmp_path)
    planned = call(path, "--plan", "linear(0.1, total_steps=10)")
    assert (planned.exit_code, planned.output) == (0, "The rates are as planned.\n")
    other = call(path, "--plan", "linear(0.2, total_steps=10)")
    assert other.exit_code == 1
    assert "planned 0.2, got 0.1" in other.output
    alone = call(path)
    assert alone.exit_code == 0
    assert "Linear decay\n  peak            0.1\n" in alone.output


def test_a_plan_that_nothing_explains_is_followed_by_what_the_log_says(tmp_path):
    path = written([0.1, 0.3, 0.2, 0.7, 0.1, 0.5, 0.9, 0.2], tmp_path)
    result = call(path, "--plan", "constant(0.1)")
    assert result.exit_code == 1
    assert "Without the plan, the log says:" in result.output


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_a_figure_carries_its_words(kind, tmp_path):
    path = tmp_path / f"rates.{kind}"
    options = ["--plan", ONE_CYCLE, "--unit", "update", "--steps-per-epoch", "20"]
    result = call(METRICS, *options, "--figure", path)
    assert result.output.endswith(f"wrote {path}\n")
    if kind == "png":
        assert "planned ones" in Image.open(path).info["Description"]
    else:
        assert b"planned ones" in path.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.csv"], "nowhere.csv"),
        ([STATE, "--plan", "torch.CosineAnealingLR(T_max=90)"], "CosineAnealingLR"),
        ([STATE, "--plan", "torch.StepLR(step_size=-1, base_lr=0.1)"], "step_size"),
        ([STATE, "--plan", "__import__('os').getcwd()"], "plan"),
        ([STATE, "--figure", "rates.jpeg"], ".png, .svg, .pdf"),
        ([STATE, "--group", "head"], "--group must be one of learning_rate"),
        ([STATE, "--rate-column", "rate"], "--rate-column 'rate' is not there"),
        ([STATE, "--step-column", "t"], "--step-column 't' has no number"),
        ([PLATEAU, "--plan", ONE_CYCLE, "--unit", "update"], "--steps-per-epoch must be given"),
        ([STATE, "--plan", "OneCycleLR(max_lr=1, epochs=3)"], "epochs and steps_per_epoch"),
    ],
)
def test_a_call_that_cannot_be_used_is_2_with_one_line(arguments, words):
    result = call(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("text", ["", "step,name\n1,a\n", "{"])
def test_a_log_that_cannot_be_read_is_2_with_one_line(text, tmp_path):
    path = tmp_path / "rates.csv"
    path.write_text(text, encoding="utf-8")
    result = call(path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "rates.csv" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_group_by_its_name_or_its_number(tmp_path):
    path = tmp_path / "results.csv"
    rows = [f"{e},{0.1 - 0.01 * e!r},{0.01 - 0.001 * e!r}" for e in range(10)]
    path.write_text("\n".join(["epoch,lr/pg0,lr/pg1", *rows, ""]), encoding="utf-8")
    by_name, by_number = call(path, "--group", "lr/pg1"), call(path, "--group", 1)
    assert by_name.output == by_number.output
    assert "group lr/pg1 of lr/pg0, lr/pg1" in by_name.output
    plan = "linear(0.01, total_steps=10)"
    assert call(path, "--group", "lr/pg1", "--plan", plan).exit_code == 0


def test_groups_are_told_one_by_one(tmp_path):
    path = tmp_path / "results.csv"
    rates = [0.1 - 0.01 * e for e in range(10)]
    rows = [f"{e},{r!r},{r / 10!r},0.07" for e, r in enumerate(rates)]
    path.write_text("\n".join(["epoch,lr/pg0,lr/pg1,lr/pg2", *rows, ""]), encoding="utf-8")
    words = call(path).output
    assert "lr/pg1 has the rates of lr/pg0, times 0.1." in words
    assert "lr/pg2 has a curve of its own, 0.07 to 0.07: constant." in words
