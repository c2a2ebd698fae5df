"""Reads strangers' files in a process of its own, which has limits of time and memory.

Parsing a file that is made for it can take minutes and gigabytes. Here this costs a file its mark,
and nobody else anything.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

from course_tools.grading.intake.comparable_outputs import ComparableNotebook
from course_tools.grading.intake.course_files import Glance
from course_tools.grading.intake.notebook import Cell
from course_tools.grading.intake.places import UnreadableError
from course_tools.grading.intake.reader_process import ANSWER
from course_tools.grading.intake.work import Work
from course_tools.grading.report import Note

SECONDS, MEMORY_MB = 10, 600
_PATIENCE = 10  # times the seconds, of wall time: other work may keep the processor busy
_LONGEST = 200_000_000  # bytes of an answer
_MOST_REFUSED = 10_000
_CODE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from course_tools.grading.intake.reader_process import main; "
    "main(int(sys.argv[2]), int(sys.argv[3]))"
)


class ReaderStartError(OSError):
    """The process that reads files does not start: the machine's fault."""


class _EndedError(Exception):
    """The process has ended before it gave an answer."""


class Reader:
    """A process that reads files, started when it is needed, and again when it has ended."""

    def __init__(self, seconds: int = SECONDS, memory_mb: int = MEMORY_MB) -> None:
        """Start nothing yet.

        Args:
            seconds: processor time that a file may take.
            memory_mb: memory that the process may use.
        """
        self._seconds, self._memory_mb = seconds, memory_mb
        self._lock = threading.Lock()
        self._process: subprocess.Popen | None = None
        self._owner = 0
        self._refused: dict[bytes, str] = {}

    def ask(self, question: str, content: bytes, *arguments: str) -> dict[str, Any]:
        """Return the answer to a question about a file, as a dict of its fields.

        Args:
            question: "comparable", "glance" or "work_in", the functions of these names.
            content: the bytes of the file.
            arguments: further arguments of the function.

        Raises:
            UnreadableError: it cannot be read, or not within the limits.
            ReaderStartError: the process does not start.
        """
        with self._lock:
            key = hashlib.sha256(content).digest()
            if key in self._refused:
                raise UnreadableError(self._refused[key])
            # Somebody else may have ended the process: that it was the file is believed twice.
            for attempt in range(2):
                try:
                    found = self._exchange(question, content, arguments)
                    break
                except _EndedError as error:
                    if str(error) or attempt:
                        told = str(error) or "reading it ends the process that reads"
                        if len(self._refused) < _MOST_REFUSED:
                            self._refused[key] = told
                        raise UnreadableError(told) from error
        if "unreadable" in found:
            raise UnreadableError(found["unreadable"])
        return found["answer"]

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _exchange(
        self, question: str, content: bytes, arguments: tuple[str, ...]
    ) -> dict[str, Any]:
        request = json.dumps([question, len(content), arguments])
        process = self._started()
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        watch = threading.Timer(self._seconds * _PATIENCE, stop)
        watch.daemon = True
        watch.start()
        try:
            process.stdin.write(f"{request}\n".encode())
            process.stdin.write(content)
            process.stdin.flush()
            found = _received(process)
        except (_EndedError, OSError) as error:
            status = process.wait()
            self._end()
            out_of_time = late.is_set() or status == -getattr(signal, "SIGXCPU", 0)
            said = f"reading it takes more than {self._seconds} seconds" if out_of_time else ""
            raise _EndedError(said) from error
        except BaseException:  # it would be one answer behind
            self._end()
            raise
        finally:
            watch.cancel()
        if "limit" in found:
            self._end()
            raise _EndedError(f"reading it takes more than {self._memory_mb} MB of memory")
        return found

    def _started(self) -> subprocess.Popen:
        if self._process is not None and self._owner == os.getpid():
            if self._process.poll() is None:
                return self._process
            self._end()
        paths = json.dumps([path for path in sys.path if path])
        limits = str(self._seconds), str(self._memory_mb)
        self._owner = os.getpid()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _CODE, paths, *limits],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,  # Ctrl-C is the grader's business
        )
        try:
            _received(self._process)
        except (_EndedError, OSError) as error:
            status = self._process.wait()
            self._end()
            raise ReaderStartError(
                f"the process that reads notebooks does not start (status {status})"
            ) from error
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            process.kill()
            process.communicate()


def _received(process: subprocess.Popen) -> dict[str, Any]:
    head = process.stdout.read(ANSWER.size)
    if len(head) < ANSWER.size:
        raise _EndedError
    (size,) = ANSWER.unpack(head)
    if size > _LONGEST:
        raise _EndedError
    content = process.stdout.read(size)
    if len(content) < size:
        raise _EndedError
    return json.loads(content)


_reader = Reader()
atexit.register(_reader.close)


def look(content: bytes) -> Glance:
    """Return what a file is at first sight; of one that cannot be read, nothing is known."""
    try:
        return Glance(**_reader.ask("glance", content))
    except UnreadableError:
        return Glance()


def read(content: bytes, exercise: str = "") -> Work:
    """Return the work in a notebook file.

    Args:
        content: the bytes of the file.
        exercise: the exercise whose work is wanted; by default the one that it belongs to.

    Raises:
        UnreadableError: it is no notebook, holds no task of the course, or cannot be read within
            the limits.
        ReaderStartError: the process that reads does not start.
    """
    found = _reader.ask("work_in", content, exercise)
    return Work(
        found["exercise"],
        tuple(map(_cell, found["cells"])),
        tuple(Note(**note) for note in found["notes"]),
        tuple(found["others"]),
        {task: tuple(names) for task, names in found["used"].items()},
        found["structure"],
    )


def _cell(found: Mapping[str, Any]) -> Cell:
    tuples = {name: tuple(found[name]) for name in ("asks", "defines", "behind")}
    return Cell(**{**found, **tuples})


def comparable(content: bytes) -> ComparableNotebook:
    """Return a notebook as nbval can compare its outputs; see `comparable_outputs.comparable`.

    Raises:
        UnreadableError: it is no well-formed notebook, or cannot be read within the limits.
        ReaderStartError: the process that reads does not start.
    """
    return ComparableNotebook(**_reader.ask("comparable", content))


def close() -> None:
    """End the process that reads; it starts again when it is needed."""
    _reader.close()
