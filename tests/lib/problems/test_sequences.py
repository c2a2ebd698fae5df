"""Associative recall: its answers stand in the sequence, and no n-gram model can find them."""

import itertools
import math

import numpy as np
import pytest

from course_lib import problems
from course_lib.problems import Sequences, associative_recall

DATA = associative_recall()


def scored(data):
    """Rows and places of the scored positions, and the tokens to predict there."""
    rows, places = np.nonzero(data.targets >= 0)
    return rows, places, data.targets[rows, places]


def ngram_scores(data, order, alpha=1.0):
    """Held-out loss and accuracy of an n-gram model with interpolated backoff.

    p_n(v | context) = (count(context, v) + alpha * p_{n-1}(v)) / (count(context) + alpha), from a
    uniform p_0 over the vocabulary; fitted to what follows the scored positions of `data`.
    """
    train, test = scored(data), scored(data.held_out)
    p = np.full((len(test[0]), data.vocabulary), 1 / data.vocabulary)
    for n in range(1, order + 1):
        codes = [
            sum(part.tokens[rows, places - back] * data.vocabulary**back for back in range(n - 1))
            + np.zeros(len(rows), dtype=int)
            for part, (rows, places, _) in ((data, train), (data.held_out, test))
        ]
        contexts, where = np.unique(np.concatenate(codes), return_inverse=True)
        counts = np.zeros((len(contexts), data.vocabulary))
        np.add.at(counts, (where[: len(codes[0])], train[2]), 1)
        seen = counts[where[len(codes[0]) :]]
        p = (seen + alpha * p) / (seen.sum(axis=1, keepdims=True) + alpha)
    at_answer = p[np.arange(len(p)), test[2]]
    return -np.log(at_answer).mean(), (p.argmax(axis=1) == test[2]).mean()


@pytest.mark.parametrize("order", range(1, 7))
@pytest.mark.parametrize("alpha", [1.0, 100.0])
def test_ngrams_only_guess(order, alpha):
    assert DATA.ngram_order == 6
    loss, accuracy = ngram_scores(DATA, order, alpha)
    chance = 1 / 4
    noise = math.sqrt(chance * (1 - chance) / (512 * 6))
    assert abs(accuracy - chance) < 4 * noise
    assert loss > DATA.ngram_loss - 0.01  # a guess that is fitted too closely may cost more
    if alpha == 100.0:  # with enough smoothing it costs nothing
        assert loss < DATA.ngram_loss + 0.02


def test_the_same_ngram_model_finds_answers_that_are_near():
    # So the model of the test above can find answers, if they are there.
    near = associative_recall(keys=3, gap=1)
    assert near.ngram_order == 2
    guess, found = ngram_scores(near, 2), ngram_scores(near, 4)
    assert guess == pytest.approx((near.ngram_loss, 0.25), abs=0.04)
    assert found[0] < near.ngram_loss - 0.1
    assert found[1] > 0.35


def test_answers_stand_in_the_first_half():
    for data in (DATA, DATA.held_out):
        assert data.tokens.shape == data.targets.shape == (len(data), 24)
        shown = {
            (row, key): value
            for row, sequence in enumerate(data.tokens)
            for key, value in sequence[:12].reshape(6, 2).tolist()
        }
        rows, places, answers = scored(data)
        assert (places.reshape(-1, 6) == np.arange(12, 24, 2)).all()
        assert (data.tokens[rows, places + 1] == answers).all()
        asked = data.tokens[rows, places]
        assert [shown[pair] for pair in zip(rows.tolist(), asked.tolist(), strict=True)] == list(
            answers
        )
    assert (DATA.loss_floor, DATA.ngram_loss) == (0.0, math.log(4))


def test_keys_come_once_in_each_half_and_values_evenly():
    halves = DATA.tokens[:, 0::2].reshape(-1, 6)
    assert (np.sort(halves, axis=1) == np.arange(6)).all()
    values = DATA.tokens[:, 1:12:2]
    counts = np.bincount(values.ravel(), minlength=10)
    assert counts[:6].sum() == 0
    expected = values.size / 4
    assert np.abs(counts[6:] - expected).max() < 4 * math.sqrt(expected)
    # Independent of each other and of the key: each pair of neighbours is as likely as any.
    pairs = np.bincount((values[:, 0] - 6) * 4 + values[:, 1] - 6, minlength=16)
    assert np.abs(pairs - len(DATA) / 16).max() < 4 * math.sqrt(len(DATA) / 16)


