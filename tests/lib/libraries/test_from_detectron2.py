"""detectron2's schedulers: where the warmup ends, and what is refused."""

import pytest

from course_lib.libraries import from_library

SOLVER = {"MAX_ITER": 100, "BASE_LR": 1.0, "WARMUP_ITERS": 25}
POLYNOMIAL = ("fvcore.PolynomialDecayParamScheduler", {"base_value": 1.0, "power": 2.0})


def built(**arguments):
    return from_library("detectron2.build_lr_scheduler", **{**SOLVER, **arguments})


@pytest.mark.parametrize(("rescaled", "peak"), [(False, 0.853553), (True, 1.0)])
def test_the_warmup_of_a_cosine_ends_on_it_and_not_at_the_peak(rescaled, peak):
    schedule = built(LR_SCHEDULER_NAME="WarmupCosineLR", RESCALE_INTERVAL=rescaled)
    assert schedule(0) == pytest.approx(0.001)
    assert schedule(25) == pytest.approx(peak, abs=1e-6)
    assert max(schedule(range(100))) == schedule(25)


def test_a_step_within_the_warmup_lowers_its_end():
    schedule = built(STEPS=(10, 50))
    assert schedule(24) < schedule(25) == pytest.approx(0.1)
    old = from_library(
        "detectron2.WarmupMultiStepLR", base_lr=1.0, milestones=[10, 50], warmup_iters=25
    )
    assert old(10) < old(9)
    assert old(25) == pytest.approx(0.1)


def test_the_class_and_the_configuration_of_one_name_differ():
    old = from_library("detectron2.WarmupCosineLR", base_lr=1.0, max_iters=100, warmup_iters=25)
    assert old(12) != pytest.approx(built(LR_SCHEDULER_NAME="WarmupCosineLR")(12), abs=1e-3)


def test_a_multiplier_is_a_scheduler_of_fvcore():
    schedule = from_library(
        "detectron2.LRMultiplier", base_lr=0.1, multiplier=POLYNOMIAL, max_iter=10
    )
    assert schedule(5) == pytest.approx(0.025)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"LR_SCHEDULER_NAME": "WarmupPolyLR"}, ValueError, "LR_SCHEDULER_NAME must be one of"),
        ({"STEPS": (100,)}, ValueError, "milestones must rise"),
        ({"WARMUP_METHOD": "exp"}, ValueError, "warmup_method"),
        ({"BASE_LR_END": 2.0, "LR_SCHEDULER_NAME": "WarmupCosineLR"}, ValueError, "BASE_LR_END"),
        ({"milestones": [3]}, TypeError, "got 'milestones'"),
        (
            {"LR_SCHEDULER_NAME": "WarmupStepWithFixedGammaLR", "WARMUP_ITERS": 100},
            ValueError,
            "the library raises there",
        ),
    ],
)
def test_bad_settings_are_named(arguments, error, said):
    with pytest.raises(error, match=said):
        built(**arguments)


@pytest.mark.parametrize(
    ("multiplier", "error", "said"),
    [
        (0.5, TypeError, "pairs"),
        (("torch.StepLR", {}), ValueError, "scheduler must be one of"),
        (("detectron2.WarmupParamScheduler", {"scheduler": POLYNOMIAL}), TypeError, "takes the"),
    ],
)
def test_what_is_no_multiplier_is_refused(multiplier, error, said):
    with pytest.raises(error, match=said):
        from_library("detectron2.LRMultiplier", base_lr=0.1, multiplier=multiplier, max_iter=100)
