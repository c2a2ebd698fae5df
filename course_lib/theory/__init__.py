"""Exact computations: noisy quadratics and their best rates, and bounds on any run.

t counts the updates already done, from 0; rates[t] is the rate of the update from w_t to w_{t+1}.
"""

from course_lib.theory.convex import best_scale, last_iterate_bound
from course_lib.theory.curvature import sharpness
from course_lib.theory.descent import (
    descend,
    momentum_stability_limit,
    noise_floor,
    stability_limit,
)
from course_lib.theory.expected import expected_loss, expected_losses
from course_lib.theory.optimal import greedy_rates, optimal_rates, regret
from course_lib.theory.peaks import best_peak, best_peaks
from course_lib.theory.weight_decay import scale_invariant_norm, weight_decay_equilibrium

__all__ = [
    "best_peak",
    "best_peaks",
    "best_scale",
    "descend",
    "expected_loss",
    "expected_losses",
    "greedy_rates",
    "last_iterate_bound",
    "momentum_stability_limit",
    "noise_floor",
    "optimal_rates",
    "regret",
    "scale_invariant_norm",
    "sharpness",
    "stability_limit",
    "weight_decay_equilibrium",
]
