"""Random schedules of optax, and optax itself."""

from __future__ import annotations

from functools import cache

from tests.lib.libraries.random_torch import UPDATES, rate, share, short


def _boundaries(random):
    scales = {short(random): random.choice([0.1, 0.5, 2.0, 1.0, 0.0]) for _ in range(3)}
    return random.choice([scales, {}, None])


def _polynomial(random):
    return {
        "init_value": rate(random, 0.0),
        "end_value": rate(random, 0.0),
        "transition_steps": random.choice([short(random), -3]),
        "transition_begin": random.choice([0, 0, short(random), -2]),
    }


def _exponential(random):
    decay = random.choice([0.5, 0.9, 0.1, 1.0, 1.1, 2.0, 0.0])
    return {
        "transition_steps": random.choice([short(random, 1), short(random, 1), 0, -1]),
        "decay_rate": decay,
        "transition_begin": random.choice([0, 0, short(random), -2]),
        "staircase": random.random() < 0.4,
        "end_value": random.choice([None, rate(random, 0.0)]),
    }


def _one_cycle(random):
    return {
        "transition_steps": short(random, 1),
        "peak_value": rate(random),
        "pct_start": share(random, 0.0, 1.0),
        "div_factor": random.choice([25.0, 1.0, 10.0]),
        "final_div_factor": random.choice([1e4, 1.0]),
    }


def _warmup_cosine(random):
    warmup = short(random)
    return {
        "init_value": rate(random, 0.0),
        "peak_value": rate(random),
        "warmup_steps": warmup,
        "decay_steps": warmup + short(random),
        "end_value": random.choice([0.0, rate(random)]),
        "exponent": random.choice([1.0, 1.0, 2.0, 0.5]),
    }


SIMPLE = {
    "constant_schedule": lambda r: {"value": rate(r, 0.0)},
    "polynomial_schedule": lambda r: {**_polynomial(r), "power": r.choice([1.0, 2.0, 0.5, 3])},
    "linear_schedule": _polynomial,
    "piecewise_constant_schedule": lambda r: {
        "init_value": rate(r),
        "boundaries_and_scales": _boundaries(r),
    },
    "piecewise_interpolate_schedule": lambda r: {
        "interpolate_type": r.choice(["linear", "cosine"]),
        "init_value": rate(r),
        "boundaries_and_scales": _boundaries(r),
    },
    "exponential_decay": lambda r: {"init_value": rate(r, 0.0), **_exponential(r)},
    "cosine_decay_schedule": lambda r: {
        "init_value": rate(r),
        "decay_steps": short(r, 1),
        "alpha": share(r, 0.0, 1.0),
        "exponent": r.choice([1.0, 2.0, 0.5]),
    },
    "linear_onecycle_schedule": lambda r: {
        **_one_cycle(r),
        "pct_final": share(r, 0.85, 1.0),
    },
    "cosine_onecycle_schedule": _one_cycle,
    "warmup_constant_schedule": lambda r: {
        "init_value": rate(r, 0.0),
        "peak_value": rate(r, 0.0),
        "warmup_steps": short(r),
    },
    "warmup_cosine_decay_schedule": _warmup_cosine,
    "warmup_exponential_decay_schedule": lambda r: {
        "init_value": rate(r, 0.0),
        "peak_value": rate(r),
        "warmup_steps": short(r),
        **_exponential(r),
    },
    "sgdr_schedule": lambda r: {
        "cosine_kwargs": [_warmup_cosine(r) for _ in range(r.randint(1, 3))]
    },
}


def _drawn(random, depth):
    if depth == 0 or random.random() < 0.75:
        kind = random.choice(list(SIMPLE))
        return f"optax.{kind}", SIMPLE[kind](random)
    count = random.randint(1, 3)
    parts = [_drawn(random, depth - 1) for _ in range(count)]
    marks = sorted(short(random) for _ in range(count - 1))
    return "optax.join_schedules", {"schedules": parts, "boundaries": marks}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    return *_drawn(random, 2), random.choice(UPDATES)


@cache
def _jax():
    import jax
    import optax

    return jax, optax


def _build(name, arguments):
    _, optax = _jax()
    given = dict(arguments)
    if "schedules" in given:
        given["schedules"] = [_build(*pair) for pair in given["schedules"]]
    return getattr(optax.schedules, name.removeprefix("optax."))(**given)


def real(name, arguments, updates):
    """Return the rates at the counts 0, 1, 2, …, computed side by side."""
    jax, _ = _jax()
    schedule = _build(name, arguments)
    counts = jax.numpy.arange(updates)
    rates = jax.vmap(lambda count: jax.numpy.asarray(schedule(count), "float32"))(counts)
    return rates.tolist()


def close(arguments, updates):
    """Return the share of the largest rate by which float32 may change a rate.

    A rate that grows is a power of a rounded number, an end above the peak a rounded multiple of
    it, and a small power of 1 + cos(x) makes what is left of it near its minimum larger.
    """
    grows = max(arguments.get("decay_rate", 0.0) - 1.0, 0.0)
    worst = 1.0 + grows * updates / max(arguments.get("transition_steps", 1), 1)
    if arguments.get("exponent", 1.0) < 1.0:
        worst += 10.0
    if arguments.get("end_value") and arguments.get("peak_value"):
        worst += arguments["end_value"] > arguments["peak_value"]
    parts = [given for _, given in arguments.get("schedules", [])]
    parts += arguments.get("cosine_kwargs", [])
    return max([2e-7 * worst, *(close(given, updates) for given in parts)])
