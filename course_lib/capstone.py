"""The capstone's three problems: trials of a schedule on each, its score and its regret."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from course_lib import problems, theory, training
from course_lib.validation import check_table

_RUN_AWAY = 1e6  # loss

#: A function from the steps 0 … total_steps - 1, an array, to their rates.
Rates = Callable[[np.ndarray], np.ndarray]

QUADRATIC = problems.power_law_quadratic(40, exponent=1.2, noise_std=1.5, batch_size=4)
_VALLEY = problems.RiverValley()


@dataclass(frozen=True)
class CapstoneProblem:
    """A training problem with a fixed number of updates.

    Attributes:
        name: "a", "b" or "c".
        total_steps: the budget of updates.
        losses: rates, shape (R, total_steps), and seeds -> final losses, shape (R,), mean over
            seeds; infinite where a run diverges.
        trial_seeds: seeds of the runs in which a schedule is tried out.
        score_seeds: different seeds, of the runs in which it is scored.

    >>> problem = PROBLEMS["a"]
    >>> problem.total_steps
    400
    >>> f"{problem.score(np.full((1, 400), 0.05))[0]:.3f}"
    '0.154'
    """

    name: str
    total_steps: int
    losses: Callable[[np.ndarray, Sequence[int]], np.ndarray]
    trial_seeds: range
    score_seeds: range

    def score(self, rates: np.ndarray) -> np.ndarray:
        """Return the losses that count, shape (R,), of rates of shape (R, total_steps)."""
        return self.losses(rates, self.score_seeds)


def _quadratic_losses(rates: np.ndarray, seeds: Sequence[int]) -> np.ndarray:
    """Return expected losses, which are exact and do not depend on seeds."""
    with np.errstate(over="ignore", invalid="ignore"):
        return _finite(theory.expected_losses(QUADRATIC, rates)[:, -1])


@cache
def _spirals() -> training.Workload:
    """Return the workload of problem b; making it loads SciPy, which most exercises do not need."""
    return training.Workload(
        problems.noisy_spirals(seed=3),
        training.Mlp((32, 32)),  # in double precision no processor rounds a score apart
        training.Sgd(momentum=0.9),
        16,
    )


def _network_losses(rates: np.ndarray, seeds: Sequence[int]) -> np.ndarray:
    every = np.repeat(rates, len(seeds), axis=0)
    runs = training.train(_spirals(), every, list(seeds) * len(rates), jobs=1, progress=False)
    return _finite(runs.held_out_loss[:, -1].reshape(len(rates), len(seeds)).mean(axis=1))


def _valley_losses(rates: np.ndarray, seeds: Sequence[int]) -> np.ndarray:
    every = np.repeat(rates, len(seeds), axis=0)
    paths = problems.walk(_VALLEY, every, _VALLEY.start, 1.0, list(seeds) * len(rates))
    with np.errstate(over="ignore", invalid="ignore"):
        losses = _VALLEY.loss(paths[:, -1])
    return _finite(losses.reshape(len(rates), len(seeds)).mean(axis=1))


def _finite(losses: np.ndarray) -> np.ndarray:
    """Return losses, infinite where the run has diverged."""
    return np.where(losses < _RUN_AWAY, losses, np.inf)


PROBLEMS: Mapping[str, CapstoneProblem] = {
    "a": CapstoneProblem("a", 400, _quadratic_losses, range(8), range(100, 116)),
    "b": CapstoneProblem("b", 300, _network_losses, range(8), range(100, 116)),
    "c": CapstoneProblem("c", 600, _valley_losses, range(32), range(1000, 1256)),
}


class Trials:
    """A limited number of runs on which a schedule can be tried out.

    Attributes:
        problem: problem that the schedules are tried on.
        left: trials that are left.

    >>> trial = Trials("a", budget=2)
    >>> loss = trial(lambda step: 0.1 * (1 - step / 400))
    >>> trial.left
    1
    """

    def __init__(self, name: str, budget: int = 20) -> None:
        """Begin with the whole budget.

        Raises:
            ValueError: there is no problem of this name.
        """
        self.problem, self.left = _problem(name), budget

    def __call__(self, schedule: Rates) -> float:
        """Train with a schedule, on seeds that are not those of the score; return the final loss.

        Args:
            schedule: function that is called once, with all steps in an array.

        Raises:
            RuntimeError: no trial is left.
            ValueError: the rates are not finite numbers >= 0, one a step; costs no trial.
        """
        if not self.left:
            raise RuntimeError(f"no trial is left for problem {self.problem.name}")
        rates = rates_of(schedule, self.problem)
        self.left -= 1
        return float(self.problem.losses(rates[None], self.problem.trial_seeds)[0])


def rates_of(schedule: Rates, problem: CapstoneProblem) -> np.ndarray:
    """Return the rates of a schedule on a problem, shape (total_steps,).

    Raises:
        ValueError: they are not finite numbers >= 0, one a step.

    >>> rates_of(lambda step: 0.1 * (1 - step / 400), PROBLEMS["a"])[[0, 200]].tolist()
    [0.1, 0.05]
    """
    rates = np.asarray(schedule(np.arange(problem.total_steps)))
    if rates.shape != (problem.total_steps,):
        raise ValueError(
            f"a schedule must return one rate for each of the {problem.total_steps} steps, "
            f"got the shape {rates.shape}"
        )
    return check_table("rates", rates[None])[0]


@cache
def known() -> dict[str, dict]:
    """Return the known results for each problem: the lowest loss, and the course's schedules.

    Of each problem: "loss", the lowest; "course", schedule -> [tuned peak, loss]. Found by
    `python -m course_tools.capstone_search`, with the best rates, which stay with the answers.

    >>> sorted(known()["a"]["course"])[:3]
    ['1-cycle', 'WSD', 'constant']
    """
    file = resources.files("course_lib") / "capstone.json"
    return json.loads(file.read_text(encoding="utf-8"))


def regret(name: str, loss: float) -> float:
    """Return how much a loss is above the best known, in units of the tuned constant's regret.

    0 is the best known schedule and 1 the best constant rate; below 0 it beats every known
    schedule.

    >>> loss = known()["a"]["course"]["constant"][1]
    >>> regret("a", loss)
    1.0
    """
    facts = known()[_problem(name).name]
    return (loss - facts["loss"]) / (facts["course"]["constant"][1] - facts["loss"])


def leaderboard(**schedules: Rates) -> None:
    """Print the regrets of the course's own schedules, each at its best peak, and of yours.

    Args:
        schedules: schedule of each problem: `a=my_schedule_a`. A stub that is not written yet is
            left out; of one that cannot be run the error is printed.

    >>> leaderboard(a=lambda step: 0.1 * (1 - step / 400))  # doctest: +ELLIPSIS
    regret: 0 is the best known schedule, 1 the best constant rate
    schedule, at its best peak ...
    yours                           2.02       –       –       –
    """
    rows = {
        shape: {name: regret(name, facts["course"][shape][1]) for name, facts in known().items()}
        for shape in known()["a"]["course"]
    }
    rows["yours"] = {}
    for name, schedule in schedules.items():
        try:
            rows["yours"][name] = _own_regret(name, schedule)
        except NotImplementedError:
            continue
        except Exception as error:  # the learner's own; the other problems are shown all the same
            print(f"{name}: cannot be run ({type(error).__name__}: {error})")
    print("regret: 0 is the best known schedule, 1 the best constant rate")
    print(f"{'schedule, at its best peak':28}{''.join(f'{name:>8}' for name in PROBLEMS)}    mean")
    for shape, values in sorted(rows.items(), key=lambda row: _mean(row[1])):
        cells = "".join(
            f"{values[name]:8.2f}" if name in values else f"{'–':>8}" for name in PROBLEMS
        )
        mean = f"{_mean(values):8.2f}" if len(values) == len(PROBLEMS) else f"{'–':>8}"
        print(f"{shape:28}{cells}{mean}")


def _own_regret(name: str, schedule: Rates) -> float:
    problem = _problem(name)
    rates = rates_of(schedule, problem)
    return regret(name, float(problem.score(rates[None])[0]))


def _mean(values: Mapping[str, float]) -> float:
    return float(np.mean(list(values.values()))) if len(values) == len(PROBLEMS) else np.inf


def _problem(name: str) -> CapstoneProblem:
    if name not in PROBLEMS:
        raise ValueError(f"problem must be one of {list(PROBLEMS)}, got {name!r}")
    return PROBLEMS[name]
