"""The guide for instructors says what the grader does: settings, states, files, commands."""

import re
from pathlib import Path

from click.testing import CliRunner

from course_tools.cli import main
from course_tools.grading import exports, mark_requests, report
from course_tools.grading.box import seccomp
from course_tools.grading.gradebook import adjustments
from course_tools.grading.intake import layouts, roster
from course_tools.grading.pages import class_pages
from course_tools.grading.pages.feedback_zips import zip_name
from course_tools.grading.settings import Settings, read_settings
from course_tools.mark_cli import mark

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "grading.md").read_text(encoding="utf-8")
SANDBOX = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.S)


def test_the_settings_shown_are_the_defaults_and_all_there_are(tmp_path):
    (text,) = blocks("toml")
    file = tmp_path / "grading.toml"
    file.write_text(text, encoding="utf-8")
    assert read_settings(file) == Settings()
    for table in (Settings().limits, Settings().policy, Settings().late):
        for name in vars(table):
            assert re.search(rf"^{name} = ", text, re.M), f"{name} is not shown"


def test_every_state_is_explained():
    table = GUIDE.partition("## What a mark means")[2].partition("## Settings")[0]
    head, *states = re.findall(r"^\| ([a-z ]+) \|", table, re.M)
    assert (head, set(states)) == ("state", set(report.STATES))


def test_every_option_that_is_named_exists_and_every_option_is_named():
    calls = (["grade"], *(["mark", "GRADES", name] for name in mark.commands))
    told = "".join(CliRunner().invoke(main, [*call, "--help"]).output for call in calls)
    options = set(re.findall(r"--[a-z-]+[a-z]", told)) - {"--help"}
    named = set(re.findall(r"(?<![a-z-])--[a-z-]+[a-z]", GUIDE + SANDBOX)) - {"--scope"}
    assert named == options


def test_every_file_that_is_named_is_written():
    written = {class_pages.CLASS_PAGE, f"{class_pages.FOLDER}/<student>.html", "grades.sqlite"}
    written |= {class_pages.CLASS_REPORT, "statistics.csv"}
    written |= {zip_name(name, "<exercise>") for name in (layouts.CANVAS, layouts.MOODLE)}
    written |= {"grades.csv", "tasks.csv", "canvas.csv"}
    written |= {f"{name}_<exercise>.csv" for name in exports.BY_EXERCISE}
    table = GUIDE.partition("| in GRADES |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([^`]+\.[a-z]+)`", table)) == written
    code = Path(exports.__file__).read_text(encoding="utf-8")
    assert "{name}_{exercise}.csv" in code


def test_every_column_of_a_roster_is_explained():
    table = GUIDE.partition("## Who is in the class")[2].partition("\n\nSomebody")[0]
    assert set(re.findall(r"`([a-z_]+)`(?=[^|]*\|[^|]*\|$)", table, re.M)) >= set(roster.COLUMNS)


def test_the_commands_for_marks_are_those_that_there_are():
    section = GUIDE.partition("## Marks by hand")[2].partition("\n## ")[0]
    shown = re.findall(r"^    .venv/bin/lr-course mark GRADES ([a-z]+)", section, re.M)
    assert set(shown) == set(mark.commands)
    table = section.partition("`marks.csv` has")[2].partition(". With")[0]
    columns = re.findall(r"`([a-z]+)`", table)
    assert set(columns) == {*mark_requests.COLUMNS, *adjustments.ACTIONS}


def test_the_programs_shown_are_python():
    for text in blocks("python"):
        compile(text, "guide", "exec")


def test_the_number_of_refused_calls():
    assert "some sixty more calls" in SANDBOX
    assert 62 <= len(seccomp.REFUSED) + len(("clone", "clone3", "ioctl")) <= 72


def test_the_demonstration_is_a_target_of_make():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^grade-demo: .*\n((?:\t.*\n)+)", makefile, re.M)[1]
    for text in (recipe, GUIDE):
        assert "python -m course_tools.grading.sample_class " in text
