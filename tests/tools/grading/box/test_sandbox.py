"""What a stranger's code sees of this machine, and what it is told where there is no sandbox."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_tools.grading.box import cgroups, sandbox
from tests.tools.grading.box.boxes import LIMITS, found_in_box, run_in_box

ROOT = Path(__file__).resolve().parents[4]
LIBRARY = ROOT / "course_lib"
#: Places of which the box has its own, or what the system needs.
PLACES = {
    "bin",
    "dev",
    "etc",
    "home",
    "lib",
    "lib32",
    "lib64",
    "libx32",
    "proc",
    "sbin",
    "tmp",
    "usr",
}

LOOK = """
LIBRARY, OUTSIDE = SETTINGS
import importlib.util, resource, socket, sys
from pathlib import Path

def read(path):
    return Path(path).read_text()

def writes(path):
    try:
        with open(path, "w") as file:
            file.write("1")
        return True
    except OSError:
        return False

def attempt(call):
    try:
        call()
        return "done"
    except OSError as error:
        return error.errno

found["root"] = os.listdir("/")
def there(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
found["packages"] = [name for name in ("course_lib", "course_tasks", "course_tools") if there(name)]
found["beside"] = os.listdir(os.path.dirname(LIBRARY))
import course_lib.checks
found["check"] = course_lib.checks.check(len)  # a function of no task: it would be refused
found["schedules"] = os.path.exists(LIBRARY + "/schedules/__init__.py")
found["debugger"] = importlib.util.find_spec("debugpy.server") is not None
found["environment"] = dict(os.environ)
found["interfaces"] = [name for _, name in socket.if_nameindex()]
found["processes"] = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
found["ids"] = [os.getuid(), os.getgid(), os.getpid()]
found["host"] = socket.gethostname()
found["cwd"] = os.getcwd()
lines = read("/proc/self/status").splitlines()
found["status"] = dict(line.split(":\\t") for line in lines if ":\\t" in line)
opened = [f"/proc/self/fd/{n}" for n in range(64)]
found["descriptors"] = [os.readlink(one) for one in opened if os.path.islink(one)]
found["written"] = {path: writes(path) for path in (
    "/file", "/etc/file", "/usr/file", "/home/file", "/dev/file", "/proc/sys/kernel/hostname",
    "/proc/sys/vm/overcommit_memory", "/proc/sysrq-trigger", "/proc/self/oom_score_adj",
    sys.prefix + "/file", sys.executable, LIBRARY + "/file", LIBRARY + "/checks.py",
    LIBRARY + "/plots/file", "/tmp/file", "/dev/shm/file",
    os.path.expanduser("~/file"), os.path.dirname(__file__) + "/file", "/dev/null",
)}
found["sizes"] = {path: os.statvfs(path).f_blocks * os.statvfs(path).f_frsize for path in (
    "/tmp", "/dev/shm", os.path.expanduser("~"))}
found["limits"] = {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in (
    "CORE", "CPU", "NOFILE", "FSIZE")}
found["connect"] = attempt(lambda: socket.create_connection(("1.1.1.1", 53), 2))
found["abstract"] = attempt(lambda: socket.socket(socket.AF_UNIX).connect("\\0/tmp/.X11-unix/X0"))
found["kill"] = attempt(lambda: os.kill(OUTSIDE, 0))
found["mounts"] = [line.split()[4] for line in read("/proc/self/mountinfo").splitlines()]
kinds = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
found["namespaces"] = {kind: os.readlink("/proc/self/ns/" + kind) for kind in kinds}
found["cgroup"] = os.path.exists("/sys/fs/cgroup")
"""


@pytest.fixture(scope="module")
def seen(needs_sandbox):
    told = (str(LIBRARY), os.getpid())
    return found_in_box(LOOK.replace("SETTINGS", repr(told)))


def _first(path):
    return Path(path).resolve().parts[1]


def test_the_root_holds_the_system_and_nothing_else(seen):
    needed = {_first(path) for path in (sys.prefix, sys.base_prefix, LIBRARY, "/dev/shm")}
    assert set(seen["root"]) - PLACES <= needed
    assert not {"root", "var", "run", "srv", "mnt", "boot", "sys"} & set(seen["root"]) - needed


def test_of_the_course_only_the_library_is_there(seen):
    python = Path(sys.prefix)
    allowed = {"course_lib", *([python.name] if python.parent == ROOT else [])}
    assert set(seen["beside"]) <= allowed
    assert seen["schedules"] is True
    assert seen["debugger"] is False


def test_references_and_the_grader_are_not_there_and_checks_do_nothing(seen):
    assert seen["packages"] == ["course_lib"]
    assert seen["check"] is None


def test_of_a_course_among_the_packages_of_the_interpreter_all_else_is_covered():
    packages = Path(sys.prefix) / "lib" / "site-packages"
    both = [str(packages / "course_tasks"), str(packages / "course_tools")]
    assert sandbox.covered(packages) == both
    assert sandbox.covered(Path("/usr/lib/python3/dist-packages")) != []
    assert sandbox.covered(Path("/somewhere/of/a/teacher")) == []


def test_what_is_covered_is_an_empty_folder_in_the_command(tmp_path):
    packages = Path(sys.prefix) / "lib" / "site-packages"
    group = cgroups.Group(())
    told = sandbox.command(["true"], tmp_path, group, LIMITS, 9, packages / "course_lib")
    for place in sandbox.covered(packages):
        at = told.index(place)
        assert told[at - 3 : at + 3] == ["--size", "4096", "--tmpfs", place, "--remount-ro", place]


def test_the_environment_is_exactly_the_boxs(seen, monkeypatch):
    given = {key: seen["environment"].pop(key, None) for key in ("PWD", "LC_CTYPE", "SHLVL", "_")}
    assert seen["environment"] == sandbox.environment()
    assert given["PWD"] in (None, sandbox.HOME)


def test_every_namespace_is_its_own(seen):
    for kind, name in seen["namespaces"].items():
        assert name != os.readlink(f"/proc/self/ns/{kind}"), kind


def test_there_is_no_network_and_no_other_process(seen):
    assert seen["interfaces"] == ["lo"]
    assert isinstance(seen["connect"], int)
    assert isinstance(seen["abstract"], int)
    assert len(seen["processes"]) <= 3
    assert max(seen["processes"]) < 20, "process numbers of its own"
    assert isinstance(seen["kill"], int)
    assert seen["cgroup"] is False


def test_it_is_nobody_without_rights(seen):
    assert seen["ids"][:2] == [1000, 1000]
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(seen["status"][name], 16) == 0, name
    assert seen["status"]["NoNewPrivs"].strip() == "1"
    assert seen["status"]["Seccomp"].strip() == "2"
    assert (seen["host"], seen["cwd"]) == ("box", sandbox.HOME)


def test_no_descriptor_of_the_grader_is_open(seen):
    assert len(seen["descriptors"]) <= 4
    assert not [name for name in seen["descriptors"] if "memfd" in name or "sqlite" in name]


def test_only_its_own_places_can_be_written(seen):
    own = ("/tmp/file", "/dev/shm/file", f"{sandbox.HOME}/file", "/dev/null")
    written = {path for path, is_written in seen["written"].items() if is_written}
    shared = {path for path in written if path.startswith("/dev/shm/box-")}
    assert written - shared == set(own)
    assert len(shared) == 1


def test_its_places_are_small_and_its_limits_low(seen):
    assert set(seen["sizes"]) == {"/tmp", "/dev/shm", sandbox.HOME}
    assert all(7.5e6 < size <= 8.1e6 for size in seen["sizes"].values())
    assert seen["limits"]["CORE"] == [0, 0]
    assert seen["limits"]["CPU"] == [21, 21]
    assert seen["limits"]["NOFILE"] == [512, 512]
    assert seen["limits"]["FSIZE"][0] <= 8.2e6


@pytest.mark.parametrize("name", ["course_tasks", "course_tools.authoring", "course_tools.grading"])
def test_hidden_rooms_cannot_be_imported(needs_sandbox, name):
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import {name}; print({name}.__path__)\n"
    code += f"import importlib; importlib.import_module('{name}.wire')"
    status, _, told = run_in_box(code)
    assert status != 0
    assert "ModuleNotFoundError" in told


def test_memory_and_processes_are_limited_for_the_tree(needs_sandbox):
    status, found, _ = run_in_box("found['all'] = len(bytearray(10**9))")
    assert status != 0
    assert found == {}
    forks = (
        "pids = []\ntry:\n    for _ in range(99):\n        pid = os.fork()\n        if pid == 0:\n"
    )
    forks += "            import time; time.sleep(9); os._exit(0)\n        pids.append(pid)\n"
    forks += (
        "except OSError as error:\n    found['errno'] = error.errno\nfound['forks'] = len(pids)"
    )
    found = found_in_box(forks)
    assert found["errno"] == 11
    assert found["forks"] < LIMITS.processes


def test_files_in_its_folders_are_limited(needs_sandbox):
    code = (
        "try:\n    for name in 'ab':\n        open('/tmp/' + name, 'wb').write(bytes(7_000_000))\n"
    )
    code += "except OSError as error:\n    found['errno'] = error.errno"
    assert found_in_box(code) == {"errno": 28}


def test_variables_of_the_grader_do_not_go_in(needs_sandbox, monkeypatch):
    monkeypatch.setenv("LR_COURSE_DATABASE", "postgresql://secret")
    assert "secret" not in str(found_in_box("found['environment'] = dict(os.environ)"))


def refusal():
    with pytest.raises(sandbox.NoSandboxError) as caught:
        sandbox.check_sandbox.__wrapped__()
    return str(caught.value)


def fake_bwrap(folder, monkeypatch, version="bubblewrap 0.8.0", status=1, told="bwrap: no"):
    file = folder / "bwrap"
    file.write_text(
        f'#!/bin/sh\nif [ "$1" = --version ]; then echo "{version}"; exit 0; fi\n'
        f'echo "{told}" >&2\nexit {status}\n'
    )
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_without_bubblewrap_it_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "apt-get install bubblewrap" in refusal()


@pytest.mark.parametrize("version", ["bubblewrap 0.7.2", "bubblewrap 0.4", "something else", ""])
def test_an_old_bubblewrap_is_refused(monkeypatch, tmp_path, version):
    fake_bwrap(tmp_path, monkeypatch, version)
    assert "bubblewrap 0.8 or newer is needed, this is" in refusal()
    assert version in refusal()


@pytest.mark.parametrize("version", ["bubblewrap 0.8.0", "bubblewrap 0.11.0", "bubblewrap 1.0"])
def test_a_newer_one_without_namespaces_says_how_to_allow_them(
    needs_sandbox, monkeypatch, tmp_path, version
):
    fake_bwrap(tmp_path, monkeypatch, version, told="No permissions to create new namespace")
    message = refusal()
    assert "No permissions to create new namespace" in message
    assert "sysctl kernel.unprivileged_userns_clone=1" in message
    assert "AppArmor" in message


def test_without_control_groups_it_says_how_to_get_them(needs_sandbox, monkeypatch):
    def refuse(*_):
        raise cgroups.NoCgroupsError("no control group can be made")

    monkeypatch.setattr(cgroups, "make", refuse)
    assert refusal() == "no control group can be made"


def test_a_machine_without_a_sandbox_is_asked_again(needs_sandbox, monkeypatch, tmp_path):
    """What is missing may be installed while a server runs; what is there is asked for once."""
    sandbox.check_sandbox.cache_clear()
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(tmp_path))
        with pytest.raises(sandbox.NoSandboxError):
            sandbox.check_sandbox()
    sandbox.check_sandbox()


def test_the_command_joins_its_groups_before_anything_else(tmp_path):
    group = cgroups.Group((tmp_path / "memory", tmp_path / "pids"))
    limits = dataclasses.replace(LIMITS, cores=0.5)
    shell, option, script, *_, program = sandbox.command(["true"], tmp_path, group, limits, 9)
    assert (shell, option, program) == ("/bin/sh", "-ec", "true")
    steps = script.split("; ")
    assert steps[0].endswith('memory/cgroup.procs"')
    assert steps[1].endswith('pids/cgroup.procs"')
    assert steps[-1] == 'exec "$@"'
    assert "ulimit -t 11" in steps
    done = subprocess.run(
        sandbox.command(["true"], tmp_path, group, limits, 9), capture_output=True, check=False
    )
    assert done.returncode != 0, "where the group is gone nothing may run"
