"""Random annealers of fastai, and what its `fit_*` calls put together, without a learner."""

from __future__ import annotations

from tests.lib.libraries.random_torch import UPDATES, rate, share, short

KINDS = {
    "SchedLin": lambda r: {"start": rate(r, 0.0), "end": rate(r, 0.0)},
    "SchedCos": lambda r: {"start": rate(r, 0.0), "end": rate(r, 0.0)},
    "SchedExp": lambda r: {"start": rate(r), "end": rate(r)},
    "SchedPoly": lambda r: {
        "start": rate(r, 0.0),
        "end": rate(r, 0.0),
        "power": r.choice([1.0, 2.0, 0.5]),
    },
    "fit_one_cycle": lambda r: {
        "lr_max": rate(r),
        "div": r.choice([25.0, 1.0]),
        "div_final": r.choice([1e5, 1.0]),
        "pct_start": share(r),
    },
    "fit_flat_cos": lambda r: {
        "lr": rate(r),
        "div_final": r.choice([1e5, 1.0]),
        "pct_start": share(r),
    },
}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    kind = random.choice(list(KINDS))
    batches = short(random, 1)
    updates = batches if kind.startswith("fit") else random.choice(UPDATES)
    return f"fastai.{kind}", {"n_batches": batches, **KINDS[kind](random)}, updates


def real(name, arguments, updates):
    """Return the rates at the share of the training that is done, as ParamScheduler asks."""
    from fastai.callback import schedule

    given = dict(arguments)
    kind, batches = name.removeprefix("fastai."), given.pop("n_batches")
    if kind == "fit_one_cycle":
        peak = given["lr_max"]
        low, end = peak / given["div"], peak / given["div_final"]
        annealer = schedule.combined_cos(given["pct_start"], low, peak, end)
    elif kind == "fit_flat_cos":
        peak = given["lr"]
        annealer = schedule.combined_cos(given["pct_start"], peak, peak, peak / given["div_final"])
    else:
        annealer = getattr(schedule, kind)(**given)
    return [float(annealer(t / batches)) for t in range(updates)]


def close(arguments, updates):
    """Return the share of the largest rate by which float32 may change a rate.

    The place in a part is a difference of two float32 divided by the part's share.
    """
    if "pct_start" not in arguments:
        return 1e-12
    return 1e-7 + 1e-7 / min(arguments["pct_start"], 1 - arguments["pct_start"])
