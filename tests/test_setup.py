"""Set-up tells in one line what is missing, and leaves nothing that looks ready."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
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
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    (folder / "notebooks" / "01_lesson.ipynb").write_text("{}", encoding="utf-8")
    return folder


def make(clone, *arguments):
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    return subprocess.run(
        ["make", *arguments],
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
    assert "Setting up" not in make(ready, "--dry-run", "lab").stdout
    later = (ready / ".venv" / "ready").stat().st_mtime + 10
    os.utime(ready / name, (later, later))
    assert "Setting up" in make(ready, "--dry-run", "lab").stdout


def test_a_moved_folder_sets_up_again(ready):
    moved = ready.rename(ready.parent / "moved")
    run = make(moved, "lab", "PYTHON=no-such-python")
    assert run.returncode == 2
    assert "needs Python 3.10 or newer" in run.stderr


@pytest.fixture
def half_ready(clone):
    """A clone with a .venv but no stamp; its pip fails when its arguments hold FAIL_ON."""
    script = """
case "$*" in *"${FAIL_ON:-nothing like this}"*) echo "ERROR: pretended"; exit 1;; esac
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
    assert "taking the standard build (large on Linux)" in run.stdout
    assert (half_ready / ".venv" / "ready").exists()


def test_a_failed_installation_is_one_line_with_pips_reason(half_ready, monkeypatch):
    monkeypatch.setenv("FAIL_ON", "-e .[staff]")
    run = make(half_ready, "lab", f"PYTHON={sys.executable}")
    assert run.returncode == 2
    (line,) = errors(run)
    assert line.startswith("Set-up stopped: ERROR: pretended. Put that right and run make again")
    assert not (half_ready / ".venv" / "ready").exists()
    assert (half_ready / ".venv" / "unfinished").exists()
