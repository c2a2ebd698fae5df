"""Parts shared by the writers of library code: numbers, held ends, and shapes as formulas."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

from course_lib.schedules import Phase, Schedule
from course_lib.schedules import shapes as sh
from course_lib.schedules.phases import constant_phase

_CLOSE = 1e-14  # relative; two ways to round the same rate


class CannotExpress(ValueError):
    """A schedule that a library has no exact words for; the message says why.

    >>> from course_lib.libraries import to_library
    >>> from course_lib.schedules import step_decay
    >>> try:
    ...     code = to_library(step_decay(0.1), "transformers")
    ... except CannotExpress:
    ...     code = to_library(step_decay(0.1), "torch")
    >>> print(code.splitlines()[-1])
    scheduler = StepLR(optimizer, step_size=100, gamma=0.5)
    """

    def __init__(self, library: str, reason: str) -> None:
        """Keep the library's name and the reason."""
        super().__init__(f"{library} cannot express this schedule, because {reason}")


@dataclass(frozen=True)
class Dialect:
    """One library's spelling of the functions of a formula.

    Attributes:
        library: its name in an error.
        functions: prefix of cos, sqrt, exp and so on.
        pi: its spelling of pi.
        single: whether it computes in float32, where a long product or a cycle's number, computed
            as in float64, would be off.
        choose: writes "a where the condition holds, else b".
    """

    library: str
    functions: str
    pi: str
    single: bool
    choose: Callable[[str, str, str], str]


def number(value: float) -> str:
    """Return the number as source text that gives it back exactly; whole lengths without .0."""
    if isinstance(value, float) and not value.is_integer():
        return repr(float(value))
    return repr(int(value))


def rate(value: float) -> str:
    """Return a rate as source text that gives it back exactly, always a float."""
    return repr(float(value))


def set_rate(peak: float, defaults: bool = False) -> str:
    """Return lines that set PEAK_LR and give it to every group of an `optimizer` of torch.

    `defaults` sets the optimizer's default as well, from which some functions read the peak.
    """
    default = 'optimizer.defaults["lr"] = PEAK_LR\n' if defaults else ""
    return (
        f"PEAK_LR = {rate(peak)}\n{default}for group in optimizer.param_groups:\n"
        '    group["lr"] = group["initial_lr"] = PEAK_LR\n'
    )


def whole(*values: float) -> bool:
    """Whether every value is a whole number."""
    return all(float(value).is_integer() for value in values)


def length(phase: Phase) -> float:
    """Return the steps that the phase's shape takes."""
    return phase.length or phase.steps


def ends_itself(phase: Phase) -> bool:
    """Whether the phase ends by itself at the rate it has then: nothing has to cut and hold it."""
    if phase.shape == sh.Constant():
        return True
    return length(phase) == phase.steps if phase.shape.closing else phase.steps == math.inf


def boundaries(schedule: Schedule) -> list[int]:
    """Return the first step of every phase but the first."""
    return list(accumulate(int(phase.steps) for phase in schedule.phases[:-1]))


def is_staircase(schedule: Schedule) -> bool:
    """Whether every phase is constant."""
    return all(phase.shape == sh.Constant() for phase in schedule.phases)


@dataclass(frozen=True)
class WarmedUp:
    """A schedule as a linear warmup and what follows it.

    Attributes:
        warmup: updates of the warmup, 0 where there is none.
        start: rate of its first update.
        rest: phases after it.
    """

    warmup: int
    start: float
    rest: tuple[Phase, ...]

    @property
    def peak(self) -> float:
        """Rate at which the phases after the warmup begin."""
        return self.rest[0].start

    @property
    def from_zero(self) -> bool:
        """Whether there is no warmup, or one from 0."""
        return self.warmup == 0 or self.start == 0.0


def split_warmup(schedule: Schedule) -> WarmedUp:
    """Return a schedule's linear warmup apart from the phases after it."""
    phases = without_held_end(schedule)
    first, *rest = phases
    if first.shape == sh.Polynomial() and ends_itself(first) and first.start < first.end:
        rest = rest or [constant_phase(math.inf, first.end)]
        if rest[0].start == first.end:
            return WarmedUp(int(first.steps), first.start, tuple(rest))
    return WarmedUp(0, 0.0, phases)


