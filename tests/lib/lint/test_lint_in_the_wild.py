"""No false alarm: recipes, presets, recorded libraries and logs; and any schedule is looked at."""

import json
import math
import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.libraries.recorded import recorded
from course_lib.lint import lint
from course_lib.schedules import Phase, Schedule
from course_lib.schedules.catalogue import CATALOGUE
from course_lib.schedules.recipes import RECIPES
from course_lib.schedules.shapes import (
    Constant,
    Cosine,
    CosineWave,
    Drops,
    Exponential,
    InverseTime,
    Polynomial,
    Restarts,
    Triangle,
)
from tests.lib.lint.suspicious_rates import codes, problems

#: Arguments that say how long the run is. Without one, it is taken to be 100 updates.
LENGTHS = (
    *("total_steps", "total_step", "total_num_steps", "max_steps", "num_training_steps"),
    *("t_total", "num_iter", "max_iters", "steps", "t_max", "T_max", "num_steps", "decay_steps"),
)
#: (what was judged, code, library -> records): every problem that is found in a record's run.
JUDGED = (
    (
        "right: the record is of a rise and nothing else, such as a range test",
        "mostly-warmup",
        {
            "deepspeed": ("LRRangeTest",),
            "mlx": ("linear_schedule_up",),
            "monai": ("LinearLR", "ExponentialLR"),
        },
    ),
    (
        "right: the warmup was given as many updates as the run, or more",
        "mostly-warmup",
        {
            "deepspeed": ("WarmupDecayLR_T_below_W", "WarmupCosineLR_T_is_W"),
            "diffusers": ("warmup_beyond_the_end",),
            "open_clip": ("cosine_lr_all_warmup",),
            "paddlenlp": ("LinearDecayWithWarmup_10_point_0",),  # read as 10 times the run
            "torchtune": ("get_cosine_schedule_with_warmup_short",),
            "transformers": ("Trainer_cosine_share_0.99",),
        },
    ),
    (
        "right: after a warmup of half the run there is no update left for the decay",
        "mostly-warmup",
        {"pytorch_accelerated": ("CosineLrScheduler_half_warmup",)},
    ),
    (
        "right: the library's own warmup takes some thousand updates",
        "mostly-warmup",
        {
            "pytorch_warmup": ("UntunedLinearWarmup", "UntunedExponentialWarmup", "RAdamWarmup"),
            "schedulefree": ("RAdamScheduleFree",),
            "ultralytics": ("auto_MuSGD_bias",),  # three epochs of 4000 batches
        },
    ),
    (
        "right: a rate meant to fall rises with the square of the step",
        "mostly-warmup",
        {"pytorch_optimizer": ("PolyScheduler_square",)},
    ),
    (
        "right: the first update has a rate of its own, as no step was made before it",
        "spike",
        {
            "pytorch_accelerated": tuple(
                f"WSDLrScheduler_{kind}"
                for kind in ("warmup", "inverse", "3_checkpoints", "no_decay")
            ),
            "pytorch_optimizer": ("LinearScheduler", "CosineScheduler"),
            "speechbrain": (
                *("WarmAndExpDecayLRSchedule", "LinearWarmupScheduler", "NoamScheduler"),
                *("NoamScheduler_model_size", "NoamIntervalScheduler", "LinearNoamScheduler"),
                *("CyclicLRScheduler", "WarmCoolDecayLRSchedule", "TriStageLRSchedule"),
            ),
            "xgboost": tuple(
                f"LearningRateScheduler_{kind}" for kind in ("list", "function", "cosine")
            ),
        },
    ),
    (
        "right: so has this one, and the next rate is below a twentieth of it",
        "jump",
        {
            "pytorch_accelerated": tuple(
                f"WSDLrScheduler_{kind}"
                for kind in ("warmup", "inverse", "3_checkpoints", "no_decay")
            ),
            "speechbrain": ("WarmAndExpDecayLRSchedule", "NoamScheduler_model_size"),
        },
    ),
    (
        "right: from near its peak it falls to its minimum, since it has no second half",
        "jump",
        {"deepspeed": ("OneCycle_no_second_half",)},
    ),
    (
        "right: the decay begins to count before the warmup is over",
        "drop-after-warmup",
        {
            "fvcore": ("Composite_fixed",),
            "nemo": (
                *("WarmupHoldAnnealOneMinusSquareRoot_no_hold", "SquareRootAnnealing"),
                "PolynomialHoldDecayAnnealing_no_hold",
            ),
            "open_clip": ("const_lr_cooldown_in_warmup",),
        },
    ),
    (
        "right: a milestone lies within the warmup, or the warmup ends at another rate",
        "drop-after-warmup",
        {
            "detectron2": ("WarmupMultiStepLR_class",),
            "paddle": ("LinearWarmup_jump",),
            "pytorch_accelerated": ("CosineLrScheduler_warmup_ratio",),  # a fifth above the peak
            "pytorch_warmup": ("LinearWarmup_multistep",),
        },
    ),
    (
        "right: the decay ends early, as it was told to",
        "floor-held",
        {
            "composer": ("CosineAnnealingScheduler_ssr0.5",),  # scaled to half of the run
            "stable_baselines3": ("LinearSchedule", "A2C_LinearSchedule"),
            "torch": ("SWALR_cos", "SWALR_linear", "ReduceLROnPlateau_patience0"),
        },
    ),
    (
        "right: with two checkpoints the last decay ends in the middle of the run",
        "floor-held",
        {"pytorch_accelerated": ("WSDLrScheduler_2_checkpoints",)},
    ),
    (
        "right: nine tenths are gone early, as it was told to",
        "early-drop",
        {
            "diffusers": ("piecewise_constant",),
            "pytorch_optimizer": ("get_chebyshev_schedule_10",),  # ten epochs, counted as updates
            "torch": ("SWALR_cos", "SWALR_linear"),  # made to follow another schedule
        },
    ),
    (
        "right: a formula for epochs or updates falls with every update, batch or sample",
        "early-drop",
        {
            "keras": ("SGD_gradient_accumulation_steps_4",),
            "mmengine": ("ExponentialLR_converted",),
            "sklearn": ("MLPRegressor_invscaling", "MLPClassifier_invscaling_33"),
        },
    ),
    (
        "wrong, and lint cannot know: YOLO's biases come down from 0.1 in the warmup",
        "early-drop",
        {"ultralytics": ("SGD_accumulate_over_epochs",)},
    ),
    (
        "right: the decay ends early, or below 0, and the last updates train nothing",
        "dead-tail",
        {
            "keras": ("SGD_gradient_accumulation_steps_4",),
            "mmengine": ("ExponentialLR_converted",),
            "nemo": ("PolynomialHoldDecayAnnealing_no_hold",),
            "pytorch_accelerated": ("CosineLrScheduler_warmup_ratio",),  # by the warmup's length
            "speechbrain": ("CyclicCosineScheduler_running_product",),
            "stable_baselines3": (
                *("PPO_linear_schedule", "PPO_linear_schedule_negative", "PPO_continued"),
                "SAC_linear_schedule_all_steps",
            ),
            "thinc": ("slanted_triangular_negative",),
        },
    ),
    (
        "past the end: their lengths have other names",
        "dead-tail",
        {
            "lightly": ("CosineWarmupScheduler_warmup_end",),
            "mindspore": ("experimental.PolynomialLR",),
            "stable_baselines3": ("get_linear_fn",),
        },
    ),
    (
        "right: the rates go below 0 before the run is over",
        "negative",
        {
            "stable_baselines3": ("PPO_linear_schedule_negative", "SAC_linear_schedule_all_steps"),
            "thinc": ("slanted_triangular_negative",),
        },
    ),
    (
        "right: the cosine was given a part of the run, and comes back",
        "climbs-back",
        {
            "diffusers": ("cosine_1.5_cycles",),
            "lightly": ("CosineWarmupScheduler_period",),
            "paddle": ("cosine_decay",),  # ten epochs, counted as updates
            "paddlenlp": ("CosineDecayWithWarmup",),
            "torchtune": ("get_cosine_schedule_with_warmup_cycles",),
            "transformers": ("cosine_num_cycles_1",),
        },
    ),
    (
        "past the end: a warmup of 10 updates and a cosine of 50",
        "climbs-back",
        {"mindspore": ("experimental.SequentialLR",), "paddle": ("LinearWarmup_cosine",)},
    ),
    (
        "right: the run is no whole number of cycles",
        "cycle-cut",
        {
            "ignite": ("LinearCyclicalScheduler",),
            "paddle": ("CyclicLR_triangular2",),
            "skorch": ("LRScheduler_CyclicLR_batch",),
            "speechbrain": ("CyclicLRScheduler",),
            "thinc": ("cyclic_triangular",),
            "torch": ("CyclicLR_triangular", "CyclicLR_triangular2", "CyclicLR_exp_range"),
        },
    ),
    (
        "right: a factor is taken off again in mid-run, as it was told to",
        "broken-curve",
        {"mmengine": ("ConstantLR", "four_in_a_row")},
    ),
    (
        "right: the cooldown does not begin where the decay has got to",
        "broken-curve",
        {"speechbrain": ("WarmCoolDecayLRSchedule",)},
    ),
    (
        "right: after the decay for a checkpoint the rate is at its peak again",
        "broken-curve",
        {"pytorch_accelerated": ("WSDLrScheduler_2_checkpoints",)},
    ),
    (
        "right: the warmup's goal falls at the end of every epoch",
        "broken-curve",
        {"ultralytics": ("SGD_warmup_capped",)},
    ),
    (
        "past the end: after its 95 updates the rate goes back up to its floor",
        "broken-curve",
        {"pytorch_optimizer": ("get_wsd_schedule",)},
    ),
)
RECORDS = [
    pytest.param(library, name, record, id=f"{library} {name}")
    for library, records in recorded().items()
    for name, record in records.items()
]


