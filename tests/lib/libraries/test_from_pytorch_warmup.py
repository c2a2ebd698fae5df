"""pytorch-warmup's factors: what they multiply, and what is refused."""

import numpy as np
import pytest

from course_lib.libraries import from_library

T = np.arange(400)
COSINE = ("torch.CosineAnnealingLR", {"T_max": 100, "eta_min": 0.01})


def ours(name, **arguments):
    return from_library(f"pytorch_warmup.{name}", **{"base_lr": 0.1, **arguments})


@pytest.mark.parametrize(
    ("name", "arguments", "factor"),
    [
        ("LinearWarmup", {"warmup_period": 30}, np.minimum(1, (T + 1) / 30)),
        ("ExponentialWarmup", {"warmup_period": 30}, 1 - np.exp(-(T + 1) / 30)),
        ("UntunedLinearWarmup", {"beta2": 0.99}, np.minimum(1, (T + 1) / 199)),
        ("UntunedExponentialWarmup", {"beta2": 0.99}, 1 - np.exp(-(T + 1) / 99)),
    ],
)
def test_the_factor_multiplies_the_scheduler_from_its_first_update(name, arguments, factor):
    np.testing.assert_allclose(ours(name, **arguments)(T), 0.1 * factor)
    inner = from_library(COSINE[0], base_lr=0.1, **COSINE[1])
    both = ours(name, lr_scheduler=COSINE, **arguments)
    np.testing.assert_allclose(both(T), inner(T) * factor, rtol=1e-12)


def test_radam_is_rectified_from_its_first_update_and_approaches_the_rate():
    rates = ours("RAdamWarmup", beta2=0.9)(T)
    assert 0.0 < rates[0] < 0.05
    assert np.all(np.diff(rates) >= 0.0)
    assert rates[-1] == pytest.approx(0.1)


def test_a_line_from_zero_has_a_product():
    inner = "transformers.get_linear_schedule_with_warmup"
    pair = (inner, {"num_warmup_steps": 10, "num_training_steps": 50})
    both = ours("LinearWarmup", warmup_period=4, lr_scheduler=pair)
    alone = from_library(inner, base_lr=0.1, **pair[1])
    np.testing.assert_allclose(both(T), alone(T) * np.minimum(1, (T + 1) / 4), atol=1e-16)


@pytest.mark.parametrize(
    ("name", "arguments", "error", "said"),
    [
        ("LinearWarmup", {"warmup_period": 0}, ValueError, "warmup_period must be >= 1"),
        ("LinearWarmup", {"warmup_period": [5, 9]}, TypeError, "warmup_period must be a whole"),
        ("LinearWarmup", {}, TypeError, "needs the argument 'warmup_period'"),
        ("UntunedLinearWarmup", {"beta2": 1.0}, ValueError, "beta2 must be >= 0 and < 1"),
        ("RAdamWarmup", {"beta2": 0.6}, ValueError, "beta2 must be > 0.6"),
        ("RAdamWarmup", {"lr_scheduler": ("timm.StepLRScheduler", {})}, ValueError, "torch's or"),
        ("RAdamWarmup", {"lr_scheduler": "torch.StepLR"}, TypeError, "lr_scheduler"),
        (
            "RAdamWarmup",
            {"lr_scheduler": ("torch.CyclicLR", {"base_lr": 0.0, "max_lr": 0.1})},
            ValueError,
            "must not start at 0 with anything but a line",
        ),
    ],
)
def test_bad_arguments_are_named(name, arguments, error, said):
    with pytest.raises(error, match=said):
        ours(name, **arguments)