def without_held_end(schedule: Schedule) -> tuple[Phase, ...]:
    """Return the phases without those that only hold the rate that is reached before them."""
    phases = schedule.phases
    while len(phases) > 1 and phases[-1].shape == sh.Constant():
        reached = Schedule(phases[:-1])
        if reached(int(reached.total_steps)) != phases[-1].start:
            break
        phases = phases[:-1]
    return phases


def common_drop(schedule: Schedule) -> float | None:
    """Return the factor of every drop of a staircase; None where there is no single one."""
    rates = [phase.start for phase in schedule.phases]
    if len(rates) < 2 or not is_staircase(schedule) or min(rates) <= 0.0:
        return None
    gamma = short_factor(rates[1] / rates[0])
    same = all(
        math.isclose(rates[0] * gamma**i, r, rel_tol=_CLOSE * (i + 1)) for i, r in enumerate(rates)
    )
    return gamma if same else None


def short_factor(factor: float) -> float:
    """Return a factor as 0.1 rather than 0.09999999999999999."""
    short = float(f"{factor:.12g}")
    return short if math.isclose(short, factor, rel_tol=_CLOSE) else float(factor)


def folded(gamma: float) -> tuple[int, float]:
    """Return (n, gamma**n) with gamma**n near 1/e or e.

    float32 keeps about 7 digits of a base, so gamma**k has lost k times the last of them; a base
    near e**±1 loses only as many as there are powers of e.
    """
    n = max(1, round(1.0 / abs(math.log(gamma)))) if gamma != 1.0 else 1
    return n, gamma**n


def formula(phase: Phase, dialect: Dialect) -> list[str]:
    """Return the lines that compute the phase's rate as `rate` from k, the steps since it began."""
    if phase.shape == sh.Constant():
        return [f"rate = {rate(phase.start)}"]
    lines = _share(phase, dialect)
    if phase.end == 0.0:
        return [*lines, f"rate = {rate(phase.start)} * s"]
    return [*lines, f"rate = {rate(phase.start)} * s + {rate(phase.end)} * (1.0 - s)"]


def rate_function(schedule: Schedule, library: str) -> str:
    """Return a Python function `rate_at(step)` that gives a schedule's rates (float64).

    Raises:
        CannotExpress: a shape that only other libraries' schedules have.
    """
    dialect = Dialect(library, "math.", "math.pi", False, "{1} if {0} else {2}".format)
    lines = ["def rate_at(step):", '    """The learning rate once `step` updates are done."""']
    first = 0
    for phase in schedule.phases:
        body = [f"k = step - {first}" if first else "k = step", *formula(phase, dialect)]
        body = body[1:] if phase.shape == sh.Constant() else body
        body = [*body[:-1], body[-1].replace("rate = ", "return ", 1)]
        if phase.steps == math.inf:
            lines += [f"    {line}" for line in body]
            break
        first += int(phase.steps)
        lines += [f"    if step < {first}:", *(f"        {line}" for line in body)]
    else:
        lines.append(f"    return {rate(schedule(first))}  # held for ever")
    return "\n".join(lines)


