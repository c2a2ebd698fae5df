"""Token sequences with next tokens to predict: associative recall, which no n-gram can do."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from course_lib.validation import check_count


@dataclass(frozen=True)
class Sequences:
    """Token sequences of one length, and which next tokens are to be predicted.

    Attributes:
        tokens: int64, shape (examples, length), values 0 … vocabulary - 1.
        targets: int64, shape (examples, length): the token that comes after position i where the
            answer at i is scored, -1 where it is not; every sequence has a scored position.
        vocabulary: number of different tokens.
        name: name in plots and tables.
        held_out: sequences of the same kind that are never trained on, or None.
        loss_floor: lowest loss that can be expected, in nats per scored token, where it is known;
            else None.
        ngram_loss: lowest loss that can be expected of an n-gram model, which predicts a token
            from the n - 1 before it, for any n <= `ngram_order`; or None.
        ngram_order: largest n for which `ngram_loss` holds, or None.

    Only the last token of this sequence is scored:

    >>> data = Sequences(np.array([[0, 1, 0]]), np.array([[-1, -1, 1]]), vocabulary=2, name="abab")
    >>> len(data), int((data.targets >= 0).sum())
    (1, 1)
    """

    tokens: np.ndarray
    targets: np.ndarray
    vocabulary: int
    name: str
    held_out: Sequences | None = None
    loss_floor: float | None = None
    ngram_loss: float | None = None
    ngram_order: int | None = None

    def __post_init__(self) -> None:
        """Check that tokens, targets and vocabulary fit together."""
        vocabulary = check_count("vocabulary", self.vocabulary, low=2)
        if self.tokens.ndim != 2 or self.targets.shape != self.tokens.shape or not self.tokens.size:
            raise ValueError(
                "tokens and targets must have the same shape (examples, length), got "
                f"{self.tokens.shape} and {self.targets.shape}"
            )
        for name, array, low in (("tokens", self.tokens, 0), ("targets", self.targets, -1)):
            if not np.issubdtype(array.dtype, np.integer):
                raise TypeError(f"{name} must be whole numbers, got {array.dtype}")
            if array.min() < low or array.max() >= vocabulary:
                raise ValueError(
                    f"{name} must be {low} … {vocabulary - 1} for a vocabulary of {vocabulary}, "
                    f"got {array.min()} … {array.max()}"
                )
        if not (self.targets >= 0).any(axis=1).all():
            raise ValueError("targets must score a position of every sequence, got a row of -1")

    def __len__(self) -> int:
        """Return the number of sequences."""
        return len(self.tokens)


def associative_recall(
    examples: int = 2048,
    keys: int = 6,
    values: int = 4,
    gap: int = 3,
    held_out: int = 512,
    seed: int = 0,
) -> Sequences:
    """Return sequences "k v k v …" whose answers stand in their own first half and nowhere else.

    Every sequence draws a value for each key, independently and evenly. It shows all keys, in
    random order, each followed by its value; then it asks for all keys again, in another random
    order, and the value after each is scored. The second order is drawn evenly from those that
    repeat a key only `gap` pairs or more after it was shown. Keys are the tokens 0 … keys - 1,
    values the next ones.

    An n-gram of order 2 * gap or less sees, before an answer, no value of the key that is asked
    for. So its answer is a guess among the values, ln(values) nats, while a model that looks back
    can be certain: its floor is 0. What it takes is attention in two layers, one that ties a value
    to the key before it and one that finds the key again.

    Args:
        examples: sequences to train on, >= 1.
        keys: different keys, >= 2. The length of a sequence is 4 * keys.
        values: different values, >= 2.
        gap: least distance, in pairs, from a key to its repetition, 1 … keys.
        held_out: further sequences, drawn after the others from the same stream, >= 1.
        seed: seed of `numpy.random.RandomState`, whose stream NumPy promises never to change.

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong type.

    Source: after Arora et al. (2023), "Zoology", arXiv:2312.04927, multi-query associative recall.

    >>> data = associative_recall(examples=1, keys=2, values=2, gap=1)
    >>> data.tokens[0]
    array([1, 3, 0, 2, 0, 2, 1, 3])
    >>> data.targets[0]
    array([-1, -1, -1, -1,  2, -1,  3, -1])
    """
    check_count("examples", examples)
    check_count("keys", keys, low=2)
    check_count("values", values, low=2)
    check_count("held_out", held_out)
    if check_count("gap", gap) > keys:
        raise ValueError(f"gap must be <= the {keys} keys, got {gap}")
    rng = np.random.RandomState(check_count("seed", seed, low=0))
    total = examples + held_out
    value_of_key = keys + rng.randint(values, size=(total, keys))
    order = _key_order(rng, total, keys, gap)
    tokens = np.empty((total, 4 * keys), dtype=np.int64)
    tokens[:, 0::2] = order
    tokens[:, 1::2] = np.take_along_axis(value_of_key, order, axis=1)
    targets = np.full_like(tokens, -1)
    targets[:, 2 * keys :: 2] = tokens[:, 2 * keys + 1 :: 2]
    facts = {
        "vocabulary": keys + values,
        "name": "associative recall",
        "loss_floor": 0.0,
        "ngram_loss": math.log(values),
        "ngram_order": 2 * gap,
    }
    later = Sequences(tokens[examples:], targets[examples:], **facts)
    return Sequences(tokens[:examples], targets[:examples], held_out=later, **facts)


def _key_order(rng: np.random.RandomState, sequences: int, keys: int, gap: int) -> np.ndarray:
    """Return all keys twice over, in two random orders, shape (sequences, 2 * keys).

    At its i-th place the second order takes any key that it has not used and that stands at place
    keys + i - gap of the first or before. There are as many of these whatever was taken before,
    so all orders that are allowed are equally likely.
    """
    rows = np.arange(sequences)
    first = rng.random_sample((sequences, keys)).argsort(axis=1)
    second = np.empty_like(first)
    used = np.zeros((sequences, keys), dtype=bool)  # by place in the first order
    for i in range(keys):
        luck = rng.random_sample((sequences, keys))
        luck[used] = -1.0
        luck[:, keys + i - gap + 1 :] = -1.0
        taken = luck.argmax(axis=1)
        used[rows, taken] = True
        second[:, i] = first[rows, taken]
    return np.hstack([first, second])
