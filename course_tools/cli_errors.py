"""Errors of the command line: one line that says what is wrong and what to do."""

from __future__ import annotations

import errno
import textwrap
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import click

from course_tools.authoring.errors import CourseError

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


class InputError(click.ClickException):
    """An error of the caller: one line on stderr, exit status 2."""

    exit_code = 2


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn what the caller can mend into an `InputError`; everything else passes."""
    try:
        yield
    except CourseError as error:
        raise InputError(" ".join(str(error).split())) from error
    except ModuleNotFoundError as error:
        raise InputError(
            f"the package {error.name!r} is not installed; see `lr-course doctor`"
        ) from error
    except OSError as error:
        if _is_of_an_import(error):
            raise _import_error(error) from error
        if error.errno not in _NO_ROOM and "temporary directory" not in str(error):
            raise
        place = f" {error.filename}" if error.filename else ""
        raise InputError(
            f"cannot write{place}: {error.strerror}; make room there, or for temporary files set "
            "TMPDIR to a folder that has room"
        ) from error
    except Exception as error:
        if not _is_of_an_import(error):
            raise
        raise _import_error(error) from error


def _is_of_an_import(error: Exception) -> bool:
    """Return whether an import raised it, as Matplotlib's does for a backend that is unknown."""
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_code.co_name == "<module>" for frame, _ in frames)


def _import_error(error: Exception) -> InputError:
    reason = textwrap.shorten(f"{type(error).__name__}: {error}", 200, placeholder=" …")
    return InputError(f"a package cannot be imported here ({reason}); see `lr-course doctor`")
