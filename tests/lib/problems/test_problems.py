"""Seeded data: the same on every machine, split as said, and no better than its floors."""

import subprocess
import sys

import numpy as np
import pytest

from course_lib import problems
from course_lib.problems import Classification

SPIRALS = problems.spirals()
DIGITS = problems.digits()


def same(one, other):
    return np.array_equal(one.inputs, other.inputs) and np.array_equal(one.labels, other.labels)


def test_spirals_are_the_same_on_every_machine():
    # RandomState's stream is frozen by NumPy; these are the first and last points of seed 0.
    assert SPIRALS.inputs.shape == (300, 2)
    assert np.bincount(SPIRALS.labels).tolist() == [100, 100, 100]
    radius = np.hypot(*SPIRALS.inputs.T).reshape(3, 100)
    assert np.allclose(radius, np.linspace(0.2, 1.0, 100))
    draws = 0.25 * np.random.RandomState(0).randn(300)
    first, last = draws[0], 12 + draws[-1]
    assert SPIRALS.inputs[0] == pytest.approx([0.2 * np.cos(first), 0.2 * np.sin(first)])
    assert SPIRALS.inputs[-1] == pytest.approx([np.cos(last), np.sin(last)])
    assert SPIRALS.inputs[-1] == pytest.approx([0.8898150416, -0.4563213689])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"per_class": 0}, "per_class"), ({"noise": -1.0}, "noise"), ({"seed": -1}, "seed")],
)
def test_bad_spirals_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        problems.spirals(**arguments)


def bayes_chances(data, noise, label_noise):
    """What a point's place says about its label, from the generator's density, term by term."""
    radius, angle = np.hypot(*data.inputs.T), np.arctan2(data.inputs[:, 1], data.inputs[:, 0])
    density = np.zeros((len(data), 3))
    for arm in range(3):
        centre = 4 * arm + 4 * (radius - 0.2) / 0.8
        for laps in range(-8, 9):
            density[:, arm] += np.exp(-0.5 * ((angle - centre + 2 * np.pi * laps) / noise) ** 2)
    right = density / density.sum(axis=1, keepdims=True)
    return (1 - label_noise) * right + label_noise / 2 * (1 - right)


@pytest.mark.parametrize(
    ("noise", "label_noise"), [(0.25, 0.2), (0.5, 0.0), (1.0, 0.2), (0.7, 0.6), (1e-3, 0.1)]
)
def test_the_floors_are_what_the_best_classifier_gets(noise, label_noise):
    data = problems.noisy_spirals(
        noise=noise, label_noise=label_noise, held_out_per_class=60_000, seed=1
    )
    chances = bayes_chances(data.held_out, noise, label_noise)
    wrong = chances.argmax(axis=1) != data.held_out.labels
    losses = -np.log(chances[np.arange(len(wrong)), data.held_out.labels])
    for measured, floor in [(wrong, data.error_floor), (losses, data.loss_floor)]:
        assert abs(measured.mean() - floor) < 4 * measured.std() / np.sqrt(len(wrong)) + 1e-12


def test_the_floors_of_the_defaults_and_of_the_ends():
    data = problems.noisy_spirals()
    assert (data.error_floor, data.loss_floor) == pytest.approx((0.2001, 0.6392), abs=5e-5)
    clean = problems.noisy_spirals(label_noise=0.0)
    assert (clean.error_floor, clean.loss_floor) == pytest.approx((0.0002, 0.0006), abs=5e-5)
    exact = problems.noisy_spirals(noise=0.0, label_noise=0.1)
    entropy = -0.9 * np.log(0.9) - 0.1 * np.log(0.05)
    assert (exact.error_floor, exact.loss_floor) == pytest.approx((0.1, entropy), abs=1e-12)
    blurred = problems.noisy_spirals(noise=2 * np.pi)
    assert (blurred.error_floor, blurred.loss_floor) == pytest.approx((2 / 3, np.log(3)), abs=1e-6)


def test_a_share_of_the_labels_is_wrong_and_both_wrong_labels_are_as_likely():
    data = problems.noisy_spirals(per_class=20_000, held_out_per_class=30_000, label_noise=0.3)
    for part in (data, data.held_out):
        shift = (part.labels - np.repeat(np.arange(3), len(part) // 3)) % 3
        share = np.bincount(shift, minlength=3) / len(part)
        assert share == pytest.approx([0.7, 0.15, 0.15], abs=0.008)


def test_the_noisy_spirals_are_the_spirals_and_their_held_out_points_are_others():
    data = problems.noisy_spirals(100, noise=0.5, held_out_per_class=100, seed=3)
    assert np.array_equal(data.inputs, problems.spirals(100, 0.5, seed=3).inputs)
    assert not np.intersect1d(data.inputs, data.held_out.inputs).size
    assert same(data, problems.noisy_spirals(100, noise=0.5, held_out_per_class=7, seed=3))
    assert not same(data, problems.noisy_spirals(100, noise=0.5, held_out_per_class=100, seed=4))
    assert len(problems.noisy_spirals()) == 900
    assert len(problems.noisy_spirals().held_out) == 3000
    clean = problems.noisy_spirals(50, label_noise=0.0)
    assert clean.labels.tolist() == [0] * 50 + [1] * 50 + [2] * 50
    assert len({data.name, data.held_out.name, SPIRALS.name}) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"per_class": 0}, "per_class must be >= 1, got 0"),
        ({"held_out_per_class": 0}, "held_out_per_class must be >= 1, got 0"),
        ({"noise": 7.0}, "noise must be finite, >= 0 and <= 6.28"),
        ({"label_noise": 2 / 3}, "label_noise must be < 2/3, got 0.666"),
        ({"label_noise": -0.1}, "label_noise must be finite, >= 0"),
        ({"seed": -1}, "seed must be >= 0"),
    ],
)
def test_bad_noisy_spirals_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        problems.noisy_spirals(**arguments)


