"""Converts `paddle.optimizer.lr` (read and run with PaddlePaddle 3.3.1; float64).

A scheduler holds the rate itself, so there is no base_lr. It counts calls of `scheduler.step()`,
one an update here; `paddle.Model.fit` calls it once a batch, also where it accumulates gradients.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

from course_lib.libraries.from_torch import cyclic_lr, one_cycle_phases
from course_lib.libraries.paddle_resume import cosine_from, linear_from, resumed, warm_restarts_from
from course_lib.libraries.pieces import Phases, exponential, hold, ramp, until, wave, window
from course_lib.libraries.registry import check_choice, check_pairs, convert, converter, refuse
from course_lib.schedules import Phase
from course_lib.schedules.library_shapes import StretchedPolynomial
from course_lib.schedules.shapes import Cosine, Drops, InverseTime, Polynomial, Restarts
from course_lib.validation import check_count, check_real

_FUNCTION = (
    "it takes a function of the step and may do anything; give lr_lambda as a number for a "
    "constant factor, or build the schedule from phases"
)
_LONGEST_RUN = 2**40  # updates up to which paddle's logarithms are followed

refuse("paddle.ReduceOnPlateau", "it follows a metric, so the rate depends on the training")


@converter("paddle.NoamDecay")
def noam(
    *, d_model: int, warmup_steps: int, learning_rate: float = 1.0, last_epoch: int = -1
) -> Phases:
    """learning_rate * d_model**-0.5 * min(t**-0.5, t * warmup_steps**-1.5), for ever.

    The first update is at rate 0. The peak, learning_rate / sqrt(d_model * warmup_steps), is at t =
    warmup_steps: `learning_rate` is a factor of the curve and no rate.
    """
    scale = check_real("learning_rate", learning_rate) / math.sqrt(
        check_real("d_model", d_model, low_open=True)
    )
    warmup = check_count("warmup_steps", warmup_steps)
    peak = scale / math.sqrt(warmup)
    down = (Phase(math.inf, peak, 0.0, InverseTime(1 / warmup, 0.5)),)
    return resumed(ramp(warmup, 0.0, peak) + down, last_epoch)


@converter("paddle.PiecewiseDecay")
def piecewise(
    *, boundaries: Sequence[float], values: Sequence[float], last_epoch: int = -1
) -> Phases:
    """values[i] for boundaries[i - 1] <= t < boundaries[i]; the last value is held.

    A boundary at 30 first acts at t = 30, as in torch (Keras: t = 31). Nothing checks the order:
    a boundary below the one before it leaves its value out. Values beyond the boundaries' number
    plus one are allowed, and the very last is the one that is held.
    """
    if not isinstance(boundaries, list | tuple) or not isinstance(values, list | tuple):
        raise TypeError(f"boundaries and values must be lists, got {boundaries!r} and {values!r}")
    if not boundaries or len(values) <= len(boundaries):
        raise ValueError(
            "boundaries must have at least one entry and values one more, "
            f"got {boundaries!r} and {values!r}"
        )
    return resumed(
        _pieces("boundaries", boundaries, [*values[: len(boundaries)], values[-1]]), last_epoch
    )


def _pieces(name: str, marks: Sequence[float], values: Sequence[float]) -> Phases:
    """Return value i until the first step that is not below mark i, and the last value for ever."""
    phases: Phases = ()
    at = 0
    for mark, value in zip(marks, values, strict=False):
        end = max(math.ceil(check_real(name, mark)), at)
        phases += hold(check_real("values", value), end - at)
        at = end
    return phases + hold(check_real("values", values[-1]))


@converter("paddle.NaturalExpDecay")
def natural_exp(*, learning_rate: float, gamma: float, last_epoch: int = -1) -> Phases:
    """learning_rate * exp(-gamma * t), for ever."""
    base = check_real("learning_rate", learning_rate)
    factor = math.exp(-check_real("gamma", gamma, low_open=True))
    phases = exponential(base, factor) if factor else hold(base, 1) + hold(0.0)
    return resumed(phases, last_epoch)


@converter("paddle.InverseTimeDecay")
def inverse_time(*, learning_rate: float, gamma: float, last_epoch: int = -1) -> Phases:
    """learning_rate / (1 + gamma * t), for ever; gamma is a step's, where Keras has decay_steps."""
    base = check_real("learning_rate", learning_rate)
    shape = InverseTime(check_real("gamma", gamma))
    return resumed((Phase(math.inf, base, 0.0, shape),), last_epoch)


