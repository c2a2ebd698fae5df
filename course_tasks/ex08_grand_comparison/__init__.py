"""Exercise 8: unfair comparisons, intervals, counts of better schedules, fresh seeds."""
