"""Says whose file is whose: which layout a folder has, and what each layout says of a file.

Platforms are recognised by the marks that they leave in every name, at any depth. Everything else
is a folder or a file for each student. Where that is not certain, nobody is guessed.

Sources of the platforms' names: Canvas' `lib/content_zipper.rb`, which puts the number of the
student and that of the uploaded file behind the name; for Moodle see `platform_exports`;
Blackboard's "Assignment File Download", `assignment_user_attempt_date_file`; Brightspace's
"Download", folders `number-number - name - date`; Gradescope's "Export Submissions", folders
`submission_number` and `submission_metadata.yml`; ILIAS, folders `last_first_login_number`, in
those of teams where there are teams; `gh classroom clone student-repos`, folders
`assignment-submissions/assignment-user`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

import yaml

from course_tools.grading.intake.places import is_notebook, stem_of
from course_tools.grading.late_days import RecordedTime

CANVAS, MOODLE = "Canvas", "Moodle"
BLACKBOARD, BRIGHTSPACE, GITHUB = "Blackboard", "Brightspace", "GitHub"
GRADESCOPE, ILIAS = "Gradescope", "ILIAS"
METADATA = "submission_metadata.yml"
#: The word that stands for a student in an instructor's own layout.
STUDENT = "STUDENT"
_MOST_SHOWN = 3

#: Each is searched where a folder or the file begins. `student` and `user` are who handed it in.
_MARKS = {
    GRADESCOPE: r"submission_(?P<submission>\d+)/.+",
    # Names of files are chosen by students: the first mark counts, not one further behind.
    MOODLE: r"(?P<student>[^/]+?)_(?P<user>\d+)_assignsubmission_(?:file|onlinetext)_?/?.+",
    BRIGHTSPACE: r"(?P<user>\d+)-\d+ - ?(?P<student>[^/]+?) ?- (?P<when>[^/-]*\b\d{4}\b[^/-]*?)"
    r"(?:/| - ?).+",
    BLACKBOARD: r"(?P<head>[^/]+?)_attempt_(?P<when>\d{4}(?:-\d\d){5})[_.][^/]+",
    GITHUB: r"(?P<slug>[^/]+)-submissions/(?P=slug)-(?P<student>[^/]+)/.+",
    ILIAS: r"(?P<student>[^/]+_[^/]+_[^/_]+)_(?P<user>\d+)/.+",
    #: `lastfirst_LATE_123_456_my notebook-2`; with anonymous grading `LATE_anon_x1y2z_456_…`.
    CANVAS: r"(?P<anonymous_late>LATE_(?=anon_))?(?P<student>[^_/]+)_(?P<late>LATE_)?"
    r"(?P<user>\d+|(?<=anon_)[A-Za-z0-9]+)_(?P<submission>\d+)_[^/]+",
}
PLATFORMS = {name: re.compile(mark, re.S) for name, mark in _MARKS.items()}
#: Their marks are what a student's own name for a file or a folder may look like.
_WEAK = (ILIAS, CANVAS)
_SURE = 3  # as many different students of a weak mark in one folder are no accident
_CONTAINER = re.compile(
    r"(?:submissions?|submitted|hand(?:ed)?[-_ ]?ins?|abgaben?|entregas?|rendus?|assignments?|"
    r"home[-_ ]?works?|hw|classe?|course|kurs|students?|exercises?|export|assignment_\d+_export|"
    r"teams?|week|woche)[-_ ]?\d*(?: ?\(\d+\))?",
    re.I,
)


class UnclearError(ValueError):
    """It is not certain who the students are; the message says which option decides."""


@dataclass(frozen=True)
class Owner:
    """The student who handed in a file, and the time.

    Attributes:
        student: name of the student.
        user: the platform's number of the student, "" if there is none.
        upload: Canvas' number of the uploaded file, 0 for none.
        moment: the time of handing in, where the platform tells it.
        marked_late: whether the platform says that it is late, and not since when.
        has_no_time: whether the file's own time is that of the download.
    """

    student: str
    user: str = ""
    upload: int = 0
    moment: RecordedTime | None = None
    marked_late: bool = False
    has_no_time: bool = False


@dataclass(frozen=True)
class FoundLayout:
    """The owners of the files.

    Attributes:
        words: the name of the layout, for the instructor.
        owners: file -> those who handed it in, several people in a group; a file of nobody is
            not there.
        platform: the platform, one of `PLATFORMS`, "" for folders and files.
    """

    words: str
    owners: Mapping[str, tuple[Owner, ...]]
    platform: str = ""


@dataclass(frozen=True)
class Mark:
    """A platform's mark in the path of a file: what is before it, and what it says.

    Attributes:
        base: the folders around it.
        match: the mark.
        depth: number of folders around it; -1 where the outermost folder is a part of the mark.
    """

    base: str
    match: re.Match[str]
    depth: int


def marks_of(platform: str, place: str, container: str = "") -> Mark | None:
    """Return a platform's mark in a file's path, None where there is none.

    Args:
        platform: one of `PLATFORMS`.
        place: the path.
        container: name of the folder or zip file, which is a mark of GitHub's.
    """
    pattern = PLATFORMS[platform]
    if platform == CANVAS:
        base, _, name = place.rpartition("/")
        match = pattern.fullmatch(stem_of(name))
        return Mark(base, match, place.count("/")) if match else None
    parts = place.split("/")
    above = 1 if platform == GITHUB else 0
    parts = [container] * above + parts
    for start in range(len(parts)):
        if match := pattern.fullmatch("/".join(parts[start:])):
            return Mark("/".join(parts[above:start]), match, start - above)
    return None


def platform_of(place: str) -> str:
    """Return the platform whose names a file has, one of `PLATFORMS`, or "" for none."""
    return next((name for name in PLATFORMS if marks_of(name, place)), "")


def is_container(name: str, container: str = "") -> bool:
    """Return whether a folder's name is that of a heap of hand-ins: `submissions`, `hw1`.

    Args:
        name: name of the folder.
        container: name of the zip file without its ending, which its folder often has too.
    """
    return bool(_CONTAINER.fullmatch(name)) or (bool(container) and name == container)


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
        names = _gradescope_names(files, read)
        owners = {one: _submitters(names, mark, one) for one, mark in marks.items()}
    elif platform == BLACKBOARD:
        users = _blackboard_users(marks)
        owners = {
            one: (Owner(users[one], moment=_moment(mark.match["when"], "%Y-%m-%d-%H-%M-%S")),)
            for one, mark in marks.items()
        }
    else:
        owners = {one: (_owner(mark.match),) for one, mark in marks.items()}
    return FoundLayout(f"{platform}'s export", owners, platform)


def recognised(
    notebooks: Sequence[str], files: Sequence[str], read: Callable[[str], bytes], container: str
) -> FoundLayout | None:
    """Return the layout of the platform whose marks all notebooks have, None for no platform.

    Args:
        notebooks: paths of the notebooks that decide.
        files: paths of all files.
        read: returns the content of a file.
        container: name of the folder or zip file.

    Raises:
        UnclearError: several platforms fit, or one fits a part of the notebooks.
    """
    fitting: dict[str, int] = {}
    partly: dict[str, list[str]] = {}
    for platform in PLATFORMS:
        marks = {one: marks_of(platform, one, container) for one in notebooks}
        found = {one: mark for one, mark in marks.items() if mark}
        if platform in _WEAK:
            found = _sure(found, container)
        if found and len(found) == len(notebooks):
            fitting[platform] = max(mark.depth for mark in found.values())
        elif 2 * len(found) >= len(notebooks) or (
            # A name deeper down may be a student's own joke, and must not stop a class.
            platform not in _WEAK and any(mark.depth < 1 for mark in found.values())
        ):
            partly[platform] = [one for one in notebooks if one not in found]
    # A student may call a file as another platform would; the folders around it are not theirs.
    fitting = {one: depth for one, depth in fitting.items() if depth == min(fitting.values())}
    if len(fitting) > 1:
        options = " or ".join(f"--layout {one.lower()}" for one in fitting)
        raise UnclearError(f"the names are those of {' and of '.join(fitting)}: say {options}")
    if fitting:
        return platform_layout(next(iter(fitting)), files, read, container)
    for platform, others in partly.items():
        raise UnclearError(
            f"some notebooks have the names that {platform} gives and {len(others)} do not "
            f"({shown(others)}): --layout {platform.lower()} leaves those out; "
            f"--layout {STUDENT} takes a folder, --layout {STUDENT}.ipynb a file for each student"
        )
    return None


def pattern_layout(wanted: str, files: Sequence[str]) -> FoundLayout:
    """Return the owners of files by an instructor's own layout.

    Args:
        wanted: `STUDENT` for a folder for each student, `STUDENT.ipynb` for a file for each; with
            `*/` in front for every folder around them.
        files: paths of all files.

    Raises:
        ValueError: wanted is no such layout, or fits no file.
    """
    match = re.fullmatch(rf"(?P<outer>(?:\*/)*){STUDENT}(?P<file>\.ipynb)?/?", wanted)
    if match is None:
        names = ", ".join(one.lower() for one in PLATFORMS)
        raise ValueError(
            f"--layout must be one of {names}, or {STUDENT} (a folder for each), {STUDENT}.ipynb "
            f"(a file for each), with */ in front for each outer folder, got {wanted!r}"
        )
    depth = match["outer"].count("/")
    owners = {}
    for one in files:
        parts = one.split("/")
        if match["file"] and len(parts) == depth + 1 and is_notebook(one):
            owners[one] = (named(stem_of(one)),)
        elif not match["file"] and len(parts) > depth + 1:
            owners[one] = (named(parts[depth]),)
    if not owners:
        raise ValueError(f"--layout {wanted} fits no file, such as {shown(files)}")
    kind = "a file" if match["file"] else "a folder"
    return FoundLayout(f"{kind} for each student ({wanted})", owners)


def named(student: str) -> Owner:
    """Return the owner of a name, in one normal form: systems write an é in two ways."""
    return Owner(unicodedata.normalize("NFC", student))


def shown(names: Sequence[str]) -> str:
    """Return some names for a sentence."""
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return ", ".join(repr(one) for one in names[:_MOST_SHOWN]) + more


def _sure(found: Mapping[str, Mark], container: str) -> dict[str, Mark]:
    """Return the weak marks in folders that hold hand-ins of several people."""
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
        _moment(re.sub(r"\b(\d{3}) ([AP]M)", r"0\1 \2", found.get("when") or "")),
        bool(found.get("late") or found.get("anonymous_late")),
        # Canvas packs files as they are downloaded, and says only whether they are late.
        "submission" in found,
    )


def _moment(text: str, form: str = "%b %d, %Y %I%M %p") -> RecordedTime | None:
    try:
        found = datetime.strptime(text, form).replace(tzinfo=timezone.utc)
    except ValueError:  # of another language: the file's own time counts
        return None
    return RecordedTime(found.timestamp(), is_local=True)


def _blackboard_users(marks: Mapping[str, Mark]) -> dict[str, str]:
    """Return the users: what is left without the assignment, which all names begin with."""
    heads: dict[str, set[str]] = defaultdict(set)
    for mark in marks.values():
        heads[mark.base].add(mark.match["head"])
    same: dict[str, int] = {}
    for base, some in heads.items():
        first, *others = (head.split("_") for head in some)
        count, most = 0, min(map(len, (first, *others))) - 1
        while count < most and all(parts[count] == first[count] for parts in others):
            count += 1
        same[base] = count
    return {
        one: "_".join(mark.match["head"].split("_")[same[mark.base] :])
        for one, mark in marks.items()
    }


def _gradescope_names(files: Sequence[str], read: Callable[[str], bytes]) -> dict[str, tuple]:
    lists = [one for one in files if one.rpartition("/")[2] == METADATA]
    if not lists:
        raise UnclearError(
            f"Gradescope's folders have numbers for names, and its {METADATA}, which says whose "
            f"they are, is missing: download it again, or say --layout {STUDENT} or */{STUDENT}"
        )
    found: dict[str, tuple] = {}
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


def _submitters(names: Mapping[str, tuple], mark: Mark, place: str) -> tuple[Owner, ...]:
    found = names.get(f"{mark.base}/submission_{mark.match['submission']}", ())
    if not found or not all(one.student for one in found):
        raise UnclearError(f"{METADATA} does not say whose {place!r} is")
    return found
