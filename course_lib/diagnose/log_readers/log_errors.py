"""The error of every log that cannot be read."""

from __future__ import annotations


class LogError(ValueError):
    """A log that cannot be read: the message says in one line what was found and what is needed.

    >>> issubclass(LogError, ValueError)
    True
    """


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "row"), counted(3, "row")
    ('1 row', '3 rows')
    """
    return f"{number} {noun}" + ("" if number == 1 else "s")


def listed(names: list[str] | tuple[str, ...], most: int = 12) -> str:
    """Return names as a list in words, cut after `most`.

    >>> listed(["step", "loss", "lr"], most=2)
    'step, loss … (3 in all)'
    """
    shown = ", ".join(map(str, names[:most])) or "none"
    return shown if len(names) <= most else f"{shown} … ({len(names)} in all)"
