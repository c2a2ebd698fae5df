"""Parts shared by the tasks of this exercise."""

from __future__ import annotations

from course_tasks.curves import half_wave


def share_done(t, warmup, total):
    """Return the share of the cosine that is done at t, at most 1."""
    return min((t - warmup) / (total - warmup), 1.0)


def fall(t, warmup, total):
    """Return the rate over the peak from the end of the warmup on."""
    return half_wave(share_done(t, warmup, total))
