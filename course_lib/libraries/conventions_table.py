"""The conventions of every recorded schedule as one table, a row for those of a library that agree.

`python -m course_lib.libraries --conventions` prints it as the page docs/libraries.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain

import numpy as np

from course_lib.libraries import conventions
from course_lib.libraries.asked_schedule import AskedSchedule
from course_lib.libraries.conventions import Answer
from course_lib.libraries.probing import changed
from course_lib.libraries.recorded import recorded
from course_lib.libraries.registry import from_library, signature

Question = Callable[[AskedSchedule], Answer | None]

#: Heading of a column -> what is asked.
QUESTIONS: dict[str, Question] = {
    "first update": conventions.first_update,
    "at the peak": conventions.peak_reached,
    "total": conventions.total_counts,
    "floor": conventions.floor,
    "factor": conventions.factor,
    "counts in": conventions.counts_in,
    "past the end": conventions.past_the_end,
}
#: The same for what is known of a few schedules only.
MORE_QUESTIONS: dict[str, Question] = {
    "after a resume": conventions.after_a_resume,
    "parameter groups": conventions.of_groups,
}
_OF_THE_WARMUP = ("first update", "at the peak", "total")
_SHOWN = {"transformers_4": "transformers"}


@dataclass(frozen=True)
class Convention:
    """Schedules of one library that answer every question alike.

    Attributes:
        library: name of the library.
        version: release or commit that was run.
        schedules: their names in it.
        answers: heading of a column -> the answer in words; empty where it has none.
        first_share: smallest and largest share of the peak that a recorded first update has.
        source: file of the records, in `recorded_rates`.
        records: names of the records in it.
    """

    library: str
    version: str
    schedules: tuple[str, ...]
    answers: dict[str, str]
    first_share: tuple[float, float]
    source: str
    records: tuple[str, ...]


@cache
def asked_of_all() -> dict[tuple[str, str], list[AskedSchedule]]:
    """Return the records that can be asked: library and name of the schedule -> its records.

    A record that begins in the middle of its run has no first update, and stays out.
    """
    found: dict[tuple[str, str], list[AskedSchedule]] = defaultdict(list)
    for library, records in recorded().items():
        for record in records.values():
            resumed = record.arguments.get("last_epoch", -1) >= 0
            done = (record.arguments.get(key, 0) for key in ("num_timesteps", "initial_step"))
            resumed = resumed or any(number > 0 for number in done)
            if record.uncovered is None and not resumed:
                found[library, record.name].append(AskedSchedule(record))
    return dict(found)


def with_warmup(records: Sequence[AskedSchedule]) -> list[AskedSchedule]:
    """Return the records that warm up; all of them where none can.

    Where all were run with a warmup of 0 updates, the converter is asked for a longer one.
    """
    able = [asked for asked in records if asked.warmup is not None]
    warm = [asked for asked in able if asked.warmup[1] > 0]
    return (
        warm or [_as_if(a, changed(a.record.arguments, a.warmup[0], 7)) for a in able] or [*records]
    )


def _as_if(asked: AskedSchedule, arguments: dict[str, object]) -> AskedSchedule:
    """Return a record as if it had been run with other arguments."""
    steps = np.arange(asked.record.rates.size)
    rates = from_library(asked.record.name, **arguments)(steps)
    return AskedSchedule(replace(asked.record, arguments=arguments, rates=rates))


def answers(records: Sequence[AskedSchedule], heading: str) -> list[tuple[AskedSchedule, Answer]]:
    """Return what the records of one schedule answer, those that do."""
    chosen = with_warmup(records) if heading in _OF_THE_WARMUP else records
    found = [(asked, QUESTIONS[heading](asked)) for asked in chosen]
    found = [(asked, answer) for asked, answer in found if answer is not None]
    if heading == "floor":  # a factor that has acted once looks like a floor that is a share
        factors = {key for _, answer in answers(records, "factor") for key in answer.keys}
        found = [(asked, answer) for asked, answer in found if not factors & set(answer.keys)]
    return found


@cache
def table() -> tuple[Convention, ...]:
    """Return the rows, library by library."""
    rows: dict[tuple, list[tuple[str, list[AskedSchedule]]]] = defaultdict(list)
    for (library, name), records in asked_of_all().items():
        cells = {heading: _cell(answers(records, heading), heading) for heading in QUESTIONS}
        rows[library, tuple(cells.items())].append((name.split(".", 1)[1], records))
    return tuple(_row(library, dict(cells), same) for (library, cells), same in rows.items())


def _row(
    library: str, cells: dict[str, str], same: list[tuple[str, list[AskedSchedule]]]
) -> Convention:
    chosen = [asked for _, records in same for asked in with_warmup(records)]
    shares = [float(asked.rates[0]) / asked.top for asked in chosen]
    return Convention(
        library=_SHOWN.get(library, library),
        version=chosen[0].record.version,
        schedules=tuple(name for name, _ in same),
        answers=cells,
        first_share=(min(shares), max(shares)),
        source=f"{library}.json",
        records=tuple(asked.record.schedule for _, records in same for asked in records),
    )


def _cell(found: Sequence[tuple[AskedSchedule, Answer]], heading: str) -> str:
    """Return the answers of a schedule's records in words, and which argument decides."""
    said: dict[str, list[AskedSchedule]] = defaultdict(list)
    for asked, answer in found:
        said[str(answer)].append(asked)
    if len(said) > 1:
        for key in dict.fromkeys(key for asked, _ in found for key in _words(asked)):
            if _decides(key, said, heading):
                return "; ".join(f"{words} ({_of(key, group)})" for words, group in said.items())
    whole = [one.keys for _, one in found]
    parts = {str(one) for _, one in found if any(set(one.keys) < set(keys) for keys in whole)}
    return " or ".join(words for words in said if words not in parts or heading != "floor")


