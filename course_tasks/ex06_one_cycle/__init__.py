"""Exercise 6: one cycle in two and in three phases, its momentum, and its arguments read back."""
