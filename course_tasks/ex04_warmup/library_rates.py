"""Exercise 4, task 5: match four libraries."""

from __future__ import annotations

import numpy as np

from course_tasks.curves import peak_of
from course_tasks.task import Case, Hint, Misconception, Section, Task


def library_rates(
    library: str, peak_lr: float, warmup_steps: int, total_steps: int, floor: float
) -> np.ndarray:
    rates = []
    for t in range(total_steps):
        line = {
            "transformers": t / warmup_steps,
            "torchtitan": (t + 1.0) / warmup_steps,
            "nanogpt": (t + 1.0) / (warmup_steps + 1.0),
            "torch": (1.0 + (warmup_steps - 1.0) * t / warmup_steps) / warmup_steps,
        }[library]
        done = (t - warmup_steps) / (total_steps - warmup_steps)
        fall = floor + (peak_lr - floor) * (1.0 + np.cos(np.pi * done)) / 2.0
        rates.append(peak_lr * line if t < warmup_steps else fall)
    return np.array(rates)


def cases(rng: np.random.Generator) -> list[Case]:
    libraries = ("transformers", "torchtitan", "nanogpt", "torch")

    def case(library, peak_lr, warmup_steps, total_steps, floor):
        return {
            "library": library,
            "peak_lr": peak_lr,
            "warmup_steps": warmup_steps,
            "total_steps": total_steps,
            "floor": floor,
        }

    edges = [case(name, 0.1, 10, 100, 0.001) for name in libraries]  # the recorded setting
    edges += [case(name, 2.0, 1, 6, 0.0) for name in libraries]
    edges += [case(name, 1.0, 3, 9, 0.2) for name in libraries]
    for name in libraries * 2:
        warmup, peak = int(rng.integers(2, 15)), float(rng.uniform(0.01, 2.0))
        total = warmup + int(rng.integers(2, 30))
        edges.append(case(name, peak, warmup, total, float(rng.uniform(0.0, 0.3)) * peak))
    return edges


LINES = {
    "transformers": lambda t, w: t / w,
    "torchtitan": lambda t, w: (t + 1) / w,
    "nanogpt": lambda t, w: (t + 1) / (w + 1),
    "torch": lambda t, w: (1 + (w - 1) * t / w) / w,
}


def rates_of_libraries(
    lines,
    begin=lambda library, w: w,
    length=lambda w, total: total - w,
    base=lambda library: 0.0,
    ahead=0,
):
    """Return `library_rates` with other lines, another cosine or another floor.

    Args:
        lines: library -> share of the peak at t, for a warmup of w; the rest is right.
        begin: library and w -> t at which the cosine begins.
        length: w and total -> updates the cosine takes.
        base: library -> 1.0 where the line rises from the floor.
        ahead: updates by which the cosine is ahead, without beginning earlier.
    """

    def rates(library, peak_lr, warmup_steps, total_steps, floor):
        w, line = warmup_steps, (LINES | lines)[library]
        t = np.arange(total_steps)
        start = begin(library, w)
        wave = (1 + np.cos(np.pi * (t - start + ahead) / length(w, total_steps))) / 2
        low = base(library) * floor
        rise = low + (peak_lr - low) * line(t, w)
        return np.where(t < start, rise, floor + (peak_lr - floor) * wave)

    return rates


