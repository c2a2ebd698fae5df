"""Reads a roster: the people of a class, with the names that platforms have for them."""

from __future__ import annotations

import dataclasses
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from course_tools.grading.cells import cell
from course_tools.grading.intake.typed_tables import read_typed_table

_MOST_BYTES = 50_000_000
_MOST_DAYS = 3_650
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+?\d+", re.I)  # 1.02E+16
#: Numbers as they are written: 11.0; in Moodle's worksheet "Participant 11", in any language.
_NUMBERS = {
    "canvas_id": re.compile(r"(\d+)(?:[.,]0+)?"),
    "moodle_id": re.compile(r"(?:\D*\s)?(\d+)(?:[.,]0+)?"),
}


@dataclass(frozen=True)
class RosterPerson:
    """A person of the class. All but the first two may be empty.

    Attributes:
        id: a name that no two people share, such as the number of a student.
        name: the full name, "Ada Lovelace" or "Lovelace, Ada".
        email: e-mail address.
        login: login, or the name of the person's folder or file.
        canvas_id: Canvas' number, ID in its gradebook.
        sis_id: SIS User ID in Canvas' gradebook.
        sis_login: SIS Login ID in Canvas' gradebook.
        moodle_id: number of Moodle's participant in one assignment.
        blackboard: user name in Blackboard.
        brightspace: user name in Brightspace.
        org_defined_id: OrgDefinedId in Brightspace.
        github: user name at GitHub.
        section: section of the class.
        extension: days by which everything is due later.
    """

    id: str
    name: str
    email: str = ""
    login: str = ""
    canvas_id: str = ""
    sis_id: str = ""
    sis_login: str = ""
    moodle_id: str = ""
    blackboard: str = ""
    brightspace: str = ""
    org_defined_id: str = ""
    github: str = ""
    section: str = ""
    extension: float = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the person: id, name, and those in platforms that are known."""
        found = (getattr(self, name) for name in COLUMNS if name not in ("section", "extension"))
        return tuple(one for one in found if one)


COLUMNS = tuple(one.name for one in dataclasses.fields(RosterPerson))
#: Columns in which no two people may have the same.
_UNIQUE = tuple(name for name in COLUMNS if name not in ("name", "section", "extension"))
#: Other names of columns, without regard to case, blanks and signs.
_ALSO = {
    "fullname": "name",
    "emailaddress": "email",
    "mail": "email",
    "canvas": "canvas_id",
    "sisuserid": "sis_id",
    "sisloginid": "sis_login",
    "moodle": "moodle_id",
    "blackboardusername": "blackboard",
    "brightspaceusername": "brightspace",
    "extensiondays": "extension",
}
_BY_PLAIN_NAME = {re.sub(r"\W|_", "", name): name for name in COLUMNS} | _ALSO


@dataclass(frozen=True)
class Roster:
    """The people of a class.

    Attributes:
        people: in the order of the file.
        unused: names of columns that the grader does not know.
    """

    people: tuple[RosterPerson, ...]
    unused: tuple[str, ...] = ()


def read_roster(path: Path) -> Roster:
    """Return the people in a table: a head with the names of columns, then a row for each person.

    It is CSV with commas, semicolons or tabs, in UTF-8. The columns are `COLUMNS`, in any order
    and without regard to case; `id` and `name` must be there.

    Args:
        path: the file.

    Raises:
        ValueError: it cannot be read, a column is missing, or a row is wrong; the message names
            the line.
    """
    rows = read_typed_table(path, _MOST_BYTES, f"the roster {path}").rows
    if not rows:
        raise ValueError(f"the roster {path} is empty: it needs a head with the columns id, name")
    line, head = rows[0]
    columns, unused = _columns(head, path, line)
    people = []
    seen: dict[tuple[str, str], int] = {}
    for line, row in rows[1:]:
        where = f"the roster {path}, line {line}"
        values = {name: row[n] if n < len(row) else "" for name, n in columns.items()}
        one = _person(values, where)
        for name in _UNIQUE:
            value = str(getattr(one, name)).casefold()
            if value and (first := seen.setdefault((name, value), line)) != line:
                raise ValueError(
                    f"{where}: the {name} {getattr(one, name)!r} is that of line {first}"
                )
        people.append(one)
    if not people:
        raise ValueError(f"the roster {path} has a head and no people")
    return Roster(tuple(people), tuple(unused))


def _columns(head: Sequence[str], path: Path, line: int) -> tuple[dict[str, int], list[str]]:
    """Return the places of the columns, and the names that are not known."""
    found: dict[str, int] = {}
    unused = []
    for number, text in enumerate(head):
        plain = re.sub(r"\W|_", "", text.casefold())
        name = _BY_PLAIN_NAME.get(plain)
        if name is None:
            near = get_close_matches(plain, _BY_PLAIN_NAME, 1, 0.8)
            if near:
                raise ValueError(
                    f"the roster {path}, line {line}: there is no column {text.strip()!r}; did you "
                    f"mean {_BY_PLAIN_NAME[near[0]]}?"
                )
            unused.append(text.strip())
        elif name in found:
            raise ValueError(f"the roster {path}, line {line}: the column {name} is there twice")
        else:
            found[name] = number
    for name in ("id", "name"):
        if name not in found:
            raise ValueError(
                f"the roster {path}, line {line}: the column {name} is missing; the columns are "
                f"{', '.join(COLUMNS)}, and here {', '.join(map(repr, head))}"
            )
    return found, [name for name in unused if name]


def _person(values: Mapping[str, str], where: str) -> RosterPerson:
    for name in ("id", "name"):
        if not values[name]:
            raise ValueError(f"{where}: the {name} is empty")
    for name, value in values.items():
        if name in _UNIQUE and cell(value) != value:
            raise ValueError(
                f"{where}: the {name} {value!r} begins like a formula, or holds characters that "
                "cannot be seen: no platform takes it back"
            )
        if name in _UNIQUE and _ROUNDED.fullmatch(value):
            raise ValueError(
                f"{where}: a spreadsheet has rounded the {name} to {value!r}. Make the column one "
                "of texts there, and write the numbers again"
            )
        if name == "email" and value and "@" not in value:
            raise ValueError(
                f"{where}: the email {value!r} has no @; a name with the separator in it needs "
                "quotes around it"
            )
    values = {**values, **_numbers(values, where)}
    texts = {name: unicodedata.normalize("NFC", value) for name, value in values.items()}
    texts["extension"] = texts.get("extension") or "0"
    try:
        days = float(texts["extension"].replace(",", "."))
    except ValueError:
        days = math.nan
    if not 0 <= days <= _MOST_DAYS:
        raise ValueError(
            f"{where}: the extension must be a number of days from 0 to {_MOST_DAYS}, "
            f"got {values['extension']!r}"
        )
    return RosterPerson(**{**texts, "extension": days})


def _numbers(values: Mapping[str, str], where: str) -> dict[str, str]:
    """Return the platforms' numbers without what people and spreadsheets put around them."""
    found = {}
    for name, pattern in _NUMBERS.items():
        if value := values.get(name, ""):
            match = pattern.fullmatch(value)
            if match is None:
                raise ValueError(f"{where}: the {name} must be a number, got {value!r}")
            found[name] = match[1]
    return found
