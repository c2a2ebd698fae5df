"""Reports and a class as the grader makes them: every outcome, every state, curves of all kinds."""

import dataclasses
import math

from course_tools.grading import report as words
from course_tools.grading.gradebook.discrimination import Discrimination
from course_tools.grading.late_days import Lateness
from course_tools.grading.pages.people_view import (
    ChoiceView,
    LateView,
    MissingView,
    PeopleView,
    late_words,
)
from course_tools.grading.pages.views import (
    AttentionView,
    Bin,
    ByHandView,
    ClassView,
    ExerciseView,
    MarkView,
    MistakeView,
    SettingView,
    StudentView,
    TaskTable,
    TaskView,
)
from course_tools.grading.report import (
    Curve,
    Note,
    PartPoints,
    Report,
    Reproduction,
    Shown,
    Suspicion,
    TaskReport,
)
from tests.tools.grading.example_reports import told

TOTAL, PEAK, WARMUP = 200, 0.1, 20


def parts(*reached):
    """Points of a task worth 4: values, shape and kind of number."""
    possible = (3.5, 0.25, 0.25)
    names = ("values", "shape", "kind of number")
    return tuple(map(PartPoints, names, reached or possible, possible))


def rate(step, warmup=WARMUP):
    if step < warmup:
        return PEAK * step / warmup
    return PEAK * (1 + math.cos(math.pi * (step - warmup) / (TOTAL - warmup))) / 2


def curve(got=lambda step: rate(step, 40), steps=range(TOTAL + 1)):
    steps = [float(step) for step in steps]
    return Curve(tuple(steps), tuple(map(got, steps)), tuple(map(rate, steps)))


RIGHT = TaskReport("lr_at_step", words.ANSWERED, parts(), seconds=0.02)
LATE = TaskReport(
    "warmup_cosine",
    words.ANSWERED,
    parts(0.0, 0.0, 0.0),
    misconception="warmup counted in epochs",
    cause="Your curve reaches its peak at step 40, twice as late as it should: is warmup_steps "
    "counted in updates?",
    public=Shown(
        3,
        24,
        "warmup_cosine(step=1, peak_lr=0.1, warmup_steps=20, total_steps=200)",
        "0.0025",
        "0.005",
    ),
    hidden=Shown(
        7,
        24,
        "warmup_cosine(step=2, peak_lr=0.37, warmup_steps=31, total_steps=411)",
        "0.0119",
        "0.0239",
    ),
    curve=curve(),
    printed="\x1b[31mstep 0\x1b[0m  lr 0.0\nstep 1  lr 0.0025\nstep 2  lr 0.005\n",
)
KIND = TaskReport(
    "warmup_steps_of",
    words.ANSWERED,
    parts(3.5, 0.25, 0.0),
    cause="It returns a float; a number of steps is a whole number.",
    public=Shown(1, 12, "warmup_steps_of(total_steps=1000, share=0.1)", "100.0", "100"),
)
HIDDEN_ONLY = TaskReport(
    "wsd",
    words.ANSWERED,
    parts(0.0, 0.0, 0.0),
    hidden=Shown(9, 20, "wsd(step=73, peak_lr=0.21, total_steps=97)", "0.1", "0.0525"),
)
STUB = TaskReport("schedule_table", words.NOT_WRITTEN, parts(0.0, 0.0, 0.0))
GONE = TaskReport("ramp", words.MISSING, parts(0.0, 0.0, 0.0))
ENDLESS = TaskReport(
    "many_steps",
    words.TIMED_OUT,
    parts(0.0, 0.0, 0.0),
    sentence="It was stopped after 20 seconds in its first call.",
    printed="\r".join(f"{percent:3}%|{'█' * (percent // 5):20}|" for percent in range(0, 100, 7)),
)
DEAD = TaskReport("as_array", words.DIED, parts(0.0, 0.0, 0.0), printed="")
GREEDY = TaskReport("all_rates", words.OVER_LIMIT, parts(0.0, 0.0, 0.0))
SCORED = TaskReport(
    "best_peak",
    words.ANSWERED,
    (PartPoints("score", 5.2, 8.0),),
    sentence="Your peak of 0.3 ends at a loss of 0.041; the best known, 0.52, at 0.032.",
)
GAPS = TaskReport(
    "inverse_sqrt",
    words.ANSWERED,
    parts(0.0, 0.0, 0.0),
    cause="At step 0 it divides by 0.",
    public=Shown(1, 18, "inverse_sqrt(step=0, peak_lr=0.1)", "raised ZeroDivisionError", "0.0"),
    curve=curve(lambda step: None if step < 12 or 90 <= step < 120 else 1.3 * rate(step)),
)
FAR = TaskReport(
    "exponential",
    words.ANSWERED,
    parts(0.0, 0.0, 0.0),
    sentence="It raised OverflowError in two cases.",
    public=Shown(4, 16, "exponential(step=3, gamma=0.96)", "0.112486", "0.0884736"),
    curve=curve(lambda step: rate(step) * 1.04**step),
)
FEW = TaskReport(
    "staircase",
    words.ANSWERED,
    parts(0.0, 0.0, 0.0),
    public=Shown(2, 10, "staircase(step=9)", "array([0.1, 0.05])  (2 values)", "array([0.1])"),
    curve=curve(lambda step: 0.05 if step >= 100 else rate(step), range(0, 210, 10)),
)

