"""Small training loops, and their check: a net with two parameter groups on fixed data."""

from functools import partial

import torch
from torch.optim import SGD, AdamW
from torch.optim import lr_scheduler as lrs
from torch.optim.swa_utils import SWALR

from course_lib.diagnose import check_resume

UPDATES, AT = 24, 9
OPTIMIZERS = {"SGD": partial(SGD, momentum=0.9), "AdamW": AdamW}


class Scale:
    """A callable object, whose fields are in the state of LambdaLR."""

    def __init__(self):
        self.calls = 0

    def __call__(self, t):
        self.calls += 1
        return 0.9**t


SCHEDULERS = {
    "LambdaLR": lambda o: lrs.LambdaLR(o, [lambda t: 1 - t / 40, lambda t: 0.9**t]),
    "LambdaLR with an object": lambda o: lrs.LambdaLR(o, Scale()),
    "MultiplicativeLR": lambda o: lrs.MultiplicativeLR(o, lambda t: 0.95),
    "StepLR": lambda o: lrs.StepLR(o, 4, gamma=0.5),
    "MultiStepLR": lambda o: lrs.MultiStepLR(o, [3, 9, 10], gamma=0.5),
    "ConstantLR": lambda o: lrs.ConstantLR(o, 0.3, 12),
    "LinearLR": lambda o: lrs.LinearLR(o, 0.1, 1.0, 15),
    "ExponentialLR": lambda o: lrs.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda o: lrs.PolynomialLR(o, 30, 2.0),
    "CosineAnnealingLR": lambda o: lrs.CosineAnnealingLR(o, 30, eta_min=1e-3),
    "CosineAnnealingWarmRestarts": lambda o: lrs.CosineAnnealingWarmRestarts(o, 7, T_mult=2),
    "CyclicLR": lambda o: lrs.CyclicLR(o, [0.01, 0.001], [0.1, 0.02], 5, mode="triangular2"),
    "OneCycleLR": lambda o: lrs.OneCycleLR(o, [0.1, 0.01], total_steps=30),
    "SequentialLR": lambda o: lrs.SequentialLR(
        o, [lrs.LinearLR(o, 0.1, 1.0, 5), lrs.CosineAnnealingLR(o, 20)], [5]
    ),
    "ChainedScheduler": lambda o: lrs.ChainedScheduler(
        [lrs.ConstantLR(o, 0.5, 11), lrs.ExponentialLR(o, 0.9)]
    ),
    "ReduceLROnPlateau": lambda o: lrs.ReduceLROnPlateau(o, patience=1, factor=0.5, threshold=0.3),
    "SWALR": lambda o: SWALR(o, [0.05, 0.005], anneal_epochs=15),
}


def builder(scheduler="CosineAnnealingLR", optimizer="SGD", dropout=0.0, swapped=False, **others):
    """A `make` of model, optimizer, scheduler and others: {name: function from the model}."""

    def make():
        body, head = torch.nn.Linear(3, 4), torch.nn.Linear(4, 1)
        layers = [body, torch.nn.Tanh(), torch.nn.Dropout(dropout), head]
        model = torch.nn.Sequential(*layers)
        groups = [
            {"params": list(body.parameters()), "lr": 0.05},
            {"params": list(head.parameters()), "lr": 0.01},
        ]
        opt = OPTIMIZERS[optimizer](groups[::-1] if swapped else groups, lr=0.1)
        parts = {"model": model, "optimizer": opt, "scheduler": SCHEDULERS[scheduler](opt)}
        return {**parts, **{name: build(model) for name, build in others.items()}}

    return make


def inputs(t, size=8):
    x = torch.sin(torch.arange(size * 3, dtype=torch.float32).reshape(size, 3) * (1 + t % 5))
    return x, x.sum(dim=1, keepdim=True)


def backward(parts, t):
    x, y = inputs(t)
    loss = (parts["model"](x) - y).square().mean()
    loss.backward()
    return loss


def advance(parts, loss):
    plateau = isinstance(parts["scheduler"], lrs.ReduceLROnPlateau)
    parts["scheduler"].step(*([loss.detach().item()] if plateau else []))


def train(parts, t):
    parts["optimizer"].zero_grad()
    loss = backward(parts, t)
    parts["optimizer"].step()
    advance(parts, loss)
    return loss


def check(make=None, loop=train, **options):
    return check_resume(make or builder(), loop, **{"at": AT, "updates": UPDATES, **options})


def words(found):
    assert not found
    return str(found)
