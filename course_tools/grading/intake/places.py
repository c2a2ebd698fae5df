"""Lists the files in a folder or a zip file, and reads each as bytes that nobody trusts."""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from course_tools.grading.intake.zip_names import (
    certain_name,
    check_encoding,
    decoded,
    raw_name,
    readings,
    utc_time,
)
from course_tools.grading.late_days import HandInTime, RecordedTime

NOTEBOOK = ".ipynb"
#: What browsers, mail programs and Windows make of the end of a notebook's name.
_ENDING = re.compile(
    r"\.ipynb(?:\.(?:txt|json|text|download))*"
    r"(?P<copy> ?\(\d{1,3}\)| - \w+(?: \(\d{1,3}\))?)?\s*\Z",
    re.I,
)
#: What browsers, systems and Jupyter add to the name of a second file: `ex01-1`, `ex01 (1)`,
#: `ex01 - Copy (2)`, `ex01 copy 2`, `ex01-Copy1`, `Copy of ex01`.
_COPY = re.compile(
    r"(?:-(?P<dash>\d{1,3})| ?\((?P<bracket>\d{1,3})\)"
    r"|[ -]+(?P<word>copy|copie|copia|kopie)(?: ?\(?(?P<number>\d{1,3})\)?)?)\Z",
    re.I,
)
_COPY_OF = re.compile(r"(?:copy of|kopie von|copie de|copia de) ", re.I)
#: Archives that are not opened, as students hand them in and instructors keep them.
_ARCHIVE = re.compile(r"\.(?:zip|7z|rar|tar|tgz|tar\.(?:gz|bz2|xz|zst))\Z", re.I)
#: Files that no person made: those of systems, of Jupyter, of Git.
_SYSTEMS_OWN = {
    *("thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information"),
    *("__macosx", ".ds_store", "icon\r", "lost+found", "@eadir", "#recycle"),
    *("__pycache__", "node_modules", "site-packages"),
}
_NO_DATE = (1980, 1, 1, 0, 0, 0)  # of a zip file's member whose time nobody has set
#: Canvas puts the number of a shard in front of as many digits. No time in seconds is as large.
CANVAS_SHARD = 10**13
_TOP = PurePosixPath()


class UnreadableError(ValueError):
    """A submission cannot be read: the message says why, for its report."""


@dataclass(frozen=True)
class Submission:
    """A file that was handed in.

    Attributes:
        student: name of the student who handed it in, as the folder or the learning platform says.
        user: the platform's number of the student, "" if there is none.
        place: the file's path inside the folder or zip, with forward slashes, as people read it.
        source: the folder or the zip file.
        modified: time of the file's last change, in seconds since 1970; in a zip as if it were UTC.
        refused: why nothing of it is run, in a sentence; "" for a file that is graded.
        upload: number that Canvas gave to the uploaded file, 0 for none: a later one is higher.
        time: the time of handing in, as far as it is known.
        member: the path by which it is read, where that is another one; "" where it is not.
        exercise: the exercise that it seems to be for at first sight, "" where that is not known.
    """

    student: str
    user: str
    place: str
    source: Path
    modified: float = 0.0
    refused: str = ""
    upload: int = 0
    time: HandInTime = field(default_factory=HandInTime)
    member: str = ""
    exercise: str = ""

    @property
    def order(self) -> float:
        """A number that is larger for a later attempt.

        Canvas' number of the upload, or else the time; within a second, the number that a browser
        added.
        """
        if self.upload:
            return CANVAS_SHARD + self.upload % CANVAS_SHARD
        return self.modified + _copys_number(stem_of(self.place)) / 1000

    def read(self, limit: int) -> bytes:
        """Return the bytes of the file.

        Args:
            limit: most bytes that are read.

        Raises:
            UnreadableError: it is not a regular file, larger than the limit, or cannot be read.
        """
        return read(self.source, self.member or self.place, limit)


def read(source: Path, place: str, limit: int) -> bytes:
    """Return the bytes of a file in a folder or a zip file; see `reader`."""
    with reader(source) as content:
        return content(place, limit)


