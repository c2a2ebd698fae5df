"""The process that reads strangers' files for the grader: it may be killed, and holds nothing.

A request is a line of JSON, and the bytes of the file; the answer is JSON. `reader` asks them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import struct
import sys
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, BinaryIO

from course_tools.grading.intake.comparable_outputs import comparable
from course_tools.grading.intake.course_files import glance
from course_tools.grading.intake.places import UnreadableError
from course_tools.grading.intake.work import work_in

if sys.platform != "win32":
    import resource

ANSWER = struct.Struct("!Q")  # number of bytes that follow
_QUESTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function for function in (comparable, glance, work_in)
}
_MOST_KEPT, _LONGEST_KEPT = 64, 200_000  # answers, which are asked for again soon; characters


def main(seconds: int, memory_mb: int) -> None:
    """Answer what is asked on the standard input until it is closed.

    Args:
        seconds: processor time of an answer, after which the system ends this process.
        memory_mb: memory of this process.
    """
    _limit_memory(memory_mb)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    _send(answers, {"ready": True})
    kept: OrderedDict[tuple[bytes, bytes], str] = OrderedDict()
    while line := requests.readline():
        question, size, arguments = json.loads(line)
        _limit_seconds(seconds)
        try:
            content = requests.read(size)
            key = line, hashlib.sha256(content).digest()
            if key not in kept:
                kept[key] = json.dumps(_answer(question, content, arguments))
            kept.move_to_end(key)
            text = kept[key]
        except MemoryError:
            kept.clear()
            _send(answers, {"limit": "memory"})
            return
        if len(text) > _LONGEST_KEPT:
            del kept[key]
        elif len(kept) > _MOST_KEPT:
            kept.popitem(last=False)
        del content
        _write(answers, text)


def _answer(question: str, content: bytes, arguments: list[str]) -> dict[str, Any]:
    try:
        return {"answer": dataclasses.asdict(_QUESTIONS[question](content, *arguments))}
    except UnreadableError as error:
        return {"unreadable": str(error)}
    except MemoryError:
        raise
    except Exception as error:  # what nobody has thought of, in a file made for it
        return {"unreadable": f"reading it fails with {type(error).__name__}: {error}"}


def _send(answers: BinaryIO, answer: dict[str, Any]) -> None:
    _write(answers, json.dumps(answer))


def _write(answers: BinaryIO, text: str) -> None:
    content = text.encode()
    answers.write(ANSWER.pack(len(content)))
    answers.write(content)
    answers.flush()


def _limit_memory(memory_mb: int) -> None:
    if sys.platform != "win32":
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (memory_mb * 1_000_000, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_seconds(seconds: int) -> None:
    if sys.platform != "win32":
        used = resource.getrusage(resource.RUSAGE_SELF)
        most = math.ceil(used.ru_utime + used.ru_stime) + seconds
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
