"""Exercise 12: sums of rates, a power law's fit, the multi-power law, a cooldown's start."""
