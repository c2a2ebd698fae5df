"""The puzzles of exercise 10: their answers are what the libraries did when they were run."""

import numpy as np
import pytest

import course_tasks
from course_lib.libraries import from_library
from course_lib.libraries.conformance import recorded_rates

STAIR = 28  # updates that the recorded run of PPO made after each rollout
RECORDED = [  # puzzle, arguments, and the recorded rates that it should give
    ("cosine_of_cycles", (0.1, 10, 100, 1, 106), "transformers", "cosine_num_cycles_1", 1),
    ("cosine_of_cycles", (0.1, 10, 100, 0.5, 106), "transformers", "cosine", 1),
    ("logarithmic_warmup", (0.1, 10, 106), "deepspeed", "WarmupLR_log", 1),
    ("logarithmic_warmup", (0.1, 1, 106), "deepspeed", "WarmupLR_W1", 1),
    ("accumulated_decay", (0.1, 100, 4, 106), "keras", "SGD_gradient_accumulation_steps_4", 1),
    ("stepped_by_frequency", (0.1, 0.98, 36, 10, 4, 3), "lightning", "frequency_3_accumulate_4", 1),
    ("stepped_by_frequency", (0.1, 0.98, 36, 10, 4, 5), "lightning", "frequency_5_accumulate_4", 1),
    ("stepped_by_frequency", (0.1, 0.98, 14, 16, 2, 2), "lightning", "frequency_2_accumulate_2", 1),
    (
        "counted_from_begin",
        (0.1, 0.1, 3, [8, 11], 0.1, 14),
        "mmengine",
        "warmup_then_MultiStepLR_begin",
        8,
    ),
    (
        "rates_of_rollouts",
        (0.001, 200, 64, 1),
        "stable_baselines3",
        "PPO_linear_schedule_negative",
        STAIR,
    ),
]


@pytest.mark.parametrize(
    ("puzzle", "arguments", "library", "record", "every"), RECORDED, ids=lambda value: str(value)
)
def test_the_answer_is_what_the_library_did(puzzle, arguments, library, record, every):
    rates = recorded_rates(library, record)[::every]
    ours = np.array(course_tasks.ALL[puzzle].reference(*arguments))
    assert 4 <= rates.size <= ours.size
    np.testing.assert_allclose(ours[: rates.size], rates, rtol=0, atol=2e-7 * rates.max())


def cosine_of_cycles(peak_lr, warmup_steps, total_steps, num_cycles, updates):
    name = "transformers.get_cosine_schedule_with_warmup"
    given = {"num_warmup_steps": warmup_steps, "num_training_steps": total_steps}
    return from_library(name, base_lr=peak_lr, num_cycles=num_cycles, **given)(np.arange(updates))


def logarithmic_warmup(peak_lr, warmup_num_steps, updates):
    name, given = "deepspeed.WarmupLR", {"warmup_num_steps": warmup_num_steps}
    return from_library(name, base_lr=peak_lr, **given)(np.arange(updates))


def accumulated_decay(peak_lr, decay_steps, accumulate, updates):
    name, given = "keras.CosineDecay", {"decay_steps": decay_steps}
    of_batches = from_library(name, initial_learning_rate=peak_lr, **given)
    return of_batches(np.arange(updates * accumulate))[accumulate - 1 :: accumulate]


def counted_from_begin(base_lr, start_factor, begin, milestones, gamma, epochs):
    listed = [
        {"type": "LinearLR", "start_factor": start_factor, "begin": 0, "end": begin},
        {"type": "MultiStepLR", "milestones": milestones, "gamma": gamma, "begin": begin},
    ]
    run = {"max_epochs": max(epochs, begin + 1), "batches_per_epoch": 1}
    name = "mmengine.param_scheduler"
    return from_library(name, base_lr=base_lr, param_scheduler=listed, **run)(np.arange(epochs))


def rates_of_rollouts(initial_lr, total_timesteps, n_steps, n_envs):
    rollout = {"n_steps": n_steps, "n_envs": n_envs}
    schedule = from_library(
        "stable_baselines3.PPO",
        total_timesteps=total_timesteps,
        learning_rate=("linear_schedule", {"initial_value": initial_lr}),
        batch_size=n_steps * n_envs,  # one update after each rollout
        n_epochs=1,
        **rollout,
    )
    return schedule(np.arange(-(-total_timesteps // (n_steps * n_envs))))


@pytest.mark.parametrize(
    "converted",
    [
        cosine_of_cycles,
        logarithmic_warmup,
        accumulated_decay,
        counted_from_begin,
        rates_of_rollouts,
    ],
)
def test_the_answer_is_what_the_converter_gives_in_every_case(converted):
    puzzle = course_tasks.ALL[converted.__name__]
    for case in puzzle.cases(seed=11):
        ours = np.array(puzzle.reference(**case))
        np.testing.assert_allclose(ours, converted(**case), rtol=0, atol=1e-12 * abs(ours).max())


def test_the_trainer_passes_the_number_of_cycles_on():
    given = {"learning_rate": 0.1, "max_steps": 100, "warmup_steps": 10}
    trainer = from_library(
        "transformers.TrainingArguments",
        lr_scheduler_type="cosine",
        lr_scheduler_kwargs={"num_cycles": 1},
        **given,
    )
    rates = recorded_rates("transformers", "cosine_num_cycles_1")
    np.testing.assert_allclose(trainer(np.arange(100)), rates[:100], atol=1e-13)
