"""The loops of other libraries, simulated, beside the rates that real runs of them had."""

import json
import math
import os
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from course_lib.libraries import framework_loops, from_library
from course_lib.libraries.framework_loops import (
    accelerate_loop,
    keras_loop,
    lightning_loop,
    optax_loop,
    skorch_loop,
    stable_baselines3_loop,
    transformers_loop,
)
from course_lib.libraries.recorded import recorded
from course_lib.libraries.simulate import simulate_loop
from course_lib.libraries.torch_scheduler import as_torch_scheduler
from course_lib.schedules import linear
from records import stored
from records.drivers.torch_loop import build
from records.libraries import pins_of
from records.loops.__main__ import FOLDER, LOOPS

RECORDS = {path.stem: stored.read(path.stem, FOLDER) for path in sorted(FOLDER.glob("*.json"))}
CASES = [(library, key) for library, part in RECORDS.items() for key in part["schedules"]]
FLOAT32 = {"keras": 2e-7, "optax": 2e-7}


def simulated(library, arguments, applied):
    """The simulation of a recorded loop, of which so many updates were applied."""
    given, loop_of = arguments["loop"], getattr(framework_loops, f"{library}_loop")
    updates = arguments.get("updates", applied)  # counted in the record where some are skipped
    if library == "optax":
        updates = arguments["batches"] // given.get("every_k_schedule", 1)
    if library == "transformers":
        return simulate_loop(*of_trainer(arguments, updates))
    kind, options = arguments["scheduler"]
    if library in ("keras", "optax"):
        return simulate_loop(
            from_library(f"{library}.{kind}", **options), loop_of(updates, **given)
        )

    def factory(optimizer, **more):
        return build(kind, optimizer, {**options, **more})

    return simulate_loop(factory, loop_of(updates, **given), base_lr=arguments["base_lr"])


def of_trainer(arguments, updates):
    """The schedule of a Trainer's first run, and the loop that may go on to another."""

    def schedule(examples, optim=None, **given):
        batches = math.ceil(examples / arguments.get("processes", 1))
        return from_library("transformers.TrainingArguments", **given, batches_per_epoch=batches)

    first, then, more = arguments["trainer"], arguments.get("resumed"), {}
    if then:  # another learning_rate has no effect
        more["resumed"] = schedule(**{**then, "learning_rate": first["learning_rate"]})
    return schedule(**first), transformers_loop(updates, **arguments["loop"], **more)


@pytest.mark.parametrize(("library", "key"), CASES, ids=lambda text: text.replace(" ", "-"))
def test_a_simulated_loop_has_the_rates_of_the_real_one(library, key):
    record = RECORDS[library]["schedules"][key]
    wanted = np.array(record["values"])
    result = simulated(library, record["arguments"], wanted.size)
    assert result.error is None
    allowed = FLOAT32.get(library, 1e-12) * np.abs(wanted).max()
    np.testing.assert_allclose(result.rates, wanted, rtol=0, atol=allowed)


def test_the_rates_of_a_record_move_except_where_lightning_never_steps():
    still = [
        (library, key)
        for library, key in CASES
        if len(set(RECORDS[library]["schedules"][key]["values"])) == 1
    ]
    assert still == [("lightning", "steps, frequency above the epoch")]


def test_every_recorded_loop_has_its_driver_with_the_release_that_ran():
    assert LOOPS.keys() == RECORDS.keys()
    for library, part in RECORDS.items():
        assert f"{library}=={part['version']}" in pins_of(LOOPS[library])
        text = (FOLDER / f"{library}.json").read_text(encoding="utf-8")
        assert stored.text(part) == text


