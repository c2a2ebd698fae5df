"""MMEngine's schedulers: clocks, ends, lists of them, and what is refused."""

import numpy as np
import pytest

from course_lib.libraries import from_library

T = np.arange(130)
UPDATES = {"base_lr": 1.0, "by_epoch": False}


def listed(*dictionaries, **around):
    return from_library(
        "mmengine.param_scheduler", base_lr=1.0, param_scheduler=list(dictionaries), **around
    )


def test_the_end_belongs_to_the_line_and_not_to_the_cosine():
    for name in ("LinearLR", "PolyLR"):
        floor = {"end_factor": 0.1, "start_factor": 1.0} if name == "LinearLR" else {"eta_min": 0.1}
        schedule = from_library(f"mmengine.{name}", end=5, **floor, **UPDATES)
        assert schedule(4) == pytest.approx(0.1, abs=1e-15)
        assert schedule(3) > 0.2
    cosine = from_library("mmengine.CosineAnnealingLR", eta_min=0.1, end=5, **UPDATES)
    assert cosine(4) == cosine(99) == pytest.approx(0.18594, abs=1e-5)


def test_milestones_count_from_begin():
    schedule = from_library("mmengine.MultiStepLR", milestones=[6, 9], begin=3, **UPDATES)
    assert [int(t) for t in T[1:] if schedule(int(t)) < schedule(int(t) - 1)] == [9, 12]


def test_conversion_to_updates_leaves_gamma_as_it_is():
    epochs = {"base_lr": 1.0, "gamma": 0.5, "batches_per_epoch": 4}
    by_epoch = from_library("mmengine.ExponentialLR", **epochs)
    converted = from_library("mmengine.ExponentialLR", convert_to_iter_based=True, **epochs)
    assert by_epoch(4) == 0.5
    assert converted(4) == 0.0625