@contextmanager
def reader(source: Path) -> Iterator[Callable[[str, int], bytes]]:
    """Return what reads files of a folder or a zip file, which is opened once.

    It takes the path of a file and the most bytes that are read. It raises `UnreadableError` where
    there is no regular file, it is larger than that, or cannot be read.

    Args:
        source: the folder or the zip file.
    """
    archive: list[zipfile.ZipFile] = []

    def content(place: str, limit: int) -> bytes:
        try:
            if source.is_file() and not archive:
                archive.append(zipfile.ZipFile(source))
            with archive[0].open(place) if archive else _opened(source, place) as file:
                found = file.read(limit + 1)
        except OSError as error:  # its text has the path on this machine, and students read it
            why = error.strerror or type(error).__name__
            raise UnreadableError(f"the file cannot be read: {why}") from error
        except (RuntimeError, KeyError, zipfile.BadZipFile, NotImplementedError) as error:
            raise UnreadableError(f"the file cannot be read: {_why(error)}") from error
        if len(found) > limit:
            raise UnreadableError(f"the file is larger than the {limit} bytes that are allowed")
        return found

    try:
        yield content
    finally:
        for one in archive:
            one.close()


def _why(error: Exception) -> str:
    if isinstance(error, RuntimeError) and "encrypted" in str(error):
        return "it is encrypted"
    return str(error.args[0]) if error.args else "it is damaged"


@contextmanager
def _opened(folder: Path, place: str) -> Iterator[BinaryIO]:
    path = folder / place
    for part in (path, *path.parents):
        if part == folder:
            break
        if part.is_symlink():  # it may point to anything that the grader may read
            raise UnreadableError("a symbolic link is not followed; hand in the file itself")
    if not stat.S_ISREG(path.lstat().st_mode):
        raise UnreadableError("it is not a regular file")
    with open(path, "rb") as file:
        yield file


def is_notebook(place: str) -> bool:
    """Return whether a file's name is a notebook's: also `EX01.IPYNB` and `ex01.ipynb.txt`."""
    return _ENDING.search(place) is not None


def stem_of(place: str) -> str:
    """Return the name of a file without its ending."""
    name = place.rpartition("/")[2]
    if is_notebook(name):
        return _ENDING.sub(lambda match: match["copy"] or "", name)
    return name.removesuffix(PurePosixPath(name).suffix)


def without_copy(stem: str) -> str:
    """Return a name without what browsers, systems and Jupyter add to that of a copy.

    >>> [without_copy(one) for one in ("ex01 (1)", "ex01-Copy2", "ex01 - Copy (2)", "Copy of a")]
    ['ex01', 'ex01', 'ex01', 'a']
    """
    return _COPY_OF.sub("", _COPY.sub("", stem), count=1)


def _copys_number(stem: str) -> int:
    """Return the number of a copy: 0 for a name that is not a copy's, 1 for `ex01 - Copy`."""
    copy = _COPY.search(stem)
    if copy is None:
        return int(_COPY_OF.match(stem) is not None)
    number = copy["dash"] or copy["bracket"] or copy["number"]
    return int(number) if number else 1


def is_archive(place: str) -> bool:
    """Return whether a file's name is that of an archive, which is not opened."""
    return _ARCHIVE.search(place) is not None


@dataclass(frozen=True)
class FoundFile:
    """A file in a folder or a zip file.

    Attributes:
        place: its path there, by which it is read.
        modified: time of its last change, in seconds since 1970; in a zip file as if it were UTC.
        moment: the same as a time from which late days are counted, None where there is none.
        readings: (encoding, name) for each way to read its name, where the zip file does not say
            which one is right and several fit.
        hides: whether a zip file holds another file of the same name, which cannot be read.
        is_linked_folder: whether it is a symbolic link to a folder, which is not entered.
    """

    place: str
    modified: float
    moment: RecordedTime | None
    readings: tuple[tuple[str, str], ...] = ()
    hides: bool = False
    is_linked_folder: bool = False


def files_in(source: Path, zip_names: str = "") -> dict[str, FoundFile]:
    """Return all files by their paths, as people read them.

    Args:
        source: the folder or the zip file. Nothing is extracted, and no symbolic link to a folder
            is entered.
        zip_names: encoding of names in a zip file that does not say it; "" finds it out.

    Raises:
        ValueError: there is no such folder or zip file, or no such encoding.
    """
    if zip_names:
        check_encoding(zip_names)
    if source.is_dir():
        return _files_of_folder(source)
    if not source.is_file():
        raise ValueError(f"there is no folder or zip file {source}")
    try:
        with zipfile.ZipFile(source) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
    except (OSError, zipfile.BadZipFile) as error:
        raise ValueError(_no_zip(source, error)) from error
    is_windows = not any("/" in one.filename for one in members)
    found: dict[str, FoundFile] = {}
    contents: dict[str, tuple[int, int]] = {}
    for one, (name, other) in zip(members, _names(members, zip_names), strict=True):
        label = name.replace("\\", "/") if is_windows else name
        content = (one.CRC, one.file_size)
        hides = label in found and (found[label].hides or contents[label] != content)
        contents[label] = content
        found[label] = FoundFile(one.filename, _time_of(one), _moment_of(one), other, hides)
    return found


