"""Seeded data to train on and small landscapes: nothing is downloaded, a seed fixes the numbers."""

from course_lib.problems.catapult import TwoLayerProduct
from course_lib.problems.classification import Classification, noisy_spirals, spirals
from course_lib.problems.descent import Landscape, descend, walk
from course_lib.problems.digits import digits
from course_lib.problems.grammar import Grammar, grammar, grammar_text
from course_lib.problems.landscapes import Ravine, RiverValley, Rosenbrock, SeveralMinima
from course_lib.problems.quadratic import NoisyQuadratic, power_law_quadratic, simulate
from course_lib.problems.sequences import Sequences, associative_recall
from course_lib.problems.text import ByteText, moby_dick

__all__ = [
    "ByteText",
    "Classification",
    "Grammar",
    "Landscape",
    "NoisyQuadratic",
    "Ravine",
    "RiverValley",
    "Rosenbrock",
    "Sequences",
    "SeveralMinima",
    "TwoLayerProduct",
    "associative_recall",
    "descend",
    "digits",
    "grammar",
    "grammar_text",
    "moby_dick",
    "noisy_spirals",
    "power_law_quadratic",
    "simulate",
    "spirals",
    "walk",
]
