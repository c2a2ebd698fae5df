"""The library call that most likely made a curve, in the words of the tool that wrote the log."""

from __future__ import annotations

from collections.abc import Callable

from course_lib.diagnose.identifying.rate_curve import (
    EXPONENTIAL_RISE,
    FROM_ZERO,
    NEXT,
    PAST_NEXT,
    TO_LAST,
    RateCurve,
    cycles_of,
)
from course_lib.diagnose.identifying.yolo import YoloCurve
from course_lib.diagnose.rate_log import RateLog


def _n(value: float) -> str:
    return f"{value:.10g}"


def _base(curve: RateCurve) -> str:
    return f"  # base lr {_n(curve.values['peak'])}"


def _lengths(curve: RateCurve) -> tuple[str, str, float, float]:
    """Return warmup and total as text, the floor and the first rate."""
    v = curve.values
    return (
        _n(v.get("warmup_steps", 0.0) if curve.warmup else 0.0),
        _n(v.get("total_steps", 0.0)),
        v.get("floor", 0.0),
        v.get("warmup_start", 0.0),
    )


def _decays_late(curve: RateCurve) -> bool:
    v = curve.values
    return v.get("decay_from", 0.0) > v.get("warmup_steps", 0.0)


def _transformers(curve: RateCurve, family: str) -> str:
    warm, total, floor, _ = _lengths(curve)
    v = curve.values
    both = f"optimizer, num_warmup_steps={warm}, num_training_steps={total}"
    get = "transformers.get_"
    if curve.warmup not in ("", FROM_ZERO) or curve.drops:
        return ""
    if _decays_late(curve) and curve.body in ("linear", "cosine", "1-sqrt"):
        kind = f'decay_type="{curve.body}"'
        stable = _n(v["decay_from"] - float(warm))
        fall = _n(v["total_steps"] - v["decay_from"])
        share = "" if not floor else f", min_lr_ratio={_n(floor / v['peak'])}"
        return (
            f"{get}wsd_schedule(optimizer, num_warmup_steps={warm}, num_stable_steps={stable}, "
            f"num_decay_steps={fall}, {kind}{share}){_base(curve)}"
        )
    if family == "linear warmup" or (curve.body == "constant" and curve.warmup):
        call = f"{get}constant_schedule_with_warmup(optimizer, num_warmup_steps={warm})"
        if family == "linear warmup":
            return f"# a rise over num_warmup_steps={warm}; the decay is not seen{_base(curve)}"
        return call + _base(curve)
    if curve.body == "constant":
        return f"{get}constant_schedule(optimizer){_base(curve)}"
    if curve.body == "linear":
        if floor:
            return (
                f"{get}polynomial_decay_schedule_with_warmup({both}, lr_end={_n(floor)}, power=1.0)"
                + _base(curve)
            )
        return f"{get}linear_schedule_with_warmup({both}){_base(curve)}"
    if curve.body == "cosine":
        if floor:
            return (
                f"{get}cosine_with_min_lr_schedule_with_warmup({both}, min_lr={_n(floor)})"
                + _base(curve)
            )
        return f"{get}cosine_schedule_with_warmup({both}){_base(curve)}"
    if curve.body == "polynomial":
        end = f"lr_end={_n(floor)}, power={_n(v['power'])}"
        return f"{get}polynomial_decay_schedule_with_warmup({both}, {end}){_base(curve)}"
    if curve.body == "inverse sqrt":
        return f"{get}inverse_sqrt_schedule(optimizer, num_warmup_steps={warm}){_base(curve)}"
    if curve.body == "cosine restarts" and "total_steps" in v:
        cycles = round((v["total_steps"] - float(warm)) / v["period"])
        name = "cosine_with_hard_restarts_schedule_with_warmup"
        return f"{get}{name}({both}, num_cycles={cycles}){_base(curve)}"
    return ""