def run_again(library, tmp_path):
    """The rates of the installed library, in the loops that were recorded."""
    plans, found = tmp_path / "plans.json", tmp_path / "found.json"
    records = RECORDS[library]["schedules"]
    asked = {key: {**plan, "updates": 0} for key, plan in stored.plans(records).items()}
    plans.write_text(json.dumps(asked), encoding="utf-8")
    command = [sys.executable, "-m", f"records.loops.of_{library}", str(plans), str(found)]
    home = LOOPS[library].parents[2]
    subprocess.run(command, check=True, cwd=home, env=os.environ)
    return json.loads(found.read_text(encoding="utf-8"))["schedules"]


def check_runs_again(library, tmp_path):
    for key, again in run_again(library, tmp_path).items():
        wanted = RECORDS[library]["schedules"][key]["values"]
        np.testing.assert_allclose(again["values"], wanted, rtol=1e-6, err_msg=key)


def test_the_installed_keras_has_the_recorded_rates(tmp_path, needs_keras):
    check_runs_again("keras", tmp_path)


def test_the_installed_optax_has_the_recorded_rates(tmp_path, needs_optax):
    check_runs_again("optax", tmp_path)


def test_inject_hyperparams_rounds_numbers_to_bfloat16_and_keeps_the_rates(needs_optax):
    jnp, optax = pytest.importorskip("jax.numpy"), pytest.importorskip("optax")
    weights = {"only": jnp.ones(2, jnp.bfloat16)}
    make = optax.inject_hyperparams(optax.adam)
    state = make(optax.linear_schedule(0.999, 0.0, 1000), b2=0.999).init(weights)
    assert float(state.hyperparams["b2"]) == 1
    assert float(state.hyperparams["learning_rate"]) == np.float32(0.999)
    wide = optax.inject_hyperparams(optax.adam, hyperparam_dtype=jnp.float32)
    assert float(wide(0.1, b2=0.999).init(weights).hyperparams["b2"]) == np.float32(0.999)
    for word in ("b2=0.999", "bfloat16", "hyperparam_dtype=jnp.float32"):
        assert word in optax_loop.__doc__


# --- Stable-Baselines3, whose rates are recorded for its converter ------------------------------


def of_algorithm(name, *, total_timesteps, learning_rate, n_steps=5, n_envs=1, **more):
    """The rates of PPO or A2C by our simulation."""
    kind, given = learning_rate
    if name == "A2C":
        more = {"batch_size": n_steps * n_envs, "n_epochs": 1}
    loop = stable_baselines3_loop(total_timesteps, n_steps=n_steps, n_envs=n_envs, **more)
    if kind == "linear_schedule":  # below 0 where the last rollout passes the total

        def falling(t):
            return (1 - t / total_timesteps) * given["initial_value"]

        return simulate_loop(partial(as_torch_scheduler, schedule=falling), loop).rates
    asked = from_library(f"stable_baselines3.{kind}", **given, total_timesteps=total_timesteps)
    return simulate_loop(asked, loop).rates


