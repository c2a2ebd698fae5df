"""The command that holds the diagnosis to a file of logs with verdicts, on a small file."""

import json
import os
from pathlib import Path

import pytest

from course_lib.diagnose import describe, diagnose, read_log
from course_lib.diagnose.__main__ import main
from course_lib.diagnose.checking_logs.check_file import check_entry, read_entries, totals
from course_lib.diagnose.checking_logs.expected_oddities import codes_for

REAL_LOGS = "LR_COURSE_REAL_LOGS"


def entry(name, rates, at, verdict, **other):
    """A log of a recent Trainer: row s has the rate of update s."""
    return {
        "id": name,
        "format": "hf_trainer_state",
        "file_name": "trainer_state.json",
        "columns": ["epoch", "grad_norm", "learning_rate", "loss", "step"],
        "step": list(at),
        "epoch": [step / 100 for step in at],
        "lr": {"learning_rate": list(rates)},
        "loss": [1.0] * len(rates),
        "other": {"max_steps": 200, "global_step": list(at)[-1], **other},
        "verdict": verdict,
    }


def warmup_linear(last):
    """peak 3e-4, 20 updates of warmup, 200 in all, at t = 0 … last - 1, logged as 1 … last."""
    rates = [3e-4 * min(t / 20, (200 - t) / 180) for t in range(last)]
    return rates, range(1, last + 1)


def verdict(family="linear decay with warmup", odd=(), real=(), **parameters):
    if not parameters:
        parameters = {"peak": 3e-4, "warmup_steps": 20, "total_steps": 200}
    return {
        "family": family,
        "parameters": parameters,
        "oddities": list(odd),
        "real_problem": list(real),
    }


COMPLETE = entry("complete", *warmup_linear(200), verdict(odd=["last lr is one step before 0"]))
SNAPSHOT = entry(
    "snapshot",
    *warmup_linear(90),
    verdict(odd=["snapshot: global_step 90 of 200", "written with a goose quill"]),
)
ABSURD = entry(
    "absurd",
    [5] * 20,
    range(1, 21),
    verdict("constant", ["learning_rate is the integer 5"], ["absurd learning rate"], value=5),
    max_steps=20,
)
WRONG = entry("wrong verdict", *warmup_linear(200), verdict("cosine", peak=3e-4, total_steps=400))
NO_RATES = {**COMPLETE, "id": "no rates", "lr": {}}
UNEVEN = {**ABSURD, "id": "uneven", "step": [1, 2]}


def write(folder, entries):
    path = folder / "logs.json"
    path.write_text(json.dumps(entries))
    return str(path)


def test_the_command_says_what_was_identified_named_and_missed(tmp_path, capsys):
    path = write(tmp_path, [COMPLETE, SNAPSHOT, ABSURD, WRONG, NO_RATES, UNEVEN, "no object"])
    assert main(["--check", path]) == 0
    out = capsys.readouterr().out
    blocks = {block.partition("  ")[0]: block for block in out.replace("\n    ", "\f").split("\n")}
    assert "  identified" in blocks["complete"]
    assert "named: last lr is one step before 0" in blocks["complete"]
    assert "  identified" in blocks["snapshot"]
    assert "MISSED: written with a goose quill" in blocks["snapshot"]
    assert "problem named: absurd learning rate" in blocks["absurd"]
    assert "not identified" in blocks["wrong verdict"]
    assert "differs: total_steps is 200, the verdict says 400" in blocks["wrong verdict"]
    assert "the family is" in blocks["wrong verdict"]
    assert "failed: " in blocks["no rates"]
    assert "MISSED: last lr is one step before 0" in blocks["no rates"]
    assert "failed: " in blocks["uneven"]
    assert "PROBLEM MISSED: absurd learning rate" in blocks["uneven"]
    assert "failed: is no object" in blocks["entry 6"]
    assert "\nlogs                 7" in out
    assert "broken               3" in out
    assert "oddities named       3" in out
    assert "false alarms         0" in out


def test_the_same_as_json(tmp_path, capsys):
    assert main(["--check", write(tmp_path, [COMPLETE, ABSURD]), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [log["identified"] for log in found["logs"]] == [True, True]
    assert found["totals"]["problems named"] == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "is not JSON"),
        ("[]", "got an empty list"),
        ('{"a": 1}', "got an object"),
        ("5", "got a int"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_file_of_another_form_is_one_line_and_exit_2(tmp_path, capsys, text, message):
    path = tmp_path / "logs.json"
    if text is not None:
        path.write_text(text)
    assert main(["--check", str(path)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert message in told.err


def test_a_problem_on_a_healthy_log_is_a_false_alarm():
    odd = {**ABSURD, "verdict": verdict("constant", value=5)}
    check = check_entry(odd)
    assert [alarm.partition(":")[0] for alarm in check.false_alarms] == ["absurd-rate"]
    assert totals([check])["false alarms"] == 1


def test_rates_that_fit_with_other_parameters_are_not_identified():
    close = {**COMPLETE, "verdict": verdict(peak=3.02e-4, warmup_steps=20, total_steps=201)}
    assert check_entry(close).identified
    other = {**COMPLETE, "verdict": verdict(peak=3.1e-4, warmup_steps=20, total_steps=200)}
    assert check_entry(other).differs == ("peak is 0.0003, the verdict says 0.00031",)


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        (
            "snapshot: global_step 5 of max_steps 9; the tail is missing",
            "stopped-early",
        ),
        ("3 scheduler step(s) missing by the last row (overflow skips)", "skipped-updates"),
        ("epochs 7 and 8 appear twice: resumed from an older checkpoint", "repeated-rows"),
        ("resumed with fewer epochs: jump from 1e-5 to 5e-5", "resumed-jump"),
        ("warmup covers 70% of the run", "warmup-long"),
        ("run shorter than the warmup", "run-shorter-than-warmup"),
        ("the last epoch RISES again", "one-step-ahead"),
        ("float16 values", "float-noise"),
        ("2 printed digits limit the fit", "few-digits"),
        ("constant at the floor after a resume past the end", "floor-from-the-start"),
    ],
)
def test_sentences_of_people_find_the_rule_that_says_the_same(sentence, code):
    assert code in codes_for(sentence)


def test_a_sentence_that_no_pattern_knows_has_no_code():
    assert codes_for("written with a goose quill") == ()


def test_real_logs_are_identified_and_their_oddities_named():
    if not os.environ.get(REAL_LOGS):
        pytest.skip(f"{REAL_LOGS} names no file of real logs")
    found = totals(map(check_entry, read_entries(Path(os.environ[REAL_LOGS]))))
    assert found["broken"] == 0
    assert found["identified"] >= 0.97 * found["logs"]
    assert found["oddities named"] >= 0.95 * found["oddities"]
    assert found["problems named"] >= 0.95 * found["problems"]
    assert found["false alarms"] == 0


def test_a_file_that_is_cut_off_is_no_complete_schedule(tmp_path):
    rows = [{"step": t, "learning_rate": 2e-4 * (1 - t / 1000), "loss": 1.0} for t in range(1, 9)]
    text = json.dumps({"global_step": 1000, "logging_steps": 1, "log_history": rows}, indent=1)
    path = tmp_path / "trainer_state.json"
    path.write_text(text[:-60], encoding="utf-8")
    words = describe(diagnose(read_log(path)))
    assert "the file is cut off: 7 rows were read" in words
    assert "schedule is complete" not in words
