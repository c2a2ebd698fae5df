"""Learning-rate schedules, and what is needed to measure them."""
