"""Of every exercise: second, differently written solutions, and mutants that change nothing.

A module has the name of its exercise and holds

- OTHER: task -> a correct solution, written in another way than the reference;
- EQUIVALENT: task -> mutant, in the words of `tests.tasks.mutants` -> why its answers are the same.
"""

import importlib

import course_tasks

SOLVED = {name: importlib.import_module(f"{__name__}.{name}") for name in course_tasks.EXERCISES}
