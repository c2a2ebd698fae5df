"""The capstone: the best known curves, the scores, the trials and the leaderboard."""

import numpy as np
import pytest

from course_lib import schedules, theory
from course_lib.capstone import PROBLEMS, QUADRATIC, Trials, known, leaderboard, rates_of, regret
from course_lib.schedules.catalogue import FAMILIES
from course_tasks import ALL, judge
from course_tasks.capstone.my_schedules import best_rates

NAMES = list(PROBLEMS)


def verdict(name, rates):
    task = ALL[f"my_schedule_{name}"]
    return judge(task, task.cases(), [rates])


def course_rates(name, shape):
    steps = PROBLEMS[name].total_steps
    return FAMILIES[shape](known()[name]["course"][shape][0], steps)(np.arange(steps))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_known_is_what_the_runs_give(name):
    facts = known()[name]
    best = PROBLEMS[name].score(best_rates(name)[None])[0]
    assert best == pytest.approx(facts["loss"], rel=1e-3)
    for shape in ("constant", "cosine", "WSD"):
        loss = PROBLEMS[name].score(course_rates(name, shape)[None])[0]
        assert loss == pytest.approx(facts["course"][shape][1], rel=2e-3)
    assert list(facts["course"]) == list(FAMILIES)
    assert facts["loss"] <= min(loss for _, loss in facts["course"].values())


def test_the_best_of_problem_a_is_exact():
    best = theory.optimal_rates(QUADRATIC, PROBLEMS["a"].total_steps)
    exact = PROBLEMS["a"].score(best[None])[0]
    assert known()["a"]["loss"] == pytest.approx(exact, rel=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_peaks_of_the_course_lie_inside_what_was_searched(name):
    for shape, (peak, _) in known()[name]["course"].items():
        assert 10**-3.4 < peak < 10, shape


@pytest.mark.parametrize("name", NAMES)
def test_points_fall_with_the_regret(name):
    best, constant = best_rates(name), course_rates(name, "constant")
    found = verdict(name, best)
    assert found.is_right
    assert found.points == 5
    middle = verdict(name, constant)
    assert middle.points == pytest.approx(5 * 1 / 1.95, abs=0.03)
    assert "regret 1.00" in middle.scores[0].sentence
    assert verdict(name, constant / 100).points == 0
    lost = verdict(name, np.full_like(best, 50.0))
    assert lost.points == 0
    assert lost.scores[0].sentence.endswith("training diverges") or name == "b"


def changes(rates):
    """Twenty changes of a curve, each of which a score should feel."""
    t = np.linspace(0, 1, len(rates))
    yield from (factor * rates for factor in (0.25, 0.5, 0.7, 1.6, 2.5, 4))
    yield from (np.roll(rates, len(rates) // part) for part in (2, 3, 4))
    yield from (np.full_like(rates, level * rates.max()) for level in (0.03, 0.1, 0.3, 0.6))
    yield np.sort(rates)
    yield from (rates * np.where(t < share, 0.02, 1.0) for share in (0.3, 0.6))
    yield from (np.where(t > share, 0.0, rates) for share in (0.4, 0.7))
    yield rates * np.where(t > 0.95, 12.0, 1.0)
    yield np.zeros_like(rates)


@pytest.mark.parametrize("name", NAMES)
def test_twenty_changes_of_the_best_curve_lose_points(name):
    best = best_rates(name)
    worths = [verdict(name, rates).points for rates in changes(best)]
    assert len(worths) == 20
    assert max(worths) < 5


@pytest.mark.parametrize(
    ("rates", "words"),
    [
        (np.full(400, -0.1), "a rate is negative"),
        (np.full(400, np.nan), "finite numbers of shape (400,)"),
        (np.ones(399), "finite numbers of shape (400,)"),
        (0.1, "finite numbers of shape (400,)"),
        (None, "finite numbers of shape (400,)"),
        (np.full(400, 1e300), "training diverges"),
    ],
)
def test_what_cannot_be_trained_gets_nothing_and_a_sentence(rates, words):
    found = verdict("a", rates)
    assert found.points == 0
    assert words in found.scores[0].sentence


def test_a_trial_trains_on_other_seeds_and_they_run_out():
    trial = Trials("b", budget=2)
    loss = trial(schedules.constant(0.03))
    assert loss == pytest.approx(trial.problem.losses(np.full((1, 300), 0.03), range(8))[0])
    assert loss != trial.problem.score(np.full((1, 300), 0.03))[0]
    with pytest.raises(ValueError, match=r"one rate for each of the 300 steps.*\(3,\)"):
        trial(lambda step: np.ones(3))
    with pytest.raises(ValueError, match="rates"):
        trial(lambda step: -np.ones(300))
    assert trial.left == 1
    trial(schedules.constant(0.1))
    with pytest.raises(RuntimeError, match="no trial is left for problem b"):
        trial(schedules.constant(0.1))


def test_seeds_of_trials_and_of_the_score_are_apart():
    for problem in PROBLEMS.values():
        assert not set(problem.trial_seeds) & set(problem.score_seeds)


def test_an_unknown_problem_is_named():
    with pytest.raises(ValueError, match=r"\['a', 'b', 'c'\], got 'd'"):
        Trials("d")


def test_the_leaderboard_ranks_and_leaves_out_what_is_not_written(capsys):
    def stub(step):
        raise NotImplementedError

    leaderboard(a=stub)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + len(FAMILIES) + 1
    assert lines[-1].split() == ["yours", "–", "–", "–", "–"]
    means = [float(line.split()[-1]) for line in lines[2:-1]]
    assert means == sorted(means)
    constant = next(line for line in lines if line.startswith("constant"))
    assert constant.split() == ["constant", "1.00", "1.00", "1.00", "1.00"]
    leaderboard(a=lambda step: 1 / 0, b=lambda step: [1.0])
    out = capsys.readouterr().out
    assert "a: cannot be run (ZeroDivisionError: division by zero)" in out
    assert "b: cannot be run (ValueError: a schedule must return one rate for each" in out
    assert len(out.splitlines()) == 2 + 2 + len(FAMILIES) + 1
    mine = {name: lambda step, name=name: best_rates(name) for name in NAMES}
    leaderboard(**mine)
    first = capsys.readouterr().out.splitlines()[2].split()
    assert first[0] == "yours"
    assert [abs(float(cell)) for cell in first[1:]] == [0] * 4


def test_rates_of_takes_any_array_like():
    assert rates_of(lambda step: [0.1] * len(step), PROBLEMS["a"]).shape == (400,)
    assert regret("a", known()["a"]["loss"]) == 0
