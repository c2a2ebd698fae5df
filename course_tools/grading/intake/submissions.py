"""Finds the submissions in a folder or a zip file, and reads each as bytes that nobody trusts."""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath

NOTEBOOK = ".ipynb"
CANVAS, MOODLE = "Canvas", "Moodle"
# Names without their last suffix.
#: `lastfirst_LATE_123_456_my notebook-2.ipynb`: Canvas numbers later attempts.
_CANVAS = re.compile(
    r"(?P<student>[^_/]+)_(?:LATE_)?(?P<user>\d+)_(?P<submission>\d+)_(?P<file>.+?)"
    r"(?:-(?P<attempt>\d{1,4}))?",
    re.S,
)
#: `Full Name_123_assignsubmission_file_my notebook.ipynb`, or a folder of the first part.
_MOODLE = re.compile(
    r"(?P<student>[^/]+)_(?P<user>\d+)_assignsubmission_file_?/?(?P<file>.+)", re.S
)
#: What browsers add to the name of a second file: `ex01-1`, `ex01 (1)`.
_COPY = re.compile(r".*(?:-| ?\()(?P<number>\d{1,3})\)?", re.S)
_SYSTEMS_OWN = ("Thumbs.db", "desktop.ini", "__MACOSX")
_CHECKPOINTS = ".ipynb_checkpoints"
_TOP = PurePosixPath()


class UnreadableError(ValueError):
    """A submission cannot be read: the message says why, for its report."""


@dataclass(frozen=True)
class Submission:
    """A file that was handed in.

    Attributes:
        student: name of the student who handed it in, as the folder or the learning platform says.
        user: the platform's number of the student, "" if there is none.
        place: the file's path inside the folder or zip, with forward slashes.
        attempt: 0 for the first; a platform counts them up.
        source: the folder or the zip file.
        modified: time of the file's last change, in seconds since 1970; in a zip as if it were UTC.
    """

    student: str
    user: str
    place: str
    attempt: int
    source: Path
    modified: float = 0.0

    @property
    def order(self) -> float:
        """A number that is larger for a later attempt.

        The platform's count, then the time; within a second, the number that a browser added.
        """
        copy = _COPY.fullmatch(PurePosixPath(self.place).stem)
        number = int(copy["number"]) if copy else 0
        return self.attempt * 1e11 + self.modified + number / 1000

    def read(self, limit: int) -> bytes:
        """Return the bytes of the file.

        Args:
            limit: most bytes that are read.

        Raises:
            UnreadableError: it is not a regular file, larger than the limit, or cannot be read.
        """
        try:
            with self._opened() as file:
                content = file.read(limit + 1)
        except (OSError, RuntimeError, zipfile.BadZipFile, NotImplementedError) as error:
            raise UnreadableError(f"the file cannot be read: {error}") from error
        if len(content) > limit:
            raise UnreadableError(f"the file is larger than the {limit} bytes that are allowed")
        return content

    @contextmanager
    def _opened(self) -> Iterator:
        if self.source.is_file():
            with zipfile.ZipFile(self.source) as archive, archive.open(self.place) as file:
                yield file
            return
        path = self.source / self.place
        for part in (path, *path.parents):
            if part == self.source:
                break
            if part.is_symlink():  # it may point to anything that the grader may read
                raise UnreadableError("a symbolic link is not followed; hand in the file itself")
        if not stat.S_ISREG(path.lstat().st_mode):
            raise UnreadableError("it is not a regular file")
        with open(path, "rb") as file:
            yield file


def submissions(source: Path, out: Path | None = None) -> list[Submission]:
    """Return all notebooks that were handed in, ordered by student and file.

    Understood are `<student>/<notebook>.ipynb`, a flat folder of `<student>.ipynb`, and what Canvas
    and Moodle give to download, as a zip file or unpacked. Nothing is extracted, and no symbolic
    link to a folder is entered. Of a student without any notebook, a file of another name is taken:
    nobody who handed something in is left out.

    Args:
        source: the folder or the zip file.
        out: folder of the grades; only notebooks are taken from there.

    Raises:
        ValueError: there is no such folder or zip file, or no notebook in it.
    """
    found = [_submission(place, source, modified) for place, modified in _places(source).items()]
    notebooks = [one for one in found if one.place.endswith(NOTEBOOK)]
    if not notebooks:
        raise ValueError(f"{source} holds no notebook (*{NOTEBOOK})")
    written, top = None if out is None else out.resolve(), source.resolve()
    students = {(one.student, one.user): one for one in notebooks}
    for one in sorted(found, key=lambda one: (NOTEBOOK not in one.place, one.place)):
        is_somebodys = "/" in one.place or platform_of(one.place)
        is_ours = written is not None and (top / one.place).is_relative_to(written)
        if is_somebodys and not is_ours and (one.student, one.user) not in students:
            students[one.student, one.user] = one
            notebooks.append(one)
    return sorted(notebooks, key=lambda one: (one.student, one.place, one.attempt))


def left_out(source: Path, found: Sequence[Submission]) -> list[str]:
    """Return the files beside those of a flat folder that belong to nobody: a list, a script."""
    taken = {one.place for one in found}
    return sorted(place for place in _places(source) if "/" not in place and place not in taken)


def platform_of(place: str) -> str:
    """Return the platform whose names a file has, `CANVAS` or `MOODLE`, or "" for none."""
    if _MOODLE.fullmatch(_stem(place)):
        return MOODLE
    return CANVAS if _CANVAS.fullmatch(_stem(PurePosixPath(place).name)) else ""


def _stem(place: str) -> str:
    return place.removesuffix(PurePosixPath(place).suffix)


def _places(source: Path) -> dict[str, float]:
    """Return the paths of all files except those of systems, with the time each was changed."""
    if source.is_file():
        try:
            with zipfile.ZipFile(source) as archive:
                files = {one.filename: _time_of(one) for one in archive.infolist()}
        except (OSError, zipfile.BadZipFile) as error:
            raise ValueError(f"{source} is not a readable zip file: {error}") from error
    elif source.is_dir():
        files = {str(name): (source / name).lstat().st_mtime for name in _files(source)}
    else:
        raise ValueError(f"there is no folder or zip file {source}")
    return {name: modified for name, modified in files.items() if _is_somebodys(name)}


def _is_somebodys(place: str) -> bool:
    parts = place.split("/")
    if place.endswith(NOTEBOOK):
        return _CHECKPOINTS not in parts and parts[0] != "__MACOSX"
    hidden = any(part.startswith(".") or part in _SYSTEMS_OWN for part in parts)
    return not hidden and not place.endswith("/")


def _time_of(info: zipfile.ZipInfo) -> float:
    try:
        return datetime(*info.date_time, tzinfo=timezone.utc).timestamp()
    except ValueError:  # a month 0, say
        return 0.0


def _files(folder: Path, below: PurePosixPath = _TOP) -> Iterator[PurePosixPath]:
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            yield from _files(entry, below / entry.name)
        else:
            yield below / entry.name


def _submission(place: str, source: Path, modified: float) -> Submission:
    for pattern, text in ((_MOODLE, place), (_CANVAS, PurePosixPath(place).name)):
        if match := pattern.fullmatch(_stem(text)):
            attempt = int(match.groupdict().get("attempt") or 0)
            return Submission(match["student"], match["user"], place, attempt, source, modified)
    folder, _, name = place.rpartition("/")
    student = folder.split("/")[0] if folder else _stem(name)
    return Submission(student, "", place, 0, source, modified)