def _of(key: str, group: Sequence[AskedSchedule]) -> str:
    values = sorted({repr(_words(asked)[key]) for asked in group})
    return f"`{key}={' or '.join(values)}`"


def _decides(key: str, said: dict[str, list[AskedSchedule]], heading: str) -> bool:
    """Whether an argument decides the answer: give a record another's value, and ask it again."""
    values = {words: {_words(asked).get(key) for asked in group} for words, group in said.items()}
    if len(set().union(*values.values())) < sum(map(len, values.values())):
        return False
    asked_again = [
        (words, QUESTIONS[heading](other))
        for words, group in said.items()
        for asked in chain(*(others for key_, others in said.items() if key_ != words))
        for value in values[words]
        if (other := _with(asked, key, value)) is not None
    ]
    return bool(asked_again) and all(str(answer) == words for words, answer in asked_again)


def _with(asked: AskedSchedule, key: str, value: object) -> AskedSchedule | None:
    """Return a record as if it had been run with another value; None where it cannot be told."""
    if asked.record.error is not None or not np.isfinite(asked.record.rates).all():
        return None
    try:
        return _as_if(asked, asked.record.arguments | {key: value})
    except (TypeError, ValueError):
        return None


def _words(asked: AskedSchedule) -> dict[str, object]:
    """Return the arguments that are no numbers, the defaults as well."""
    if asked.probe is None:
        return {}
    known = signature(asked.record.name).parameters
    given = {key: parameter.default for key, parameter in known.items()} | asked.record.arguments
    return {key: value for key, value in given.items() if isinstance(value, bool | str)}


def libraries_by_kind(heading: str) -> dict[str, list[str]]:
    """Return the kinds of answer to one question -> the libraries with a schedule that gives it.

    Of the warmup only those are asked that warm up. The most frequent kind comes first.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for (library, _), records in asked_of_all().items():
        for asked, answer in answers(records, heading):
            if heading not in _OF_THE_WARMUP or (asked.warmup and asked.warmup[1] > 0):
                found[answer.kind].add(_SHOWN.get(library, library))
    return {kind: sorted(found[kind]) for kind in sorted(found, key=lambda k: -len(found[k]))}


def known_of_few() -> list[tuple[str, str, str, str]]:
    """Return library, schedules, heading and answer where `MORE_QUESTIONS` have one."""
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for (library, name), records in asked_of_all().items():
        for heading, ask in MORE_QUESTIONS.items():
            said = list(dict.fromkeys(str(answer) for one in records if (answer := ask(one))))
            if said:
                shown = _SHOWN.get(library, library)
                found[shown, heading, " or ".join(said)].append(name.split(".", 1)[1])
    return [
        (library, ", ".join(f"`{name}`" for name in names), *rest)
        for (library, *rest), names in found.items()
    ]
