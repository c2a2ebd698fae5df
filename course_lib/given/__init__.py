"""What exercises give to a learner's function when it needs more than data."""
