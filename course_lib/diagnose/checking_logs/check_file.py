"""Runs the diagnosis over a file of logs with verdicts, and counts what it says and misses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from course_lib.diagnose.checking_logs.expected_oddities import codes_for, is_named
from course_lib.diagnose.checking_logs.verdicts_of_people import disagreements
from course_lib.diagnose.diagnosing import diagnose
from course_lib.diagnose.identification import Identification
from course_lib.diagnose.log_readers import from_entry


@dataclass(frozen=True)
class EntryCheck:
    """The diagnosis of one log beside its verdict.

    Attributes:
        id: name of the log.
        format: kind of the file.
        family: families that were identified.
        residual: largest difference of the rates as a share of the peak; None without a curve.
        differs: disagreements of the identification with the verdict; () if it is right.
        named: the verdict's oddities that were found.
        missed: its oddities that were not.
        problems_named: the verdict's real problems that were found as problems.
        problems_missed: its real problems that were not.
        false_alarms: problems that were found on a log without any.
        extra_problems: problems that were found beside those of the verdict.
        oddities: all that was found.
        error: reason that the log could not be diagnosed; "" if it could.
    """

    id: str
    format: str
    family: str = ""
    residual: float | None = None
    differs: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    problems_named: tuple[str, ...] = ()
    problems_missed: tuple[str, ...] = ()
    false_alarms: tuple[str, ...] = ()
    extra_problems: tuple[str, ...] = ()
    oddities: tuple[str, ...] = ()
    error: str = ""

    @property
    def identified(self) -> bool:
        """Whether rates, family and parameters agree with the verdict."""
        return not self.differs and not self.error


def read_entries(path: str | Path) -> list[Any]:
    """Return the entries of a file of logs with verdicts.

    Raises:
        ValueError: the file cannot be read, is not JSON, or is not a list of objects.
    """
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if isinstance(found, dict):
        found = found.get("logs", found)
    if not isinstance(found, list) or not found:
        raise ValueError(
            f"{path} must hold a list of logs, each an object with id, format, lr and verdict, "
            f"got {_kind(found)}"
        )
    return found


def _kind(found: Any) -> str:
    if isinstance(found, list):
        return "an empty list"
    return "an object" if isinstance(found, dict) else f"a {type(found).__name__}"


def diagnose_entry(entry: Mapping[str, Any]) -> Identification:
    """Return the identification of an entry's log, with its oddities."""
    log = from_entry(entry)
    if entry.get("file_name"):
        log = replace(log, source=str(entry["file_name"]))
    return diagnose(log)


def check_entry(entry: Any, number: int = 0) -> EntryCheck:
    """Return how the diagnosis of an entry compares with its verdict.

    An entry that cannot be diagnosed counts as missed, with the reason.

    Args:
        entry: object with "id", "format", the columns of the log, and "verdict".
        number: number of the entry in its file, for its name where it has none.
    """
    if not isinstance(entry, Mapping):
        return EntryCheck(f"entry {number}", "?", error=f"is no object but {entry!r:.40}")
    name, kind = str(entry.get("id", f"entry {number}")), str(entry.get("format", "?"))
    verdict = entry.get("verdict")
    verdict = verdict if isinstance(verdict, Mapping) else {}
    odd, real = _sentences(verdict.get("oddities")), _sentences(verdict.get("real_problem"))
    try:
        found = diagnose_entry(entry)
        differs = tuple(disagreements(found, verdict))
    except Exception as error:  # one broken log must not hide the others
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        return EntryCheck(name, kind, missed=odd, problems_missed=real, error=reason)
    problems = [o for o in found.oddities if o.problem]
    known = {code for sentence in real for code in codes_for(sentence)}
    beyond = tuple(f"{o.code}: {o.message}" for o in problems if o.code not in known)
    return EntryCheck(
        name,
        kind,
        " | ".join(part.family for part in found.parts),
        found.residual if found.parts else None,
        differs,
        tuple(s for s in odd if is_named(s, found.oddities)),
        tuple(s for s in odd if not is_named(s, found.oddities)),
        tuple(s for s in real if is_named(s, problems)),
        tuple(s for s in real if not is_named(s, problems)),
        () if real else beyond,
        beyond if real else (),
        tuple(f"{o.code}: {o.message}" for o in found.oddities),
    )


def _sentences(found: Any) -> tuple[str, ...]:
    if found is None:
        return ()
    return (found,) if isinstance(found, str) else tuple(map(str, found))


def totals(checks: Iterable[EntryCheck]) -> dict[str, int]:
    """Return the numbers of logs, and of what was found and missed in all of them."""
    checks = list(checks)
    named = sum(len(c.named) for c in checks)
    problems = sum(len(c.problems_named) for c in checks)
    return {
        "logs": len(checks),
        "identified": sum(c.identified for c in checks),
        "broken": sum(bool(c.error) for c in checks),
        "oddities": named + sum(len(c.missed) for c in checks),
        "oddities named": named,
        "problems": problems + sum(len(c.problems_missed) for c in checks),
        "problems named": problems,
        "false alarms": sum(len(c.false_alarms) for c in checks),
        "extra problems": sum(len(c.extra_problems) for c in checks),
    }


def lines_of(check: EntryCheck) -> list[str]:
    """Return the lines that the command prints for one log."""
    if check.error:
        head = f"{check.id}  {check.format}  failed: {check.error}"
    else:
        residual = "-" if check.residual is None else f"{check.residual:.1e}"
        word = "identified" if check.identified else "not identified"
        head = f"{check.id}  {check.format}  {word}  residual {residual}  {check.family or '-'}"
    told = [
        ("differs", check.differs),
        ("named", check.named),
        ("MISSED", check.missed),
        ("problem named", check.problems_named),
        ("PROBLEM MISSED", check.problems_missed),
        ("FALSE ALARM", check.false_alarms),
        ("extra problem", check.extra_problems),
    ]
    return [head, *(f"    {word}: {text}" for word, texts in told for text in texts)]


def as_json(checks: list[EntryCheck]) -> str:
    """Return all results and totals as JSON."""
    logs = [{**asdict(check), "identified": check.identified} for check in checks]
    return json.dumps({"logs": logs, "totals": totals(checks)}, indent=1)
