"""The names of the curves, and the curves as schedules of this library."""

from __future__ import annotations

import math

import numpy as np

from course_lib.diagnose.identifying.rate_curve import (
    COSINE_RISE,
    EXPONENTIAL_RISE,
    FROM_SHARE,
    FROM_ZERO,
    NEXT,
    PARABOLA,
    PAST_NEXT,
    TIMES_BODY,
    TO_LAST,
    RateCurve,
    cycles_of,
)
from course_lib.schedules import Phase, Schedule
from course_lib.schedules.library_shapes import Part, Staircase
from course_lib.schedules.phases import constant_phase
from course_lib.schedules.shapes import (
    Cosine,
    CosineWave,
    Exponential,
    InverseTime,
    OneMinusSqrt,
    Polynomial,
    Restarts,
    Shape,
    Triangle,
)

_PLAIN = {
    "constant": "one rate all the time",
    "linear decay": "a straight fall from the peak to the end",
    "cosine": "half a cosine from the peak to the end",
    "polynomial": "(1 - u)**power from the peak to the end",
    "1-sqrt": "1 - sqrt(u) from the peak to the end",
    "exponential": "the same factor at every t",
    "inverse sqrt": "peak * sqrt(s / (t + s))",
    "inverse time": "peak * s / (t + s)",
    "multi-step": "a staircase with drops at given places",
    "cosine of a power": "half a cosine of u**power, as timm's k_decay makes it",
    "tanh": "half a hyperbolic tangent, as in timm's TanhLRScheduler",
}
_WARMED = {f"{name} with warmup": f"a rise, then {what}" for name, what in _PLAIN.items()}
_DECAYS = ("linear", "cosine", "1-sqrt", "exponential", "polynomial")

FAMILIES: dict[str, str] = {
    **_PLAIN,
    **_WARMED,
    **{
        f"WSD, {name} decay": f"a constant rate, often after a rise, then a fall ({name})"
        for name in _DECAYS
    },
    "one cycle": "a cosine up to the peak and a longer one down, as in OneCycleLR",
    "one cycle, linear": "a straight rise from peak / 25 and a straight fall to almost nothing",
    "linear warmup": "a straight rise; what follows is not in the log",
    "quadratic warmup": "a parabola from 0; what follows is not in the log",
    "exponential rise": "the same factor up at every t, as in a range test",
    "step decay": "a staircase with one factor and drops at equal distances",
    "step decay with warmup": "a rise, then such a staircase",
    "reduce on plateau": "drops by one factor where a metric stopped improving",
    "cosine that climbs again": "a cosine that nobody stopped at its lowest point",
    "cosine restarts": "several cosines one after another",
    "cosine restarts with warmup": "a rise, then several cosines",
    "triangular": "straight up and down again and again",
    "YOLO linear decay": "by epoch, with a warmup in every iteration: Ultralytics, YOLOv5",
    "YOLO cosine": "the same with cos_lr=True",
}

_BODY_NAMES = {
    "linear": "linear decay",
    "cosine wave": "cosine that climbs again",
    "triangle": "triangular",
    "listed restarts": "cosine restarts",
}


def family_of(curve: RateCurve, only_rise: bool) -> str:
    """Return the name of a curve, one of `FAMILIES`.

    Args:
        curve: curve.
        only_rise: whether the log ends before the peak is surely reached.
    """
    if curve.title:
        return curve.title
    v = curve.values
    if only_rise and curve.warmup:
        names = {
            COSINE_RISE: "one cycle",
            EXPONENTIAL_RISE: "exponential rise",
            PARABOLA: "quadratic warmup",
        }
        return names.get(curve.warmup, "linear warmup")
    if curve.body == "exponential" and v["gamma"] > 1.0:
        return "exponential rise"
    if curve.warmup == COSINE_RISE and curve.body in ("cosine", "cosine wave"):
        return "one cycle"
    if curve.body == "linear" and _is_linear_cycle(curve):
        return "one cycle, linear"
    if "decay_from" in v and v["decay_from"] > v.get("warmup_steps", 0.0):
        return f"WSD, {curve.body} decay"
    name = _BODY_NAMES.get(curve.body, curve.body)
    if curve.drops:
        name = "multi-step"
    return f"{name} with warmup" if curve.warmup and f"{name} with warmup" in FAMILIES else name


def _is_linear_cycle(curve: RateCurve) -> bool:
    v = curve.values
    start, floor = v.get("warmup_start", 0.0), v.get("floor", 0.0)
    return (
        start > 0
        and floor > 0
        and (
            abs(start * 25.0 - v["peak"]) < 1e-6 * v["peak"]
            or abs(floor * 1e4 - start) < 1e-6 * start
        )
    )


def schedule_of(curve: RateCurve) -> Schedule | None:
    """Return a curve as a schedule of t = 0, 1, 2, …, or None where it cannot be written as one."""
    if not isinstance(curve, RateCurve):
        return None
    try:
        phases = _in_epochs(curve) if curve.every != 1 else (*_rise(curve), *_body(curve))
        schedule = Schedule(phases, name=family_of(curve, False))
    except (ValueError, TypeError, OverflowError):
        return None
    end = schedule.total_steps if math.isfinite(schedule.total_steps) else 1000
    t = np.unique(np.linspace(0, end + 5, 200).astype(int))
    same = np.abs(schedule(t) - curve(t)) <= 1e-9 * curve.values["peak"]
    return schedule if same.all() else None


def _whole(value: float) -> int:
    if value != round(value):
        raise ValueError(f"a length must be a whole number, got {value!r}")
    return round(value)


