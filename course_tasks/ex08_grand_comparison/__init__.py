"""Exercise 8: what makes a comparison unfair, intervals, ties, and fresh seeds for the score."""