@converter("paddle.PolynomialDecay")
def polynomial(
    *,
    learning_rate: float,
    decay_steps: int,
    end_lr: float = 0.0001,
    power: float = 1.0,
    cycle: bool = False,
    last_epoch: int = -1,
) -> Phases:
    """end_lr + (learning_rate - end_lr) * (1 - t / decay_steps) ** power, end_lr held.

    end_lr is a rate, and 0.0001 by default, not 0. With `cycle` decay_steps is multiplied by ceil(t
    / decay_steps), so the rate jumps up right after every multiple of decay_steps.
    """
    base, end = check_real("learning_rate", learning_rate), check_real("end_lr", end_lr)
    steps = check_count("decay_steps", decay_steps)
    check_real("power", power, low_open=True)
    phases = ramp(steps, base, end, Polynomial(power))
    if cycle:
        phases = (Phase(math.inf, base, end, StretchedPolynomial(steps, power)),)
    return resumed(phases, last_epoch)


@converter("paddle.LinearWarmup")
def linear_warmup(
    *, learning_rate: Any, warmup_steps: int, start_lr: float, end_lr: float, last_epoch: int = -1
) -> Phases:
    """start_lr + (end_lr - start_lr) * t / warmup_steps, then learning_rate.

    `learning_rate` is a rate, or a (name, arguments) pair of one of these schedulers, whose step 0
    is at t = warmup_steps: its lengths exclude the warmup, and its own last_epoch has no effect.
    Nothing makes it begin at end_lr. Inside, CosineAnnealingWarmRestarts finds its cycle by a
    logarithm, and where that comes out a rounding too small the first update of a cycle is at
    eta_min. It is here too.
    """
    steps = check_count("warmup_steps", warmup_steps)
    start, end = check_real("start_lr", start_lr), check_real("end_lr", end_lr)
    if end <= start:
        raise ValueError(f"end_lr must be > start_lr = {start}, got {end_lr!r}")
    if not isinstance(learning_rate, list | tuple):
        return resumed(
            ramp(steps, start, end) + hold(check_real("learning_rate", learning_rate)), last_epoch
        )
    [(name, arguments)] = check_pairs("learning_rate", [learning_rate])
    phases = ramp(steps, start, end) + _inside(name, arguments)
    _check_place(name, arguments, check_count("last_epoch", last_epoch, low=-1) + 1 - steps)
    return resumed(phases, last_epoch)


def _check_place(name: str, arguments: dict[str, Any], at: int) -> None:
    """Raise ValueError when a scheduler inside cannot be entered at its step `at`."""
    if name == "paddle.LinearLR" and at > 0:
        raise ValueError(
            "last_epoch must be < warmup_steps with LinearLR inside, which does not start at "
            f"its step {at}: paddle then multiplies a rate that it did not have"
        )
    if name == "paddle.OneCycleLR" and at > arguments["total_steps"]:
        raise ValueError(f"last_epoch must not go past OneCycleLR's total_steps, to its step {at}")
    if isinstance(arguments.get("learning_rate"), list | tuple):
        _check_place(*arguments["learning_rate"], at - arguments["warmup_steps"])


def _inside(name: str, arguments: dict[str, Any]) -> Phases:
    """Return the phases of a scheduler that LinearWarmup tells which step it is at."""
    convert(name, arguments)  # raises where its own last_epoch is not allowed
    arguments = {key: value for key, value in arguments.items() if key != "last_epoch"}
    phases = convert(name, arguments)
    if not name.startswith("paddle."):
        raise ValueError(f"learning_rate must be one of paddle's own schedulers, got {name!r}")
    if name == "paddle.CosineAnnealingWarmRestarts" and arguments.get("T_mult", 1) > 1:
        base, floor = phases[0].start, phases[0].end
        return _restarts_by_logarithm(base, floor, arguments["T_0"], arguments["T_mult"])
    return phases


def _restarts_by_logarithm(base: float, floor: float, period: int, mult: int) -> Phases:
    def cycle_at(t: int) -> int:
        return int(math.log(t / period * (mult - 1) + 1, mult)) if t >= period else 0

    phases: Phases = ()
    begin, at, length, cycle, late = 0, 0, period, 0, False
    while begin + length < _LONGEST_RUN:
        end = int(until(lambda t: cycle_at(t) > cycle, begin + length))  # noqa: B023
        whole = window(ramp(length, base, floor, Cosine()), at - begin, begin + length - at)
        phases += whole + hold(floor, end - max(at, begin + length))
        late = late or end > begin + length
        begin, at = begin + length, end
        length, cycle = length * mult, cycle + 1
    rest = (Phase(math.inf, base, floor, Restarts(length, mult)),)
    if not late:
        return (Phase(math.inf, base, floor, Restarts(period, mult)),)
    return phases + window(rest, at - begin, math.inf)


