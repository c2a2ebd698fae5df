"""Control groups limit a tree of processes and go away with it; version 2 on a made tree."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from course_tools.grading.box import cgroups, kernels, sandbox
from course_tools.grading.box.cgroups import NoCgroupsError

V2 = ("cgroup.procs", "cgroup.subtree_control", "memory.max", "memory.swap.max", "memory.events")
V2 += ("pids.max", "pids.events", "cpu.max")
V1 = {"memory": "memory", "pids": "pids", "cpu": "cpu"}


@pytest.fixture
def group(needs_sandbox):
    made = cgroups.make(cgroups.new_name(), 100, 8, 0.5)
    yield made
    made.remove()


def start_in(group, code):
    """Start Python code in a group."""
    join = "; ".join(f'echo $$ > "{path}"' for path in group.entrances)
    command = ["/bin/sh", "-ec", f'{join}; exec "$@"', "sh", sys.executable, "-c", code]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def test_processes_of_a_group_are_counted(group):
    code = "import os\npids = []\ntry:\n    for _ in range(20):\n        pid = os.fork()\n"
    code += (
        "        if pid == 0:\n            import time; time.sleep(30)\n        pids.append(pid)\n"
    )
    code += "except OSError:\n    print(len(pids), flush=True)\nimport time; time.sleep(30)"
    assert not group.had_too_many_processes
    process = start_in(group, code)
    assert process.stdout.readline() == "7\n"
    assert group.had_too_many_processes
    assert not group.was_out_of_memory
    group.remove()
    assert process.wait(5) == -9, "what lived was killed"
    assert not any(folder.exists() for folder in group.folders)
    group.remove()  # twice is no error


def test_memory_of_a_group_is_limited(group):
    assert not group.was_out_of_memory
    assert start_in(group, "bytearray(50_000_000)").wait(20) == 0
    assert not group.was_out_of_memory
    assert start_in(group, "bytearray(400_000_000)").wait(20) == -9
    assert group.was_out_of_memory


def test_processor_time_of_a_group_is_limited(group):
    code = (
        "import time\nstart = time.time(), time.process_time()\nwhile time.time() - start[0] < 1: "
    )
    code += "pass\nprint(time.process_time() - start[1])"
    assert float(start_in(group, code).communicate(timeout=20)[0]) < 0.75


def test_a_name_is_used_once(group):
    name = group.folders[0].name.removeprefix(cgroups.PREFIX)
    with pytest.raises(NoCgroupsError, match="File exists"):
        cgroups.make(name, 100, 8, 1.0)


def test_groups_of_graders_that_are_gone_are_swept(group):
    gone = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    left = cgroups.make(f"{cgroups._owner(gone.pid)}-left", 100, 8, 1.0)
    lives = start_in(left, "import time; time.sleep(30)")
    kernels.sweep()
    assert all(folder.exists() for folder in (*left.folders, *group.folders))
    gone.communicate(b"\n")
    time.sleep(0.1)
    kernels.sweep()
    assert not any(folder.exists() for folder in left.folders)
    assert lives.wait(5) == -9
    assert all(folder.exists() for folder in group.folders), "this grader still runs"


def system_of(root, own):
    """Make a machine with its groups below `root`, and this process in the groups `own`."""
    file = root / "own groups"
    file.write_text("".join(f"0:{controller}:{path}\n" for controller, path in own.items()))
    return cgroups.System(root, file, patience=0.2)


class Tree:
    """Folders that behave as control groups do: files appear in a new one, and go with it."""

    def __init__(self, root, monkeypatch, files, top, own):
        self.root, self.files = root, files
        self.system = system_of(root, own)
        mkdir, rmdir = Path.mkdir, Path.rmdir

        def make(path, *arguments, **options):
            mkdir(path, *arguments, **options)
            if path.is_relative_to(root):
                for name in files:
                    (path / name).touch()

        def remove(path):
            if any(one.is_dir() for one in path.iterdir()):
                raise OSError(16, "Device or resource busy")
            for file in path.iterdir():
                file.unlink()
            rmdir(path)

        monkeypatch.setattr(Path, "mkdir", make)
        monkeypatch.setattr(Path, "rmdir", remove)
        for folder in top:
            (root / folder).mkdir(parents=True)

    def text(self, name):
        return (self.root / name).read_text()

    def make(self, name="7.8-a", cores=1.0, **changes):
        return cgroups.make(name, 100, 8, cores, replace(self.system, **changes))


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A tree of version 2 in which this process is in user/scope."""
    found = Tree(tmp_path, monkeypatch, V2, ["user/scope"], {"": "/user/scope"})
    (tmp_path / "user/scope/cgroup.procs").write_text("999999999\n")
    return found


