"""Compares a log with its plan, and searches the known mistakes for those that explain it."""
