#!/bin/sh
# Surprise: optax.inject_hyperparams, put around an optimizer so that its rate can be logged or set,
# breaks it where all parameters are bfloat16. With their defaults, adam, adamw, nadam and lamb make
# every weight nan in the first update. adabelief and yogi are silent and never move a weight.
# rmsprop(decay=0.999) moves it by 10,000 times the rate at each update, where the first should be
# 32 times the rate and the later ones less. A single float32 parameter, such as a norm's scale, and
# all is right.
#
# One would expect the updates that the optimizer makes without inject_hyperparams, which are right
# for bfloat16 too, and which the wrapper has no reason to change: it shall make the arguments part
# of the state. But there every argument that is a Python float gets the dtype of the parameters (of
# mixed ones the most precise), and in bfloat16, with 8 bits, 0.999 is 1. Then 1 - b2, by which each
# new square is weighted, is 0, and so is the bias correction, 1 - b2 ** t, by which Adam divides;
# b2=0.997 becomes 0.99609. A number that is set later, state.hyperparams["b2"] = 0.999, is rounded
# alike. The rates of a schedule are not, being arrays. Pass hyperparam_dtype=jnp.float32.
#
# Source: optax/schedules/_inject.py (init_fn and update_fn of inject_hyperparams, _convert_floats).
# https://github.com/google-deepmind/optax/issues/1414, open since September 2025, shows the dtypes
# of the state, but not what the optimizers then do.
#
# Seen: optax 0.2.8, jax and jaxlib 0.10.2, Python 3.11, 2026-11-30.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet optax==0.2.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
JAX_PLATFORMS=cpu "$folder/venv/bin/python" - <<'CODE'
import math

import jax.numpy as jnp
import optax

RATE, UPDATES = 0.125, 20  # the rate is exact in bfloat16
OPTIMIZERS = {
    "adam": (optax.adam, {}),
    "adamw": (optax.adamw, {}),
    "nadam": (optax.nadam, {}),
    "lamb": (optax.lamb, {}),
    "adabelief": (optax.adabelief, {}),
    "yogi": (optax.yogi, {}),
    "rmsprop, decay 0.999": (optax.rmsprop, {"decay": 0.999}),
    "adam, b2 0.997": (optax.adam, {"b2": 0.997}),
    "sgd": (optax.sgd, {}),
}
WEIGHTS = {"layer": jnp.ones(2, jnp.bfloat16)}
WITH_NORM = WEIGHTS | {"norm": jnp.ones(2, jnp.float32)}


def path(optimizer, weights):
    """The first weight after each update with a gradient of 1."""
    state = optimizer.init(weights)
    found = []
    for _ in range(UPDATES):
        gradients = {name: jnp.ones_like(value) for name, value in weights.items()}
        updates, state = optimizer.update(gradients, state, weights)
        weights = optax.apply_updates(weights, updates)
        found.append(float(weights["layer"][0]))
    return found, getattr(state, "hyperparams", None)


seen = {}
for name, (make, arguments) in OPTIMIZERS.items():
    plain, _ = path(make(RATE, **arguments), WEIGHTS)
    injected = optax.inject_hyperparams(make)(RATE, **arguments)
    broken, numbers = path(injected, WEIGHTS)
    wide = optax.inject_hyperparams(make, hyperparam_dtype=jnp.float32)(RATE, **arguments)
    for other, weights in ((injected, WITH_NORM), (wide, WEIGHTS)):
        mended, _ = path(other, weights)
        assert all(abs(a - b) < 0.25 for a, b in zip(mended, plain)), (name, mended, plain)
    key = next(key for key in ("decay", "b2", "learning_rate") if key in numbers)
    seen[name] = (f"{float(numbers[key]):.6g}", plain[0], broken[0], plain[-1], broken[-1])
    values = "1 update {:.4g} injected {:.4g}, 20 updates {:.4g} injected {:.4g}".format(*seen[name][1:])
    print(f"{name}: {key} is {seen[name][0]}; weight after {values}")
for name in ("adam", "adamw", "nadam", "lamb"):
    assert seen[name][0] == "1" and math.isnan(seen[name][2]), seen[name]
    assert not math.isnan(seen[name][-2])
for name in ("adabelief", "yogi"):
    assert seen[name][0] == "1" and seen[name][2] == seen[name][-1] == 1, seen[name]
    assert seen[name][-2] < -1
assert seen["rmsprop, decay 0.999"] == ("1", -2.953125, -1248, -29.25, -25344), seen
assert seen["adam, b2 0.997"][0] == "0.996094"
assert seen["sgd"] == ("0.125", 0.875, 0.875, -1.5, -1.5), seen["sgd"]

state = optax.inject_hyperparams(optax.adam)(RATE, b2=0.5).init(WEIGHTS)
state.hyperparams["b2"] = 0.999
updates, state = optax.inject_hyperparams(optax.adam)(RATE).update(WEIGHTS, state, WEIGHTS)
assert state.hyperparams["b2"] == 1
scheduled = optax.inject_hyperparams(optax.sgd)(optax.linear_schedule(1.0, 0.0, 1000))
_, numbers = path(scheduled, WEIGHTS)
assert abs(float(numbers["learning_rate"]) - (1 - (UPDATES - 1) / 1000)) < 1e-6, numbers
CODE
