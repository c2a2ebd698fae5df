"""Decides on system calls as the Linux kernel would: an interpreter of classic BPF.

It knows the instructions that a filter of system calls may have and libseccomp writes.
"""

import struct
from dataclasses import dataclass
from functools import cached_property, lru_cache

#: Of <linux/audit.h>, by the machine's name.
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7, "riscv64": 0xC00000F3, "i686": 0x40000003}
KILL, ALLOW = 0, 0x7FFF0000
#: Of <linux/bpf_common.h>; K is a constant, words are of 32 bits.
_LOAD, _AND, _RETURN, _ALWAYS = 0x20, 0x54, 0x06, 0x05
_JUMPS = {
    0x15: lambda a, k: a == k,
    0x25: lambda a, k: a > k,
    0x35: lambda a, k: a >= k,
    0x45: lambda a, k: bool(a & k),
}


class BadProgramError(ValueError):
    """The Linux kernel would not load the program."""


@dataclass(frozen=True)
class Call:
    """A system call: its number, the arguments, and the kind of program that makes it."""

    number: int
    machine: str
    arguments: tuple[int, ...] = (0, 0, 0, 0, 0, 0)

    @cached_property
    def data(self):
        """The words of struct seccomp_data, the address of the instruction being 0."""
        words = (self.number & 0xFFFFFFFF, AUDIT[self.machine], 0, *self.arguments)
        return struct.unpack("<16I", struct.pack("<2I7Q", *words))


def errno_of(number):
    """What a program returns for a call that fails with an errno, or succeeds with 0."""
    return 0x00050000 | number


def decide(program, call):
    """What the Linux kernel does with a call: ALLOW, KILL or `errno_of`."""
    instructions = _instructions(program)
    at = a = 0
    while at < len(instructions):
        code, if_true, if_false, k = instructions[at]
        at += 1
        if code == _RETURN:
            return k
        if code == _LOAD and k % 4 == 0 and k // 4 < len(call.data):
            a = call.data[k // 4]
        elif code == _AND:
            a &= k
        elif code == _ALWAYS:
            at += k
        elif code in _JUMPS:
            at += if_true if _JUMPS[code](a, k) else if_false
        else:
            raise BadProgramError(f"no instruction is {code:#x} with {k:#x}")
    raise BadProgramError("it does not return")


@lru_cache
def _instructions(program):
    if len(program) % 8 or not program:
        raise BadProgramError(f"{len(program)} bytes are no instructions")
    return tuple(struct.iter_unpack("<HBBI", program))  # struct sock_filter
