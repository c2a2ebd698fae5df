"""Exercise 8: what makes a comparison unfair, intervals, ties, and fresh seeds for the score."""

from course_tasks.ex08_grand_comparison import (
    chosen_by_halving,
    interval_of_mean,
    paired_difference,
    ranks_with_ties,
    tuned_scores,
    what_is_unfair,
)

TASKS = (
    what_is_unfair.TASK,
    interval_of_mean.TASK,
    paired_difference.TASK,
    ranks_with_ties.TASK,
    tuned_scores.TASK,
    chosen_by_halving.TASK,
)
