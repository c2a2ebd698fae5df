"""What `make versions` reads from its runs, and what the documents say of them."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from packaging.version import Version

from tests.machine import versions

ROOT = Path(__file__).parents[2]
LOG = """\
== 1/3 ruff: mistakes and layout
All checks passed!
== 2/3 pytest: unit, property and browser tests
FAILED tests/test_a.py::test_one[a - b] - AssertionError: assert 1 == 2
ERROR tests/test_b.py::test_two - NameError: name 'x' is not defined
=== 1 failed, 400 passed, 3 skipped, 2 warnings, 1 error in 83.20s (0:01:23) ===
make: [Makefile:9: test] Error 1 (ignored)
== 3/3 nbval: every cell
FAILED notebooks/01.ipynb::Cell 4
==== 1 failed, 30 passed in 5.20s ====
make: [Makefile:12: test] Error 1 (ignored)
"""


def documented():
    """Return {package: (oldest, newest)} from the table in docs/versions.md."""
    text = (ROOT / "docs" / "versions.md").read_text(encoding="utf-8")
    (rows,) = re.findall(r"^\| package .*\n\|[ |-]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows.splitlines()]
    return {name: (oldest, newest) for name, oldest, newest in cells}


def test_tests_are_counted_over_all_steps():
    outcome = versions.read_outcome(LOG)
    assert (outcome.passed, outcome.failed, outcome.skipped) == (430, 3, 3)
    assert outcome.failures == (
        "tests/test_a.py::test_one[a - b]",
        "tests/test_b.py::test_two",
        "notebooks/01.ipynb::Cell 4",
    )


def test_the_verdict_names_the_steps_that_failed():
    assert versions.read_outcome(LOG).verdict == "failed in 2/3 pytest, 3/3 nbval"


def test_a_step_without_tests_can_fail():
    log = "== 1/2 ruff: mistakes\nmake: [Makefile:1: test] Error 1 (ignored)\n== 2/2 pytest: unit\n"
    outcome = versions.read_outcome(log + "=== 9 passed in 1.00s ===\n")
    assert (outcome.passed, outcome.failed) == (9, 0)
    assert outcome.verdict == "failed in 1/2 ruff"


@pytest.mark.parametrize(
    ("log", "verdict"),
    [
        ("== 1/2 ruff: x\n== 2/2 pytest: x\n=== 9 passed in 1.00s ===\n", "all passed"),
        ("== 1/2 ruff: x\n=== 9 passed in 1.00s ===\n", "did not finish"),
        ("== 1/2 ruff: x\n== 2/2 pytest: x\n=== no tests ran in 0.01s ===\n", "nothing ran"),
        ("", "did not finish"),
    ],
)
def test_a_run_passes_only_if_it_finished_and_tested_something(log, verdict):
    assert versions.read_outcome(log).verdict == verdict


def test_make_goes_on_after_a_step_that_fails(needs_make, tmp_path):
    steps = ["@echo '== 1/2 ruff: x'", "@false", "@echo '== 2/2 pytest: x'", "@echo '$(WORD)'"]
    (tmp_path / "Makefile").write_text("test:\n" + "".join(f"\t{s}\n" for s in steps))
    log = tmp_path / "log"
    word = "=== 2 passed in 0.10s ==="
    versions.make(tmp_path, log, "--ignore-errors", "test", f"WORD={word}", mode="w")
    outcome = versions.read_outcome(log.read_text(encoding="utf-8"))
    assert outcome.verdict == "failed in 1/2 ruff"
    assert outcome.passed == 2


def git(folder, *arguments):
    settings = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *settings, *arguments], cwd=folder, check=True, capture_output=True)


def test_a_clone_follows_the_commit_and_keeps_its_environment(needs_git, tmp_path, monkeypatch):
    course, clone = tmp_path / "course", tmp_path / "clone"
    course.mkdir()
    monkeypatch.setattr(versions, "ROOT", course)
    for number, name in enumerate(("old", "new")):
        if number:
            (course / "old").unlink()
        else:
            git(course, "init", "--quiet")
        (course / ".gitignore").write_text(".venv/\n")
        (course / name).touch()
        git(course, "add", "--all")
        git(course, "commit", "--quiet", "--message", name)
        commit = versions.run("git", "rev-parse", "HEAD", cwd=course).strip()
        versions.check_out(clone, commit)
        assert (clone / name).exists()
        (clone / ".venv").mkdir(exist_ok=True)
        (clone / ".venv" / "ready").touch()
        (clone / "left over").touch()
    versions.check_out(clone, commit)
    assert sorted(path.name for path in clone.iterdir()) == [".git", ".gitignore", ".venv", "new"]
    assert (clone / ".venv" / "ready").exists()


def test_a_list_that_stays_the_same_does_not_look_new(tmp_path):
    listed = tmp_path / "oldest.txt"
    versions.write_if_new(listed, "numpy==1.26.0\n")
    os.utime(listed, (0, 0))
    versions.write_if_new(listed, "numpy==1.26.0\n")
    assert listed.stat().st_mtime == 0
    versions.write_if_new(listed, "numpy==1.26.1\n")
    assert listed.read_text(encoding="utf-8") == "numpy==1.26.1\n"
    assert listed.stat().st_mtime > 0


def a_result(name="oldest", log=LOG):
    outcome = versions.read_outcome(log)
    return versions.Result(name, "3.10.13", {"numpy": "1.26.0"}, "c0ffee", "2026-01-31", outcome)


def test_a_result_is_the_same_after_it_was_kept(tmp_path):
    kept = versions.as_json(a_result(), pins="numpy==1.26.0\n")
    assert versions.as_result(kept) == a_result()


def test_the_summary_shows_numbers_and_names_what_failed():
    head, _, row, *failures = versions.summary([a_result()]).splitlines()
    shown = dict(zip(head.strip("|").split("|"), row.strip("|").split("|"), strict=True))
    shown = {name.strip(): cell.strip() for name, cell in shown.items()}
    assert shown == {
        "set": "oldest",
        "date": "2026-01-31",
        "Python": "3.10.13",
        "numpy": "1.26.0",
        **dict.fromkeys(("scipy", "torch", "matplotlib", "jupyterlab", "pytest"), "-"),
        "passed": "430",
        "failed": "3",
        "skipped": "3",
        "verdict": "failed in 2/3 pytest, 3/3 nbval",
    }
    assert "- notebooks/01.ipynb::Cell 4" in failures


def test_a_command_that_fails_is_told_with_its_last_line(needs_git):
    with pytest.raises(versions.SetUpError, match=r"^git no-such-command failed: .*no-such"):
        versions.run("git", "no-such-command")
    with pytest.raises(versions.SetUpError, match=r"^no-such-python: No such file"):
        versions.version_of("no-such-python")


def test_a_python_that_is_not_the_oldest_is_refused(monkeypatch):
    monkeypatch.setattr(versions, "version_of", lambda python: "3.12.1")
    with pytest.raises(versions.SetUpError, match=r"begins with Python 3\.10; OLDEST=py is 3\.12"):
        versions.check_pythons({"oldest": "py"})


def test_the_documented_oldest_versions_are_the_lower_bounds():
    """Whoever changes a bound has to run `make versions` again and put its table into the docs."""
    shown = documented()
    for requirement in versions.direct_requirements():
        (lowest,) = [s.version for s in requirement.specifier if s.operator == ">="]
        if requirement.marker is not None and "python_version" in str(requirement.marker):
            continue  # not wanted by both Pythons
        oldest = shown[requirement.name][0].partition("+")[0]
        assert Version(oldest) == Version(lowest), f"{requirement}: docs/versions.md has {oldest}"


def test_the_documented_packages_are_those_of_pyproject():
    assert set(documented()) == {wanted.name for wanted in versions.direct_requirements()}


def test_the_job_runs_make_versions_every_month_with_the_right_pythons():
    text = (ROOT / ".github" / "workflows" / "versions.yml").read_text(encoding="utf-8")
    job = yaml.safe_load(text)
    on = job[True]  # YAML 1.1 reads `on` as a truth value
    assert "workflow_dispatch" in on
    (schedule,) = on["schedule"]
    assert re.fullmatch(r"\d+ \d+ \d+ \* \*", schedule["cron"])
    steps = job["jobs"]["versions"]["steps"]
    assert [step["run"] for step in steps if step.get("name") == "make versions"] == [
        "make versions"
    ]
    (pythons,) = [s["with"]["python-version"] for s in steps if "setup-python" in s.get("uses", "")]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    defaults = re.findall(r"^(?:OLDEST|NEWEST) \?= python([0-9.]+)$", makefile, re.MULTILINE)
    assert pythons.split() == defaults
    assert defaults[0] == versions.lowest_python(versions.project()["requires-python"])
