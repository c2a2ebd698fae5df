"""Finds hand-ins whose code has the same structure: a list to look at, never a verdict.

Structures are sets of fingerprints, as `intake.code_structure` makes them. What the exercise was
handed out with, what its solution has, and what many in the class have says nothing about two
hand-ins; of the rest, the share that two have in common does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

#: The least share in common that is told, and the fewest fingerprints it is a share of: in less
#: code, independent solutions are often the same.
SHARE, LEAST = 0.6, 40
#: Measured: pairs of whole exercises that were solved independently, and the most that one of them
#: has in common (tests/tools/grading/test_similarity.py).
INDEPENDENT_PAIRS, INDEPENDENT_MOST = 40, 0.42
#: Fingerprints that more hand-ins have are common, in a class of ten times as many and in any.
_COMMON_SHARE, _FEW, _MANY = 0.1, 3, 20
_LEAST_OF_SOLUTION = 10  # a shorter one, such as the capstone's, is everybody's

Person = tuple[str, str]
Structure = frozenset[int]


@dataclass(frozen=True)
class Alike:
    """People whose hand-ins of an exercise have the same structure.

    Attributes:
        people: names and numbers, in the order of the class; one person, where the hand-in
            is like the shipped solution.
        share: share of the smaller one's fingerprints that the other one has as well; 1 for those
            that are the same.
    """

    people: tuple[Person, ...]
    share: float


def alike(structures: Mapping[Person, Structure], known: Structure) -> list[Alike]:
    """Return who has the same structure as somebody else, and pairs alike; the most alike first.

    The work grows with the number of hand-ins, not with its square: only pairs with a rare
    fingerprint in common are looked at.

    Args:
        structures: person -> structure of the hand-in, in the order of the class.
        known: fingerprints of the exercise and of its shipped solution.

    >>> mine = frozenset(range(100))
    >>> alike({("ada", ""): mine, ("ben", ""): mine, ("cem", ""): frozenset()}, frozenset())
    [Alike(people=(('ada', ''), ('ben', '')), share=1.0)]
    """
    same: dict[Structure, list[Person]] = defaultdict(list)
    for person, structure in structures.items():
        same[structure - known].append(person)
    same = {one: people for one, people in same.items() if len(one) >= LEAST}
    found = [Alike(tuple(people), 1.0) for people in same.values() if len(people) > 1]
    rare = _rare(same)
    for first, second, number in _in_common(rare):
        share = number / min(len(rare[first]), len(rare[second]))
        if share >= SHARE:
            found.append(Alike((same[first][0], same[second][0]), share))
    return sorted(found, key=lambda one: -one.share)


def like_solution(
    structures: Mapping[Person, Structure], solution: Structure, given: Structure
) -> list[Alike]:
    """Return whose hand-in has the structure of the shipped solution, or most of it.

    Args:
        structures: person -> structure of the hand-in.
        solution: structure of the shipped solution.
        given: structure of the exercise as it was handed out.
    """
    wanted = solution - given
    if len(wanted) < _LEAST_OF_SOLUTION:
        return []
    least = SHARE if len(wanted) >= LEAST else 1.0
    found = []
    for person, structure in structures.items():
        own = structure - given
        share = len(own & wanted) / len(wanted if least < 1 else wanted | own)
        if share >= least:
            found.append(Alike((person,), share))
    return sorted(found, key=lambda one: -one.share)


def _in_common(
    rare: Mapping[Structure, Structure],
) -> Iterator[tuple[Structure, Structure, int]]:
    """Yield pairs with something rare in common, and how much."""
    holders: dict[int, list[Structure]] = defaultdict(list)
    for second, prints in rare.items():
        counts = Counter(first for number in prints for first in holders[number])
        yield from ((first, second, number) for first, number in counts.items())
        for number in prints:
            holders[number].append(second)


def _rare(same: Mapping[Structure, list[Person]]) -> dict[Structure, Structure]:
    """Return, by structure, its fingerprints that few others have, where these are enough."""
    counts = Counter(number for one in same for number in one)
    most = min(max(_FEW, int(len(same) * _COMMON_SHARE)), _MANY)
    rare = {one: frozenset(n for n in one if counts[n] <= most) for one in same}
    return {one: prints for one, prints in rare.items() if len(prints) >= LEAST}
