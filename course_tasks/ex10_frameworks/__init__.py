"""Exercise 10: ten broken training loops; the right rates are computed here without torch."""
