"""Learning-rate schedules, and what is needed to measure them: what the notebooks import.

A room uses rooms below it in this table, on lower floors (ARCHITECTURE.md), and none above.

================  ===============================================================================
room              what is in it
================  ===============================================================================
checks, capstone  what an exercise calls; the capstone's problems and its leaderboard
explorers         interactive panels, one call each in a lesson
reference         the cheat sheet and the glossary
plots             every figure of the lessons
experiments       the longer computations of the lessons, a module for each
compare           schedules tuned alike, scored over seeds; better, worse, equal or open
range_test        the learning-rate range test: the sweep, and every tool's rule for a suggestion
theory            what can be computed exactly: expected losses, stability, the best rates
training          many runs at once, on NumPy or PyTorch; it takes arrays of rates
libraries         converts library schedules to ours and back; what each library really does
lint              what is suspicious about a schedule
schedules         pure functions of the step: phases, shapes, presets, recipes, the catalogue
problems          seeded data, quadratics and landscapes
measured          tables of measured numbers, to the digits that their intervals support
intervals         how far a mean over seeds can be trusted
outcomes          what a lesson's cells record, for the sentences that rest on it
progress          the points that a learner has reached on this machine
svg               helpers that draw every SVG picture: explorers, cheat sheet, feedback pages
validation        errors that name the argument, the value and what is allowed
================  ===============================================================================

Nothing here imports `course_tools`; `checks` alone imports `course_tasks`, the answer key, and only
when it is called.
"""
