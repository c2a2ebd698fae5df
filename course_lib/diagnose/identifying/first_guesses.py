"""First guesses of a curve's values, from the outline of its rows: where it rises, tops, ends."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from course_lib.diagnose.identifying.rate_curve import (
    BODIES,
    COSINE_RISE,
    EXPONENTIAL_RISE,
    EXPONENTIAL_TIMES,
    FROM_SHARE,
    FROM_ZERO,
    NEXT,
    PARABOLA,
    PAST_NEXT,
    TIMES_BODY,
    TO_DECAY,
    TO_LAST,
)
from course_lib.diagnose.identifying.rate_rows import RateRows

_SAME = 1e-9
_AHEAD = (1.0, 1.03, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0)
Spec = tuple[str, str, str, dict[str, float]]  # body, where it begins, its floor, fixed values
Rise = tuple[str, dict[str, float]]  # warmup, first guesses of its values


@dataclass(frozen=True)
class Outline:
    """The first and the last highest row, the first row of a flat end (or their number)."""

    top: int
    last_top: int
    bottom: int


def outline_of(s: RateRows) -> Outline:
    """Return where the rows are highest, and where a flat end begins."""
    near = _SAME * s.peak
    at_top = s.r >= s.peak - near
    top = int(np.argmax(at_top))
    below = np.flatnonzero(~at_top[top:])
    last_top = top + int(below[0]) - 1 if below.size else len(s.r) - 1
    off = np.flatnonzero(np.abs(s.r - s.r[-1]) > near)
    bottom = int(off[-1]) + 1 if off.size else 0
    if bottom <= last_top or bottom >= len(s.r) - 1:
        bottom = len(s.r)
    return Outline(top, last_top, bottom)


def rises_of(s: RateRows, shape: Outline) -> list[Rise]:
    """Return the warmups that the rising rows allow, with first guesses of their values."""
    n = shape.top
    if n == 0:
        return [("", {})]
    t, r, p = s.t[: n + 1], s.r[: n + 1], s.peak
    if n == 1:
        return _single_rise(t, r, p)
    step = (r[n - 1] - r[0]) / (t[n - 1] - t[0])
    first = r[0] - step * t[0]
    line = np.abs(first + step * t[:n] - r[:n]) <= 3.0 * float(s.slack[:n].max())
    if step > 0 and line.all():
        zero, room = first / step, 3.0 * float(s.slack[:n].max()) / step + 1e-6
        length = (p - first) / step
        out = []
        if abs(zero) <= room:
            out.append((FROM_ZERO, {"warmup_steps": length}))
        if abs(zero - 1.0) <= room:
            out.append((NEXT, {"warmup_steps": length + 1.0}))
            out.append((PAST_NEXT, {"warmup_steps": length}))
        if first > 0:
            out.append((FROM_SHARE, {"warmup_steps": length, "warmup_start": first}))
            if shape.last_top < len(s.r) - 1:
                out.append((TO_DECAY, {"warmup_steps": length, "warmup_start": first}))
            if s.whole:
                out.append((TO_LAST, {"warmup_steps": length + 1.0, "warmup_start": first}))
        return out
    parabola = _parabola(t, r, s.slack[: n + 1])
    if parabola:
        return [(PARABOLA, {"warmup_steps": parabola})]
    low = max(float(r[0]), 1e-12 * p)
    end = float(t[n])
    out = [
        (COSINE_RISE, {"warmup_steps": end, "warmup_start": low * 0.9}),
        (EXPONENTIAL_RISE, {"warmup_steps": end, "warmup_start": low}),
        (TIMES_BODY, {"warmup_steps": end, "warmup_start": 0.5 * low}),
    ]
    if n == len(s.r) - 1:
        return [*_beginnings_of_a_cycle(t, r), *out]
    return [*out, (EXPONENTIAL_TIMES, {"warmup_steps": end, "warmup_start": low})]


def _parabola(t: np.ndarray, r: np.ndarray, slack: np.ndarray) -> float:
    """Return the length of a rise that is a parabola from 0 at t = 0, or 0."""
    inner = slice(0, len(t) - 1)
    if t[0] < 0 or len(t) < 5:
        return 0.0
    bend = float(np.dot(r[inner], t[inner] ** 2) / np.dot(t[inner] ** 2, t[inner] ** 2))
    near = np.abs(bend * t[inner] ** 2 - r[inner]) <= 3.0 * slack[inner]
    return math.sqrt(float(r[-1]) / bend) if bend > 0 and near.all() else 0.0


def _beginnings_of_a_cycle(t: np.ndarray, r: np.ndarray) -> list[Rise]:
    """Return cosine rises that begin at a usual share of their peak and go on after the rows."""
    out: list[Rise] = []
    if t[0] > 0:
        return out
    for share in (25.0, 10.0, 100.0):
        done = float((r[-1] - r[0]) / ((share - 1.0) * r[0])) if r[0] > 0 else 1.0
        if 0.0 < done < 1.0:
            length = math.pi * float(t[-1] - t[0]) / math.acos(1.0 - 2.0 * done)
            start = float(r[0])
            rise = {"warmup_steps": length, "warmup_start": start, "peak": share * start}
            out.append((COSINE_RISE, rise))
    return out


def _single_rise(t: np.ndarray, r: np.ndarray, p: float) -> list[Rise]:
    """Return the warmups that one rising row allows."""
    if r[0] <= 0:
        return [(FROM_ZERO, {"warmup_steps": float(t[1])})]
    out = []
    if t[0] > 0:
        out.append((FROM_ZERO, {"warmup_steps": p * t[0] / r[0]}))
    steps = p * (t[0] + 1.0) / r[0]
    out += [(NEXT, {"warmup_steps": steps}), (PAST_NEXT, {"warmup_steps": steps - 1.0})]
    if t[0] == 0:
        out.append((FROM_SHARE, {"warmup_steps": float(t[1]), "warmup_start": float(r[0])}))
    return [(name, v) for name, v in out if v["warmup_steps"] >= t[0]]


def bodies_of(s: RateRows, shape: Outline, rises: bool) -> Iterator[list[Spec]]:
    """Yield levels of bodies, the simplest first: (body, where it begins, floor, fixed values)."""
    flat = shape.last_top > shape.top
    ends = shape.bottom < len(s.r)
    floors = ["given"] if ends or s.settings.get("floor") is not None else []
    tied: list[Spec] = []
    plain = ("linear", "cosine", "inverse sqrt", "exponential", "1-sqrt")
    yield [(body, "tied", "none", {}) for body in plain]
    for floor in (*floors, "free"):
        names = ("cosine", "1-sqrt", "exponential") if floor == "free" else plain[:2]
        if floor == "free" and (ends or s.total_steps is not None):
            names = ("linear", *names)
        tied = [(body, "tied", floor, {}) for body in names if body != "exponential" or ends]
        if rises:
            tied += [
                (body, "zero", f, {}) for body in ("cosine", "linear") for f in {"none", floor}
            ]
        yield tied
    if s.total_steps is not None and len(s.r) > 5 and s.r[-1] > 0:
        # A cosine that is stepped once past its end has begun to climb again.
        yield [("cosine wave", "tied", "free", {})]
    if flat:
        for floor in ("none", "free"):
            names = ("linear", "cosine", "1-sqrt", "exponential")
            yield [
                (body, "stable", floor, {})
                for body in names
                if (body, floor) != ("exponential", "free") or ends
            ]
    powers = [("polynomial", "tied", "none", {"power": power}) for power in (0.9, 2.0, 0.5, 3.0)]
    yield powers
    yield [
        ("polynomial", "tied", f, {"power": power})
        for power in (0.9, 2.0, 0.5, 3.0)
        for f in (*floors, "free")
    ]
    if rises:
        yield [
            ("polynomial", "zero", floor, {"power": power})
            for power in (0.9, 2.0, 0.5)
            for floor in ("none", *floors, "free")
        ]
    yield [(body, "tied", "none", {"timescale": 1.0}) for body in ("inverse sqrt", "inverse time")]
    if not rises:
        yield [
            (body, "free", floor, {}) for floor in ("none", "free") for body in ("cosine", "1-sqrt")
        ]
    yield [
        (body, begin, floor, {})
        for body in ("tanh", "cosine of a power")
        for begin in (("zero", "tied") if rises else ("tied",))
        for floor in (("none", "free") if body == "tanh" else (*floors, "free"))
    ]
    yield [("polynomial", "tied", f, {}) for f in ("none", "free")]


def guesses_of(
    s: RateRows, shape: Outline, rise: dict[str, float], spec: Spec
) -> list[dict[str, float]]:
    """Return first guesses of a body's values: the best of a coarse scan of its length."""
    body, begin, floor, fixed = spec
    t, r = s.t[shape.last_top :], s.r[shape.last_top :]
    peak, last = s.peak, float(s.t[-1])
    base = dict(fixed)
    firsts: list[float | None] = [None]
    after = rise.get("warmup_steps", 0.0)
    if begin == "zero":
        firsts = [0.0]
    elif begin == "stable":
        firsts = [float(s.t[shape.last_top])]
    elif begin == "free":
        first, span = float(s.t[0]), float(np.ptp(s.t))
        firsts = [max(0.0, first - share * span) for share in (0.0, 0.2, 1.0)]
    low = None
    if floor == "given":
        low = float(s.r[-1]) if shape.bottom < len(s.r) else float(s.settings["floor"])
    if body == "constant":
        return [{**base, "peak": peak}]
    if body in ("exponential", "inverse sqrt", "inverse time"):
        return _open_guesses(s, shape, base, body, firsts[0], floor, rise)
    ends = [last * share for share in _AHEAD]
    if shape.bottom < len(s.r):
        ends = [float(s.t[shape.bottom]), 0.5 * float(s.t[shape.bottom] + s.t[shape.bottom - 1])]
    elif s.total_steps is not None and s.total_steps >= 0.9 * last:
        ends.insert(0, float(s.total_steps))
    found = []
    for first in firsts:
        start = after if first is None else first
        for end in ends:
            if end <= start:
                continue
            values = {**base, "peak": 1.0, "floor": 0.0, "total_steps": end, "decay_from": start}
            values.setdefault("power", 1.0)
            g = BODIES[body](values, t)
            p, f, cost = _heights(g, r, s.slack[shape.last_top :], floor, low)
            guess = {**base, "peak": p, "total_steps": end}
            if body in ("polynomial", "cosine of a power"):
                guess.setdefault("power", 1.0)
            if floor != "none":
                guess["floor"] = f
            if first is not None:
                guess["decay_from"] = first
            if math.isfinite(cost) and p > 0:
                found.append((cost, len(found), guess))
    found.sort()
    return [guess for cost, _, guess in found[:2] if cost <= 4.0 * found[0][0]]