def _timm(curve: RateCurve, family: str) -> str:
    warm, total, floor, start = _lengths(curve)
    v = curve.values
    rise = f", warmup_t={warm}, warmup_lr_init={_n(start)}" if curve.warmup else ""
    if curve.warmup and v.get("decay_from") != 0.0 and curve.body != "constant":
        rise += ", warmup_prefix=True"
    if curve.body in ("cosine", "cosine of a power"):
        late = f", k_decay={_n(v['power'])}" if "power" in v else ""
        return (
            f"timm.scheduler.CosineLRScheduler(optimizer, t_initial={total}, lr_min={_n(floor)}"
            f"{late}{rise}){_base(curve)}"
        )
    if curve.body == "cosine restarts":
        cycle = f"cycle_mul={_n(v.get('factor', 1.0))}, cycle_decay={_n(v.get('shrink', 1.0))}"
        return (
            f"timm.scheduler.CosineLRScheduler(optimizer, t_initial={_n(v['period'])}, "
            f"lr_min={_n(floor)}, {cycle}, cycle_limit=…{rise}){_base(curve)}"
        )
    if curve.body in ("tanh", "polynomial"):
        name = "TanhLRScheduler" if curve.body == "tanh" else "PolyLRScheduler"
        power = f", power={_n(v['power'])}" if "power" in v else ""
        return (
            f"timm.scheduler.{name}(optimizer, t_initial={total}, lr_min={_n(floor)}{power}"
            f"{rise}){_base(curve)}"
        )
    if "step_size" in v:
        return (
            f"timm.scheduler.StepLRScheduler(optimizer, decay_t={_n(v['step_size'])}, "
            f"decay_rate={_n(v['factor'])}{rise}){_base(curve)}"
        )
    if curve.drops:
        places = [int(place) for place, _ in curve.drops]
        return (
            f"timm.scheduler.MultiStepLRScheduler(optimizer, decay_t={places}, "
            f"decay_rate={_n(v.get('factor', 0.1))}{rise}){_base(curve)}"
        )
    if family == "linear warmup":
        return f"# timm: warmup_t={warm}, warmup_lr_init={_n(start)}{_base(curve)}"
    return ""


def _detectron2(curve: RateCurve, family: str) -> str:
    warm, total, _, start = _lengths(curve)
    peak = curve.values["peak"]
    rise = f"warmup_factor={_n(start / peak)}, warmup_iters={warm}"
    if curve.body == "constant":
        places = [int(place) for place, _ in curve.drops]
        gamma = f", gamma={_n(curve.values['factor'])}" if "factor" in curve.values else ""
        return f"WarmupMultiStepLR(optimizer, milestones={places}{gamma}, {rise}){_base(curve)}"
    if curve.body == "cosine":
        return f"WarmupCosineLR(optimizer, max_iters={total}, {rise}){_base(curve)}"
    return ""


def _openmmlab(curve: RateCurve, by_epoch: bool) -> str:
    warm, total, floor, start = _lengths(curve)
    v = curve.values
    clock = "" if by_epoch else ", by_epoch=False"  # True is the default
    parts = []
    if curve.warmup:
        share = _n(start / v["peak"])
        end = warm if curve.warmup == TO_LAST else _n(float(warm) + 1.0)
        parts.append(f"LinearLR(start_factor={share}{clock}, begin=0, end={end})")
    begin = _n(v.get("decay_from", float(warm)))
    if curve.body == "polynomial" or curve.body == "linear":
        power = _n(v.get("power", 1.0))
        end = _n(float(total) + 1.0)  # it takes end - begin - 1 steps
        parts.append(f"PolyLR(eta_min={_n(floor)}, power={power}{clock}, begin={begin}, end={end})")
    elif curve.body == "cosine":
        parts.append(f"CosineAnnealingLR(eta_min={_n(floor)}{clock}, begin={begin}, end={total})")
    elif curve.body == "cosine restarts" and v.get("factor", 1.0) == 1.0:
        parts.append(f"CosineRestartLR(periods=[{_n(v['period'])}, …], eta_min={_n(floor)}{clock})")
    elif curve.body == "listed restarts":
        _, lengths, weights = zip(*cycles_of(v), strict=True)
        parts.append(
            f"CosineRestartLR(periods={[*map(int, lengths)]}, restart_weights={[*weights]}, "
            f"eta_min={_n(floor)}{clock})"
        )
    elif curve.drops:
        places = [int(place) for place, _ in curve.drops]
        parts.append(f"MultiStepLR(milestones={places}, gamma={_n(v.get('factor', 0.1))}{clock})")
    return ", ".join(parts) + _base(curve) if parts else ""


