#!/bin/sh
# Surprise: a CosineAnnealingDecay of paddle that is built with last_epoch, to go on with a run, does
# not go on with its rates. With base rate 0.1 and T_max=100, last_epoch=89 gives 0.083 for the next
# update, where the run that was not interrupted has 0.0024. With last_epoch=100, for a run that was
# finished and shall go on, the rate begins at 0.1 and climbs to 405, four thousand times the base,
# within 100 updates. With last_epoch=99 all is right.
#
# One would expect the rates of the run that was not interrupted: last_epoch is "the index of last
# epoch. Can be set to restart training". But get_lr() computes each rate from the one before, and
# a scheduler that is new takes the base rate for it: base * (1 + cos(pi t / T)) divided by
# (1 + cos(pi (t - 1) / T)), where both are close to 0 near T. LinearLR, also a recursion, is wrong
# for the same reason: a warmup from 0.01 to 0.1 in 100 updates goes on with 0.1 after 30 of them, and
# up to 0.28. Closed forms such as PolynomialDecay are right. So are all three with set_state_dict(),
# which keeps the last rate.
#
# Source: paddle/optimizer/lr.py (CosineAnnealingDecay.get_lr, and LRScheduler.__init__, which sets
# last_lr to the base rate). CosineAnnealingDecay._get_closed_form_lr is right, and used only by
# step(epoch).
#
# Seen: paddlepaddle 3.3.1, Python 3.11, 2026-11-30.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet paddlepaddle==3.3.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'CODE'
from paddle.optimizer import lr

UPDATES = 300
MAKERS = {
    "CosineAnnealingDecay": lambda **resumed: lr.CosineAnnealingDecay(0.1, T_max=100, **resumed),
    "LinearLR": lambda **resumed: lr.LinearLR(0.1, 100, start_factor=0.1, **resumed),
    "PolynomialDecay": lambda **resumed: lr.PolynomialDecay(0.1, decay_steps=100, **resumed),
}


def rates(scheduler, updates):
    found = []
    for _ in range(updates):
        found.append(scheduler())
        scheduler.step()
    return found


found = {}
for name, make in MAKERS.items():
    whole = rates(make(), UPDATES)
    for last in (29, 89, 99, 100):
        expected = whole[last + 1 :]
        rest = rates(make(last_epoch=last), len(expected))
        apart = max(abs(a - b) for a, b in zip(rest, expected, strict=True))
        found[name, last] = f"next {rest[0]:.2g}, highest {max(rest):.3g}" if apart > 1e-15 else "right"
        print(f"{name}, last_epoch={last}: {found[name, last]} (without a break next {expected[0]:.2g})")
        before, after = make(), make()
        rates(before, last + 1)
        after.set_state_dict(before.state_dict())
        assert rates(after, len(expected)) == expected, (name, last)
assert found == {
    ("CosineAnnealingDecay", 29): "next 0.098, highest 0.1",
    ("CosineAnnealingDecay", 89): "next 0.083, highest 0.1",
    ("CosineAnnealingDecay", 99): "right",
    ("CosineAnnealingDecay", 100): "next 0.1, highest 405",
    ("LinearLR", 29): "next 0.1, highest 0.277",
    ("LinearLR", 89): "next 0.1, highest 0.111",
    ("LinearLR", 99): "next 0.1, highest 0.101",
    ("LinearLR", 100): "right",
    ("PolynomialDecay", 29): "right",
    ("PolynomialDecay", 89): "right",
    ("PolynomialDecay", 99): "right",
    ("PolynomialDecay", 100): "right",
}
CODE
