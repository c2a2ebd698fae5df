"""simulate_loop: a right loop gets the schedule, and a loop that makes no sense is refused."""

import math
import warnings
from functools import partial

import numpy as np
import pytest
from torch.optim import SGD, Adagrad, Adam
from torch.optim.lr_scheduler import ReduceLROnPlateau

from course_lib.libraries.simulate import Loop, Resume, simulate_loop
from course_lib.libraries.torch_scheduler import as_torch_scheduler
from course_lib.schedules import cosine, linear
from tests.lib.libraries.loop_rates import COSINE_10, COSINE_100, STEP_3, cosine_of, near, rates

# --- the loop itself ---------------------------------------------------------------------------


def test_a_right_loop_gets_the_schedule():
    result = simulate_loop(COSINE_100, Loop(updates=100))
    assert repr(result) == (
        "<LoopResult: 100 updates, rates 0.1 to 2.467e-05, scheduler_steps=100, warnings=0, "
        "error=None>"
    )
    assert result.rates == near(cosine_of(np.arange(100), 100))
    assert result.rates.dtype == np.float64
    assert result.attempts.tolist() == list(range(100))
    assert (result.scheduler_steps, result.warnings, result.error) == (100, (), None)


def test_the_recorded_rates_are_those_the_parameter_moves_by():
    params = []

    def optimizer_factory(parameters, lr):
        params.extend(parameters)
        return SGD(parameters, lr=lr)

    loop = Loop(updates=50, accumulate=3, step_per="batch", skipped=[7], scheduler_first=True)
    result = simulate_loop(COSINE_10, loop, optimizer_factory=optimizer_factory)
    assert -params[0].item() == near(result.rates.sum())


def test_our_own_scheduler_runs_in_it_and_resumes_to_the_bit():
    schedule = cosine(0.2, 10)
    got = rates(partial(as_torch_scheduler, schedule=schedule), Loop(updates=12, resume=Resume(5)))
    assert np.array_equal(got, schedule(np.arange(12)))


@pytest.mark.parametrize(
    ("factory", "momentum"),
    [(partial(SGD, momentum=0.9), 0.9), (partial(Adam, betas=(0.8, 0.99)), 0.8), (Adagrad, None)],
)
def test_momentum_is_recorded_where_there_is_one(factory, momentum):
    result = simulate_loop(STEP_3, Loop(updates=2), optimizer_factory=factory)
    assert (
        result.momentum is None if momentum is None else result.momentum.tolist() == [momentum] * 2
    )


def test_warnings_of_the_loop_stay_in_the_result():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = simulate_loop(STEP_3, Loop(updates=3, step_arguments=[0, 1, 2]))
    assert caught == []
    assert len(result.warnings) == 1  # the same message three times
    assert "The epoch parameter in `scheduler.step()`" in result.warnings[0]


def test_a_scheduler_stepped_per_update_does_not_see_accumulation():
    loop = Loop(updates=6, accumulate=4)
    assert rates(STEP_3, loop) == near([0.1] * 3 + [0.01] * 3)


def test_an_epoch_may_end_with_an_update_of_fewer_batches():
    loop = Loop(updates=5, accumulate=3, batches_per_epoch=4, update_at_epoch_end=True)
    assert [loop.batches_of(u) for u in range(3)] == [range(3), range(3, 4), range(4, 7)]
    assert Loop(updates=5, accumulate=3, batches_per_epoch=4).batches_of(1) == range(3, 6)


def test_frequency_leaves_out_epochs_and_batches():
    epochs = Loop(updates=8, step_per="epoch", batches_per_epoch=2, frequency=2)
    assert rates(linear(8, 8), epochs) == near([8] * 4 + [7] * 4)
    batches = Loop(updates=8, batches_per_epoch=5, frequency=2)
    assert rates(linear(8, 8), batches) == near([8, 8, 7, 7, 6, 6, 6, 5])


def test_a_schedule_sets_every_group_and_goes_on_from_its_count():
    loop = Loop(updates=6, resume=[Resume(2), Resume(4, ("build",), last_epoch=0)])
    result = simulate_loop(linear(8, 8), loop, base_lr=[0.1, 0.2])
    assert result.warnings == ()
    assert result.group_rates == near(np.transpose([[8, 7, 6, 5, 7, 6]] * 2))


def test_a_schedule_of_another_resumed_run_acts_from_the_second_update_on():
    loop = Loop(updates=6, resume=Resume(3, scheduler_factory=linear(80, 8)))
    assert rates(linear(8, 8), loop) == near([8, 7, 6, 5, 40, 30])


