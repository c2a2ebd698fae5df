"""Random plans of every library, and the real schedulers that follow them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from course_lib import schedules
from course_lib.libraries import as_torch_scheduler, from_library


@dataclass
class RandomPlan:
    """A call, its text, and the part that each of its arguments plays."""

    name: str
    arguments: dict[str, Any]
    total: str = ""  # the argument that says how long the whole curve is
    warmup: str = ""
    bases: tuple[str, ...] = ("base_lr",)
    floor: str = ""
    gamma: str = ""
    marks: str = ""
    length: int = 0  # updates (or epochs) that a run of it takes

    @property
    def text(self) -> str:
        return f"{self.name}({', '.join(f'{k}={v!r}' for k, v in self.arguments.items())})"

    def other(self, **changes: Any) -> RandomPlan:
        return RandomPlan(**{**vars(self), "arguments": {**self.arguments, **changes}})

    @property
    def base_lr(self) -> float:
        return self.arguments.get("base_lr", 0.1)

    @property
    def chains(self) -> bool:
        """Whether torch multiplies the rate that it finds, so that a change by hand lasts."""
        return self.name in CHAINED

    def factory(self, last_epoch: int = -1) -> Callable:
        """Return the function from an optimizer to the scheduler, torch's own where it has one."""
        library, _, short = self.name.partition(".")
        arguments = {k: v for k, v in self.arguments.items() if k != "base_lr"}
        if self.name == "torch.SequentialLR":
            return partial(_sequential, arguments=arguments, last_epoch=last_epoch)
        if library == "torch":
            if last_epoch != -1:
                arguments["last_epoch"] = last_epoch
            return partial(getattr(torch.optim.lr_scheduler, short), **arguments)
        if not short:
            schedule = getattr(schedules, self.name)(**self.arguments)
        else:
            schedule = from_library(self.name, **self.arguments)
        return partial(as_torch_scheduler, schedule=schedule, last_epoch=last_epoch)


def _sequential(optimizer: Any, arguments: dict, last_epoch: int) -> Any:
    parts = [
        getattr(torch.optim.lr_scheduler, name.partition(".")[2])(optimizer, **own)
        for name, own in arguments["schedulers"]
    ]
    return torch.optim.lr_scheduler.SequentialLR(
        optimizer, parts, arguments["milestones"], last_epoch=last_epoch
    )


CHAINED = (
    *("torch.CosineAnnealingLR", "torch.StepLR", "torch.MultiStepLR", "torch.ExponentialLR"),
    *("torch.LinearLR", "torch.PolynomialLR"),
)

_RATES = (0.1, 0.05, 0.3, 1e-3, 5e-4, 3e-4, 2e-5, 5e-5, 0.01, 6e-4)


