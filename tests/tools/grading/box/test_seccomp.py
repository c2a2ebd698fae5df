"""System calls that no exercise needs are refused in the sandbox; ordinary programs run on."""

import errno
import os
import platform
import sys

import pytest

from course_tools.grading.box import sandbox, seccomp
from tests.tools.grading.box import system_calls
from tests.tools.grading.box.boxes import found_in_box

#: Names of machines and kernels that are not this one.
ELSEWHERE = {
    *("get_mempolicy", "kexec_file_load", "ioperm", "iopl", "ustat", "uselib", "nfsservctl"),
    *("create_module", "lookup_dcookie", "umount"),
}
NAMESPACES = {
    **{"time": 0x80, "mount": 0x20000, "cgroup": 0x2000000, "uts": 0x4000000, "ipc": 0x8000000},
    **{"user": 0x10000000, "pid": 0x20000000, "network": 0x40000000},
}

CALLS = """
import ctypes, fcntl, termios
libc = ctypes.CDLL(None, use_errno=True)

def call(number, *arguments):
    ctypes.set_errno(0)
    got = libc.syscall(number, *(ctypes.c_long(one) for one in arguments))
    return ctypes.get_errno() if got == -1 else 0

for name, number in NUMBERS.items():
    if name not in ("clone3", "vhangup"):
        found[name] = call(number, 0, 0, 0, 0, 0, 0)
found["clone3"] = call(NUMBERS["clone3"], 0, 0)
found["from the future"] = call(480)
for name, flag in NAMESPACES.items():
    got = libc.syscall(NUMBERS["clone"], ctypes.c_long(flag | 17), 0, 0, 0, 0)
    if got == 0:
        os._exit(0)
    found["clone " + name] = ctypes.get_errno() if got == -1 else 0
master, slave = os.openpty()
if os.getpid() != os.getsid(0):
    os.setsid()
fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
try:
    fcntl.ioctl(slave, 0x5412, b"x")
    found["type into a terminal"] = 0
except OSError as error:
    found["type into a terminal"] = error.errno
high = libc.ioctl(slave, ctypes.c_ulong(0x100005412), b"x")
found["the same with other high bits"] = ctypes.get_errno() if high == -1 else 0
"""

IGNORED = """
file = os.path.expanduser("~/file")
open(file, "w").close()
before = os.stat(file)
os.chmod(file, 0o777)
os.chown(file, 1, 1)
os.utime(file, (1, 1))
descriptor = os.open(file, os.O_RDONLY)
os.fchmod(descriptor, 0o777)
os.utime(descriptor, (1, 1))
os.chmod("/dev/null", 0o600)
after = os.stat(file)
found["same"] = before == after
"""
ORDINARY = """
import multiprocessing, subprocess, sys, threading
from concurrent.futures import ThreadPoolExecutor
import numpy as np

with ThreadPoolExecutor(4) as pool:
    found["threads"] = list(pool.map(abs, [-1, -2, -3]))
child = os.fork()
if child == 0:
    os._exit(7)
found["fork"] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
found["subprocess"] = subprocess.run([sys.executable, "-c", "print(1)"]).returncode
found["shell"] = subprocess.run("echo a | cat", shell=True, capture_output=True, text=True).stdout
with multiprocessing.get_context("fork").Pool(2) as pool:
    found["pool"] = pool.map(abs, [-1, -2])
found["numpy"] = float(np.linalg.norm(np.ones((300, 300)) @ np.ones((300, 300))))
"""


def numbers():
    """Numbers of the refused system calls on this machine."""
    known = system_calls.numbers(platform.machine())
    return {name: known[name] for name in (*seccomp.REFUSED, "clone", "clone3") if name in known}


@pytest.fixture(scope="module")
def refused(needs_sandbox):
    code = CALLS.replace("NUMBERS", repr(numbers())).replace("NAMESPACES", repr(NAMESPACES))
    return found_in_box(code)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="another machine has other calls")
