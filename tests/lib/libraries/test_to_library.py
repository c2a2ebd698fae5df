"""Code written for other libraries: it is run, and its rates are compared step by step."""

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.libraries.to_code import CannotExpress, to_library
from course_lib.schedules import (
    Phase,
    Schedule,
    constant,
    cosine,
    cosine_restarts,
    exponential,
    inverse_sqrt,
    inverse_time,
    join,
    linear,
    multi_step,
    one_cycle,
    polynomial,
    repeat,
    step_decay,
    triangular,
    warmup,
    warmup_cosine,
    warmup_linear,
    wsd,
)
from course_lib.schedules.shapes import CosineWave
from tests.lib.libraries.preset_schedules import PRESETS

LIBRARIES = ("torch", "optax", "keras", "transformers")
TRANSFORMERS_CAN = {
    "constant": "get_constant_schedule(",
    "constant, cut": "get_constant_schedule(",
    "linear": "get_linear_schedule_with_warmup",
    "linear, floor": "get_polynomial_decay_schedule_with_warmup",
    "polynomial": "get_polynomial_decay_schedule_with_warmup",
    "polynomial, floor": "get_polynomial_decay_schedule_with_warmup",
    "cosine": "get_cosine_with_hard_restarts_schedule_with_warmup",
    "cosine, floor": "get_wsd_schedule",
    "ends constant": "get_wsd_schedule",
    "warmup + cosine": "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
    "warmup + cosine, floor": "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
    "warmup from 0 + cosine": "get_cosine_with_hard_restarts_schedule_with_warmup",
    "warmup from 0 + cosine, floor": "get_cosine_with_min_lr_schedule_with_warmup(",
    "warmup from 0 + linear": "get_linear_schedule_with_warmup",
    "warmup from 0 + polynomial": "get_polynomial_decay_schedule_with_warmup",
    "warmup from 0 + constant": "get_constant_schedule_with_warmup",
    "WSD from its floor": "get_wsd_schedule",
    "cosines, equal": "get_cosine_with_hard_restarts_schedule_with_warmup",
    "cosine wave": "get_cosine_schedule_with_warmup",
    "scaled": "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
    "negative": "get_polynomial_decay_schedule_with_warmup",
}
GROWING = {"cosine restarts x2", "cosine restarts x1.5", "warmup + cosine restarts"}
CANNOT = {
    "torch": set(),
    "optax": GROWING,
    "keras": GROWING - {"cosine restarts x2"},
    "transformers": set(PRESETS) - set(TRANSFORMERS_CAN),
}


def expected(schedule, past=5):
    last = schedule.total_steps if schedule.total_steps < math.inf else 150
    return schedule(np.arange(int(last) + 1 + past))


def torch_rates(code, steps):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=123.0, momentum=0.9)
    names = {"optimizer": optimizer}
    rates = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(code, "generated", "exec"), names)
        for _ in range(steps):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            names["scheduler"].step()
    assert optimizer.param_groups[0]["momentum"] == 0.9
    return np.array(rates)


def check_torch(schedule, code=None):
    rates = expected(schedule)
    got = torch_rates(code or to_library(schedule, "torch"), rates.size)
    np.testing.assert_allclose(got, rates, rtol=0, atol=1e-12 * max(1e-300, abs(rates).max()))


