"""Settings are read from TOML, what is wrong is named; versions change with what marks need."""

import dataclasses
import shutil
from datetime import datetime
from pathlib import Path

import pytest

import course_tasks
from course_tools.grading.late_days import LatePolicy
from course_tools.grading.run.version import version_of
from course_tools.grading.settings import (
    Limits,
    Policy,
    Settings,
    differences,
    in_words,
    read_settings,
)


def read(folder, text):
    file = folder / "grading.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_settings(file)


def test_without_a_file_there_are_defaults(tmp_path):
    assert read_settings(None) == Settings() == read(tmp_path, "")


def test_what_is_written_is_read_and_the_rest_is_as_it_was(tmp_path):
    found = read(
        tmp_path, "[limits]\ncell_seconds = 5\nmemory_mb = 300\n[policy]\nreproduce = true\n"
    )
    assert found == Settings(Limits(cell_seconds=5.0, memory_mb=300), Policy(reproduce=True))
    assert type(found.limits.cell_seconds) is float


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[limit]\n", "the tables are limits, policy and late, got 'limit'"),
        ("limits = 5\n", "limits must be a table, got 5"),
        ("[limits]\nseconds = 5\n", "limits has no seconds; it has cell_seconds, task_seconds"),
        ("[limits]\ncell_seconds = 0\n", "limits.cell_seconds must be a number > 0, got 0"),
        ("[limits]\ncell_seconds = nan\n", "must be a number > 0, got nan"),
        ("[limits]\ncell_seconds = inf\n", "must be a number > 0, got inf"),
        ("[limits]\ncell_seconds = true\n", "must be a number > 0, got True"),
        ("[limits]\nmemory_mb = 1.5\n", "limits.memory_mb must be a whole number > 0, got 1.5"),
        ("[limits]\nmemory_mb = -1\n", "must be a whole number > 0, got -1"),
        ("[limits]\nmemory_mb = '9'\n", "must be a whole number > 0, got '9'"),
        ("[policy]\nattempts = 'last'\n", "must be one of latest, first, best, got 'last'"),
        ("[policy]\nlibrary_calls = []\n", r"must be one of flag, zero, ignore, got \[\]"),
        ("[policy]\nshow_hidden = 1\n", "policy.show_hidden must be true or false, got 1"),
        ("[policy\n", "is not valid TOML"),
        (b"\xff\xfe", "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, words):
    with pytest.raises(ValueError, match=words) as caught:
        read(tmp_path, text)
    assert "grading.toml" in str(caught.value)


def test_what_differs_is_named_with_both_values():
    assert differences(Settings(), Settings()) == []
    other = Settings(Limits(cores=0.5, memory_mb=300), Policy(attempts="best", show_hidden=True))
    assert differences(Settings(), other) == [
        "limits.memory_mb 1024 -> 300",
        "limits.cores 1 -> 0.5",
        "policy.show_hidden false -> true",
        "policy.attempts latest -> best",
    ]
    due = LatePolicy(due=(("", datetime(2025, 3, 9)), ("ex04_warmup", datetime(2025, 3, 10, 12))))
    assert differences(Settings(), Settings(late=due)) == [
        "late.due none -> 2025-03-09 00:00:00, ex04_warmup 2025-03-10 12:00:00"
    ]
    assert set(in_words(other)) == {
        f"{table}.{name}" for table in vars(other) for name in vars(getattr(other, table))
    }


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"none\.toml cannot be read"):
        read_settings(tmp_path / "none.toml")


def test_the_digest_changes_with_all_that_changes_a_report_and_nothing_else():
    digests = {Settings().digest}
    for field in dataclasses.fields(Limits):
        digests.add(Settings(Limits(**{field.name: 3})).digest)
    digests.add(Settings(policy=Policy(library_calls="zero")).digest)
    digests.add(Settings(policy=Policy(reproduce=True)).digest)
    assert len(digests) == len(dataclasses.fields(Limits)) + 3
    assert Settings(policy=Policy(show_hidden=True, attempts="best")).digest == Settings().digest


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """A copy of the three packages."""
    folder, course = tmp_path_factory.mktemp("course"), Path(course_tasks.__file__).parent.parent
    for name in ("course_lib", "course_tasks", "course_tools"):
        ignored = shutil.ignore_patterns("__pycache__", "*.npz")
        shutil.copytree(course / name, folder / name, ignore=ignored)
    return folder


@pytest.fixture
def changed_by(copied):
    """The exercises whose version changes when a file does."""
    names = (*course_tasks.EXERCISES, "")

    def versions():
        version_of.cache_clear()
        return {name: version_of(name, copied) for name in names}

    def changed(name):
        file = copied / name
        content = file.read_bytes() if file.exists() else None
        before = versions()
        file.write_bytes((content or b"") + b"\n")
        after = versions()
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content)
        assert versions() == before
        return {one for one in names if before[one] != after[one]}

    yield changed
    version_of.cache_clear()


@pytest.mark.parametrize(
    ("file", "exercises"),
    [
        ("course_tasks/ex04_warmup/lr_at_step.py", {"ex04_warmup"}),
        ("course_tasks/ex10_frameworks/shared.py", {"ex10_frameworks"}),
        ("course_tasks/capstone/best_rates.json", {"capstone"}),
    ],
)
def test_a_tasks_file_changes_its_own_exercise_alone(changed_by, file, exercises):
    assert changed_by(file) == exercises


@pytest.mark.parametrize(
    "file",
    [
        *("course_tasks/judging.py", "course_tasks/comparison.py", "course_tasks/__init__.py"),
        *(f"course_tools/grading/box/{name}.py" for name in ("wire", "probe", "sandbox")),
        *(f"course_tools/grading/run/{name}.py" for name in ("marking", "suspicion", "new")),
        *("course_tools/grading/intake/notebook.py", "course_tools/grading/report.py"),
        *("course_lib/schedules/__init__.py", "course_lib/plots/base.py", "course_lib/new.py"),
    ],
)
def test_shared_code_changes_every_exercise(changed_by, file):
    assert changed_by(file) == {*course_tasks.EXERCISES, ""}


@pytest.mark.parametrize(
    "file",
    [
        *("cli.py", "doctor.py", "lab_server.py", "authoring/build.py", "grading/exports.py"),
        *("grading/pages/feedback.py", "grading/pages/templates/student.html"),
        *("grading/gradebook/journal.py", "grading/gradebook/summary.py"),
    ],
)
def test_pages_and_tables_change_none(changed_by, copied, file):
    assert (copied / "course_tools" / file).exists()
    assert changed_by(f"course_tools/{file}") == set()
