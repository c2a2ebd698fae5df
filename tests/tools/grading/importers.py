"""Reads tables as learning platforms document that they import them, for the tests of exports."""

import csv
import io
import re


class Refused(ValueError):
    """The platform would not import the table."""


def _rows(content, delimiter=","):
    return list(csv.reader(io.StringIO(content.decode("utf-8"), newline=""), delimiter=delimiter))


def canvas(content, course):
    """What Canvas sets: person -> assignment -> points, and the points possible.

    As `lib/gradebook_importer.rb` does. The course holds people: a mapping of a person to the
    values of `id`, `sis_id`, `sis_login` and `name` in Canvas.
    """
    lines = content.decode("utf-8").splitlines()[:3]
    counts = {one: {len(next(csv.reader([line], delimiter=one))) for line in lines} for one in ";,"}
    fields = {one: some.copy().pop() if len(some) == 1 else 0 for one, some in counts.items()}
    head, *rows = _rows(content, ";" if fields[";"] > fields[","] else ",")
    if len(head) <= 3 or "Student" not in head[0] or "ID" not in head[1]:
        raise Refused("invalid header row")
    columns = 3
    if re.search(r"SIS\s+User\s+ID", head[2]) and re.search(r"SIS\s+Login\s+ID", head[3]):
        columns = 5
    if "Section" not in head[columns - 1]:
        raise Refused("invalid header row")
    titles = head[columns:]
    given, possible = {}, {}
    for row in rows:
        row = [_number(value) for value in row]
        if "Points Possible" in row[0]:
            possible = dict(zip(titles, row[columns:], strict=True))
            continue
        person = _canvas_person(row, course)
        for title, points in zip(titles, row[columns:], strict=True):
            if points:
                if title in given.setdefault(person, {}):
                    raise Refused(f"{person} twice")
                given[person][title] = float(points)
    return given, {title: float(points) for title, points in possible.items()}


def _number(value):
    """A number or percentage whose decimal sign is the last point or comma."""
    if not re.fullmatch(r"-?[0-9.,]+%?", value):
        return value
    *before, last = re.split(r"[,.]", value)
    return f"{''.join(before)}.{last}" if before else last


def _canvas_person(row, course):
    for column, name in ((1, "id"), (2, "sis_id"), (3, "sis_login"), (0, "name")):
        for person, known in course.items():
            if row[column] and known.get(name) == row[column]:
                return person
    raise Refused(f"nobody is {row[:5]}")


def moodle(content, participants):
    """What Moodle's worksheet sets: person -> points; by the number of a participant alone."""
    head, *rows = _rows(content)
    place = {name: head.index(name) for name in ("Identifier", "Grade", "Last modified (grade)")}
    given = {}
    for row in rows:
        if len(row) != len(head):
            raise Refused("a row of another length")
        match = re.fullmatch(r"Participant (\d+)", row[place["Identifier"]])
        if match and match[1] in participants:  # others are passed over
            given[participants[match[1]]] = float(row[place["Grade"]])
    return given


def blackboard(content, users):
    """What Blackboard sets: person -> column -> points. All values are in quotes."""
    for line in content.decode("utf-8").splitlines():
        if not re.fullmatch(r'"(?:[^"]|"")*"(?:,"(?:[^"]|"")*")*', line):
            raise Refused(f"values without quotes: {line}")
    head, *rows = _rows(content)
    if "Username" not in head:
        raise Refused("no user names")
    user = head.index("Username")
    given = {}
    for row in rows:
        if not row[user]:
            raise Refused("a row without a user name")
        if row[user] in users:
            given[users[row[user]]] = {
                title: float(value)
                for n, (title, value) in enumerate(zip(head, row, strict=True))
                if n != user and value
            }
    return given


def brightspace(content, ids):
    """What Brightspace sets: person -> item -> points; it allows no other columns."""
    head, *rows = _rows(content)
    if head[-1] != "End-of-Line Indicator":
        raise Refused("no end of line")
    keys = [n for n, name in enumerate(head) if name in ("OrgDefinedId", "Username")]
    items = {
        n: name[: -len(" Points Grade")]
        for n, name in enumerate(head[:-1])
        if name.endswith(" Points Grade")
    }
    if not keys or len(keys) + len(items) + 1 != len(head):
        raise Refused(f"columns that are not allowed: {head}")
    given = {}
    for row in rows:
        if len(row) != len(head) or row[-1] != "#":
            raise Refused("a row without its end")
        people = {ids.get(row[n].lstrip("#")) for n in keys}
        if len(people) != 1 or None in people:
            raise Refused(f"nobody is {row}")
        given[people.pop()] = {name: float(row[n]) for n, name in items.items() if row[n]}
    return given
