"""The README says what is so: its code runs and gives what it says, its links lead somewhere."""

import re
from pathlib import Path

import pytest

from course_lib.libraries import ScheduleLR, names
from course_lib.libraries.to_code import LIBRARIES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LINKS = re.findall(r"\]\((?!http)([^)#\s]+)\)", README + (ROOT / "CONTRIBUTING.md").read_text())


def test_the_code_runs_and_gives_what_it_says(capsys):
    first, second, third, fourth = re.findall(r"```python\n(.*?)```", README, re.S)
    names = {}
    exec(first, names)
    plan, steps = names["plan"], names["steps"]
    line = next(line for line in first.splitlines() if line.startswith("plan(0)"))
    said = [float(number) for number in re.findall(r"[\d.]+", line.split("#")[1].split(":")[0])]
    assert [plan(0), plan(500), plan(steps)] == pytest.approx(said)
    printed = capsys.readouterr().out
    assert "dead-tail" in printed
    assert "the last 500 of" in printed
    assert "SequentialLR" in printed or "LambdaLR" in printed
    assert isinstance(names["scheduler"], ScheduleLR)
    assert names["optimizer"].param_groups[0]["lr"] == plan(0)

    exec(second, names)
    printed = capsys.readouterr().out
    for words in ("| beaten by |", "minus", "Cost: 19,200 updates to tune", "| fastai valley |"):
        assert words in printed
    rules = names["summary"](names["swept"]).rows
    assert len(rules) == 8
    assert "eight rules, of four libraries" in second

    exec(third, names)
    printed = capsys.readouterr().out
    final, low, high = map(float, re.findall(r"\d\.\d\d", printed)[:3])
    assert low <= final <= high
    assert len(names["law"].best_schedule(2_000, peak_lr=0.1).rates) == 2_000

    exec(fourth, names)
    said = next(line for line in fourth.splitlines() if line.startswith("# "))
    assert said[2:] in capsys.readouterr().out


@pytest.mark.parametrize("link", LINKS)
def test_a_link_leads_somewhere(link):
    assert (ROOT / link).exists()


def test_it_counts_the_schedules_that_are_converted():
    libraries = {name.split(".")[0] for name in names()}
    assert f"{len(names())} schedules of {len(libraries)} libraries" in README
    assert f"`to_library` writes a schedule for {len(LIBRARIES)} libraries" in README
