"""Exercise 5: the step size in updates, two triangles, and when to take a snapshot."""
