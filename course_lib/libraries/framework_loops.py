"""The loops of other libraries, in their own words, as a `Loop` for `simulate_loop`.

Each function takes the arguments that a library's training loop has and returns the loop that
gives every update the same rate. They were compared with real runs of Accelerate 1.15, Keras 3.15,
Lightning 2.6.6, optax 0.2.8, skorch 1.4, Stable-Baselines3 2.9.2 and transformers 5.23, on torch
2.13. `updates` always counts optimizer steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from course_lib.libraries.loop import Loop, Resume, SchedulerFactory
from course_lib.schedules import Schedule
from course_lib.validation import check_count

__all__ = [
    "accelerate_loop",
    "keras_loop",
    "lightning_loop",
    "optax_loop",
    "skorch_loop",
    "stable_baselines3_loop",
    "transformers_loop",
]


def accelerate_loop(
    updates: int,
    *,
    gradient_accumulation_steps: int = 1,
    num_processes: int = 1,
    split_batches: bool = False,
    step_scheduler_with_optimizer: bool = True,
    batches_per_epoch: int | None = None,
    skipped: Iterable[int] = (),
    fused: bool = False,
) -> Loop:
    """Return the loop of Accelerate: all objects prepared, `scheduler.step()` after every batch.

    A prepared scheduler steps num_processes times after each update, and once with split_batches.
    An update that mixed precision skips does not advance it, except with a fused optimizer, whose
    skip Accelerate does not see (huggingface/accelerate, issue 4242). With
    step_scheduler_with_optimizer=False it steps once a batch, whatever the optimizer does.

    OneCycleLR is not stepped any more when its `_step_count` is above total_steps, which is one
    step late: without split_batches it does not raise, and stays at a rate past its end, which is
    below 0 with anneal_strategy="linear".

    `adjust_scheduler` of GradientAccumulationPlugin is no argument here: it changed nothing.

    Args:
        updates: number of optimizer steps, skipped ones included, >= 1.
        gradient_accumulation_steps: batches that make one update, >= 1.
        num_processes: number of processes, >= 1.
        split_batches: the processes share each batch of the DataLoader.
        step_scheduler_with_optimizer: argument of the Accelerator of this name.
        batches_per_epoch: batches of one process in an epoch, whose last batch makes an update
            however few there are (sync_with_dataloader); None: one epoch without an end.
        skipped: updates, 0-based, whose gradients mixed precision finds infinite.
        fused: the optimizer was built with fused=True.

    Raises:
        ValueError, TypeError: an argument out of its range or of the wrong type.

    Two processes end a schedule of 4 updates after 2:

    >>> from course_lib.libraries import simulate_loop
    >>> from course_lib.schedules import linear
    >>> simulate_loop(linear(0.1, 4), accelerate_loop(4, num_processes=2)).rates.round(3)
    array([0.1 , 0.05, 0.  , 0.  ])
    """
    steps = check_count("num_processes", num_processes)
    with_optimizer = step_scheduler_with_optimizer
    return Loop(
        updates,
        accumulate=check_count("gradient_accumulation_steps", gradient_accumulation_steps),
        processes=1 if split_batches or not with_optimizer else steps,
        step_per="update" if with_optimizer else "batch",
        batches_per_epoch=batches_per_epoch,
        update_at_epoch_end=batches_per_epoch is not None,
        stop_at_total_steps=with_optimizer and not split_batches,
        skipped=skipped,
        step_when_skipped=fused or not with_optimizer,
    )


def keras_loop(
    updates: int,
    *,
    gradient_accumulation_steps: int | None = None,
    callback: bool = False,
    batches_per_epoch: int | None = None,
    skipped: Iterable[int] = (),
) -> Loop:
    """Return the loop of Keras' `fit`: the schedule counts batches, also where they accumulate.

    A LearningRateSchedule gets the optimizer's inner count, which every batch advances, and not
    `optimizer.iterations`, which counts updates. So update u has the rate of t = (u + 1) *
    gradient_accumulation_steps - 1. Accumulation goes on across the end of an epoch. An update that
    LossScaleOptimizer skips does not advance the count.

    Args:
        updates: number of updates, >= 1.
        gradient_accumulation_steps: argument of the optimizer of this name: None, or >= 2.
        callback: the rate comes from a LearningRateScheduler, which counts epochs, in place of a
            LearningRateSchedule: the schedule's t is the epoch.
        batches_per_epoch: batches in an epoch; needed with callback=True.
        skipped: updates, 0-based, whose gradients LossScaleOptimizer finds infinite; without
            gradient_accumulation_steps only.

    Raises:
        ValueError, TypeError: an argument out of its range or of the wrong type.

    A decay over 8 updates is over after 2 of them:

    >>> from course_lib.libraries import simulate_loop
    >>> from course_lib.schedules import linear
    >>> loop = keras_loop(4, gradient_accumulation_steps=4)
    >>> simulate_loop(linear(0.8, 8), loop).rates.round(3)
    array([0.5, 0.1, 0. , 0. ])
    """
    if callback and batches_per_epoch is None:
        raise ValueError("batches_per_epoch must be given with callback=True, got None")
    size = gradient_accumulation_steps
    skipped = list(skipped)
    if skipped and size is not None:
        raise ValueError(
            f"skipped must be empty with gradient_accumulation_steps={size}, got {skipped}"
        )
    counting = "batch" if size is not None else "update"  # the same without accumulation
    return Loop(
        updates,
        accumulate=1 if size is None else check_count("gradient_accumulation_steps", size, low=2),
        step_per="epoch" if callback else counting,
        batches_per_epoch=batches_per_epoch,
        skipped=skipped,
        step_when_skipped=callback or size is not None,
    )


def lightning_loop(
    updates: int,
    *,
    interval: str = "epoch",
    frequency: int = 1,
    accumulate_grad_batches: int = 1,
    batches_per_epoch: int | None = None,
    skipped: Iterable[int] = (),
) -> Loop:
    """Return the loop of Lightning's Trainer, with automatic optimization.

    With interval="step" the scheduler steps after an update whose last batch has a number in its
    epoch, 1-based, that is a multiple of frequency: frequency counts batches and not updates,
    begins anew in every epoch, and one above batches_per_epoch never steps. With interval="epoch"
    it steps after every frequency-th epoch. An update that mixed precision skips advances it.

    A resume is no argument here. ReduceLROnPlateau misses the metric of an epoch at each one, since
    fit_loop.py writes the checkpoint before its step. After two resumes from checkpoints that
    every_n_train_steps wrote at the end of an epoch, one epoch is trained twice, and from there on
    each has the rate of the next.

    Args:
        updates: number of optimizer steps, skipped ones included, >= 1.
        interval: "step" or "epoch", of the dictionary that configure_optimizers returns.
        frequency: number in that dictionary, >= 1.
        accumulate_grad_batches: argument of the Trainer of this name, >= 1.
        batches_per_epoch: batches of one process in an epoch, whose last batch makes an update
            however few there are; needed except for interval="step" with frequency=1.
        skipped: updates, 0-based, whose gradients mixed precision finds infinite.

    Raises:
        ValueError, TypeError: an argument out of its range or of the wrong type.

    Updates end at batches 4, 8 and 10 of each epoch, and only 8 is a multiple of 8:

    >>> from course_lib.libraries import simulate_loop
    >>> from course_lib.schedules import linear
    >>> lengths = {"accumulate_grad_batches": 4, "batches_per_epoch": 10}
    >>> loop = lightning_loop(6, interval="step", frequency=8, **lengths)
    >>> simulate_loop(linear(0.3, 3), loop).rates.round(3)
    array([0.3, 0.3, 0.2, 0.2, 0.2, 0.1])
    """
    if interval not in ("step", "epoch"):
        raise ValueError(f"interval must be 'step' or 'epoch', got {interval!r}")
    if interval == "epoch" and batches_per_epoch is None:
        raise ValueError("batches_per_epoch must be given with interval='epoch', got None")
    return Loop(
        updates,
        accumulate=check_count("accumulate_grad_batches", accumulate_grad_batches),
        step_per="update" if interval == "step" else "epoch",
        frequency=frequency,
        batches_per_epoch=batches_per_epoch,
        update_at_epoch_end=batches_per_epoch is not None,
        skipped=skipped,
    )


def optax_loop(
    updates: int,
    *,
    every_k_schedule: int = 1,
    nonfinite: Iterable[int] = (),
    max_consecutive_errors: int | None = None,
    schedule_inside: bool = True,
) -> Loop:
    """Return the loop of optax, whose schedule counts the calls of the update that it belongs to.

    Inside MultiSteps the schedule counts updates, and outside, in a chain behind it, it counts
    batches. Inside apply_if_finite its count stands still in an update that is not applied, and
    outside it advances. inject_hyperparams counts the same. After max_consecutive_errors of them
    without a finite one between, apply_if_finite applies what is not finite, and the count goes on.

    A schedule's rates are kept by inject_hyperparams, but numbers such as b2=0.999 are rounded to
    the parameters' dtype, in bfloat16 to 1, unless hyperparam_dtype=jnp.float32 (optax issue 1414).

    Args:
        updates: number of updates, those not applied included, >= 1.
        every_k_schedule: batches that make one update, argument of MultiSteps, >= 1.
        nonfinite: updates, 0-based, whose gradients are NaN or infinite; without MultiSteps only.
        max_consecutive_errors: argument of apply_if_finite, >= 0; None: no apply_if_finite, so
            that every update is applied.
        schedule_inside: the schedule is in the optimizer that MultiSteps or apply_if_finite wraps.

    Raises:
        ValueError, TypeError: an argument out of its range or of the wrong type.

    >>> from course_lib.libraries import simulate_loop
    >>> from course_lib.schedules import linear
    >>> behind = optax_loop(3, every_k_schedule=4, schedule_inside=False)
    >>> simulate_loop(linear(1.2, 12), behind).rates.round(3)
    array([0.9, 0.5, 0.1])
    >>> waits = optax_loop(5, nonfinite=[1, 2], max_consecutive_errors=5)
    >>> simulate_loop(linear(0.5, 5), waits).rates.round(3)
    array([0.5, 0.4, 0.3])
    """
    size = check_count("every_k_schedule", every_k_schedule)
    bad = sorted({check_count("nonfinite", update, low=0) for update in nonfinite})
    if bad and size > 1:
        raise ValueError(f"nonfinite must be empty with every_k_schedule={size}, got {bad}")
    if bad and bad[-1] >= check_count("updates", updates):
        raise ValueError(f"nonfinite must be < updates={updates}, got {bad[-1]}")
    skipped, run = [], 0
    if max_consecutive_errors is not None:
        patience = check_count("max_consecutive_errors", max_consecutive_errors, low=0)
        for update in bad:
            run = run + 1 if update - 1 in bad else 1
            skipped += [update] if run <= patience else []
    return Loop(
        updates,
        accumulate=size,
        step_per="update" if schedule_inside else "batch",
        skipped=skipped,
        step_when_skipped=not (skipped and schedule_inside),
    )


def skorch_loop(
    updates: int,
    *,
    step_every: str = "epoch",
    batches_per_epoch: int,
    partial_fit: Sequence[int] = (),
) -> Loop:
    """Return the loop of skorch's LRScheduler, with calls of `partial_fit` after a `fit`.

    Each call builds the scheduler anew with last_epoch = epochs done - 1, on the same optimizer,
    also with step_every="batch": the count then falls back from the batches to the epochs. A
    scheduler that multiplies the rate in force, as StepLR does, multiplies it once more than in one
    run where a call comes at one of its milestones.

    Args:
        updates: number of updates in all calls together, >= 1.
        step_every: "epoch" or "batch".
        batches_per_epoch: batches in an epoch, >= 1.
        partial_fit: epochs done at each call of `partial_fit`, in order; () is one `fit` alone.

    Raises:
        ValueError, TypeError: an argument out of its range or of the wrong type.

    Two epochs of 3 batches each; the second is another call, whose schedule begins at t = 1:

    >>> from course_lib.libraries import simulate_loop
    >>> from course_lib.schedules import linear
    >>> loop = skorch_loop(6, step_every="batch", batches_per_epoch=3, partial_fit=[1])
    >>> simulate_loop(linear(0.6, 6), loop).rates.round(3)
    array([0.6, 0.5, 0.4, 0.5, 0.4, 0.3])
    """
    if step_every not in ("epoch", "batch"):
        raise ValueError(f"step_every must be 'epoch' or 'batch', got {step_every!r}")
    epoch = check_count("batches_per_epoch", batches_per_epoch)
    calls = [check_count("partial_fit", done) for done in partial_fit]
    if calls != sorted(set(calls)) or (calls and calls[-1] * epoch >= updates):
        raise ValueError(
            f"partial_fit must hold numbers of epochs, each above the one before and below "
            f"updates / batches_per_epoch = {updates / epoch:g}, got {calls}"
        )
    again = ("load_optimizer", "build")
    return Loop(
        updates,
        step_per="update" if step_every == "batch" else "epoch",
        batches_per_epoch=epoch,
        resume=[Resume(done * epoch, again, last_epoch=done - 1) for done in calls],
    )


def stable_baselines3_loop(
    total_timesteps: int,
    *,
    n_steps: int = 2048,
    n_envs: int = 1,
    batch_size: int = 64,
    n_epochs: int = 10,
) -> Loop:
    """Return the loop of Stable-Baselines3's PPO: one rate for all updates after a rollout.

    A rollout has n_steps * n_envs timesteps, and n_epochs * ceil(n_steps * n_envs / batch_size)
    updates follow it. The schedule's t is the number of timesteps done, which is at least one
    rollout and may pass total_timesteps in the last: a function f of progress_remaining is the
    schedule f(1 - t / total_timesteps). For A2C let batch_size be n_steps * n_envs, n_epochs 1.

    Args:
        total_timesteps: argument of `learn`, >= 1.
        n_steps: timesteps of a rollout in one environment, >= 1.
        n_envs: number of environments, >= 1.
        batch_size: timesteps in an update, >= 1.
        n_epochs: passes over a rollout, >= 1.

    Raises:
        ValueError, TypeError: an argument out of its range or of the wrong type.

    The first rate is one rollout below the start:

    >>> from course_lib.libraries import simulate_loop
    >>> from course_lib.schedules import linear
    >>> loop = stable_baselines3_loop(20, n_steps=5, batch_size=5, n_epochs=2)
    >>> simulate_loop(linear(0.4, 20), loop).rates.round(3)
    array([0.3, 0.3, 0.2, 0.2, 0.1, 0.1, 0. , 0. ])
    """
    size = check_count("n_steps", n_steps) * check_count("n_envs", n_envs)
    passes = check_count("n_epochs", n_epochs)
    after = passes * math.ceil(size / check_count("batch_size", batch_size))
    return Loop(
        updates=math.ceil(check_count("total_timesteps", total_timesteps) / size) * after,
        processes=size,
        step_per="epoch",
        batches_per_epoch=after,
        scheduler_first=True,
    )


def transformers_loop(
    updates: int,
    *,
    skipped: Iterable[int] = (),
    fused: bool = True,
    resume_at: int | None = None,
    resumed: SchedulerFactory | Schedule | None = None,
) -> Loop:
    """Return the loop of transformers' Trainer, perhaps resumed from a checkpoint.

    The scheduler steps once an update, with any gradient_accumulation_steps and number of
    processes; these change how many updates an epoch has. An update that mixed precision skips
    advances it with a fused optimizer, which optim="adamw_torch_fused" is, the default; with others
    it does not.

    A resumed run with another max_steps or num_train_epochs has the new schedule, at the old count,
    from its second update on: its first update still has the rate in the checkpoint. What the
    schedule multiplies is in the checkpoint too, so another learning_rate has no effect.

    Args:
        updates: number of updates of both runs together, skipped ones included, >= 1.
        skipped: updates, 0-based, whose gradients mixed precision finds infinite.
        fused: the optimizer is fused.
        resume_at: updates done at the checkpoint, >= 1 and < updates; None: one run.
        resumed: scheduler factory or schedule of the resumed run; None: the same.

    Raises:
        ValueError, TypeError: an argument out of its range or of the wrong type; `resumed` without
            `resume_at`.

    A run for 4 updates is resumed after 2, for 8:

    >>> from course_lib.libraries import simulate_loop
    >>> from course_lib.schedules import linear
    >>> loop = transformers_loop(8, resume_at=2, resumed=linear(0.8, 8))
    >>> simulate_loop(linear(0.8, 4), loop).rates.round(3)
    array([0.8, 0.6, 0.4, 0.5, 0.4, 0.3, 0.2, 0.1])
    """
    if resume_at is None and resumed is not None:
        raise ValueError("resume_at must be given with resumed, got None")
    return Loop(
        updates,
        skipped=skipped,
        step_when_skipped=fused,
        resume=None if resume_at is None else Resume(resume_at, scheduler_factory=resumed),
    )