def test_a_scheduler_by_epoch_is_one_by_updates_on_a_slower_clock():
    arguments = {"eta_min": 0.1, "T_max": 6, "begin": 2, "end": 15}
    fast = from_library("mmengine.CosineAnnealingLR", **arguments, **UPDATES)
    slow = from_library("mmengine.CosineAnnealingLR", base_lr=1.0, batches_per_epoch=7, **arguments)
    np.testing.assert_allclose(slow(T), fast(T // 7), rtol=0, atol=1e-14)


def test_a_chain_goes_on_from_the_rate_that_was_left():
    schedule = listed(
        {"type": "LinearLR", "start_factor": 0.1, "end": 1},
        {"type": "PolyLR", "begin": 2, "end": 5},
        batches_per_epoch=10,
    )
    np.testing.assert_allclose(
        schedule(T[::10][:6]), [0.1, 0.1, 0.1, 0.05, 0.0, 0.0], rtol=0, atol=1e-15
    )


def test_two_at_once_are_no_product_and_their_order_matters():
    line = {"type": "LinearLR", "start_factor": 0.01, "by_epoch": False, "end": 50}
    cosine = {"type": "CosineAnnealingLR", "eta_min": 0.5, "by_epoch": False, "end": 100}
    one, other = listed(line, cosine), listed(cosine, line)
    alone = [listed(line)(25), listed(cosine)(25)]
    assert one(25) == pytest.approx(0.566109, abs=1e-6)
    assert other(25) == pytest.approx(0.584038, abs=1e-6)
    assert np.prod(alone) == pytest.approx(0.4774, abs=1e-4)


def test_at_the_end_of_an_epoch_those_that_count_updates_act_first():
    cosine = {"type": "CosineAnnealingLR", "eta_min": 0.2, "T_max": 2, "end": 3}
    line = {"type": "LinearLR", "start_factor": 0.5, "by_epoch": False, "end": 5}
    schedule = listed(cosine, line, batches_per_epoch=2)
    assert schedule(np.arange(3)) == pytest.approx([0.5, 0.625, 0.2 + 0.55 / 2])


def test_the_runner_gives_the_end_that_a_dictionary_leaves_out():
    around = {"batches_per_epoch": 10, "max_epochs": 12}
    for clock in ({"by_epoch": False}, {"convert_to_iter_based": True}):
        schedule = listed({"type": "LinearLR", **clock}, **around)
        assert schedule(118) < 0.995
        assert schedule(119) == pytest.approx(1.0)
    assert listed({"type": "LinearLR"}, **around)(109) < 0.995
    momentum = {"type": "CosineAnnealingMomentum", "eta_min": 0.8}
    assert np.all(listed(momentum, {"type": "ConstantLR", "factor": 1.0}, **around)(T) == 1.0)


def test_a_long_run_needs_few_phases():
    warmup = {"type": "LinearLR", "start_factor": 0.01, "by_epoch": False, "end": 500}
    steps = {"type": "MultiStepLR", "milestones": [8, 11]}
    schedule = listed(warmup, steps, batches_per_epoch=7330, max_epochs=12)
    assert len(schedule.phases) < 10
    assert schedule(8 * 7330 - 1) == pytest.approx(1.0)
    assert schedule(8 * 7330) == pytest.approx(0.1)


def test_two_at_once_for_too_long_are_refused():
    long = {"by_epoch": False, "end": 20_000}
    with pytest.raises(ValueError, match=r"at most 10000 updates .* got 19999 from"):
        listed({"type": "LinearLR", **long}, {"type": "PolyLR", **long})


@pytest.mark.parametrize(
    ("name", "arguments", "error", "said"),
    [
        ("LinearLR", {"end": 5}, TypeError, "LinearLR needs batches_per_epoch"),
        ("LinearLR", {"by_epoch": False}, TypeError, "LinearLR needs end: the class's default"),
        ("LinearLR", {"by_epoch": False, "start_factor": 0.0, "end": 5}, ValueError, "divides"),
        ("ConstantLR", {"by_epoch": False, "factor": 0.0, "end": 5}, ValueError, "divides"),
        ("PolyLR", {"by_epoch": False, "begin": 5, "end": 5}, ValueError, "end must be > begin"),
        ("StepLR", {"by_epoch": False, "step_size": 5, "begin": 0.5}, TypeError, "begin"),
        (
            "StepLR",
            {"by_epoch": False, "step_size": 5, "convert_to_iter_based": True},
            ValueError,
            "convert_to_iter_based needs by_epoch=True",
        ),
        (
            "CosineAnnealingLR",
            {"by_epoch": False, "end": 9, "eta_min": 0.1, "eta_min_ratio": 0.1},
            TypeError,
            "one of them",
        ),
        ("CosineRestartLR", {"by_epoch": False, "periods": [9]}, TypeError, "one of them"),
        (
            "CosineRestartLR",
            {"by_epoch": False, "periods": [9, 9], "eta_min": 0.0},
            ValueError,
            "one weight a period",
        ),
        ("MultiStepLR", {"by_epoch": False, "milestones": 9}, TypeError, "milestones"),
        ("ReduceOnPlateauLR", {}, ValueError, "follows a metric"),
        ("param_scheduler", {"param_scheduler": []}, TypeError, "list of dictionaries"),
        ("param_scheduler", {"param_scheduler": [{"end": 3}]}, TypeError, "with 'type'"),
        ("param_scheduler", {"param_scheduler": {"policy": "step"}}, TypeError, "MMCV"),
        ("param_scheduler", {"param_scheduler": {"type": "Cosine"}}, ValueError, "type must be"),
        (
            "param_scheduler",
            {"param_scheduler": {"type": "StepLR", "size": 3}},
            TypeError,
            "StepLR takes the arguments step_size, .*; got 'size'",
        ),
        (
            "param_scheduler",
            {"param_scheduler": {"type": "StepLR"}},
            TypeError,
            "StepLR needs the argument 'step_size'",
        ),
        (
            "param_scheduler",
            {"param_scheduler": [{"type": "OneCycleLR"}, {"type": "OneCycleLR"}]},
            ValueError,
            "one OneCycleLR",
        ),
    ],
)
def test_bad_arguments_are_named(name, arguments, error, said):
    with pytest.raises(error, match=said):
        from_library(f"mmengine.{name}", base_lr=0.1, **arguments)
