"""Feedback as static HTML: one page a student, and one for the class."""
