"""The filters that the course has decide as the lists say, also those of machines not at hand."""

import errno
import platform
import signal
import struct
import subprocess
import sys

import pytest

from course_tools.grading.box import seccomp
from tests.tools.grading.box import system_calls
from tests.tools.grading.box.classic_bpf import ALLOW, KILL, BadProgramError, Call, decide
from tests.tools.grading.box.filter_decisions import (
    FORK,
    IGNORED,
    NAMESPACES,
    REFUSED,
    THREAD,
    TYPE_IN,
    UNKNOWN,
    VFORK,
    X32,
    calls,
    differences,
    shipped,
)

SHIPPED = ("aarch64", "x86_64")
#: Loads a filter of system calls from standard input and ends with 77, or else with an errno.
LOAD = """
import ctypes, os, sys
from ctypes import byref, c_char_p, c_ulong, c_ushort

class Filter(ctypes.Structure):
    _fields_ = (("length", c_ushort), ("program", c_char_p))

program = sys.stdin.buffer.read()
libc = ctypes.CDLL(None, use_errno=True)
rules, zero = Filter(len(program) // 8, program), c_ulong(0)
libc.prctl(38, c_ulong(1), zero, zero, zero)
refused = libc.prctl(22, c_ulong(2), byref(rules), zero, zero)
os._exit(ctypes.get_errno() if refused else 77)
"""


def decided(machine, name, *arguments):
    given = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    return decide(shipped(machine), Call(system_calls.numbers(machine)[name], machine, given))


def mutants(program):
    """Programs in which one instruction has another constant, or its branches changed places."""
    for at in range(0, len(program), 8):
        code, if_true, if_false, k = struct.unpack_from("<HBBI", program, at)
        changed = {(code, if_true, if_false, k ^ 1), (code, if_false, if_true, k)}
        for one in sorted(changed - {(code, if_true, if_false, k)}):
            yield program[:at] + struct.pack("<HBBI", *one) + program[at + 8 :]


def is_noticed(machine, program):
    try:
        return next(differences(machine, program), None) is not None
    except BadProgramError:
        return True


def test_the_machines_with_a_filter():
    assert sorted(path.name for path in seccomp.FILTERS.iterdir()) == [
        f"{machine}.bpf" for machine in SHIPPED
    ]
    assert set(SHIPPED) <= set(seccomp.MACHINES)


def test_the_table_of_numbers_has_every_name_that_is_judged():
    """Otherwise: python -m tests.tools.grading.box.system_calls, where libseccomp is installed."""
    assert system_calls.known_names() == list(system_calls.NAMES)
    for machine in SHIPPED:
        numbers = system_calls.numbers(machine)
        assert len(set(numbers.values())) == len(numbers)
        assert max(numbers.values()) < seccomp.FIRST_UNKNOWN


@pytest.mark.parametrize("machine", SHIPPED)
def test_a_filter_decides_on_every_call_as_the_lists_say(machine):
    assert list(differences(machine, shipped(machine))) == []
    assert len(calls(machine)) > 2000


@pytest.mark.parametrize("machine", SHIPPED)
def test_any_other_constant_or_branch_of_a_filter_is_noticed(machine):
    others = list(mutants(shipped(machine)))
    assert len(others) > len(shipped(machine)) / 8
    assert [other for other in others if not is_noticed(machine, other)] == []


@pytest.mark.parametrize("machine", SHIPPED)
def test_what_fails_what_does_nothing_and_what_does_not_exist(machine):
    there = system_calls.numbers(machine)
    outcomes = {name: decided(machine, name) for name in there}
    refused = {name for name, outcome in outcomes.items() if outcome == REFUSED}
    ignored = {name for name, outcome in outcomes.items() if outcome == IGNORED}
    assert refused == set(seccomp.REFUSED) & there.keys()
    assert ignored == set(seccomp.IGNORED) & there.keys()
    assert {"mount", "ptrace", "bpf", "keyctl", "unshare", "io_uring_setup"} <= refused
    assert {"fchmod", "fchown", "utimensat"} <= ignored
    assert decided(machine, "clone3") == UNKNOWN
    for number in (463, 467, 511, 512, 600, 10**6):
        assert decide(shipped(machine), Call(number, machine)) == UNKNOWN


@pytest.mark.parametrize("machine", SHIPPED)
def test_what_python_threads_and_subprocesses_need_goes_on(machine):
    for name in system_calls.ORDINARY.split():
        assert decided(machine, name, 1, 2, 3) == ALLOW, name
    for flags in (THREAD, FORK, VFORK):
        assert decided(machine, "clone", flags) == ALLOW
    assert decided(machine, "clone", FORK, *NAMESPACES[:5]) == ALLOW
    assert decided(machine, "ioctl", TYPE_IN, TYPE_IN + 1, TYPE_IN) == ALLOW


@pytest.mark.parametrize("machine", SHIPPED)
def test_arguments_of_clone_and_ioctl(machine):
    for flag in NAMESPACES:
        assert (
            decided(machine, "clone", flag) == decided(machine, "clone", flag | THREAD) == REFUSED
        )
        assert decided(machine, "clone", flag | 0xABC << 32) == REFUSED
    assert decided(machine, "ioctl", 0, TYPE_IN) == REFUSED
    assert decided(machine, "ioctl", 0, TYPE_IN | 1 << 32) == REFUSED


@pytest.mark.parametrize("machine", SHIPPED)
def test_a_program_for_another_kind_of_machine_is_killed(machine):
    read = system_calls.numbers(machine)["read"]
    others = {"aarch64", "x86_64", "i686"} - {machine}
    assert {decide(shipped(machine), Call(read, other)) for other in others} == {KILL}
    assert decide(shipped("x86_64"), Call(X32, "x86_64")) == KILL


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux filters system calls")
@pytest.mark.parametrize("machine", SHIPPED)
def test_linux_loads_a_filter_and_that_of_another_machine_kills_all(machine):
    def ended(program):
        return subprocess.run([sys.executable, "-c", LOAD], input=program, timeout=60).returncode

    assert ended(shipped(machine)) == (77 if machine == platform.machine() else -signal.SIGSYS)
    assert ended(shipped(machine)[:-8]) == errno.EINVAL  # it would not return on every path


def test_the_interpreter_refuses_what_linux_would_not_load():
    call = Call(0, "x86_64")
    bad = {
        "no instructions": shipped("x86_64")[:-1],
        "0 bytes": b"",
        "no instruction is 0x87": struct.pack("<HBBI", 0x87, 0, 0, 0),
        "no instruction is 0x20 with 0x40": struct.pack("<HBBI", 0x20, 0, 0, 64),
        "does not return": struct.pack("<HBBI", 0x20, 0, 0, 0),
    }
    for words, program in bad.items():
        with pytest.raises(BadProgramError, match=words):
            decide(program, call)