def random_plan(rng: random.Random, length: int) -> RandomPlan:
    """Return a plan for a run of about `length` steps."""
    n, peak = length, rng.choice(_RATES)
    warm = max(2, int(n * rng.choice((0.03, 0.05, 0.1, 0.2))))
    floor = peak * rng.choice((0.1, 0.01, 0.05, 0.2))
    share = rng.choice((0.1, 0.01, 0.05))
    gamma = rng.choice((0.1, 0.5, 0.2, 0.3))
    marks = sorted(rng.sample(range(max(2, n // 5), n - 2), rng.choice((1, 2, 3))))
    slow = round(rng.uniform(0.01, 0.2) ** (1 / n), 6)
    R = partial(RandomPlan, length=n)
    base = {"base_lr": peak}
    name = rng.choice(PLANS)
    hf = {**base, "num_warmup_steps": warm, "num_training_steps": n}
    table = {
        "torch.CosineAnnealingLR": lambda: R(
            name,
            {**base, "T_max": n, "eta_min": rng.choice((0.0, floor))},
            "T_max",
            floor="eta_min",
        ),
        "torch.StepLR": lambda: R(
            name,
            {**base, "step_size": max(2, n // rng.choice((3, 4, 5))), "gamma": gamma},
            "step_size",
            gamma="gamma",
        ),
        "torch.MultiStepLR": lambda: R(
            name, {**base, "milestones": marks, "gamma": gamma}, marks="milestones", gamma="gamma"
        ),
        "torch.ExponentialLR": lambda: R(name, {**base, "gamma": slow}, gamma="gamma"),
        "torch.LinearLR": lambda: R(
            name,
            {**base, "start_factor": 1.0, "end_factor": share, "total_iters": n},
            "total_iters",
        ),
        "torch.PolynomialLR": lambda: R(
            name, {**base, "total_iters": n, "power": rng.choice((0.9, 1.0, 2.0))}, "total_iters"
        ),
        "torch.OneCycleLR": lambda: R(
            name, {"max_lr": peak, "total_steps": n + 8}, "total_steps", bases=("max_lr",)
        ),
        "torch.CosineAnnealingWarmRestarts": lambda: R(
            name,
            {**base, "T_0": max(3, n // 3), "T_mult": rng.choice((1, 2)), "eta_min": floor},
            "T_0",
            floor="eta_min",
        ),
        "torch.SequentialLR": lambda: R(
            name,
            {
                **base,
                "schedulers": [
                    ("torch.LinearLR", {"start_factor": 0.1, "total_iters": warm}),
                    rng.choice(
                        (
                            ("torch.CosineAnnealingLR", {"T_max": n - warm}),
                            ("torch.StepLR", {"step_size": max(2, n // 4), "gamma": gamma}),
                            ("torch.PolynomialLR", {"total_iters": n - warm}),
                        )
                    ),
                ],
                "milestones": [warm],
            },
        ),
        "transformers.get_linear_schedule_with_warmup": lambda: R(
            name, hf, "num_training_steps", "num_warmup_steps"
        ),
        "transformers.get_cosine_schedule_with_warmup": lambda: R(
            name, hf, "num_training_steps", "num_warmup_steps"
        ),
        "transformers.get_cosine_with_min_lr_schedule_with_warmup": lambda: R(
            name, {**hf, "min_lr": floor}, "num_training_steps", "num_warmup_steps", floor="min_lr"
        ),
        "transformers.get_polynomial_decay_schedule_with_warmup": lambda: R(
            name,
            {**hf, "lr_end": floor / 10, "power": rng.choice((1.0, 2.0))},
            "num_training_steps",
            "num_warmup_steps",
            floor="lr_end",
        ),
        "transformers.get_constant_schedule_with_warmup": lambda: R(
            name, {**base, "num_warmup_steps": max(3, n // 3)}, warmup="num_warmup_steps"
        ),
        "transformers.get_inverse_sqrt_schedule": lambda: R(
            name, {**base, "num_warmup_steps": warm}, warmup="num_warmup_steps"
        ),
        "transformers.get_wsd_schedule": lambda: R(
            name,
            {**hf, "num_decay_steps": max(3, n // 4)},
            "num_training_steps",
            "num_warmup_steps",
        ),
        "timm.CosineLRScheduler": lambda: R(
            name,
            {
                **base,
                "t_initial": n,
                "lr_min": floor,
                "warmup_t": warm,
                "warmup_lr_init": peak / 100,
            },
            "t_initial",
            "warmup_t",
            floor="lr_min",
        ),
        "timm.StepLRScheduler": lambda: R(
            name,
            {**base, "decay_t": max(2, n // 4), "decay_rate": gamma},
            "decay_t",
            gamma="decay_rate",
        ),
        "timm.MultiStepLRScheduler": lambda: R(
            name,
            {**base, "decay_t": marks, "decay_rate": gamma},
            marks="decay_t",
            gamma="decay_rate",
        ),
        "timm.PolyLRScheduler": lambda: R(
            name,
            {**base, "t_initial": n, "power": 0.9, "lr_min": floor},
            "t_initial",
            floor="lr_min",
        ),
        "keras.CosineDecay": lambda: R(
            name,
            {"initial_learning_rate": peak, "decay_steps": n, "alpha": share},
            "decay_steps",
            bases=("initial_learning_rate",),
            floor="alpha",
        ),
        "keras.PolynomialDecay": lambda: R(
            name,
            {"initial_learning_rate": peak, "decay_steps": n, "end_learning_rate": floor},
            "decay_steps",
            bases=("initial_learning_rate",),
            floor="end_learning_rate",
        ),
        "keras.ExponentialDecay": lambda: R(
            name,
            {
                "initial_learning_rate": peak,
                "decay_steps": max(2, n // 5),
                "decay_rate": gamma,
                "staircase": rng.random() < 0.5,
            },
            "decay_steps",
            bases=("initial_learning_rate",),
            gamma="decay_rate",
        ),
        "keras.PiecewiseConstantDecay": lambda: R(
            name,
            {"boundaries": marks, "values": [peak * gamma**i for i in range(len(marks) + 1)]},
            bases=(),
            marks="boundaries",
        ),
        "optax.cosine_decay_schedule": lambda: R(
            name,
            {"init_value": peak, "decay_steps": n, "alpha": share},
            "decay_steps",
            bases=("init_value",),
            floor="alpha",
        ),
        "optax.warmup_cosine_decay_schedule": lambda: R(
            name,
            {
                "init_value": 0.0,
                "peak_value": peak,
                "warmup_steps": warm,
                "decay_steps": n,
                "end_value": floor,
            },
            "decay_steps",
            "warmup_steps",
            bases=("peak_value",),
            floor="end_value",
        ),
        "optax.linear_schedule": lambda: R(
            name,
            {"init_value": peak, "end_value": floor, "transition_steps": n},
            "transition_steps",
            bases=("init_value",),
            floor="end_value",
        ),
        "optax.exponential_decay": lambda: R(
            name,
            {"init_value": peak, "transition_steps": max(2, n // 4), "decay_rate": gamma},
            "transition_steps",
            bases=("init_value",),
            gamma="decay_rate",
        ),
        "optax.polynomial_schedule": lambda: R(
            name,
            {"init_value": peak, "end_value": floor, "power": 2.0, "transition_steps": n},
            "transition_steps",
            bases=("init_value",),
            floor="end_value",
        ),
        "composer.CosineAnnealingWithWarmupScheduler": lambda: R(
            name,
            {
                **base,
                "t_warmup": f"{warm}ba",
                "t_max": f"{n}ba",
                "alpha_f": share,
                "max_duration": f"{n}ba",
            },
        ),
        "composer.MultiStepScheduler": lambda: R(
            name,
            {
                **base,
                "milestones": [f"{m}ba" for m in marks],
                "gamma": gamma,
                "max_duration": f"{n}ba",
            },
            gamma="gamma",
        ),
        "fastai.fit_one_cycle": lambda: R(
            name, {"n_batches": n, "lr_max": peak}, "n_batches", bases=("lr_max",)
        ),
        "fastai.SchedCos": lambda: R(
            name,
            {"start": peak, "end": floor, "n_batches": n},
            "n_batches",
            bases=("start",),
            floor="end",
        ),
        "ignite.PiecewiseLinear": lambda: R(
            name, {"milestones_values": [(0, 0.0), (warm, peak), (n, floor)]}, bases=()
        ),
        "ignite.CosineAnnealingScheduler": lambda: R(
            name,
            {"start_value": peak, "end_value": floor, "cycle_size": max(4, n // 2)},
            "cycle_size",
            bases=("start_value",),
        ),
        "megatron.OptimizerParamScheduler": lambda: R(
            name,
            {
                "init_lr": 0.0,
                "max_lr": peak,
                "min_lr": floor,
                "lr_warmup_steps": warm,
                "lr_decay_steps": n,
                "lr_decay_style": rng.choice(("cosine", "linear")),
            },
            "lr_decay_steps",
            "lr_warmup_steps",
            bases=("max_lr",),
            floor="min_lr",
        ),
        "nanogpt.get_lr": lambda: R(
            name,
            {"learning_rate": peak, "warmup_iters": warm, "lr_decay_iters": n, "min_lr": floor},
            "lr_decay_iters",
            "warmup_iters",
            bases=("learning_rate",),
            floor="min_lr",
        ),
        "torchtitan.lr_scheduler": lambda: R(
            name,
            {**base, "training_steps": n, "warmup_steps": warm},
            "training_steps",
            "warmup_steps",
        ),
        "schedulefree.AdamWScheduleFree": lambda: R(
            name, {"lr": peak, "warmup_steps": max(3, n // 3)}, warmup="warmup_steps", bases=("lr",)
        ),
        "cosine": lambda: R(
            name,
            {"peak_lr": peak, "total_steps": n, "floor": floor},
            "total_steps",
            bases=("peak_lr",),
            floor="floor",
        ),
        "linear": lambda: R(
            name, {"peak_lr": peak, "total_steps": n}, "total_steps", bases=("peak_lr",)
        ),
        "warmup_cosine": lambda: R(
            name,
            {"peak_lr": peak, "warmup_steps": warm, "total_steps": n, "floor": floor},
            "total_steps",
            "warmup_steps",
            bases=("peak_lr",),
            floor="floor",
        ),
        "warmup_linear": lambda: R(
            name,
            {"peak_lr": peak, "warmup_steps": warm, "total_steps": n},
            "total_steps",
            "warmup_steps",
            bases=("peak_lr",),
        ),
        "wsd": lambda: R(
            name,
            {
                "peak_lr": peak,
                "warmup_steps": warm,
                "total_steps": n,
                "decay_steps": max(2, n // 5),
            },
            "total_steps",
            "warmup_steps",
            bases=("peak_lr",),
        ),
        "step_decay": lambda: R(
            name,
            {"peak_lr": peak, "drop": gamma, "every": max(2, n // 4)},
            "every",
            bases=("peak_lr",),
            gamma="drop",
        ),
        "multi_step": lambda: R(
            name,
            {"peak_lr": peak, "milestones": marks, "drop": gamma},
            marks="milestones",
            bases=("peak_lr",),
            gamma="drop",
        ),
        "one_cycle": lambda: R(
            name, {"peak_lr": peak, "total_steps": n}, "total_steps", bases=("peak_lr",)
        ),
        "inverse_sqrt": lambda: R(
            name,
            {"peak_lr": peak, "warmup_steps": warm},
            warmup="warmup_steps",
            bases=("peak_lr",),
        ),
    }
    assert table.keys() == set(PLANS), table.keys() ^ set(PLANS)
    return table[name]()


PLANS = (
    *("torch.CosineAnnealingLR", "torch.StepLR", "torch.MultiStepLR", "torch.ExponentialLR"),
    *("torch.LinearLR", "torch.PolynomialLR", "torch.OneCycleLR"),
    *("torch.CosineAnnealingWarmRestarts", "torch.SequentialLR"),
    "transformers.get_linear_schedule_with_warmup",
    "transformers.get_cosine_schedule_with_warmup",
    "transformers.get_cosine_with_min_lr_schedule_with_warmup",
    "transformers.get_polynomial_decay_schedule_with_warmup",
    "transformers.get_constant_schedule_with_warmup",
    "transformers.get_inverse_sqrt_schedule",
    "transformers.get_wsd_schedule",
    *("timm.CosineLRScheduler", "timm.StepLRScheduler", "timm.MultiStepLRScheduler"),
    "timm.PolyLRScheduler",
    *("keras.CosineDecay", "keras.PolynomialDecay", "keras.ExponentialDecay"),
    "keras.PiecewiseConstantDecay",
    *("optax.cosine_decay_schedule", "optax.warmup_cosine_decay_schedule"),
    *("optax.linear_schedule", "optax.exponential_decay", "optax.polynomial_schedule"),
    *("composer.CosineAnnealingWithWarmupScheduler", "composer.MultiStepScheduler"),
    *("fastai.fit_one_cycle", "fastai.SchedCos"),
    *("ignite.PiecewiseLinear", "ignite.CosineAnnealingScheduler"),
    *("megatron.OptimizerParamScheduler", "nanogpt.get_lr", "torchtitan.lr_scheduler"),
    "schedulefree.AdamWScheduleFree",
    *("cosine", "linear", "warmup_cosine", "warmup_linear", "wsd", "step_decay", "multi_step"),
    *("one_cycle", "inverse_sqrt"),
)
