"""Compiles the filters for system calls of the lists in `seccomp`: for authors, on any Linux.

    python -m course_tools.grading.box.filter_compiler

It takes libseccomp and pyseccomp, its Python binding. The grader only reads what they have made.
"""

from __future__ import annotations

import argparse
import errno
import struct
import tempfile
from types import ModuleType

from course_tools.grading.box import seccomp

#: Calls that are filtered by number, as not every libseccomp knows their names: it can translate
#: only names for another machine than its own.
_NUMBERS = {"mount_setattr": 442, "quotactl_fd": 443, "fchmodat2": 452}
_X32 = 0x40000000  # from here on numbers are those of another kind of program for x86-64
# Of <linux/filter.h> and <linux/bpf_common.h>; words 0 and 4 are in struct seccomp_data.
_LOAD, _RETURN, _IS_EQUAL, _IS_AT_LEAST = 0x20, 0x06, 0x15, 0x35
_NUMBER, _MACHINE = 0, 4


class CompilerError(RuntimeError):
    """No filter can be compiled here; the message says what to do."""


def binding() -> ModuleType:
    """Return the Python binding of libseccomp.

    Raises:
        CompilerError: libseccomp or the binding is missing.
    """
    try:
        import pyseccomp
    except (ImportError, RuntimeError, OSError) as error:
        raise CompilerError(
            f"to compile a filter for system calls takes libseccomp: {error}. On Debian and "
            "Ubuntu: apt-get install libseccomp2; and pip install pyseccomp."
        ) from error
    return pyseccomp


def compile_filter(machine: str) -> bytes:
    """Return the filter for a machine, as the Linux kernel reads it: classic BPF.

    Args:
        machine: one of `seccomp.MACHINES`.

    Raises:
        CompilerError: libseccomp is missing, or does not know a call.
        ValueError: no filter can be compiled for that machine.
    """
    if machine not in seccomp.MACHINES:
        raise ValueError(f"machine must be one of {', '.join(seccomp.MACHINES)}; got {machine!r}")
    library = binding()
    architecture = getattr(library.Arch, machine.upper())
    refuse, ignore = library.ERRNO(errno.EPERM), library.ERRNO(0)
    unknown = library.ERRNO(errno.ENOSYS)
    actions = dict.fromkeys(seccomp.REFUSED, refuse) | dict.fromkeys(seccomp.IGNORED, ignore)
    rules = library.SyscallFilter(library.ALLOW)
    if architecture != library.system_arch():
        rules.add_arch(architecture)
        rules.remove_arch(library.system_arch())
    for call, action in (actions | {"clone3": unknown}).items():
        if call not in _NUMBERS and _has(library, architecture, call):
            rules.add_rule(action, call)
    for flag in seccomp.NEW_NAMESPACES:
        rules.add_rule(refuse, "clone", library.Arg(0, library.MASKED_EQ, flag, flag))
    low = library.Arg(1, library.MASKED_EQ, 0xFFFFFFFF, seccomp.TERMINAL_INPUT)
    rules.add_rule(refuse, "ioctl", low)
    numbers = {_NUMBERS[call]: action for call, action in actions.items() if call in _NUMBERS}
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return _by_number(architecture, numbers, unknown) + file.read()


def _has(library: ModuleType, architecture: int, call: str) -> bool:
    number = library.resolve_syscall(architecture, call)
    if number == -1:  # below are the calls that only other machines have
        raise CompilerError(
            f"this libseccomp does not know the system call {call}: take a newer one"
        )
    return number >= 0


def _by_number(architecture: int, actions: dict[int, int], unknown: int) -> bytes:
    """Return instructions that decide on some numbers, and leave the others to what follows."""
    decisions = [(_LOAD, 0, 0, _NUMBER)]
    for number, action in actions.items():
        decisions += [(_IS_EQUAL, 0, 1, number), (_RETURN, 0, 0, action)]
    decisions += [(_IS_AT_LEAST, 0, 2, seccomp.FIRST_UNKNOWN), (_IS_AT_LEAST, 1, 0, _X32)]
    decisions += [(_RETURN, 0, 0, unknown)]
    own = [(_LOAD, 0, 0, _MACHINE), (_IS_EQUAL, 0, len(decisions), architecture)]
    return b"".join(struct.pack("<HBBI", *one) for one in own + decisions)  # struct sock_filter


def main() -> None:
    """Compile the filters of the machines that are named, or else those that are there again."""
    parser = argparse.ArgumentParser(prog=seccomp.COMPILER, description=main.__doc__)
    there = sorted(path.stem for path in seccomp.FILTERS.glob("*.bpf"))
    parser.add_argument("machines", nargs="*", metavar="MACHINE", help=", ".join(seccomp.MACHINES))
    for machine in parser.parse_args().machines or there:
        try:
            made = compile_filter(machine)
        except (CompilerError, ValueError) as error:
            parser.error(str(error))
        file = seccomp.FILTERS / f"{machine}.bpf"
        file.write_bytes(made)
        print(f"{file}: {len(made)} bytes")


if __name__ == "__main__":
    main()
