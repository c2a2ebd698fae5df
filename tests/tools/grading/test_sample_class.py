"""The sample class: its right answers are right, its mistakes are known ones, its oddities odd."""

import contextlib
import hashlib
import io
import subprocess
import sys

import numpy as np
import pytest

import course_tasks
from course_tasks import answers_of, judge
from course_tools.grading import report
from course_tools.grading.box.kernels import WarmKernels
from course_tools.grading.intake.notebook import parse
from course_tools.grading.intake.preflight import preflight
from course_tools.grading.intake.submissions import submissions, take_in
from course_tools.grading.run.submission_grading import grade
from course_tools.grading.sample_class import writing as sample_class
from course_tools.grading.settings import Limits, Settings

TEXTS = sample_class._TEXTS
RIGHT = [
    (task, number)
    for texts in TEXTS.values()
    for task, sources in texts.RIGHT.items()
    for number in range(len(sources))
]
WRONG = [
    (task, mistake)
    for texts in TEXTS.values()
    for task, sources in texts.WRONG.items()
    for mistake in sources
]
SEEDS = (0, 3)


def texts_of(task):
    return next(texts for texts in TEXTS.values() if task in texts.RIGHT)


def verdict_on(name, source, seed):
    scope = {"np": np}
    cases = course_tasks.ALL[name].cases(seed)
    with contextlib.redirect_stdout(io.StringIO()):
        for piece in sample_class._pieces(source):
            exec(piece, scope)
        answers = answers_of(scope[name], cases)
    return judge(course_tasks.ALL[name], cases, answers)


@pytest.mark.parametrize(("task", "number"), RIGHT)
def test_right_answers_have_all_points(task, number):
    for seed in SEEDS:
        assert verdict_on(task, texts_of(task).RIGHT[task][number], seed).is_right


@pytest.mark.parametrize(("task", "mistake"), WRONG)
def test_mistakes_are_recognised(task, mistake):
    for seed in SEEDS:
        assert verdict_on(task, texts_of(task).WRONG[task][mistake], seed).misconception == mistake


@pytest.mark.parametrize("exercise", sample_class.EXERCISES)
def test_every_task_has_answers_of_both_kinds(exercise):
    texts, names = TEXTS[exercise], {task.name for task in course_tasks.EXERCISES[exercise]}
    assert set(texts.RIGHT) == set(texts.WRONG) == set(texts.OWN_CELLS) == names
    for name in names:
        assert len(texts.WRONG[name]) >= 2


@pytest.mark.parametrize("exercise", sample_class.EXERCISES)
def test_what_breaks_is_as_named(exercise):
    texts = TEXTS[exercise]
    with pytest.raises(SyntaxError, match="expected ':'"):
        compile(texts.SYNTAX_ERROR, "cell", "exec")
    compile(texts.ENDLESS_LOOP, "cell", "exec")


def digests(folder):
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime,
        )
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_arguments_give_the_same_files(tmp_path):
    for write in (sample_class.write_class, sample_class.ordinary):
        folder = tmp_path / write.__name__
        for name, seed in (("a", 1), ("b", 1), ("c", 2)):
            write(folder / name, 10, seed)
        assert digests(folder / "a") == digests(folder / "b")
        assert digests(folder / "a") != digests(folder / "c")


def test_a_class_has_a_folder_a_learner_and_two_of_one_name(tmp_path):
    sample_class.write_class(tmp_path, 24)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 24
    called = [name.removesuffix(" (group 2)") for name in names]
    assert len(set(called)) == 23
    everybody = str(sample_class._NAMES)
    assert {"'", "é", "ł", "李", "김", "م", "Ш"} <= set(everybody)
    for name in names:
        assert {path.name for path in (tmp_path / name).iterdir()} >= {
            "ex01_constant_lr.ipynb",
            "ex04_warmup.ipynb",
        }
    assert len(submissions(tmp_path)) == 2 * 24 + 1


def test_an_ordinary_class_has_nothing_odd_and_nothing_twice(tmp_path):
    sample_class.ordinary(tmp_path, 60)
    found = submissions(tmp_path)
    contents = [one.read(10**7) for one in found]
    assert len({one.student for one in found}) == len(set(contents)) == 60
    works = [parse(content) for content in contents]
    assert {work.exercise for work in works} == {"ex01_constant_lr"}
    texts = TEXTS["ex01_constant_lr"]
    right = {sample_class._pieces(s)[-1] for sources in texts.RIGHT.values() for s in sources}
    wrong = {
        sample_class._pieces(s)[-1] for sources in texts.WRONG.values() for s in sources.values()
    }
    cells = [cell for work in works for cell in work.cells if cell.task]
    assert len(cells) == 180
    share = sum(cell.source in right for cell in cells) / len(cells)
    assert 0.6 < share < 0.9
    assert sum(cell.source in wrong for cell in cells) > 10
    assert sum("raise NotImplementedError" in cell.source for cell in cells) > 3
    own = "\n".join(cell.source for work in works for cell in work.cells if not cell.task)
    assert "plt.plot" in own
    assert "print(" in own


