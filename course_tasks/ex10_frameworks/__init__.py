"""Exercise 10: ten broken loops and six puzzles; the right rates are computed without torch."""
