"""How a hostile submission is described and built in memory: its file, and what it deserves."""

import dataclasses
import json
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import course_lib
from course_tools.grading.report import (
    ANSWERED,
    CRASHED,
    DIED,
    GRADED,
    MISSING,
    NOT_WRITTEN,
    OVER_A_LIMIT,
    OVER_LIMIT,
    PARTLY_GRADED,
    SUSPICIOUS,
    TIMED_OUT,
    UNREADABLE,
)
from course_tools.grading.settings import Limits, Settings

ROOT = Path(__file__).parents[2]
EX01, EX04 = "ex01_constant_lr", "ex04_warmup"
STEP, RATE, LOSS = "gradient_step", "largest_stable_rate", "steady_state_loss"
#: What the tasks of exercise 1 are worth.
WHOLE = {STEP: 1.0, RATE: 2.0, LOSS: 3.0}
#: Short limits, for those that may be stopped for their time: nothing else of theirs needs more.
QUICK = Settings(
    Limits(
        cell_seconds=2,
        task_seconds=2,
        submission_seconds=40,
        memory_mb=400,
        processes=48,
        disk_mb=16,
        output_mb=4,
        message_mb=4,
    )
)
#: For all others: no other work of the machine may bring them to a limit of time.
PATIENT = dataclasses.replace(
    QUICK,
    limits=dataclasses.replace(
        QUICK.limits, cell_seconds=60, task_seconds=60, submission_seconds=120
    ),
)
#: Of a learner's process that came to some bad end, and nobody can say which comes first.
ANY_END = (ANSWERED, TIMED_OUT, DIED, OVER_LIMIT)
_STATE_OF = {
    ANSWERED: GRADED,
    NOT_WRITTEN: GRADED,
    MISSING: GRADED,
    TIMED_OUT: PARTLY_GRADED,
    DIED: CRASHED,
    OVER_LIMIT: OVER_A_LIMIT,
}


@dataclass(frozen=True)
class Host:
    """What a submission would like to reach: none of it may be seen or changed.

    Attributes:
        file: path of a file with the secret.
        secret: text that stands in the file and in the environment.
        variable: name of the environment variable that holds the secret.
        pid: of a process, as the host numbers it.
        port: of 127.0.0.1, on which a server listens.
        socket: path of a Unix socket on which a server listens.
        abstract: name of one that has no file.
        namespace: the host's namespace of processes; a bomb that finds itself in it does nothing.
        users: the host's /etc/passwd.
        course: folder of the repository.
    """

    file: str
    secret: str
    variable: str
    pid: int
    port: int
    socket: str
    abstract: str
    namespace: str
    users: str
    course: str = str(Path(course_lib.__file__).parent.parent)


Content = Callable[[Host], bytes]
Notebook = dict[str, Any]


@dataclass(frozen=True)
class Hostile:
    """A submission, and what it deserves.

    Attributes:
        name: what it does.
        content: builds the bytes of its file.
        why: why it deserves that.
        states: states one of which its report has.
        points: the least and the most points of every task; empty for a file nobody can read.
        outcomes: outcomes one of which a task has; a task that is not named has answered.
        settings: limits and policy it is graded with.
        seconds: that grading it may take at most, on a machine that does other things as well.
        exercise: the exercise that the report has to name.
    """

    name: str
    content: Content
    why: str
    states: frozenset[str]
    points: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    outcomes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    settings: Settings = PATIENT
    seconds: float = 60.0
    exercise: str = EX01


def full(
    name: str, content: Content, why: str, states: Iterable[str] = (GRADED,), **more: Any
) -> Hostile:
    """Return a submission that deserves all points."""
    points = {task: (worth, worth) for task, worth in WHOLE.items()}
    more = {"settings": _settings(states), **more}
    return Hostile(name, content, why, frozenset(states), points, **more)


def _settings(states: Iterable[str]) -> Settings:
    """Return limits that are short only for what may be stopped for its time."""
    return QUICK if PARTLY_GRADED in states else PATIENT


def mistaken(
    name: str,
    content: Content,
    why: str,
    tasks: Iterable[str] = (LOSS,),
    outcomes: Iterable[str] = (ANSWERED,),
    states: Iterable[str] = (),
    **more: Any,
) -> Hostile:
    """Return one that deserves nothing for some tasks and all points for the others.

    Args:
        name: what it does.
        content: builds its file.
        why: why it deserves that.
        tasks: those that deserve nothing.
        outcomes: of these tasks, any of them.
        states: of the submission; () for those that follow from the outcomes.
        more: further attributes.
    """
    points = {task: (worth, worth) for task, worth in WHOLE.items()}
    points |= dict.fromkeys(tasks, (0.0, 0.0))
    found = frozenset(outcomes)
    seen = frozenset(states) or frozenset(_STATE_OF[one] for one in found)
    more = {"settings": _settings(seen), **more}
    return Hostile(name, content, why, seen, points, dict.fromkeys(tasks, found), **more)


