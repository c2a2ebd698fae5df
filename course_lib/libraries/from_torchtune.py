"""Converts `torchtune.training` (read and run with torchtune 0.6.1), which has one schedule."""

from __future__ import annotations

from course_lib.libraries.pieces import Phases
from course_lib.libraries.registry import convert, converter


@converter("torchtune.get_cosine_schedule_with_warmup")
def torchtune_cosine(
    *, base_lr: float, num_warmup_steps: int, num_training_steps: int, num_cycles: float = 0.5
) -> Phases:
    """A line from 0 to base_lr, then base_lr * (1 + cos(2 pi num_cycles u)) / 2.

    transformers' function of the same name: the first update is at rate 0, num_training_steps
    includes the warmup, and past the end the rate rises again. float64. The recipes call it with
    num_training_steps = epochs * updates of one epoch, and step it after each update.
    """
    arguments = {
        "base_lr": base_lr,
        "num_warmup_steps": num_warmup_steps,
        "num_training_steps": num_training_steps,
        "num_cycles": num_cycles,
    }
    return convert("transformers.get_cosine_schedule_with_warmup", arguments)