def _heights(
    g: np.ndarray, r: np.ndarray, slack: np.ndarray, floor: str, low: float | None
) -> tuple[float, float, float]:
    """Return peak and floor that fit r = floor + (peak - floor) g, and the squares left."""
    w = 1.0 / slack
    if floor == "none" or low is not None:
        f = low or 0.0
        with np.errstate(all="ignore"):
            p = f + float(np.dot(g * w, (r - f) * w) / np.dot(g * w, g * w))
    else:
        matrix = np.stack([g, 1.0 - g], axis=1) * w[:, None]
        p, f = (float(x) for x in np.linalg.lstsq(matrix, r * w, rcond=None)[0])
        f = max(f, 0.0)
    rest = (f + (p - f) * g - r) * w
    return p, f, float(rest @ rest)


def _open_guesses(
    s: RateRows,
    shape: Outline,
    base: dict[str, float],
    body: str,
    first: float | None,
    floor: str,
    rise: dict[str, float],
) -> list[dict[str, float]]:
    t, r = s.t[shape.last_top : shape.bottom], s.r[shape.last_top : shape.bottom]
    start = rise.get("warmup_steps", 0.0) if first is None else first
    if len(t) < 2 or r[-1] <= 0:
        return []
    if body == "exponential":
        slope = math.log(r[-1] / r[-2]) / (t[-1] - t[-2])
        if abs(slope * (t[-1] - start)) > 100.0:
            return []
        values = {**base, "peak": float(r[-1] * math.exp(-slope * (t[-1] - start)))}
        values["gamma"] = math.exp(slope)
        if floor != "none":
            values["floor"] = float(s.r[-1])
    else:
        # 1 / r**n is a line in t: (t - start + timescale) / (timescale * peak**n)
        n = 2 if body == "inverse sqrt" else 1
        slope = (1.0 / r[-1] ** n - 1.0 / r[0] ** n) / (t[-1] - t[0])
        if slope <= 0:
            return []
        scale = (1.0 / r[0] ** n) / slope - (t[0] - start)
        values = {**base, "peak": s.peak}
        if "timescale" in base or "warmup_steps" not in rise:
            if scale <= 0:
                return []
            values |= {"timescale": scale, "peak": (slope * scale) ** (-1.0 / n)}
    if first is not None:
        values["decay_from"] = first
    return [values] if math.isfinite(values["peak"]) else []
