"""Settings of grading: limits and policies, read from a TOML file."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from course_tools.grading.late_days import LatePolicy, read_late_policy

FLAG, ZERO, IGNORE = "flag", "zero", "ignore"
LATEST, FIRST, BEST = "latest", "first", "best"


@dataclass(frozen=True)
class Limits:
    """The resources that one submission may use.

    Attributes:
        cell_seconds: wall time of one cell of the learner.
        task_seconds: wall time of all calls of one task's function.
        submission_seconds: wall time of everything together.
        memory_mb: memory of all its processes together, files in its own folders included.
        processes: processes and threads at one time.
        cores: processors' worth of time it gets.
        disk_mb: files it may write to each of its folders, which are kept in memory.
        output_mb: megabytes that it prints and displays, altogether.
        message_mb: one message of its kernel, as one picture or one answer.
        file_mb: the file handed in.
    """

    cell_seconds: float = 20.0
    task_seconds: float = 20.0
    submission_seconds: float = 120.0
    memory_mb: int = 1024
    processes: int = 64
    cores: float = 1.0
    disk_mb: int = 64
    output_mb: int = 8
    message_mb: int = 8
    file_mb: int = 20


@dataclass(frozen=True)
class Policy:
    """The decisions of the instructor.

    Attributes:
        library_calls: treatment of a task that calls the library's own implementation: "flag" marks
            it as suspicious, "zero" also gives it no points, "ignore" does nothing.
        show_hidden: whether feedback shows arguments and expected values of hidden cases.
        attempts: the attempt of a student that counts: "latest", "first" or "best".
        reproduce: whether nbval runs each notebook once more to say whether its outputs are its
            own; takes about as long as grading.
    """

    library_calls: str = FLAG
    show_hidden: bool = False
    attempts: str = LATEST
    reproduce: bool = False


@dataclass(frozen=True)
class Settings:
    """Limits, policy, and late days."""

    limits: Limits = field(default_factory=Limits)
    policy: Policy = field(default_factory=Policy)
    late: LatePolicy = field(default_factory=LatePolicy)

    @property
    def digest(self) -> str:
        """A name of all that can change a report: limits, library calls, reproduction."""
        relevant = dataclasses.asdict(self)
        del relevant["policy"]["show_hidden"], relevant["policy"]["attempts"], relevant["late"]
        return hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()[:16]


_CHOICES = {"library_calls": (FLAG, ZERO, IGNORE), "attempts": (LATEST, FIRST, BEST)}


def read_settings(path: Path | None) -> Settings:
    """Return the settings of a TOML file with the tables `limits`, `policy` and `late`.

    Args:
        path: the file; None gives the defaults.

    Raises:
        ValueError: it cannot be read, or names something unknown or of the wrong kind; the message
            says which.
    """
    return parse_settings(config_text(path), str(path))


def config_text(path: Path | None) -> str:
    """Return the text of a TOML file, "" for none.

    Raises:
        ValueError: it cannot be read.
    """
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"{path} is not valid TOML: {error}") from error


def parse_settings(text: str, path: str) -> Settings:
    """Return the settings in the text of a TOML file; "" gives the defaults.

    Args:
        text: text of the file.
        path: the file, for messages.

    Raises:
        ValueError: it names something unknown or of the wrong kind; the message says which.
    """
    try:
        document = tomllib.loads(text)
    except ValueError as error:
        raise ValueError(f"{path} is not valid TOML: {error}") from error
    for name in document:
        if name not in ("limits", "policy", "late"):
            raise ValueError(f"{path}: the tables are limits, policy and late, got {name!r}")
    return Settings(
        _filled(Limits, document.get("limits", {}), f"{path}: limits"),
        _filled(Policy, document.get("policy", {}), f"{path}: policy"),
        read_late_policy(document.get("late", {}), f"{path}: late"),
    )


def in_words(settings: Settings) -> dict[str, str]:
    """Return every setting by its name in the file, such as "limits.cores", with its value."""
    return {
        f"{table}.{name}": _word(value)
        for table, values in dataclasses.asdict(settings).items()
        for name, value in values.items()
    }


def differences(before: Settings, after: Settings) -> list[str]:
    """Return what differs between two settings, in words.

    Example:
        >>> differences(Settings(), Settings(policy=Policy(attempts=BEST)))
        ['policy.attempts latest -> best']
    """
    old, new = in_words(before), in_words(after)
    return [f"{name} {old[name]} -> {new[name]}" for name in new if old[name] != new[name]]


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):  # the due dates: exercise and time each
        return ", ".join(" ".join(map(str, pair)).strip() for pair in value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _filled(kind: type, found: Any, where: str) -> Any:
    if not isinstance(found, Mapping):
        raise ValueError(f"{where} must be a table, got {found!r}")
    defaults = {one.name: one.default for one in dataclasses.fields(kind)}
    for name, value in found.items():
        if name not in defaults:
            raise ValueError(f"{where} has no {name}; it has {', '.join(defaults)}")
        _check(name, value, defaults[name], where)
    return kind(**{n: type(defaults[n])(value) for n, value in found.items()})


def _check(name: str, value: Any, default: Any, where: str) -> None:
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            allowed = ", ".join(_CHOICES[name])
            raise ValueError(f"{where}.{name} must be one of {allowed}, got {value!r}")
        return
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise ValueError(f"{where}.{name} must be true or false, got {value!r}")
        return
    number = (int,) if isinstance(default, int) else (int, float)
    if isinstance(value, bool) or not isinstance(value, number) or not 0 < value < 1e9:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise ValueError(f"{where}.{name} must be {kind} > 0, got {value!r}")