def test_version_2_has_one_folder_with_all_limits(tree):
    group = tree.make(cores=0.5)
    (folder,) = group.folders
    assert folder == tree.root / "user/scope/lr-course-7.8-a"
    assert group.entrances == (folder / "cgroup.procs",)
    limits = {name: (folder / name).read_text() for name in V2 if name.endswith(("max", "high"))}
    assert limits == {
        **{"memory.max": "100000000", "memory.swap.max": "0"},
        **{"pids.max": "8", "cpu.max": "50000 100000"},
    }
    assert tree.text("user/scope/cgroup.subtree_control") == "+memory +pids +cpu"
    assert tree.text("user/scope/lr-course-grader/cgroup.procs") == "999999999"
    (folder / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert group.was_out_of_memory
    (folder / "pids.events").write_text("max 3\n")
    assert group.had_too_many_processes
    group.remove()
    assert not folder.exists()


def test_version_2_again_from_the_graders_own_group(tree):
    tree.make()
    tree.system = system_of(tree.root, {"": "/user/scope/lr-course-grader"})
    (folder,) = tree.make("7.8-b").folders
    assert folder.parent == tree.root / "user/scope"


def test_groups_inside_a_group_go_with_it(tree, monkeypatch):
    """As nbval's have: it makes a group for its kernel, below the one that limits it."""
    group = tree.make()
    (folder,) = group.folders
    (folder / "lr-course-9.9-b" / "deeper").mkdir(parents=True)
    (folder / "lr-course-grader").mkdir()
    killed = []
    monkeypatch.setattr(os, "kill", lambda pid, _: killed.append(pid))
    (folder / "lr-course-9.9-b" / "cgroup.procs").write_text("4242\n0\n")
    group.remove()
    assert not folder.exists()
    assert 4242 in killed
    assert 0 not in killed, "that would be this process's own group"


def test_version_2_is_swept_but_for_the_graders_own_group(tree):
    for name in ("7.8-a", "7.8-b"):
        tree.make(name)
    cgroups.sweep(lambda name: name == "7.8-a", tree.system)
    left = {folder.name for folder in (tree.root / "user/scope").iterdir() if folder.is_dir()}
    assert left == {"lr-course-grader", "lr-course-7.8-a"}


def test_a_group_that_is_not_ours_is_refused_and_says_how_to_get_one(tree):
    def refuse(path, value):
        raise PermissionError(13, "Permission denied", str(path))

    with pytest.raises(
        NoCgroupsError, match="systemd-run --user --scope -p Delegate=yes"
    ) as caught:
        tree.make(write=refuse)
    assert "user/scope cannot be divided by this user (Permission denied)" in str(caught.value)
    cgroups.sweep(lambda _: False, tree.system)  # nothing to sweep is no error


def test_a_controller_that_was_not_delegated_is_named(tree):
    given = tree.root / "user/scope/cgroup.controllers"
    given.write_text("memory pids\n")
    words = r"may not limit cpu\. .*Delegate=cpu memory pids"
    with pytest.raises(NoCgroupsError, match=words):
        tree.make()
    assert not (tree.root / "user/scope/lr-course-grader").exists(), "no process was moved"
    given.write_text("cpuset cpu io memory pids\n")
    tree.make()


def test_a_limit_that_is_refused_leaves_no_group(tree):
    def refuse(path, value):
        if path.name == "cpu.max":
            raise OSError(22, "Invalid argument", str(path))
        cgroups.write(path, value)

    with pytest.raises(NoCgroupsError, match=r"Invalid argument: .*cpu\.max"):
        tree.make(write=refuse)
    assert not (tree.root / "user/scope/lr-course-7.8-a").exists()


def test_version_1_has_a_folder_a_controller(tmp_path, monkeypatch):
    own = dict.fromkeys(("memory", "pids", "cpu"), "/")
    group = Tree(tmp_path, monkeypatch, ("memory.memsw.limit_in_bytes",), V1, own).make(cores=0.5)
    assert [folder.relative_to(tmp_path).parts[0] for folder in group.folders] == list(V1)
    memory, pids, cpu = group.folders
    assert (memory / "memory.limit_in_bytes").read_text() == "100000000"
    assert (memory / "memory.memsw.limit_in_bytes").read_text() == "100000000"
    assert (pids / "pids.max").read_text() == "8"
    assert (cpu / "cpu.cfs_quota_us").read_text() == "50000"
    (memory / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
    assert group.was_out_of_memory


@pytest.mark.parametrize(
    ("writable", "below"), [(("memory",), "."), (("memory/user",), "user"), ((), "user")]
)
def test_a_user_of_version_1_makes_groups_where_he_was_given_room(
    tmp_path, monkeypatch, writable, below
):
    own = dict.fromkeys(V1, "/user")
    tree = Tree(tmp_path, monkeypatch, (), [f"{name}/user" for name in V1], own)
    allowed = {tmp_path / name.replace("memory", one) for name in writable for one in V1}
    monkeypatch.setattr(os, "access", lambda path, _: path in allowed)
    group = tree.make()
    assert [folder.parent for folder in group.folders] == [tmp_path / n / below for n in V1]


def test_a_containers_own_group_may_have_another_name_inside(tmp_path, monkeypatch):
    tree = Tree(tmp_path, monkeypatch, (), V1, dict.fromkeys(V1, "/docker/4711"))
    monkeypatch.setattr(os, "access", lambda path, _: False)
    group = tree.make()
    assert [folder.parent for folder in group.folders] == [tmp_path / name for name in V1]


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({}, "this system has no control groups"),
        ({"memory": "/", "cpu": "/"}, "no control groups for pids"),
    ],
)
def test_a_system_without_the_controllers_is_refused(tmp_path, own, words):
    system = system_of(tmp_path, own)
    with pytest.raises(NoCgroupsError, match=words):
        cgroups.make("7.8-a", 100, 8, 1.0, system)
    cgroups.sweep(lambda _: False, system)


def test_what_a_process_is_in_is_read_from_the_system():
    found = cgroups.MACHINE.own_groups()
    assert all(path.startswith("/") for path in found.values())
    assert "" in found or "memory" in found


def test_the_group_of_a_grader_that_was_killed_while_it_tried_the_sandbox_is_swept(
    needs_sandbox, monkeypatch
):
    made, make = [], cgroups.make
    monkeypatch.setattr(
        cgroups, "make", lambda name, *limits: made.append(name) or make(name, *limits)
    )
    sandbox.check_sandbox.cache_clear()
    sandbox.check_sandbox()
    (name,) = made
    assert cgroups.is_alive(name)
    assert not cgroups.is_alive(name.replace(".", ".9"))  # the number is another process's by now