@pytest.mark.parametrize("gap", [1, 2, 3, 4])
def test_all_orders_that_keep_the_gap_are_equally_likely(gap):
    data = associative_recall(examples=6000, keys=4, gap=gap, held_out=1)
    order = data.tokens[:, 0::2]
    place = np.argsort(order[:, :4], axis=1)  # of each key in the first half
    second = np.take_along_axis(place, order[:, 4:], axis=1)
    allowed = [
        way
        for way in itertools.permutations(range(4))
        if all(4 + i - p >= gap for i, p in enumerate(way))
    ]
    found, counts = np.unique(second, axis=0, return_counts=True)
    assert sorted(map(tuple, found.tolist())) == allowed
    expected = 6000 / len(allowed)
    assert np.abs(counts - expected).max() <= 4.5 * math.sqrt(expected)
    firsts = np.unique(order[:, :4], axis=0, return_counts=True)[1]
    assert len(firsts) == 24
    assert np.abs(firsts - 250).max() < 4.5 * math.sqrt(250)


def test_the_seed_fixes_the_numbers():
    again = associative_recall()
    assert (again.tokens == DATA.tokens).all()
    assert (again.held_out.targets == DATA.held_out.targets).all()
    assert (associative_recall(seed=1).tokens != DATA.tokens).any()
    # RandomState's stream is frozen by NumPy: the first sequence of seed 0.
    assert DATA.tokens[0].tolist() == FIRST
    assert (len(DATA), len(DATA.held_out), DATA.vocabulary) == (2048, 512, 10)
    assert DATA.held_out.held_out is None


FIRST = [3, 6, 2, 7, 4, 9, 1, 9, 0, 6, 5, 9, 3, 6, 0, 6, 5, 9, 4, 9, 2, 7, 1, 9]


def test_other_sizes():
    data = associative_recall(examples=5, keys=3, values=7, gap=2, held_out=4, seed=9)
    assert data.tokens.shape == (5, 12)
    assert data.held_out.tokens.shape == (4, 12)
    assert (data.vocabulary, data.ngram_order) == (10, 4)
    assert data.ngram_loss == data.held_out.ngram_loss == math.log(7)
    assert data.tokens[:, 1::2].min() >= 3


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"examples": 0}, ValueError, "examples must be >= 1, got 0"),
        ({"keys": 1}, ValueError, "keys must be >= 2, got 1"),
        ({"values": 1}, ValueError, "values must be >= 2, got 1"),
        ({"held_out": 0}, ValueError, "held_out must be >= 1, got 0"),
        ({"gap": 0}, ValueError, "gap must be >= 1, got 0"),
        ({"gap": 7}, ValueError, "gap must be <= the 6 keys, got 7"),
        ({"seed": -1}, ValueError, "seed must be >= 0, got -1"),
        ({"seed": 0.5}, TypeError, "seed must be a whole number, got 0.5"),
    ],
)
def test_bad_recall_is_named(arguments, error, message):
    with pytest.raises(error, match=message):
        associative_recall(**arguments)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"tokens": np.zeros(3, int)}, ValueError, "tokens and targets must have the same shape"),
        ({"targets": np.zeros((2, 4), int)}, ValueError, r"got \(2, 3\) and \(2, 4\)"),
        ({"tokens": np.zeros((2, 3))}, TypeError, "tokens must be whole numbers, got float64"),
        ({"targets": np.zeros((2, 3))}, TypeError, "targets must be whole numbers"),
        ({"tokens": np.full((2, 3), 5)}, ValueError, "tokens must be 0 … 4 .*got 5 … 5"),
        ({"tokens": np.full((2, 3), -1)}, ValueError, "tokens must be 0 … 4 .*got -1"),
        ({"targets": np.full((2, 3), -2)}, ValueError, "targets must be -1 … 4 .*got -2"),
        ({"targets": np.full((2, 3), 5)}, ValueError, "targets must be -1 … 4"),
        ({"targets": np.array([[1, 1, 1], [-1, -1, -1]])}, ValueError, "targets must score"),
        ({"vocabulary": 1}, ValueError, "vocabulary must be >= 2"),
        ({"vocabulary": 2.0}, TypeError, "vocabulary must be a whole number"),
    ],
)
def test_bad_sequences_are_named(change, error, message):
    whole = np.zeros((2, 3), dtype=int)
    arguments = {"tokens": whole, "targets": whole, "vocabulary": 5, "name": "x"} | change
    with pytest.raises(error, match=message):
        Sequences(**arguments)


def test_they_are_exported():
    assert problems.Sequences is Sequences
    assert len(Sequences(np.zeros((2, 3), int), np.zeros((2, 3), int), 5, "x")) == 2