def _stable_baselines(curve: RateCurve, family: str) -> str:
    v = curve.values
    if curve.body == "constant" and not curve.drops:
        return f"learning_rate={_n(v['peak'])}"
    if curve.body == "linear":
        floor = v.get("floor", 0.0)
        end = f"{_n(floor)} + " if floor else ""
        return (
            f"learning_rate=lambda remaining: {end}{_n(v['peak'] - floor)} * remaining"
            f"  # total_timesteps={_n(v['total_steps'])}"
        )
    return ""


def _keras(curve: RateCurve, family: str) -> str:
    v = curve.values
    if family == "reduce on plateau":
        return (
            f"keras.callbacks.ReduceLROnPlateau(factor={_n(v['factor'])}, "
            f"patience={_n(v['patience'])})  # first lr {_n(v['peak'])}"
        )
    if curve.body == "constant" and not curve.drops and not curve.warmup:
        return f"learning_rate={_n(v['peak'])}"
    if curve.body == "inverse time" and not curve.warmup:
        return (
            f"keras.optimizers.schedules.InverseTimeDecay({_n(v['peak'])}, "
            f"decay_steps={_n(v['timescale'])}, decay_rate=1)  # steps counted as in the log"
        )
    return _torch(curve, family)


def _torch(curve: RateCurve, family: str) -> str:
    warm, total, floor, start = _lengths(curve)
    v = curve.values
    module = "torch.optim.lr_scheduler."
    if family == "reduce on plateau":
        return (
            f"{module}ReduceLROnPlateau(optimizer, factor={_n(v['factor'])}, "
            f"patience={_n(v['patience'])}){_base(curve)}"
        )
    if family == "one cycle":
        steps = v.get("total_steps")
        length = "" if steps is None else f"total_steps={_n(steps + 1.0)}, "
        length += (
            "" if steps is None else f"pct_start={_n(round((float(warm) + 1) / (steps + 1), 6))}, "
        )
        final = "" if not floor else f", final_div_factor={_n(start / floor)}"
        rise = f"div_factor={_n(v['peak'] / start)}" if start else "div_factor=…"
        return f"{module}OneCycleLR(optimizer, max_lr={_n(v['peak'])}, {length}{rise}{final})"
    if curve.warmup == PAST_NEXT and curve.body == "cosine":
        return (
            f"nanoGPT: learning_rate={_n(v['peak'])}, warmup_iters={warm}, "
            f"lr_decay_iters={total}, min_lr={_n(floor)}"
        )
    if curve.warmup == EXPONENTIAL_RISE and curve.body == "constant":
        gamma = (v["peak"] / start) ** (1.0 / v["warmup_steps"])
        return f"{module}ExponentialLR(optimizer, gamma={_n(gamma)})  # base lr {_n(start)}"
    if curve.warmup == FROM_ZERO:
        return _transformers(curve, family)
    body = _torch_body(curve, module)
    if not curve.warmup or not body:
        return body and body + _base(curve)
    if curve.warmup == NEXT:
        first = f"{module}LambdaLR(optimizer, lambda t: min(1, (t + 1) / {warm}))"
    else:
        share = _n(start / v["peak"])
        first = f"{module}LinearLR(optimizer, start_factor={share}, total_iters={warm})"
    if body.startswith(f"{module}ConstantLR"):
        return first + _base(curve)
    return f"{module}SequentialLR(optimizer, [{first}, {body}], milestones=[{warm}]){_base(curve)}"


