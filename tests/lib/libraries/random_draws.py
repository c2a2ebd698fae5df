"""Random numbers that reach the edges: short lengths, shares at their limits, round rates."""

from __future__ import annotations

SHORT = (0, 1, 1, 2, 2, 3, 4, 5, 7, 9, 10, 12)
UPDATES = (25, 25, 25, 25, 25, 90)


def short(random, low=0):
    """Return a length, most of them small enough for boundaries to meet."""
    return max(random.choice(SHORT) if random.random() < 0.8 else random.randint(0, 60), low)


def share(random, *edges):
    """Return a number in (0, 1), or one of the edges."""
    if edges and random.random() < 0.3:
        return random.choice(edges)
    return random.choice([0.5, 0.1, 0.9, 1 / 3, 0.25, random.uniform(0.01, 0.99)])


def rate(random, *edges):
    """Return a learning rate, or one of the edges."""
    if edges and random.random() < 0.2:
        return random.choice(edges)
    return random.choice([1.0, 0.1, 5e-5, 3e-4, random.uniform(1e-4, 2.0)])
