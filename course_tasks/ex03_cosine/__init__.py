"""Exercise 3: a cosine with a floor, warm restarts, and a run that is resumed past its end."""
