"""Exercise 7: the sweep, its average and its stop, two rules, and the peak of an unknown model."""
