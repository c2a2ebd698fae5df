"""Lesson 11's claims that the recorded language model can decide, each at its three lengths."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from course_lib import problems
from course_lib.experiments import language_runs
from course_lib.experiments.lesson11_claims import LEVEL, Case, Claim, by_loss
from course_lib.language_model import HORIZONS, SCHEDULES, WARMUP, recorded_runs
from course_lib.language_model.grid import SCORE_EVERY
from course_lib.measured import show_table
from course_lib.outcomes import Outcome

#: The names of the records end so.
WHERE = "language model"
_FALLING = ("linear", "cosine", "multi-step")
_LARGE = 0.016  # the largest peak that was recorded, far above the best one without a warmup
_PAST = 0.008  # and the one before it


def _one(schedule: str) -> str | tuple[str, int]:
    """Return `linear` for `linear`, and ("linear", 0) for `linear, no warmup`."""
    name, comma, _ = schedule.partition(", no warmup")
    return (name, 0) if comma else name


def _against(total_steps: int, ours: str, theirs: str) -> Case:
    return Case(
        language_runs.contrast(
            _one(ours),
            _one(theirs),
            total_steps,
            language_runs.margin(total_steps),
            level=LEVEL,
        )
    )


def cross_chosen(total_steps: int, names: Sequence[str], *, worst: bool = False) -> np.ndarray:
    """Return the losses of the best of some schedules, or of the worst, (seeds,).

    Each half of the seeds chooses, for the other half, every schedule's peak and then the schedule,
    so no run is scored by a choice that it took part in.

    Args:
        total_steps: updates of the runs.
        names: schedules.
        worst: True takes the schedule whose best loss is the highest, False the lowest.

    >>> worst = cross_chosen(1280, ["linear", "constant"], worst=True)
    >>> bool((worst == recorded_runs().tuned("constant", 1280).scores).all())
    True
    """
    finals = np.array([recorded_runs().final(name, total_steps) for name in names])
    seeds = np.arange(finals.shape[2])
    scores = np.empty(len(seeds))
    for half in (0, 1):
        means = finals[:, :, seeds % 2 == half].mean(axis=2)  # schedules, peaks
        lowest = np.nanmin(means, axis=1)
        chosen = lowest.argmax() if worst else lowest.argmin()
        others = seeds % 2 != half
        scores[others] = finals[chosen, np.nanargmin(means[chosen]), others]
    return scores


def _with_best(total_steps: int, ours: str, others: Sequence[str], words: str) -> Case:
    return by_loss(
        *(ours, words, recorded_runs().tuned(ours, total_steps).scores),
        *(cross_chosen(total_steps, others), language_runs.margin(total_steps)),
    )


def _worst_falling(total_steps: int) -> Case:
    constant = recorded_runs().tuned("constant", total_steps).scores
    worst = cross_chosen(total_steps, _FALLING, worst=True)
    margin = language_runs.margin(total_steps)
    return by_loss("worst falling", "constant", worst, constant, margin)


def _spread_against_gain(total_steps: int) -> Case:
    spread = cross_chosen(total_steps, _FALLING, worst=True) - cross_chosen(total_steps, _FALLING)
    tuned = {name: recorded_runs().tuned(name, total_steps).scores for name in SCHEDULES}
    gain = tuned["constant"] - np.mean([tuned[name] for name in _FALLING], axis=0)
    names = ("worst − best shape", "constant − mean shape")
    return by_loss(*names, spread, gain, language_runs.margin(total_steps))


def _guessing(total_steps: int) -> Case:
    trained = recorded_runs().final_at("linear", total_steps, _LARGE, warmup_steps=0)
    guess = np.full(len(trained), np.log(problems.grammar_text().vocabulary))
    names = ("guessing", "linear, no warmup")
    return by_loss(*names, guess, trained, language_runs.margin(total_steps))


def _bad_start(total_steps: int) -> Case:
    ends = [
        recorded_runs().final_at("linear", total_steps, _PAST, warmup_steps=warmup)
        for warmup in (WARMUP, 0)
    ]
    names = ("warmup", "no warmup")
    return by_loss(*names, *ends, language_runs.margin(total_steps))


def _drop(total_steps: int) -> Case:
    """Return the case of a drop to 32 % after 80 % of the run, at the first score after it."""
    peak = language_runs.best_peak("multi-step", total_steps)
    after = total_steps * 8 // 10 // SCORE_EVERY  # that many scores come before the drop
    dropped, kept = (
        recorded_runs().curve(name, total_steps, peak)[:, after]
        for name in ("multi-step", "constant")
    )
    return by_loss("dropped", "kept", dropped, kept, language_runs.margin(total_steps))


def _half_the_updates(total_steps: int) -> Case:
    """Return the case of the 1-cycle against linear decay in twice the updates."""
    short = recorded_runs().tuned("1-cycle", total_steps).scores
    long = recorded_runs().tuned("linear", 2 * total_steps).scores
    names = ("1-cycle", "linear, twice the updates")
    return by_loss(*names, short, long, language_runs.margin(2 * total_steps))


def _words(total_steps: int) -> str:
    return f"{total_steps:,} updates"


def on_language_model(claims: Sequence[Claim]) -> list[Claim]:
    """Return those claims that the recorded runs can decide, each with a case for every length.

    The 1-cycle in half the updates has two cases, because no run is twice the longest.

    Args:
        claims: claims as they were judged on small problems, all of the thirteen among them.

    Raises:
        ValueError: one of the thirteen is missing.
    """
    by_name = {claim.name: claim for claim in claims}
    missing = [name for name in _CASES if name not in by_name]
    if missing:
        raise ValueError(f"claims must hold {missing[0]!r}, got {sorted(by_name)}")
    judged = []
    for name, case in _CASES.items():
        lengths = HORIZONS[:-1] if case is _half_the_updates else HORIZONS
        cases = {_words(updates): case(updates) for updates in lengths}
        judged.append(replace(by_name[name], cases=cases))
    return judged


def show_beside(small: Sequence[Claim], language: Sequence[Claim]) -> None:
    """Display verdicts on small problems beside those on the language model, and record the latter.

    Records are `NAME holds at language model`, or another verdict, and for every decided case
    `NAME for at language model, 320 updates`, or against.

    Args:
        small: claims as they were judged on small problems.
        language: `on_language_model` of them.
    """
    verdicts = {claim.name: claim.verdict for claim in small}
    rows, records = [], []
    for claim in language:
        sides = dict(zip(claim.cases, claim.sides, strict=True))
        cells = [sides.get(_words(n), "–") for n in HORIZONS]
        rows.append([claim.name, verdicts[claim.name], *cells, claim.verdict])
        records.append(Outcome(f"{claim.name} {claim.verdict}", "is", "true", WHERE))
        records += [
            Outcome(f"{claim.name} {side}", "is", "true", f"{WHERE}, {updates}")
            for updates, side in sides.items()
            if side != "open"
        ]
    header = ["claim", "small problems", *map(_words, HORIZONS), WHERE]
    show_table(header, rows, records)


_OTHERS = tuple(name for name in SCHEDULES if name != "cosine")
#: Claim -> the case of a length. Every claim is one of the docket's, by name.
_CASES: Mapping[str, Callable[[int], Case]] = {
    "any schedule beats a constant": _worst_falling,
    "the shape matters less": _spread_against_gain,
    "a transformer without warmup ends at guessing": _guessing,
    "a transformer needs warmup": partial(_against, ours="linear", theirs="linear, no warmup"),
    "small models need no warmup": partial(_against, ours="linear, no warmup", theirs="linear"),
    "a bad start is never made good": _bad_start,
    "under ten epochs a constant is enough": partial(_against, ours="constant", theirs="linear"),
    "in short runs a constant is as good as a cosine": partial(
        _against, ours="constant", theirs="cosine"
    ),
    "with Adam linear is enough": partial(_against, ours="linear", theirs="cosine"),
    "the cosine beats the classics": partial(_against, ours="cosine", theirs="multi-step"),
    "warmup + cosine is the best of all": partial(
        _with_best, ours="cosine", others=_OTHERS, words="best of the other eight"
    ),
    "a drop brings a sudden gain": _drop,
    "1-cycle is better in fewer epochs": _half_the_updates,
}
