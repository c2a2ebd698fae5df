"""A made-up language whose entropy is known: every choice that makes a sentence can be read off it.

A sentence is "the [adjective]… subject [near the noun] verb the object." followed by a blank. A
subject of one thing takes a verb with an s, so the verb must agree with a word that may stand far
before it. Which verb comes depends on the subject, and which object depends on the verb.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from course_lib.problems.text import ByteText
from course_lib.validation import check_count

_PLURAL, _NEAR, _ADJECTIVE = 0.3, 0.3, 0.4  # probabilities
_MOST_ADJECTIVES = 2
_VERBS, _NOUNS, _ADJECTIVES = 48, 48, 24
_HELD_OUT = 30_000  # bytes


@dataclass(frozen=True)
class Grammar:
    """Words and the probabilities with which they follow each other.

    Attributes:
        nouns: 48 words, different from all others, as verbs and adjectives are.
        verbs: 48 words.
        adjectives: 24 words.
        zipf: probability of the most frequent, second, … noun, (48,); subjects and the nouns
            after "near" are drawn by it, adjectives by its like.
        verb_after: probability of every verb after every subject, (48, 48), rows sum to 1.
        object_after: probability of every object after every verb, (48, 48).

    >>> grammar(seed=0).nouns[:3]
    ('nigeba', 'funu', 'nupomi')
    """

    nouns: tuple[str, ...]
    verbs: tuple[str, ...]
    adjectives: tuple[str, ...]
    zipf: np.ndarray
    verb_after: np.ndarray
    object_after: np.ndarray

    @property
    def entropy(self) -> float:
        """Entropy in nats a byte: that of a sentence over its mean length, both exact.

        >>> round(grammar(seed=0).entropy, 3)
        0.341
        """
        adjectives = _zipf(len(self.adjectives))
        verbs = self.zipf @ self.verb_after
        objects = verbs @ self.object_after
        counts = _adjective_counts()
        mean_count = float(counts @ np.arange(len(counts)))
        nats = (
            _entropy(counts)
            + mean_count * _entropy(adjectives)
            + (1 + _NEAR) * _entropy(self.zipf)
            + _entropy(np.array([_PLURAL, 1 - _PLURAL]))
            + _entropy(np.array([_NEAR, 1 - _NEAR]))
            + float(self.zipf @ [_entropy(row) for row in self.verb_after])
            + float(verbs @ [_entropy(row) for row in self.object_after])
        )
        length = (
            len("the ")
            + mean_count * _mean_length(self.adjectives, adjectives, 1)
            + _mean_length(self.nouns, self.zipf, 1)
            + _PLURAL
            + _NEAR * (len("near the ") + _mean_length(self.nouns, self.zipf, 1))
            + _mean_length(self.verbs, verbs, 1)
            + (1 - _PLURAL)
            + len("the ")
            + _mean_length(self.nouns, objects, 2)
        )
        return nats / length

    def sentence(self, draw: np.random.Generator) -> tuple[str, float]:
        """Return one sentence and minus the log of its probability, in nats."""
        words, chances = ["the"], []

        def choose(chance: np.ndarray) -> int:
            choice = int(np.searchsorted(np.cumsum(chance), draw.random(), side="right"))
            choice = min(choice, len(chance) - 1)  # the sum may end a rounding below 1
            chances.append(chance[choice])
            return choice

        for _ in range(choose(_adjective_counts())):
            words.append(self.adjectives[choose(_zipf(len(self.adjectives)))])
        subject = choose(self.zipf)
        plural = choose(np.array([1 - _PLURAL, _PLURAL]))
        words.append(self.nouns[subject] + "s" * plural)
        if choose(np.array([1 - _NEAR, _NEAR])):
            words += ["near", "the", self.nouns[choose(self.zipf)]]
        verb = choose(self.verb_after[subject])
        words.append(self.verbs[verb] + "s" * (1 - plural))
        words += ["the", self.nouns[choose(self.object_after[verb])]]
        return " ".join(words) + ". ", -float(np.log(chances).sum())


def grammar(seed: int = 0) -> Grammar:
    """Return the grammar of a seed: its words, and which verbs go with which nouns.

    >>> grammar(seed=0).sentence(np.random.default_rng(0))[0]
    'the vepe nigeba near the tudu vatas the dituga. '
    """
    draw = np.random.default_rng(check_count("seed", seed, low=0))
    words = _words(draw, _NOUNS + _VERBS + _ADJECTIVES)
    zipf = _zipf(_NOUNS)

    def after(rows: int, columns: int) -> np.ndarray:
        # Zipf's law as well, but every row has its own order, and falls more steeply.
        steep = _zipf(columns) ** 1.5
        return np.stack([draw.permutation(steep / steep.sum()) for _ in range(rows)])

    return Grammar(
        nouns=words[:_NOUNS],
        verbs=words[_NOUNS : _NOUNS + _VERBS],
        adjectives=words[_NOUNS + _VERBS :],
        zipf=zipf,
        verb_after=after(_NOUNS, _VERBS),
        object_after=after(_VERBS, _NOUNS),
    )


@cache
def grammar_text(seed: int = 0, length: int = 500_000) -> ByteText:
    """Return sentences of a grammar, whose entropy is the text's `loss_floor`.

    Args:
        seed: seed of the grammar and of the sentences.
        length: bytes to train on; 30,000 more are held out.

    >>> text = grammar_text(length=1000)
    >>> bytes(text.train[:40]).decode()
    'the rigumu fupeko moge tedibas the nigeb'
    """
    language = grammar(seed)
    draw = np.random.default_rng([check_count("seed", seed, low=0), 1])
    needed, sentences, ready = check_count("length", length) + _HELD_OUT, [], 0
    while ready < needed:
        sentences.append(language.sentence(draw)[0])
        ready += len(sentences[-1])
    data = np.frombuffer("".join(sentences).encode("ascii"), np.uint8)
    return ByteText(data[:length], data[length:needed], 128, "grammar", loss_floor=language.entropy)


def _words(draw: np.random.Generator, count: int) -> tuple[str, ...]:
    """Return different words of two or three syllables; none ends in s, and none is "the"."""
    words: dict[str, None] = {}
    while len(words) < count:
        syllables = draw.integers(2, 4)
        letters = [draw.choice(list(kind)) for _ in range(syllables) for kind in _SYLLABLE]
        words["".join(letters)] = None
    return tuple(words)


_SYLLABLE = ("bdfgklmnprtv", "aeiou")


def _zipf(count: int) -> np.ndarray:
    weights = 1.0 / np.arange(1, count + 1)
    return weights / weights.sum()


def _adjective_counts() -> np.ndarray:
    """Return the probability of 0, 1, … adjectives."""
    chances = [(1 - _ADJECTIVE) * _ADJECTIVE**k for k in range(_MOST_ADJECTIVES)]
    return np.array([*chances, _ADJECTIVE**_MOST_ADJECTIVES])


def _entropy(chances: np.ndarray) -> float:
    return -float(np.sum(chances * np.log(chances)))


def _mean_length(words: tuple[str, ...], chances: np.ndarray, after: int) -> float:
    """Return the mean length of a word and the `after` characters that follow it."""
    return float(chances @ [len(word) + after for word in words])
