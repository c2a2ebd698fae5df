"""Takes in what was handed in: whose each file is, and which of them are graded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from course_tools.grading.intake.alike_names import alike_names, merged_names
from course_tools.grading.intake.course_files import (
    EXERCISE,
    LESSON,
    SOLUTION,
    THEIRS,
    Glance,
)
from course_tools.grading.intake.layouts import (
    PLATFORMS,
    FoundLayout,
    Owner,
    UnclearError,
    is_container,
    named,
    pattern_layout,
    shown,
)
from course_tools.grading.intake.places import (
    NOTEBOOK,
    FoundFile,
    Submission,
    UnreadableError,
    empty_folders,
    files_in,
    is_archive,
    is_notebook,
    is_systems,
    reader,
    stem_of,
)
from course_tools.grading.intake.plain_layouts import plain_layout
from course_tools.grading.intake.platform_layouts import platform_layout, recognised
from course_tools.grading.intake.reader import look
from course_tools.grading.intake.roster_matching import Origin
from course_tools.grading.intake.zip_names import looks_garbled
from course_tools.grading.late_days import HandInTime

_MOST_BYTES = 20_000_000  # of a notebook that is looked at; a larger one is refused when graded
_MOST_METADATA = 200_000_000
_OTHER_ENDINGS = ("", ".json", ".txt")  # what programs make of a notebook's
# Why a file is left out.
NOBODYS = "nobody's"
BESIDE = "beside a notebook"  # of the same student: data, a script, a picture
COURSES_OWN = "the course's own"
TOOLS_OWN = "a tool's"
_REFUSED = {
    SOLUTION: "This is the course's own solution of {exercise}. It is nobody's work, so nothing "
    "was run.",
    LESSON: "This is a lesson of the course as it was given out. No exercise was handed in.",
}

Person = tuple[str, str]


@dataclass(frozen=True)
class Intake:
    """The files that were handed in, before anything is graded.

    Attributes:
        layout: the layout that was recognised, in words.
        submissions: the files that are graded, ordered by student and file.
        left_out: reason -> the files that are left out for it.
        several: the files of one student for one exercise, where there are several: person and
            exercise -> files.
        alike: names of different students that may be one person's, see `alike_names`.
        copies: other names that differ in a copy's number.
        merged: names that are written in several normal forms and were taken as one.
        unclear: the names for which a zip file's encoding is not certain: readings of each.
        garbled: names of students that look as if they had been read in a wrong encoding.
        archives: files in which there may be work, and which are not opened.
        unclaimed: files and links of nobody in which there may be work.
        hiding: names that several files in a zip file have, of which one can be read.
        unread: files that cannot be read, each with the reason.
        empty: folders without any file.
        platform: the platform whose export it is, "" for folders and files.
        exercises: person -> the exercises of which there is a notebook.
    """

    layout: str
    submissions: list[Submission]
    left_out: Mapping[str, list[str]]
    several: Mapping[tuple[str, str, str], list[Submission]]
    alike: list[list[str]]
    copies: list[list[str]]
    merged: list[str]
    unclear: list[tuple[tuple[str, str], ...]]
    garbled: list[str]
    archives: list[str]
    unclaimed: list[str]
    hiding: list[str]
    unread: list[str]
    empty: list[str]
    platform: str
    exercises: Mapping[Person, frozenset[str]]

    @property
    def students(self) -> set[Person]:
        """The students: name, and the platform's number."""
        return {(one.student, one.user) for one in self.submissions}

    @property
    def origins(self) -> dict[Person, Origin]:
        """The students with the source of their names."""
        nothing: frozenset[str] = frozenset()
        return {
            one: Origin(self.platform, self.exercises.get(one, nothing)) for one in self.students
        }


def submissions(
    source: Path, out: Path | None = None, layout: str = "", zip_names: str = ""
) -> list[Submission]:
    """Return the files that are graded, ordered by student and file; see `take_in`."""
    return take_in(source, out, layout, zip_names).submissions


