"""The rates of a resumed run, described by how they follow from those without a stop."""

from __future__ import annotations

import numpy as np

from course_lib.diagnose.resuming.resume_result import in_words, listed

_CURVE_TOLERANCE = 1e-9


def how_rates_depart(straight: np.ndarray, resumed: np.ndarray, at: int) -> str:
    """Return in words how the rates of a resumed run follow from those of the run without a stop.

    Args:
        straight: (updates, groups), rates without a stop.
        resumed: (updates - at, groups) or fewer rows, rates from update `at` on.
        at: updates done when the run was saved.

    Returns:
        One sentence; "" where the rates are equal.
    """
    rows = len(resumed)
    expected = straight[at : at + rows]
    if not rows or resumed.shape[1] != expected.shape[1]:
        return ""
    if _close(resumed, expected):
        return ""
    permuted = _permutation(resumed, expected)
    if permuted is not None:
        return f"The groups have changed places: their rates are those of the groups {permuted}."
    wrong = [g for g in range(resumed.shape[1]) if not _close(resumed[:, g], expected[:, g])]
    groups = f" (group {', '.join(map(str, wrong))} alone)" if len(wrong) < len(resumed.T) else ""
    straight, resumed, expected = straight[:, wrong], resumed[:, wrong], expected[:, wrong]
    if _close(resumed, straight[:rows]):
        return f"The curve begins anew: step {at} has the rate of step 0{groups}."
    if rows > 2 and _close(resumed[0], expected[0]) and _close(resumed[1:], straight[1:rows]):
        return (
            f"Only step {at} has the right rate, which the optimizer's state held; then the curve "
            f"begins anew{groups}."
        )
    shift = _shift(straight, resumed, at)
    if shift:
        side, many = ("behind", "ahead")[shift > 0], "step" if abs(shift) == 1 else "steps"
        return f"The curve is {abs(shift)} {many} {side} from step {at} on{groups}."
    if rows > 1 and _close(resumed[1:], expected[1:]):
        return f"Only step {at} has a wrong rate{groups}; the rates after it are right."
    return _by_a_factor(straight, resumed, expected, at, groups)


def _by_a_factor(
    straight: np.ndarray, resumed: np.ndarray, expected: np.ndarray, at: int, groups: str
) -> str:
    rows = len(resumed)
    # The optimizer's state holds the first rate, whatever becomes of the curve after it.
    right = int(rows > 2 and _close(resumed[0], expected[0]))
    lead = f"Only step {at} has the right rate; then the curve" if right else "The curve"
    for there, words in (
        (straight[:rows], "begins anew from another rate: {} times that of step 0 on"),
        (expected, "goes on at {} times the rate"),
    ):
        for skipped in (0, right):
            with np.errstate(divide="ignore", invalid="ignore"):
                first = resumed[skipped] / there[skipped]
            whole = _close(resumed[skipped:], there[skipped:] * first)
            if np.isfinite(first).all() and whole and rows - skipped > 1:
                shown = listed(list(dict.fromkeys(f"{factor:.4g}" for factor in first)))
                return f"{lead if skipped else 'The curve'} {words.format(shown)}{groups}."
    if rows > 1 and _close(resumed, np.broadcast_to(resumed[0], resumed.shape)):
        held = in_words(resumed[0].tolist())
        return f"The rate stays where it was after the restore, at {held}{groups}."
    bad = int(np.argmax(~np.isclose(resumed, expected, rtol=1e-9, atol=0).all(axis=1)))
    return (
        f"From step {at + bad} on the rates are others: {in_words(resumed[bad].tolist())}, not "
        f"{in_words(expected[bad].tolist())}{groups}."
    )


def _shift(straight: np.ndarray, resumed: np.ndarray, at: int) -> int | None:
    """Return how many steps the resumed rates are ahead, the smallest number first."""
    for shift in sorted((k for k in range(-at, len(resumed)) if k), key=abs):
        there = straight[at + shift : at + shift + len(resumed)]
        moves = 2 * len(there) >= max(len(resumed), 4) and not _close(
            there, np.broadcast_to(there[0], there.shape)
        )
        if moves and _close(resumed[: len(there)], there):
            return shift
    return None


def _permutation(resumed: np.ndarray, expected: np.ndarray) -> list[int] | None:
    """Return the group whose rates each group has; None where it is no permutation."""
    matches = [
        next((j for j in range(expected.shape[1]) if _close(column, expected[:, j])), -1)
        for column in resumed.T
    ]
    return matches if sorted(matches) == list(range(expected.shape[1])) else None


def _close(a: np.ndarray, b: np.ndarray) -> bool:
    largest = max(np.abs(a).max(initial=0.0), np.abs(b).max(initial=0.0))
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= _CURVE_TOLERANCE * largest))
