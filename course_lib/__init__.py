"""Learning-rate schedules and the tools to measure them: the library of the notebooks.

A room uses only rooms below it in this table, on lower floors (ARCHITECTURE.md).

================  ==================================================================================
room              what is in it
================  ==================================================================================
checks, capstone  functions that an exercise calls; the capstone's problems and its leaderboard
explorers         interactive panels, one call each in a lesson
reference         the cheat sheet, the glossary, the table of the libraries' conventions
plots             every figure of the lessons
experiments       the longer computations of the lessons, one module for each lesson
compare           schedules tuned alike, scored over seeds; verdicts better, worse, equal and open
forecast          a law of the loss, fitted to a few runs: curves of other schedules, the best one
diagnose          reads the rates of a real run, identifies them, finds where they left the plan
range_test        the learning-rate range test: the sweep, and every tool's rule for a suggestion
language_model    a small language model, many schedules: recorded once, read by lessons
theory            exact computations: expected losses, stability, the best rates
training          trains many runs at once, on NumPy or PyTorch; it takes arrays of rates
libraries         converts library schedules to ours and back; simulates what libraries really do
lint              finds suspicious parts of a schedule
schedules         pure functions of the step: phases, shapes, presets, recipes, the catalogue
problems          seeded data, quadratics and landscapes
measured          tables of measured numbers, to the digits that their intervals support
intervals         how far a mean over seeds, or a single run, can be trusted
outcomes          outcomes that a lesson's cells record, and the sentences that rest on them
progress          the points that a learner has reached on this machine
svg               helpers that draw every SVG picture: explorers, cheat sheet, feedback pages
validation        errors that name the argument, the value and what is allowed
================  ==================================================================================

Nothing here imports `course_tools`. Only `checks` imports `course_tasks`, the answer key, and only
when it is called.
"""
