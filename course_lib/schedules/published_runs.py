"""Final losses of a language model under eleven schedules, as a paper published them.

A Llama of 124 million parameters on SlimPajama, tokens of GPT-2 (a vocabulary of 50,304). AdamW
with betas 0.9 and 0.95 and weight decay 0.1, gradients clipped to norm 1, 300 updates of warmup,
batches of 100 sequences of 512 tokens. Every run has the same seed; 16 of them were made twice.

The figures below are facts from the runs' logs (under the MIT licence, at
https://github.com/fabian-sp/lr-scheduling), cited to four decimals. No file of theirs is here.

Source: Schaipp, Hägele, Taylor, Simsekli & Bach (2025), The surprising agreement between convex
optimization theory and learning-rate scheduling for large model training, arXiv:2501.18965.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_lib.schedules.phases import Schedule
from course_lib.schedules.presets import constant, warmup, warmup_cosine, warmup_linear, wsd

WARMUP_STEPS = 300
VOCABULARY = 50_304
#: Tokens in a batch: 100 sequences of 512.
TOKENS_PER_UPDATE = 100 * 512

# name: {updates: {1000 · peak: final held-out loss, or two where the run was made twice}}
_LOSSES: dict[str, dict[int, dict[float, float | tuple[float, float]]]] = {
    "constant": {
        50_000: {
            0.1: (3.1295, 3.1304),
            0.5: (3.1083, 3.1121),
            1: (3.1405, 3.1408),
            2: (3.1916, 3.1939),
            3: 3.2421,
        },
    },
    "cosine": {
        25_000: {0.1: 3.2825, 0.5: 3.0727, 1: 3.0459, 2: 3.0349},
        50_000: {
            0.1: (3.1341, 3.1348),
            0.5: (2.9824, 2.9835),
            1: (2.9618, 2.9635),
            2: (2.9534, 2.9552),
            3: 2.9693,
            5: 7.5850,
        },
    },
    "cosine to a tenth": {
        15_000: {1: 3.1197, 2: 3.1167},
        25_000: {0.1: 3.2674, 0.5: 3.0713, 1: 3.0526, 2: 3.0505},
        35_000: {1: 3.0131, 2: 3.0172},
        50_000: {0.1: 3.1250, 0.5: 2.9903, 1: 2.9819, 2: 2.9911},
    },
    "WSD 10 %": {
        15_000: {0.5: 3.1329, 1: 3.1200, 2: 3.1276},
        25_000: {0.1: 3.1882, 0.5: 3.0607, 1: 3.0541, 2: 3.0645},
        35_000: {0.5: 3.0224, 1: 3.0181, 2: 3.0295},
        50_000: {0.1: 3.0659, 0.5: 2.9849, 1: 2.9825, 2: 2.9954, 3: 3.0176},
    },
    "WSD 20 %, 1-sqrt": {
        25_000: {0.1: 3.1926, 0.5: 3.0472, 1: 3.0332, 2: 3.0357},
        50_000: {
            0.1: (3.0666, 3.0668),
            0.5: (2.9680, 2.9695),
            1: (2.9599, 2.9614),
            2: (2.9626, 2.9646),
            3: 2.9819,
        },
    },
    "WSD 20 %": {
        15_000: {0.5: 3.1221, 1: 3.1050, 2: 3.1076},
        25_000: {0.1: 3.1888, 0.5: 3.0495, 1: 3.0378, 2: 3.0431},
        35_000: {0.5: 3.0106, 1: 3.0018, 2: 3.0078},
        50_000: {
            0.1: (3.0644, 3.0646),
            0.5: (2.9714, 2.9728),
            1: (2.9660, 2.9677),
            2: (2.9723, 2.9742),
            3: 2.9941,
        },
    },
    "WSD 40 %": {
        15_000: {0.5: 3.1185, 1: 3.0945, 2: 3.0953},
        25_000: {0.1: 3.2014, 0.5: 3.0443, 1: 3.0274, 2: 3.0272},
        35_000: {0.5: 3.0042, 1: 2.9909, 2: 2.9911},
        50_000: {0.1: 3.0729, 0.5: 2.9659, 1: 2.9548, 2: 2.9579, 3: 2.9743},
    },
    "WSD 60 %": {
        15_000: {0.5: 3.1255, 1: 3.0974, 2: 3.0913},
        25_000: {0.1: 3.2219, 0.5: 3.0474, 1: 3.0275, 2: 3.0234},
        35_000: {0.5: 3.0064, 1: 2.9893, 2: 2.9859},
        50_000: {0.1: 3.0879, 0.5: 2.9670, 1: 2.9529, 2: 2.9513, 3: 2.9668},
    },
    "WSD 80 %": {
        15_000: {0.5: 3.1365, 1: 3.1039, 2: 3.0957},
        25_000: {0.1: 3.2487, 0.5: 3.0564, 1: 3.0318, 2: 3.0238},
        35_000: {0.5: 3.0126, 1: 2.9920, 2: 2.9864},
        50_000: {0.1: 3.1087, 0.5: 2.9743, 1: 2.9550, 2: 2.9523, 3: 2.9656},
    },
    "WSD 90 %": {
        15_000: {0.5: 3.1434, 1: 3.1092, 2: 3.0968},
        25_000: {0.1: 3.2657, 0.5: 3.0626, 1: 3.0358, 2: 3.0290},
        35_000: {0.5: 3.0178, 1: 2.9953, 2: 2.9884},
        50_000: {0.1: 3.1218, 0.5: 2.9771, 1: 2.9580, 2: 2.9532, 3: 2.9644},
    },
    "linear": {
        50_000: {0.1: 3.1347, 0.5: 2.9812, 1: 2.9605, 2: 2.9535, 3: 2.9654},
    },
}


@dataclass(frozen=True)
class PublishedRun:
    """One run of the paper.

    Attributes:
        schedule: its name, one of `names()`. In "WSD 20 %" the last fifth is a linear cooldown to
            zero, in "WSD 20 %, 1-sqrt" it falls as 1 - sqrt(s); "linear" falls to zero from the
            end of the warmup on; "cosine" ends at zero and "cosine to a tenth" at a tenth of its
            peak.
        peak_lr: rate after the warmup, > 0.
        updates: updates in the run, warmup included.
        final_loss: held-out loss after the last update, in nats per token.
    """

    schedule: str
    peak_lr: float
    updates: int
    final_loss: float

    @property
    def cooldown_share(self) -> float | None:
        """Share of the run in which the rate falls linearly to zero; None for other schedules.

        >>> [run.cooldown_share for run in published_runs("WSD 20 %", 15_000)]
        [0.2, 0.2, 0.2]
        >>> {run.cooldown_share for run in published_runs("linear", 50_000)}
        {0.994}
        """
        return cooldown_share(self.schedule, self.updates)


def names() -> tuple[str, ...]:
    """Return the names of the eleven schedules.

    >>> names()[:4]
    ('constant', 'cosine', 'cosine to a tenth', 'WSD 10 %')
    """
    return tuple(_LOSSES)


def published_runs(schedule: str | None = None, updates: int | None = None) -> list[PublishedRun]:
    """Return the runs of the paper, in the order of schedule, updates and peak.

    A run that was made twice is there twice.

    Args:
        schedule: name of the only schedule to return; None for all.
        updates: the only length to return, 15,000, 25,000, 35,000 or 50,000; None for all.

    Raises:
        ValueError: no run has this name, or this length.

    Source: Schaipp et al. (2025), arXiv:2501.18965; see the module.

    >>> len(published_runs())
    147
    >>> min(published_runs(updates=50_000), key=lambda run: run.final_loss)
    PublishedRun(schedule='WSD 60 %', peak_lr=0.002, updates=50000, final_loss=2.9513)
    """
    lengths = sorted({length for table in _LOSSES.values() for length in table})
    if schedule is not None and schedule not in _LOSSES:
        raise ValueError(f"schedule must be one of {list(_LOSSES)}, got {schedule!r}")
    if updates is not None and updates not in lengths:
        raise ValueError(f"updates must be one of {lengths}, got {updates!r}")
    return [
        PublishedRun(name, round(thousandths / 1000, 6), length, loss)
        for name, table in _LOSSES.items()
        if schedule in (None, name)
        for length, row in table.items()
        if updates in (None, length)
        for thousandths, losses in row.items()
        for loss in np.atleast_1d(losses).tolist()
    ]


def cooldown_share(schedule: str, updates: int = 50_000) -> float | None:
    """Return the share of a run in which the rate falls linearly to zero.

    None for a constant, a cosine and a 1-sqrt cooldown.

    >>> cooldown_share("WSD 60 %"), cooldown_share("cosine")
    (0.6, None)
    """
    if schedule == "linear":
        return (updates - WARMUP_STEPS) / updates
    if not schedule.endswith("%"):
        return None
    return int(schedule.removeprefix("WSD ").removesuffix(" %")) / 100


def published_plan(schedule: str, peak_lr: float, updates: int) -> Schedule:
    """Return the schedule of a run of the paper: 300 updates of warmup, then what its name says.

    The warmup rises as everywhere in this package, from peak / 300; theirs may begin elsewhere.

    Args:
        schedule: one of `names()`.
        peak_lr: rate after the warmup, >= 0.
        updates: updates in the run, > 300.

    Raises:
        ValueError: no schedule has this name, or `updates` leaves no room after the warmup.

    >>> published_plan("WSD 20 %", 0.001, 50_000)([0, 300, 40_000, 45_000]).round(6)
    array([3.e-06, 1.e-03, 1.e-03, 5.e-04])
    """
    if schedule not in _LOSSES:
        raise ValueError(f"schedule must be one of {list(_LOSSES)}, got {schedule!r}")
    if schedule == "constant":
        return warmup(constant(peak_lr), WARMUP_STEPS)
    if schedule == "linear":
        return warmup_linear(peak_lr, WARMUP_STEPS, updates)
    if schedule.startswith("cosine"):
        floor = 0.1 * peak_lr if schedule == "cosine to a tenth" else 0.0
        return warmup_cosine(peak_lr, WARMUP_STEPS, updates, floor=floor)
    shape = "1-sqrt" if schedule.endswith("1-sqrt") else "linear"
    share = cooldown_share(schedule.removesuffix(", 1-sqrt"))
    return wsd(peak_lr, WARMUP_STEPS, updates, round(share * updates), shape)
