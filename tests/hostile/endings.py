"""Code that does not end, or ends its process: the task loses its points, the others do not."""

from course_tools.grading.report import (
    ANSWERED,
    CRASHED,
    DIED,
    GRADED,
    OVER_A_LIMIT,
    OVER_LIMIT,
    PARTLY_GRADED,
    SUSPICIOUS,
    TIMED_OUT,
)
from tests.hostile.making import (
    ANY_END,
    RATE,
    attack,
    full,
    mistaken,
    notebook,
    sabotage,
    wrong_loss,
)

_FOR_EVER = """
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""
_RIGHT_LOSS = """
def steady_state_loss(rate, curvature, noise_std):
    return rate * noise_std**2 / (4 - 2 * rate * curvature)
"""
_LOST_CELL = (GRADED, PARTLY_GRADED, CRASHED, OVER_A_LIMIT, SUSPICIOUS)
_DAEMON = """
import os, sys

def daemon():
    guarded()
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    for number in range(3, 256):
        try:
            os.close(number)
        except OSError:
            continue
    os.execv(sys.executable, [sys.executable, "-c",
             "import signal, time\\n"
             "for n in range(1, 65):\\n"
             "    try: signal.signal(n, signal.SIG_IGN)\\n"
             "    except (OSError, ValueError): pass\\n"
             "time.sleep(300)", HOST["secret"]])
