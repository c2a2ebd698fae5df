"""What exercise 4 says of libraries: held against optax itself and against recorded rates."""

import numpy as np
import pytest

from course_lib.libraries.conformance import recorded, recorded_rates
from course_tasks import ALL, answers_of, judge

TASK = ALL["lr_at_step"]
RECORDED = {
    "transformers": ("transformers", "cosine_with_min_lr"),
    "torchtitan": ("torchtitan", "cosine"),
    "nanogpt": ("nanogpt", "get_lr"),
    "torch": ("torch", "SequentialLR_LinearLR0.1+Cosine"),
}


def optax_lr_at_step(decay_steps):
    import optax

    def lr_at_step(step, peak_lr, warmup_steps, total_steps):
        warmup, total = int(warmup_steps), int(total_steps)
        schedule = optax.warmup_cosine_decay_schedule(
            init_value=0.0,
            peak_value=peak_lr,
            warmup_steps=warmup,
            decay_steps=decay_steps(warmup, total),
            end_value=0.0,
        )
        return np.array([float(schedule(int(step)))])

    return lr_at_step


@pytest.mark.parametrize("seed", [0, 1])
def test_optax_with_the_whole_length_is_right(needs_optax, seed):
    cases = TASK.cases(seed)
    verdict = judge(TASK, cases, answers_of(optax_lr_at_step(lambda warmup, total: total), cases))
    assert verdict.is_right, verdict


@pytest.mark.parametrize("seed", [0, 1])
def test_optax_with_the_length_less_the_warmup_is_recognised(needs_optax, seed):
    cases = TASK.cases(seed)
    too_short = optax_lr_at_step(lambda warmup, total: total - warmup)
    verdict = judge(TASK, cases, answers_of(too_short, cases))
    assert verdict.misconception == "optax decay_steps"
    assert "decay_steps includes the warmup" in verdict.cause


def test_a_jax_array_is_as_good_as_any(needs_jax):
    import jax.numpy as jnp

    cases = TASK.cases()
    answers = [jnp.array(answer) for answer in answers_of(TASK.reference, cases)]
    assert judge(TASK, cases, answers).is_right


@pytest.mark.parametrize("library", RECORDED)
def test_library_rates_are_the_recorded_ones(library):
    task = ALL["library_rates"]
    [case] = [
        case
        for case in task.cases()
        if (case["library"], case["total_steps"], case["peak_lr"]) == (library, 100, 0.1)
    ]
    expected = recorded_rates(*RECORDED[library])[: case["total_steps"]]
    np.testing.assert_allclose(task.reference(**case), expected, rtol=0, atol=1e-12)


def test_the_recorded_setting_is_the_one_of_the_case():
    arguments = recorded()["torch"]["SequentialLR_LinearLR0.1+Cosine"].arguments
    warmup = ["torch.LinearLR", {"start_factor": 0.1, "total_iters": 10}]
    assert arguments["schedulers"][0] == warmup
