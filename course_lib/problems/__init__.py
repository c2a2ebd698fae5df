"""Seeded data to train on and small landscapes: nothing is downloaded, a seed fixes the numbers."""

from course_lib.problems.catapult import TwoLayerProduct
from course_lib.problems.classification import Classification, noisy_spirals, spirals
from course_lib.problems.descent import Landscape, descend, walk
from course_lib.problems.digits import digits
from course_lib.problems.landscapes import Ravine, RiverValley, Rosenbrock, SeveralMinima
from course_lib.problems.quadratic import NoisyQuadratic, power_law_quadratic, simulate
from course_lib.problems.sequences import Sequences, associative_recall

__all__ = [
    "Classification",
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
    "noisy_spirals",
    "power_law_quadratic",
    "simulate",
    "spirals",
    "walk",
]
