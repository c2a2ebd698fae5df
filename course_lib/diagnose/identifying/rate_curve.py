"""The curves that a log may follow: a body, a warmup before it, and the values of their parameters.

t counts what the log counts, from 0. Every curve is a function of t alone, for all real t: before
0 it has its first rate, after its end the rate that it has reached.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

Values = Mapping[str, float]
_Array = np.ndarray


def _unit(share: _Array) -> _Array:
    return np.minimum(np.maximum(share, 0.0), 1.0)


def _share(v: Values, t: _Array) -> _Array:
    """Return the share of the decay that is done at t, from 0 to 1."""
    first = v.get("decay_from", v.get("warmup_steps", 0.0))
    length = v["total_steps"] - first
    return _unit((t - first) / length) if length > 0 else (t >= first) * 1.0


def _between(v: Values, left: _Array) -> _Array:
    """Return the rates at which the share `left` of the way from peak to floor is still to go."""
    return v.get("floor", 0.0) * (1.0 - left) + v["peak"] * left


def _since(v: Values, t: _Array) -> _Array:
    return np.maximum(t - v.get("decay_from", v.get("warmup_steps", 0.0)), 0.0)


def _constant(v: Values, t: _Array) -> _Array:
    return np.full(np.shape(t), v["peak"])


def _linear(v: Values, t: _Array) -> _Array:
    return _between(v, 1.0 - _share(v, t))


def _cosine(v: Values, t: _Array) -> _Array:
    return _between(v, 0.5 * (1.0 + np.cos(np.pi * _share(v, t))))


def _wave(v: Values, t: _Array) -> _Array:
    """Return a cosine that nobody stops: it climbs again after its end."""
    first = v.get("decay_from", v.get("warmup_steps", 0.0))
    turns = np.maximum(t - first, 0.0) / (v["total_steps"] - first)
    return _between(v, 0.5 * (1.0 + np.cos(np.pi * turns)))


def _restarts(v: Values, t: _Array) -> _Array:
    """Return cosines one after another, each `factor` times as long as the one before."""
    done = _since(v, t) / v["period"]
    mult = v.get("factor", 1.0)
    if mult == 1.0:
        share = done - np.floor(done + 1e-12)
    else:
        cycle = np.floor(np.log1p(done * (mult - 1.0)) / math.log(mult) + 1e-12)
        share = (done - (mult**cycle - 1.0) / (mult - 1.0)) / mult**cycle
    left = 0.5 * (1.0 + np.cos(np.pi * _unit(share)))
    rates = _between(v, left)
    if "shrink" in v:  # each cycle begins at so much of the peak of the one before
        low = v.get("floor", 0.0)
        top = v["peak"] * v["shrink"] ** (np.floor(done + 1e-12) if mult == 1.0 else cycle)
        rates = low + (top - low) * left
    if "total_steps" in v:
        rates = np.where(t >= v["total_steps"], v.get("floor", 0.0), rates)
    return rates


def cycles_of(v: Values) -> list[tuple[float, float, float]]:
    """Return (first t, length, weight) of every cycle of restarts whose lengths are listed.

    A cycle begins at floor + weight * (peak - floor).
    """
    first, out = 0.0, []
    while (length := v.get(f"period_{len(out) + 1}")) is not None:
        out.append((first, length, v.get(f"weight_{len(out) + 1}", 1.0)))
        first += length
    return out


def _listed_restarts(v: Values, t: _Array) -> _Array:
    """Return cosines one after another, each with a length and a height of its own."""
    rates = _constant(v, t)
    for first, length, weight in cycles_of(v):
        left = 0.5 * (1.0 + np.cos(np.pi * _unit((t - first) / length)))
        rates = np.where(t >= first, _between(v, weight * left), rates)
    return rates


def _triangle(v: Values, t: _Array) -> _Array:
    """Return a rate that climbs from the floor to the peak and back in every period."""
    done = np.maximum(t, 0.0) / v["period"]
    cycle = np.floor(done + 1e-12)
    share, rise = np.maximum(done - cycle, 0.0), v.get("rise", 0.5)
    height = np.where(share < rise, share / rise, (1.0 - share) / (1.0 - rise))
    height = height * v.get("factor", 1.0) ** cycle
    return _between(v, height * v["gamma"] ** np.maximum(t, 0.0) if "gamma" in v else height)


def _cosine_of_power(v: Values, t: _Array) -> _Array:
    """Return a cosine that falls later, of share**power, as timm's k_decay has it."""
    return _between(v, 0.5 * (1.0 + np.cos(np.pi * _share(v, t) ** v["power"])))


