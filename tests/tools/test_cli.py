"""The command lr-course: exit statuses, one-line errors, and nothing half-written."""

import errno
import os
import subprocess
import sys

import nbformat
import pytest

from tests.tools.authoring.made_notebooks import write_notebook
from tests.tools.calling import assert_one_line_error, lr_course


def subprocess_run(*command, **options):
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=120, **options
    )


CLI = (sys.executable, "-c", "from course_tools.cli import main; main()")


def test_help_needs_no_heavy_package():
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from course_tools.cli import main\n"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0\n"
        "heavy = {'papermill', 'nbformat', 'jupytext', 'numpy', 'matplotlib', 'torch'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert subprocess_run(sys.executable, "-c", code).stdout == "[]\n"


# build


def test_build_outside_a_course(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_one_line_error(lr_course("build"), "not in a course folder", "--root")
    assert_one_line_error(lr_course("build", "--root", tmp_path), "not in a course folder")
    assert_one_line_error(lr_course("check"), "go to the course, or name the notebook")


def test_build_check_from_a_folder_inside_the_course(course, monkeypatch):
    monkeypatch.chdir(course / "sources/lessons")
    result = lr_course("build", "--check")
    assert (result.exit_code, result.output) == (0, "build --check: ok\n")


def test_build_check_names_the_file_and_ends_with_1(course):
    (course / "notebooks/01_decay.ipynb").unlink()
    result = lr_course("build", "--check", "--root", course)
    assert result.exit_code == 1
    assert "notebooks/01_decay.ipynb: [stale] is missing" in result.output


def test_build_with_bad_names(course):
    assert_one_line_error(lr_course("build", "nothing", "--root", course), "'nothing'", "01_decay")
    assert_one_line_error(lr_course("build", "--check", "x", "--root", course), "leave out x")


def test_build_writes_what_changed(course):
    source = course / "sources/exercises/ex01_decay.py"
    source.write_text(source.read_text().replace("About 5", "About 6"))
    result = lr_course("build", "ex01_decay", "--root", course)
    assert result.exit_code == 0
    assert "wrote exercises/ex01_decay.ipynb" in result.output
    assert lr_course("build", "--check", "--root", course).exit_code == 0


def test_build_of_a_failing_lesson_ends_with_1_and_names_the_cell(course):
    (course / "sources/lessons/02_broken.py").write_text("# %%\nx = 0\n\n# %%\n1 / x\n")
    result = lr_course("build", "02_broken", "--root", course)
    assert result.exit_code == 1
    assert "cell 2: ZeroDivisionError" in result.output
    assert "    1 / x" in result.output
    assert not (course / "notebooks/02_broken.ipynb").exists()


@pytest.mark.parametrize("folder", [".", "exercises"])
def test_build_in_a_read_only_folder(read_only, course, folder):
    before = {p: p.read_bytes() for p in course.rglob("*") if p.is_file()}
    source = course / "sources/lessons/01_decay.py"
    before[source] = source.read_bytes().replace(b"How large", b"How big")
    source.write_bytes(before[source])
    result = read_only(
        course / folder, lambda *before: subprocess_run(*before, *CLI, "build", "--root", course)
    )
    assert result.returncode == 2, result.stderr
    assert result.stderr.startswith(f"Error: cannot write {(course / folder).resolve()}")
    assert len(result.stderr.splitlines()) == 1
    assert {p: p.read_bytes() for p in course.rglob("*") if p.is_file()} == before


# run


def test_run_prints_a_table_and_goes_on_after_a_failure(tmp_path):
    bad = write_notebook(tmp_path / "a_bad.ipynb", "1 / 0")
    good = write_notebook(tmp_path / "b_good.ipynb", ("n = 1", ["parameters"]), "print(n)")
    before = sorted(tmp_path.iterdir())
    result = lr_course("run", tmp_path)
    assert result.exit_code == 1
    rows = [line.split() for line in result.stdout.splitlines()]
    assert [row[0] for row in rows] == ["notebook", str(bad), str(good)]
    assert [row[2] for row in rows] == ["state", "failed", "ok"]
    assert "a_bad.ipynb, cell 1: ZeroDivisionError: division by zero" in result.stderr
    assert "    1 / 0" in result.stderr
    assert "b_good.ipynb" in result.stderr  # the bar carries the name
    assert sorted(tmp_path.iterdir()) == before


def test_run_keeps_executed_copies_also_of_what_failed(tmp_path):
    nb = write_notebook(tmp_path / "a.ipynb", ("n = 1", ["parameters"]), "print(n)", "1 / 0")
    out = tmp_path / "deep" / "out"
    result = lr_course("run", nb, "-p", "n", "4", "--out", out)
    assert result.exit_code == 1
    assert [path.name for path in out.iterdir()] == ["a.ipynb"]
    kept = nbformat.read(out / "a.ipynb", as_version=4)
    assert "4\n" in [
        output.get("text") for cell in kept.cells for output in cell.get("outputs", [])
    ]


def test_run_stops_a_cell_at_its_time_limit(tmp_path):
    nb = write_notebook(tmp_path / "a.ipynb", "while True:\n    pass")
    result = lr_course("run", nb, "--timeout", 2)
    assert result.exit_code == 1
    assert "the cell ran longer than 2 s" in result.stderr


def test_run_compares_outputs(course):
    path = course / "notebooks/01_decay.ipynb"
    assert lr_course("run", path, "--compare").exit_code == 0
    nb = nbformat.read(path, as_version=4)
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = BLACK_PIXEL
    nbformat.write(nb, path)
    result = lr_course("run", path, "--compare")
    assert result.exit_code == 1
    assert "01_decay.ipynb: cell 18, figure: a picture differs from the stored one" in result.stderr
    assert lr_course("run", path).exit_code == 0


BLACK_PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADU"
    "lEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_run_with_bad_input_runs_nothing(tmp_path):
    touch = ("n = 1", ["parameters"]), f"open({str(tmp_path / 'ran')!r}, 'w')"
    good = write_notebook(tmp_path / "good.ipynb", *touch)
    lost = write_notebook(tmp_path / "lost.ipynb", "1", kernel="fortran")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.ipynb").write_text("hello")
    (tmp_path / "file").write_text("")
    (tmp_path / "other").mkdir()
    twin = write_notebook(tmp_path / "other/good.ipynb", "1")
    for arguments, parts in [
        ([good, tmp_path / "none.ipynb"], ["there is no notebook", "none.ipynb", "good.ipynb"]),
        ([tmp_path / "empty"], ["holds no notebook"]),
        ([good, tmp_path / "text.ipynb"], ["text.ipynb is not a notebook"]),
        ([good, "-p", "m", "1"], ["no parameter 'm'", "its parameters: n"]),
        ([good, "-p", "n", "1.5"], ["'n' must be int", "1.5", "float"]),
        ([good, lost], ["'fortran'", "lr-course doctor"]),
        ([good, "--out", tmp_path], ["would overwrite"]),
        ([good, twin, "--out", tmp_path / "out"], ["two notebooks named good.ipynb"]),
        ([good, "--out", tmp_path / "file"], ["cannot write to --out"]),
    ]:
        assert_one_line_error(lr_course("run", *arguments), *parts)
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "out").exists()


