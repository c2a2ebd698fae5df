"""From a few recorded runs to a law of the loss curve."""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.forecast.estimating import estimate
from course_lib.forecast.fitted import Forecast
from course_lib.forecast.laws import LAWS, Law
from course_lib.forecast.loss_curves import LossCurve


def fit(
    runs: Sequence[LossCurve], law: str = "multi-power", *, cautious: bool | None = None
) -> Forecast:
    """Fit a law to the loss curves of a few runs.

    The multi-power law: L(t) = L0 + A·S(t)^(-α) − B·Σ_k (η_{k-1} − η_k)·G_k(t) with
    G_k(t) = 1 − (1 + C·η_k^(-γ)·S_k(t))^(-β); S(t) is the sum of the rates of the first t updates,
    S_k(t) that from update k to t. Changes until the rate is first at its largest are the warmup
    and do not count: they enter S(t) only. Later rises count.

    The fit minimises Huber's distance between the logarithms of law and losses (threshold: 1.345
    times the noise of a reading, estimated from second differences). Readings in the warmup are
    left out, runs weigh the same, and within a run weights follow log S.

    Runs of one length hardly determine how the gain from a fall of the rate goes on after their
    end: a large B with a slow response looks there like a small B with a fast one. A *cautious* fit
    takes B from the law with the response G = 1, which is the gain that the runs have shown, holds
    γ at 1/2, and fits the other five. A free fit fits all seven.

    Args:
        runs: two or three runs with different schedules, such as a constant rate and a cosine; at
            least 30 readings together after the warmup.
        law: "multi-power"; "annealing", in which the response is 1 − λ^(updates since the change);
            or "power", without the sum.
        cautious: True or False, for the multi-power law only. None chooses a free fit where it
            leaves no more than the readings' noise and determines B to 10 %, else a cautious one.

    Raises:
        ValueError, TypeError: an unknown law, or `cautious` for another than the multi-power law;
            no run, or something that is no `LossCurve`; too few readings; a law with a response
            and no run whose rate falls.

    Source: Luo et al. 2025, arXiv:2503.12811; Tissue et al. 2024, arXiv:2408.11029.
    The cautious fit is this course's.

    >>> import numpy as np
    >>> from course_lib import schedules
    >>> steps, t = 400, np.arange(10, 401, 10)
    >>> def run(schedule):
    ...     rates = schedule(np.arange(steps))
    ...     losses = 2 + np.cumsum(rates)[t - 1] ** -0.5 + 3 * rates[t - 1]
    ...     return LossCurve(rates, t, losses)
    >>> law = fit([run(schedules.constant(0.1)), run(schedules.linear(0.1, steps))])
    >>> bool(law.r2() > 0.99)
    True
    """
    runs, chosen = _checked(runs, law)
    if cautious is not None and law != "multi-power":
        raise ValueError(f"cautious must be None for law={law!r}, got {cautious!r}")
    return Forecast(runs, estimate(runs, chosen.name, cautious))


def _checked(runs: Sequence[LossCurve], law: str) -> tuple[tuple[LossCurve, ...], Law]:
    if law not in LAWS:
        raise ValueError(f"law must be one of {list(LAWS)}, got {law!r}")
    if isinstance(runs, LossCurve):
        runs = [runs]
    runs = tuple(runs)
    for number, run in enumerate(runs):
        if not isinstance(run, LossCurve):
            raise TypeError(f"runs[{number}] must be a LossCurve, got {type(run).__name__}")
    if not runs:
        raise ValueError("runs must hold at least one LossCurve, got none")
    if LAWS[law].response and not any(run.decays() for run in runs):
        names = ", ".join(repr(run.name) for run in runs)
        raise ValueError(
            f"runs must hold one whose rate falls after its warmup, got only constant rates "
            f"({names}): they do not show what a fall of the rate is worth. Add a run with a "
            "decay, such as a cosine, or fit law='power'"
        )
    return runs, LAWS[law]
