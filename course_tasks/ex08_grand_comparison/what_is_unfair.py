"""Exercise 8, task 1: what is unfair."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Section, Task


def what_is_unfair(rows: list[dict], least_seeds: int) -> list[str]:
    tried = [row["peaks_tried"] for row in rows]
    lengths = [row["updates"] for row in rows]
    reused = [bool(set(row["tuned_on"]) & set(row["seeds"])) for row in rows]
    faults = {
        "best on the way": "best" in [row["report"] for row in rows],
        "few seeds": min(len(set(row["seeds"])) for row in rows) < least_seeds,
        "one peak": 1 in tried,
        "training loss": "training" in [row["data"] for row in rows],
        "tuning seeds": True in reused,
        "unequal lengths": len(set(lengths)) > 1,
        "unequal tuning": len(set(tried)) > 1,
    }
    return sorted(name for name, found in faults.items() if found)


FAIR = {
    "schedule": "linear",
    "peaks_tried": 5,
    "tuned_on": [0, 2],
    "seeds": [1, 3, 5],
    "updates": 300,
    "data": "held-out",
    "report": "end",
}


def table(first: dict, second: dict | None = None, *more: dict) -> list[dict]:
    names = ("constant", "cosine", "WSD", "multi-step")
    changes = [first, second or {}, *more]
    return [
        FAIR | {"schedule": name} | change for name, change in zip(names, changes, strict=False)
    ]


def cases(rng: np.random.Generator) -> list[Case]:
    single = {"peaks_tried": 1, "tuned_on": []}
    tables = [
        (table({"data": "training"}), 3),
        (table({}), 3),
        (table({}, {"report": "best"}), 3),
        (table({}, {"seeds": [1, 3]}), 3),
        (table({"seeds": [1, 3]}), 2),
        (table({}, {"seeds": [1, 3, 3, 1]}), 3),
        (table(single, single), 3),
        (table(single), 3),
        (table({}, {"peaks_tried": 3}), 3),
        (table({"peaks_tried": 2}, {"peaks_tried": 2}), 3),
        (table({}, {"updates": 400}), 3),
        (table({"updates": 400}), 3),
        (table({"tuned_on": [0, 3]}), 3),
        (table({"tuned_on": [1]}, {"seeds": [2, 4, 6]}), 3),
        (table({"tuned_on": [7]}, {"seeds": [7, 8, 9]}), 3),
        (table({"seeds": [1, 3]}, {"seeds": [4, 5]}, {"seeds": [6, 7]}), 4),
    ]
    cases = [{"rows": rows, "least_seeds": least} for rows, least in tables]
    for _ in range(9):
        rows = []
        for name in rng.permutation(["constant", "cosine", "WSD", "multi-step"])[
            : rng.integers(2, 5)
        ]:
            peaks_tried = int(rng.choice([1, 4, 4, 4]))
            count = int(rng.integers(2, 5))
            rows.append(
                {
                    "schedule": str(name),
                    "peaks_tried": peaks_tried,
                    "tuned_on": [] if peaks_tried == 1 else [0, int(rng.integers(1, 10))],
                    "seeds": rng.integers(5, 40, size=count).tolist(),
                    "updates": int(rng.choice([300, 300, 300, 600])),
                    "data": str(rng.choice(["held-out", "held-out", "training"])),
                    "report": str(rng.choice(["end", "end", "best"])),
                }
            )
        cases.append({"rows": rows, "least_seeds": int(rng.integers(2, 5))})
    return cases


def only_when_all(rows, least_seeds):
    each = [set(what_is_unfair([row], least_seeds)) for row in rows]
    between = {"unequal lengths", "unequal tuning"} & set(what_is_unfair(rows, least_seeds))
    return sorted(set.intersection(*each) | between)


def first_row_only(rows, least_seeds):
    between = {"unequal lengths", "unequal tuning"} & set(what_is_unfair(rows, least_seeds))
    return sorted(set(what_is_unfair(rows[:1], least_seeds)) | between)


def changed(name, finds):
    def faults(rows, least_seeds):
        others = set(what_is_unfair(rows, least_seeds)) - {name}
        return sorted(others | ({name} if finds(rows, least_seeds) else set()))

    return faults


def unsorted(rows, least_seeds):
    return what_is_unfair(rows, least_seeds)[::-1]


def seeds_of_all(rows, key):
    return {seed for row in rows for seed in row[key]}


def once_a_row(rows, least_seeds):
    between = {"unequal lengths", "unequal tuning"} & set(what_is_unfair(rows, least_seeds))
    each = [set(what_is_unfair([row], least_seeds)) for row in rows]
    return sorted([*between, *(name for found in each for name in found)])


TASK = Task(
    name="what_is_unfair",
    number=1,
    section=Section("08_grand_comparison", "What goes wrong, 1: one peak for all"),
    points=2,
    reference=what_is_unfair,
    make_cases=cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Begin with an empty list and one fault. Does this fault concern each row by "
            "itself, or how the rows differ? Add its name if you find it, and then take the "
            "next fault.",
        ),
        Hint(
            "A fault is missing that I can see",
            "Does your loop end at the first row? One row with a fault is enough. And a run "
            "that is listed twice is still one run.",
        ),
        Hint(
            "I name tuning seeds where none are expected",
            "A seed may tune one schedule and score another. Look at each row by itself.",
        ),
        Hint(
            "A fair table gives None",
            "The answer is a list for every table, and for a fair table it is empty. Does your "
            "function reach a `return` if it finds nothing?",
        ),
    ),
    misconceptions=(
        Misconception(
            "every row must have it",
            only_when_all,
            "You name a fault only if every row has it. One row is enough to make the "
            "comparison unfair.",
        ),
        Misconception(
            "first row only",
            first_row_only,
            "Only the first row is looked at. Perhaps your function returns before the loop is "
            "through.",
        ),
        Misconception(
            "repeated seeds counted",
            changed(
                "few seeds",
                lambda rows, least: any(len(row["seeds"]) < least for row in rows),
            ),
            "A seed that is listed twice is counted twice. A repeated run adds no information, "
            "so count different seeds.",
        ),
        Misconception(
            "seeds of all rows together",
            changed("few seeds", lambda rows, least: len(seeds_of_all(rows, "seeds")) < least),
            "You count the seeds of all rows together. Each schedule needs enough seeds of its "
            "own.",
        ),
        Misconception(
            "just enough is too few",
            changed(
                "few seeds",
                lambda rows, least: any(len(set(row["seeds"])) <= least for row in rows),
            ),
            "You report few seeds when there are exactly least_seeds of them. That number is "
            "enough.",
        ),
        Misconception(
            "tuning seeds of another row",
            changed(
                "tuning seeds",
                lambda rows, least: bool(
                    seeds_of_all(rows, "tuned_on") & seeds_of_all(rows, "seeds")
                ),
            ),
            "You report a seed that tuned one schedule and scored another. It is a fault only "
            "if both are in the same row.",
        ),
        Misconception(
            "same seeds again",
            changed(
                "tuning seeds",
                lambda rows, least: any(
                    row["tuned_on"] and set(row["seeds"]) <= set(row["tuned_on"]) for row in rows
                ),
            ),
            "You report tuning seeds only if all seeds were used for tuning. One seed in both "
            "lists is enough.",
        ),
        Misconception(
            "not in order",
            unsorted,
            "The faults are right, but their order is not. The task asks for alphabetical order.",
        ),
        Misconception(
            "once a row",
            once_a_row,
            "Your list names a fault once for each row that has it. Each name may occur at most "
            "once.",
        ),
    ),
)
