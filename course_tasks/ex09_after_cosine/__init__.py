"""Exercise 9: a line to zero, a branch of a long run, a new batch size, schedule-free SGD."""
