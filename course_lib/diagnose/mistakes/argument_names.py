"""The parts that the arguments of schedules play in all libraries, by their names."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

ArgumentPath = tuple[Any, ...]

_BATCHES = re.compile(r"(\d+)ba")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Arguments that are lengths in steps.
LENGTHS = _words(
    """
    T_max total_steps num_training_steps t_initial total_iters n_batches lr_decay_iters
    lr_decay_steps training_steps cycle_size decay_steps transition_steps first_decay_steps
    T_0 t_0 step_size decay_t max_duration t_max period every epochs step_size_up
    step_size_down decay_period anneal_epochs num_decay_steps num_stable_steps cycle_len
    wsd_decay_steps timescale total_step decay_step
    """
)
#: Arguments that are lists of steps.
LISTS = _words("milestones boundaries decay_t")
#: Arguments that are lengths of a warmup.
WARMUPS = _words(
    """
    num_warmup_steps warmup_steps warmup_t warmup_iters lr_warmup_steps warmup_duration
    t_warmup warmup_step
    """
)
#: Arguments that are rates that a curve starts from or rises to.
BASES = _words(
    """
    base_lr peak_lr max_lr init_value peak_value initial_learning_rate warmup_target lr lr_max
    learning_rate value start_value start warmup_end_value max_learning_rate
    base_learning_rate init
    """
)
#: Arguments that are rates, or shares of the peak, at which a curve ends.
FLOORS = _words(
    """
    eta_min end_value alpha lr_min min_lr min_lr_rate lr_end floor end_learning_rate alpha_f
    min_lr_ratio min_lr_factor end
    """
)
#: Arguments that are factors that are applied again and again.
GAMMAS = _words("gamma decay_rate drop cycle_decay")


def count_of(value: Any) -> int | None:
    """Return a length as a number; Composer writes 100 batches as "100ba"."""
    if isinstance(value, str):
        return int(_BATCHES.fullmatch(value)[1])
    return value if isinstance(value, int | np.integer) else None


def written_like(value: Any, count: int) -> Any:
    """Return a length in the form of the one that it replaces."""
    return f"{count}ba" if isinstance(value, str) else count


def times(value: Any, factor: int, divide: bool) -> Any:
    """Return a length, or a list of steps, times a factor or divided by it."""

    def one(count: int) -> int:
        return count // factor if divide else count * factor

    if isinstance(value, list):
        return [one(int(mark)) for mark in value]
    count = count_of(value)
    return value if count is None else written_like(value, one(count))


def name_of(path: ArgumentPath) -> str:
    """Return an argument's name as its author wrote it, marked as code: `schedulers[1].T_max`."""
    words = str(path[0])
    for key, after in zip(path[1:], [*path[2:], None], strict=False):
        if isinstance(key, str):
            words += f".{key}"
        elif not isinstance(after, str):  # the 1 of a (name, arguments) pair says nothing
            words += f"[{key}]"
    return f"`{words}`"
