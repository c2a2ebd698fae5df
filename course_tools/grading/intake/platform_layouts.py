"""Recognises the exports of platforms, and says whose each of their files is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone

from course_tools.grading.intake.layouts import (
    BLACKBOARD,
    CANVAS,
    GRADESCOPE,
    PLATFORMS,
    STUDENT,
    WEAK,
    FoundLayout,
    Mark,
    Owner,
    UnclearError,
    is_container,
    marks_of,
    named,
    shown,
)
from course_tools.grading.intake.platform_accidents import refuse_accidents
from course_tools.grading.intake.platform_lists import (
    blackboard_users,
    gradescope_names,
    submitters,
)
from course_tools.grading.late_days import RecordedTime

_SURE = 3  # as many different students of a weak mark in one folder are no accident


def platform_layout(
    platform: str, files: Sequence[str], read: Callable[[str], bytes], container: str = ""
) -> FoundLayout:
    """Return the owners of files as a platform's names say.

    Args:
        platform: one of `PLATFORMS`.
        files: paths of all files; those without the platform's mark are nobody's.
        read: returns the content of a file.
        container: name of the folder or zip file.

    Raises:
        UnclearError: Gradescope's list of names is missing, or a submission is missing from it.
    """
    marks = {one: mark for one in files if (mark := marks_of(platform, one, container))}
    if platform == GRADESCOPE:
        names = gradescope_names(files, read)
        owners = {one: submitters(names, mark, one) for one, mark in marks.items()}
    elif platform == BLACKBOARD:
        users = blackboard_users(marks, read)
        owners = {
            one: (Owner(users[one], moment=_moment(mark.match["when"], "%Y-%m-%d-%H-%M-%S")),)
            for one, mark in marks.items()
        }
    else:
        owners = {one: (_owner(mark.match),) for one, mark in marks.items()}
    return FoundLayout(f"{platform}'s export", owners, platform)


def recognised(
    exercises: Mapping[str, str],
    files: Sequence[str],
    read: Callable[[str], bytes],
    container: str,
) -> FoundLayout | None:
    """Return the layout of the platform whose marks all notebooks have, None for no platform.

    Args:
        exercises: notebooks that decide -> their exercises, "" where that is not known.
        files: paths of all files.
        read: returns the content of a file.
        container: name of the folder or zip file.

    Raises:
        UnclearError: several platforms fit, or one fits a part of the notebooks.
    """
    notebooks = sorted(exercises)
    fitting: dict[str, int] = {}
    partly: dict[str, tuple[list[str], list[str]]] = {}
    found_marks: dict[str, dict[str, Mark]] = {}
    for platform in PLATFORMS:
        marks = {one: marks_of(platform, one, container) for one in notebooks}
        marked = {one: mark for one, mark in marks.items() if mark}
        found = _sure(platform, marked, container) if platform in WEAK else marked
        found_marks[platform] = found
        if found and len(found) == len(notebooks):
            fitting[platform] = max(mark.depth for mark in found.values())
        elif 2 * len(found) >= len(notebooks) or (
            # A name deeper down may be a student's own joke, and must not stop a class.
            platform not in WEAK and any(mark.depth < 1 for mark in found.values())
        ):
            unsure = [one for one in marked if one not in found]
            partly[platform] = [one for one in notebooks if one not in marked], unsure
    # A student may call a file as another platform would; the folders around it are not theirs.
    fitting = {one: depth for one, depth in fitting.items() if depth == min(fitting.values())}
    if len(fitting) > 1:
        options = " or ".join(f"--layout {one.lower()}" for one in fitting)
        raise UnclearError(f"the names are those of {' and of '.join(fitting)}: say {options}")
    if fitting:
        (platform,) = fitting
        if platform in WEAK:
            refuse_accidents(platform, found_marks[platform], exercises)
        return platform_layout(platform, files, read, container)
    for platform, (others, unsure) in partly.items():
        seen = (
            f"some notebooks have the names that {platform} gives and {len(others)} do not "
            f"({shown(others)}): --layout {platform.lower()} leaves those out"
            if others
            else f"all notebooks have the names that {platform} gives, but students may have "
            f"chosen some of them ({shown(unsure)}): --layout {platform.lower()} takes all"
        )
        raise UnclearError(
            f"{seen}; --layout {STUDENT} takes a folder, --layout {STUDENT}.ipynb a file for "
            "each student"
        )
    return None


def _sure(platform: str, found: Mapping[str, Mark], container: str) -> dict[str, Mark]:
    """Return the weak marks in folders that hold hand-ins of several people."""
    if platform == CANVAS:  # which writes names in small letters
        found = {one: mark for one, mark in found.items() if _is_small(mark.match["student"])}
    people: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for mark in found.values():
        people[mark.base].add((mark.match["student"], mark.match["user"]))
    return {
        one: mark
        for one, mark in found.items()
        if not mark.base
        or is_container(mark.base.rpartition("/")[2], container)
        or len(people[mark.base]) >= _SURE
    }


def _owner(match: re.Match[str]) -> Owner:
    found = match.groupdict()
    return Owner(
        named(found["student"].strip()).student,
        found.get("user") or "",
        int(found.get("submission") or 0),
        _exchanged(found) if "zone" in found else _moment(found.get("when") or ""),
        bool(found.get("late") or found.get("anonymous_late")),
        # Canvas packs files as they are downloaded, and says only whether they are late.
        "submission" in found,
    )


def _is_small(name: str) -> bool:
    return name == name.lower()


def _exchanged(found: Mapping[str, str]) -> RecordedTime | None:
    """Return a time of nbgrader's exchange, which is in UTC unless it is set up otherwise."""
    moment = _moment(found["when"], "%Y-%m-%d %H:%M:%S")
    return replace(moment, is_local=found["zone"] != "UTC") if moment else None


def _moment(text: str, form: str = "%b %d, %Y %I%M %p") -> RecordedTime | None:
    text = re.sub(r"\b(\d{3}) ([AP]M)", r"0\1 \2", text)  # 926 AM
    try:
        found = datetime.strptime(text, form).replace(tzinfo=timezone.utc)
    except ValueError:  # of another language: the file's own time counts
        return None
    return RecordedTime(found.timestamp(), is_local=True)
