"""Set-up tells in one line what is missing, and leaves nothing that looks ready."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Where nothing listens, and none of the ways around that a machine's own pip settings may know.
NO_NETWORK = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_FIND_LINKS": "",
    "PIP_NO_INDEX": "",
}


@pytest.fixture
def clone(needs_make, tmp_path):
    """What set-up reads of a fresh clone, in a folder whose name has a space."""
    folder = tmp_path / "a clone"
    (folder / "notebooks").mkdir(parents=True)
    for name in ("Makefile", "setup.sh", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    (folder / "notebooks" / "01_lesson.ipynb").write_text("{}", encoding="utf-8")
    return folder


def make(clone, *arguments, before=()):
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    return subprocess.run(
        [*before, "make", *arguments],
        cwd=clone,
        env=environment | NO_NETWORK,
        capture_output=True,
        text=True,
        timeout=120,
    )


def errors(run):
    """Return what went to stderr, without make's own closing line."""
    return [line for line in run.stderr.splitlines() if not line.startswith("make: ***")]


def pretend_command(path, script):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_make_alone_explains_the_targets(clone):
    run = make(clone)
    assert run.returncode == 0
    for target in ("lab", "test", "build", "run", "bench"):
        assert f"make {target} " in run.stdout
    assert not (clone / ".venv").exists()


def test_no_network_is_one_line_and_the_next_call_tries_again(clone):
    for target in ("lab", "test"):
        run = make(clone, target, f"PYTHON={sys.executable}", "TORCH_INDEX=")
        assert run.returncode == 2
        (line,) = errors(run)
        assert line.startswith("Set-up stopped: no package index answers. Connect to a network")
        assert not (clone / ".venv" / "ready").exists()
        assert "Setting up .venv" in run.stdout
        assert not (clone / ".venv" / "leftover").exists()  # a half-made .venv is made anew
        (clone / ".venv" / "leftover").touch()


def test_an_old_python_is_one_line(clone):
    pretend = "import sys; sys.version_info = (3, 9, 2); exec(sys.argv[1])"
    script = f"""[ "$1" = -c ] || {{ echo Python 3.9.2; exit; }}
exec "{sys.executable}" -c "{pretend}" "$2\""""
    old = pretend_command(clone / "old" / "python3", script)
    run = make(clone, "lab", f"PYTHON={old.relative_to(clone)}")
    assert run.returncode == 2
    (line,) = errors(run)
    assert "needs Python 3.10 or newer" in line
    assert "Python 3.9.2" in line
    assert not (clone / ".venv").exists()


def test_no_python_is_one_line(clone):
    run = make(clone, "lab", "PYTHON=no-such-python")
    assert run.returncode == 2
    (line,) = errors(run)
    assert "needs Python 3.10 or newer" in line
    assert "no-such-python: " in line


@pytest.fixture
def ready(clone):
    """A clone whose .venv is set up, as far as make can see; its jupyter prints its arguments."""
    pretend_command(clone / ".venv" / "bin" / "python", "exit 0")
    pretend_command(clone / ".venv" / "bin" / "jupyter", 'printf "<%s>" "$@"')
    (clone / ".venv" / "ready").write_text(f"{clone.resolve()}\n", encoding="utf-8")
    return clone


def test_the_second_call_does_not_set_up_again(ready):
    run = make(ready, "lab", "ARGS=--no-browser --port 8899")
    assert run.returncode == 0
    assert "Setting up" not in run.stdout
    assert f"<--ServerApp.root_dir={ready.resolve()}>" in run.stdout
    opened = "<--LabApp.default_url=/lab/tree/notebooks/01_lesson.ipynb>"
    assert f"{opened}<--no-browser><--port><8899>" in run.stdout


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_list_of_requirements_sets_up_again(ready, name):
    assert "sh setup.sh" not in make(ready, "--dry-run", "lab").stdout
    later = (ready / ".venv" / "ready").stat().st_mtime + 10
    os.utime(ready / name, (later, later))
    assert "sh setup.sh" in make(ready, "--dry-run", "lab").stdout


def test_a_moved_folder_sets_up_again(ready):
    moved = ready.rename(ready.parent / "moved")
    run = make(moved, "lab", "PYTHON=no-such-python")
    assert run.returncode == 2
    assert "needs Python 3.10 or newer" in run.stderr


@pytest.fixture
def half_ready(clone):
    """A clone with a .venv but no stamp; its pip fails when its arguments hold FAIL_ON."""
    script = f"""
[ "$1" = -c ] && exec "{sys.executable}" "$@"
case "$*" in *"${{FAIL_ON:-nothing like this}}"*)
    echo "${{FAIL_WITH:-ERROR: pretended}}"; exit 1;; esac
echo "$TMPDIR" >> tmp_folders
[ -d "$TMPDIR" ] || exit 3
echo "$@" >> pip_calls"""
    pretend_command(clone / ".venv" / "bin" / "python", script)
    pretend_command(clone / ".venv" / "bin" / "pip", "exit 1")
    pretend_command(clone / ".venv" / "bin" / "jupyter", "exit 0")
    return clone


needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux wants another torch")


@needs_linux
def test_torch_comes_first_from_its_cpu_index(half_ready):
    assert make(half_ready, "lab", f"PYTHON={sys.executable}").returncode == 0
    _, torch, everything = (half_ready / "pip_calls").read_text(encoding="utf-8").splitlines()[:3]
    assert "--no-deps --index-url https://download.pytorch.org/whl/cpu torch==" in torch
    assert torch.endswith("+cpu")
    assert everything.endswith("install -c constraints.txt -e .[staff]")
    assert not (half_ready / ".venv" / "unfinished").exists()
    assert (half_ready / ".venv" / "ready").exists()


@needs_linux
def test_without_the_cpu_index_the_standard_torch_is_taken_and_told(half_ready, monkeypatch):
    monkeypatch.setenv("FAIL_ON", "--index-url")
    run = make(half_ready, "lab", f"PYTHON={sys.executable}")
    assert run.returncode == 0
    assert "installing the standard build instead (large on Linux)" in run.stdout
    assert (half_ready / ".venv" / "ready").exists()


def test_a_failed_installation_is_one_line_with_pips_reason(half_ready, monkeypatch):
    monkeypatch.setenv("FAIL_ON", "-e .[staff]")
    run = make(half_ready, "lab", f"PYTHON={sys.executable}")
    assert run.returncode == 2
    (line,) = errors(run)
    said = "Set-up stopped: ERROR: pretended. Fix that and run make lab again"
    assert line.startswith(said)
    assert not (half_ready / ".venv" / "ready").exists()
    assert (half_ready / ".venv" / "unfinished").exists()


@pytest.mark.parametrize("step", ["install --retries 1 --timeout 10 --upgrade", "-e .[staff]"])
@pytest.mark.parametrize(
    ("said", "advice"),
    [
        (
            "ERROR: Could not install packages: OSError: [Errno 28] No space left on device",
            "the disk is full: a whole .venv takes 1.7 GB, and ",
        ),
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError()'\n"
            "ERROR: Failed to build 'file:///here' when installing build dependencies",
            "no package index answers. Connect to a network",
        ),
        ("Killed", "Killed. Fix that"),
    ],
    ids=["full", "cut off", "killed"],
)
def test_what_stops_pip_is_told_with_what_to_do(half_ready, monkeypatch, step, said, advice):
    monkeypatch.setenv("FAIL_ON", step)
    monkeypatch.setenv("FAIL_WITH", said)
    run = make(half_ready, "test", f"PYTHON={sys.executable}")
    assert run.returncode == 2
    (line,) = errors(run)
    assert line.startswith(f"Set-up stopped: {advice}")
    assert "run make test again" in line


@needs_linux
def test_a_full_disk_while_torch_is_installed_does_not_bring_the_larger_one(
    half_ready, monkeypatch
):
    monkeypatch.setenv("FAIL_ON", "--index-url")
    monkeypatch.setenv("FAIL_WITH", "ERROR: [Errno 28] No space left on device")
    run = make(half_ready, "lab", f"PYTHON={sys.executable}")
    (line,) = errors(run)
    assert line.startswith("Set-up stopped: the disk is full")


def test_set_up_needs_no_room_in_the_folder_for_temporary_files(half_ready, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(half_ready / "full"))
    assert make(half_ready, "lab", f"PYTHON={sys.executable}").returncode == 0
    used = set((half_ready / "tmp_folders").read_text(encoding="utf-8").split("\n")[:3])
    assert used == {str(half_ready.resolve() / ".venv" / "tmp")}
    assert not (half_ready / ".venv" / "tmp").exists()


@pytest.mark.parametrize("target", ["lab", "test", "build", "run", "frameworks"])
def test_a_read_only_folder_is_one_line(read_only, clone, target):
    run = read_only(clone, lambda *before: make(clone, target, before=before))
    assert run.returncode == 2
    (line,) = errors(run)
    assert line.startswith(f"Nothing can be written in {clone.resolve()} (")
    assert line.endswith(f"Copy the course to a folder of your own and run make {target} there.")


def test_in_a_read_only_folder_the_lab_opens_and_says_that_nothing_is_saved(read_only, ready):
    run = read_only(ready, lambda *before: make(ready, "lab", before=before))
    assert run.returncode == 0
    (line,) = errors(run)
    assert line.startswith("This folder is read-only: notebooks run, but to save your work, copy")
    assert "<--ServerApp.root_dir=" in run.stdout


