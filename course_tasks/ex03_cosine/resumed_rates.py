"""Exercise 3, task 3: repair a schedule that forgets where it was."""

from __future__ import annotations

import numpy as np

from course_tasks.curves import peak_of
from course_tasks.ex03_cosine.shared import down
from course_tasks.task import Case, Hint, Misconception, Section, Task


def resumed_rates(
    done: int, updates: int, peak_lr: float, total_steps: int, floor: float
) -> np.ndarray:
    share = np.minimum((done + np.arange(updates)) / total_steps, 1.0)
    return floor + (peak_lr - floor) * (1.0 + np.cos(np.pi * share)) / 2.0


def cases(rng: np.random.Generator) -> list[Case]:
    def case(done, updates, peak_lr, total_steps, floor):
        return {
            "done": done,
            "updates": updates,
            "peak_lr": peak_lr,
            "total_steps": total_steps,
            "floor": floor,
        }

    edges = [
        case(0, 6, 0.1, 10, 0.01),
        case(6, 9, 0.1, 10, 0.01),
        case(10, 5, 2.0, 10, 0.5),
        case(9, 1, 2.0, 10, 0.0),
        case(0, 25, 1.0, 8, 0.1),
        case(33, 7, 1.0, 10, 0.2),
        case(1, 2, 0.3, 5, 0.0),
    ]
    for _ in range(8):
        total, peak = int(rng.integers(3, 60)), float(rng.uniform(0.01, 2.0))
        done, updates = int(rng.integers(0, total)), int(rng.integers(5, 60))
        edges.append(case(done, updates, peak, total, float(rng.uniform(0.0, 0.5)) * peak))
    return edges


def planned_anew(done, updates, peak_lr, total_steps, floor):
    left = max(total_steps - done, 1)
    start = down(min(done / total_steps, 1), peak_lr, floor)
    return down(np.minimum(np.arange(updates) / left, 1), start, floor)


def shorter_cosine(done, updates, peak_lr, total_steps, floor):
    left = np.float64(total_steps - done)
    return down(np.minimum(np.arange(updates) / left, 1), peak_lr, floor)


TASK = Task(
    name="resumed_rates",
    number=3,
    section=Section("03_cosine", "What goes wrong: past the end"),
    points=2,
    reference=resumed_rates,
    make_cases=cases,
    scale=peak_of,
    hints=(
        Hint(
            "I do not know how to begin",
            "Take a run that was interrupted after 2 updates, and write down on paper the steps "
            "$t$ of the next three. What do the rates of these steps have to be?",
        ),
        Hint(
            "My first value should be the peak, or should not be",
            "It is the peak only when nothing has been done yet. What does the broken class know "
            "about the updates before it was built, and what does it do to its counter before it "
            "computes the first rate?",
        ),
        Hint(
            "My last values rise",
            "Past `total_steps` you must not put the step itself into the formula. Which step "
            "do you need instead?",
        ),
    ),
    misconceptions=(
        Misconception(
            "as given",
            lambda done, updates, peak_lr, total_steps, floor: down(
                np.arange(1, updates + 1) / total_steps, peak_lr, floor
            ),
            "These are the rates of the broken class. The class has three faults, and the first "
            "line that it printed shows two of them.",
        ),
        Misconception(
            "climbs past the end",
            lambda done, updates, peak_lr, total_steps, floor: down(
                (done + np.arange(updates)) / total_steps, peak_lr, floor
            ),
            "Counting is right now. Past total_steps your rate still climbs back to the peak.",
        ),
        Misconception(
            "counts from 1",
            lambda done, updates, peak_lr, total_steps, floor: down(
                np.minimum(done + 1 + np.arange(updates), total_steps) / total_steps, peak_lr, floor
            ),
            "You are one update ahead. After `done` updates the next one has t = done, because "
            "the first one has t = 0.",
        ),
        Misconception(
            "begins one step before",
            lambda done, updates, peak_lr, total_steps, floor: down(
                np.minimum(done - 1 + np.arange(updates), total_steps) / total_steps, peak_lr, floor
            ),
            "Your first step is done - 1, which is the last one before the break (and -1 in a "
            "fresh run). The next one after `done` updates is `done` itself.",
        ),
        Misconception(
            "one update twice",
            lambda done, updates, peak_lr, total_steps, floor: down(
                np.clip(done - 1 + np.arange(updates), 0, total_steps) / total_steps, peak_lr, floor
            ),
            "You are one update behind: the last rate before the break is used again.",
        ),
        Misconception(
            "starts over",
            lambda done, updates, peak_lr, total_steps, floor: down(
                np.minimum(np.arange(updates), total_steps) / total_steps, peak_lr, floor
            ),
            "Your curve starts over at the peak, as if nothing had been done before the break.",
        ),
        Misconception(
            "jumps back",
            lambda done, updates, peak_lr, total_steps, floor: down(
                (done + np.arange(updates)) % total_steps / total_steps, peak_lr, floor
            ),
            "Past total_steps your curve begins again at the peak, which is a restart. It "
            "should stay at the floor.",
        ),
        Misconception(
            "zero past the end",
            lambda done, updates, peak_lr, total_steps, floor: np.where(
                done + np.arange(updates) <= total_steps,
                resumed_rates(done, updates, peak_lr, total_steps, floor),
                0.0,
            ),
            "Past total_steps your rate is 0. It should stay at the floor.",
        ),
        Misconception(
            "planned anew",
            planned_anew,
            "You start at the right rate and then fit a new cosine to the rest of the run. A "
            "resumed run continues along the old one.",
        ),
        Misconception(
            "shorter cosine",
            shorter_cosine,
            "You start again at the peak, with a cosine over the updates that are left of the "
            "plan. A resumed run continues along the old curve from where it was interrupted.",
        ),
        Misconception(
            "updates as the end",
            lambda done, updates, peak_lr, total_steps, floor: down(
                np.minimum(np.arange(done, updates) / total_steps, 1), peak_lr, floor
            ),
            "You count from `done` up to `updates`. But `updates` is the number of updates to "
            "come, not the step at which they end.",
        ),
    ),
)
