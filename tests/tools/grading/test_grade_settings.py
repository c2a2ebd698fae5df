"""`lr-course grade` with other settings than in the last call: nothing changes unasked."""

import pytest

from tests.tools.calling import lr_course
from tests.tools.grading.handed_in import WRONG, hand_in, pages, solved, tables, with_task


@pytest.fixture(scope="module")
def graded(needs_sandbox, tmp_path_factory):
    """Ada's second attempt is worse than her first, and the best one counts."""
    folder = tmp_path_factory.mktemp("course")
    hand_in(folder / "class", "Ada", name="ex01.ipynb")
    worse = hand_in(
        folder / "class",
        "Ada",
        with_task(solved(), "gradient_step", WRONG),
        "ex01 (1).ipynb",
    )
    worse.touch()
    toml = folder / "best.toml"
    toml.write_text('[policy]\nattempts = "best"\n[limits]\nmemory_mb = 512\n')
    done = _grade(folder, "--config", toml)
    assert done.exit_code == 0, done.output
    return folder, done.output


def _grade(folder, *options):
    return lr_course("grade", folder / "class", "--out", folder / "grades", *options)


def _points(folder):
    rows = tables(folder / "grades")["grades.csv"].decode("utf-8-sig").splitlines()
    return [
        dict(zip(rows[0].split(","), row.split(","), strict=True))["points"] for row in rows[1:]
    ]


def test_the_settings_in_force_are_shown(graded):
    folder, told = graded
    assert (
        "Settings: limits.memory_mb 512 (by default 1024), policy.attempts best (by default latest)"
    ) in told
    page = pages(folder / "grades")["class.html"].decode()
    assert "<code>policy.attempts = best</code> (by default latest)" in page
    assert "<code>limits.cell_seconds</code>" in page


def test_a_forgotten_configuration_is_said_before_anything_is_graded(graded):
    folder, _ = graded
    assert _points(folder) == ["6"]
    before = tables(folder / "grades") | pages(folder / "grades")
    done = _grade(folder)
    assert done.exit_code == 2
    assert (
        "Settings differ from those of the last call: limits.memory_mb 512 -> 1024, "
        "policy.attempts best -> latest.\nError: nothing was graded, because the last call had "
        "--config: give it again, or go on without it with --changed-settings"
    ) in done.output
    assert "Settings differ" in _grade(folder, "--preview").output
    assert _grade(folder, "--yes").exit_code == 2
    assert tables(folder / "grades") | pages(folder / "grades") == before


def test_with_changed_settings_or_another_configuration_it_goes_on_and_says_what_differs(graded):
    folder, _ = graded
    told = "Settings differ from those of the last call: "
    toml = folder / "best.toml"
    assert told not in _grade(folder, "--config", toml).output
    done = _grade(folder, "--changed-settings")
    assert (done.exit_code, f"{told}limits.memory_mb 512 -> 1024, policy" in done.output) == (
        0,
        True,
    )
    assert "Settings: the defaults" in done.output
    assert "All settings are the defaults." in pages(folder / "grades")["class.html"].decode()
    assert _points(folder) == ["5"]
    assert told not in _grade(folder).output  # these are now those of the last call
    done = _grade(folder, "--config", toml)
    assert (done.exit_code, f"{told}limits.memory_mb 1024 -> 512, policy" in done.output) == (
        0,
        True,
    )
    assert _points(folder) == ["6"]
