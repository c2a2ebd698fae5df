"""A forked kernel has the walls of one that was started; where it has not, it is not used."""

import contextlib
import errno
import os
import textwrap
import time

import pytest

from course_tools.grading import report
from course_tools.grading.box import fork_server
from course_tools.grading.box.fork_server import ForkServer
from tests.tools.grading.box.kernel_probe import (
    Kernels,
    run_in_kernel,
    seen_in_kernel,
    shown_in_kernel,
)

PROGRAM = fork_server._PROGRAM
#: What was imported before the fork is mapped, and so are the libraries that it needs.
MAPPED = ("/site-packages/", "/lib-dynload/", "/usr/lib/", "/lib/")
DRAWN = """
import multiprocessing, random, tempfile, uuid
import numpy as np
found["drawn"] = [
    random.random(), random.SystemRandom().random(), np.random.random(),
    np.random.default_rng().random(),
    str(uuid.uuid4()), str(uuid.uuid1()), tempfile.mktemp(),
    multiprocessing.current_process().authkey.hex(),
    get_ipython().kernel.session.session, get_ipython().kernel.session.key.hex(),
    get_ipython().kernel.session.msg_id,
]
found["pid"] = __import__("os").getpid()
"""


#: Finds patterns in all of the process's memory. No pattern matches itself.
REMEMBERED = """
def _remembered(patterns):
    import re
    found = set()
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            low, high = (int(one, 16) for one in span.split("-"))
            if rights.startswith("rw") and "[v" not in line:
                memory.seek(low)
                held = memory.read(high - low)
                found |= {one for one in patterns if re.search(one.encode(), held)}
    return found
"""


@contextlib.contextmanager
def serving(program=PROGRAM):
    server = ForkServer(program)
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def server(needs_fork_server):
    with serving() as found:
        assert found.is_ready(60)
        yield found


@pytest.fixture(scope="module")
def started(server):
    return seen_in_kernel(None, DRAWN)


@pytest.fixture(scope="module")
def forked(server):
    return seen_in_kernel(server, DRAWN)


def test_a_forked_kernel_sees_what_a_started_one_sees(started, forked):
    for one in (started, forked):
        assert len([line for line in one["mounts"] if line.startswith("/dev/shm/lr-course-")]) == 1
        one["mounts"] = {line for line in one["mounts"] if not line.startswith("/dev/shm/lr-")}
    own = {"drawn", "files", "descriptors of 1"}
    assert int(forked["status"].pop("CapBnd"), 16) == 0
    assert int(started["status"].pop("CapBnd"), 16) >= 0, "bubblewrap may leave it"
    for name in started.keys() - own:
        assert forked[name] == started[name], name
    nothing, pipe, event = "/dev/null", "pipe:[N]", "anon_inode:[eventfd]"
    # Beside the kernel: what bubblewrap has left of itself, and the program that only waits.
    assert started["descriptors of 1"] == [nothing, nothing, event, pipe]
    assert forked["descriptors of 1"] == [nothing, nothing, pipe]
    more = set(forked["files"]) - set(started["files"])
    assert all(any(place in one for place in MAPPED) for one in more)
    assert set(started["files"]) <= set(forked["files"])


def test_what_is_drawn_before_the_fork_is_drawn_again(server, forked):
    other = seen_in_kernel(server, DRAWN)
    assert other["pid"] == forked["pid"], "a process number of its own would hide the rest"
    assert not set(other["drawn"]) & set(forked["drawn"])


def test_the_program_cannot_be_written_through_proc(forked):
    # It runs, so that nobody may write it; after that, because it lies on a read-only mount.
    assert forked["program is kept from"] == [errno.ETXTBSY, errno.EROFS]


def test_memory_holds_nothing_of_the_grader_or_of_another_kernel(needs_fork_server, monkeypatch):
    monkeypatch.setenv("CANARY", "a-secret-of-the-grader")
    with serving() as server:
        assert server.is_ready(60)
        earlier = Kernels(server).take()
        place = earlier.provisioner._box.shared.name
        try:
            warm = Kernels(server)
            own = "a-text-of-this-kerne[l]"
            others = (f"[{place[0]}]{place[1:]}", "a-secret-of-the-grade[r]")
            kept = "kept = 'a-text-of-this-kerne' + 'L'.lower()"
            text = shown_in_kernel(warm, REMEMBERED, kept, f"_remembered({(own, *others)})")
        finally:
            earlier.end()
    assert eval(text) == {own}, "it shows that texts are found"


def test_no_memory_can_be_written_by_two(forked):
    assert all(one.startswith("/usr/lib/") for one in forked["shared"]), "caches of the C library"


