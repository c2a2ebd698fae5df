"""The sweeps of the range-test explorer: one for each setting, kept while it is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from course_lib import problems, training
from course_lib import range_test as tests_of_rates
from course_lib.explorers.optimizers import OPTIMIZERS
from course_lib.range_test import RULES, Rule, Summary, Sweep, Zones

#: Rate of the last update of every sweep.
HIGHEST_RATE = 10.0

DATA = ("spirals", "digits")


@dataclass(frozen=True)
class Setting:
    """All that a sweep depends on.

    Attributes:
        data: one of `DATA`.
        angle_noise: noise of the spirals' angles, standard deviation in radians; digits have none.
        label_noise: chance that a label of the spirals is wrong; digits have none.
        optimizer: a name in `optimizers.OPTIMIZERS`.
        depth: hidden layers.
        width: units of each.
        batch_size: examples in a batch.
        seeds: number of runs; their seeds are 0, 1, 2 …
        lowest_rate: rate of the first update.
        steps: number of updates.
    """

    data: str
    angle_noise: float
    label_noise: float
    optimizer: str
    depth: int
    width: int
    batch_size: int
    seeds: int
    lowest_rate: float
    steps: int


@lru_cache(maxsize=16)
def trained(setting: Setting) -> Sweep:
    """Return the sweep of a setting; it is trained at the first call."""
    if setting.optimizer not in OPTIMIZERS:
        raise ValueError(f"optimizer must be one of {list(OPTIMIZERS)}, got {setting.optimizer!r}")
    noise = (setting.angle_noise, setting.label_noise) if setting.data == "spirals" else ()
    workload = training.Workload(
        _examples(setting.data, *noise),
        training.Mlp((setting.width,) * setting.depth, dtype="float32"),
        OPTIMIZERS[setting.optimizer],
        setting.batch_size,
    )
    return tests_of_rates.sweep(
        workload,
        np.arange(setting.seeds),
        lowest_rate=setting.lowest_rate,
        highest_rate=HIGHEST_RATE,
        steps=setting.steps,
        jobs=1,
        cache=False,
        progress=False,
    )


@lru_cache(maxsize=8)
def _examples(data: str, *noise: float) -> problems.Classification:
    if data not in DATA:
        raise ValueError(f"data must be one of {list(DATA)}, got {data!r}")
    if data == "digits":
        found = problems.digits()
    else:
        angle_noise, label_noise = noise
        found = problems.noisy_spirals(
            noise=angle_noise, label_noise=label_noise, held_out_per_class=1
        )
    return replace(found, held_out=None)  # scoring it would take time and is not needed


@lru_cache(maxsize=16)
def zones_or_reason(setting: Setting) -> tuple[Zones | None, str]:
    """Return the zones of a whole sweep and "", or None and why it has none."""
    sweep = trained(setting)
    try:
        return tests_of_rates.zones(sweep), ""
    except ValueError as error:  # the sweep begins where most runs diverge at once
        return None, str(error)


@lru_cache(maxsize=256)
def read_until(setting: Setting, step: int) -> tuple[Summary, Mapping[str, str]]:
    """Return each rule's suggestion for the first updates of a sweep, or why it has none.

    A tool reads what was recorded until the test stopped, so this is what it would suggest had
    the test been stopped there: it still drops what it drops of a test as long as planned.

    Args:
        setting: setting of the sweep.
        step: number of updates, >= 1.
    """
    sweep = trained(setting)
    so_far = replace(sweep, steps_run=np.full(len(sweep), step))
    table = tests_of_rates.summary(so_far, _RULES)
    silent = {row.rule: _RULES[row.rule] for row in table.rows if row.found < row.seeds}
    texts = tests_of_rates.reasons(so_far, silent)
    return table, {name: _few(each) for name, each in texts.items()}


def _few(reasons: list[str]) -> str:
    """Return the most frequent reasons; they may differ by the points that are left."""
    counts = Counter(reason for reason in reasons if reason).most_common()
    return "; ".join(reason for reason, _ in counts[:2]) + ("; …" if len(counts) > 2 else "")


def _smoothed_once(rule: Rule) -> Rule:
    """Return the same rule; several rules share a smoothing, which takes most of the time."""
    smooth = _SMOOTHINGS.setdefault(rule.smooth, _remembered(rule.smooth))
    return replace(rule, smooth=smooth)


def _remembered(smooth: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    @lru_cache(maxsize=64)
    def of_bytes(losses: bytes) -> np.ndarray:
        return smooth(np.frombuffer(losses))

    return lambda losses: of_bytes(np.asarray(losses, dtype=np.float64).tobytes())


_SMOOTHINGS: dict[Callable, Callable] = {}
_RULES = {name: _smoothed_once(rule) for name, rule in RULES.items()}
