"""Submissions that use up memory, processes, disk and messages: limits hold for each alone."""

import dataclasses

from course_tools.grading.report import (
    ANSWERED,
    GRADED,
    OVER_A_LIMIT,
    OVER_LIMIT,
    PARTLY_GRADED,
    SUSPICIOUS,
    TIMED_OUT,
)
from tests.hostile.making import (
    ANY_END,
    PATIENT,
    attack,
    full,
    mistaken,
    notebook,
    sabotage,
    wrong_loss,
)

#: Enough memory to build a huge message, so that its own limit is the one that acts.
_ROOMY = dataclasses.replace(PATIENT, limits=dataclasses.replace(PATIENT.limits, memory_mb=3000))
#: The same for what may also be stopped for its time.
_ROOMY_BUT_SHORT = dataclasses.replace(
    _ROOMY, limits=dataclasses.replace(_ROOMY.limits, cell_seconds=8, task_seconds=8)
)
_FILL = '''
import os


def fill(folder):
    """Write until the disk is full; at most 2 GB, should nothing stop it."""
    guarded()
    with open(os.path.join(folder, "full"), "wb") as file:
        for _ in range(1000):
            file.write(b"x" * 2_000_000)
            file.flush()
'''
_CONNECTION = """
import ipykernel, os

folder = os.path.dirname(ipykernel.get_connection_file())
"""
_FULL = "ENOSPC is an error, and memory that is used up a limit"


def _filled(folder: str, before: str = _FILL) -> str:
    return wrong_loss(f"fill({folder})", before=before)