"""

SUBMISSIONS = (
    mistaken(
        "endless loop",
        notebook(steady_state_loss=wrong_loss("while True: pass")),
        "no answer comes",
        outcomes=(TIMED_OUT,),
    ),
    mistaken(
        "endless loop in a task's cell",
        notebook(steady_state_loss=f"{_RIGHT_LOSS}\nwhile True:\n    pass"),
        "its cell never ends, so it is left out",
        outcomes=(TIMED_OUT,),
    ),
    full(
        "endless loop in a cell of its own",
        notebook(first="while True:\n    pass"),
        "the cell is left out, and no task needs it",
        states=_LOST_CELL,
    ),
    mistaken(
        "endless loop that ignores interrupts",
        notebook(steady_state_loss=wrong_loss(_FOR_EVER)),
        "no answer comes",
        outcomes=(TIMED_OUT,),
    ),
    mistaken(
        "endless loop without Python",
        notebook(largest_stable_rate="def largest_stable_rate(hessian):\n    10**10**9"),
        "no signal reaches Python there",
        tasks=(RATE,),
        outcomes=ANY_END,
    ),
    mistaken(
        "a sleep that is too long",
        notebook(steady_state_loss=wrong_loss("time.sleep(60)", before="import time")),
        "no answer comes in time",
        outcomes=(TIMED_OUT,),
    ),
    attack(
        "ignored signals",
        notebook(
            steady_state_loss=wrong_loss(
                _FOR_EVER,
                before="""
                import signal
                for number in range(1, 65):
                    try:
                        signal.signal(number, signal.SIG_IGN)
                    except (OSError, ValueError):
                        pass
                """,
            )
        ),
        "no answer comes, and SIGKILL cannot be ignored",
        outcomes=(TIMED_OUT,),
    ),
    attack(
        "time that stands still",
        notebook(
            steady_state_loss=wrong_loss(
                "while True: pass",
                before="""
                import time
                for name in ("time", "monotonic", "perf_counter", "process_time"):
                    setattr(time, name, lambda: 0.0)
                time.sleep = lambda seconds: None
                """,
            )
        ),
        "the clock that counts is not the learner's",
        outcomes=(TIMED_OUT,),
    ),
    mistaken(
        "os._exit",
        notebook(steady_state_loss=wrong_loss("os._exit(0)", before="import os")),
        "its process is gone",
        outcomes=(DIED,),
    ),
    mistaken(
        "os._exit in a task's cell",
        notebook(steady_state_loss=f"{_RIGHT_LOSS}\nimport os\nos._exit(0)"),
        "its cell ends the process, so it is left out",
        outcomes=(DIED,),
    ),
    full(
        "os._exit in a cell of its own",
        notebook(first="import os\nos._exit(1)"),
        "the cell is left out, and no task needs it",
        states=_LOST_CELL,
    ),
    full(
        "exit() and sys.exit() in cells of its own",
        notebook(first="import sys\nsys.exit(0)", last="exit()\nimport time\ntime.sleep(0.5)"),
        "that is how scripts end; the functions are there, however long ago that was",
    ),
    mistaken(
        "exit() in a function",
        notebook(steady_state_loss=wrong_loss("exit()\nquit()")),
        "the answer is wrong, and the kernel that ends takes nothing with it",
        outcomes=ANY_END,
    ),
    mistaken(
        "a segmentation fault",
        notebook(steady_state_loss=wrong_loss("ctypes.string_at(0)", before="import ctypes")),
        "its process is gone",
        outcomes=(DIED,),
    ),
    mistaken(
        "a recursion that breaks the stack",
        notebook(
            steady_state_loss=wrong_loss(
                "return sorted([1], key=lambda one: steady_state_loss(1, 1, 1))",
                before="import sys\nsys.setrecursionlimit(10**9)",
            )
        ),
        "whatever comes of it is no answer",
        outcomes=ANY_END,
    ),
    attack(
        "kills its parent",
        notebook(
            steady_state_loss=wrong_loss(
                "guarded()\nfor number in (15, 9): os.kill(os.getppid(), number)",
                before="import os",
            )
        ),
        "a wrong answer, or its own end",
        outcomes=ANY_END,
    ),
    attack(
        "kills every process",
        notebook(
            steady_state_loss=wrong_loss(
                """
                guarded()
                os.kill(-1, 9)
                for pid in [HOST["pid"], *range(1, 40_000)]:
                    try:
                        os.kill(pid, 9)
                    except OSError:
                        pass
                """,
                before="import os",
            )
        ),
        "it sees its own processes only",
        outcomes=ANY_END,
    ),
    attack(
        "stops every process",
        notebook(
            steady_state_loss=wrong_loss(
                "guarded()\nos.kill(-1, signal.SIGSTOP)\nos.kill(os.getpid(), signal.SIGSTOP)",
                before="import os, signal",
            )
        ),
        "a process that stands still gives no answer",
        outcomes=(TIMED_OUT, DIED, ANSWERED),
    ),
    attack(
        "closes all files",
        notebook(steady_state_loss=wrong_loss("os.closerange(0, 4096)", before="import os")),
        "without its files the kernel cannot answer",
        outcomes=ANY_END,
    ),
    full(
        "an exit handler that never ends",
        notebook(
            first="""
            import atexit, time
            atexit.register(time.sleep, 300)
            """
        ),
        "nobody waits for it",
        states=(GRADED, SUSPICIOUS),
    ),
    full(
        "a daemon that outlives its parents",
        notebook(first=_DAEMON, last="daemon()"),
        "the work is right, and the daemon ends with the sandbox",
        states=_LOST_CELL,
    ),
    attack(
        "a daemon from within a function",
        notebook(steady_state_loss=_DAEMON + wrong_loss("daemon()")),
        "the answer is wrong, and the daemon ends with the sandbox",
        outcomes=ANY_END,
    ),
    full(
        "threads that never end",
        notebook(
            first="""
            import threading, time
            for _ in range(4):
                threading.Thread(target=time.sleep, args=(300,)).start()
            """
        ),
        "nobody waits for them",
    ),
    sabotage(
        "a kernel that ends a moment later",
        notebook(
            first="""
            import os, threading
            threading.Timer(0.7, os._exit, (0,)).start()
            """,
            steady_state_loss=wrong_loss("pass"),
        ),
        "nobody can say which task that hits: it never adds points",
    ),
    sabotage(
        "an event loop that is stopped",
        notebook(
            last="get_ipython().kernel.io_loop.add_callback(get_ipython().kernel.io_loop.stop)",
            steady_state_loss=wrong_loss("pass"),
        ),
        "it stops its own kernel",
    ),
    mistaken(
        "all its calls together take too long",
        notebook(steady_state_loss=wrong_loss("time.sleep(0.7)", before="import time")),
        "the limit is on all calls of a task together",
        outcomes=(TIMED_OUT,),
    ),
    mistaken(
        "a bad end in every task",
        notebook(
            gradient_step="import os\ndef gradient_step(**given):\n    os._exit(1)",
            largest_stable_rate="def largest_stable_rate(hessian):\n    os.abort()",
            steady_state_loss=wrong_loss("os.kill(os.getpid(), 11)"),
        ),
        "each of them ends a process",
        tasks=("gradient_step", "largest_stable_rate", "steady_state_loss"),
        outcomes=(DIED, OVER_LIMIT),
        states=(CRASHED,),
    ),
)
