"""optax's updates of two weights: the first has the gradient 1, the second may have NaN."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax

from records.drivers.driving import drive

PINS = ("optax==0.2.8", "jax==0.10.2", "jaxlib==0.10.2", "numpy==2.4.6")  # what pip installs


def optimizer(arguments: dict[str, Any]) -> optax.GradientTransformation:
    """Return SGD with its schedule inside or outside of MultiSteps or apply_if_finite."""
    kind, options = arguments["scheduler"]
    schedule, given = getattr(optax, kind)(**options), arguments["loop"]
    inside = given.get("schedule_inside", True)
    make = optax.inject_hyperparams(optax.sgd) if arguments.get("inject") else optax.sgd
    inner = make(learning_rate=schedule) if inside else optax.identity()
    if "every_k_schedule" in given:
        inner = optax.MultiSteps(inner, given["every_k_schedule"]).gradient_transformation()
    if "max_consecutive_errors" in given:
        inner = optax.apply_if_finite(inner, given["max_consecutive_errors"])
    return inner if inside else optax.chain(inner, optax.scale_by_learning_rate(schedule))


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of the updates that are applied; a rate of 0 is not told from none."""
    made, bad = optimizer(arguments), arguments["loop"].get("nonfinite", ())
    weights = {"first": jnp.zeros(()), "second": jnp.zeros(())}
    state, update, found = made.init(weights), jax.jit(made.update), []
    for batch in range(arguments["batches"]):
        second = jnp.nan if batch in bad else 1.0
        moved, state = update({"first": jnp.ones(()), "second": second}, state, weights)
        if moved["first"]:
            found.append(-float(moved["first"]))
    return found


if __name__ == "__main__":
    drive(rates, optax.__version__)
