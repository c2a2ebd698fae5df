"""What code in a kernel sees of its process and of its box, as data to compare two kernels by."""

import json
import time

from course_tools.grading.box import client
from course_tools.grading.box.kernels import WarmKernels
from course_tools.grading.run.kernel_run import Step, run_steps
from tests.tools.grading.box.boxes import LIMITS

#: Lines of /proc/self/status that say how much was used and not what is allowed.
_USED = """
    Name Tgid Ngid Pid PPid FDSize NStgid NSpid NSpgid NSsid SigQ State Threads VmPeak VmSize VmLck
    VmPin VmHWM VmRSS RssAnon RssFile RssShmem VmData VmStk VmExe VmLib VmPTE VmSwap HugetlbPages
    voluntary_ctxt_switches nonvoluntary_ctxt_switches
"""
LOOK = """
def _look(used):
    import gc, os, re, resource, signal, socket, stat, sys, threading
    found = {}

    def read(path):
        try:
            with open(path, "rb") as file:
                return file.read().decode(errors="replace")
        except OSError as error:
            return f"errno {error.errno}"

    def link(path):
        try:
            return re.sub(r"\\d+", "N", os.readlink(path))
        except OSError as error:
            return f"errno {error.errno}"

    def refused(call):
        try:
            call()
        except OSError as error:
            return error.errno

    found["program is kept from"] = [
        refused(lambda: open("/proc/self/exe", "r+b")),
        refused(lambda: os.setxattr("/proc/self/exe", "user.mine", b"1")),
    ]
    status = dict(line.split(":\\t", 1) for line in read("/proc/self/status").splitlines())
    for name in used:
        status.pop(name, None)
    found["status"] = status
    found["environ"] = read("/proc/self/environ")
    found["variables"] = dict(os.environ)
    for name in ("cgroup", "limits", "oom_score_adj", "uid_map", "gid_map", "setgroups",
                 "attr/current", "personality", "loginuid", "sessionid", "timerslack_ns", "cpuset",
                 "coredump_filter"):
        found[name] = read("/proc/self/" + name)
    found["mounts"] = [line.split(" ", 4)[4] for line in read("/proc/self/mountinfo").splitlines()]
    found["links"] = {one: link("/proc/self/" + one) for one in ("exe", "cwd", "root")}
    for who in ("self", "1"):
        there = os.listdir(f"/proc/{who}/fd")
        found["descriptors of " + who] = sorted(link(f"/proc/{who}/fd/{n}") for n in there)
    found["processes"] = sorted(int(one) for one in os.listdir("/proc") if one.isdigit())
    found["files"] = sorted({line.split()[-1] for line in read("/proc/self/maps").splitlines()
                             if "/" in line})
    found["shared"] = [line.split()[-1] for line in read("/proc/self/maps").splitlines()
                       if line.split()[1].endswith("s")]
    found["auxv"] = os.stat("/proc/self/auxv").st_size, len(open("/proc/self/auxv", "rb").read())
    found["owner"] = [os.stat(f"/proc/self/{one}").st_uid for one in ("status", "mem", "ns")]
    found["terminal"] = read("/proc/self/stat").rpartition(")")[2].split()[4]
    found["scheduling"] = [os.sched_getscheduler(0), os.nice(0), sorted(os.sched_getaffinity(0))]
    found["keys"] = [read("/proc/keys"), read("/proc/key-users")]
    found["net"] = read("/proc/self/net/dev") + read("/proc/self/net/unix").count("\\n") * "x"
    found["host"] = socket.gethostname()
    found["groups"] = os.getgroups()
    found["signals"] = {one.name: repr(signal.getsignal(one)).split(" at ")[0]
                        for one in signal.valid_signals() if isinstance(one, signal.Signals)}
    found["root"] = sorted(os.listdir("/"))
    found["homes"] = sorted(os.listdir("/home/learner"))
    found["path"] = sys.path
    found["argv"] = [re.sub("lr-course-.*/", "N", one) for one in sys.argv]
    found["python"] = [sys.executable, sys.prefix, sys.base_prefix, str(sys.flags),
                       sys.getrecursionlimit(), sys.getswitchinterval(), sys.dont_write_bytecode]
    found["main"] = sorted(one for one in vars(sys.modules["__main__"]) if one[0] != "_")
    found["threads"] = sorted(re.sub(r"[0-9]+", "N", one.name) for one in threading.enumerate())
    found["collection"] = [gc.get_threshold(), gc.isenabled()]
    return found
"""


def run_in_kernel(warm, *sources):
    """Run code in a kernel, in one cell after the other; return what came of it."""
    allowance = client.Allowance(time.monotonic() + 60, 60, 1_000_000)
    steps = [Step("cell", source, 60) for source in sources]
    return run_steps(steps, warm, LIMITS, allowance)


def shown_in_kernel(warm, *sources):
    """Return the value of the last cell, as text."""
    (output,) = run_in_kernel(warm, *sources).done[-1].outputs
    assert output.output_type == "execute_result", output
    return output.data["text/plain"]


def seen_in_kernel(server=None, code=""):
    """Return what a kernel sees; forked by a server, or started.

    Args:
        server: fork server; None to start the kernel.
        code: code that adds to a dict `found`.
    """
    warm = Kernels(server)
    asked = f"_found = _look({_USED.split()!r})\n{code}\n__import__('json').dumps(_found)"
    text = shown_in_kernel(warm, LOOK, asked.replace("found[", "_found["))
    assert warm.taken.fork_server is server
    return json.loads(eval(text))  # a text of our own code, in quotes


class Kernels(WarmKernels):
    """Kernels for the tests, of which the last one that was given out is known."""

    taken = None

    def __init__(self, server=None):
        super().__init__(LIMITS, fork_server=server)

    def take(self):
        self.taken = super().take()
        return self.taken
