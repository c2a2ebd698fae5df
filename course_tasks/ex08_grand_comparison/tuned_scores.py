"""Exercise 8, task 5: choose on some seeds, score on the others."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Section, Task


def tuned_scores(scores: np.ndarray, tuning_seeds: list[int]) -> np.ndarray:
    table = np.asarray(scores)
    schedules, _, seeds = table.shape
    fresh = np.setdiff1d(np.arange(seeds), tuning_seeds)
    chosen = np.argmin(np.mean(table[:, :, tuning_seeds], axis=2), axis=1)
    return np.mean(table[np.arange(schedules), chosen][:, fresh], axis=1)


def cases(rng: np.random.Generator) -> list[Case]:
    two = np.array(
        [
            [[0.9, 0.8, 0.5, 0.7], [0.4, 0.5, 0.8, 0.6], [0.6, 0.7, 0.65, 0.6]],
            [[0.7, 0.6, 0.9, 0.8], [0.8, 0.75, 0.2, 0.3], [0.3, 0.9, 0.4, 0.4]],
        ]
    )
    lucky = np.array(
        [
            [[0.5, 0.5, 0.1, 0.6, 0.62], [0.45, 0.46, 0.9, 0.5, 0.4], [0.3, 0.31, 3.0, 0.4, 0.5]],
            [[0.6, 0.1, 0.6, 0.7, 0.7], [0.5, 0.52, 0.54, 0.7, 0.66], [0.8, 0.9, 0.8, 0.1, 0.1]],
        ]
    )
    diverged = lucky.copy()
    diverged[0, 2, :] = np.inf
    diverged[1, 1, 1] = np.inf
    # The peak with the lowest single loss is not the one with the lowest mean.
    one_lucky = np.array([[[0.4, 0.5, 0.7], [0.1, 0.9, 0.2]]])
    cases = [
        {"scores": two, "tuning_seeds": [0, 1]},
        {"scores": one_lucky, "tuning_seeds": [0, 1]},
        {"scores": two, "tuning_seeds": [1, 3]},
        {"scores": lucky, "tuning_seeds": [0, 1, 2]},
        {"scores": diverged, "tuning_seeds": [0, 1, 2]},
        {"scores": two[:1], "tuning_seeds": [3]},
        {"scores": two[:, :1], "tuning_seeds": [2, 0, 1]},
    ]
    for _ in range(8):
        schedules, peaks, seeds = (int(n) for n in rng.integers((2, 3, 6), (6, 6, 12)))
        scores = 0.5 + rng.exponential(0.3, size=(schedules, peaks, seeds))
        tuning = rng.permutation(seeds)[: int(rng.integers(2, seeds - 2))].tolist()
        cases.append({"scores": scores, "tuning_seeds": tuning})
    return cases


def rest(scores, tuning_seeds):
    return np.setdiff1d(np.arange(scores.shape[2]), tuning_seeds)


def score_at(scores, chosen, seeds):
    return scores[np.arange(len(scores)), chosen][:, seeds].mean(axis=1)


def scored_where_tuned(scores, tuning_seeds):
    return scores[:, :, tuning_seeds].mean(axis=2).min(axis=1)


def scored_on_all(scores, tuning_seeds):
    chosen = scores[:, :, tuning_seeds].mean(axis=2).argmin(axis=1)
    return score_at(scores, chosen, np.arange(scores.shape[2]))


def chosen_on_fresh(scores, tuning_seeds):
    return scores[:, :, rest(scores, tuning_seeds)].mean(axis=2).min(axis=1)


def chosen_on_all(scores, tuning_seeds):
    return score_at(scores, scores.mean(axis=2).argmin(axis=1), rest(scores, tuning_seeds))


def one_peak_for_all(scores, tuning_seeds):
    shared = scores[:, :, tuning_seeds].mean(axis=(0, 2)).argmin()
    return scores[:, shared][:, rest(scores, tuning_seeds)].mean(axis=1)


def luckiest_run(scores, tuning_seeds):
    chosen = scores[:, :, tuning_seeds].min(axis=2).argmin(axis=1)
    return score_at(scores, chosen, rest(scores, tuning_seeds))


def first_seeds(scores, tuning_seeds):
    seeds = np.arange(scores.shape[2])
    return tuned_scores(scores, seeds[: len(tuning_seeds)].tolist())


def scored_behind(scores, tuning_seeds):
    chosen = scores[:, :, tuning_seeds].mean(axis=2).argmin(axis=1)
    return score_at(scores, chosen, np.arange(len(tuning_seeds), scores.shape[2]))


TASK = Task(
    name="tuned_scores",
    number=5,
    section=Section("08_grand_comparison", "Every schedule of this course, tuned alike"),
    points=2,
    reference=tuned_scores,
    make_cases=cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Look at one schedule first: a table of peaks by seeds. Split its columns into two "
            "groups. Use one group to choose a row, and the other to score that row.",
        ),
        Hint(
            "My scores are too good",
            "On which seeds do you choose the peak, and on which do you score it? A peak that "
            "wins on some seeds wins partly by luck.",
        ),
        Hint(
            "The shapes do not fit",
            "Each schedule has a peak of its own, so you need one row from each table. A loop over "
            "the schedules is fine.",
        ),
    ),
    misconceptions=(
        Misconception(
            "scored where tuned",
            scored_where_tuned,
            "These are the scores on the seeds that chose the peaks. They are too good, because "
            "each peak was chosen partly for its luck on these seeds.",
        ),
        Misconception(
            "scored on all",
            scored_on_all,
            "Your score includes the tuning seeds. A peak is chosen partly for its luck on "
            "them, so you have to leave them out.",
        ),
        Misconception(
            "chosen on the fresh seeds",
            chosen_on_fresh,
            "You choose the peak on the seeds that score it, and do not use the tuning seeds at "
            "all. The fresh seeds must not influence the choice.",
        ),
        Misconception(
            "chosen on all",
            chosen_on_all,
            "You choose the peak on all seeds, including the fresh ones. The seeds that score a "
            "choice must not influence it.",
        ),
        Misconception(
            "one peak for all",
            one_peak_for_all,
            "One peak was chosen for all schedules together. It suits some of them but not "
            "others. Each schedule should have its own best peak.",
        ),
        Misconception(
            "luckiest run",
            luckiest_run,
            "You choose the peak by its single best run. Take the mean over the tuning seeds, "
            "including the bad runs.",
        ),
        Misconception(
            "the first seeds",
            first_seeds,
            "You tune on the first seeds of the table. tuning_seeds says which ones to take, by "
            "their index along the last axis.",
        ),
        Misconception(
            "scored on the last seeds",
            scored_behind,
            "The peaks are right, but you score them on the last seeds of the table. "
            "tuning_seeds are indices and not always the first ones. Score on all other seeds.",
        ),
    ),
)
