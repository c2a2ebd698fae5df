"""Explorers without a browser: every control over its range, the words, and the figure."""

import pytest

from course_lib import explorers
from tests.lib.explorers.moving import moved_over_its_range


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ((0.6, 4.0, 0.0), ["ηλ = 2.40 ≥ 2", "by -1.40", "runs away", "η = 0.5"]),
        ((0.25, 4.0, 0.0), ["ηλ = 1.00: one step lands on the minimum."]),
        ((0.4, 4.0, 1.0), ["by -0.60", "changes sides", "halves in 1.4 steps", "loss at 0.5"]),
        ((0.05, 4.0, 0.0), ["by 0.80", "stays on its side", "halves in 3.1 steps"]),
    ],
)
def test_a_constant_rate_is_put_in_words(setting, words):
    sentence = explorers.describe_constant_rate(*setting)
    for part in words:
        assert part in sentence


def test_every_move_of_the_constant_rate_is_shown():
    panel = explorers.constant_rate()
    assert list(panel.controls) == ["rate", "curvature", "noise_std"]
    for name in panel.controls:
        pictures = moved_over_its_range(panel, name)
        assert len(set(pictures)) == len(pictures)