def attack(
    name: str, content: Content, why: str, outcomes: Iterable[str] = (ANSWERED,), **more: Any
) -> Hostile:
    """Return one whose `steady_state_loss` is an attack: it gets nothing, the rest is untouched.

    Somebody may want to look at it: being suspicious is never wrong here.
    """
    states = {_STATE_OF[one] for one in outcomes} | {SUSPICIOUS}
    return mistaken(name, content, why, (LOSS,), outcomes, states, **more)


def sabotage(name: str, content: Content, why: str, **more: Any) -> Hostile:
    """Return one that breaks its own kernel for good: nothing for the attack, no promise else."""
    more = {"settings": QUICK, **more}
    points = {task: (0.0, worth) for task, worth in WHOLE.items()} | {LOSS: (0.0, 0.0)}
    anything = frozenset({*ANY_END, MISSING, NOT_WRITTEN})
    states = frozenset({GRADED, PARTLY_GRADED, CRASHED, OVER_A_LIMIT, SUSPICIOUS})
    return Hostile(name, content, why, states, points, dict.fromkeys(WHOLE, anything), **more)


def unreadable(name: str, content: Content, why: str, **more: Any) -> Hostile:
    """Return a file that is no notebook of the course."""
    more = {"exercise": "", **more}
    return Hostile(name, content, why, frozenset({UNREADABLE}), **more)


def solved(exercise: str = EX01) -> Notebook:
    """Return a solved exercise, to be changed as one likes: a learner's, not the course's own."""
    nb = json.loads((ROOT / "solutions" / f"{exercise}.ipynb").read_text(encoding="utf-8"))
    for cell in nb["cells"]:
        if "task" in cell["metadata"]:
            cell["source"] = "".join(cell["source"]) + "\n# mine"
    return nb


def as_bytes(nb: Notebook) -> bytes:
    """Return a notebook's file."""
    return json.dumps(nb).encode()


def task_cell(nb: Notebook, task: str) -> dict[str, Any]:
    """Return the cell of a task."""
    return next(cell for cell in nb["cells"] if cell["metadata"].get("task") == task)


def code_cell(source: str) -> dict[str, Any]:
    """Return a code cell of a learner's own."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": f"own-{abs(hash(source))}",
        "metadata": {},
        "outputs": [],
        "source": textwrap.dedent(source).strip("\n"),
    }


def notebook(*, first: str = "", last: str = "", exercise: str = EX01, **cells: str) -> Content:
    """Return what builds a solved notebook of which parts are replaced.

    Its first cell defines `HOST`, what is to be reached, and `guarded()`, which raises outside of
    a sandbox: a bomb calls it before it goes off.

    Args:
        first: a cell before all tasks, after the imports; "" for none.
        last: a cell at the end.
        exercise: the exercise.
        cells: code by task, in place of the solution's.
    """

    def build(host: Host) -> bytes:
        nb = solved(exercise)
        for task, source in cells.items():
            task_cell(nb, task)["source"] = textwrap.dedent(source).strip("\n")
        nb["cells"].insert(0, code_cell(_PRELUDE.format(host=asdict(host))))
        if first:
            tasks = [n for n, cell in enumerate(nb["cells"]) if cell["metadata"].get("task")]
            nb["cells"].insert(tasks[0], code_cell(first))
        if last:
            nb["cells"].append(code_cell(last))
        return as_bytes(nb)

    return build


def changed(change: Callable[[Notebook], Any], exercise: str = EX01) -> Content:
    """Return what builds a solved notebook and lets a function change it."""

    def build(host: Host) -> bytes:
        nb = solved(exercise)
        change(nb)
        return as_bytes(nb)

    return build


def wrong_loss(body: str, answer: str = "-1.0", before: str = "") -> str:
    """Return a `steady_state_loss` that does something and then gives a wrong answer.

    Args:
        body: what it does.
        answer: what it returns then.
        before: code above the function.
    """
    inside = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    above = textwrap.dedent(before).strip("\n")
    head = "def steady_state_loss(rate, curvature, noise_std):"
    return f"{above}\n\n{head}\n{inside}\n    return {answer}\n"


def looting(body: str) -> str:
    """Return a `steady_state_loss` that is right only if it reached what it must not reach.

    Args:
        body: of a function `reached()`, which returns whether it did; what it raises means no.
    """
    inside = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    return f"def reached():\n{inside}\n{_LOOT}"


_PRELUDE = """
import os

HOST = {host!r}


def guarded():
    if os.readlink("/proc/self/ns/pid") == HOST["namespace"]:
        raise RuntimeError("this is no sandbox")
"""
_LOOT = '''
_seen = []


def steady_state_loss(rate, curvature, noise_std):
    """Look once, and be right only where something was found."""
    if not _seen:
        try:
            _seen.append(bool(reached()))
        except Exception as error:
            print("not reached:", type(error).__name__, error)
            _seen.append(False)
    return rate * noise_std**2 / (4 - 2 * rate * curvature) if _seen[0] else -1.0
'''
