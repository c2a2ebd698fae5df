"""A class of made-up learners and what they hand in, to try the grader on."""
