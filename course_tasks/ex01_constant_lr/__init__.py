"""Exercise 1: one gradient step, the largest stable rate, the loss at which noise holds a run."""