@pytest.mark.parametrize("schedule", PRESETS.values(), ids=PRESETS)
def test_torch_gives_the_same_rates_and_holds_the_end(schedule):
    check_torch(schedule)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("constant", ["ConstantLR("]),
        ("step decay", ["StepLR(", "step_size=30, gamma=0.5"]),
        ("multi-step", ["MultiStepLR(", "milestones=[30, 60, 90], gamma=0.1"]),
        ("exponential", ["ExponentialLR(", "gamma=0.99"]),
        ("linear", ["LinearLR(", "total_iters=100"]),
        ("polynomial", ["PolynomialLR(", "power=2.0"]),
        ("cosine", ["CosineAnnealingLR(", "T_max=100", "milestones=[100]"]),
        ("cosine restarts x2", ["CosineAnnealingWarmRestarts(", "T_0=10, T_mult=2"]),
        ("warmup + cosine, floor", ["LinearLR(", "eta_min=0.001", "milestones=[10, 100]"]),
        ("warmup + cosine restarts", ["CosineAnnealingWarmRestarts(", "milestones=[10]"]),
        ("triangular", ["CyclicLR(", "step_size_up=10", "cycle_momentum=False"]),
        ("triangular2", ['mode="triangular2"']),
        ("exp_range", ['mode="exp_range"']),
        ("cosine wave", ["CosineAnnealingLR(", "T_max=50"]),
        ("1-cycle", ["LambdaLR("]),
        ("warmup from 0 + linear", ["LambdaLR("]),
    ],
)
def test_torch_code_uses_torchs_own_schedulers_where_they_agree(name, words):
    code = to_library(PRESETS[name], "torch")
    for word in [*words, "scheduler.step() once after each optimizer.step()", "# not epochs"]:
        assert word in code


def test_torch_code_sets_the_rate_of_an_optimizer_that_had_a_scheduler_before():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=5.0)
    torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    exec(to_library(warmup_linear(0.1, 10, 50), "torch"), {"optimizer": optimizer})
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.01)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", PRESETS)
def test_the_text_is_python_without_this_package(name, library):
    try:
        code = to_library(PRESETS[name], library)
    except CannotExpress:
        return
    compile(code, "generated", "exec")
    assert "course_lib" not in code


def refusals(library):
    """The presets that a library cannot express, with what it says."""
    said = {}
    for name, schedule in PRESETS.items():
        try:
            to_library(schedule, library)
        except CannotExpress as error:
            said[name] = str(error)
    return said


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_a_library_cannot_express(library):
    said = refusals(library)
    assert set(said) == CANNOT[library]
    for text in said.values():
        assert text.startswith(f"{library} cannot express this schedule, because ")


@pytest.mark.parametrize(("name", "word"), TRANSFORMERS_CAN.items())
def test_which_function_of_transformers_is_used(name, word):
    assert word in to_library(PRESETS[name], "transformers")


@pytest.mark.parametrize("name", ["warmup from 0 + cosine, floor", "warmup + cosine"])
def test_the_text_says_where_transformers_climbs_again(name):
    assert "Stop at num_training_steps" in to_library(PRESETS[name], "transformers")


@pytest.mark.parametrize(
    ("schedule", "library", "reason"),
    [
        (warmup_linear(0.1, 10, 100), "transformers", "use warmup(..., start=0)"),
        (one_cycle(0.1, 100), "transformers", "no function for Cosine"),
        (cosine(0.1, 100).take(50), "transformers", "stops before its shape ends"),
        (constant(0.0), "transformers", "scale a positive rate"),
        (cosine_restarts(0.1, 10, 2), "optax", "cycles grow"),
        (Schedule((Phase(math.inf, 0.1, 0.0, CosineWave(12.3)),)), "keras", "take 24.6 updates"),
    ],
)
def test_a_refusal_says_why(schedule, library, reason):
    with pytest.raises(
        CannotExpress, match=f"{library} cannot express this schedule, because"
    ) as e:
        to_library(schedule, library)
    assert reason in str(e.value)


def test_a_wrong_argument_is_named():
    with pytest.raises(ValueError, match="library must be one of"):
        to_library(constant(0.1), "jax")
    with pytest.raises(TypeError, match="schedule must be a Schedule"):
        to_library([0.1, 0.2], "torch")


def test_the_structure_counts_and_not_the_name():
    phases = warmup_cosine(0.1, 10, 100).phases
    for library in LIBRARIES:
        named, unnamed = Schedule(phases, "linear"), Schedule(phases)
        assert to_library(named, library) == to_library(unnamed, library)


peaks = st.floats(1e-5, 10.0)
lengths = st.integers(1, 60)
shares = st.floats(0.0, 1.0)


