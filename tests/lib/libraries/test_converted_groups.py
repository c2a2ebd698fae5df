"""Lists with one value for each parameter group: a schedule a group, as in torch's own loop."""

import numpy as np
import pytest

from course_lib.libraries import from_library, names
from course_lib.libraries.registry import signature
from course_lib.schedules import Schedule
from tests.lib.libraries import random_torch
from tests.lib.libraries.converter_arguments import needed

TWO = [0.1, 0.003]
LISTS = {
    "OneCycleLR": {"max_lr": [0.5, 0.02], "total_steps": 30},
    "SWALR": {"swa_lr": [0.02, 0.05], "anneal_epochs": 7},
    "LambdaLR": {"lr_lambda": [0.5, 2.0]},
    "MultiplicativeLR": {"lr_lambda": [0.9, 0.99]},
    "SequentialLR": {
        "schedulers": [
            ("torch.LinearLR", {"total_iters": 4}),
            ("torch.OneCycleLR", {"max_lr": [0.5, 0.02], "total_steps": 30}),
        ],
        "milestones": [6],
    },
    "ChainedScheduler": {
        "schedulers": [
            ("torch.SWALR", {"swa_lr": [0.02, 0.05]}),
            ("torch.ExponentialLR", {"gamma": 0.9}),
        ]
    },
}
SAME = {
    kind: {key: value for key, value in needed(f"torch.{kind}").items() if key != "base_lr"}
    for kind in random_torch.SIMPLE
    if kind not in ("CyclicLR", *LISTS)
}


@pytest.mark.parametrize("kind", [*LISTS, *SAME])
def test_two_groups_as_in_torch(kind):
    name, arguments = f"torch.{kind}", {"base_lr": TWO, **{**SAME, **LISTS}[kind]}
    seen = np.array(random_torch.groups_run(name, arguments, 30))
    ours = from_library(name, **arguments)
    assert isinstance(ours, tuple)
    assert [schedule.name for schedule in ours] == [f"{name}, group 0", f"{name}, group 1"]
    for group, schedule in enumerate(ours):
        rates = schedule(np.arange(len(seen)))
        np.testing.assert_allclose(rates, seen[:, group], rtol=1e-11, atol=1e-15)


def test_cyclic_lr_takes_both_its_rates_as_lists():
    arguments = {"base_lr": TWO, "max_lr": [0.5, 0.4], "step_size_up": 5}
    seen = np.array(random_torch.groups_run("torch.CyclicLR", arguments, 30))
    for group, schedule in enumerate(from_library("torch.CyclicLR", **arguments)):
        np.testing.assert_allclose(schedule(np.arange(30)), seen[:, group], rtol=1e-11)


def test_one_list_is_enough_and_one_group_is_a_tuple_of_one():
    first, second = from_library("torch.OneCycleLR", max_lr=[0.1, 0.2], total_steps=9)
    assert second(2) == pytest.approx(2 * first(2))
    [only] = from_library("torch.StepLR", base_lr=[0.1], step_size=3)
    assert only == from_library("torch.StepLR", base_lr=0.1, step_size=3)
    assert isinstance(from_library("torch.StepLR", base_lr=0.1, step_size=3), Schedule)
    rates = np.array(TWO)
    assert from_library("torch.StepLR", base_lr=rates, step_size=3) == from_library(
        "torch.StepLR", base_lr=TWO, step_size=3
    )


ONE_RATE = ("open_clip.const_lr", "open_clip.const_lr_cooldown", "open_clip.cosine_lr")
BY_DEFAULT_RATE = (
    "diffusers.get_polynomial_decay_schedule_with_warmup",
    "transformers.get_polynomial_decay_schedule_with_warmup",
    "transformers.get_cosine_with_min_lr_schedule_with_warmup",
    "transformers.get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
)
FIRST_GROUPS = ("nemo.WarmupAnnealing",)
OTHERS = [
    name
    for name in names()
    if "base_lr" in signature(name).parameters and not name.startswith("torch.")
]


