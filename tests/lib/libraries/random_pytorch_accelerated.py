"""Random schedules of pytorch-accelerated, and pytorch-accelerated itself."""

from __future__ import annotations

from tests.lib.libraries.random_torch import UPDATES, rate, share, short


def _cosine(random):
    given = {
        "total_num_epochs": short(random, 1),
        "num_update_steps_per_epoch": random.choice([1, 2, 5]),
        "num_warmup_epochs": random.choice([0, 1, 2, short(random)]),
        "num_cooldown_epochs": random.choice([0, 0, 1, short(random)]),
        "k_decay": random.choice([1.0, 1.0, 2, 0.5, random.uniform(0.3, 3)]),
    }
    given |= random.choice([{}, {"lr_min": rate(random, 0.0)}])
    given |= random.choice([{}, {"min_lr_ratio": share(random, 0.0, 1.0)}])
    given |= random.choice([{}, {"warmup_starting_lr": rate(random, 0.0)}])
    return given | random.choice([{}, {"warmup_starting_lr_ratio": share(random, 0.0, 1.0)}])


def _wsd(random):
    epochs = {
        "num_epochs": short(random, 1),
        "num_update_steps_per_epoch": random.choice([1, 3, 8]),
    }
    return {
        **random.choice([{"total_steps": random.randint(1, 90)}, epochs]),
        "num_warmup_steps": random.choice([0, None, short(random)]),
        "decay_phase_ratio": random.choice([0.1, 0.3, 1 / 3, share(random, 0.0, 1.0)]),
        "lr_min": random.choice([1e-6, 0.1, share(random, 0.0, 1.0)]),
        "warmup_starting_lr": random.choice([1e-6, 0.0, rate(random)]),
        "use_inverse_sqrt_decay": random.random() < 0.5,
        "num_checkpoints": random.choice([1, 1, 2, 3, 4, 6]),
        "is_continuation_from_checkpoint": random.random() < 0.2,
    }


KINDS = {"CosineLrScheduler": _cosine, "WSDLrScheduler": _wsd}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    kind = random.choice(list(KINDS))
    arguments = {"base_lr": rate(random), **KINDS[kind](random)}
    return f"pytorch_accelerated.{kind}", arguments, random.choice(UPDATES)


def real(name, arguments, updates):
    """Return the rate of each update."""
    from records.drivers.driving import Raised
    from records.drivers.of_pytorch_accelerated import rates

    try:
        return rates(name.split(".")[1], dict(arguments), updates)
    except Raised as raised:
        return raised.rates
    except AssertionError as error:  # which is how it refuses an argument
        raise ValueError(str(error)) from error


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    return 1e-12