def _rise(curve: RateCurve) -> tuple[Phase, ...]:
    v = curve.values
    if not curve.warmup or v["warmup_steps"] == 0:
        return ()
    steps, peak = _whole(v["warmup_steps"]), v["peak"]
    start = v.get("warmup_start", 0.0)
    line = Polynomial()
    if curve.warmup == FROM_ZERO:
        return (Phase(steps, 0.0, peak, line),)
    if curve.warmup == NEXT:
        return (Phase(steps, peak / steps, peak * (steps + 1) / steps, line),)
    if curve.warmup == PAST_NEXT:
        return (Phase(steps, peak / (steps + 1), peak, line),)
    if curve.warmup == FROM_SHARE:
        return (Phase(steps, start, peak, line),)
    if curve.warmup == TO_LAST and steps > 1:
        return (Phase(steps, start, start + (peak - start) * steps / (steps - 1), line),)
    if curve.warmup == COSINE_RISE:
        return (Phase(steps, start, peak, Cosine()),)
    if curve.warmup == EXPONENTIAL_RISE:
        return (Phase(steps, start, 0.0, Exponential((peak / start) ** (1.0 / steps))),)
    if curve.warmup == TIMES_BODY and curve.body == "constant":
        return (Phase(steps, start, peak, line),)
    raise ValueError(f"no phases for the warmup {curve.warmup!r}")


def _closing(curve: RateCurve) -> Shape:
    shapes = {"linear": Polynomial(), "cosine": Cosine(), "1-sqrt": OneMinusSqrt()}
    if curve.body == "polynomial":
        return Polynomial(curve.values["power"])
    return shapes[curve.body]


def _body(curve: RateCurve) -> tuple[Phase, ...]:
    v = curve.values
    peak, floor = v["peak"], v.get("floor", 0.0)
    risen = v.get("warmup_steps", 0.0) if curve.warmup else 0.0
    first = v.get("decay_from", risen)
    if curve.body == "constant":
        return _levels(curve, risen)
    stable = (constant_phase(_whole(first - risen), peak),) if first > risen else ()
    offset = risen - first if first < risen else 0.0
    if curve.body in ("linear", "cosine", "polynomial", "1-sqrt"):
        steps = _whole(v["total_steps"] - first - offset)
        shape: Shape = _closing(curve)
        if offset:
            shape = Part(shape, offset=offset, length=v["total_steps"] - first)
        fall = Phase(steps, peak, floor, shape)
        return (*stable, fall)
    if offset:
        raise ValueError("only a closing body may begin before the warmup ends")
    endless: dict[str, Shape] = {}
    if curve.body == "exponential":
        endless["exponential"] = Exponential(v["gamma"])
        if floor:
            steps = math.ceil(math.log(floor / peak) / math.log(v["gamma"]) - 1e-9)
            fall = Phase(steps, peak, 0.0, endless["exponential"])
            return (*stable, fall, constant_phase(math.inf, floor))
        return (*stable, Phase(math.inf, peak, 0.0, endless["exponential"]))
    if curve.body == "inverse sqrt":
        scale = v.get("timescale", v.get("warmup_steps", 1.0))
        return (*stable, Phase(math.inf, peak, 0.0, InverseTime(1.0 / scale, 0.5)))
    if curve.body == "inverse time":
        return (*stable, Phase(math.inf, peak, 0.0, InverseTime(1.0 / v["timescale"])))
    if curve.body == "cosine wave":
        wave = CosineWave(v["total_steps"] - first)
        return (*stable, Phase(math.inf, peak, floor, wave))
    if curve.body == "cosine restarts" and "shrink" not in v:
        steps = _whole(v["total_steps"] - first) if "total_steps" in v else math.inf
        fall = Phase(steps, peak, floor, Restarts(v["period"], v.get("factor", 1.0)))
        end = () if steps == math.inf else (constant_phase(math.inf, floor),)
        return (fall, *end)
    if curve.body == "listed restarts":
        waves = [
            Phase(_whole(length), floor + weight * (peak - floor), floor, Cosine())
            for _, length, weight in cycles_of(v)
        ]
        return (*waves, constant_phase(math.inf, floor))
    if curve.body != "triangle" or "gamma" in v:
        raise ValueError(f"no phases for the body {curve.body!r}")
    shape = Triangle(v["period"], v.get("rise", 0.5), v.get("factor", 1.0))
    return (Phase(math.inf, floor, peak, shape),)


def _in_epochs(curve: RateCurve) -> tuple[Phase, ...]:
    """Return the phases of a fall that steps once per epoch."""
    v, every = curve.values, _whole(curve.every)
    written = ("linear", "cosine", "polynomial", "inverse time")
    if curve.warmup or "decay_from" in v or curve.body not in written:
        raise ValueError("only a fall from t = 0 is written by epochs")
    if curve.body == "inverse time":
        shape = Staircase(InverseTime(1.0 / (v["timescale"] * every)), every)
        return (Phase(math.inf, v["peak"], 0.0, shape),)
    shape = Staircase(_closing(curve), every)
    steps = _whole(v["total_steps"] * every)
    fall = Phase(steps, v["peak"], v.get("floor", 0.0), shape, length=steps)
    return (fall, constant_phase(math.inf, v.get("floor", 0.0)))


def _levels(curve: RateCurve, risen: float) -> tuple[Phase, ...]:
    """Return the phases of a staircase, which may have one level only."""
    phases, rate, first = [], curve.values["peak"], risen
    for place, level in curve.drops:
        if place > first:
            phases.append(constant_phase(_whole(place - first), rate))
        rate, first = level, max(place, first)
    return (*phases, constant_phase(math.inf, rate))