def test_digits_are_scaled_and_split_as_said():
    assert DIGITS.inputs.shape == (1437, 64)
    assert DIGITS.held_out.inputs.shape == (360, 64)
    assert DIGITS.inputs.dtype == DIGITS.held_out.inputs.dtype == np.float64
    assert DIGITS.labels.dtype == np.int64
    assert (DIGITS.inputs.min(), DIGITS.inputs.max()) == (0, 1)
    assert np.bincount(DIGITS.held_out.labels).tolist() == [36] * 10
    counts = np.bincount(DIGITS.labels)
    assert (len(counts), counts.min(), counts.max(), DIGITS.classes) == (10, 138, 147, 10)
    assert DIGITS.error_floor is DIGITS.loss_floor is None


@pytest.mark.parametrize(("seed", "per_class"), [(0, 36), (5, 1), (5, 173)])
def test_every_digit_is_on_one_side_only_and_keeps_its_label(seed, per_class):
    from sklearn.datasets import load_digits

    data = problems.digits(seed, per_class)
    images, labels = load_digits(return_X_y=True)
    rows = {(*image, label) for image, label in zip(images, labels, strict=True)}
    assert len(rows) == 1797  # no image comes twice, so rows tell them apart
    parts = [
        {(*(16 * image), label) for image, label in zip(part.inputs, part.labels, strict=True)}
        for part in (data, data.held_out)
    ]
    assert parts[0] | parts[1] == rows
    assert len(data.held_out) == len(parts[1]) == 10 * per_class
    assert len(data) == len(parts[0]) == 1797 - 10 * per_class


def test_digits_are_split_by_the_seed_and_by_numpys_frozen_stream():
    assert same(DIGITS, problems.digits(0))
    assert same(DIGITS.held_out, problems.digits(0).held_out)
    assert not same(DIGITS.held_out, problems.digits(1).held_out)
    # The split as the docstring tells it, from the first digit's images alone.
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    zeros = np.flatnonzero(labels == 0)
    held_out = np.sort(np.random.RandomState(0).permutation(zeros)[:36])
    ours = DIGITS.held_out.inputs[DIGITS.held_out.labels == 0]
    assert np.array_equal(ours, images[held_out] / 16)
    assert held_out[:5].tolist() == [36, 48, 55, 72, 178]


def test_what_is_done_to_the_digits_stays_with_the_caller():
    problems.digits().inputs[:] = 7.0
    assert same(problems.digits(), DIGITS)


def test_digits_load_scikit_learn_only_when_asked_for():
    code = "import sys, course_lib.problems; print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"held_out_per_class": 0}, ValueError, "held_out_per_class must be >= 1, got 0"),
        ({"held_out_per_class": 174}, ValueError, "held_out_per_class must be < 174.*got 174"),
        ({"held_out_per_class": 0.2}, TypeError, "held_out_per_class must be a whole number"),
        ({"seed": -1}, ValueError, "seed must be >= 0, got -1"),
    ],
)
def test_bad_digits_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        problems.digits(**arguments)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"inputs": np.zeros(3)}, ValueError, r"inputs must have shape \(examples, features\)"),
        ({"labels": np.zeros(4, int)}, ValueError, r"got \(3, 2\) and \(4,\)"),
        ({"inputs": np.full((3, 2), np.nan)}, ValueError, "inputs must be finite"),
        ({"labels": np.zeros(3)}, TypeError, "labels must be whole numbers, got float64"),
        ({"labels": np.array([0, 1, 2])}, ValueError, r"labels must be 0 … 1 .* got 0 … 2"),
        ({"labels": np.array([0, 1, -1])}, ValueError, r"labels must be 0 … 1 .* got -1 … 1"),
        ({"classes": 1}, ValueError, "classes must be >= 2, got 1"),
    ],
)
def test_data_that_does_not_fit_together_is_refused(change, error, message):
    good = {"inputs": np.zeros((3, 2)), "labels": np.array([0, 1, 1]), "classes": 2, "name": "x"}
    with pytest.raises(error, match=message):
        Classification(**good | change)