@pytest.mark.parametrize("write", [sample_class.write_class, sample_class.ordinary])
def test_a_made_up_class_is_graded_without_a_question(tmp_path, write):
    """Otherwise the demonstration would stop at its first command."""
    write(tmp_path, 300 if write is sample_class.ordinary else 24)
    found = take_in(tmp_path)
    assert preflight(found, Settings().policy.attempts, Settings().late).questions == ()


def test_more_learners_than_names(tmp_path):
    names = sample_class._names(2_000, np.random.default_rng(0))
    assert len(set(names)) == 2_000


@pytest.fixture(scope="module")
def graded(needs_sandbox, tmp_path_factory):
    """The reports of a small class, by the file's place, graded in the sandbox."""
    folder = tmp_path_factory.mktemp("class")
    sample_class.write_class(folder / "in", students=6, seed=4)
    # Enough for an honest cell beside the other lanes of `make test`.
    settings = Settings(Limits(cell_seconds=10, task_seconds=6))
    warm = WarmKernels(settings.limits, ahead=True)
    found = {}
    for one in submissions(folder / "in"):
        found[one.place] = grade(one.read(10**7), settings, 5, warm)
    warm.close()
    return found


def test_each_oddity_is_seen_once(graded):
    states = [found.state for found in graded.values()]
    assert len(states) == 13
    assert states.count(report.UNREADABLE) == 2
    assert states.count(report.SUSPICIOUS) == 1
    assert states.count(report.PARTLY_GRADED) == 1
    assert states.count(report.GRADED) == 9
    outcomes = [task.outcome for found in graded.values() for task in found.tasks]
    assert outcomes.count(report.TIMED_OUT) == 1
    assert outcomes.count(report.MISSING) == 1  # the error of syntax


def test_of_two_attempts_the_second_is_better_and_later(tmp_path, graded):
    (second,) = (place for place in graded if "-Copy1" in place)
    first = second.replace("-Copy1", "")
    assert graded[second].reached == graded[second].possible > graded[first].reached
    sample_class.write_class(tmp_path, students=6, seed=4)
    assert (tmp_path / second).stat().st_mtime > (tmp_path / first).stat().st_mtime


def test_reports_of_the_rest_say_what_their_texts_are(graded):
    known = {mistake for _, mistake in WRONG}
    told = [task.misconception for found in graded.values() for task in found.tasks]
    assert known & set(told)
    assert {name for name in told if name} <= known


def run_command(*arguments):
    command = [sys.executable, "-m", "course_tools.grading.sample_class", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_command_writes_a_class_of_24(tmp_path):
    assert run_command(str(tmp_path / "class")).returncode == 0
    assert len(list((tmp_path / "class").iterdir())) == 24


@pytest.mark.parametrize("arguments", [(), ("one", "two")])
def test_the_command_takes_one_folder(arguments):
    run = run_command(*arguments)
    assert run.returncode == 1
    assert run.stderr == "usage: python -m course_tools.grading.sample_class FOLDER\n"


def test_a_folder_that_holds_something_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(ValueError, match=r"is not empty: name a new folder"):
        sample_class.write_class(tmp_path)
    with pytest.raises(ValueError, match=r"thesis.txt is no folder"):
        sample_class.ordinary(tmp_path / "thesis.txt", 3)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda f: sample_class.write_class(f, students=5),
            "students must be at least 6, .* got 5",
        ),
        (lambda f: sample_class.ordinary(f, 0), "students must be at least 1, got 0"),
        (lambda f: sample_class.ordinary(f, 3, exercises=["ex99"]), "ex04_warmup, got 'ex99'"),
        (lambda f: sample_class.ordinary(f, 3, exercises=[]), "ex04_warmup, got none"),
    ],
)
def test_bad_arguments_write_nothing(tmp_path, call, said):
    with pytest.raises(ValueError, match=said):
        call(tmp_path / "new")
    assert not (tmp_path / "new").exists()
