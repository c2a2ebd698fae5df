"""Numbers of system calls, so that a test knows them where libseccomp is not installed.

After a change of the lists in `seccomp`, where libseccomp is installed:

    python -m tests.tools.grading.box.system_calls
"""

import csv
from functools import cache
from pathlib import Path

from course_tools.grading.box import filter_compiler, seccomp

#: riscv64 has the same numbers as aarch64: both are those of <asm-generic/unistd.h>.
MACHINES = ("x86_64", "aarch64")
#: What Python, threads and subprocesses make.
ORDINARY = """
    accept4 bind brk clock_gettime clock_nanosleep close connect dup3 epoll_ctl epoll_pwait
    eventfd2 execve exit exit_group faccessat fcntl fdatasync flock fstat ftruncate futex getcwd
    getdents64 getpid getrandom gettid getuid kill lseek madvise memfd_create mkdirat mmap mprotect
    mremap munmap newfstatat openat pipe2 ppoll prctl pread64 prlimit64 pwrite64 read readlinkat
    readv recvmsg renameat2 rseq rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity
    sched_yield sendmsg set_robust_list set_tid_address setsid sigaltstack socket socketpair statx
    sysinfo tgkill uname unlinkat wait4 waitid write writev
"""
JUDGED = ("clone", "clone3", "ioctl", *seccomp.REFUSED, *seccomp.IGNORED)
NAMES = tuple(sorted({*JUDGED, *ORDINARY.split()}))
FILE = Path(__file__).with_suffix(".csv")


@cache
def numbers(machine):
    """{name: number} of the calls that a machine has."""
    column = "aarch64" if machine == "riscv64" else machine
    with open(FILE, encoding="utf-8", newline="") as file:
        return {row["name"]: int(row[column]) for row in csv.DictReader(file) if row[column]}


def known_names():
    """The names in the file, also of calls that no machine here has."""
    with open(FILE, encoding="utf-8", newline="") as file:
        return [row["name"] for row in csv.DictReader(file)]


def resolved(machine):
    """{name: number} as libseccomp knows them; negative numbers are those of other machines."""
    library = filter_compiler.binding()
    architecture = getattr(library.Arch, machine.upper())
    found = {name: library.resolve_syscall(architecture, name) for name in NAMES}
    return {name: number for name, number in found.items() if number >= 0}


def main():
    by_machine = [resolved(machine) for machine in MACHINES]
    with open(FILE, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("name", *MACHINES))
        out.writerows((name, *(found.get(name, "") for found in by_machine)) for name in NAMES)


if __name__ == "__main__":
    main()
