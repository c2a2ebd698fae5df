"""Submissions that look for answers, secrets and ways out: right only if they find any.

None of them changes what it finds: should a sandbox be broken, they show it and do no harm.
"""

import dataclasses
from typing import Any

import course_tasks
from course_tasks import built
from course_tools.grading.report import GRADED, SUSPICIOUS
from course_tools.grading.settings import IGNORE, ZERO, Policy
from tests.hostile.making import EX04, PATIENT, Hostile, attack, looting, notebook


def _seeks(name: str, body: str, why: str, **more: Any) -> Hostile:
    return attack(name, notebook(steady_state_loss=looting(body)), why, **more)


_THERE = "what it looks for is not in its sandbox"


def _known_answers() -> dict[tuple, list[float]]:
    """The answers to the cases everybody can see."""
    task = course_tasks.ALL["lr_at_step"]
    return {
        tuple(case.values()): task.reference(**built(case)).tolist() for case in task.cases(seed=0)
    }


def _table(host) -> bytes:
    source = f"""
known = {_known_answers()!r}

def lr_at_step(step, peak_lr, warmup_steps, total_steps):
    return np.array(known.get((step, peak_lr, warmup_steps, total_steps), [0.0]))
"""
    return notebook(exercise=EX04, lr_at_step=source)(host)


_EX04_WORTH = {task.name: (float(task.points),) * 2 for task in course_tasks.EXERCISES[EX04]}


def _in_ex04(name: str, content, why: str, states, worth: float, policy=None) -> Hostile:
    points = _EX04_WORTH | {"lr_at_step": (worth, worth)}
    settings = dataclasses.replace(PATIENT, policy=policy) if policy else PATIENT
    return Hostile(name, content, why, frozenset(states), points, settings=settings, exercise=EX04)


_LIBRARY = """
from course_lib import schedules

def lr_at_step(step, peak_lr, warmup_steps, total_steps):
    warmup, total = int(warmup_steps), int(total_steps)
    after = schedules.cosine(peak_lr, total - warmup)
    return np.array([schedules.warmup(after, warmup, start=0.0)(int(step))])
"""
_PRIVATE = """
def with_warmup(step, schedule, warmup_steps):
    schedule._rates if hasattr(schedule, "_rates") else None
    share = 1.0 if step >= warmup_steps else step / warmup_steps
    return share * schedule(max(step - warmup_steps, 0))
"""