@st.composite
def schedules(draw):
    peak, n, w, share = draw(peaks), draw(lengths), draw(lengths), draw(shares)
    floor = peak * share
    kind = draw(
        st.sampled_from(
            [
                lambda: linear(peak, n, floor),
                lambda: polynomial(peak, n, 0.3 + 4 * share, draw(st.sampled_from([0.0, floor]))),
                lambda: cosine(peak, n, floor),
                lambda: warmup_cosine(peak, w, w + n, floor),
                lambda: warmup_linear(peak, w, w + n, floor),
                lambda: warmup(cosine(peak, n, floor), w, start=floor),
                lambda: warmup(exponential(peak, 0.5 + share / 2), w),
                lambda: step_decay(peak, 0.1 + 0.9 * share, n),
                lambda: multi_step(peak, [n, n + w, n + 2 * w], 0.1 + 0.9 * share),
                lambda: inverse_sqrt(peak, w),
                lambda: inverse_time(peak, share),
                lambda: cosine_restarts(peak, n, draw(st.sampled_from([1, 1.5, 2, 3])), floor),
                lambda: warmup(cosine_restarts(peak, n, 2, floor), w),
                lambda: triangular(peak, floor, n + 1),
                lambda: triangular(peak, floor, n + 1, "triangular2"),
                lambda: triangular(peak, floor, n + 1, "exp_range", gamma=0.9 + 0.1 * share),
                lambda: one_cycle(peak, n + w + 4, three_phase=draw(st.booleans())),
                lambda: one_cycle(peak, n + w + 4, anneal="linear"),
                lambda: wsd(peak, w, w + n + 20, n, draw(st.sampled_from(["linear", "1-sqrt"]))),
                lambda: repeat(warmup_linear(peak, w, w + n, floor), 3),
            ]
        )
    )()
    if draw(st.booleans()):
        kind = kind.take(draw(st.integers(1, int(min(kind.total_steps, 80)))))
    return kind


@settings(max_examples=250, deadline=None)
@given(schedules())
def test_torch_with_random_parameters(schedule):
    check_torch(schedule)


@pytest.mark.parametrize("floor", [1e-12, 1e-289, 1e-300, 2.2e-311])
def test_torch_from_the_smallest_of_rates(floor):
    check_torch(warmup(cosine(1.0, 10, floor), 2, start=floor))


@settings(max_examples=80, deadline=None)
@given(first=schedules(), second=schedules())
def test_torch_with_two_random_schedules_in_a_row(first, second):
    if first.total_steps == math.inf:
        first = first.take(30)
    check_torch(join(first, second))


def test_a_long_run_stays_exact():
    schedule = warmup_cosine(0.1, 1000, 50_000, 0.001)
    check_torch(schedule)


def optax_rates(code, steps):
    import jax.numpy as jnp

    names = {}
    exec(code, names)
    # JAX compiles every operation anew for arrays of another length: here few lengths will do.
    length = -(-steps // 64) * 64
    return np.broadcast_to(names["schedule"](jnp.arange(length)), (length,))[:steps]


def keras_rates(code, steps):
    names = {}
    exec(code, names)
    rule = names["schedule"]
    return np.array([rule if isinstance(rule, float) else float(rule(t)) for t in range(steps)])


def largest_errors(library, rates_of):
    """For each preset the largest difference, relative to the largest rate."""
    errors = {}
    for name, schedule in PRESETS.items():
        if name not in CANNOT[library]:
            code = to_library(schedule, library)
            rates = expected(schedule, past=0 if "climbs again" in code else 5)
            got = np.asarray(rates_of(code, rates.size), dtype=np.float64)
            errors[name] = float(abs(got - rates).max() / abs(rates).max())
    return errors


def too_large(errors, allowed):
    return {name: error for name, error in errors.items() if not error < allowed}


def test_optax_gives_the_same_rates(needs_optax):
    assert too_large(largest_errors("optax", optax_rates), 5e-7) == {}


def test_keras_gives_the_same_rates(needs_keras, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert too_large(largest_errors("keras", keras_rates), 5e-7) == {}


def test_transformers_gives_the_same_rates(needs_transformers):
    assert too_large(largest_errors("transformers", torch_rates), 1e-12) == {}