@converter("paddle.ExponentialDecay")
def exponential_by_gamma(*, learning_rate: float, gamma: float, last_epoch: int = -1) -> Phases:
    """learning_rate * gamma ** t, for ever; gamma is a step's, and must be below 1."""
    base = check_real("learning_rate", learning_rate)
    if not 0.0 < check_real("gamma", gamma) < 1.0:
        raise ValueError(f"gamma must be > 0 and < 1, got {gamma!r}")
    return resumed(exponential(base, gamma), last_epoch)


@converter("paddle.MultiStepDecay")
def multi_step(
    *, learning_rate: float, milestones: Sequence[int], gamma: float = 0.1, last_epoch: int = -1
) -> Phases:
    """learning_rate * gamma ** (number of milestones <= t); the last rate is held.

    torch allows a milestone twice and in any order; here they must increase, and gamma must be
    below 1.
    """
    base, factor = check_real("learning_rate", learning_rate), _below_one(gamma)
    if not isinstance(milestones, list | tuple):
        raise TypeError(f"milestones must be a list of steps, got {milestones!r}")
    if any(after <= before for before, after in itertools.pairwise(milestones)):
        raise ValueError(f"milestones must increase, got {milestones!r}")
    values = [base * factor**drops for drops in range(len(milestones) + 1)]
    return resumed(_pieces("milestones", milestones, values), last_epoch)


@converter("paddle.StepDecay")
def step_decay(
    *, learning_rate: float, step_size: int, gamma: float = 0.1, last_epoch: int = -1
) -> Phases:
    """learning_rate * gamma ** floor(t / step_size), for ever; gamma must be below 1."""
    base, factor = check_real("learning_rate", learning_rate), _below_one(gamma)
    every = check_count("step_size", step_size)
    if factor == 0.0:
        return resumed(hold(base, every) + hold(0.0), last_epoch)
    return resumed((Phase(math.inf, base, 0.0, Drops(factor, every)),), last_epoch)


def _below_one(gamma: float) -> float:
    if check_real("gamma", gamma) >= 1.0:
        raise ValueError(f"gamma must be >= 0 and < 1, got {gamma!r}")
    return float(gamma)


@converter("paddle.LambdaDecay")
def lambda_decay(*, learning_rate: float, lr_lambda: float, last_epoch: int = -1) -> Phases:
    """learning_rate * lr_lambda for a constant factor, given as a number; held for ever."""
    if callable(lr_lambda):
        raise ValueError(f"paddle.LambdaDecay has no closed form: {_FUNCTION}")
    base, factor = check_real("learning_rate", learning_rate), check_real("lr_lambda", lr_lambda)
    return resumed(hold(base * factor), last_epoch)


@converter("paddle.MultiplicativeDecay")
def multiplicative(*, learning_rate: float, lr_lambda: float, last_epoch: int = -1) -> Phases:
    """learning_rate * lr_lambda ** t for a constant factor, given as a number; for ever."""
    if callable(lr_lambda):
        raise ValueError(f"paddle.MultiplicativeDecay has no closed form: {_FUNCTION}")
    base = check_real("learning_rate", learning_rate)
    factor = check_real("lr_lambda", lr_lambda, low_open=True)
    return resumed(exponential(base, factor), last_epoch)


@converter("paddle.CosineAnnealingDecay")
def cosine_annealing(
    *, learning_rate: float, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
) -> Phases:
    """eta_min + (learning_rate - eta_min) * (1 + cos(pi t / T_max)) / 2, for ever.

    The rate climbs back to learning_rate at 2 T_max and so on, as in torch. `last_epoch` = n does
    not resume it: the recursion starts from learning_rate as if that were the rate of step n, so
    the rest comes out too high by (1 + cos 0) / (1 + cos(pi n / T_max)) until the next T_max.
    """
    base, floor = check_real("learning_rate", learning_rate), check_real("eta_min", eta_min)
    half = check_count("T_max", T_max)
    if check_count("last_epoch", last_epoch, low=-1) <= 0:
        return resumed(wave(base, floor, half), last_epoch)
    return cosine_from(base, floor, half, last_epoch)