def test_run_into_a_read_only_folder(read_only, tmp_path):
    nb = write_notebook(tmp_path / "a.ipynb", f"open({str(tmp_path / 'ran')!r}, 'w')")
    out = tmp_path / "out"
    out.mkdir()
    result = read_only(out, lambda *before: subprocess_run(*before, *CLI, "run", nb, "--out", out))
    assert result.returncode == 2, result.stderr
    assert result.stderr.startswith(f"Error: cannot write to --out {out}")
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "ran").exists()


def test_missing_package_is_one_line(tmp_path):
    nb = write_notebook(tmp_path / "a.ipynb", "1")
    code = "import sys\nsys.modules['papermill'] = None\nfrom course_tools.cli import main\nmain()"
    result = subprocess_run(sys.executable, "-c", code, "run", nb)
    assert result.returncode == 2
    assert (
        result.stderr == "Error: the package 'papermill' is not installed; see `lr-course doctor`\n"
    )


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/tmp/x"), "write /tmp/x: No space left"),
        (OSError(errno.EROFS, "Read-only file system"), "write: Read-only file system; make room"),
        (
            FileNotFoundError(2, "No usable temporary directory found in []"),
            "set TMPDIR to a folder",
        ),
    ],
)
def test_no_room_is_one_line(monkeypatch, error, words):
    def fails(*_):
        raise error

    monkeypatch.setattr("course_tools.authoring.exercise_checks.check_notebook", fails)
    assert_one_line_error(lr_course("check", __file__), words)