def test_last_epoch_reaches_the_factory_of_a_resumed_run():
    again = Resume(4, ("load_optimizer", "build"), last_epoch=1)
    assert rates(STEP_3, Loop(updates=6, resume=again)) == near([0.1] * 3 + [0.01] * 2 + [1e-3])


# --- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"updates": 0}, ValueError, "updates must be >= 1, got 0"),
        ({"updates": 2.5}, TypeError, r"updates must be a whole number, got 2\.5"),
        ({"accumulate": 0}, ValueError, "accumulate must be >= 1"),
        ({"processes": True}, TypeError, "processes must be a whole number"),
        ({"batches_per_epoch": 0}, ValueError, "batches_per_epoch must be >= 1"),
        ({"step_per": "step"}, ValueError, "step_per must be one of .*'update'.*got 'step'"),
        ({"step_per": "epoch"}, ValueError, "batches_per_epoch must be given with"),
        ({"skipped": [10]}, ValueError, "skipped must be < updates=10, got 10"),
        ({"skipped": [-1]}, ValueError, "skipped must be >= 0"),
        (
            {"step_when_skipped": False, "step_per": "batch"},
            ValueError,
            "step_when_skipped=False needs step_per='update'",
        ),
        ({"step_when_skipped": False, "scheduler_first": True}, ValueError, "step_when_skipped"),
        ({"lr_overrides": {10: 0.1}}, ValueError, "lr_overrides must be < updates=10, got 10"),
        ({"lr_overrides": {3: math.nan}}, ValueError, r"lr_overrides\[3\] must be finite"),
        ({"frequency": 0}, ValueError, "frequency must be >= 1, got 0"),
        ({"frequency": 2}, ValueError, "batches_per_epoch must be given with frequency=2"),
        (
            {"update_at_epoch_end": True},
            ValueError,
            "batches_per_epoch must be given with update_at_epoch_end=True",
        ),
        (
            {"frequency": 2, "batches_per_epoch": 3, "scheduler_first": True},
            ValueError,
            "frequency must be 1 with scheduler_first, got 2",
        ),
        ({"resume": [Resume(3), Resume(3)]}, ValueError, r"resume must be .* got at = \[3, 3\]"),
        ({"resume": [Resume(3), 5]}, TypeError, "resume must hold nothing but Resume, got 5"),
        ({"resume": Resume(10)}, ValueError, r"resume\.at must be < updates=10, got 10"),
    ],
)
def test_bad_loops_are_named(fields, error, words):
    with pytest.raises(error, match=words):
        Loop(**{"updates": 10, **fields})


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((0,), ValueError, "at must be >= 1, got 0"),
        ((3, ("load_optimizer",)), ValueError, "restore must hold 'build' once"),
        ((3, ("build", "build")), ValueError, "restore must hold 'build' once"),
        ((3, ("build", "load")), ValueError, "restore must hold .* no other words"),
        ((3, ("load_scheduler", "build")), ValueError, "'build' before 'load_scheduler'"),
        ((3, ("build",), None, -1), ValueError, "last_epoch must be >= 0, got -1"),
    ],
)
def test_bad_resumes_are_named(arguments, error, words):
    with pytest.raises(error, match=words):
        Resume(*arguments)


def test_bad_arguments_are_named_and_are_not_results():
    loop = Loop(updates=3)
    with pytest.raises(TypeError, match="scheduler_factory must be callable, got 3"):
        simulate_loop(3, loop)
    with pytest.raises(TypeError, match="scheduler_factory must return a scheduler, got None"):
        simulate_loop(lambda optimizer: None, loop)
    with pytest.raises(TypeError, match="loop must be a Loop, got 3"):
        simulate_loop(STEP_3, 3)
    with pytest.raises(TypeError, match="optimizer_factory must be callable, got 3"):
        simulate_loop(STEP_3, loop, optimizer_factory=3)
    with pytest.raises(ValueError, match="base_lr must be finite"):
        simulate_loop(STEP_3, loop, base_lr=-1.0)
    with pytest.raises(ValueError, match=r"step_arguments must be empty for a schedule.*\(1\.0,\)"):
        simulate_loop(linear(0.1, 3), Loop(updates=3, step_arguments=[1.0]))
    short = Loop(updates=3, step_arguments=[1.0, 1.0])
    with pytest.raises(ValueError, match=r"step_arguments must hold one .* got 2"):
        simulate_loop(ReduceLROnPlateau, short)