def test_in_a_read_only_folder_the_made_up_class_is_one_line(read_only, ready):
    run = read_only(ready, lambda *before: make(ready, "grade-demo", before=before))
    assert run.returncode == 2
    (line,) = errors(run)
    assert line.endswith("Copy the course to a folder of your own and run make grade-demo there.")


def old_venv(clone, python):
    pretend_command(clone / ".venv" / "bin" / "python", python)
    pretend_command(clone / ".venv" / "bin" / "pip", "exit 0")


@pytest.mark.parametrize(
    ("python", "words"),
    [
        ('[ "$1" = -c ] && exit 1; echo Python 3.9.18', "has Python 3.9.18; 3.10 or newer"),
        ("exit 127", "has a Python that does not start; 3.10 or newer"),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_a_strange_venv_that_cannot_be_used_is_told_and_left_alone(
    clone, monkeypatch, python, words, named
):
    old_venv(clone, python)
    python3 = pretend_command(clone / "commands" / "python3", f'exec "{sys.executable}" "$@"')
    monkeypatch.setenv("PATH", f"{python3.parent}{os.pathsep}{os.environ['PATH']}")
    run = make(clone, "test", *([f"PYTHON={python3}"] if named else []))
    assert run.returncode == 2
    (line,) = errors(run)
    assert words in line
    assert line.endswith("make clean, then make test")
    assert sorted(file.name for file in (clone / ".venv").rglob("*")) == ["bin", "pip", "python"]


def test_a_venv_without_pip_gets_one(clone):
    python = f"""[ "$1" = -c ] && exec "{sys.executable}" "$@"
echo "$@" >> python_calls"""
    pretend_command(clone / ".venv" / "bin" / "python", python)
    assert make(clone, "run", f"PYTHON={sys.executable}", "TORCH_INDEX=").returncode != 0
    calls = (clone / "python_calls").read_text(encoding="utf-8").splitlines()
    assert calls[0] == "-m ensurepip"


def test_a_venv_whose_python_was_replaced_sets_up_again(ready):
    script = 'case "$*" in *course_lib*) exit 1;; esac'  # starts, but finds no package any more
    pretend_command(ready / ".venv" / "bin" / "python", script)
    run = make(ready, "lab", "PYTHON=no-such-python")
    assert "needs Python 3.10 or newer" in run.stderr
    (ready / ".venv" / "leftover").touch()
    new = pretend_command(ready / "new", f'[ "$1" = -c ] && exec "{sys.executable}" "$@"; exit 1')
    run = make(ready, "lab", f"PYTHON={new}")
    assert "Setting up .venv" in run.stdout
    (line,) = errors(run)
    assert "-m venv .venv' failed" in line
    assert not (ready / ".venv" / "leftover").exists()


def test_a_python_asked_for_by_name_is_the_one_of_venv_or_the_call_stops(ready, monkeypatch):
    own = f'[ "$1" = -c ] && exec "{sys.executable}" "$@"; exit 0'
    pretend_command(ready / ".venv" / "bin" / "python", own)
    assert make(ready, "lab", f"PYTHON={sys.executable}").returncode == 0
    script = '[ "$1" = -c ] || echo Python 3.99.1; case "$2" in *print*) echo 3.99;; esac'
    other = pretend_command(ready / "other python", script)
    named = make(ready, "lab", f"PYTHON={other}")
    monkeypatch.setenv("PYTHON", str(other))
    for run in (named, make(ready, "lab")):
        assert run.returncode == 2
        (line,) = errors(run)
        ours = ".".join(map(str, sys.version_info[:2]))
        assert f"is Python 3.99.1, but .venv has Python {ours}." in line
        assert line.endswith(f"make clean, then make lab PYTHON={other}")
    assert (ready / ".venv" / "ready").exists()


def test_the_checks_of_make_test_stay_in_a_folder_whose_name_has_a_space(ready):
    beside = ready.parent / ready.name.split()[0]  # what `rm -rf` without quotes would take
    beside.mkdir()
    for name in ("ruff", "lint-imports", "lr-course", "python"):
        script = f'echo "$LR_COURSE_CACHE" >> "{ready / "caches"}"'
        pretend_command(ready / ".venv" / "bin" / name, script)
    # tests/machine/lanes.py, which starts the second, is not in this clone.
    for target in ("test", "test-notebooks"):
        run = make(ready, target)
        assert run.returncode == 0, run.stderr
    assert beside.is_dir()
    caches = set((ready / "caches").read_text(encoding="utf-8").splitlines())
    assert caches == {os.environ.get("LR_COURSE_CACHE", ""), str(ready / ".cache" / "checked")}


def test_make_works_in_the_c_locale(ready, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    run = make(ready, "lab")
    assert (run.returncode, run.stderr) == (0, "")
    assert "make lab " in make(ready, "help").stdout
