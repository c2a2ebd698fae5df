"""`lr-course grade` as an instructor calls it: a folder becomes grades, with clear words."""

import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from course_tools.cli import main
from tests.machine import ctrl_c
from tests.tools.grading.handed_in import (
    WRONG,
    config,
    hand_in,
    hand_in_class,
    pages,
    solved,
    tables,
    with_task,
)

COMMAND = [sys.executable, "-m", "course_tools.cli", "grade"]


def lr_course(*arguments, **options):
    words = [*COMMAND, *map(str, arguments)]
    return subprocess.run(
        words, capture_output=True, text=True, timeout=120, check=False, **options
    )


def refused(*arguments):
    """The same in this process: nothing is run, so that no other is needed."""
    found = CliRunner().invoke(main, ["grade", *map(str, arguments)])
    assert isinstance(found.exception, SystemExit), "no error but a refusal"
    return found


def shared_folders(pid):
    return list(Path("/dev/shm").glob(f"lr-course-{pid}.*"))


@pytest.fixture(scope="module")
def graded(needs_sandbox, tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    hand_in(folder / "class", "Ada")
    hand_in(folder / "class", "Ben", with_task(solved(), "gradient_step", WRONG))
    hand_in(folder / "class", "Cid", b"{")
    (folder / "class" / "ro\u202ester.csv").write_text("Ada\nBen\nCid\n")
    done = lr_course(folder / "class", "--out", folder / "grades", "--config", config(folder))
    return folder, done


def test_a_class_is_graded_with_one_command(graded):
    folder, done = graded
    told = "3 students, 3 files: a folder for each student (STUDENT).\n"
    told += "Left out because they belong to nobody: ro⟨U+202E⟩ster.csv\n"
    assert (done.returncode, done.stderr) == (0, told)
    assert "Files: 3 graded now, 0 graded before." in done.stdout
    assert "Attempts that count, one for each student and exercise: 3\n" in done.stdout
    assert "2 students, on average 5.5 of 6 points" in done.stdout
    assert str(folder / "grades" / "class.html") in done.stdout
    assert set(tables(folder / "grades")) == {
        *("canvas.csv", "grades.csv", "tasks.csv"),
        "statistics.csv",
    }
    found = pages(folder / "grades")
    assert len(found) == 5
    whole, kept = (found.pop(name).decode() for name in ("class.html", "class-report.html"))
    for name in found:
        assert f'href="{name}"' in whole, "the class page links every student's"
    assert "href=" not in kept


def test_a_second_call_grades_nothing_and_changes_no_file(graded):
    folder, _ = graded
    before = {file: file.stat().st_mtime_ns for file in (folder / "grades").rglob("*.html")}
    exported = tables(folder / "grades")
    toml = folder / "grading.toml"
    again = lr_course(folder / "class", "--out", folder / "grades", "--config", toml)
    assert "0 graded now, 3 graded before." in again.stdout
    assert tables(folder / "grades") == exported
    assert {file: file.stat().st_mtime_ns for file in before} == before


def test_one_student_is_graded_again(graded):
    folder, _ = graded
    toml = folder / "grading.toml"
    options = ("--out", folder / "grades", "--config", toml, "--regrade", "Ben")
    again = lr_course(folder / "class", *options)
    assert "1 graded now, 2 graded before." in again.stdout
    assert "changed" not in again.stdout
    where = str(folder / "class" / "Ben" / "exercise.ipynb")
    assert "1 graded now" in lr_course(folder / "class", *options[:-1], where).stdout


def test_what_was_downloaded_from_moodle_has_a_zip_to_upload_there(tmp_path, needs_sandbox):
    hand_in(tmp_path / "class", "Zoë Müller_31_assignsubmission_file_")
    toml = config(tmp_path)
    done = lr_course(tmp_path / "class", "--out", tmp_path / "grades", "--config", toml)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / "grades" / "moodle_ex01_constant_lr_feedback.zip") as archive:
        (name,) = archive.namelist()
        assert name == "Zoë Müller_31_assignsubmission_file_/feedback.html"
        (page,) = (tmp_path / "grades" / "feedback").iterdir()
        assert archive.read(name) == page.read_bytes()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--regrade", "Zoe"], "--regrade must be all, a student or a file, got 'Zoe'\n"),
        (["--regrade", "ben"], "got 'ben'; did you mean 'Ben'?"),
        (["--config", "missing.toml"], "missing.toml cannot be read: No such file or directory"),
        (["--gradebook", "nonsense://x"], "nonsense"),
        (["--seed", "-4"], "seed"),
        (["--jobs", "0"], "--jobs"),
    ],
)
def test_a_wrong_call_is_refused_in_words(graded, options, told):
    folder, _ = graded
    done = refused(folder / "class", "--out", folder / "other", *options)
    assert done.exit_code == 2
    assert told in done.output


