#!/bin/sh
# Surprise: optax.contrib.reduce_on_plateau(patience=0) reduces the rate at every value that is
# better than all before, the first value included, and never at a value that is worse. With
# factor=0.5 and a loss that falls at each of eight updates, the last update has 1/256 of the rate.
# While the loss rises, the rate stays where it is.
#
# A second surprise in the same rule, whatever the patience: a value below zero that stays the same,
# or rises by less than rtol of itself, counts as an improvement. With a patience of 1 or more the
# rate is therefore never reduced on a plateau below zero, where the negative log-likelihood of a
# density may well be.
#
# One would expect the opposite in both cases: torch's and Keras' ReduceLROnPlateau with patience=0
# reduce at the first value that is no better, and the documentation speaks of the "number of
# iterations with no improvement after which learning rate will be reduced". But the count of
# iterations without improvement is compared by curr_plateau_count == patience, and after an
# improvement the count is 0. And (1 - rtol) * best_value, the bound that a new value must beat,
# lies above a negative best_value. Nothing is raised, though factor, rtol and atol are checked.
#
# Source: optax/contrib/_reduce_on_plateau.py (_update_scale). For negative values,
# https://github.com/google-deepmind/optax/pull/1767 (September 2026).
#
# Seen: optax 0.2.8, jax and jaxlib 0.10.2, Python 3.11, 2026-11-29.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet optax==0.2.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
JAX_PLATFORMS=cpu "$folder/venv/bin/python" - <<'CODE'
import jax.numpy as jnp
import optax

LOSSES = {
    "falls": [8, 7, 6, 5, 4, 3, 2, 1],
    "rises after the first": [1, 2, 3, 4, 5, 6, 7, 8],
    "stays at 1": [1] * 8,
    "stays at -1": [-1] * 8,
    "rises slowly from -1": [-1 + 5e-5 * k for k in range(8)],
}


def scales(patience, losses):
    """The factor by which each update was scaled."""
    rule = optax.contrib.reduce_on_plateau(factor=0.5, patience=patience)
    state = rule.init(jnp.zeros(()))
    found = []
    for loss in losses:
        update, state = rule.update(jnp.ones(()), state, value=jnp.float32(loss))
        found.append(float(update))
    return found


found = {}
for patience in (0, 1):
    for name, losses in LOSSES.items():
        found[patience, name] = scales(patience, losses)
        print(f"patience={patience}, the loss {name}:", *(f"{scale:.3g}" for scale in found[patience, name]))
halved_at_each = [0.5**k for k in range(8)]
assert found == {
    (0, "falls"): [0.5 * scale for scale in halved_at_each],
    (0, "rises after the first"): [0.5] * 8,
    (0, "stays at 1"): [0.5] * 8,
    (0, "stays at -1"): [0.5 * scale for scale in halved_at_each],
    (0, "rises slowly from -1"): [0.5 * scale for scale in halved_at_each],
    (1, "falls"): [1.0] * 8,
    (1, "rises after the first"): halved_at_each,
    (1, "stays at 1"): halved_at_each,
    (1, "stays at -1"): [1.0] * 8,
    (1, "rises slowly from -1"): [1.0] * 8,
}
CODE
