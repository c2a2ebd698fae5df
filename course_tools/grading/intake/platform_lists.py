"""Reads who handed in what, where a platform writes it beside the files or the names do not say."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone

import yaml

from course_tools.grading.intake.layouts import STUDENT, Mark, Owner, UnclearError, named, shown
from course_tools.grading.late_days import RecordedTime

METADATA = "submission_metadata.yml"
_MOST_OF_A_LINE = 2_000


def blackboard_users(marks: Mapping[str, Mark], read: Callable[[str], bytes]) -> dict[str, str]:
    """Return the users, whom Blackboard's names put between the assignment and the attempt.

    Both may hold the sign that is between them. The text that Blackboard puts beside an attempt
    says who the user is; else it is what is left without the words that all names begin with.

    Args:
        marks: file -> Blackboard's mark in its name.
        read: returns the content of a file.

    Raises:
        UnclearError: the names begin with several assignments, and no text says whose they are.
    """
    told = _receipts(marks, read)
    titles = {(base, head.removesuffix(f"_{user}")) for (base, head), user in told.items()}
    for base, head in map(_head, marks.values()):
        known = [title for at, title in titles if at == base and head.startswith(f"{title}_")]
        if known and (base, head) not in told:
            told[base, head] = head.removeprefix(f"{max(known, key=len)}_")
    begins = _common_beginnings(
        {one: mark for one, mark in marks.items() if _head(mark) not in told}
    )
    found = {}
    for one, mark in marks.items():
        parts = mark.match["head"].split("_")
        found[one] = told.get(_head(mark)) or "_".join(parts[begins.get(mark.base, 0) :])
    return found


def _head(mark: Mark) -> tuple[str, str]:
    return mark.base, mark.match["head"]


def _receipts(
    marks: Mapping[str, Mark], read: Callable[[str], bytes]
) -> dict[tuple[str, str], str]:
    """Return the users whom texts name, as `Name: Ada Lovelace (ada)` in the first line."""
    found = {}
    for one, mark in marks.items():
        if one.endswith(f"_attempt_{mark.match['when']}.txt"):
            first = read(one)[:_MOST_OF_A_LINE].decode("utf-8-sig", "replace").partition("\n")[0]
            for user in re.findall(r"\(([^()]+)\)", first):
                if mark.match["head"].endswith(f"_{user}"):
                    found[_head(mark)] = user
    return found


def _common_beginnings(marks: Mapping[str, Mark]) -> dict[str, int]:
    """Return the number of words of the assignment's title, by folder."""
    heads: dict[str, set[str]] = defaultdict(set)
    for mark in marks.values():
        heads[mark.base].add(mark.match["head"])
    same: dict[str, int] = {}
    for base, some in heads.items():
        first, *others = (head.split("_") for head in some)
        count, most = 0, min(map(len, (first, *others))) - 1
        while count < most and all(parts[count] == first[count] for parts in others):
            count += 1
        if not count and others:
            raise UnclearError(
                "the names are those of several assignments in Blackboard "
                f"({shown(sorted(some))}): put the files of each download into a folder of its "
                "own, together with the texts that Blackboard has put beside them"
            )
        same[base] = count
    return same


def gradescope_names(
    files: Sequence[str], read: Callable[[str], bytes]
) -> dict[str, tuple[Owner, ...]]:
    """Return those who handed in each of Gradescope's folders, as its list says.

    Args:
        files: paths of all files.
        read: returns the content of a file.

    Raises:
        UnclearError: the list is missing, or cannot be read.
    """
    lists = [one for one in files if one.rpartition("/")[2] == METADATA]
    if not lists:
        raise UnclearError(
            f"Gradescope's folders have numbers for names, and its {METADATA}, which says whose "
            f"they are, is missing: download it again, or say --layout {STUDENT} or */{STUDENT}"
        )
    found: dict[str, tuple[Owner, ...]] = {}
    for one in lists:
        for name, entry in _read_metadata(read(one)).items():
            people = entry.get(":submitters") if isinstance(entry, dict) else None
            people = [who for who in people or [] if isinstance(who, dict)]
            moment = _created_at(entry.get(":created_at")) if isinstance(entry, dict) else None
            base = one.rpartition("/")[0]
            found[f"{base}/{name}"] = tuple(_gradescope_owner(who, moment) for who in people)
    return found


def _read_metadata(content: bytes) -> dict[str, object]:
    """Return who handed in what. Other entries hold what students printed, and are left alone."""
    kept, inside = [], False
    for line in content.decode("utf-8", "replace").splitlines():
        if re.match(r"submission_\d+:", line):
            kept.append(line)
            inside = False
        elif re.match(r"  :\w+:", line):
            inside = line.startswith(("  :submitters:", "  :created_at:"))
        if inside:
            kept.append(line)
    try:
        found = yaml.safe_load("\n".join(kept))
    except yaml.YAMLError as error:
        raise UnclearError(f"{METADATA} cannot be read: {error}") from error
    return found if isinstance(found, dict) else {}


def _gradescope_owner(person: Mapping[str, object], moment: RecordedTime | None) -> Owner:
    name = str(person.get(":name") or person.get(":email") or "")
    user = str(person.get(":sid") or person.get(":email") or "")
    return Owner(named(name).student, user, moment=moment)


def _created_at(found: object) -> RecordedTime | None:
    """Return the time of a submission: YAML has read it, unless Gradescope has quoted it."""
    if isinstance(found, str):
        try:
            found = datetime.fromisoformat(found)
        except ValueError:
            return None
    if not isinstance(found, datetime):
        return None
    if found.tzinfo is None:
        return RecordedTime(found.replace(tzinfo=timezone.utc).timestamp(), is_local=True)
    return RecordedTime(found.timestamp())


def submitters(names: Mapping[str, tuple[Owner, ...]], mark: Mark, place: str) -> tuple[Owner, ...]:
    """Return those who handed in a file in a folder of Gradescope's.

    Raises:
        UnclearError: the list does not name them.
    """
    found = names.get(f"{mark.base}/submission_{mark.match['submission']}", ())
    if not found or not all(one.student for one in found):
        raise UnclearError(f"{METADATA} does not say whose {place!r} is")
    return found