def length(record):
    """Return for how many updates a record is meant to run, at most those that it has."""
    arguments = record.arguments
    told = [arguments[name] for name in LENGTHS if isinstance(arguments.get(name), int | float)]
    if {"num_epochs", "updates_per_epoch"} <= arguments.keys():  # timm
        told = [arguments["num_epochs"] * arguments["updates_per_epoch"]]
    known = np.count_nonzero(np.isfinite(record.rates))
    # Three epochs of 100 batches in one record, a run of 100 updates in every other.
    return min(int(told[0]) if told and told[0] >= 2 else known if known == 300 else 100, known)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_has_no_finding_but_one_on_its_length(name):
    recipe = RECIPES[name]
    found = codes(recipe.schedule, recipe.total_steps)
    # GPT-3 holds its floor for 13 % of the run, and says so in its recipe.
    assert found == (["horizon-mismatch"] if name == "GPT-3 175B" else [])


@pytest.mark.parametrize("total", [10, 12, 20, 90, 100, 200, 1000, 10_000])
@pytest.mark.parametrize("name", CATALOGUE)
def test_a_preset_with_its_customary_shape_has_none(name, total):
    schedule = CATALOGUE[name].schedule(0.1, total)
    rates = schedule(np.arange(total))
    assert codes(schedule, total) == []
    assert codes(rates, total) == []
    assert codes(rates.astype(np.float32), total) == []
    assert codes([float(f"{rate:.3g}") for rate in rates], total) == []


