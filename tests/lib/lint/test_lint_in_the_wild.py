"""No false alarm: recipes, presets, recorded libraries and logs; and any schedule is looked at."""

import json
import math
import os
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
from tests.lib.lint.suspicious_rates import codes

OF_THE_SHAPE = {
    *("jump", "climbs-back", "cycle-cut", "floor-held", "milestone-past-end"),
    *("drop-after-warmup", "spike", "broken-curve"),
}
#: (library, record) -> what is found in its first 100 updates, and why that is right
DESERVED = {
    ("torch", "CosineAnnealingLR_T50"): {"climbs-back"},  # T_max is half of the run
    ("torch", "CyclicLR_triangular"): {"cycle-cut"},  # cycles of 40 updates
    ("torch", "CyclicLR_triangular2"): {"cycle-cut"},
    ("torch", "CyclicLR_exp_range"): {"cycle-cut"},
    ("ignite", "LinearCyclicalScheduler"): {"cycle-cut"},
    ("torch", "ReduceLROnPlateau_patience0"): {"floor-held"},  # the metric stands still half way
    ("torch", "SWALR_cos"): {"floor-held"},  # made to follow another schedule
    ("torch", "SWALR_linear"): {"floor-held"},
    ("composer", "CosineAnnealingScheduler_ssr0.5"): {"floor-held"},  # scaled to half of the run
}
#: The libraries whose records were gone through one by one.
READ = (
    *("composer", "fastai", "ignite", "keras", "megatron-lm", "modded-nanogpt", "nanogpt", "optax"),
    *("schedulefree", "timm", "torch", "torchtitan", "transformers"),
)
NOT_READ = ("create_scheduler_v2", "Trainer_")  # of timm and transformers
RECORDS = [
    pytest.param(library, name, record, id=f"{library} {name}")
    for library in READ
    for name, record in recorded()[library].items()
    if not name.startswith(NOT_READ)
]


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
def test_a_recorded_library_has_none_of_its_shape(library, name, record):
    rates = record.rates[np.isfinite(record.rates)]
    # Three epochs of 100 batches in one record, a run of 100 updates in every other.
    total = 300 if len(rates) == 300 else min(len(rates), 100)
    assert set(codes(rates[:total], total)) & OF_THE_SHAPE == DESERVED.get((library, name), set())


def test_nothing_outlives_its_reason():
    assert DESERVED.keys() <= {(library, name) for library, name, _ in (p.values for p in RECORDS)}


def logs_of_real_runs():
    path = os.environ.get("LR_COURSE_REAL_LOGS")
    if not path:
        pytest.skip("LR_COURSE_REAL_LOGS does not name the file of real logs")
    for log in json.loads(Path(path).read_text(encoding="utf-8")):
        for group, rates in log["lr"].items():
            numbers = [rate for rate in rates if isinstance(rate, int | float)]
            if len(numbers) > 1:
                yield log, group, numbers


def evenly_spaced(log):
    """Whether the rows are some whole number of updates or epochs apart, as lint takes them."""
    at = log["step"] or log["epoch"]
    return at is not None and not log["other"].get("thinned") and np.ptp(np.diff(at)) == 0


def test_no_log_of_a_healthy_run_is_called_broken():
    wrong = {
        (log["id"], group): found
        for log, group, rates in logs_of_real_runs()
        if not log["verdict"]["real_problem"] and evenly_spaced(log)
        if (found := set(codes(rates, len(rates))) & (OF_THE_SHAPE - {"jump"}))
    }
    assert wrong == {}


def test_resumes_and_climbs_in_real_logs_are_found():
    found = {
        log["id"]: set(codes(rates, len(rates)))
        for log, _, rates in logs_of_real_runs()
        if any(
            word in str(log["verdict"]["real_problem"])
            for word in ("jump from", "step of", "one step")
        )
    }
    assert found
    assert all(codes_of & OF_THE_SHAPE for codes_of in found.values())


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
