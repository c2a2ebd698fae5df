#!/bin/sh
# Surprise: exponential_decay, natural_exp_decay and inverse_time_decay of paddle.optimizer.lr ignore
# decay_steps and staircase: with decay_steps=10000, decay_rate=0.5 and staircase=True the rate is
# halved at every step, not every 10,000 steps. After 20 steps it is a millionth of what it was.
# cosine_decay ignores step_each_epoch: stepped after each update, as the other three are meant to
# be, a run of 10 epochs with 100 updates each is at 0 after 10 updates, not after 1,000, and then
# the rate rises to its start again.
#
# One would expect the formulas of the documentation, "decayed by 'decay_rate' every 'decay_steps'
# steps". But in dynamic mode, which is paddle's default, the functions return ExponentialDecay(
# learning_rate, decay_rate) and the like, without the other arguments and without a warning. In
# static mode, for which the examples of the first three are written, all four raise a TypeError. The
# classes ExponentialDecay, NaturalExpDecay and InverseTimeDecay take no decay_steps: their gamma is
# for one step.
#
# Source: paddle/optimizer/lr.py (the four functions, the branches of in_dygraph_mode).
#
# Seen: paddlepaddle 3.3.1, Python 3.11, 2026-11-30.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet paddlepaddle==3.3.1 numpy==2.4.6
cat >"$folder/rates.py" <<'CODE'
import math
import sys

import paddle
from paddle.optimizer import lr

CALLS = {
    "exponential_decay": {"decay_steps": 10_000, "decay_rate": 0.5, "staircase": True},
    "natural_exp_decay": {"decay_steps": 10_000, "decay_rate": 0.5, "staircase": True},
    "inverse_time_decay": {"decay_steps": 10_000, "decay_rate": 0.5, "staircase": True},
    "cosine_decay": {"step_each_epoch": 100, "epochs": 10},
}
DOCUMENTED = {
    "exponential_decay": lambda t: 0.5 ** (t // 10_000),
    "natural_exp_decay": lambda t: math.exp(-0.5 * (t // 10_000)),
    "inverse_time_decay": lambda t: 1 / (1 + 0.5 * (t // 10_000)),
    "cosine_decay": lambda t: 0.5 * (1 + math.cos(math.pi * (t // 100) / 10)),
}
FOUND = {
    "exponential_decay": "1 0.5 0.25 0.000977 9.54e-07",
    "natural_exp_decay": "1 0.607 0.368 0.00674 4.54e-05",
    "inverse_time_decay": "1 0.667 0.5 0.167 0.0909",
    "cosine_decay": "1 0.976 0.905 0 1",
}
STEPS = (0, 1, 2, 10, 20)


def shown(rates):
    return " ".join(f"{rate:.3g}" for rate in rates)


if sys.argv[1] == "static":
    paddle.enable_static()
for name, arguments in CALLS.items():
    try:
        scheduler = getattr(lr, name)(1.0, **arguments)
    except TypeError:
        found = "TypeError"
    else:
        rates = []
        for _ in range(STEPS[-1] + 1):
            rates.append(scheduler())
            scheduler.step()
        found = shown(rates[t] for t in STEPS)
    print(f"{sys.argv[1]}, {name}: at {STEPS} {found}; documented {shown(map(DOCUMENTED[name], STEPS))}")
    assert found == (FOUND[name] if sys.argv[1] == "dynamic" else "TypeError"), name
CODE
"$folder/venv/bin/python" "$folder/rates.py" dynamic
"$folder/venv/bin/python" "$folder/rates.py" static
