"""The conventions of all libraries as one page of Markdown: docs/libraries.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from course_lib.libraries.conventions_table import (
    Convention,
    known_of_few,
    libraries_by_kind,
    table,
)

#: Heading of a column -> what is asked, for the legend of every rendering.
LEGEND = {
    "schedules": "where nothing else is said, their lengths count updates",
    "first update": "its rate, or the argument that sets it; W is the number of warmup updates. In "
    "brackets: the recorded rate as a share of the highest rate that the schedule gives, which may "
    "be more than 100 % where the optimizer's own rate comes first",
    "at the peak": "the first step t at the peak; t counts the updates already done. Never: no "
    "update has the rate that an argument gives for the peak. Between two updates: the warmup is a "
    "share of the run, and it ended within an update",
    "total": "the argument that sets the end, and whether it includes the warmup",
    "floor": "the argument that sets the rate at the end. A rate: twice the peak leaves it as it "
    "is; a share: twice the peak doubles it. 0: it ends at 0, and no number changes that",
    "factor": "the argument by which the rate is multiplied again and again, and how often",
    "past the end": "what comes after the last planned update",
}
FEW = ("library", "schedules", "question", "answer")
HEADINGS = ("library", *LEGEND)
RECORDS = "course_lib/libraries/recorded_rates"
_SUMMARY = {
    "first update": "The first update, where there is a warmup",
    "at the peak": "The first step at the peak, where there is a warmup",
    "total": "Does the total include the warmup?",
    "floor": "The floor",
    "past the end": "Past the end",
}
_KINDS = {"sets it": "an argument sets it"}
_HOW = """\
# What the arguments of a schedule mean, library by library

The same three numbers, a warmup, a total and a peak, give one curve in one library and another
curve in the next. This page says what each library does with them. `lr-course build` makes it, and
only what it says of parameter groups is typed in.

- The rates were recorded from the libraries themselves (`course_lib/libraries/recorded_rates`). The
  first update, the peak and what comes past the end are read off these records. Where a schedule
  was recorded with a warmup of 0 updates only, the converter gives the curve of a longer one.
- What an argument means is found out with the converters of `course_lib`, which reproduce every
  record: raise the warmup by 3 updates, and if the end moves by 3, the total does not include the
  warmup; double the peak, and if the floor doubles, the floor is a share of it.
- Where the records of a schedule differ, "or" stands between their answers. An argument in brackets
  decides between them; this was tried with the converter.
- An empty cell means that the schedule has nothing of the kind, or that it could not be found out.
- A version other than the one that was run may differ.
"""
_MOVING = """\
## Before you move a recipe

1. **The first update.** At rate 0 it moves no weight. Print the first three rates of both
   libraries.
2. **The peak.** With a warmup of W updates it comes at t = W in most libraries, and in some at
   W − 1. Where no update has the peak's rate, the highest rate is lower than the peak you set.
3. **The total.** In some libraries it includes the warmup, in others it does not. Subtract the
   warmup or add it.
4. **The floor.** A floor that is a rate stays when you change the peak; a share goes with the peak.
5. **The end.** If the run may last longer than planned, look at what comes past the end.

`from_library` converts all of these, and `to_library` writes the code ([lesson
10](../notebooks/10_frameworks.ipynb)). The curves side by side are in [the
notebook](../notebooks/libraries.ipynb).
"""


def conventions_page() -> str:
    """Return the page docs/libraries.md."""
    parts = [_HOW, _MOVING]
    for heading, title in _SUMMARY.items():
        found = libraries_by_kind(heading)
        rows = [(_KINDS.get(kind, kind), ", ".join(names)) for kind, names in found.items()]
        parts.append(f"## {title}\n\n{_table(('answer', 'libraries'), rows)}")
    legend = [f"- **{heading}**: {text}." for heading, text in LEGEND.items()]
    parts.append("## Every schedule\n\n" + "\n".join(legend) + "\n")
    rows = [
        (f"[{row.library} {row.version}](../{RECORDS}/{row.source})", *cells_of(row))
        for row in table()
    ]
    parts.append(_table(HEADINGS, rows))
    parts.append(
        "## Resumes and parameter groups\n\nThis is known of a few schedules only; for all others "
        "it has not been recorded. What `last_epoch` does was found out like the meaning of the "
        "arguments above; what is said of groups comes from `course_lib/libraries/groups.py`. "
        "Lesson 10 runs resumes of torch's schedulers.\n\n" + _table(FEW, known_of_few())
    )
    return "\n".join(parts)


def cells_of(row: Convention) -> list[str]:
    """Return the cells of a row after the first, in the order of `LEGEND`; `code` in backticks."""
    answers = dict(row.answers)
    names = ", ".join(f"`{name}`" for name in row.schedules)
    counts = answers.pop("counts in")
    if counts != "updates":
        names += f" (in {counts})"
    if answers["first update"] not in ("0", "the peak", "peak / W", "peak / (W + 1)"):
        low, high = (f"{100 * share:.3g}\u00a0%" for share in row.first_share)
        answers["first update"] += f" ({low if low == high else f'{low} to {high}'})"
    return [names, *answers.values()]


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
