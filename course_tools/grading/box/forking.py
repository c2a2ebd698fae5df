"""Forks kernels that have their imports behind them: a program, run in a box of its own.

It belongs to the grader, and no byte of a stranger reaches it: it is asked through one socket, and
reads one byte a kernel. Whatever its memory holds every kernel sees, so that is Python, the modules
below and this file. A fork of it joins another box before it becomes a kernel, and gives up there
what bubblewrap gives up before it starts a program; `fork_server` then compares the two.

Nothing of the course is imported: what a notebook has imported of it shall be what `sys.modules`
says.
"""

import contextlib
import ctypes
import gc
import importlib.util
import json
import os
import resource
import signal
import socket
import sys

_CONTROL = 0  # descriptor of the socket on which a byte, with another socket, asks for a kernel
#: What a kernel imports until its first cell, with an error's traceback, NumPy and a plot. Pyplot
#: itself and the backend look for the kernel when they are imported, and so are not here.
_IMPORTED = """
    ipykernel.kernelapp ipykernel.ipkernel ipykernel.zmqshell ipykernel.pylab.config
    ipykernel.debugger ipykernel.subshell_manager tornado.platform.asyncio tornado.locks
    tornado.queues faulthandler IPython.core.completerlib IPython.core.debugger IPython.core.logger
    IPython.core.oinspect IPython.extensions.storemagic stack_data executing.executing asttokens
    psutil pure_eval pygments.formatters.terminal256 pygments.lexers.python pygments.plugin
    pygments.styles.default numpy numpy.random matplotlib.figure matplotlib.style
    matplotlib.backends.backend_agg
"""
_BACKEND = "module://matplotlib_inline.backend_inline"  # as ipykernel tells matplotlib
_CLONE = {  # of <sched.h>
    **{"NEWNS": 0x00020000, "NEWCGROUP": 0x02000000, "NEWUTS": 0x04000000, "NEWIPC": 0x08000000},
    **{"NEWUSER": 0x10000000, "NEWPID": 0x20000000, "NEWNET": 0x40000000},
}
# Of <sys/prctl.h>.
_SET_SECCOMP, _FILTER, _CAPBSET_DROP, _SET_CHILD_SUBREAPER, _SET_NO_NEW_PRIVS = 22, 2, 24, 36, 38
_CAP_AMBIENT, _CAP_AMBIENT_CLEAR_ALL = 47, 4
_CAPABILITIES_3 = 0x20080522  # version of the structure that capset reads
_MOST = 65_536  # bytes of a request
_USER = 1000

_libc = ctypes.CDLL(None, use_errno=True)


class _Filter(ctypes.Structure):
    """A filter of system calls as the Linux kernel takes it: struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("program", ctypes.c_char_p))


def main():
    """Import, say so, and fork a kernel whenever one is asked for; ends with the grader."""
    del sys.path[0]  # the folder of this file
    environment = dict(os.environ)
    os.environ["MPLBACKEND"] = _BACKEND
    for name in _IMPORTED.split():
        with contextlib.suppress(ImportError):  # of another version
            importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    _prctl(_SET_CHILD_SUBREAPER, 1)
    _check_memory()
    gc.collect()
    gc.freeze()  # a collection in a fork would copy every page
    control = socket.socket(fileno=_CONTROL)
    control.send(str(os.getpid()).encode())
    while True:
        asked, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not asked:
            return
        if os.fork() == 0:
            os.dup2(os.open("/dev/null", os.O_RDWR), control.detach())
            _become_kernel(socket.socket(fileno=descriptors[0]), environment)
            return
        os.close(descriptors[0])


def _check_memory():
    """Make sure that a fork has a copy of everything, and no thread is left behind."""
    if len(os.listdir("/proc/self/task")) > 1:
        raise RuntimeError("a module has started a thread")
    with open("/proc/self/maps", encoding="utf-8") as file:
        shared = [line for line in file if line.split()[1] in ("rw-s", "-w-s", "rwxs", "-wxs")]
    if shared:
        raise RuntimeError(f"forks would share memory: {shared}")


def _become_kernel(channel, environment):
    """Turn a fork into the kernel that a socket describes."""
    try:
        request = _enter(channel)
        channel.send(b"ready")
        channel.close()
    except BaseException as error:
        with contextlib.suppress(OSError):
            channel.send(f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    os.environ.clear()
    os.environ.update(environment)
    _be_random()
    from ipykernel import kernelapp

    launcher = importlib.util.find_spec("ipykernel_launcher").origin
    sys.argv = [launcher, *request["argv"]]  # as it is where Python is started with it

    kernelapp.launch_new_instance()


def _enter(channel):
    """Join the box and give everything up; return the request."""
    asked, descriptors, _, _ = socket.recv_fds(channel, _MOST, 16)
    request = json.loads(asked)
    information, ready, rules, errors, *entrances = descriptors
    for entrance in entrances:
        os.write(entrance, b"0")
    for name, limit in request["limits"].items():
        resource.setrlimit(getattr(resource, name), (limit, limit))
    if not os.read(ready, 1):
        raise RuntimeError("the box was not made")
    with open(information, "rb") as file:
        first = json.load(file)["child-pid"]
    box = os.pidfd_open(first)
    if _parent(first) != request["parent"]:
        raise RuntimeError("the box has ended")
    _call("setns", box, sum(_CLONE.values()))
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    inside = os.fork()  # only a child is in the namespace of processes
    if inside:
        said = f"{inside} {first}".encode()
        socket.send_fds(channel, [said], [os.pidfd_open(inside)])
        os._exit(0)
    _give_up(channel, rules, errors, request["folder"])
    return request


def _parent(process):
    with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def _give_up(channel, rules, errors, folder):
    """Give up session, descriptors, rights and system calls, in the order that this needs."""
    os.setsid()
    os.chdir(folder)
    with open(rules, "rb") as file:
        program = file.read()
    nothing = os.open("/dev/null", os.O_RDWR)
    for kept, source in enumerate((nothing, nothing, errors)):
        os.dup2(source, kept)
    os.closerange(3, channel.fileno())
    os.closerange(channel.fileno() + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    os.setresgid(_USER, _USER, _USER)
    os.setresuid(_USER, _USER, _USER)
    _drop_capabilities()
    _prctl(_SET_NO_NEW_PRIVS, 1)
    rule = ctypes.sizeof(ctypes.c_uint64)  # struct sock_filter
    _prctl(_SET_SECCOMP, _FILTER, ctypes.byref(_Filter(len(program) // rule, program)))


def _drop_capabilities():
    with open("/proc/sys/kernel/cap_last_cap", encoding="utf-8") as file:
        last = int(file.read())
    for capability in range(last + 1):
        _prctl(_CAPBSET_DROP, capability)
    _prctl(_CAP_AMBIENT, _CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_3, 0)
    none = (ctypes.c_uint32 * 6)()  # twice effective, permitted, inheritable
    _call("capset", header, none)


def _be_random():
    """Draw again what the modules have drawn when they were imported; the rest draw later."""
    modules = sys.modules
    if "random" in modules:
        modules["random"].seed()
    if "numpy" in modules:
        modules["numpy"].random.seed()  # the global state, which learners may use
    if "multiprocessing.process" in modules:
        modules["multiprocessing.process"].current_process().authkey = os.urandom(32)


def _prctl(option, *arguments):
    four = [*arguments, 0, 0, 0, 0][:4]
    longs = [ctypes.c_ulong(one) if isinstance(one, int) else one for one in four]
    _call("prctl", option, *longs)


def _call(name, *arguments):
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    main()