@pytest.mark.parametrize(
    ("key", "record"),
    [
        (key, record)
        for key, record in recorded()["stable_baselines3"].items()
        if record.name.partition(".")[2] in ("PPO", "A2C")
        and "learning_rate" in record.arguments
        and "num_timesteps" not in record.arguments
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_stable_baselines3_asks_its_schedule_once_a_rollout(key, record):
    wanted = record.rates[np.isfinite(record.rates)]
    rates = of_algorithm(record.name.partition(".")[2], **record.arguments)
    assert rates.size == wanted.size or wanted.size == 106 < rates.size
    np.testing.assert_allclose(rates[: wanted.size], wanted, rtol=0, atol=1e-12 * wanted.max())


# --- what the records say of the libraries ------------------------------------------------------


def values(library, key):
    return np.array(RECORDS[library]["schedules"][key]["values"])


def test_accelerate_leaves_one_cycle_at_a_negative_rate():
    rates = values("accelerate", "two processes, OneCycleLR, linear")
    assert rates.size == 12
    assert (rates[7:] < -0.05).all()
    assert len(set(rates[7:])) == 1


def test_skorch_falls_back_to_the_epochs_and_multiplies_a_milestone_twice():
    fell = values("skorch", "two calls of partial_fit, by batch")
    np.testing.assert_allclose(fell[4:8], [0.5, 0.6, 0.3, 0.4])
    beside, at = (values("skorch", f"StepLR, a call {w} a milestone") for w in ("beside", "at"))
    np.testing.assert_allclose(beside[[8, 9, -1]], [0.1, 0.05, 0.025])
    np.testing.assert_allclose(at[[8, 9, -1]], [0.1, 0.025, 0.0125])


def test_a_resumed_trainer_has_its_old_rate_once_and_its_old_peak_for_ever():
    rates = values("transformers", "resumed with more steps")
    np.testing.assert_allclose(rates[2:6], [0.1 * 4 / 6, 0.1 * 3 / 6, 0.1 * 8 / 12, 0.1 * 7 / 12])
    halved = values("transformers", "resumed with another rate")
    assert halved[5] > 0.05


# --- bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "arguments", "error", "words"),
    [
        (accelerate_loop, {"num_processes": 0}, ValueError, "num_processes must be >= 1, got 0"),
        (
            accelerate_loop,
            {"gradient_accumulation_steps": 1.5},
            TypeError,
            "gradient_accumulation_steps must be a whole number",
        ),
        (accelerate_loop, {"skipped": [9]}, ValueError, "skipped must be < updates=9, got 9"),
        (accelerate_loop, {"frequency": 2}, TypeError, "unexpected keyword argument 'frequency'"),
        (keras_loop, {"callback": True}, ValueError, "batches_per_epoch must be given with callb"),
        (
            keras_loop,
            {"gradient_accumulation_steps": 1},
            ValueError,
            "gradient_accumulation_steps must be >= 2, got 1",
        ),
        (
            keras_loop,
            {"gradient_accumulation_steps": 2, "skipped": [1]},
            ValueError,
            r"skipped must be empty with gradient_accumulation_steps=2, got \[1\]",
        ),
        (lightning_loop, {"interval": "batch"}, ValueError, "interval must be 'step' or 'epoch'"),
        (lightning_loop, {}, ValueError, "batches_per_epoch must be given with interval='epoch'"),
        (
            lightning_loop,
            {"interval": "step", "frequency": 2},
            ValueError,
            "batches_per_epoch must be given with frequency=2",
        ),
        (
            lightning_loop,
            {"accumulate_grad_batches": 0, "interval": "step"},
            ValueError,
            "accumulate_grad_batches must be >= 1",
        ),
        (
            optax_loop,
            {"every_k_schedule": 2, "nonfinite": [1]},
            ValueError,
            r"nonfinite must be empty with every_k_schedule=2, got \[1\]",
        ),
        (optax_loop, {"nonfinite": [9]}, ValueError, "nonfinite must be < updates=9, got 9"),
        (optax_loop, {"max_consecutive_errors": -1}, ValueError, "max_consecutive_errors must"),
        (
            skorch_loop,
            {"batches_per_epoch": 3, "step_every": "update"},
            ValueError,
            "step_every must be 'epoch' or 'batch', got 'update'",
        ),
        (
            skorch_loop,
            {"batches_per_epoch": 3, "partial_fit": [3]},
            ValueError,
            r"below updates / batches_per_epoch = 3, got \[3\]",
        ),
        (
            skorch_loop,
            {"batches_per_epoch": 3, "partial_fit": [2, 1]},
            ValueError,
            r"each above the one before .* got \[2, 1\]",
        ),
        (stable_baselines3_loop, {"n_envs": 0}, ValueError, "n_envs must be >= 1, got 0"),
        (
            transformers_loop,
            {"resumed": linear(0.1, 9)},
            ValueError,
            "resume_at must be given with resumed, got None",
        ),
        (transformers_loop, {"resume_at": 9}, ValueError, r"resume\.at must be < updates=9, got 9"),
    ],
)
def test_bad_arguments_are_named(make, arguments, error, words):
    with pytest.raises(error, match=words):
        make(9, **arguments)