def _tanh(v: Values, t: _Array) -> _Array:
    """Return the fall of a hyperbolic tangent from -7 to 3, timm's defaults."""
    share = _share(v, t)
    left = np.where(share < 1.0, 0.5 * (1.0 - np.tanh(10.0 * share - 7.0)), 0.0)
    return _between(v, left)


def _polynomial(v: Values, t: _Array) -> _Array:
    return _between(v, (1.0 - _share(v, t)) ** v["power"])


def _one_minus_sqrt(v: Values, t: _Array) -> _Array:
    return _between(v, 1.0 - np.sqrt(_share(v, t)))


def _exponential(v: Values, t: _Array) -> _Array:
    """Return peak * gamma**k, held at the floor where there is one."""
    with np.errstate(over="ignore"):
        rates = v["peak"] * v["gamma"] ** _since(v, t)
    return np.maximum(rates, v.get("floor", 0.0)) if v["gamma"] < 1.0 else rates


def _inverse_sqrt(v: Values, t: _Array) -> _Array:
    scale = v.get("timescale", v.get("warmup_steps", 1.0))
    return v["peak"] * np.sqrt(scale / (_since(v, t) + scale))


def _inverse_time(v: Values, t: _Array) -> _Array:
    return v["peak"] * v["timescale"] / (_since(v, t) + v["timescale"])


BODIES: dict[str, Callable[[Values, _Array], _Array]] = {
    "constant": _constant,
    "linear": _linear,
    "cosine": _cosine,
    "polynomial": _polynomial,
    "1-sqrt": _one_minus_sqrt,
    "exponential": _exponential,
    "inverse sqrt": _inverse_sqrt,
    "inverse time": _inverse_time,
    "cosine wave": _wave,
    "cosine restarts": _restarts,
    "listed restarts": _listed_restarts,
    "triangle": _triangle,
    "cosine of a power": _cosine_of_power,
    "tanh": _tanh,
}


def _line(first: Callable[[Values], float], minus: float = 0.0) -> Callable[..., _Array]:
    """Return a rise from first(values) at t = 0 to the peak at t = warmup_steps - minus."""

    def rise(v: Values, t: _Array, body: _Array) -> _Array:
        start, length = first(v), v["warmup_steps"] - minus
        share = _unit(t / length) if length > 0 else np.ones(np.shape(t))
        return start * (1.0 - share) + v["peak"] * share

    return rise


def _cosine_rise(v: Values, t: _Array, body: _Array) -> _Array:
    left = 0.5 * (1.0 + np.cos(np.pi * _unit(t / v["warmup_steps"])))
    return v["warmup_start"] * left + v["peak"] * (1.0 - left)


def _exponential_rise(v: Values, t: _Array, body: _Array) -> _Array:
    share = _unit(t / v["warmup_steps"])
    return v["warmup_start"] ** (1.0 - share) * v["peak"] ** share


def _scaled_body(v: Values, t: _Array, body: _Array) -> _Array:
    first = v["warmup_start"] / v["peak"]
    return body * (first + (1.0 - first) * _unit(t / v["warmup_steps"]))


