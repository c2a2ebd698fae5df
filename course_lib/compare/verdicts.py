"""The one way to conclude: an effect with its interval, a margin set beforehand, four verdicts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from course_lib.intervals import Interval, mean_interval
from course_lib.measured import Cell, Chosen, show_table
from course_lib.outcomes import Outcome
from course_lib.problems import ByteText, Classification, Sequences
from course_lib.training import Workload
from course_lib.validation import check_real

#: Part of the loss of guessing that is too small to choose a schedule by.
MARGIN_SHARE = 0.005
#: The margin for a difference of logarithms of exact losses: one per cent.
RATIO_MARGIN = 0.01


class Verdict(str, Enum):
    """The four verdicts on one schedule against another.

    >>> Verdict.EQUAL.value
    'equal'
    """

    BETTER = "better"
    WORSE = "worse"
    EQUAL = "equal"
    OPEN = "open"


_RELATION = {
    Verdict.BETTER: "better_than",
    Verdict.WORSE: "worse_than",
    Verdict.EQUAL: "equal_to",
    Verdict.OPEN: "open_against",
}


def verdict(difference: Interval, margin: float) -> Verdict:
    """Return the verdict for an interval of a difference of losses and a margin.

    equal: -margin < low and high < margin: whatever the difference is, it is too small to matter.
    Else better: high < 0. Worse: low > 0. Open: the interval holds 0 and leaves the margin, so the
    runs do not decide. "Open" is not a weaker form of "equal": with more seeds it may become any of
    the others.

    Args:
        difference: ours - theirs of a loss, mean and interval; a nan end means that a run diverged.
        margin: > 0, in the unit of the difference, set before the runs: see `margin`.

    Raises:
        TypeError, ValueError: the difference is no interval, or the margin is not > 0.

    Source: the equivalence test of Schuirmann (1987), Journal of Pharmacokinetics and
    Biopharmaceutics 15, 657-680, in the form of one interval.

    >>> verdict(Interval(-0.004, -0.006, -0.002), margin=0.01).value
    'equal'
    >>> verdict(Interval(-0.03, -0.05, -0.002), margin=0.01).value
    'better'
    >>> verdict(Interval(-0.03, -0.07, 0.01), margin=0.01).value
    'open'
    """
    if not isinstance(difference, Interval):
        raise TypeError(f"difference must be an Interval, got {difference!r}")
    allowed = check_real("margin", margin, low_open=True)
    if -allowed < difference.low and difference.high < allowed:
        return Verdict.EQUAL
    if difference.high < 0:
        return Verdict.BETTER
    return Verdict.WORSE if difference.low > 0 else Verdict.OPEN


def margin(problem: Workload | Classification | Sequences | ByteText) -> float:
    """Return the difference of held-out losses that is too small to matter for a choice.

    margin = 0.005 · log(classes), in nats: half a per cent of the loss of guessing. It depends only
    on the data, so it is fixed before any run and is the same for every schedule, length and
    optimizer. A margin chosen for each table could be chosen to get a desired result. Where losses
    come close to 0 it is a large part of them, and the table shows the losses beside the verdict.

    Raises:
        TypeError: the problem has no classes, so no loss of guessing. For the exact losses of a
            quadratic compare logarithms with `RATIO_MARGIN`.

    >>> from course_lib import problems
    >>> round(margin(problems.noisy_spirals()), 4)
    0.0055
    """
    data = problem.data if isinstance(problem, Workload) else problem
    if isinstance(data, Classification):
        return MARGIN_SHARE * math.log(data.classes)
    if isinstance(data, Sequences):
        answers = np.unique(data.targets[data.targets >= 0]).size
        return MARGIN_SHARE * math.log(answers)
    if isinstance(data, ByteText):
        return MARGIN_SHARE * math.log(data.vocabulary)
    raise TypeError(
        f"problem must be a Workload or its data, whose classes fix the margin, got {problem!r}"
    )


@dataclass(frozen=True)
class Contrast:
    """One schedule against another, with everything that a reader needs to judge the verdict.

    Attributes:
        ours: name of the schedule that is judged.
        theirs: name of the one that it is judged against.
        difference: mean of ours - theirs over the seeds, with its interval.
        margin: difference too small to matter.
        seeds: number of pairs of runs.
        peaks: peak rates of the two, or None where no peak was chosen.
        at_edge: True for each peak at the edge of its grid, so that a better one may lie outside.
        shapes: the chosen shape of each, empty where there was nothing to choose.
        others: peaks, as `peak_text` writes them, that may as well have been chosen for each; see
            `course_lib.compare.may_be_chosen`.

    >>> found = paired("linear", "constant", [0.4, 0.5, 0.4], [0.7, 0.9, 0.8], margin=0.01)
    >>> found.verdict.value, str(found.outcome("spirals"))
    ('better', 'linear better_than constant at spirals')
    """

    ours: str
    theirs: str
    difference: Interval
    margin: float
    seeds: int
    peaks: tuple[float, float] | None = None
    at_edge: tuple[bool, bool] = (False, False)
    shapes: tuple[str, str] = ("", "")
    others: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    @property
    def verdict(self) -> Verdict:
        """The verdict on ours."""
        return verdict(self.difference, self.margin)

    def outcome(self, where: str = "") -> Outcome:
        """Return what is recorded of it."""
        return Outcome(self.ours, _RELATION[self.verdict], self.theirs, where)


def paired(
    ours: str,
    theirs: str,
    our_scores: Sequence[float],
    their_scores: Sequence[float],
    margin: float,
    *,
    peaks: tuple[float, float] | None = None,
    at_edge: tuple[bool, bool] = (False, False),
    others: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()),
    level: float = 0.95,
) -> Contrast:
    """Return the contrast of two schedules from their scores on the same seeds.

    The interval is Student's for this one difference, so it suits a comparison that was planned. To
    find the best of many, use `Comparison.against`, whose intervals hold all at once.

    Args:
        ours: name of the schedule that is judged.
        theirs: name of the other.
        our_scores: one finite loss a seed, at least two.
        their_scores: losses of the other, in the same order of seeds.
        margin: difference too small to matter, > 0.
        peaks: peak rates of the two.
        at_edge: True for each peak at the edge of its grid.
        others: peaks, as `peak_text` writes them, that may as well have been chosen for each.
        level: confidence level, 0 < level < 1.

    Raises:
        ValueError: the scores are not as many, or not finite.

    >>> paired("a", "b", [1.0, 1.1, 1.2], [1.0, 1.1, 1.2], margin=0.01).verdict.value
    'equal'
    """
    a, b = (np.asarray(scores, dtype=np.float64).ravel() for scores in (our_scores, their_scores))
    if a.shape != b.shape:
        raise ValueError(f"their_scores must be as many as our_scores, {a.size}, got {b.size}")
    difference = mean_interval(a - b, level)
    return Contrast(
        ours, theirs, difference, margin, a.size, peaks=peaks, at_edge=at_edge, others=others
    )


def show_verdicts(
    contrasts: Sequence[Contrast], *, at: str = "", unit: str = "held-out loss"
) -> None:
    """Display contrasts as a table, with effect, interval, seeds and peaks, and record them.

    Args:
        contrasts: the contrasts to show, at least one.
        at: the condition, such as `40 updates`; part of the record.
        unit: name of the score.

    Raises:
        ValueError: no contrast.

    >>> found = paired("linear", "constant", [0.4, 0.5, 0.4], [0.7, 0.9, 0.8], margin=0.01)
    >>> show_verdicts([found])  # doctest: +ELLIPSIS
    {...linear...constant...better...}
    """
    if not contrasts:
        raise ValueError("contrasts must hold at least one, got none")
    margins = sorted({one.margin for one in contrasts})
    with_peaks = any(one.peaks is not None for one in contrasts)
    header = ["schedule", "against", f"difference of {unit} [interval]", "seeds"]
    header += ["peaks"] * with_peaks
    header += [f"verdict (margin {', '.join(f'{value:.2g}' for value in margins)})"]
    rows: list[list[Cell]] = []
    for one in contrasts:
        peaks: list[Cell] = [_peaks(one)] if with_peaks else []
        rows.append([one.ours, one.theirs, one.difference, one.seeds, *peaks, one.verdict.value])
    show_table(header, rows, [one.outcome(at) for one in contrasts])


def peak_text(peak: float, shape: str = "", at_edge: bool = False) -> str:
    """Return a peak as tables show it, with its shape, and a note where it lies at an edge.

    >>> peak_text(0.8, "power 0.5", at_edge=True)
    '0.8 (power 0.5, edge)'
    """
    notes = [shape] * bool(shape) + ["edge"] * bool(at_edge)
    return f"{peak:.3g}" + f" ({', '.join(notes)})" * bool(notes)


def _peaks(contrast: Contrast) -> Cell:
    """Return the peaks of the two, and those that may as well have been chosen."""
    if contrast.peaks is None:
        return "–"
    each = zip(contrast.peaks, contrast.shapes, contrast.at_edge, strict=True)
    chosen = [peak_text(*one) for one in each]
    ways = [(text, *others) for text, others in zip(chosen, contrast.others, strict=True)]
    return Chosen(" / ".join(chosen), tuple(map(" / ".join, itertools.product(*ways))))