def test_a_scheduler_that_does_not_answer_is_named(needs_dask, graded):
    folder, _ = graded
    done = refused(folder / "class", "--out", folder / "other", "--scheduler", "tcp://127.0.0.1:9")
    assert done.exit_code == 2
    assert "no scheduler answers at tcp://127.0.0.1:9" in done.output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[limits]\nmemory_mb = -1\n", "limits.memory_mb must be a whole number > 0, got -1"),
        ("[limits]\nmemory = 5\n", "limits has no memory; it has cell_seconds"),
        ('[policy]\nattempts = "last"\n', "policy.attempts must be one of latest, first, best"),
        ("[limit]\n", "the tables are limits, policy and late, got 'limit'"),
    ],
)
def test_a_wrong_configuration_is_refused_in_words(graded, tmp_path, text, told):
    folder, _ = graded
    file = tmp_path / "grading.toml"
    file.write_text(text, encoding="utf-8")
    done = refused(folder / "class", "--out", tmp_path / "grades", "--config", file)
    assert done.exit_code == 2
    assert told in done.output


def test_without_a_folder_of_submissions(tmp_path):
    done = refused(tmp_path / "nothing", "--out", tmp_path / "grades")
    assert (done.exit_code, "there is no folder or zip file" in done.output) == (2, True)
    done = refused(tmp_path, "--out", tmp_path / "grades")
    assert (done.exit_code, "holds no notebook" in done.output) == (2, True)


def test_where_it_is_not_certain_who_is_a_student_nothing_is_graded(tmp_path):
    for student in ("anna", "ben"):
        hand_in(tmp_path / "class" / "monday", student)
    arguments = (tmp_path / "class", "--out", tmp_path / "grades")
    done = refused(*arguments)
    assert done.exit_code == 2
    assert "not certain who the students are, so nothing was graded" in done.output
    assert "--layout '*/STUDENT'; if 'monday' is a student, say --layout 'STUDENT'" in done.output
    assert not (tmp_path / "grades").exists()
    for layout, told in (("*/STUDENT", "2 students, 2 files"), ("STUDENT", "1 student, 2 files")):
        done = CliRunner().invoke(
            main, ["grade", *map(str, arguments), "--layout", layout, "--preview"]
        )
        assert (done.exit_code, done.output.startswith(told)) == (0, True), done.output
        assert not (tmp_path / "grades").exists()


@pytest.fixture
def without_bubblewrap(tmp_path):
    """An environment whose PATH has everything but bwrap."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for file in sorted(Path(place).glob("*")) if Path(place).is_dir() else []:
            if file.name != "bwrap" and not (folder / file.name).exists():
                (folder / file.name).symlink_to(file)
    return dict(os.environ, PATH=str(folder))


def test_without_a_sandbox_it_refuses_and_says_how_to_have_one(tmp_path, without_bubblewrap):
    marker = tmp_path / "marker"
    nb = with_task(solved(), "gradient_step", f"open({str(marker)!r}, 'w').close()\n" + WRONG)
    hand_in(tmp_path / "class", "Ada", nb)
    arguments = (tmp_path / "class", "--out", tmp_path / "grades")
    done = lr_course(*arguments, env=without_bubblewrap)
    assert done.returncode == 2
    assert "apt-get install bubblewrap" in done.stderr
    assert "--unsafe" in done.stderr
    assert not marker.exists()
    assert tables(tmp_path / "grades") == {}


def test_unsafe_runs_without_and_says_so_everywhere(tmp_path, without_bubblewrap):
    hand_in(tmp_path / "class", "Ada", with_task(solved(), "gradient_step", WRONG))
    arguments = (tmp_path / "class", "--out", tmp_path / "grades", "--unsafe")
    done = lr_course(*arguments, env=without_bubblewrap)
    assert done.returncode == 0, done.stderr
    assert "WARNING: without the sandbox" in done.stderr
    assert b",5,6," in tables(tmp_path / "grades")["grades.csv"]
    for name, page in pages(tmp_path / "grades").items():
        assert b"without a sandbox" in page, name
    assert tables(tmp_path / "grades")["grades.csv"].splitlines()[1].split(b",")[-2] == b"yes"


def test_ctrl_c_stops_soon_and_the_same_command_goes_on(needs_sandbox, tmp_path):
    hand_in_class(tmp_path / "class", 8)
    arguments = [*COMMAND, tmp_path / "class", "--out", tmp_path / "grades", "--jobs", "2"]
    words = [str(word) for word in arguments]
    process = subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=ctrl_c.is_heard,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not shared_folders(process.pid):
        time.sleep(0.05)
    time.sleep(0.5)  # its first kernels are at work
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.index("Stopping the running submissions") < err.index(
        "Interrupted. Finished grades are kept"
    )
    left = int(re.search(r"Not graded yet: (\d+)\. Run the same command again\.", out)[1])
    assert 0 < left <= 8
    assert f"{left} files are not graded yet" in pages(tmp_path / "grades")["class.html"].decode()
    assert "Traceback" not in err
    assert shared_folders(process.pid) == []
    done = lr_course(*words[4:])
    assert done.returncode == 0
    assert tables(tmp_path / "grades")["grades.csv"].count(b"\n") == 9
