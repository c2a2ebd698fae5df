"""Lesson 8's computations agree with the library's own tuning, and count what they are given."""

import numpy as np
import pytest

from course_lib import problems, schedules, theory
from course_lib.compare import Seeds, Verdict, compare
from course_lib.experiments.lesson08_runs import (
    BestShape,
    exact_verdicts,
    median_updates,
    tuned_exactly,
    verdict_counts,
)

QUADRATIC = problems.power_law_quadratic(4, noise_std=1.0)
POWERS = {p: lambda peak, n, p=p: schedules.polynomial(peak, n, power=p) for p in (1, 2, 3)}


def test_the_best_shape_of_a_family_is_the_best_of_its_members():
    family = tuned_exactly(QUADRATIC, {"all": {str(p): m for p, m in POWERS.items()}}, 60)["all"]
    each = {p: tuned_exactly(QUADRATIC, {"one": maker}, 60)["one"] for p, maker in POWERS.items()}
    best = min(each, key=lambda p: each[p].excess)
    assert family.shape == str(best)
    assert family.excess == pytest.approx(each[best].excess, rel=1e-12)
    assert each[1].shape == ""


def test_the_share_is_the_regret_over_the_least_loss():
    found = tuned_exactly(QUADRATIC, {"linear": schedules.linear}, 60)["linear"]
    rates = schedules.linear(found.peak_lr, 60)(np.arange(60))
    least = theory.expected_losses(QUADRATIC, theory.optimal_rates(QUADRATIC, 60))[-1]
    assert found.excess == pytest.approx(theory.regret(QUADRATIC, rates) / least)


def test_one_per_cent_of_the_loss_is_equal():
    shares = {"ours": 0.5, "near": 0.505, "far": 0.52, "low": 0.4}
    tuned = {name: BestShape("", 0.1, share) for name, share in shares.items()}
    words = exact_verdicts(tuned, "ours")
    assert words == {"near": Verdict.EQUAL, "far": Verdict.WORSE, "low": Verdict.BETTER}
    assert verdict_counts(words.values()) == {
        Verdict.BETTER: 1,
        Verdict.WORSE: 1,
        Verdict.EQUAL: 1,
        Verdict.OPEN: 0,
    }


def test_updates_to_the_own_best_are_those_of_the_run():
    found = compare(
        QUADRATIC,
        {"linear": schedules.linear, "constant": lambda peak, n: schedules.constant(peak)},
        peaks=[0.1, 0.3],
        total_steps=40,
        seeds=Seeds([0, 2], [1, 3, 5]),
        score_every=10,
        threshold=1e9,
    )
    reached, near = median_updates(found, share=0.05)
    assert reached.tolist() == [10, 10]  # every loss is below the threshold
    for s in range(2):
        firsts = [found.scored_at[run <= 1.05 * run.min()][0] for run in found.history[s]]
        assert near[s] == sorted(firsts)[1]