def take_in(source: Path, out: Path | None = None, layout: str = "", zip_names: str = "") -> Intake:
    """Return what was handed in.

    Understood are the exports of platforms, `layouts.PLATFORMS`, a folder for each student and a
    file for each student, as a zip file or unpacked, with outer folders around them. Nothing is
    extracted, and no symbolic link to a folder is entered. Of a student without any notebook, a
    file of another name is taken: nobody who handed something in is left out. The course's own
    files never stand in for a student's work.

    Args:
        source: the folder or the zip file.
        out: folder of the grades; what the grader wrote there was handed in by nobody.
        layout: a platform, or a layout of `pattern_layout`; "" recognises it.
        zip_names: encoding of names in a zip file that does not say it; "" finds it out.

    Raises:
        ValueError: there is no such folder or zip file, no notebook in it, no such layout or
            encoding.
        UnclearError: it is not certain who the students are.
    """
    everything = files_in(source, zip_names)
    empty = empty_folders(source, (one.place for one in everything.values()))
    if out is not None and source.is_dir():
        everything = _without(out.resolve(), source.resolve(), everything)
    left_out: dict[str, list[str]] = defaultdict(list)
    left_out[TOOLS_OWN] = sorted(name for name in everything if is_systems(name))
    files = {name: one for name, one in everything.items() if not is_systems(name)}
    unread: list[str] = []
    with reader(source) as content:
        glances = {
            n: _glance(content, one.place, n, unread) for n, one in files.items() if is_notebook(n)
        }
        if not glances:
            raise ValueError(_no_notebook(source, sorted(files)))
        found = _layout(
            source,
            sorted(files),
            glances,
            layout,
            lambda name: content(files[name].place, _MOST_METADATA),
        )
        glances |= _of_other_endings(content, files, glances)
    by_person: dict[Person, dict[str, Owner]] = defaultdict(dict)
    for name in files:
        for owner in found.owners.get(name, ()):
            by_person[owner.student, owner.user][name] = owner
    taken: list[Submission] = []
    several: dict[tuple[str, str, str], list[Submission]] = defaultdict(list)
    exercises: dict[Person, frozenset[str]] = {}
    for person, owners in by_person.items():
        exercises[person] = frozenset(
            glances[name].exercise for name in owners if name in glances
        ) - {""}
        for name, refused in _chosen(owners, glances).items():
            exercise = glances[name].exercise if name in glances else ""
            one = replace(
                _submission(source, name, files[name], owners[name]),
                refused=refused,
                exercise=exercise,
            )
            taken.append(one)
            if exercise and not refused:
                several[(*person, exercise)].append(one)
    places = {one.place for one in taken}
    for name in sorted(files):
        if name not in places:
            left_out[_why(name, found, glances)].append(name)
    alike, copies = alike_names(student for student, user in by_person if not user)
    return Intake(
        found.words,
        sorted(taken, key=lambda one: (one.student, one.user, one.place)),
        {why: names for why, names in left_out.items() if names},
        {key: some for key, some in several.items() if len(some) > 1},
        alike,
        copies,
        merged_names((student for student, _ in by_person), files),
        [one.readings for _, one in sorted(files.items()) if one.readings],
        sorted({student for student, _ in by_person if looks_garbled(student)}),
        sorted(filter(is_archive, files)),
        _unclaimed(left_out[NOBODYS], files, glances, found),
        sorted(name for name, one in files.items() if one.hides),
        unread,
        empty,
        found.platform,
        exercises,
    )


def _no_notebook(source: Path, names: Sequence[str]) -> str:
    archives = list(filter(is_archive, names))
    if not archives:
        return f"{source} holds no notebook (*{NOTEBOOK})"
    return (
        f"{source} holds no notebook, but archives ({shown(archives)}), which are not opened. If "
        "each is a student's, unpack each into a folder with the student's name; if each is a "
        "platform's export, grade one after the other with the same --out"
    )


def _without(out: Path, source: Path, files: Mapping[str, FoundFile]) -> dict[str, FoundFile]:
    """Return the files without those that the grader wrote: of its own folder, only notebooks."""
    if not out.is_relative_to(source):
        return dict(files)
    return {
        name: one
        for name, one in files.items()
        if not (source / one.place).is_relative_to(out) or (out == source and is_notebook(name))
    }


def _glance(
    content: Callable[[str, int], bytes], place: str, name: str, unread: list[str]
) -> Glance:
    try:
        found = content(place, _MOST_BYTES)
        if found.strip():
            return look(found)
        unread.append(f"{name} (the file is empty)")
    except UnreadableError as error:  # its page says so as well
        unread.append(f"{name} ({error})")
    return Glance()


