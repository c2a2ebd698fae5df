"""Finds what was handed in, and takes the learner's code out of it."""