def test_another_error_of_the_system_is_not_taken_for_a_full_disk(monkeypatch):
    def fails(*_):
        raise ConnectionResetError(104, "Connection reset by peer")

    monkeypatch.setattr("course_tools.authoring.exercise_checks.check_notebook", fails)
    assert isinstance(lr_course("check", __file__).exception, ConnectionResetError)


# Variables of the environment


def with_variables(command, **variables):
    return subprocess_run(*CLI, *command, env=os.environ | variables)


@pytest.mark.parametrize("command", ["run", "build"])
def test_an_unknown_backend_is_one_line(tmp_path, course, command):
    nb = write_notebook(tmp_path / "a.ipynb", "1")
    arguments = ("--check", "--root", course) if command == "build" else (nb,)
    result = with_variables((command, *arguments), MPLBACKEND="nonsense")
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: a package cannot be imported here (ValueError: Key backend: ")
    assert line.endswith("; see `lr-course doctor`")


def test_a_package_that_cannot_be_imported_is_one_line(tmp_path):
    nb = write_notebook(tmp_path / "a.ipynb", "1")
    (tmp_path / "joblib.py").write_text("raise ImportError('rubbish')")
    result = with_variables(("run", nb), PYTHONPATH=str(tmp_path))
    assert result.returncode == 2
    assert result.stderr == (
        "Error: a package cannot be imported here (ImportError: rubbish); see `lr-course doctor`\n"
    )


def test_a_window_is_no_place_for_a_lessons_figures(tmp_path):
    code = (
        "import matplotlib; assert 'inline' in matplotlib.get_backend(), matplotlib.get_backend()"
    )
    nb = write_notebook(tmp_path / "a.ipynb", code)
    assert with_variables(("run", nb), MPLBACKEND="TkAgg").returncode == 0


def test_what_a_terminal_cannot_show_is_spelled_out(tmp_path):
    result = with_variables(("run", tmp_path / "練習.ipynb"), PYTHONIOENCODING="cp1252")
    assert result.stderr.startswith(f"Error: there is no notebook {tmp_path}/\\u7df4\\u7fd2.ipynb")
    nb = write_notebook(tmp_path / "練習.ipynb", "1")
    result = with_variables(("run", nb), PYTHONIOENCODING="cp1252")
    assert (result.returncode, result.stdout.count("\\u7df4\\u7fd2.ipynb")) == (0, 1)


def test_a_number_of_cores_that_is_none_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "two")
    nb = write_notebook(tmp_path / "a.ipynb", "1")
    assert_one_line_error(lr_course("run", nb), "LOKY_MAX_CPU_COUNT", "whole number", "'two'")


def test_notebooks_of_a_folder_may_have_other_endings(tmp_path):
    for name in ("a.IPYNB", "b.ipynb.txt", "c.txt"):
        write_notebook(tmp_path / name, "1")
    (tmp_path / "d.ipynb").mkdir()
    rows = lr_course("run", tmp_path).stdout.splitlines()[1:]
    assert [row.split()[0][-11:] for row in rows] == [
        f"{tmp_path / 'a.IPYNB'}"[-11:],
        "b.ipynb.txt",
    ]