@converter("paddle.OneCycleLR")
def one_cycle(
    *,
    max_learning_rate: float,
    total_steps: int,
    divide_factor: float = 25.0,
    end_learning_rate: float = 0.0001,
    phase_pct: float = 0.3,
    anneal_strategy: str = "cos",
    three_phase: bool = False,
    last_epoch: int = -1,
) -> Phases:
    """Up from max / divide_factor to max at t = phase_pct * T - 1, down to the end at t = T - 1.

    T is total_steps. end_learning_rate is a rate, where torch's final_div_factor divides the first
    rate. With three_phase the way down first takes as long as the way up.

    Past the end: paddle allows one more update, t = T, extrapolated beyond the last phase (above
    the end for "cos", below it for "linear"), and raises ValueError at the step() after it. The
    schedule has that update as a phase of its own and holds its rate.
    """
    peak, last = check_real("max_learning_rate", max_learning_rate), end_learning_rate
    check_real("end_learning_rate", last)
    total = check_count("total_steps", total_steps)
    if not isinstance(phase_pct, float):
        raise TypeError(f"phase_pct must be a float, got {phase_pct!r}")
    check_real("phase_pct", phase_pct, high=1.0)
    if three_phase and phase_pct >= 0.5:
        raise ValueError(f"phase_pct must be < 0.5 with three_phase, got {phase_pct!r}")
    check_choice("anneal_strategy", anneal_strategy, ["cos", "linear"])
    if phase_pct * total == 1:
        raise ValueError(
            "phase_pct must not be 1 / total_steps, which makes paddle divide by zero; "
            f"total_steps is {total}"
        )
    first = peak / check_real("divide_factor", divide_factor, low_open=True)
    most = total - 1 - (phase_pct == 1.0)  # which makes paddle divide by zero at t = T
    if check_count("last_epoch", last_epoch, low=-1) > most:
        raise ValueError(f"last_epoch must be <= {most}, for total_steps {total}, got {last_epoch}")
    phases = one_cycle_phases(
        first, peak, float(last), total, phase_pct, anneal_strategy, three_phase
    )
    return resumed(phases, last_epoch)


@converter("paddle.CyclicLR")
def cyclic(
    *,
    base_learning_rate: float,
    max_learning_rate: float,
    step_size_up: int,
    step_size_down: int | None = None,
    mode: str = "triangular",
    exp_gamma: float = 1.0,
    scale_fn: None = None,
    scale_mode: str = "cycle",
    last_epoch: int = -1,
) -> Phases:
    """Straight up from base to max at t = step_size_up, straight down, and so on for ever.

    "triangular2" halves the height each cycle, "exp_range" multiplies it by exp_gamma ** t. The
    curve is torch's; the lengths must be whole and step_size_up has no default.
    """
    if scale_fn is not None:
        raise ValueError(f"paddle.CyclicLR with scale_fn has no closed form: {_FUNCTION}")
    if not isinstance(exp_gamma, float):
        raise TypeError(f"exp_gamma must be a float, got {exp_gamma!r}")
    check_choice("scale_mode", scale_mode, ["cycle", "iterations"])
    if step_size_down is not None:
        check_count("step_size_down", step_size_down)
    phases = cyclic_lr(
        base_lr=check_real("base_learning_rate", base_learning_rate),
        max_lr=check_real("max_learning_rate", max_learning_rate),
        step_size_up=check_count("step_size_up", step_size_up),
        step_size_down=step_size_down,
        mode=mode,
        gamma=check_real("exp_gamma", exp_gamma, low_open=True),
    )
    return resumed(phases, last_epoch)


@converter("paddle.LinearLR")
def linear(
    *,
    learning_rate: float,
    total_steps: int,
    start_factor: float = 1.0 / 3,
    end_factor: float = 1.0,
    last_epoch: int = -1,
) -> Phases:
    """learning_rate * (start + (end - start) * t / total_steps), then learning_rate * end, held.

    total_steps is torch's total_iters, without its default. `last_epoch` = n does not resume it:
    the recursion starts from learning_rate, and the rest is too high by 1 / (the factor at n).
    """
    base = check_real("learning_rate", learning_rate)
    check_real("start_factor", start_factor, low_open=True, high=1.0)
    check_real("end_factor", end_factor, high=1.0)
    steps = check_count("total_steps", total_steps)
    if check_count("last_epoch", last_epoch, low=-1) < 0:
        return ramp(steps, base * start_factor, base * end_factor)
    return linear_from(base, start_factor, end_factor, steps, last_epoch)


@converter("paddle.CosineAnnealingWarmRestarts")
def cosine_annealing_warm_restarts(
    *, learning_rate: float, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
) -> Phases:
    """The half-cosine over cycles of length T_0 * T_mult**i, starting over, for ever.

    eta_min is approached and never reached. `last_epoch` = n resumes it within the first two
    cycles; from later ones it needs some updates to find its place, at rates of another.
    """
    base, floor = check_real("learning_rate", learning_rate), check_real("eta_min", eta_min)
    period, mult = check_count("T_0", T_0), check_count("T_mult", T_mult)
    if check_count("last_epoch", last_epoch, low=-1) < 0:
        return (Phase(math.inf, base, floor, Restarts(period, mult)),)
    return warm_restarts_from(base, floor, period, mult, last_epoch)