def _share(phase: Phase, dialect: Dialect) -> list[str]:
    shape, f, pi = phase.shape, dialect.functions, dialect.pi
    u = "" if length(phase) == math.inf else f"k / {number(length(phase))}"
    match shape:
        case sh.Polynomial():
            return [f"s = {_power(f'1.0 - {u}', shape.power)}"]
        case sh.Cosine():
            wave = f"0.5 * (1.0 + {f}cos({pi} * {_power(u, shape.warp)}))"
            return [f"s = {_power(wave, shape.exponent)}"]
        case sh.OneMinusSqrt():
            return [f"s = 1.0 - {f}sqrt({u})"]
        case sh.Geometric():
            r = rate(shape.ratio)
            return [f"s = ({r} ** ({u}) - {r}) / (1.0 - {r})"]
        case sh.Tanh():
            between = f"{rate(shape.low)} * (1.0 - u) + {rate(shape.high)} * u"
            return [f"u = {u}", f"s = 0.5 * (1.0 - {f}tanh({between}))"]
        case sh.Drops():
            return [f"s = {rate(shape.drop)} ** {f}floor(k / {number(shape.every)})"]
        case sh.Exponential():
            return [f"s = {_gamma_power(shape.gamma, dialect)}"]
        case sh.InverseTime():
            return [f"s = (1.0 + {rate(shape.rate)} * k) ** {rate(-shape.power)}"]
        case sh.CosineWave():
            return _cosine_wave(shape, dialect)
        case sh.Restarts():
            height = "" if shape.scale == 1.0 else f"{rate(shape.scale)} ** cycle * "
            lines = _cycle(shape.period, shape.mult, dialect)
            return [*lines, f"s = {height}0.5 * (1.0 + {f}cos({pi} * done))"]
        case sh.Triangle():
            return _triangle(shape, dialect)
    raise CannotExpress(dialect.library, f"it has no formula for the shape {shape!r}")


def _power(base: str, power: float) -> str:
    return base if power == 1.0 else f"({base}) ** {rate(power)}"


def _gamma_power(gamma: float, dialect: Dialect) -> str:
    if not dialect.single:
        return f"{rate(gamma)} ** k"
    return f"{dialect.functions}exp({rate(math.log(gamma))} * k)"


def _cosine_wave(shape: sh.CosineWave, dialect: Dialect) -> list[str]:
    half = number(shape.half_period)
    if not dialect.single:
        return [f"s = 0.5 * (1.0 + math.cos(math.pi * (k / {half})))"]
    _need_whole_cycles(2 * shape.half_period, dialect)
    turn = f"k % {number(2 * shape.half_period)} / {half}"
    return [f"s = 0.5 * (1.0 + {dialect.functions}cos({dialect.pi} * ({turn})))"]


def _triangle(shape: sh.Triangle, dialect: Dialect) -> list[str]:
    rise, fall = rate(shape.rise), rate(1.0 - shape.rise)
    height = dialect.choose(f"done < {rise}", f"done / {rise}", f"(1.0 - done) / {fall}")
    factors = [] if shape.scale == 1.0 else [f"{rate(shape.scale)} ** cycle"]
    factors += [] if shape.gamma == 1.0 else [_gamma_power(shape.gamma, dialect)]
    lines = _cycle(shape.period, 1.0, dialect)
    return [*lines, f"height = {height}", f"s = 1.0 - {' * '.join([*factors, 'height'])}"]


def _cycle(period: float, mult: float, dialect: Dialect) -> list[str]:
    """The lines that set `cycle`, the number of the cycle, and `done`, its share that is done."""
    p, m = number(period), rate(mult)
    if dialect.single:
        if mult != 1.0:
            raise CannotExpress(
                dialect.library,
                f"its cycles grow (mult={mult:g}) for ever and float32 cannot tell exactly where "
                "one begins: join() as many cosines as the run has cycles",
            )
        _need_whole_cycles(period, dialect)
        return [f"cycle = {dialect.functions}floor(k / {p})", f"done = k % {p} / {p}"]
    if mult == 1.0:
        return [f"cycle = math.floor(k / {p})", f"done = k / {p} - cycle"]
    return [
        f"cycle = math.floor(math.log1p(k / {p} * ({m} - 1.0)) / math.log({m}))",
        "# The logarithm may miss a boundary by one rounding.",
        f"cycle += k / {p} >= ({m} ** (cycle + 1) - 1.0) / ({m} - 1.0)",
        f"cycle -= k / {p} < ({m}**cycle - 1.0) / ({m} - 1.0)",
        f"done = (k / {p} - ({m}**cycle - 1.0) / ({m} - 1.0)) / {m}**cycle",
    ]


def _need_whole_cycles(period: float, dialect: Dialect) -> None:
    if not whole(period):
        raise CannotExpress(
            dialect.library,
            f"its cycles take {period:g} updates and float32 cannot tell exactly where one begins: "
            "make them a whole number",
        )