TASK = Task(
    name="library_rates",
    number=5,
    section=Section("04_warmup", "Further: two ways to be off by one"),
    points=3,
    reference=library_rates,
    make_cases=cases,
    scale=peak_of,
    hints=(
        Hint(
            "I do not know how to begin",
            "Divide the printed rates by the peak and look at each row. What is the first "
            "number, as one over something? And by how much does it grow from one column to the "
            "next?",
        ),
        Hint(
            "nanoGPT's numbers look odd",
            "Its first rate is the peak divided by eleven, and the warmup is ten. Into how many "
            "equal pieces is the rise from 0 divided, and at which $t$ does it end?",
        ),
        Hint(
            "torch's rise does not match any of the others",
            "Two points determine a linear rise: the first rate, and the $t$ at which it "
            "reaches the peak. Is each step of it as large as the first rate?",
        ),
        Hint(
            "The rises are right, the rest is one off",
            "All four cosines are the same. At which $t$ does the cosine give the peak, and where "
            "would it reach the floor?",
        ),
    ),
    misconceptions=(
        Misconception(
            "all from zero",
            rates_of_libraries(dict.fromkeys(LINES, LINES["transformers"])),
            "You let all four begin at 0. Only one of them does. Look at the column t = 0.",
        ),
        Misconception(
            "all one ahead",
            rates_of_libraries(dict.fromkeys(LINES, LINES["torchtitan"])),
            "You use (t + 1) / W for all four. Look at the rows in which t = W - 1 is not at the "
            "peak yet.",
        ),
        Misconception(
            "nanogpt as torchtitan",
            rates_of_libraries({"nanogpt": LINES["torchtitan"]}),
            "nanoGPT divides by one more than the warmup, so it is at the peak at t = W, "
            "not at W - 1. The other three are right.",
        ),
        Misconception(
            "torch as torchtitan",
            rates_of_libraries({"torch": LINES["torchtitan"]}),
            "torch's LinearLR with total_iters = W is at the peak at t = W, not at W - 1, so "
            "its rise is a little flatter. The other three are right.",
        ),
        Misconception(
            "torch from zero",
            rates_of_libraries({"torch": LINES["transformers"]}),
            "torch's LinearLR begins at start_factor times the peak, not at 0. The other three "
            "are right.",
        ),
        Misconception(
            "torch from a tenth",
            rates_of_libraries({"torch": lambda t, w: 0.1 + 0.9 * t / w}),
            "Your torch rise begins at a tenth of the peak for every warmup. This is right only "
            "for W = 10, because the tenth in the table is one over W.",
        ),
        Misconception(
            "nanogpt from an eleventh",
            rates_of_libraries({"nanogpt": lambda t, w: 1 / 11 + 10 / 11 * t / w}),
            "Your nanoGPT rise begins at an eleventh of the peak for every warmup. This is "
            "right only for W = 10. How do you get 11 from 10?",
        ),
        Misconception(
            "torchtitan from zero",
            rates_of_libraries({"torchtitan": lambda t, w: t / max(w - 1, 1)}),
            "Your torchtitan warmup begins at 0. It does reach the peak at t = W - 1, as yours "
            "does, but its first rate is not 0. The other three are right.",
        ),
        Misconception(
            "cosine one ahead",
            rates_of_libraries({}, ahead=1),
            "Your cosines are one update ahead: at t = W, where they begin, the rate is the peak.",
        ),
        Misconception(
            "cosine at the peak",
            rates_of_libraries({}, begin=lambda library, w: w - (library == "torchtitan")),
            "You let torchtitan's cosine begin at t = W - 1, where its rise reaches the peak. "
            "It begins at W, so torchtitan is at the peak for two updates.",
        ),
        Misconception(
            "cosine over the whole run",
            rates_of_libraries({}, length=lambda w, total: total),
            "Your cosine takes total_steps updates. It should take only those that are left "
            "after the warmup.",
        ),
        Misconception(
            "ends at the last update",
            rates_of_libraries({}, length=lambda w, total: total - w - 1),
            "Your cosine reaches the floor at the last update. It would reach it one update later, "
            "at t = total_steps.",
        ),
        Misconception(
            "rise from the floor",
            rates_of_libraries({}, base=lambda library: 1.0),
            "Your warmups rise from the floor. The floor belongs to the end of the run; a "
            "warmup starts from a share of the peak.",
        ),
        Misconception(
            "transformers from the floor",
            rates_of_libraries({}, base=lambda library: float(library == "transformers")),
            "Your transformers warmup rises from the floor. Its first rate is 0, even if the "
            "floor is not. The other three are right.",
        ),
    ),
)
