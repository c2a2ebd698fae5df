"""Exercise 9: linear decay to zero, a branch of a long run, a new batch size, schedule-free SGD."""
