"""The marks in the forms that the gradebooks of learning platforms import.

`canvas.csv` is what Canvas' "Import" in its gradebook reads: the columns Student, ID, SIS User ID,
SIS Login ID and Section, then one an assignment; a row "Points Possible" before the students. A
student is found by ID, which is Canvas' own number, or else by SIS User ID, by SIS Login ID, or by
the name. An assignment is found by its title, so it has to be called as the exercise is, or a new
one is offered. An empty cell leaves the grade as it is, and "EX" excuses the student. Sources: Ohio
State University, "Import a CSV File to Carmen Grades", https://teaching.resources.osu.edu/toolsets/
carmencanvas/guides/calculating-final-grades/import-csv-file-carmen-grades, and Canvas'
`lib/gradebook_importer.rb`.

`moodle_<exercise>.csv` is what an assignment's "Upload grading worksheet" reads, one file an
exercise, as Moodle's participants have another number in every assignment. It looks for the
columns Identifier ("Participant" and the number that is in the names of the files it gives to
download), Grade and "Last modified (grade)", in the language of the site, here English; the
latter says nothing here, so a grade that is there already is replaced only if "Allow updating
records that have been modified more recently" is ticked. There is no column for comments: an
empty one would delete those of the teacher. A grade above the maximum is skipped there, so that it
is the maximum here; who is excused has no row. Sources: Moodle's `mod/assign/gradingtable.php`, and
`locallib.php` and `importgradeslib.php` in `mod/assign/feedback/offline`.

`blackboard_<exercise>.csv` is what "Work Offline > Upload" reads: the column Username, and a
column that is matched by the number that Blackboard puts behind a title, or else becomes a new
column. All values are in quotes. Source: "Uploading External Grade Center Items",
http://library.blackboard.com/ref/36ba3329-e441-488a-93ce-7a55543cc999/Content/Grade%20Center/
Uploading%20External%20Grade%20Center%20Items.htm.

`brightspace_<exercise>.csv` is what "Enter Grades > Import" reads: OrgDefinedId or Username or
both, "<item> Points Grade", and a last column "End-of-Line Indicator" with # in every row. Other
columns are not allowed. Source: "Importing grades",
https://community.d2l.com/brightspace/kb/articles/3538-importing-grades.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from course_tools.grading.cells import line_of
from course_tools.grading.enrollment import Enrollment
from course_tools.grading.gradebook.journal import Standing, Student
from course_tools.grading.intake.layouts import BLACKBOARD, CANVAS, MOODLE, platform_of
from course_tools.grading.intake.roster_matching import plain_name

Row = Sequence[str | float | bool | None]

_CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_MOODLE = (
    *("Identifier", "Full name", "Grade", "Maximum Grade", "Grade can be changed"),
    "Last modified (grade)",
)
#: Canvas takes any row for this one whose first cell holds these words.
_POINTS_POSSIBLE = "Points Possible"
_EXCUSED = "EX"
_END_OF_LINE = "End-of-Line Indicator"


@dataclass(frozen=True)
class PlatformTable:
    """A table for a platform, its head first.

    Attributes:
        rows: the rows.
        without: students who are not in it, because no number or name for it is known.
    """

    rows: tuple[Row, ...]
    without: tuple[str, ...] = ()


def canvas(standings: Sequence[Standing], enrollment: Enrollment) -> PlatformTable:
    """Return the table that Canvas imports: a row a student, a column an exercise.

    Who has a name like somebody else's and no number is not in it: Canvas would give the marks of
    both to the first whom it finds.
    """
    exercises = exercises_in(standings)
    rows = sorted(_canvas_rows(standings, enrollment), key=lambda row: row[:5])
    namesakes = Counter(plain_name(name) for name, *_ in rows)
    sure = [row for row in rows if any(row[1:4]) or namesakes[plain_name(row[0])] == 1]
    possible = (most_points(standings, name) for name in exercises)
    table: list[Row] = [(*_CANVAS, *exercises), (_POINTS_POSSIBLE, *[""] * 4, *possible)]
    for *names, points in sure:
        table.append((*names, *(points.get(exercise) for exercise in exercises)))
    return PlatformTable(tuple(table), tuple(row[0] for row in rows if row not in sure))


def _canvas_rows(
    standings: Sequence[Standing], enrollment: Enrollment
) -> Iterator[tuple[str, str, str, str, str, dict[str, float | str]]]:
    """Yield the names of each student, and the marks by exercise.

    A number is one person's, who may have another name in a later download or hand in for a group;
    of several rows of one number, Canvas takes nothing but the last.
    """
    numbers: dict[Student, str] = {}
    for one in standings:
        who = (one.student, one.user)
        person = enrollment.persons.get(who)
        number = (person.canvas_id if person else "") or _number_in(CANVAS, one)
        numbers[who] = numbers.get(who) or (number if number.isdigit() else "")
    people: dict[str | Student, Student] = {}
    points: dict[str | Student, dict[str, float | str]] = defaultdict(dict)
    for one in sorted(standings, key=_recency):
        who = (one.student, one.user)
        key = numbers[who] or who
        if who in enrollment.persons or people.get(key) not in enrollment.persons:
            people[key] = who
        if one.is_excused:
            points[key][one.exercise] = _EXCUSED
        elif has_grade(one):
            points[key][one.exercise] = one.points
    for key, who in people.items():
        person = enrollment.persons.get(who)
        ids = (person.sis_id, person.sis_login, person.section) if person else ("", "", "")
        name = line_of(who[0]).replace(_POINTS_POSSIBLE, "Points possible")
        yield (name, numbers[who], *ids, points[key])


def moodle(standings: Sequence[Standing], exercise: str, enrollment: Enrollment) -> PlatformTable:
    """Return the worksheet of an assignment in Moodle: a row a student whose number is known.

    A row without a number is one that Moodle does not find anybody for.
    """
    most = most_points(standings, exercise)
    # The number of a participant is another one in every assignment.
    is_only = exercises_in(standings) == [exercise]
    found: list[tuple[str, Standing]] = []
    for one in _graded(standings, exercise):
        person = enrollment.persons.get((one.student, one.user))
        number = _number_in(MOODLE, one) or (person.moodle_id if person and is_only else "")
        found.append((number, one))
    # A number is one person's, who may have another name in a later download.
    counts = dict(sorted(found, key=lambda row: _recency(row[1])))
    rows = [
        (f"Participant {number}", one.student, min(one.points, most), most, "Yes", "")
        for number, one in found
        if number and counts[number] is one
    ]
    without = tuple(one.student for number, one in found if not number)
    return PlatformTable((_MOODLE, *rows), without)


def blackboard(
    standings: Sequence[Standing], exercise: str, enrollment: Enrollment
) -> PlatformTable:
    """Return what Blackboard reads of an exercise: a row a student with a grade."""
    rows: list[Row] = [("Username", exercise)]
    without = []
    for one in _graded(standings, exercise):
        person = enrollment.persons.get((one.student, one.user))
        is_here = platform_of(one.handed_in.place) == BLACKBOARD
        user = (person.blackboard if person else "") or (one.handed_in.student if is_here else "")
        if user:
            rows.append((user, one.points))
        else:
            without.append(one.student)
    return PlatformTable(tuple(rows), tuple(without))


def brightspace(
    standings: Sequence[Standing], exercise: str, enrollment: Enrollment
) -> PlatformTable:
    """Return what Brightspace reads of an exercise: a row a student with a grade.

    It has the column that names most of the students, and the other one if that names all of
    these, too.
    """
    found = []
    for one in _graded(standings, exercise):
        person = enrollment.persons.get((one.student, one.user))
        ids = (person.org_defined_id, person.brightspace) if person else ("", "")
        found.append((one, *ids))
    heads = ("OrgDefinedId", "Username")
    counts = [sum(bool(ids[n]) for _, *ids in found) for n in range(2)]
    key = 0 if counts[0] >= counts[1] else 1
    kept = [row for row in found if row[1 + key]]
    columns = [n for n in range(2) if n == key or all(row[1 + n] for row in kept)]
    rows = [
        (*(row[1 + n] for n in columns), row[0].points, "#")  # every row ends so
        for row in kept
    ]
    head = (*(heads[n] for n in columns), f"{exercise} Points Grade", _END_OF_LINE)
    without = tuple(row[0].student for row in found if not row[1 + key])
    return PlatformTable((head, *rows), without)


def has_grade(one: Standing) -> bool:
    """Return whether a standing has a mark: nobody is excused, and a file can be read."""
    return one.points is not None


def exercises_in(standings: Iterable[Standing]) -> list[str]:
    """Return the exercises of which there are grades, or for which somebody is excused."""
    return sorted({one.exercise for one in standings if has_grade(one) or one.is_excused})


def most_points(standings: Iterable[Standing], exercise: str) -> float:
    """Return the points that an exercise is worth."""
    return max(one.possible for one in standings if one.exercise == exercise)


def _graded(standings: Iterable[Standing], exercise: str) -> Iterator[Standing]:
    return (one for one in standings if one.exercise == exercise and has_grade(one))


def _recency(one: Standing) -> tuple[bool, float]:
    """Return what is greatest for the mark that counts of one person's under several names."""
    return bool(one.adjustments), one.handed_in.order


def _number_in(platform: str, one: Standing) -> str:
    """Return a student's number in a platform; another platform's would be somebody else's."""
    return one.handed_in.user if platform_of(one.handed_in.place) == platform else ""