def _of_other_endings(
    content: Callable[[str, int], bytes],
    files: Mapping[str, FoundFile],
    known: Mapping[str, Glance],
) -> dict[str, Glance]:
    """Return notebooks of the course to which a program gave another ending, such as .json."""
    found = {}
    for name, one in files.items():
        ending = name.rpartition("/")[2].casefold().removeprefix(stem_of(name).casefold())
        if name in known or ending not in _OTHER_ENDINGS or one.is_linked_folder:
            continue
        with suppress(UnreadableError):  # whose it is, is said all the same
            text = content(one.place, _MOST_BYTES)
            if b'"cells"' in text and (glance := look(text)).exercise:
                found[name] = glance
    return found


def _unclaimed(
    nobodys: Sequence[str],
    files: Mapping[str, FoundFile],
    glances: Mapping[str, Glance],
    found: FoundLayout,
) -> list[str]:
    """Return what is nobody's though there may be work in it, but for what lies there unpacked."""
    students = {owner.student for some in found.owners.values() for owner in some}
    return [
        name
        for name in nobodys
        if files[name].is_linked_folder
        or (name in glances and _is_somebodys(name, glances[name], found))
        or (is_archive(name) and not _is_unpacked(stem_of(name), students))
    ]


def _is_somebodys(name: str, glance: Glance, found: FoundLayout) -> bool:
    """Return whether a notebook of nobody may be work; `--layout moodle` leaves out what it may."""
    if not is_notebook(name):
        return True
    return not found.platform and glance.kind == THEIRS and bool(glance.exercise)


def _is_unpacked(stem: str, students: set[str]) -> bool:
    return named(stem).student in students or is_container(stem)


def _layout(
    source: Path,
    names: Sequence[str],
    glances: Mapping[str, Glance],
    wanted: str,
    content: Callable[[str], bytes],
) -> FoundLayout:
    container = source.stem if source.is_file() else source.resolve().name
    platforms = {one.lower(): one for one in PLATFORMS}
    if wanted.lower() in platforms:
        found = platform_layout(platforms[wanted.lower()], names, content, container)
        if not found.owners:
            raise ValueError(f"--layout {wanted}: no file has a name as this platform gives them")
        return found
    if wanted:
        return pattern_layout(wanted, names)
    # Where all is the course's own, it says at least how files lie.
    theirs = {name: one.exercise for name, one in glances.items() if one.kind == THEIRS}
    exercises = theirs or {name: one.exercise for name, one in glances.items()}
    try:
        return recognised(exercises, names, content, container) or plain_layout(
            names, exercises, source.stem if source.is_file() else ""
        )
    except UnclearError as error:
        raise UnclearError(
            f"it is not certain who the students are, so nothing was graded. In {source}, {error}"
        ) from error


def _chosen(owners: Mapping[str, Owner], glances: Mapping[str, Glance]) -> dict[str, str]:
    """Return the files of a student that are graded, each with why nothing of it is run."""
    own = {name: glances[name] for name in owners if name in glances}
    written = {one.exercise for one in own.values() if one.kind == THEIRS and one.exercise}
    given = {one.exercise for one in own.values() if one.kind == EXERCISE}
    chosen = {}
    for name, one in own.items():
        if one.kind == SOLUTION and one.exercise not in written | given:
            chosen[name] = _REFUSED[SOLUTION].format(exercise=one.exercise)
        elif one.kind == THEIRS or (one.kind == EXERCISE and one.exercise not in written):
            chosen[name] = ""
    if chosen:
        return chosen
    if own:
        return {min(own): _REFUSED[LESSON]}
    # No notebook: what comes nearest to one by its name.
    return {min(owners, key=lambda name: (NOTEBOOK not in name, name)): ""}


def _submission(source: Path, name: str, file: FoundFile, owner: Owner) -> Submission:
    moment = None if owner.has_no_time else owner.moment or file.moment
    return Submission(
        owner.student,
        owner.user,
        name,
        source,
        file.modified if owner.moment is None else owner.moment.seconds,
        upload=owner.upload,
        time=HandInTime(moment, owner.marked_late),
        member="" if name == file.place else file.place,
    )


def _why(name: str, found: FoundLayout, glances: Mapping[str, Glance]) -> str:
    if name in glances and glances[name].kind != THEIRS:
        return COURSES_OWN
    return BESIDE if found.owners.get(name) else NOBODYS