BROKEN = {
    "capabilities": ("    _drop_capabilities()\n", "", "CapEff"),
    "bounding": ("_prctl(_CAPBSET_DROP, capability)", "pass", "CapBnd"),
    "filter": ("_prctl(_SET_SECCOMP,", "(lambda *a: None)(_SET_SECCOMP,", "Seccomp"),
    "limits": ("resource.setrlimit(", "(lambda *a: None)(", "limits"),
    "group": ("os.write(entrance,", "(lambda *a: None)(entrance,", "cgroup"),
    "network": ('"NEWNET": 0x40000000', "", "net"),
    "processes": ('"NEWPID": 0x20000000', '"NEWPID": 0', "NSpid"),
    "ipc": ('"NEWIPC": 0x08000000', '"NEWIPC": 0', "ipc"),
    "umask": ("    os.setsid()\n", "    os.umask(0)\n", "Umask"),
    "oom": ("    os.setsid()\n", "    open('/proc/self/oom_score_adj', 'w').write('7')\n", "oom"),
    "no kernel": ("    os.setsid()\n", "    os._exit(1)\n", "no kernel was forked"),
    "error": ("    os.setsid()\n", "    raise OSError('so')\n", "OSError: so"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_fork_that_lacks_a_wall_is_not_used_and_one_is_started(
    needs_fork_server, name, tmp_path, caplog
):
    before, after, told = BROKEN[name]
    source = PROGRAM.read_text(encoding="utf-8")
    assert before in source
    program = tmp_path / "broken.py"
    program.write_text(source.replace(before, after), encoding="utf-8")
    with serving(program) as server:
        assert server.is_ready(60)
        warm = Kernels(server)
        assert shown_in_kernel(warm, "1 + 1") == "2"
        assert warm.taken.fork_server is None
    assert told in caplog.text


@pytest.mark.parametrize(
    "more",
    [
        "import threading; threading.Thread(target=signal.pause, daemon=True).start()",
        "import mmap; kept = mmap.mmap(-1, 4096)",
        "raise ImportError",
    ],
)
def test_a_server_whose_forks_would_share_does_not_start(needs_fork_server, more, tmp_path):
    program = tmp_path / "sharing.py"
    source = PROGRAM.read_text(encoding="utf-8")
    program.write_text(
        source.replace("    _check_memory()\n", f"    {more}\n    _check_memory()\n")
    )
    with serving(program) as server:
        assert not server.is_ready(60)
        warm = Kernels(server)
        assert shown_in_kernel(warm, "1 + 1") == "2"
        assert warm.taken.fork_server is None


def test_a_server_that_has_ended_is_done_without(needs_fork_server):
    with serving() as server:
        assert server.is_ready(60)
        os.kill(server._pid, 9)
        server._process.wait()
        warm = Kernels(server)
        for _ in range(5):
            manager = warm.take()
            assert manager.fork_server is None
            manager.end()
        assert not server.is_ready()


def test_until_it_is_ready_kernels_are_started(needs_fork_server, tmp_path):
    program = tmp_path / "slow.py"
    program.write_text("import time; time.sleep(60)")
    with serving(program) as server:
        assert shown_in_kernel(Kernels(server), "1 + 1") == "2"


def test_without_nsenter_there_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(fork_server.ForkError, match="nsenter"):
        ForkServer()


def test_without_bubblewrap_there_is_none_and_no_folder_is_left(monkeypatch, tmp_path):
    (tmp_path / "nsenter").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(fork_server, "SHARED", tmp_path / "shared")
    fork_server.SHARED.mkdir()
    with pytest.raises(fork_server.ForkError, match="bubblewrap cannot be started"):
        ForkServer()
    assert os.listdir(fork_server.SHARED) == []


def test_a_kernel_that_ends_is_seen_to_have_ended(server):
    warm = Kernels(server)
    assert run_in_kernel(warm, "import os; os._exit(0)").why == report.DIED
    assert warm.taken.fork_server is server
    assert os.listdir(server.folder) == []


def test_all_other_processes_of_the_box_can_be_killed_and_the_kernel_goes_on(server):
    code = """
        import os, signal, subprocess, time
        child = subprocess.Popen(["sleep", "60"], start_new_session=True)
        orphan = os.popen("sleep 60 >/dev/null & echo $!").read().strip()
        os.kill(-1, signal.SIGKILL)
        while os.path.exists("/proc/" + orphan):
            time.sleep(0.01)
        child.wait()
    """
    warm = Kernels(server)
    assert shown_in_kernel(warm, textwrap.dedent(code), "child.returncode") == "-9"
    assert warm.taken.fork_server is server


def test_killing_the_box_kills_the_kernel_and_leaves_nothing(server):
    manager = Kernels(server).take()
    box = manager.provisioner._box
    group, fork = box._group, box._fork
    manager.kill_now()
    deadline = time.monotonic() + 10
    while not fork.has_ended and time.monotonic() < deadline:
        time.sleep(0.01)
    assert fork.has_ended
    manager.end()
    assert not any(folder.exists() for folder in group.folders)
    assert os.listdir(server.folder) == []