def _scaled_exponentially(v: Values, t: _Array, body: _Array) -> _Array:
    return body * (v["warmup_start"] / v["peak"]) ** (1.0 - _unit(t / v["warmup_steps"]))


def _parabola(v: Values, t: _Array, body: _Array) -> _Array:
    return v["peak"] * _unit(t / v["warmup_steps"]) ** 2


FROM_ZERO = "t / W"
NEXT = "(t + 1) / W"
PAST_NEXT = "(t + 1) / (W + 1)"
FROM_SHARE = "from a share, t / W"
TO_LAST = "from a share, t / (W - 1)"
COSINE_RISE = "cosine"
EXPONENTIAL_RISE = "exponential"
TIMES_BODY = "from a share, t / W, times the decay"
TO_DECAY = "from a share, t / W, to the rate of the decay at W"
EXPONENTIAL_TIMES = "exponential, times the decay"
PARABOLA = "(t / W)**2"

# name -> rates at 0 <= t < warmup_steps, from (values, t, rates of the body)
WARMUPS: dict[str, Callable[..., _Array]] = {
    FROM_ZERO: _line(lambda v: 0.0),
    NEXT: _line(lambda v: v["peak"] / v["warmup_steps"], minus=1.0),
    PAST_NEXT: _line(lambda v: v["peak"] / (v["warmup_steps"] + 1.0)),
    FROM_SHARE: _line(lambda v: v["warmup_start"]),
    TO_LAST: _line(lambda v: v["warmup_start"], minus=1.0),
    COSINE_RISE: _cosine_rise,
    EXPONENTIAL_RISE: _exponential_rise,
    TIMES_BODY: _scaled_body,
    TO_DECAY: _line(lambda v: v["warmup_start"]),
    EXPONENTIAL_TIMES: _scaled_exponentially,
    PARABOLA: _parabola,
}


@dataclass(frozen=True)
class RateCurve:
    """A curve with the values of its parameters.

    Attributes:
        body: one of `BODIES`.
        values: name -> value: "peak", "warmup_steps", "decay_from", "total_steps", "floor", …;
            the decay begins at `decay_from`, or where there is none right after the warmup.
        warmup: one of `WARMUPS`; "" for none.
        drops: (t, rate) of each later level of a staircase, whose first level is the peak.
        every: updates in an epoch where the curve is one of epochs, and so are its values.
        rise_by_update: whether the warmup counts updates also where the curve counts epochs.
        title: name of the family where the parts do not give it.

    >>> curve = RateCurve("linear", {"peak": 0.1, "warmup_steps": 2, "total_steps": 6}, "t / W")
    >>> curve(range(7))
    array([0.   , 0.05 , 0.1  , 0.075, 0.05 , 0.025, 0.   ])
    """

    body: str
    values: Values
    warmup: str = ""
    drops: tuple[tuple[float, float], ...] = ()
    every: float = 1.0
    title: str = field(default="", compare=False)
    rise_by_update: bool = False

    def __call__(self, t: _Array) -> _Array:
        """Return the rates at t (float64, shape of `t`)."""
        t = np.asarray(t, dtype=np.float64)
        updates = t
        if self.every != 1:
            t = np.floor(t / self.every + 1e-9)
        rates = BODIES[self.body](self.values, t)
        for milestone, level in self.drops:
            rates = np.where(t >= milestone - 1e-9, level, rates)
        if self.rise_by_update:
            t = updates
        if self.warmup:
            rising = t < self.values["warmup_steps"]
            if rising.any():
                values = self.values
                if self.warmup == TO_DECAY:
                    met = BODIES[self.body](values, np.array(values["warmup_steps"]))
                    values = {**values, "peak": float(met)}
                risen = WARMUPS[self.warmup](values, t, rates)
                rates = np.where(rising, risen, rates)
        return rates

    def having(self, **values: float) -> RateCurve:
        """Return the same curve with other values."""
        merged = {**self.values, **values}
        return replace(self, values=merged)