REPORTS = (
    Report(
        "ex04_warmup",
        words.SUSPICIOUS,
        (RIGHT, LATE, KIND),
        notes=(Note(words.NOT_CODE, "schedule_table"),),
        suspicions=(Suspicion(words.CALLS_IMPLEMENTATION, "warmup_cosine", ("SUSPECTED",)),),
        reproduction=Reproduction(words.OTHER_OUTPUTS, 5, 2, ("In [3]", "In [4]")),
        printed="numpy 2.1.0\n",
        seconds=1.2,
    ),
    Report(
        "ex05_cyclical",
        words.PARTLY_GRADED,
        (HIDDEN_ONLY, STUB, GONE, ENDLESS, GAPS, FAR, FEW),
        unsafe=True,
    ),
    Report(
        "ex09_after_cosine",
        words.CRASHED,
        (DEAD,),
        suspicions=(Suspicion(words.READS_PRIVATE, names=("._SUSPECTED",)),),
    ),
    Report("ex08_grand_comparison", words.OVER_A_LIMIT, (GREEDY,)),
    Report("capstone", words.GRADED, (SCORED,)),
    Report("", words.UNREADABLE, notes=(told("it is no JSON: Expecting value: line 1 column 1"),)),
)


#: The marks of the reports, each changed by hand.
MARKS = tuple(
    MarkView(
        None if number == 1 else 4.0,
        one.possible,
        ("set to 4 of 12 points: She explained it. (Eve, 2026-01-02)",),
        is_excused=number == 1,
    )
    for number, one in enumerate(REPORTS)
)


