"""Says before anything is graded who handed in what, what is left out, and what may be wrong."""

from __future__ import annotations

from collections.abc import Sequence

from course_tools.grading.intake.submissions import (
    BESIDE,
    COURSES_OWN,
    NOBODYS,
    TOOLS_OWN,
    Intake,
    Submission,
)
from course_tools.grading.settings import BEST, FIRST
from course_tools.grading.visible_text import visible

_MOST_NAMED = 5
_WHY = {
    NOBODYS: "Left out because they belong to nobody",
    COURSES_OWN: "Left out because they are the course's own",
    BESIDE: "Left out beside a student's notebook",
    TOOLS_OWN: "Left out because a system or a tool made them",
}


def preflight(found: Intake, attempts: str) -> list[str]:
    """Return the lines for the instructor.

    Args:
        found: the files and their students.
        attempts: the attempt that counts, a policy of `settings`.
    """
    notebooks = _count(len({one.place for one in found.submissions}), "file")
    lines = [f"{_count(len(found.students), 'student')}, {notebooks}: {found.layout}."]
    for why, words in _WHY.items():
        if files := found.left_out.get(why):
            lines.append(f"{words}: {_some(files)}")
    refused = [one.place for one in found.submissions if one.refused]
    if refused:
        lines.append(f"Not run, as it is the course's own: {_some(refused)}")
    several = [
        f"{visible(student)}, {exercise}: {_choice(some, attempts)}"
        for (student, _, exercise), some in sorted(found.several.items())
    ]
    if several:
        lines.append("Several notebooks for one exercise:")
        lines += [f"  {one}" for one in several[:_MOST_NAMED]]
        if len(several) > _MOST_NAMED:
            lines.append(f"  and {_count(len(several) - _MOST_NAMED, 'student')} more")
    for some in found.alike:
        lines.append(f"May be one person: {', '.join(repr(visible(one)) for one in some)}")
    if found.merged:
        lines.append(f"Written in two normal forms, taken as one person: {_some(found.merged)}")
    if found.garbled:
        lines.append(
            f"Names that may be wrong, as the zip file does not say how they are encoded: "
            f"{_some(found.garbled)}"
        )
    return lines


def _choice(some: Sequence[Submission], attempts: str) -> str:
    ordered = sorted(some, key=lambda one: (one.order, one.attempt, one.place))
    names = [one.place for one in ordered]
    if attempts == BEST:
        return f"the best of {_some(names)} counts"
    chosen = names[0] if attempts == FIRST else names[-1]
    others = [one for one in names if one != chosen]
    return f"{visible(chosen)} counts, as the {attempts}, and not {_some(others)}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(map(visible, names[:_MOST_NAMED])) + more


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
