"""Small logs, identifications made by hand or held to the truth, and what the rules find."""

import numpy as np

from course_lib.diagnose import FAMILIES, FittedParameter, FittedPart, Identification, RateLog
from course_lib.diagnose.oddities import find_oddities

HF = "Hugging Face trainer_state.json"
UP_DOWN = [0.2, 0.4, 0.6, 0.8, 1.0, 0.8, 0.6, 0.4, 0.2, 0.0]


def log_of(rates, at=None, **rest):
    rates = np.atleast_2d(np.asarray(rates, dtype=float))
    return RateLog(rates, np.arange(rates.shape[1]) if at is None else at, **rest)


def part_of(log, family="linear", first=0, end=None, lag=0.0, skipped=(), **parameters):
    """A part whose curve is the log's own rates; a parameter is a value or (value, low, high)."""
    known = {
        name: FittedParameter(*(value if isinstance(value, tuple) else (value, value, value)))
        for name, value in parameters.items()
    }
    at, rates = log.at, log.rates[0]
    end = log.size if end is None else end
    return FittedPart(
        first,
        end,
        family,
        known,
        lag,
        lambda t: np.interp(t + lag, at[first:end], rates[first:end]),
        skipped,
    )


def oddities_of(log, *parts, group=0):
    return find_oddities(log, Identification(log, group, parts))


def codes(log, *parts, **rest):
    return {oddity.code for oddity in oddities_of(log, *parts, **rest)}


def one(log, *parts, code, **rest):
    (found,) = [o for o in oddities_of(log, *parts, **rest) if o.code == code]
    return found


def linear(n, peak=1.0):
    return peak * np.linspace(1, 0, n, endpoint=False)


def cosine(n, peak=1.0, floor=0.0):
    return floor + (peak - floor) * 0.5 * (1 + np.cos(np.pi * np.arange(n) / n))


def holds(found, family, **true):
    """One part of this family, with every true value in its interval."""
    assert [part.family for part in found.parts] == [family], found.cannot_tell
    assert family in FAMILIES
    part = found.parts[0]
    for name, value in true.items():
        fitted = part.parameters[name]
        room = 1e-9 * abs(value) + 1e-12 * part.parameters["peak"].value
        assert fitted.low - room <= value <= fitted.high + room, (name, fitted, value)
    assert found.residual < 1e-2
    log = found.log
    again = part.rate_at(log.at - part.lag)
    assert np.all(np.abs(again - log.rates[0]) <= 1e-2 * log.peak)
    if part.schedule is not None:
        steps = (log.at - part.lag).astype(int)
        assert np.allclose(part.schedule(steps), again, rtol=0, atol=1e-9 * log.peak)