SUBMISSIONS = (
    mistaken(
        "memory bomb",
        notebook(
            steady_state_loss=wrong_loss(
                "guarded()\nkept = []\nfor _ in range(100): kept.append(bytearray(50_000_000))"
            )
        ),
        "more memory than allowed",
        outcomes=(OVER_LIMIT, ANSWERED),
        states=(OVER_A_LIMIT, GRADED),
    ),
    mistaken(
        "memory bomb in a task's cell",
        notebook(
            steady_state_loss="guarded()\nkept = [bytearray(50_000_000) for _ in range(100)]\n"
            "def steady_state_loss(**given):\n    return 1.0"
        ),
        "its cell uses more memory than allowed",
        outcomes=(OVER_LIMIT, "missing"),
        states=(OVER_A_LIMIT, GRADED),
    ),
    attack(
        "memory bomb in a child process",
        notebook(
            steady_state_loss=wrong_loss(
                """
                guarded()
                code = "kept = [bytearray(50_000_000) for _ in range(100)]"
                subprocess.run([sys.executable, "-c", code])
                """,
                before="import subprocess, sys",
            )
        ),
        "memory is counted for all its processes together, and the answer is wrong anyway",
        outcomes=ANY_END,
    ),
    attack(
        "memory bomb in many child processes",
        notebook(
            steady_state_loss=wrong_loss(
                """
                guarded()
                code = "import time; kept = bytearray(150_000_000); time.sleep(20)"
                children = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(8)]
                for child in children: child.wait()
                """,
                before="import subprocess, sys",
            )
        ),
        "none of them is too large alone; together they are",
        outcomes=ANY_END,
    ),
    attack(
        "fork bomb",
        notebook(
            steady_state_loss=wrong_loss(
                """
                guarded()
                while True:
                    try:
                        os.fork()
                    except OSError:
                        pass
                """,
                before="import os",
            )
        ),
        "no answer comes",
        outcomes=ANY_END,
    ),
    attack(
        "fork bomb in a shell",
        notebook(
            steady_state_loss=wrong_loss(
                "guarded()\nsubprocess.run(['sh', '-c', 'b() { b | b & }; b; sleep 20'])",
                before="import subprocess",
            )
        ),
        "no answer comes, or a wrong one",
        outcomes=ANY_END,
    ),
    attack(
        "thread bomb",
        notebook(
            steady_state_loss=wrong_loss(
                """
                guarded()
                for _ in range(100_000):
                    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
                """,
                before="import threading, time",
            )
        ),
        "an error, a limit or no time left; never an answer",
        outcomes=ANY_END,
    ),
    attack(
        "fills its temporary folder",
        notebook(steady_state_loss=_filled("'/tmp'")),
        _FULL,
        outcomes=ANY_END,
    ),
    attack(
        "fills its home",
        notebook(steady_state_loss=_filled("os.path.expanduser('~')")),
        _FULL,
        outcomes=ANY_END,
    ),
    attack(
        "fills shared memory",
        notebook(steady_state_loss=_filled("'/dev/shm'")),
        _FULL,
        outcomes=ANY_END,
    ),
    attack(
        "fills the folder of its connection file",
        notebook(steady_state_loss=_filled("folder", _FILL + _CONNECTION)),
        _FULL,
        outcomes=ANY_END,
    ),
    attack(
        "a hundred thousand empty files",
        notebook(
            steady_state_loss=wrong_loss(
                """
                guarded()
                for number in range(100_000):
                    for place in (folder, "/tmp"):
                        open(f"{place}/{number}", "w").close()
                """,
                before=_CONNECTION,
            )
        ),
        "whatever comes of it is no answer",
        outcomes=ANY_END,
    ),
    attack(
        "a folder 3,000 deep beside its connection file",
        notebook(
            steady_state_loss=wrong_loss(
                """
                os.chdir(folder)
                for _ in range(3_000):
                    os.mkdir("d")
                    os.chdir("d")
                """,
                before=_CONNECTION,
            )
        ),
        "who tidies up must get through it",
        outcomes=ANY_END,
    ),
    attack(
        "names and rights that make tidying up hard",
        notebook(
            steady_state_loss=wrong_loss(
                r"""
                os.makedirs(f"{folder}/locked/\n\udcff\x1b[2J", exist_ok=True)
                os.mkfifo(f"{folder}/pipe") if not os.path.exists(f"{folder}/pipe") else None
                os.chmod(f"{folder}/locked", 0)
                os.chmod(folder, 0)
                """,
                before=_CONNECTION,
            )
        ),
        "who tidies up must get through it",
        outcomes=ANY_END,
    ),
    mistaken(
        "prints 50 MB",
        notebook(steady_state_loss=wrong_loss("print('x' * 50_000_000)")),
        "more output than allowed",
        outcomes=(OVER_LIMIT,),
        settings=_ROOMY,
    ),
    mistaken(
        "prints 50 MB in a task's cell",
        notebook(
            steady_state_loss="def steady_state_loss(**given):\n    return 1.0\n"
            "for _ in range(50): print('x' * 1_000_000)"
        ),
        "more output than allowed",
        outcomes=(OVER_LIMIT,),
        settings=_ROOMY,
    ),
    mistaken(
        "one message of 300 MB",
        notebook(
            steady_state_loss=wrong_loss("display({'text/plain': 'x' * 300_000_000}, raw=True)")
        ),
        "a message larger than allowed",
        outcomes=(OVER_LIMIT, TIMED_OUT),
        settings=_ROOMY_BUT_SHORT,
    ),
    attack(
        "one binary buffer of 300 MB",
        notebook(
            steady_state_loss=wrong_loss(
                """
                kernel = get_ipython().kernel
                kernel.session.send(kernel.iopub_socket, "comm_msg", {"comm_id": "x", "data": {}},
                                    buffers=[bytes(300_000_000)])
                """
            )
        ),
        "a message larger than allowed",
        outcomes=ANY_END,
        settings=_ROOMY_BUT_SHORT,
    ),
    full(
        "2,000 small messages",
        notebook(first="for number in range(2_000):\n    display(number)"),
        "they are small, and few enough",
        settings=_ROOMY,
    ),
    attack(
        "small messages without an end",
        notebook(steady_state_loss=wrong_loss("while True: display(1)")),
        "no answer comes",
        outcomes=(TIMED_OUT, OVER_LIMIT),
    ),
    full(
        "a thread that goes on printing a little",
        notebook(
            first="""
            import threading, time

            def chatter():
                while True:
                    print("still here")
                    time.sleep(0.01)

            threading.Thread(target=chatter, daemon=True).start()
            """
        ),
        "it disturbs nobody",
    ),
    sabotage(
        "a thread that goes on printing much",
        notebook(
            first="""
            import threading

            def chatter():
                while True:
                    print("x" * 100_000)

            threading.Thread(target=chatter, daemon=True).start()
            """,
            steady_state_loss=wrong_loss("pass"),
        ),
        "nobody can say which task goes over the limit: it never adds points",
    ),
    mistaken(
        "a view of a billion values",
        notebook(
            steady_state_loss=wrong_loss(
                "pass", answer="np.broadcast_to(np.float64(rate), (1000, 1000, 1000))"
            )
        ),
        "it is eight bytes that would be eight GB written out",
        outcomes=(ANSWERED, OVER_LIMIT, TIMED_OUT),
        states=(GRADED, OVER_A_LIMIT, PARTLY_GRADED),
    ),
    mistaken(
        "an answer of 10 million values",
        notebook(steady_state_loss=wrong_loss("pass", answer="np.full(10_000_000, 0.1)")),
        "one number is asked for",
        outcomes=(ANSWERED, OVER_LIMIT),
    ),
    mistaken(
        "a text of 100 MB",
        notebook(steady_state_loss=wrong_loss("pass", answer="'x' * 100_000_000")),
        "one number is asked for",
        outcomes=(ANSWERED, OVER_LIMIT, TIMED_OUT),
    ),
    attack(
        "output on the raw file descriptors",
        notebook(
            steady_state_loss=wrong_loss(
                """
                for _ in range(100):
                    for number in (1, 2):
                        os.write(number, b"x" * 1_000_000)
                """,
                before="import os",
            )
        ),
        "nobody keeps it, and the answer is wrong",
        outcomes=ANY_END,
    ),
    full(
        "prints little in every call",
        notebook(
            steady_state_loss="""
            def steady_state_loss(rate, curvature, noise_std):
                print("rate", rate, "<script>", "\\ud800 \\x00 \\x1b[2J")
                return rate * noise_std**2 / (4 - 2 * rate * curvature)
            """
        ),
        "prints are allowed, of odd characters too",
        states=(GRADED, SUSPICIOUS),
    ),
)