SUBMISSIONS = (
    _in_ex04(
        "the answers to the public cases by heart",
        _table,
        "it is wrong in every case of the secret seed",
        (GRADED,),
        0.0,
    ),
    _in_ex04(
        "the library's own implementation, marked",
        notebook(exercise=EX04, lr_at_step=_LIBRARY),
        "by default somebody looks at it, and it keeps its points",
        (SUSPICIOUS,),
        5.0,
    ),
    _in_ex04(
        "the library's own implementation, for nothing",
        notebook(exercise=EX04, lr_at_step=_LIBRARY),
        "the instructor gives nothing for it",
        (SUSPICIOUS,),
        0.0,
        Policy(library_calls=ZERO),
    ),
    _in_ex04(
        "the library's own implementation, allowed",
        notebook(exercise=EX04, lr_at_step=_LIBRARY),
        "the instructor allows it",
        (GRADED,),
        5.0,
        Policy(library_calls=IGNORE),
    ),
    _in_ex04(
        "a schedule looked into instead of called",
        notebook(exercise=EX04, with_warmup=_PRIVATE),
        "a given schedule is to be called; right all the same",
        (SUSPICIOUS,),
        5.0,
    ),
    _seeks(
        "imports the reference",
        "from course_tasks.ex01_constant_lr.steady_state_loss import TASK\nreturn True",
        _THERE,
    ),
    _seeks(
        "imports the tasks, the judge and the grader",
        """
        import importlib
        for name in ("course_tasks.judging", "course_tasks.task", "course_tasks.ex01_constant_lr",
                     "course_tools.grading.run.marking",
                     "course_tools.grading.run.submission_grading", "course_tools.authoring.build"):
            try:
                importlib.import_module(name)
            except ImportError:
                continue
            return True
        return False
        """,
        _THERE,
    ),
    _seeks(
        "uses the checker of the course",
        "import course_lib.checks\nreturn course_lib.checks._checking() is not None",
        "what it asks knows the references, and is not in the box",
    ),
    _seeks(
        "loads the reference by path, from source or bytecode",
        """
        import course_lib, glob, os
        places = {os.path.dirname(os.path.dirname(course_lib.__file__)), HOST["course"]}
        for place in places:
            for name in ("ex01_constant_lr", "judging"):
                for path in glob.glob(f"{place}/**/{name}*.py*", recursive=True):
                    return os.path.getsize(path) > 0
        return False
        """,
        _THERE,
    ),
    _seeks(
        "searches the disk for solutions and for a gradebook to edit",
        """
        import os
        names = ("ex01_constant_lr", "steady_state", "gradebook")
        # Of Python's own folders and the system's, the upper floors are enough.
        for folder, below, files in os.walk("/"):
            if folder == "/":
                below[:] = [one for one in below if one not in ("proc", "sys", "dev")]
            elif folder.count("/") > 5 or folder.startswith(("/usr", "/bin")):
                below.clear()
            for file in files:
                path = os.path.join(folder, file)
                if any(name in file for name in names):
                    return True
                if file.endswith((".db", ".sqlite", ".sqlite3")) and os.access(path, os.W_OK):
                    return True
        return False
        """,
        _THERE,
    ),
    _seeks(
        "reads the repository: solutions, tests, sources",
        """
        import os
        places = ("solutions", "tests", "sources", ".git", "exercises", "pyproject.toml")
        return any(os.path.exists(f"{HOST['course']}/{place}") for place in places)
        """,
        _THERE,
    ),
    _seeks(
        "reads a file of the host",
        """
        import os
        path = HOST["file"]
        folders = [path]
        while folders[-1] != "/":
            folders.append(os.path.dirname(folders[-1]))
        try:
            return HOST["secret"] in open(path).read()
        except OSError:
            return os.path.exists(path)
        """,
        _THERE,
    ),
    _seeks(
        "changes a file of the host",
        """
        import os
        with open(HOST["file"], "a") as file:
            file.write("owned")
        return True
        """,
        "the host's file is not there, let alone to be written",
    ),
    _seeks(
        "reads the host's users and keys",
        """
        import glob, os
        for path in ("/etc/shadow", "/root/.ssh", "/root/.bash_history", "/var/run/docker.sock",
                     "/run/docker.sock", *glob.glob("/home/*/.ssh"), *glob.glob("/root/.*rc")):
            if os.path.exists(path):
                return True
        return open("/etc/passwd").read() == HOST["users"]
        """,
        _THERE,
    ),
    _seeks(
        "writes to the system and the library",
        """
        import course_lib, os, sys, numpy
        places = ("/", "/usr", "/usr/bin", "/etc", "/var", "/opt", "/root", "/home", "/lib", "/dev",
                  "/sys", "/run", "/proc/sys/kernel", sys.prefix, sys.base_prefix,
                  os.path.dirname(course_lib.__file__), os.path.dirname(numpy.__file__))
        for place in places:
            try:
                open(f"{place}/owned", "w").close()
                os.unlink(f"{place}/owned")
                return True
            except OSError:
                continue
        return False
        """,
        "all it may write are folders of its own, in memory",
    ),
    _seeks(
        "reads the environment",
        """
        import os, subprocess
        told = subprocess.run(["env"], capture_output=True, text=True).stdout
        return HOST["variable"] in os.environ or HOST["secret"] in told
        """,
        "nothing of the grader's environment goes in",
    ),
    _seeks(
        "looks at the grader through /proc",
        """
        import glob, os
        for place in glob.glob("/proc/[0-9]*"):
            for name in ("environ", "cmdline"):
                try:
                    text = open(f"{place}/{name}", errors="replace").read()
                except OSError:
                    continue
                if HOST["variable"] in text or "pytest" in text or "lr-course grade" in text:
                    return True
            for name in ("root", "cwd"):
                if os.path.exists(f"{place}/{name}{HOST['file']}"):
                    return True
        return os.path.exists(f"/proc/{HOST['pid']}") and HOST["pid"] > 1000
        """,
        "it sees its own processes only",
    ),
    _seeks(
        "looks at files that others left open",
        """
        import os
        for place in os.listdir("/proc"):
            if not place.isdigit():
                continue
            try:
                numbers = os.listdir(f"/proc/{place}/fd")
            except OSError:
                continue
            for number in numbers:
                try:
                    target = os.readlink(f"/proc/{place}/fd/{number}")
                    if HOST["course"] in target or "sqlite" in target or "canary" in target:
                        return True
                    if target.startswith("/") and os.path.isdir(f"/proc/{place}/fd/{number}"):
                        if os.path.exists(f"/proc/{place}/fd/{number}/..{HOST['file']}"):
                            return True
                except OSError:
                    continue
        return False
        """,
        "nothing of the grader's is passed on",
    ),
    _seeks(
        "makes a control group of its own, or leaves its own",
        """
        import glob, os
        for place in glob.glob("/sys/fs/cgroup/*") + ["/sys/fs/cgroup"]:
            for name in ("cgroup.procs", "tasks", "release_agent", "memory.limit_in_bytes"):
                try:
                    os.close(os.open(f"{place}/{name}", os.O_WRONLY))
                    return True
                except OSError:
                    continue
        return False
        """,
        "control groups are set from outside",
    ),
    _seeks(
        "looks through frames and all objects for expected values",
        """
        import gc, sys
        words = ("STEADY_STATE_LOSS", "expected", "references", "gradebook")
        frame = sys._getframe()
        while frame is not None:
            names = {**frame.f_globals, **frame.f_locals}
            if any(name in words for name in names):
                return True
            frame = frame.f_back
        for one in gc.get_objects():
            if type(one).__name__ in ("Task", "Judgement", "Report", "Misconception"):
                if type(one).__module__.startswith("course_"):
                    return True
            module = getattr(one, "__module__", "")
            if isinstance(module, str) and module.startswith("course_tasks"):
                return True
        return any(name.startswith("course_tasks") for name in sys.modules)
        """,
        "there is no expected value in its process",
    ),
    _seeks(
        "another submission's folder",
        """
        import glob, os, ipykernel
        mine = os.path.dirname(ipykernel.get_connection_file())
        others = [p for p in glob.glob("/dev/shm/*") + glob.glob("/tmp/*") if p != mine]
        return any(os.path.isdir(p) and glob.glob(f"{p}/*.json") for p in others)
        """,
        "every submission sees its own folder only",
    ),
    _seeks(
        "a network: addresses, names and the host's own servers",
        """
        import socket
        for kind, address in ((socket.AF_INET, ("1.1.1.1", 53)),
                              (socket.AF_INET, ("127.0.0.1", HOST["port"])),
                              (socket.AF_INET6, ("2606:4700:4700::1111", 53)),
                              (socket.AF_INET6, ("::1", HOST["port"])),
                              (socket.AF_UNIX, HOST["socket"]),
                              (socket.AF_UNIX, "\\0" + HOST["abstract"])):
            with socket.socket(kind, socket.SOCK_STREAM) as out:
                out.settimeout(0.5)
                try:
                    out.connect(address)
                    return True
                except OSError:
                    continue
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            try:
                out.sendto(b"grades?", ("1.1.1.1", 53))
                return True
            except OSError:
                pass
        return bool(socket.getaddrinfo("example.org", 80))
        """,
        "there is no network",
    ),
)