def _torch_body(curve: RateCurve, module: str) -> str:
    v = curve.values
    floor = v.get("floor", 0.0)
    first = v.get("warmup_steps", 0.0) if curve.warmup else 0.0
    length = _n(v.get("total_steps", 0.0) - first)
    if "step_size" in v and not curve.warmup:
        size, gamma = _n(v["step_size"]), _n(v["factor"])
        return f"{module}StepLR(optimizer, step_size={size}, gamma={gamma})"
    if curve.drops:
        places = [int(place - first) for place, _ in curve.drops]
        gamma = _n(v["factor"]) if "factor" in v else "…"
        return f"{module}MultiStepLR(optimizer, milestones={places}, gamma={gamma})"
    if _decays_late(curve):
        return ""
    if curve.body == "constant":
        return f"{module}ConstantLR(optimizer, factor=1.0)"
    if curve.body in ("cosine", "cosine wave"):
        return f"{module}CosineAnnealingLR(optimizer, T_max={length}, eta_min={_n(floor)})"
    if curve.body == "linear":
        return (
            f"{module}LinearLR(optimizer, start_factor=1.0, end_factor={_n(floor / v['peak'])}, "
            f"total_iters={length})"
        )
    if curve.body == "polynomial" and not floor:
        power = _n(v["power"])
        return f"{module}PolynomialLR(optimizer, total_iters={length}, power={power})"
    if curve.body == "exponential" and not floor:
        return f"{module}ExponentialLR(optimizer, gamma={_n(v['gamma'])})"
    if curve.body == "inverse time":
        return f"{module}LambdaLR(optimizer, lambda t: 1 / (1 + t / {_n(v['timescale'])}))"
    if curve.body == "cosine restarts":
        period, mult = _n(v["period"]), _n(v.get("factor", 1.0))
        return (
            f"{module}CosineAnnealingWarmRestarts(optimizer, T_0={period}, T_mult={mult}, "
            f"eta_min={_n(floor)})"
        )
    if curve.body == "triangle":
        half = _n(v["period"] / 2.0)
        scaled = f', mode="exp_range", gamma={_n(v["gamma"])}' if "gamma" in v else ""
        scaled = ', mode="triangular2"' if v.get("factor") == 0.5 else scaled
        return (
            f"{module}CyclicLR(optimizer, base_lr={_n(floor)}, max_lr={_n(v['peak'])}, "
            f"step_size_up={half}{scaled})"
        )
    return ""


# word in the format's name -> writer of the call, the first that matches
_WRITERS: dict[str, Callable[[RateCurve, str], str]] = {
    "hugging face": _transformers,
    "trainer_state": _transformers,
    "factory": _transformers,
    "timm": _timm,
    "detectron2": _detectron2,
    "baselines": _stable_baselines,
    "keras": _keras,
}


def call_of(curve: RateCurve | YoloCurve, family: str, log: RateLog) -> str:
    """Return the call that most likely made a curve, or "" where no library's call is known."""
    if isinstance(curve, YoloCurve):
        epochs = curve.warmup_iterations / curve.batches if curve.batches else 0.0
        shape = ", cos_lr=True" if curve.cosine else ""
        warm = "" if not curve.batches else f", warmup_epochs={_n(round(epochs, 3))}"
        end = _n(curve.end)
        return f"lr0={_n(curve.peak)}, lrf={end}{warm}, epochs={_n(curve.epochs)}{shape}"
    call = _call(curve, family, log)
    if curve.every != 1 and call:
        return f"{call}, stepped once per epoch of {_n(curve.every)} updates"
    return call


def _call(curve: RateCurve, family: str, log: RateLog) -> str:
    name = log.format.lower()
    if "mmengine" in name or "mmcv" in name:
        return _openmmlab(curve, by_epoch=log.unit == "epoch")
    for word, writer in _WRITERS.items():
        if word in name:
            return writer(curve, family)
    return _torch(curve, family)
