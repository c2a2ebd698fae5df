"""Mistakes in the lengths of a plan: another unit, the warmup twice, a milestone off by one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from course_lib.diagnose.mistakes.argument_names import (
    LENGTHS,
    LISTS,
    WARMUPS,
    ArgumentPath,
    count_of,
    name_of,
    times,
    written_like,
)
from course_lib.diagnose.mistakes.argument_search import ArgumentSearch
from course_lib.diagnose.mistakes.suspects import (
    Suspect,
)

_UNIT = "Give the length in the unit in which scheduler.step() is called."


class LengthSearch(ArgumentSearch):
    """Tries other lengths: of the run, of the warmup, between drops."""

    def length(self, path: ArgumentPath, value: Any) -> Iterator[Suspect]:
        """Yield other values of one length."""
        old = count_of(value)
        if old is None or old < 1:
            return
        words = name_of(path)
        for new, cost, why in self.factors(old):
            text = f"{words} was {new} in place of {old}, {why}"
            yield from self.found(
                "wrong-unit", text, {path: written_like(value, new)}, cost, _UNIT, new=new, old=old
            )
        for warmup, sign in [(w, s) for w in self.warmups() for s in (1, -1)]:
            new = old + sign * warmup
            if new < 1:
                continue
            text = f"{words} was {new} in place of {old}: the {warmup} updates of the warmup " + (
                "came on top" if sign > 0 else "were taken off"
            )
            yield from self.found(
                "decay-and-warmup",
                text,
                {path: written_like(value, new)},
                1.5,
                "Check whether the library counts the warmup as part of the decay's length.",
                new=new,
                old=old,
            )
        yield from self.fitted(path, value, old, "other-length", words)

    def warmups(self) -> list[int]:
        """Return the lengths of the plan's warmup: its argument, or the first part's length."""
        found = [
            count
            for path, value in self.plan.leaves()
            if path[-1] in WARMUPS and not isinstance(value, list) and (count := count_of(value))
        ]
        if self.plan.call in ("torch.SequentialLR", "optax.join_schedules"):
            marks = self.plan.arguments.get("milestones") or self.plan.arguments.get("boundaries")
            found += list(marks or ())[:1]
        return sorted(set(found))

    def fitted(
        self, path: ArgumentPath, value: Any, old: int, code: str, words: str
    ) -> Iterator[Suspect]:
        """Yield the lengths that fit best."""
        named = {new for new, _, _ in self.factors(old)}
        for new in self.best_counts(lambda count: {path: written_like(value, count)}, old):
            if new in named and abs(new - old) > 1:
                continue  # it has been explained as another unit
            yield from self.found(
                code,
                f"{words} was {new} in place of {old}",
                {path: written_like(value, new)},
                3.0 if abs(new - old) == 1 else 4.5,
                f"Set {words} to {old}, or plan with {new}.",
                new=new,
                old=old,
            )

    def warmup(self, path: ArgumentPath, value: Any) -> Iterator[Suspect]:
        """Yield other lengths of the warmup."""
        old = count_of(value)
        if old is None:
            return
        words = name_of(path)
        if old > 0:
            yield from self.found(
                "warmup-missing",
                f"there was no warmup ({words} = {old} was not applied)",
                {path: written_like(value, 0)},
                1.2,
                f"Pass {words} on to the scheduler that runs.",
                old=old,
            )
            for new, cost, why in self.factors(old):
                text = f"{words} was {new} in place of {old}, {why}"
                yield from self.found(
                    "other-warmup",
                    text,
                    {path: written_like(value, new)},
                    cost,
                    _UNIT,
                    new=new,
                    old=old,
                )
        if old >= 0:
            yield from self.fitted(path, value, max(old, 1), "other-warmup", words)

    def marks(self, path: ArgumentPath, marks: Sequence[int]) -> Iterator[Suspect]:
        """Yield other steps in a list of them."""
        if not marks or any(not isinstance(mark, int | np.integer) for mark in marks):
            return
        words = name_of(path)
        for by in (1, -1):
            moved = [max(0, mark + by) for mark in marks]
            later = "later" if by > 0 else "earlier"
            yield from self.found(
                "milestone-off",
                f"all {words} came one step {later}",
                {path: moved},
                1.6,
                f"Count {words} from 0, as steps done.",
                by=by,
            )
            for index in range(len(marks)) if len(marks) > 1 else ():
                one = [mark + by * (i == index) for i, mark in enumerate(marks)]
                if min(one) < 0 or one != sorted(one):
                    continue
                yield from self.found(
                    "milestone-off",
                    f"the drop at {marks[index]} came one step {later}",
                    {path: one},
                    2.2,
                    f"Count {words} from 0, as steps done.",
                    by=by,
                    mark=marks[index],
                )
        for factor in sorted({*self.view.known, *range(2, 9), 16, 32, 64}):
            name = self.view.known.get(factor)
            for new in ([m * factor for m in marks], [m // factor for m in marks]):
                yield from self.found(
                    "wrong-unit",
                    f"{words} were {new} in place of {list(marks)}",
                    {path: new},
                    1.2 if name else 2.2 + 0.5 * math.log2(factor),
                    _UNIT,
                    factor=factor,
                )
        for index, old in enumerate(marks):

            def changes(count: int, index: int = index) -> dict:
                return {path: [count if i == index else m for i, m in enumerate(marks)]}

            for new in self.best_counts(changes, old):
                yield from self.found(
                    "milestone-off",
                    f"the drop planned at {old} came at {new}",
                    changes(new),
                    5.5,
                    f"Compare {words} with the ones in the run.",
                    new=new,
                    old=old,
                )

    def lengths_together(self) -> Iterator[Suspect]:
        """Yield all lengths of the plan times one factor: the whole plan in another unit."""
        paths = [
            (path, value)
            for path, value in self.plan.leaves()
            if (path[-1] in LENGTHS | WARMUPS | LISTS)
        ]
        if len(paths) < 2:
            return
        yield from self.in_proportion(paths)
        for factor in sorted({*self.view.known, *range(2, 9), 16, 32, 64}):
            name = self.view.known.get(factor)
            for divide in (False, True):
                changes = {path: times(value, factor, divide) for path, value in paths}
                yield from self.found(
                    "wrong-unit",
                    f"all lengths were {'divided by' if divide else 'multiplied by'} {factor}"
                    + (f" ({name})" if name else ""),
                    changes,
                    1.2 if name else 2.2 + 0.5 * math.log2(factor),
                    _UNIT,
                    factor=factor,
                )

    def in_proportion(self, paths: list[tuple[ArgumentPath, Any]]) -> Iterator[Suspect]:
        """Yield another length of the run with a warmup that is a share of it."""
        counts = {path: count_of(value) for path, value in paths if not isinstance(value, list)}
        counts = {path: count for path, count in counts.items() if count}
        if len(counts) < 2:
            return
        whole = max(counts, key=lambda path: counts[path])
        old = counts[whole]
        forms = dict(paths)

        def changes(new: int) -> dict[ArgumentPath, Any]:
            return {
                path: written_like(forms[path], max(1, round(count * new / old)))
                for path, count in counts.items()
            }

        for new in self.best_counts(changes, old):
            yield from self.found(
                "other-length",
                f"{name_of(whole)} was {new} in place of {old}, and the other lengths in "
                "proportion",
                changes(new),
                4.7,
                f"Set {name_of(whole)} to {old}, or plan with {new}.",
                new=new,
                old=old,
            )
