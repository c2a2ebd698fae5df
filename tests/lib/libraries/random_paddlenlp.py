"""Random schedulers of PaddleNLP, and PaddleNLP itself."""

from __future__ import annotations

from tests.lib.libraries.random_draws import UPDATES, rate, share, short
from tests.lib.libraries.random_paddle import close

__all__ = ["close", "draw", "real"]


def _annealed(random):
    fraction = random.choice([0, 0, 0.5])
    return {
        "max_lr": rate(random, 0.0),
        "min_lr": rate(random, 0.0),
        "warmup_step": short(random) + fraction,
        "decay_step": short(random) + random.choice([0, fraction]),
    }


def _lengths(random):
    warmup = random.choice([short(random), short(random), share(random, 0.0, 1.0, 3.0)])
    return {
        "learning_rate": rate(random, 0.0),
        "total_steps": short(random, 1),
        "warmup": warmup,
    }


def _steps(random):
    return {
        "learning_rate": rate(random, 0.0),
        "num_warmup_steps": short(random),
        "num_training_steps": short(random, 1),
    }


def _without(arguments, key):
    return {k: v for k, v in arguments.items() if k != key}


KINDS = {
    "CosineAnnealingWithWarmupDecay": _annealed,
    "LinearAnnealingWithWarmupDecay": _annealed,
    "LinearDecayWithWarmup": _lengths,
    "ConstScheduleWithWarmup": lambda r: _without(_lengths(r), r.choice(["", "total_steps"])),
    "CosineDecayWithWarmup": lambda r: {
        **_lengths(r),
        "with_hard_restarts": r.random() < 0.5,
        "num_cycles": r.choice([None, 1, 2, 0, 1.0, 0.5, 2.5, 3.0, 7.0, 0.0]),
    },
    "PolyDecayWithWarmup": lambda r: {
        **_lengths(r),
        "lr_end": r.choice([1e-7, 0.0, rate(r)]),
        "power": r.choice([1.0, 2.0, 0.5]),
    },
    "get_constant_schedule": lambda r: {"learning_rate": rate(r, 0.0)},
    "get_constant_schedule_with_warmup": lambda r: _without(_steps(r), "num_training_steps"),
    "get_linear_schedule_with_warmup": _steps,
    "get_cosine_schedule_with_warmup": lambda r: {
        **_steps(r),
        "num_cycles": r.choice([0.5, 1, 2.5, 0]),
    },
    "get_polynomial_decay_schedule_with_warmup": lambda r: {
        **_steps(r),
        "lr_end": r.choice([1e-7, 0.0, rate(r)]),
        "power": r.choice([1.0, 2.0, 0.5]),
    },
    "get_scheduler": lambda r: {
        **_steps(r),
        "name": r.choice(["linear", "cosine", "constant", "constant_with_warmup", "polynomial"]),
        "num_cycles": r.choice([0.5, 1.5]),
        "lr_end": r.choice([1e-7, 0.0, rate(r)]),
    },
}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    name = random.choice(list(KINDS))
    arguments = KINDS[name](random)
    if name != "get_scheduler" and random.random() < 0.2:
        arguments["last_epoch"] = short(random)
    return f"paddlenlp.{name}", arguments, random.choice(UPDATES)


def real(name, arguments, updates):
    """Return the rates of a scheduler that is stepped after each update, up to where it raises."""
    from records.drivers.of_paddlenlp import build

    try:
        scheduler = build(name.removeprefix("paddlenlp."), arguments)
    except AssertionError as error:
        raise ValueError(str(error)) from error
    seen = []
    for _ in range(updates):
        seen.append(float(scheduler()))
        try:
            scheduler.step()
        except ZeroDivisionError:
            break
    return seen
