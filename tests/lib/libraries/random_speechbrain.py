"""Random schedules of SpeechBrain, and SpeechBrain itself, as its recipes call it."""

from __future__ import annotations

from tests.lib.libraries.random_torch import UPDATES, rate, share, short


def _noam(random):
    return {
        "lr_initial": rate(random),
        "n_warmup_steps": short(random),
        "model_size": random.choice([None, 64, 512]),
    }


def _intervals(random):
    marks = sorted(short(random) for _ in range(random.randint(0, 4)))
    return {
        **_noam(random),
        "anneal_steps": marks,
        "anneal_rates": [share(random, 1.0) for _ in marks],
    }


def _step(random):
    batches = {"batches_per_epoch": random.choice([1, 2, 5])}
    if random.random() < 0.3:
        return {"half_life": short(random, 1), **batches}
    return {
        "decay_factor": random.choice([None, share(random)]),
        "decay_drop": random.choice([None, short(random, 1), 3.0]),
        **batches,
    }


KINDS = {
    "WarmAndExpDecayLRSchedule": lambda r: {
        "lr": rate(r),
        "n_warmup_steps": short(r),
        "total_steps": short(r, 1),
        "decay_factor": share(r, 1.0, 1.3),
    },
    "LinearScheduler": lambda r: {
        "initial_value": rate(r),
        "final_value": rate(r, 0.0),
        "epoch_count": short(r, 1),
        "batches_per_epoch": r.choice([1, 2, 5]),
    },
    "LinearWarmupScheduler": lambda r: {
        "initial_value": rate(r),
        "num_warmup_steps": short(r),
        "num_training_steps": short(r, 1),
    },
    "StepScheduler": lambda r: {"initial_value": rate(r), **_step(r)},
    "NoamScheduler": _noam,
    "NoamIntervalScheduler": _intervals,
    "LinearNoamScheduler": lambda r: {
        "lr_initial": rate(r),
        "n_warmup_steps": short(r, 1),
        "n_keep_steps": short(r),
    },
    "CyclicCosineScheduler": lambda r: {
        "n_warmup_steps": short(r),
        "lr_initial": r.choice([None, rate(r)]),
        "total_steps": short(r, 1),
    },
    "CyclicLRScheduler": lambda r: {
        "max_lr": rate(r),
        "step_size": r.choice([short(r, 1), 2.5, 7.3]),
        "mode": r.choice(["triangular", "triangular2", "exp_range"]),
        "gamma": share(r, 1.0),
        "first_lr": rate(r),
    },
    "IntervalScheduler": lambda r: {
        "intervals": [{"steps": short(r), "lr": rate(r)} for _ in range(r.randint(0, 5))]
    },
    "InverseSquareRootScheduler": lambda r: {"warmup_steps": short(r)},
    "WarmCoolDecayLRSchedule": lambda r: {
        "lr": rate(r),
        "warmup": short(r),
        "cooldown": short(r, 1),
        "total_steps": short(r),
        "decay_factor": share(r, 1.0, 1.2),
        "decay_every": short(r, 1),
    },
    "TriStageLRSchedule": lambda r: {
        "lr": rate(r),
        "warmup_steps": short(r, 1),
        "hold_steps": short(r),
        "decay_steps": short(r, 1),
        "total_steps": short(r, 1),
        "init_lr_scale": share(r, 0.0, 1.0),
        "final_lr_scale": share(r, 1.0),
    },
}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    kind = random.choice(list(KINDS))
    arguments = {"base_lr": rate(random), **KINDS[kind](random)}
    return f"speechbrain.{kind}", arguments, random.choice(UPDATES)


def real(name, arguments, updates):
    """Return the rate of each update."""
    from records.drivers.driving import Raised
    from records.drivers.of_speechbrain import rates

    try:
        return rates(name.removeprefix("speechbrain."), dict(arguments), updates)
    except Raised as raised:
        return raised.rates


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate.

    LinearScheduler computes in float32.
    """
    return 2e-7 if "epoch_count" in arguments else 1e-12