@pytest.mark.parametrize("name", OTHERS)
def test_groups_of_other_libraries_are_each_the_schedule_of_its_rate(name):
    arguments = needed(name)
    reasons = {
        **dict.fromkeys(ONE_RATE, "one rate to all groups"),
        **dict.fromkeys(BY_DEFAULT_RATE, "default lr"),
        **dict.fromkeys(FIRST_GROUPS, "all groups follow the first one's rate"),
    }
    if name in reasons:
        with pytest.raises(ValueError, match=reasons[name]):
            from_library(name, **{**arguments, "base_lr": TWO})
        return
    ours = from_library(name, **{**arguments, "base_lr": TWO})
    for rate, schedule in zip(TWO, ours, strict=True):
        assert schedule == from_library(name, **{**arguments, "base_lr": rate})


def test_nemos_cosine_follows_the_first_group_only_where_it_holds_its_floor():
    arguments = {"base_lr": TWO, "max_steps": 20, "warmup_steps": 3}
    first, second = from_library("nemo.CosineAnnealing", **arguments)
    assert second(3) / first(3) == pytest.approx(TWO[1] / TWO[0])
    for hold in ({"constant_steps": 5}, {"constant_ratio": 0.2}):
        with pytest.raises(ValueError, match="all groups follow the first one's rate"):
            from_library("nemo.CosineAnnealing", **arguments, **hold)


def test_a_share_of_each_groups_own_rate_is_converted():
    name = "transformers.get_cosine_with_min_lr_schedule_with_warmup"
    arguments = {"num_warmup_steps": 0, "num_training_steps": 10, "min_lr_rate": 0.1}
    ends = [float(one(10)) for one in from_library(name, base_lr=TWO, **arguments)]
    assert ends == pytest.approx([0.01, 0.0003])


def test_transformers_shares_are_of_the_optimizers_default_rate(needs_transformers):
    import torch
    from transformers import get_polynomial_decay_schedule_with_warmup

    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in TWO]
    optimizer = torch.optim.SGD(groups, lr=0.1)
    scheduler = get_polynomial_decay_schedule_with_warmup(optimizer, 0, 10, lr_end=0.01)
    ends = [base * factor(10) for base, factor in zip(TWO, scheduler.lr_lambdas, strict=True)]
    assert ends == pytest.approx([0.01, 0.0003])  # the second ends at 0.01 * 0.003 / 0.1


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        (
            "torch.OneCycleLR",
            {"base_lr": TWO, "max_lr": [0.1, 0.2, 0.3], "total_steps": 9},
            "max_lr must hold one value for each parameter group, 2 as base_lr does, got 3",
        ),
        ("torch.StepLR", {"base_lr": [], "step_size": 3}, "base_lr must hold one value"),
        ("torch.StepLR", {"base_lr": [0.1, -1.0], "step_size": 3}, "base_lr must be finite, >= 0"),
        (
            "torch.SequentialLR",
            {
                "base_lr": TWO,
                "schedulers": [("torch.SWALR", {"swa_lr": [0.1]})],
                "milestones": [],
            },
            "swa_lr must hold one value for each parameter group, 2 as base_lr does, got 1",
        ),
        (
            "transformers.get_greedy_schedule",
            {"base_lr": TWO, "metrics": [1.0]},
            "must be one rate.*all groups begin anew",
        ),
    ],
)
def test_lists_that_do_not_fit(name, arguments, said):
    with pytest.raises(ValueError, match=said):
        from_library(name, **arguments)


def test_a_list_where_the_library_takes_none():
    with pytest.raises(TypeError, match="gamma must be a real number"):
        from_library("torch.ExponentialLR", base_lr=TWO, gamma=[0.9, 0.8])
    with pytest.raises(TypeError, match="init_value must be a real number"):
        from_library("optax.linear_schedule", init_value=TWO, end_value=0.0, transition_steps=3)
