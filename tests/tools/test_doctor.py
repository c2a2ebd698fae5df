"""The doctor finds what is broken, names the fix, and its exit status can be relied on."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from course_tools import doctor
from course_tools.cli import main

HERE = Path(doctor.__file__).parent
LAUNCH = "from ipykernel.kernelapp import launch_new_instance as launch; launch()"


@pytest.fixture
def add_kernel(tmp_path, monkeypatch):
    """Return a function that installs a kernel of a given command line."""

    def add(name, *command):
        folder = tmp_path / "kernels" / name
        folder.mkdir(parents=True)
        spec = {"argv": [*command], "display_name": name, "language": "python"}
        (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
        monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))

    return add


def test_this_machine_can_run_the_course(capsys):
    assert doctor.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "The course can run."
    assert sum(line.startswith("ok    numpy: ") for line in lines) == 1
    assert sum(line.startswith("ok    kernel python3: ") for line in lines) == 1


def test_an_old_python_fails():
    assert doctor.check_python((3, 10, 0)).ok
    check = doctor.check_python((3, 9, 18))
    assert not check.ok
    assert "3.9.18" in check.detail
    assert "PYTHON=python3.10" in check.fix


def test_a_missing_package_fails_with_the_command_that_installs_it():
    (check,) = doctor.check_packages(["no-such-package-of-ours>=1.0"])
    assert not check.ok
    assert not check.staff_only
    assert "fix: python -m pip install -c constraints.txt 'no-such-package-of-ours>=1.0'" in (
        check.line()
    )


def test_a_package_outside_its_range_fails():
    checks = doctor.check_packages(["numpy>=999", "numpy<1", "numpy", "numpy>=1.26"])
    assert [check.ok for check in checks] == [False, False, True, True]


def test_only_staffs_packages_are_staffs_and_other_extras_do_not_count():
    checks = doctor.check_packages(
        ['rarely>=1; extra == "staff"', 'never>=1; extra == "cluster"', "numpy>=1"]
    )
    assert [(check.name, check.ok, check.staff_only) for check in checks] == [
        ("numpy", True, False),
        ("rarely", False, True),
    ]


def test_versions_are_compared_without_packaging_or_the_lack_is_told(monkeypatch):
    pytest.importorskip("pip", reason="its copy of packaging takes the place; uv installs no pip")
    monkeypatch.setitem(sys.modules, "packaging.requirements", None)
    assert [check.ok for check in doctor.check_packages(["numpy>=1", "numpy>=999"])] == [
        True,
        False,
    ]
    monkeypatch.setitem(sys.modules, "pip._vendor.packaging.requirements", None)
    (check,) = doctor.check_packages(["numpy>=1"])
    assert (check.name, check.ok) == ("packaging", False)


def test_a_python_without_any_package_gets_lines_and_no_traceback(tmp_path):
    (tmp_path / "course_tools").mkdir()
    for name in ("__init__.py", "doctor.py"):
        shutil.copy(HERE / name, tmp_path / "course_tools")
    command = [sys.executable, "-S", "-m", "course_tools.doctor"]  # -S: no site-packages
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert run.returncode == 1
    assert run.stderr == ""
    assert "FAIL  lr-course: not installed in this Python; fix: " in run.stdout
    assert "FAIL  kernel python3: ModuleNotFoundError" in run.stdout
    assert "Please fix: lr-course, kernel python3." in run.stdout


def test_an_unknown_kernel_fails():
    check = doctor.check_kernel("no-such-kernel")
    assert not check.ok
    assert check.detail.startswith("NoSuchKernel")
    assert check.fix.endswith("ipykernel install --sys-prefix --name no-such-kernel")


def test_a_kernel_that_dies_at_once_fails(add_kernel):
    add_kernel("dying", sys.executable, "-c", "raise SystemExit(3)", "{connection_file}")
    check = doctor.check_kernel("dying")
    assert not check.ok
    assert "died" in check.detail


def test_a_kernel_that_dies_only_once_is_started_again(add_kernel, tmp_path):
    # As when another program takes a port between its choice and the kernel's start.
    once = f"import os; mark = {str(tmp_path / 'mark')!r}; new = not os.path.exists(mark); "
    once += "open(mark, 'w').close(); new and os._exit(3); "
    add_kernel("unlucky", sys.executable, "-c", once + LAUNCH, "-f", "{connection_file}")
    assert doctor.check_kernel("unlucky").ok


def test_a_kernel_that_cannot_import_the_course_fails(add_kernel):
    hide = f"import sys; sys.modules['course_lib'] = None; {LAUNCH}"
    add_kernel("elsewhere", sys.executable, "-c", hide, "-f", "{connection_file}")
    check = doctor.check_kernel("elsewhere")
    assert not check.ok
    assert "course_lib" in check.detail
    assert doctor.INSTALL_ALL in check.fix


def test_the_kernel_imports_the_installed_course_not_what_lies_in_this_folder(
    tmp_path, monkeypatch
):
    (tmp_path / "course_lib.py").write_text("raise ImportError('the wrong one')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert doctor.check_kernel().ok


def test_a_missing_or_broken_staff_tool_is_told_but_does_not_stop_the_course(capsys):
    checks = [
        doctor.check_chromium(["no-such-browser"]),
        doctor.check_bubblewrap(["no-such-sandbox"]),
        doctor.check_bubblewrap([sys.executable, "-c", "raise SystemExit('no user namespaces')"]),
    ]
    assert [check.ok for check in checks] == [False, False, False]
    assert "no user namespaces" in checks[-1].detail
    assert doctor.report(checks) == 0
    assert "Learners do not need them" in capsys.readouterr().out


def test_one_failure_of_the_course_is_exit_status_1(capsys):
    good = doctor.Check("good", True, "fine")
    bad = doctor.Check("bad", False, "broken", "repair it")
    assert doctor.report([good]) == 0
    assert doctor.report([good, bad]) == 1
    assert "FAIL  bad: broken; fix: repair it\n" in capsys.readouterr().out


def test_a_folder_without_room_or_that_is_not_there_fails(tmp_path, monkeypatch):
    assert doctor.check_temporary_folder(str(tmp_path), needed=1).ok
    full = doctor.check_temporary_folder(str(tmp_path), needed=10**12)
    assert not full.ok
    assert f"MB free in {tmp_path}, needed 1000000000000; fix: make room there" in full.line()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "none"))
    gone = doctor.check_temporary_folder()
    assert not gone.ok
    assert gone.detail == f"{tmp_path / 'none'}: No such file or directory"


def test_a_read_only_course_fails(read_only, tmp_path):
    look = f"doctor.check_course_folder({str(tmp_path)!r}).line()"
    command = [sys.executable, "-c", f"from course_tools import doctor; print({look})"]

    def said(*before):
        return subprocess.check_output([*before, *command], text=True)

    assert said() == f"ok    course folder: {tmp_path} can be written\n"
    told = read_only(tmp_path, said)
    assert told.startswith(f"FAIL  course folder: {tmp_path} is read-only; fix: copy the course")


def test_only_the_folders_are_looked_at_before_the_tests(monkeypatch, capsys, tmp_path):
    assert doctor.folders_main() == 0
    monkeypatch.setenv("TMPDIR", str(tmp_path / "none"))
    assert CliRunner().invoke(main, ["doctor", "--folders"]).exit_code == 2
    assert doctor.folders_main() == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1


@pytest.mark.parametrize("variable", ["MPLBACKEND", "PYTHONPATH", "LOKY_MAX_CPU_COUNT"])
def test_a_variable_that_keeps_the_kernel_from_working_is_named(tmp_path, variable):
    (tmp_path / "matplotlib.py").write_text("raise ImportError('rubbish')")
    value = str(tmp_path)
    command = [sys.executable, "-m", "course_tools.cli", "doctor"]
    told = subprocess.run(
        command, env=os.environ | {variable: value}, capture_output=True, text=True, timeout=240
    )
    assert told.stderr == ""
    (line,) = [line for line in told.stdout.splitlines() if line.startswith("FAIL")]
    assert line.startswith("FAIL  kernel python3: ")
    assert line.endswith(f"fix: unset the variable {variable}, which is {value!r}, or correct it")
    assert told.returncode == 1
