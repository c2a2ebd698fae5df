"""One class through the exports of six platforms: each person gets their own marks, by name."""

import csv
import io
import itertools
import json
import random
import unicodedata
import zipfile
from typing import ClassVar

import pytest

import course_tasks
from course_tools.grading.intake.preflight import preflight
from course_tools.grading.intake.roster import read_roster
from course_tools.grading.intake.roster_matching import match
from course_tools.grading.intake.submissions import take_in
from course_tools.grading.run import batch
from course_tools.grading.run.grading_job import Worker
from course_tools.grading.sample_class.writing import _NAMES
from course_tools.grading.settings import LATEST
from tests.tools.grading import importers
from tests.tools.grading.handed_in import EX01, config, grade_folder, solved, with_task
from tests.tools.grading.layout_exports import EXPORTS, Person, metadata, written

LAYOUTS = ("blackboard", "brightspace", "canvas", "gradescope", "ilias", "moodle")
NAMES = [f"{given} {family}" for group in _NAMES for given in group[0] for family in group[1]]
COLUMNS = ("id", "name", "email", "login", "canvas_id", "sis_id", "sis_login", "moodle_id")
COLUMNS = (*COLUMNS, "blackboard", "org_defined_id", "section")
#: Names of files that students chose.
FILES = ("ex01.ipynb", "my work.ipynb", "EX01.IPYNB", "ex_01_1_x.ipynb", "Ada_1_assign.ipynb")


def a_class(number, seed=0):
    """People of whom some have one name, and what each of them handed in, latest last."""
    rng = random.Random(seed)
    numbers = rng.sample(range(1000, 10**6), number)
    people = []
    for n, one in enumerate(numbers):
        name = NAMES[n % 150] if n % 7 else unicodedata.normalize("NFD", NAMES[n % 150])
        files = (rng.choice(FILES), "zz second.ipynb")[: 2 if n % 10 == 0 else 1]
        people.append(Person(name, f"u{n:03}", one, files))
    return people


def roster_of(folder, people, but=()):
    """The class's list: with numbers of every platform, in another order, and without some."""
    rows = [
        {
            "id": f"s{one.login}",
            "name": unicodedata.normalize("NFC", one.name),
            "email": f"{one.login}@x.edu",
            "login": one.login,
            "canvas_id": one.number,
            "sis_id": one.login,
            "sis_login": f"{one.login}@x",
            "moodle_id": one.number,
            "blackboard": one.login,
            "org_defined_id": one.number,
            "section": "AB"[n % 2],
        }
        for n, one in enumerate(people)
        if one.login not in but
    ]
    random.Random(1).shuffle(rows)
    file = folder / "class.csv"
    with open(file, "w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    return file


@pytest.mark.parametrize("layout", LAYOUTS)
def test_300_people_are_found_person_by_person(tmp_path, layout):
    people = a_class(300)
    source = written(tmp_path / "in.zip", layout, people, "submissions/")
    roster = read_roster(roster_of(tmp_path, people, but=("u000", "u299")))
    found = take_in(source)
    matching = match(roster, found.origins)
    got = {}
    for one in found.submissions:
        (cell,) = json.loads(one.read(10**6))["cells"]
        _, login, place = cell["source"][0].strip().split(" ", 2)
        assert one.place == f"submissions/{place}"
        person = matching.people.get((one.student, one.user))
        got.setdefault(person.login if person else login, []).append((login, place))
    assert set(got) == {one.login for one in people}
    by_login = {one.login: one for one in people}
    for login, files in got.items():
        assert {who for who, _ in files} == {login}, "what counts as this person's is theirs"
        assert len(files) == len(by_login[login].files)
    # The two who are not in the roster have names of others in it; nobody takes their place.
    assert len({*matching.unknown, *matching.ambiguous}) == 2
    checked = preflight(found, LATEST, None, roster, matching)
    assert "Roster: 298 students, of whom 298 handed in." in checked.lines


class Memory:
    """A worker that really grades, each notebook once in this process."""

    known: ClassVar = {}

    def __init__(self):
        self._worker = Worker()
        self.stop, self.close = self._worker.stop, self._worker.close

    def __call__(self, job):
        name = (job.content, job.seed, job.settings.digest)
        if name not in self.known:
            self.known[name] = self._worker(job)
        return self.known[name]


def graded_class():
    """Eight people, and what their work deserves: each task is right for half of them."""
    tasks = course_tasks.EXERCISES[EX01]
    people, work, points = a_class(8, seed=3), {}, {}
    for one, wrong in zip(people, itertools.product((False, True), repeat=len(tasks)), strict=True):
        nb = solved()
        nb["metadata"]["of"] = one.login
        for task, is_wrong in zip(tasks, wrong, strict=True):
            if is_wrong:
                with_task(nb, task.name, f"def {task.name}(*args):\n    return -1.0\n")
        first = with_task(solved(), tasks[0].name, "1 +") if len(one.files) > 1 else None
        work[one.login] = [*([first] if first else []), nb]
        points[one.login] = sum(t.points for t, bad in zip(tasks, wrong, strict=True) if not bad)
    return people, work, points


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_class_is_graded_person_by_person(needs_sandbox, monkeypatch, tmp_path, layout):
    monkeypatch.setattr(batch, "Worker", Memory)
    people, work, points = graded_class()
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        seen = {}
        for place, one in EXPORTS[layout](people):
            if one is None:
                archive.writestr(place, "")
                continue
            n = seen[one.login] = seen.get(one.login, -1) + 1
            info = zipfile.ZipInfo(place, (2025, 3, 10 + n, 9, 26, 4))
            archive.writestr(info, json.dumps(work[one.login][n]))
        if layout == "gradescope":
            archive.writestr("assignment_77_export/submission_metadata.yml", metadata(people))
    roster = roster_of(tmp_path, [*people, Person("Nobody Here", "none", 5)])
    out = tmp_path / "out"
    options = {"roster": roster, "config": config(tmp_path), "jobs": 1}
    # Both files of one submission in Gradescope are of one time.
    options["yes"] = layout == "gradescope"
    assert grade_folder(tmp_path / "in.zip", out, **options) == 0
    text = (out / "grades.csv").read_bytes().decode("utf-8-sig")
    rows = {row["user"]: row for row in csv.DictReader(io.StringIO(text))}
    assert rows.pop("snone")["state"] == "missing"
    assert {who[1:]: float(row["points"]) for who, row in rows.items()} == points
    for one in people:
        assert rows[f"s{one.login}"]["student"] == unicodedata.normalize("NFC", one.name)
    want = {login: {EX01: reached} for login, reached in points.items() if reached}
    course = {one.login: {"id": str(one.number)} for one in people}
    assert importers.canvas((out / "canvas.csv").read_bytes(), course)[0] == {
        login: {EX01: reached} for login, reached in points.items()
    }
    users = {one.login: one.login for one in people}
    table = (out / f"blackboard_{EX01}.csv").read_bytes()
    found = importers.blackboard(table, users)
    assert {who: some for who, some in found.items() if some[EX01]} == want
    numbers = {str(one.number): one.login for one in people}
    table = (out / f"brightspace_{EX01}.csv").read_bytes()
    found = importers.brightspace(table, numbers)
    assert {who: some for who, some in found.items() if some[EX01]} == want
    found = importers.moodle((out / f"moodle_{EX01}.csv").read_bytes(), numbers)
    assert found == points
    whole = (out / "class.html").read_text(encoding="utf-8")
    assert 'id="missing"' in whole
    assert whole.count('href="feedback/') >= len(people)
