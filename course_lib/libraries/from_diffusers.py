"""Converts `diffusers.optimization` (read in its source and run, release 0.42.1).

Each function gives a torch LambdaLR: float64, one `scheduler.step()` an update (in the examples'
training scripts through Accelerate, which steps once for every process). `base_lr` is the
optimizer's rate, and num_training_steps includes the warmup.
"""

from __future__ import annotations

from typing import Any

from course_lib.libraries.pieces import Phases, hold, ramp
from course_lib.libraries.registry import check_choice, convert, converter
from course_lib.validation import check_count, check_real


@converter("diffusers.get_constant_schedule")
def get_constant_schedule(*, base_lr: float) -> Phases:
    """base_lr, for ever."""
    return hold(check_real("base_lr", base_lr))


@converter("diffusers.get_constant_schedule_with_warmup")
def get_constant_schedule_with_warmup(*, base_lr: float, num_warmup_steps: int) -> Phases:
    """base_lr * t / num_warmup_steps, then base_lr for ever. The first update is at rate 0."""
    base = check_real("base_lr", base_lr)
    return ramp(check_count("num_warmup_steps", num_warmup_steps, low=0), 0.0, base) + hold(base)


@converter("diffusers.get_piecewise_constant_schedule")
def get_piecewise_constant_schedule(*, base_lr: float, step_rules: str) -> Phases:
    """base_lr times the factors of `step_rules`, such as "1:10,0.1:20,0.005".

    A number after a colon is the step at which its factor ends, counted from the start: here 1 for
    ten updates, 0.1 for ten more, then 0.005 for ever. (The library's docstring has it as "the next
    20 steps".)
    """
    base = check_real("base_lr", base_lr)
    rules, last = _rules(step_rules)
    phases, begin = hold(0.0, 0), 0
    for end in sorted(rules):
        phases += hold(base * rules[end], end - begin)
        begin = end
    return phases + hold(base * last)


def _rules(text: Any) -> tuple[dict[int, float], float]:
    """Return the factors by the steps at which they end, and the last factor."""
    if not isinstance(text, str):
        raise TypeError(f"step_rules must be text like '1:10,0.1:20,0.005', got {text!r}")
    *rules, last = text.split(",")
    try:
        pairs = [rule.split(":") for rule in rules]
        factors = {int(end): float(factor) for factor, end in pairs}
        final = float(last)
    except ValueError as error:
        raise ValueError(
            "step_rules must be factor:step pairs with a lone factor at the end, like "
            f"'1:10,0.1:20,0.005', got {text!r}"
        ) from error
    for end, factor in factors.items():
        check_count("step_rules", end)
        check_real("step_rules", factor)
    return factors, check_real("step_rules", final)


@converter("diffusers.get_linear_schedule_with_warmup")
def get_linear_schedule_with_warmup(
    *,
    base_lr: float,
    num_warmup_steps: int,
    num_training_steps: int,
    f_min: float = 0.0,
    f_max: float = 1.0,
) -> Phases:
    """A line from 0 to base_lr * f_max, one to base_lr * f_min at num_training_steps, held.

    Its transformers namesake has no f_min and f_max.
    """
    base, warmup = (
        check_real("base_lr", base_lr),
        check_count("num_warmup_steps", num_warmup_steps, low=0),
    )
    total = check_count("num_training_steps", num_training_steps)
    peak, floor = base * check_real("f_max", f_max), base * check_real("f_min", f_min)
    return ramp(warmup, 0.0, peak) + (ramp(total - warmup, peak, floor) or hold(floor))


@converter("diffusers.get_cosine_schedule_with_warmup")
def get_cosine_schedule_with_warmup(
    *, base_lr: float, num_warmup_steps: int, num_training_steps: int, num_cycles: float = 0.5
) -> Phases:
    """A line from 0 to base_lr, then base_lr * (1 + cos(2 pi num_cycles u)) / 2; it rises again.

    u = (t - warmup) / (num_training_steps - warmup). The same as transformers' function.
    """
    return _as_transformers("get_cosine_schedule_with_warmup", **locals())


@converter("diffusers.get_cosine_with_hard_restarts_schedule_with_warmup")
def get_cosine_with_hard_restarts_schedule_with_warmup(
    *, base_lr: float, num_warmup_steps: int, num_training_steps: int, num_cycles: int = 1
) -> Phases:
    """A line from 0 to base_lr, then num_cycles half-cosines towards 0; then 0, held.

    The same as transformers' function, with the update that its rounded remainder may add.
    """
    return _as_transformers("get_cosine_with_hard_restarts_schedule_with_warmup", **locals())


@converter("diffusers.get_polynomial_decay_schedule_with_warmup")
def get_polynomial_decay_schedule_with_warmup(
    *,
    base_lr: float,
    num_warmup_steps: int,
    num_training_steps: int,
    lr_end: float = 1e-7,
    power: float = 1.0,
) -> Phases:
    """A line from 0, then lr_end + (base_lr - lr_end) * (1 - u) ** power; lr_end is held.

    lr_end is a rate. The same as transformers' function, and like it divides by zero where the
    warmup is the whole run.
    """
    return _as_transformers("get_polynomial_decay_schedule_with_warmup", **locals())


def _as_transformers(name: str, **arguments: Any) -> Phases:
    return convert(f"transformers.{name}", arguments)


@converter("diffusers.get_scheduler")
def get_scheduler(
    *,
    base_lr: float,
    name: str,
    step_rules: str | None = None,
    num_warmup_steps: int | None = None,
    num_training_steps: int | None = None,
    num_cycles: int = 1,
    power: float = 1.0,
) -> Phases:
    """The schedule that the training scripts name in --lr_scheduler.

    "linear", "cosine", "cosine_with_restarts", "polynomial", "constant", "constant_with_warmup",
    "piecewise_constant". num_cycles serves "cosine_with_restarts" alone and power "polynomial"
    alone: "cosine" is the plain half-cosine, whatever num_cycles. lr_end, f_min and f_max cannot be
    given: they are the functions' defaults, 1e-7, 0 and 1.
    """
    functions = {
        "linear": ("get_linear_schedule_with_warmup", {}),
        "cosine": ("get_cosine_schedule_with_warmup", {}),
        "cosine_with_restarts": (
            "get_cosine_with_hard_restarts_schedule_with_warmup",
            {"num_cycles": num_cycles},
        ),
        "polynomial": ("get_polynomial_decay_schedule_with_warmup", {"power": power}),
        "constant": ("get_constant_schedule", {}),
        "constant_with_warmup": ("get_constant_schedule_with_warmup", {}),
        "piecewise_constant": ("get_piecewise_constant_schedule", {"step_rules": step_rules}),
    }
    check_choice("name", name, list(functions))
    function, own = functions[name]
    given: dict[str, Any] = {"base_lr": base_lr, **own}
    needed = {"num_warmup_steps": num_warmup_steps, "num_training_steps": num_training_steps}
    if name.startswith(("constant", "piecewise")):
        del needed["num_training_steps"]
    if name in ("constant", "piecewise_constant"):
        needed = {}
    for argument, value in needed.items():
        if value is None:
            raise TypeError(f"diffusers.get_scheduler({name!r}) needs the argument {argument!r}")
        given[argument] = value
    return convert(f"diffusers.{function}", given)