def view(students=40):
    """A class of so many students with two exercises."""
    exercises = ("ex04_warmup", "ex05_cyclical")
    counts = ((1, 0, 2, 1, 3, 5, 9, 19), (4, 1, 3, 6, 8, 5, 4, 2))
    return ClassView(
        students=students,
        states=((words.GRADED, students - 3), (words.SUSPICIOUS, 2), (words.UNREADABLE, 1)),
        exercises=tuple(
            ExerciseView(name, sum(each), 12.0, 8.25, tuple(bins(each)))
            for name, each in zip(exercises, counts, strict=True)
        ),
        tasks=tuple(
            TaskView("ex04_warmup", task.task, 40, right, mean, 0.05, separating, seconds)
            for task, right, mean, separating, seconds in (
                (RIGHT, 0.9, 0.95, None, None),
                (LATE, 0.4, 0.43, Discrimination(-0.126, -0.4, 0.2, 1234), (0.01, 0.02)),
                (KIND, 0.55, 0.9, Discrimination(1.0, None, None, 40), (0.25, 12.34)),
            )
        ),
        mistakes=(
            MistakeView("warmup counted in epochs", "warmup_cosine", 11),
            MistakeView(
                "peak reached a step late",
                "warmup_cosine",
                4,
                "Your curve reaches its peak a step late.",
                (("Ada", ""), ("Bob", "")),
                "04_warmup",
                "Who calls `step()` for you?",
            ),
        ),
        attention=(
            AttentionView(
                "Grace Hopper",
                "1034",
                "ex04_warmup",
                "hoppergrace_1034_7781_ex04_warmup.ipynb",
                words.SUSPICIOUS,
                ("warmup_cosine calls course_lib.schedules.warmup_cosine.", "It opened a socket."),
            ),
            AttentionView("", "", "", "broken.ipynb", words.UNREADABLE, ("it is no JSON",)),
        ),
        rows=tuple(
            StudentView(f"Student {number:05}", str(1000 + number), (12.0 - number % 9, None))
            for number in range(students)
        ),
        unsafe=2,
        tables=(
            TaskTable(
                "ex04_warmup",
                ("lr_at_step", "with_warmup"),
                tuple(
                    StudentView(f"Student {number:05}", str(1000 + number), (number % 5, None))
                    for number in range(students)
                ),
            ),
            TaskTable(
                "ex10_frameworks",
                tuple(f"repaired_accumulation_{n}" for n in range(16)),
                (StudentView("Student 00000", "1000", tuple(range(16))),),
            ),
        ),
        people=PeopleView(
            enrolled=42,
            missing=(
                MissingView("Mary Jackson", "77", ""),
                MissingView("Ada", "1", "ex05_cyclical"),
            ),
            unknown=(("Ada", ""), ("Bob", "")),
            late=(
                LateView(
                    "Bob", "", "ex04_warmup", late_words(Lateness(2, 1, 1.2, "2025-03-12"), 4.8, 12)
                ),
            ),
            choices=(
                ChoiceView(
                    "Ada",
                    "",
                    "ex04_warmup",
                    "ada/final.ipynb",
                    ("ada/ex04.ipynb", "ada/old.ipynb"),
                ),
            ),
        ),
        by_hand=(
            ByHandView(
                *("Grace Hopper", "1034", "ex04_warmup", "set to 4 of 12 points", "Heard it."),
                *("Eve, 2026-01-02", "3.5", "4 of 12 points"),
            ),
        ),
        settings=(
            SettingView("policy.attempts", "best", "latest"),
            SettingView("limits.cores", "1", "1"),
        ),
    )


def bins(counts):
    width = 12 / len(counts)
    for number, count in enumerate(counts):
        yield Bin(number * width, (number + 1) * width, count)


#: What must stay text wherever it stands.
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)' x='",
    "</style><style>*{display:none}</style>",
    "</title></svg></pre></code><iframe src=javascript:alert(1)>",
    "javascript:alert(1)",
    "<!-- ]]> --><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% include 'base.html' %}",
    "a\x00b\x1b[31mred\x1b[0m\x07\x9b\u202egnp.exe\u2066\ufeff\u2028\ud800",
    "&lt;script&gt; &amp;amp; &#60;",
    "http://evil.example/?x=1",
    " " * 40 + "\n\n\r\n<plaintext>",
    "x" * 10_000,
)


def filled(value, text):
    """The same value with `text` in place of every string, in whatever fields there are."""
    if isinstance(value, str):
        return text
    if isinstance(value, tuple):
        return tuple(filled(one, text) for one in value)
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return dataclasses.replace(value, **{n: filled(getattr(value, n), text) for n in names})
    return value
