"""Reports and files as they could be, for the tests of what is done with them."""

from course_tools.grading.gradebook.adjustments import Adjustment
from course_tools.grading.gradebook.journal import HandedIn, Key, Standing
from course_tools.grading.report import (
    ANSWERED,
    CALLS_IMPLEMENTATION,
    DIED,
    GRADED,
    NOT_WRITTEN,
    OVER_LIMIT,
    SAME_OUTPUTS,
    TIMED_OUT,
    TOLD,
    TWICE,
    UNREADABLE,
    Curve,
    Note,
    PartPoints,
    RaisedError,
    Report,
    Reproduction,
    Shown,
    Suspicion,
    TaskReport,
)

#: The outcome of a task that was stopped so.
OUTCOME_OF = {
    "cell_seconds": TIMED_OUT,
    "task_seconds": TIMED_OUT,
    "submission_seconds": TIMED_OUT,
    "memory_mb": OVER_LIMIT,
    "output_mb": OVER_LIMIT,
    "message_mb": OVER_LIMIT,
    "process ended": DIED,
}


def task_report(name="lr_at_step", reached=2.0, possible=2.0, **more):
    """A task: the kind of number is worth a quarter of a point, the values the rest."""
    values = TaskReport(
        name,
        ANSWERED,
        (
            PartPoints("values", min(reached, possible - 0.25), possible - 0.25),
            PartPoints("dtype", max(0.0, reached - possible + 0.25), 0.25),
        ),
    )
    return TaskReport(**{**vars(values), **more})


def report(exercise="ex04_warmup", reached=2.0, **more):
    """An exercise of two tasks, of which the second was not written."""
    empty = TaskReport("with_warmup", NOT_WRITTEN, (PartPoints("values", 0.0, 2.0),))
    values = {"exercise": exercise, "state": GRADED}
    return Report(**values | {"tasks": (task_report(reached=reached), empty)} | more)


def full_report():
    """A report in which nothing is empty."""
    shown = Shown(2, 5, "lr_at_step(step=10)", "0.05", "0.1")
    task = task_report(
        reached=1.75,
        sentence="It scores 0.1.",
        misconception="whole run",
        cause="The warmup is not counted.",
        public=shown,
        hidden=shown,
        curve=Curve((0.0, 1.0), (None, 0.5), (0.0, 0.1)),
        printed="step 1\n",
        seconds=0.25,
        stopped_by="task_seconds",
        raised=RaisedError("ValueError", "=1 is no rate"),
    )
    return report(
        tasks=(task,),
        notes=(Note(TWICE, "lr_at_step"),),
        suspicions=(Suspicion(CALLS_IMPLEMENTATION, "lr_at_step", ("optax.join_schedules",)),),
        unsafe=True,
        reproduction=Reproduction(SAME_OUTPUTS, compared=3),
        printed="x",
        seconds=1.5,
    )


def told(sentence):
    """A note whose words are given, as those of an error are."""
    return Note(TOLD, told=sentence)


def unreadable_report():
    """What a file is worth that is no notebook."""
    return Report("", UNREADABLE, notes=(told("The file is no notebook: it is not JSON."),))


def key(content="a", seed=7, settings="s"):
    """The key of a grade; one letter stands for the content of the file."""
    return Key(content * 64, "v1", seed, settings)


def handed_in(student="ada", content="a", order=1.0, **more):
    """A file of a student; one letter stands for its content."""
    values = {"place": f"{student}/{content}.ipynb", "user": "", "attempt": 0}
    values |= {"student": student, "sha256": content * 64, "order": order}
    return HandedIn(**{**values, "exercise": "ex04_warmup", **more})


def standing(student="ada", user="11", worth=None, others=0, **more):
    """The attempt of a student that counts."""
    worth = report() if worth is None else worth
    file = handed_in(student, user=user, exercise=worth.exercise, **more)
    return Standing(student, user, worth.exercise, file, worth, others, 0)


def by_hand(action="set", points=None, student="ada", **more):
    """A change of a mark by hand."""
    values = {"user": "", "exercise": "ex04_warmup", "task": "", "reason": "She explained it."}
    values |= {"by": "Eve", "graded": 2.0, "possible": 4.0}
    return Adjustment(**{"student": student, "action": action, "points": points, **values, **more})


#: What counts of a small class.
CLASS = (
    standing("ada", "11", full_report(), others=2),
    standing("ada", "11", report("ex05_cyclical", reached=1.0)),
    standing("bob", "", unreadable_report()),
    standing("Zoë", "12", report(reached=2 / 3)),
)