def test_every_refused_name_is_a_system_call_here_or_known_to_be_none(needs_sandbox):
    assert set(seccomp.REFUSED) - set(numbers()) <= ELSEWHERE
    assert len(seccomp.REFUSED) == len(set(seccomp.REFUSED))


@pytest.mark.parametrize(
    "name", sorted(set(seccomp.REFUSED) - {"vhangup"}) + [f"clone {name}" for name in NAMESPACES]
)
def test_a_refused_call_fails_with_eperm(refused, name):
    if name not in refused:
        pytest.skip("this machine has no such call")
    assert refused[name] == errno.EPERM


def test_the_same_calls_do_otherwise_without_the_filter(refused):
    """So that the EPERM above is the filter's."""
    code = CALLS.replace("NUMBERS", repr(numbers())).replace("NAMESPACES", "{}")
    found = found_in_box(code, filtered=False)
    others = [name for name, number in found.items() if number != errno.EPERM]
    assert {"bpf", "ptrace", "keyctl", "add_key", "userfaultfd", "unshare", "kcmp"} & set(others)
    assert len(others) > 25
    assert found["type into a terminal"] != errno.EPERM
    assert found["clone3"] != errno.ENOSYS


def test_clone3_does_not_exist(refused):
    assert refused["clone3"] == errno.ENOSYS


def test_calls_newer_than_the_list_do_not_exist(refused):
    assert refused["from the future"] == errno.ENOSYS


def test_modes_owners_and_times_of_files_stay_as_they_are(needs_sandbox):
    before = os.stat("/dev/null")
    try:
        assert found_in_box(IGNORED) == {"same": True}
        assert os.stat("/dev/null").st_mode == before.st_mode
    finally:
        if os.geteuid() == 0:
            os.chmod("/dev/null", 0o666)


@pytest.mark.parametrize("name", ["type into a terminal", "the same with other high bits"])
def test_nothing_is_typed_into_a_terminal(refused, name):
    assert refused[name] == errno.EPERM


def test_threads_processes_and_numpy_work(needs_sandbox):
    assert found_in_box(ORDINARY) == {
        **{"threads": [1, 2, 3], "fork": 7, "subprocess": 0, "shell": "a\n", "pool": [1, 2]},
        "numpy": 90000.0,
    }


def test_the_filter_is_read_from_its_beginning(needs_sandbox):
    for _ in range(2):
        descriptor = seccomp.as_descriptor()
        try:
            assert os.read(descriptor, 10**6) == seccomp.program()
        finally:
            os.close(descriptor)
    assert len(seccomp.program()) % 8 == 0, "instructions of a filter have 8 bytes"


@pytest.fixture
def on_machine(needs_sandbox, monkeypatch):
    """A function that makes this machine one of another kind, until the test ends."""

    def be(name):
        monkeypatch.setattr(platform, "machine", lambda: name)
        monkeypatch.setattr(seccomp, "program", seccomp.program.__wrapped__)

    return be


@pytest.mark.parametrize("machine", ["aarch64", "x86_64"])
def test_every_machine_has_its_own_filter(on_machine, machine):
    on_machine(machine)
    assert seccomp.program() == (seccomp.FILTERS / f"{machine}.bpf").read_bytes()


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        ("riscv64", r"compiles one: python -m course_tools.grading.box.filter_compiler riscv64$"),
        ("s390x", "None can be compiled for it: .* knows aarch64, riscv64, x86_64.$"),
    ],
)
def test_on_another_machine_the_message_says_which_have_filters(on_machine, machine, words):
    on_machine(machine)
    with pytest.raises(seccomp.NoSeccompError, match=words):
        seccomp.program()
    with pytest.raises(sandbox.NoSandboxError, match=f"on aarch64 and x86_64, .* is {machine}"):
        sandbox.check_sandbox.__wrapped__()


def test_a_python_of_32_bits_is_told_so(on_machine, monkeypatch):
    """Its processes would all be killed: they are of another kind."""
    on_machine("x86_64")
    monkeypatch.setattr(sys, "maxsize", 2**31 - 1)
    with pytest.raises(seccomp.NoSeccompError, match="for Python of 64 bits on x86_64"):
        seccomp.program()
