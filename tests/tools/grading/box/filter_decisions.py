"""What a filter has to decide, on all calls that it may tell apart, from the lists in `seccomp`."""

import errno
from functools import cache

from course_tools.grading.box import seccomp
from tests.tools.grading.box import system_calls
from tests.tools.grading.box.classic_bpf import ALLOW, AUDIT, KILL, Call, decide, errno_of

REFUSED, IGNORED, UNKNOWN = errno_of(errno.EPERM), errno_of(0), errno_of(errno.ENOSYS)
#: Flags of clone, of <sched.h>: a thread of the C library, what fork and vfork do, namespaces.
THREAD, FORK, VFORK = 0x3D0F00, 0x1200011, 0x4111
NAMESPACES = (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
ELSE = 0x81FDFF7F  # all flags but those of namespaces
TYPE_IN, WINDOW_SIZE = 0x5412, 0x5413  # requests of ioctl, of <asm-generic/ioctls.h>
X32 = 0x40000000  # added to the numbers of a kind of program that few machines run
MASK = 2**32 - 1
HIGH = (0, 1, 0xFEDCBA98, MASK)  # upper halves of an argument


def shipped(machine):
    """The filter that the course has for a machine."""
    return (seccomp.FILTERS / f"{machine}.bpf").read_bytes()


@cache
def calls(machine):
    """Calls of a machine, each with what is right: all numbers until 600, arguments, others'."""
    named = {number: name for name, number in system_calls.numbers(machine).items()}
    return tuple((call, _right(machine, named.get(call.number), call)) for call in _calls(machine))


def differences(machine, program):
    """The calls of a machine on which a program decides otherwise, one after the other."""
    return (call for call, right in calls(machine) if decide(program, call) != right)


def _calls(machine):
    number = system_calls.numbers(machine)
    known = sorted(number.values())
    for one in (*known, *range(601), 2**16, X32 - 1, X32, *(X32 + one for one in known)):
        yield Call(one, machine)
    yield Call(MASK, machine)  # a debugger's way to leave out a call
    for other in sorted(AUDIT.keys() - {machine}):
        yield from (Call(one, other) for one in (*known, *range(440, 480)))
    for flags in (THREAD, FORK, VFORK, *NAMESPACES, *(ELSE | one for one in NAMESPACES), ELSE):
        for high in HIGH:
            yield from _with_argument(number["clone"], machine, flags | high << 32)
            yield from _with_argument(number["clone"], machine, flags << 32 | high & ELSE)
    for request in (TYPE_IN, WINDOW_SIZE, TYPE_IN ^ MASK):
        for high in (*HIGH, TYPE_IN):
            yield from _with_argument(number["ioctl"], machine, request | high << 32)


def _with_argument(number, machine, value):
    for at in range(6):
        yield Call(number, machine, tuple(value if at == place else 0 for place in range(6)))


def _right(machine, name, call):
    if call.machine != machine:
        return KILL
    if machine == "x86_64" and X32 <= call.number < MASK:
        return KILL
    if name == "clone3" or 463 <= call.number < X32:
        return UNKNOWN
    if name == "clone":
        return REFUSED if any(call.arguments[0] & one for one in NAMESPACES) else ALLOW
    if name == "ioctl":
        return REFUSED if call.arguments[1] & MASK == TYPE_IN else ALLOW
    return REFUSED if name in seccomp.REFUSED else IGNORED if name in seccomp.IGNORED else ALLOW
