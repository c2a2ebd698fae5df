"""Small torch loops for the tests of the scheduler, and torch's own schedulers beside ours."""

import io
from functools import partial

import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    SequentialLR,
    StepLR,
)

from course_lib import schedules
from course_lib.schedules import cosine, one_cycle, step_decay

MOMENTUM_SGD = partial(SGD, momentum=0.9)


def make(factory=SGD, groups=1, lr=0.1, **options):
    params = [torch.nn.Parameter(torch.zeros(2)) for _ in range(groups)]
    return factory([{"params": [param]} for param in params], lr=lr, **options)


def momentum_of(group):
    return group["betas"][0] if "betas" in group else group.get("momentum")


def run(optimizer, scheduler, updates):
    """The rate and the momentum of every group at every update."""
    rates, momentum = [], []
    for _ in range(updates):
        rates.append([float(group["lr"]) for group in optimizer.param_groups])
        momentum.append([momentum_of(group) for group in optimizer.param_groups])
        for group in optimizer.param_groups:
            group["params"][0].grad = torch.ones(2)
        optimizer.step()
        scheduler.step()
    return rates, momentum


def through_a_file(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


NATIVE = {
    "constant": (schedules.constant(0.1), lambda o: LambdaLR(o, lambda t: 1.0)),
    "step": (step_decay(0.1, drop=0.5, every=7), lambda o: StepLR(o, 7, gamma=0.5)),
    "multi_step": (
        schedules.multi_step(0.1, [5, 20, 21], drop=0.3),
        lambda o: MultiStepLR(o, [5, 20, 21], gamma=0.3),
    ),
    "exponential": (schedules.exponential(0.1, 0.97), lambda o: ExponentialLR(o, 0.97)),
    "linear": (
        schedules.linear(0.1, 40, floor=0.01),
        lambda o: LinearLR(o, start_factor=1.0, end_factor=0.1, total_iters=40),
    ),
    "polynomial": (
        schedules.polynomial(0.1, 40, power=3.0),
        lambda o: PolynomialLR(o, total_iters=40, power=3.0),
    ),
    "cosine": (cosine(0.1, 60, floor=0.01), lambda o: CosineAnnealingLR(o, 60, eta_min=0.01)),
    "cosine_restarts": (
        schedules.cosine_restarts(0.1, 7, mult=2, floor=0.01),
        lambda o: CosineAnnealingWarmRestarts(o, 7, T_mult=2, eta_min=0.01),
    ),
    "one_cycle": (
        # torch's peak and end are one update earlier: at 17 and 59 of 60
        one_cycle(0.1, 59, pct_start=17 / 59),
        lambda o: OneCycleLR(o, max_lr=0.1, total_steps=60, cycle_momentum=False),
    ),
    "warmup_cosine": (
        schedules.join(
            schedules.warmup(schedules.constant(0.1), 10, start=0.01).take(10), cosine(0.1, 50)
        ),
        lambda o: SequentialLR(
            o, [LinearLR(o, start_factor=0.1, total_iters=10), CosineAnnealingLR(o, 50)], [10]
        ),
    ),
}