@pytest.mark.parametrize(("library", "name", "record"), RECORDS)
def test_a_recorded_library_has_no_problem_but_those_that_were_judged(library, name, record):
    total = length(record)
    judged = [code for _, code, records in JUDGED if name in records.get(library, ())]
    rates = record.rates[np.isfinite(record.rates)][:total]
    assert sorted(problems(rates, total)) == sorted(judged)


def test_no_judgement_outlives_its_record():
    judged = {
        (one, name) for _, _, where in JUDGED for one, names in where.items() for name in names
    }
    assert judged <= {(library, name) for library, name, _ in (one.values for one in RECORDS)}


def logs_of_real_runs():
    path = os.environ.get("LR_COURSE_REAL_LOGS")
    if not path:
        pytest.skip("LR_COURSE_REAL_LOGS does not name the file of real logs")
    for log in json.loads(Path(path).read_text(encoding="utf-8")):
        for group, rates in log["lr"].items():
            numbers = [rate for rate in rates if isinstance(rate, int | float)]
            if len(numbers) > 1:
                yield log, group, numbers


def test_no_log_of_a_healthy_run_has_a_problem():
    wrong = {
        (log["id"], group): found
        for log, group, rates in logs_of_real_runs()
        if not log["verdict"]["real_problem"] and (found := problems(rates, len(rates)))
    }
    assert wrong == {}


#: What people said of the runs whose rates alone show that something is wrong.
SEEN = r"jump from|step of|one step|restored|warmup|at the peak|after the only drop"


def test_the_broken_runs_that_show_it_in_their_rates_have_one():
    found = {}
    for log, _, rates in logs_of_real_runs():
        if any(re.search(SEEN, said) for said in log["verdict"]["real_problem"]):
            found.setdefault(log["id"], []).extend(problems(rates, len(rates)))
    assert len(found) >= 13
    assert [log for log, codes_of in found.items() if not codes_of] == []


rate = st.floats(1e-5, 1.0)
updates = st.integers(1, 40)
shapes = st.one_of(
    st.just(Constant()),
    st.just(Polynomial()),
    st.builds(Polynomial, st.floats(0.2, 4.0)),
    st.just(Cosine()),
    st.builds(Drops, st.floats(0.05, 1.0), updates),
    st.builds(Exponential, st.floats(0.5, 1.0)),
    st.builds(InverseTime, st.floats(0.0, 2.0)),
    st.builds(CosineWave, st.floats(1.0, 30.0)),
    st.builds(Restarts, st.floats(1.0, 30.0), st.floats(1.0, 2.0)),
    st.builds(Triangle, st.floats(2.0, 30.0)),
)
schedules = st.lists(st.builds(Phase, updates, rate, rate, shapes), min_size=1, max_size=4).map(
    lambda phases: Schedule(tuple(phases))
)


@settings(max_examples=300, deadline=None)
@given(schedule=schedules, total=st.integers(1, 120), loop=st.integers(1, 120))
def test_any_schedule_gives_the_same_findings_each_time_in_range(schedule, total, loop):
    findings = lint(schedule, total, loop_steps=loop)
    assert findings == lint(schedule, total, loop_steps=loop)
    longest = 1.1 * max(total, loop, schedule.total_steps) + 10
    assert all(0 <= f.first_step <= f.last_step < longest for f in findings)
    assert len({f.code for f in findings}) == len(findings)


@settings(max_examples=300, deadline=None)
@given(schedule=schedules, total=st.integers(1, 120), power=st.integers(-40, 40))
def test_the_unit_of_the_rate_does_not_matter_to_a_schedule(schedule, total, power):
    scaled = Schedule(
        tuple(
            Phase(one.steps, math.ldexp(one.start, power), math.ldexp(one.end, power), one.shape)
            for one in schedule.phases
        )
    )
    assert codes(scaled, total) == codes(schedule, total)
    rates = schedule(np.arange(total))
    assert codes(np.ldexp(rates, power), total) == codes(rates, total)
