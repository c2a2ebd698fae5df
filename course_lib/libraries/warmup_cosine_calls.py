"""One plan in the words of every library that can say it: 10 updates of warmup, 100 in all, peak 1.

Every call has the defaults of its library where these do not contradict the plan, as most people
would write it. The curves differ all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from course_lib.libraries.registry import from_library

PEAK_LR, WARMUP_STEPS, TOTAL_STEPS = 1.0, 10, 100
STARTS = WARMUP_STEPS + 3  # updates that are looked at


@dataclass(frozen=True)
class Said:
    """The plan in the words of one library.

    Attributes:
        label: the library, and what is special about the call where there are two.
        name: name of the schedule, as `from_library` takes it.
        arguments: its arguments.
    """

    label: str
    name: str
    arguments: dict[str, Any]

    @cached_property
    def rates(self) -> np.ndarray:
        """The rates of the plan, shape (TOTAL_STEPS,)."""
        return from_library(self.name, **self.arguments)(np.arange(TOTAL_STEPS))

    @property
    def peak(self) -> str:
        """The first step at the peak, in words."""
        high = np.flatnonzero(self.rates >= PEAK_LR * (1.0 - 1e-6))
        return f"t = {high[0]}" if high.size else "never"

    @property
    def code(self) -> str:
        """The call as code of the library, in backticks."""
        return f"`{_code(self.name, self.arguments)}`"


def _code(name: str, arguments: dict[str, Any]) -> str:
    given = ", ".join(f"{key}={_value(value)}" for key, value in arguments.items())
    return f"{name.split('.')[-1]}({given})"


def _value(value: Any) -> str:
    if isinstance(value, tuple):  # a part: its name and its arguments
        return _code(*value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return repr(value)


_WHOLE = {"num_warmup_steps": WARMUP_STEPS, "num_training_steps": TOTAL_STEPS, "base_lr": PEAK_LR}
_REST = TOTAL_STEPS - WARMUP_STEPS
_TORCH_COSINE = ("torch.CosineAnnealingLR", {"T_max": _REST})

CALLS = (
    Said("transformers", "transformers.get_cosine_schedule_with_warmup", _WHOLE),
    Said("diffusers", "diffusers.get_cosine_schedule_with_warmup", _WHOLE),
    Said("torchtune", "torchtune.get_cosine_schedule_with_warmup", _WHOLE),
    Said(
        "optax",
        "optax.warmup_cosine_decay_schedule",
        {"init_value": 0.0, "peak_value": PEAK_LR, "warmup_steps": 10, "decay_steps": 100},
    ),
    Said(
        "keras",
        "keras.CosineDecay",
        {
            "initial_learning_rate": 0.0,
            "decay_steps": _REST,
            "warmup_target": PEAK_LR,
            "warmup_steps": WARMUP_STEPS,
        },
    ),
    Said(
        "composer",
        "composer.CosineAnnealingWithWarmupScheduler",
        {"base_lr": PEAK_LR, "t_warmup": "10ba", "max_duration": "100ba"},
    ),
    Said(
        "megatron-lm",
        "megatron.OptimizerParamScheduler",
        {
            "init_lr": 0.0,
            "max_lr": PEAK_LR,
            "min_lr": 0.0,
            "lr_warmup_steps": WARMUP_STEPS,
            "lr_decay_steps": TOTAL_STEPS,
            "lr_decay_style": "cosine",
        },
    ),
    Said(
        "mlx",
        "mlx.join_schedules",
        {
            "schedules": [
                ("mlx.linear_schedule", {"init": 0.0, "end": PEAK_LR, "steps": WARMUP_STEPS}),
                ("mlx.cosine_decay", {"init": PEAK_LR, "decay_steps": _REST}),
            ],
            "boundaries": [WARMUP_STEPS],
        },
    ),
    Said(
        "monai",
        "monai.WarmupCosineSchedule",
        {"base_lr": PEAK_LR, "warmup_steps": WARMUP_STEPS, "t_total": TOTAL_STEPS},
    ),
    Said(
        "paddle",
        "paddle.LinearWarmup",
        {
            "learning_rate": (
                "paddle.CosineAnnealingDecay",
                {"learning_rate": PEAK_LR, "T_max": _REST},
            ),
            "warmup_steps": WARMUP_STEPS,
            "start_lr": 0.0,
            "end_lr": PEAK_LR,
        },
    ),
    Said(
        "paddlenlp",
        "paddlenlp.CosineAnnealingWithWarmupDecay",
        {"max_lr": PEAK_LR, "min_lr": 0.0, "warmup_step": WARMUP_STEPS, "decay_step": TOTAL_STEPS},
    ),
    Said(
        "timm, warmup_prefix",
        "timm.CosineLRScheduler",
        {
            "base_lr": PEAK_LR,
            "t_initial": _REST,
            "warmup_t": WARMUP_STEPS,
            "warmup_prefix": True,
            "t_in_epochs": False,
        },
    ),
    Said(
        "timm",
        "timm.CosineLRScheduler",
        {
            "base_lr": PEAK_LR,
            "t_initial": TOTAL_STEPS,
            "warmup_t": WARMUP_STEPS,
            "t_in_epochs": False,
        },
    ),
    Said(
        "detectron2",
        "detectron2.build_lr_scheduler",
        {
            "LR_SCHEDULER_NAME": "WarmupCosineLR",
            "BASE_LR": PEAK_LR,
            "MAX_ITER": TOTAL_STEPS,
            "WARMUP_ITERS": WARMUP_STEPS,
        },
    ),
    Said(
        "pytorch_warmup",
        "pytorch_warmup.LinearWarmup",
        {
            "base_lr": PEAK_LR,
            "warmup_period": WARMUP_STEPS,
            "lr_scheduler": ("torch.CosineAnnealingLR", {"T_max": TOTAL_STEPS}),
        },
    ),
    Said(
        "torch, two parts",
        "torch.SequentialLR",
        {
            "base_lr": PEAK_LR,
            "schedulers": [
                ("torch.LinearLR", {"start_factor": 0.1, "total_iters": WARMUP_STEPS}),
                _TORCH_COSINE,
            ],
            "milestones": [WARMUP_STEPS],
        },
    ),
    Said(
        "torch, OneCycleLR",
        "torch.OneCycleLR",
        {"max_lr": PEAK_LR, "total_steps": TOTAL_STEPS, "pct_start": 0.1},
    ),
    Said(
        "fastai",
        "fastai.fit_one_cycle",
        {"lr_max": PEAK_LR, "n_batches": TOTAL_STEPS, "pct_start": 0.1},
    ),
    Said(
        "mmengine",
        "mmengine.param_scheduler",
        {
            "base_lr": PEAK_LR,
            "param_scheduler": [
                {"type": "LinearLR", "start_factor": 0.001, "by_epoch": False, "end": WARMUP_STEPS},
                {
                    "type": "CosineAnnealingLR",
                    "by_epoch": False,
                    "begin": WARMUP_STEPS,
                    "end": TOTAL_STEPS,
                },
            ],
        },
    ),
    Said(
        "ignite",
        "ignite.create_lr_scheduler_with_warmup",
        {
            "lr_scheduler": ("torch.CosineAnnealingLR", {"base_lr": PEAK_LR, "T_max": _REST}),
            "warmup_start_value": 0.0,
            "warmup_end_value": PEAK_LR,
            "warmup_duration": WARMUP_STEPS,
        },
    ),
    Said(
        "open_clip",
        "open_clip.cosine_lr",
        {"base_lr": PEAK_LR, "warmup_length": WARMUP_STEPS, "steps": TOTAL_STEPS},
    ),
    Said(
        "torchtitan",
        "torchtitan.lr_scheduler",
        {
            "base_lr": PEAK_LR,
            "training_steps": TOTAL_STEPS,
            "warmup_steps": WARMUP_STEPS,
            "decay_type": "cosine",
        },
    ),
    Said(
        "nanogpt",
        "nanogpt.get_lr",
        {
            "learning_rate": PEAK_LR,
            "warmup_iters": WARMUP_STEPS,
            "lr_decay_iters": TOTAL_STEPS,
            "min_lr": 0.0,
        },
    ),
    Said(
        "nemo",
        "nemo.CosineAnnealing",
        {"base_lr": PEAK_LR, "max_steps": TOTAL_STEPS, "warmup_steps": WARMUP_STEPS},
    ),
    Said(
        "deepspeed",
        "deepspeed.WarmupCosineLR",
        {"base_lr": PEAK_LR, "total_num_steps": TOTAL_STEPS, "warmup_num_steps": WARMUP_STEPS},
    ),
    Said(
        "pytorch_optimizer",
        "pytorch_optimizer.CosineScheduler",
        {"max_lr": PEAK_LR, "t_max": TOTAL_STEPS, "warmup_steps": WARMUP_STEPS},
    ),
    Said(
        "mindspore",
        "mindspore.experimental.SequentialLR",
        {
            "base_lr": PEAK_LR,
            "schedulers": [
                (
                    "mindspore.experimental.LinearLR",
                    {"start_factor": 0.1, "total_iters": WARMUP_STEPS},
                ),
                ("mindspore.experimental.CosineAnnealingLR", {"T_max": _REST}),
            ],
            "milestones": [WARMUP_STEPS],
        },
    ),
)


def alike(calls: Sequence[Said], steps: int) -> list[list[Said]]:
    """Return the calls in groups that give the same rates in their first updates."""
    groups: list[list[Said]] = []
    for call in calls:
        for group in groups:
            if np.allclose(group[0].rates[:steps], call.rates[:steps], atol=1e-9):
                group.append(call)
                break
        else:
            groups.append([call])
    return groups
