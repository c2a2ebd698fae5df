"""The longer computations of the lessons, in modules named after the lesson that they serve.

A lesson shows what it teaches; what only has to be done, such as laying out a table of rates for
many runs, is here: `course_lib.experiments.lesson04_runs`.
"""
