"""Finds the best known schedule of every capstone problem, and writes both down.

The rates go to best_rates.json in course_tasks/capstone, what may be known to capstone.json in
course_lib. Run it as `python -m course_tools.capstone_search`: the course's own schedules, each
with its peak tuned, then a search over curves from the best of them. Problem a is solved exactly.
Names of problems on the command line search these alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np

from course_lib import capstone, theory
from course_lib.capstone import PROBLEMS, CapstoneProblem
from course_lib.schedules import Schedule, wsd
from course_lib.schedules.catalogue import FAMILIES
from course_tasks.capstone import my_schedules

_PEAKS = np.array([float(f"{peak:.3g}") for peak in 10 ** np.arange(-3.5, 1.01, 0.1)])
_KNOTS, _ROUNDS, _CHILDREN, _PARENTS = 25, 80, 24, 6
# Neither those of the trials nor those of the score; the valley's losses vary more.
_SEARCH_SEEDS = {"a": range(1), "b": range(200, 224), "c": range(200, 328)}
_FLOOR = 1e-4  # of the peak: the lowest rate of a curve that is searched


def tuned(problem: CapstoneProblem, shape: Callable[[float, int], Schedule]) -> tuple[float, float]:
    """Return the peak with the lowest loss on the search's seeds, and its loss on the score's."""
    steps = np.arange(problem.total_steps)
    rates = np.array([shape(peak, problem.total_steps)(steps) for peak in _PEAKS])
    best = int(np.argmin(problem.losses(rates, _SEARCH_SEEDS[problem.name])))
    return float(_PEAKS[best]), float(problem.score(rates[best][None])[0])


def best_trapezoid(problem: CapstoneProblem, peak: float) -> np.ndarray:
    """Return the rates of the best warmup, stable phase and straight decay near a peak."""
    n = problem.total_steps
    peaks = peak * np.geomspace(0.7, 1.4, 15)
    grid = product(peaks, (1, n // 50, n // 10), (n // 30, n // 15, n // 8, n // 4, n // 2))
    rates = np.array([wsd(top, warm, n, decay)(np.arange(n)) for top, warm, decay in grid])
    seeds = _SEARCH_SEEDS[problem.name]
    losses = [problem.losses(part, seeds) for part in np.array_split(rates, 20)]
    return rates[np.argmin(np.concatenate(losses))]


def searched(problem: CapstoneProblem, start: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the best rates that an evolution strategy finds from a start, shape (total_steps,)."""
    t = np.arange(problem.total_steps)
    knots = np.linspace(0, problem.total_steps - 1, _KNOTS)
    centre = np.interp(knots, t, np.log(np.maximum(start, _FLOOR * start.max())))
    spread = np.full(_KNOTS, 0.08)  # more, and near the limit of stability all diverge
    best, lowest = start, float(problem.losses(start[None], _SEARCH_SEEDS[problem.name])[0])
    for _ in range(_ROUNDS):
        children = centre + spread * rng.standard_normal((_CHILDREN, _KNOTS))
        children[0] = centre
        rates = np.exp([np.interp(t, knots, child) for child in children])
        losses = problem.losses(rates, _SEARCH_SEEDS[problem.name])
        order = np.argsort(losses)
        if losses[order[0]] < lowest:
            best, lowest = rates[order[0]], float(losses[order[0]])
        parents = children[order[:_PARENTS]]
        spread = 0.7 * spread + 0.3 * np.maximum(parents.std(axis=0), 0.01)
        centre = parents.mean(axis=0)
    return best


def _rounded(rates: np.ndarray | list[np.ndarray]) -> np.ndarray:
    """Return rates as they are written down; training feels even their sixth digit."""
    return np.vectorize(lambda rate: float(f"{rate:.6g}"))(rates)


def search(problem: CapstoneProblem) -> tuple[list[float], dict[str, object]]:
    """Return the best rates for a problem, and what `capstone.known` says of it."""
    course = {name: tuned(problem, shape) for name, shape in FAMILIES.items()}
    if problem.name == "a":
        best = theory.optimal_rates(capstone.QUADRATIC, problem.total_steps)
    else:
        rng, steps = np.random.default_rng(0), np.arange(problem.total_steps)
        leaders = sorted(course, key=lambda name: course[name][1])[:3]
        starts = [FAMILIES[name](course[name][0], problem.total_steps)(steps) for name in leaders]
        starts.append(best_trapezoid(problem, course["WSD"][0]))
        found = _rounded([*starts, *(searched(problem, start, rng) for start in starts)])
        best = found[np.argmin(problem.score(found))]  # so that 0 is the best score known
    rates = _rounded(best)
    loss = float(problem.score(rates[None])[0])
    return rates.tolist(), {
        "loss": float(f"{loss:.6g}"),
        "course": {name: [peak, float(f"{score:.6g}")] for name, (peak, score) in course.items()},
    }


def main() -> None:
    """Search the problems named on the command line, or all, and write what was found."""
    files = (
        Path(my_schedules.__file__).with_name("best_rates.json"),
        Path(capstone.__file__).with_name("capstone.json"),
    )
    rates, known = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    for name in sys.argv[1:] or PROBLEMS:
        rates[name], known[name] = search(PROBLEMS[name])
    for file, found in zip(files, (rates, known), strict=True):
        file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for name, facts in known.items():
        print(name, facts["loss"], dict(sorted(facts["course"].items(), key=lambda x: x[1][1])))


if __name__ == "__main__":
    main()
