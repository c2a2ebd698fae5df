"""Random mistakes, each made for real in a loop, are named, and nothing wrong is as planned.

`python -m tests.lib.diagnose.random_mistakes --cases 5000` tries more of them and prints which are
confused.
"""

from functools import cache

import pytest

from tests.lib.diagnose.mistaken_runs import MISTAKES
from tests.lib.diagnose.random_mistakes import judged, random_case

made = cache(random_case)


@pytest.mark.parametrize("block", range(4))
def test_random_mistakes_are_named_and_nothing_wrong_is_as_planned(block):
    verdicts = [judged(made(seed))[0] for seed in range(block * 25, block * 25 + 25)]
    assert "as planned" not in verdicts
    assert "false alarm" not in verdicts
    assert verdicts.count("right") >= 22, verdicts


def test_every_mistake_is_among_the_random_cases():
    missing = set(MISTAKES)
    for seed in range(200):
        missing.discard(made(seed).name)
        if len(missing) <= 2:
            return
    pytest.fail(f"not among 200 cases: {missing}")
