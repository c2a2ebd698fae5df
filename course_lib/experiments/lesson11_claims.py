"""Claims as lesson 11 judges them: a quoted sentence, its cases, and the rule for the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from course_lib import compare
from course_lib.intervals import Interval
from course_lib.measured import Cell, show_table
from course_lib.outcomes import Outcome
from course_lib.validation import check_count

Side: TypeAlias = Literal["for", "against", "open"]
Needs: TypeAlias = Literal["better", "no worse", "different"]

#: Every interval of a case has this level: with so many cases, 95 % would mislead too often.
LEVEL = 0.99
#: The verdicts on a claim, in the order in which a page lists them.
VERDICTS = ("holds", "depends", "fails", "open")

_B, _E, _W = compare.Verdict.BETTER, compare.Verdict.EQUAL, compare.Verdict.WORSE
_FOR = {"better": {_B}, "no worse": {_B, _E}, "different": {_B, _W}}


def rule(sides: Sequence[Side]) -> str:
    """Return the verdict on a claim from what its cases say.

    holds: more than half of the cases speak for it, two at least, and none against. fails: the same
    the other way round. depends: two or more on each side. open: anything else, for instance one
    exception that no second case repeats. A single case can never bring about a verdict.

    >>> rule(["for", "for", "for", "open"]), rule(["for", "against", "against", "against"])
    ('holds', 'open')
    """
    yes, no = (sum(side == word for side in sides) for word in ("for", "against"))
    if min(yes, no) >= 2:
        return "depends"
    enough = max(yes, no) >= 2 and max(yes, no) > len(sides) / 2
    if enough and min(yes, no) == 0:
        return "holds" if yes else "fails"
    return "open"


@dataclass(frozen=True)
class Case:
    """One experiment on a claim; ours comes out lower than theirs where the claim is right.

    Attributes:
        contrast: ours against theirs, with interval, margin, seeds and peaks.
        unit: "loss", or "log" where logarithms are compared.

    >>> case = exactly("linear", "constant", 0.02, 0.04)
    >>> case.effect.mean > 60  # log 2, in units of one per cent
    True
    """

    contrast: compare.Contrast
    unit: str = "loss"

    @property
    def effect(self) -> Interval:
        """Theirs - ours in units of the margin: above 1 where ours is better by more than it."""
        found, margin = self.contrast.difference, self.contrast.margin
        return Interval(-found.mean / margin, -found.high / margin, -found.low / margin)

    @property
    def computed(self) -> bool:
        """Whether the difference was computed and not sampled, so that it has no interval."""
        return self.contrast.seeds == 0

    def measured(self) -> Cell:
        """Return the difference as a table shows it."""
        if self.computed:
            return f"{round(self.contrast.difference.mean, 2) + 0.0:.2f}"  # + 0.0: never "-0.00"
        found = self.contrast.difference  # four digits: some forty tables are in one notebook
        return Interval(*(float(f"{end:.4g}") for end in (found.mean, found.low, found.high)))


def exactly(ours: str, theirs: str, our_value: float, their_value: float, **about: object) -> Case:
    """Return the case of two computed values, compared by their logarithms.

    >>> exactly("a", "b", 1.0, 1.001).contrast.verdict.value
    'equal'
    """
    d = float(np.log(our_value / their_value))
    contrast = compare.Contrast(
        ours, theirs, Interval(d, d, d), compare.RATIO_MARGIN, seeds=0, **about
    )
    return Case(contrast, "log")


def by_ratio(
    ours: str,
    theirs: str,
    our_values: Sequence[float],
    their_values: Sequence[float],
    **about: object,
) -> Case:
    """Return the case of two positive quantities that are paired by seed, by their logarithms.

    >>> by_ratio("a", "b", [1.0, 1.1], [2.0, 2.1]).unit
    'log'
    """
    contrast = compare.paired(
        *(ours, theirs, np.log(our_values), np.log(their_values), compare.RATIO_MARGIN),
        level=LEVEL,
        **about,
    )
    return Case(contrast, "log")


def by_loss(
    ours: str,
    theirs: str,
    our_losses: Sequence[float],
    their_losses: Sequence[float],
    margin: float,
    **about: object,
) -> Case:
    """Return the case of two losses that are paired by seed.

    >>> by_loss("a", "b", [1.0, 1.1], [2.0, 2.1], margin=0.01).contrast.verdict.value
    'better'
    """
    contrast = compare.paired(
        *(ours, theirs, our_losses, their_losses, margin), level=LEVEL, **about
    )
    return Case(contrast)


@dataclass(frozen=True)
class Claim:
    """A sentence of one of the three documents, and the cases that test it.

    Attributes:
        name: the claim in a few words; records are written under it.
        quote: the document's own words.
        source: document and section.
        lesson: number of the lesson that has more; empty where there is none.
        large: a few words on whether the outcome says anything about large models.
        needs: the result that speaks for it: ours is "better", "no worse", or "different".
        cases: condition -> case, or whether a fact is as the claim says.

    >>> claim = Claim("halves", "it halves", "article, 1", cases={"a": True, "b": True})
    >>> claim.verdict, claim.counts
    ('holds', '2 for, 0 against, 0 open')
    """

    name: str
    quote: str
    source: str
    lesson: str = ""
    large: str = ""
    needs: Needs = "better"
    cases: Mapping[str, Case | bool] = field(default_factory=dict)

    def side(self, condition: str) -> Side:
        """Return what one case says."""
        case = self.cases[condition]
        if not isinstance(case, Case):
            return "for" if case else "against"
        found = case.contrast.verdict
        if found is compare.Verdict.OPEN:
            return "open"
        return "for" if found in _FOR[self.needs] else "against"

    @property
    def drawn(self) -> list[tuple[Interval, Side]]:
        """The effects of its cases that have one, in margins, each with what it says."""
        found = [(case, self.side(name)) for name, case in self.cases.items()]
        return [(case.effect, side) for case, side in found if isinstance(case, Case)]

    @property
    def sampled(self) -> bool:
        """Whether some case was run with seeds, and so has an interval."""
        cases = [case for case in self.cases.values() if isinstance(case, Case)]
        return any(not case.computed for case in cases)

    @property
    def sides(self) -> list[Side]:
        """The sides of its cases, in their order."""
        return [self.side(condition) for condition in self.cases]

    @property
    def verdict(self) -> str:
        """The verdict of the rule on them."""
        return rule(self.sides)

    @property
    def counts(self) -> str:
        """The numbers of cases for, against and open."""
        found = self.sides
        return ", ".join(f"{found.count(side)} {side}" for side in ("for", "against", "open"))

    @property
    def short_counts(self) -> str:
        """The same three numbers alone."""
        return "/".join(str(self.sides.count(side)) for side in ("for", "against", "open"))

    def outcomes(self) -> list[Outcome]:
        """Return what is recorded: `NAME holds`, or another verdict.

        Where the cases do not all say the same, also `NAME for at CONDITION`, or against, for each
        that is decided.
        """
        mixed = len(set(self.sides)) > 1
        cases = [
            Outcome(f"{self.name} {self.side(condition)}", "is", "true", condition)
            for condition in self.cases
            if mixed and self.side(condition) != "open"
        ]
        return [*cases, Outcome(f"{self.name} {self.verdict}", "is", "true")]


class Docket:
    """All claims that were judged, in the order in which a lesson judged them.

    >>> docket = Docket()
    >>> docket.judge(Claim("halves", "it halves", "article, 1"), {"a": True})  # doctest: +ELLIPSIS
    {...halves...}
    >>> [claim.verdict for claim in docket.claims]
    ['open']
    """

    def __init__(self) -> None:
        """Begin with no claim."""
        self.claims: list[Claim] = []

    def judge(self, claim: Claim, cases: Mapping[str, Case | bool]) -> None:
        """Keep a claim with its cases, display what came out, and record it."""
        judged = Claim(**{**claim.__dict__, "cases": dict(cases)})
        kept = [other for other in self.claims if other.name != claim.name]
        self.claims = [*kept, judged]
        words = f"“{judged.quote}” ({judged.source})"
        verdict = f"→ {judged.name}: {judged.verdict}"
        if judged.drawn:
            header = ["case", f"{words}: ours / theirs", "ours − theirs", "speaks"]
            rows = [self._row(judged, condition) for condition in judged.cases]
            cases = [case for case in judged.cases.values() if isinstance(case, Case)]
            margins = dict.fromkeys(f"{case.contrast.margin:.2g} ({case.unit})" for case in cases)
            rows.append([verdict, f"margin {', '.join(margins)}", "", judged.counts])
        else:
            header = [words, "speaks"]
            rows = [[condition, judged.side(condition)] for condition in judged.cases]
            rows.append([verdict, judged.counts])
        show_table(header, rows, judged.outcomes())

    def show(self) -> None:
        """Display all claims in a table, by verdict, and record their verdicts."""
        rows = [
            [f"{word} {claim.short_counts}", claim.name + _pointer(claim.lesson), claim.large]
            for word in VERDICTS
            for claim in self.claims
            if claim.verdict == word
        ]
        header = ["verdict, cases for/against/open", "claim", "large models"]
        show_table(header, rows, [claim.outcomes()[-1] for claim in self.claims])

    @staticmethod
    def _row(claim: Claim, condition: str) -> list[Cell]:
        case, side = claim.cases[condition], claim.side(condition)
        if not isinstance(case, Case):
            return [condition, "", "true" if case else "false", side]
        names = " / ".join(_with_peak(case.contrast, i) for i in (0, 1))
        seeds = "computed" if case.computed else f"{case.contrast.seeds} seeds"
        log = ", log" if case.unit == "log" else ""
        return [condition, f"{names}; {seeds}{log}", case.measured(), side]


def _pointer(lesson: str) -> str:
    return f" (lesson {lesson})" if lesson else ""


def _with_peak(contrast: compare.Contrast, i: int) -> str:
    name = (contrast.ours, contrast.theirs)[i]
    notes = [contrast.shapes[i]] if contrast.shapes[i] else []
    if contrast.peaks is not None:
        notes.append(f"peak {contrast.peaks[i]:.2g}" + ", edge" * contrast.at_edge[i])
    return name + (f" ({', '.join(notes)})" if notes else "")


def lucky_verdicts(
    claims: int = 40, cases: int = 4, seeds: int = 16, shared: float = 0.5, trials: int = 20_000
) -> dict[str, float]:
    """Return how many of some empty claims get a wrong verdict by luck, under two rules.

    An empty claim says that A beats B where both are equally good: its cases have a true
    difference of 0. Differences are normal, and those of one claim share a part of their variance,
    as cases on the same seeds do. Intervals have the level `LEVEL`.

    Args:
        claims: number of claims.
        cases: cases of each.
        seeds: runs of each case.
        shared: correlation of the cases of a claim, 0 … 1.
        trials: simulated claims.

    Returns:
        "one case is enough": claims with any case for; "the rule": those that hold or depend.

    >>> lucky_verdicts(trials=4000)["the rule"] < 0.2
    True
    """
    from scipy.special import stdtrit

    rng = np.random.default_rng(0)
    common = rng.standard_normal((check_count("trials", trials), 1, seeds))
    own = rng.standard_normal((trials, cases, seeds))
    found = np.sqrt(shared) * common + np.sqrt(1 - shared) * own
    half = stdtrit(seeds - 1, 0.5 + LEVEL / 2) / np.sqrt(seeds)
    lucky = found.mean(axis=2) + half * found.std(axis=2, ddof=1) < 0  # wholly on the side "for"
    yes = lucky.sum(axis=1)
    # Where A and B are equal, no other case speaks against a claim but one that finds them equal;
    # two lucky cases then make "depends", and open ones beside three make "holds".
    return {
        "one case is enough": float(claims * (yes >= 1).mean()),
        "the rule": float(claims * (yes >= 2).mean()),
    }