def empty_folders(source: Path, places: Iterable[str]) -> list[str]:
    """Return the folders in which there is no file at all, without those inside of them.

    Args:
        source: the folder or the zip file, which can be read.
        places: paths of all files in it.
    """
    if source.is_dir():
        folders = map(str, _folders(source))
    else:
        with zipfile.ZipFile(source) as archive:
            folders = (one.filename.rstrip("/") for one in archive.infolist() if one.is_dir())
    filled = {str(parent) for one in places for parent in PurePosixPath(one).parents}
    empty = {one for one in folders if one not in filled and not is_systems(f"{one}/x")}
    return sorted(one for one in empty if str(PurePosixPath(one).parent) not in empty)


def _files_of_folder(source: Path) -> dict[str, FoundFile]:
    found = {}
    try:
        for name in map(str, _files(source)):
            entry = source / name
            status = entry.lstat()
            moment = RecordedTime(status.st_mtime)
            is_linked_folder = stat.S_ISLNK(status.st_mode) and entry.is_dir()
            found[name] = FoundFile(name, moment.seconds, moment, is_linked_folder=is_linked_folder)
    except OSError as error:
        raise ValueError(f"{error.filename} cannot be read: {error.strerror}") from error
    return found


def _names(
    members: Sequence[zipfile.ZipInfo], encoding: str
) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """Yield the members' names, each with the readings among which an instructor must choose."""
    raws = [raw for one in members if (raw := raw_name(one)) is not None]
    read = {encoding: decoded(raws, encoding)} if encoding else readings(raws)
    number = 0
    for one in members:
        if raw_name(one) is None:
            yield certain_name(one).split("\0")[0], ()
            continue
        choices = tuple((name, texts[number].split("\0")[0]) for name, texts in read.items())
        yield choices[0][1], choices if len(choices) > 1 else ()
        number += 1


def _no_zip(source: Path, error: Exception) -> str:
    if is_notebook(source.name):
        stem = stem_of(source.name)
        return (
            f"{source} is a single notebook: put it into a folder with its student's name, such as "
            f"class/STUDENT/{source.name}, and give the folder around that; `lr-course check "
            f"{source.name}` says what {stem} is worth in the notebook's own checks"
        )
    if is_archive(source.name) and not source.name.lower().endswith(".zip"):
        return (
            f"{source} is an archive of another kind than zip: unpack it into a folder "
            f"(tar -xf {source.name} -C FOLDER, for a .tar file) and give that folder"
        )
    return f"{source} is not a readable zip file: {error}"


def is_systems(place: str) -> bool:
    """Return whether a file is a system's or a tool's, such as a checkpoint, and nobody's work."""
    *folders, name = place.split("/")
    if name.startswith(("._", "~$")) or name.casefold() in _SYSTEMS_OWN:
        return True
    if name.startswith(".") and not is_notebook(name):
        return True
    # A student may be called "..", as far as the name of a folder goes.
    return any(
        one.casefold() in _SYSTEMS_OWN or (one.startswith(".") and one.strip("."))
        for one in folders
    )


def _moment_of(info: zipfile.ZipInfo) -> RecordedTime | None:
    utc = utc_time(info)
    if utc is not None:
        return RecordedTime(utc)
    return None if info.date_time == _NO_DATE else RecordedTime(_time_of(info), is_local=True)


def _time_of(info: zipfile.ZipInfo) -> float:
    try:
        return datetime(*info.date_time, tzinfo=timezone.utc).timestamp()
    except ValueError:  # a month 0, say
        return 0.0


def _folders(folder: Path, below: PurePosixPath = _TOP) -> Iterator[PurePosixPath]:
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            yield below / entry.name
            yield from _folders(entry, below / entry.name)


def _files(folder: Path, below: PurePosixPath = _TOP) -> Iterator[PurePosixPath]:
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            yield from _files(entry, below / entry.name)
        else:
            yield below / entry.name
