"""The page on the libraries' conventions: known facts, one by one, and answers that agree."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from course_lib.libraries import conventions, from_library
from course_lib.libraries.asked_schedule import AskedSchedule
from course_lib.libraries.conventions_page import HEADINGS, cells_of, conventions_page
from course_lib.libraries.conventions_table import (
    QUESTIONS,
    asked_of_all,
    known_of_few,
    libraries_by_kind,
    table,
    with_warmup,
)
from course_lib.libraries.probing import GivenNumber, changed, end_at, numbers, peak_at
from course_lib.libraries.recorded import recorded
from course_lib.libraries.warmup_cosine_calls import CALLS, STARTS, WARMUP_STEPS, alike

# From the libraries' own code and documentation, as the converters and lesson 10 tell it.
KNOWN = {
    "first update": [
        ("transformers", "linear", "0"),
        ("torch", "CosineAnnealingLR", "the peak"),
        ("torch", "LinearLR_warmup_0.1", "`start_factor`: sets it"),
        ("torch", "OneCycleLR_cos", "`div_factor`: sets it"),
        ("optax", "warmup_constant_schedule", "`init_value`: sets it"),
        ("open_clip", "cosine_lr", "peak / W"),
        ("nanogpt", "get_lr", "peak / (W + 1)"),
        ("speechbrain", "NoamScheduler", "`base_lr`: the optimizer's own rate"),
        ("pytorch_accelerated", "WSDLrScheduler_warmup", "the peak, before the warmup"),
        ("xgboost", "LearningRateScheduler_list", "`eta`: the optimizer's own rate"),
        ("stable_baselines3", "A2C_linear_schedule", "below the peak"),
        ("torch", "LambdaLR_step/W_then_cosine", "0"),  # no converter takes its function
    ],
    "at the peak": [
        ("transformers", "linear", "W"),
        ("nanogpt", "get_lr", "W"),
        ("open_clip", "cosine_lr", "W − 1"),
        ("torch", "OneCycleLR_cos", "W − 1"),
        ("deepspeed", "WarmupLR_log", "W"),
        ("deepspeed", "WarmupLR_linear_min", "W + 1"),
        ("deepspeed", "WarmupCosineLR_linear", "never"),
        ("timm", "CosineLRScheduler_prefix", "W"),
        ("timm", "CosineLRScheduler_noprefix", "never"),
        ("torch", "SequentialLR_LinearLR0.1+Cosine", "W"),
        ("paddlenlp", "LinearDecayWithWarmup_share", "W"),  # int(0.13 * 60) = 7
        ("torch", "StepLR", "t = 0"),
        ("lightly", "CosineWarmupScheduler", "W − 1"),
        ("pytorch_accelerated", "WSDLrScheduler_inverse", "W + 1"),
        ("paddle", "OneCycleLR", "between two updates"),  # 0.3 * 64 = 19.2
        ("detectron2", "WarmupCosineLR_class", "never"),
    ],
    "total": [
        (
            "optax",
            "warmup_cosine_decay_schedule(decay_steps=total)",
            "`decay_steps`: with the warmup",
        ),
        (
            "keras",
            "CosineDecay_warmup(decay_steps=total-warmup)",
            "`decay_steps`: without the warmup",
        ),
        ("transformers", "cosine", "`num_training_steps`: with the warmup"),
        ("timm", "CosineLRScheduler_prefix", "`t_initial`: without the warmup"),
        (
            "timm",
            "CosineLRScheduler_noprefix",
            "`t_initial`: with the warmup, over the start of the decay",
        ),
        (
            "torch",
            "OneCycleLR_cos",
            "`total_steps`: with the warmup, which is a share of it",
        ),
        ("torch", "SequentialLR_LinearLR0.1+Cosine", "`T_max`: without the warmup"),
        ("torchtitan", "linear", "`training_steps`: with the warmup"),
        (
            "pytorch_accelerated",
            "CosineLrScheduler_warmup",
            "`total_num_epochs`: with the warmup, taken off twice",
        ),
        ("composer", "LinearWithWarmupScheduler", "`max_duration`: with the warmup"),
    ],
    "floor": [
        ("torch", "CosineAnnealingLR", "`eta_min`: a rate"),
        ("torch", "CosineAnnealingWarmRestarts_T0=25", "`eta_min`: a rate"),
        ("torch", "LinearLR_decay_to_floor", "`end_factor`: a share of the peak"),
        ("torch", "OneCycleLR_cos", "`div_factor`, `final_div_factor`: divides the peak"),
        ("keras", "CosineDecay", "`alpha`: a share of the peak"),
        ("keras", "PolynomialDecay_power2", "`end_learning_rate`: a rate"),
        ("optax", "cosine_decay_schedule", "`alpha`: a share of the peak"),
        ("transformers", "linear", "0"),
        ("fastai", "fit_one_cycle", "`div_final`: divides the peak"),
        ("monai", "WarmupCosineSchedule", "`end_lr`: a rate"),
    ],
    "factor": [
        ("torch", "ExponentialLR", "`gamma`: every update"),
        ("torch", "StepLR", "`gamma`: every `step_size`, in drops"),
        ("torch", "MultiStepLR", "`gamma`: at each drop"),
        ("optax", "exponential_decay", "`decay_rate`: every `transition_steps`, smoothly"),
        ("keras", "ExponentialDecay", "`decay_rate`: every `decay_steps`, smoothly"),
        ("keras", "ExponentialDecay_staircase", "`decay_rate`: every `decay_steps`, in drops"),
        ("mmengine", "ExponentialLR_converted", "`gamma`: every update"),
        ("skorch", "LRScheduler_ExponentialLR", "`gamma`: every epoch"),
        ("fvcore", "Exponential", "`decay`: every `total_steps`, smoothly"),
    ],
    "counts in": [
        ("torch", "StepLR", "updates"),
        ("skorch", "LRScheduler_StepLR", "epochs; changes once an epoch"),
        ("skorch", "LRScheduler_StepLR_batch", "updates"),
        ("mindspore", "warmup_lr", "epochs; changes once an epoch"),
        ("ultralytics", "SGD_weight", "epochs; changes at every update"),
    ],
    "past the end": [
        ("torch", "CosineAnnealingLR", "climbs again"),
        ("torch", "OneCycleLR_cos", "raises an error"),
        ("torch", "StepLR", "goes on falling"),
        ("optax", "cosine_decay_schedule", "holds"),
        ("torchtitan", "linear", "goes below 0"),
        ("fastai", "fit_one_cycle", "the run is over"),
        ("deepspeed", "LRRangeTest", "goes on rising"),
    ],
}
FACTS = [(heading, *fact) for heading, facts in KNOWN.items() for fact in facts]
ALL = [asked for records in asked_of_all().values() for asked in records]


@pytest.mark.parametrize(("heading", "library", "record", "words"), FACTS)
def test_a_known_fact_is_found_out(heading, library, record, words):
    assert str(QUESTIONS[heading](AskedSchedule(recorded()[library][record]))) == words


def test_every_question_is_asked_of_known_facts():
    assert KNOWN.keys() == QUESTIONS.keys()


def test_changing_the_warmup_moves_the_end_as_the_answer_says():
    seen = set()
    for asked in ALL:
        answer = conventions.total_counts(asked)
        rises = asked.warmup is not None and asked.warmup[1] > 0
        if answer is None or not rises or asked.probe.rates.min() < 0.0:
            continue
        total, rise = asked.total[1], asked.warmup[1]
        later = {"without the warmup": rise, "with the warmup, taken off twice": -rise}
        end = total + later.get(answer.kind, 0)
        assert abs(asked.end - end) <= asked.epoch, asked.record
        seen.add(answer.kind)
    assert len(seen) == 5


def test_the_first_rate_and_the_step_of_the_peak_are_those_of_the_record():
    for asked in ALL:
        first, reached = conventions.first_update(asked), conventions.peak_reached(asked)
        rates = asked.rates[asked.begin :]
        if first.kind in ("0", "the peak") and asked.own is None:
            wanted = 0.0 if first.kind == "0" else rates.max()
            assert asked.rates[0] == pytest.approx(wanted, abs=1e-7 * rates.max())
        if reached is not None and reached.kind == "W":
            at = asked.begin + int(np.argmax(rates >= rates.max() * (1 - 1e-6)))
            assert abs(at - asked.warmup[1]) < 1


def test_doubling_the_peak_numbers_a_rate_and_doubles_a_share():
    seen = set()
    for asked in ALL:
        answer = conventions.floor(asked)
        if answer is None or asked.peak is None or answer.kind == "0":
            continue
        twice = changed(asked.record.arguments, asked.peak, 2 * asked.peak.value)
        try:
            higher = from_library(asked.record.name, **twice)(np.arange(asked.probe.steps))
        except ValueError:
            continue
        end = asked.probe.rates[asked.end]
        grown = higher[asked.end] / end if end > 1e-4 * asked.top else None
        if grown is not None and answer.kind != "a rate":
            assert grown == pytest.approx(2.0, abs=0.1), asked.record
        elif grown is not None:
            assert grown < 1.9, asked.record
        seen.add(answer.kind)
    assert seen == {"a rate", "a share of the peak", "divides the peak"}


def test_a_warmup_that_is_longer_than_the_run_says_nothing_of_the_peak():
    short = AskedSchedule(recorded()["diffusers"]["warmup_beyond_the_end"])
    assert short.never
    assert conventions.peak_reached(short) is None
    assert row_of("diffusers", "get_scheduler").answers["at the peak"] == "W"


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("keras.CosineDecay", {"alpha": 0.1}, "`alpha`: a share of the peak"),
        ("keras.PolynomialDecay", {"end_learning_rate": 0.1}, "`end_learning_rate`: a rate"),
    ],
)
def test_a_share_is_no_rate_where_the_peak_is_1(name, arguments, words):
    arguments = {"initial_learning_rate": 1.0, "decay_steps": 50, **arguments}
    rates = from_library(name, **arguments)(np.arange(60))
    record = replace(
        recorded()["keras"]["CosineDecay"], name=name, arguments=arguments, rates=rates
    )
    assert str(conventions.floor(AskedSchedule(record))) == words


# The table


def test_every_schedule_that_can_be_asked_has_a_row_with_its_version_and_its_source():
    named = {(row.source.removesuffix(".json"), name) for row in table() for name in row.schedules}
    assert named == {(library, name.split(".", 1)[1]) for library, name in asked_of_all()}
    for row in table():
        records = recorded()[row.source.removesuffix(".json")]
        assert {records[record].version for record in row.records} == {row.version}
        assert list(row.answers) == list(QUESTIONS)
        assert len(cells_of(row)) + 1 == len(HEADINGS)


def row_of(library, schedule):
    [row] = [row for row in table() if row.library == library and schedule in row.schedules]
    return row


def test_an_argument_that_decides_is_named_only_where_it_was_tried():
    timm = row_of("timm", "CosineLRScheduler").answers["at the peak"]
    assert timm == "W (`warmup_prefix=True`); never (`warmup_prefix=False`)"
    # One of the two records has an end_value, which holds; staircase has nothing to do with it.
    assert (
        row_of("optax", "exponential_decay").answers["past the end"] == "goes on falling or holds"
    )


def test_the_cells_tell_what_is_not_in_every_row():
    assert cells_of(row_of("fastai", "fit_sgdr"))[0] == (
        "`fit_sgdr` (in epochs; changes at every update)"
    )
    assert cells_of(row_of("torch", "StepLR"))[:2] == ["`StepLR`", "the peak"]
    assert cells_of(row_of("fastai", "fit_one_cycle"))[1] == "`div`: sets it (4\u00a0%)"
    assert cells_of(row_of("deepspeed", "WarmupLR"))[1].endswith("(0\u00a0% to 10\u00a0%)")


def test_a_factor_that_has_acted_once_is_no_floor():
    assert row_of("detectron2", "build_lr_scheduler").answers["floor"] == "`BASE_LR_END`: a rate"


def test_records_without_a_warmup_say_nothing_of_it_beside_those_that_have_one():
    keras = row_of("keras", "CosineDecay")
    assert keras.answers["first update"] == "`initial_learning_rate`: sets it"
    assert keras.first_share == (0.0, 0.0)
    both = asked_of_all()["keras", "keras.CosineDecay"]
    assert 0 < len(with_warmup(both)) < len(both)


def test_a_schedule_that_was_recorded_without_its_warmup_is_asked_for_one():
    cosine = asked_of_all()["diffusers", "diffusers.get_cosine_schedule_with_warmup"]
    assert all(asked.warmup[1] == 0 for asked in cosine)
    assert row_of("diffusers", "get_cosine_schedule_with_warmup").answers["at the peak"] == "W"


def test_schedules_that_answer_alike_share_a_row():
    assert row_of("optax", "polynomial_schedule") is row_of("optax", "linear_schedule")
    assert row_of("optax", "polynomial_schedule") is not row_of("optax", "cosine_decay_schedule")


def test_the_libraries_of_a_kind():
    peak = libraries_by_kind("at the peak")
    assert "t = 0" not in peak  # no warmup, not asked
    late = ["deepspeed", "pytorch_accelerated", "pytorch_optimizer", "speechbrain"]
    assert peak["W + 1"] == late
    total = libraries_by_kind("total")
    assert "keras" in total["without the warmup"]
    assert "keras" not in total["with the warmup"]
    assert "optax" not in total["without the warmup"]


def test_a_resume_is_computed_and_no_more_is_said_than_is_known():
    known = {(library, heading): [] for library, _, heading, _ in known_of_few()}
    for library, names, heading, answer in known_of_few():
        known[library, heading].append((names, answer))
    resumes = dict(known["paddle", "after a resume"])
    wrong = next(
        names for names, answer in resumes.items() if answer == "`last_epoch`: other rates"
    )
    assert wrong == "`CosineAnnealingDecay`, `LinearLR`, `CosineAnnealingWarmRestarts`"
    assert [names for names, _ in known["torch", "parameter groups"]][
        1
    ] == "`CyclicLR`, `OneCycleLR`"
    assert ("keras", "after a resume") not in known


def test_the_resumed_records_agree_with_what_is_said_of_resumes():
    for schedule, same in (("ExponentialDecay", True), ("CosineAnnealingDecay", False)):
        whole, resumed = (recorded()["paddle"][name] for name in (schedule, f"{schedule}_resumed"))
        done = resumed.arguments["last_epoch"] + 1
        later = whole.rates[done:]
        assert np.allclose(resumed.rates[: later.size], later, rtol=1e-9) == same
        assert (conventions.after_a_resume(AskedSchedule(whole)).kind == "other rates") != same


def test_the_command_prints_the_page():
    command = [sys.executable, "-m", "course_lib.libraries", "--conventions"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
    assert done.stdout == conventions_page()
    assert done.stdout.count("\n| [") == len(table())


# The probe


def test_numbers_are_the_numbers_of_a_call_of_its_defaults_and_of_its_parts():
    assert [number.key for number in numbers("torch.StepLR", {"step_size": 3})] == [
        "step_size",
        "gamma",
    ]
    parts = {"schedulers": [["torch.StepLR", {"step_size": 3}]], "milestones": [3]}
    places = [number.place for number in numbers("torch.SequentialLR", parts)]
    assert ("schedulers", 0, 1, "gamma") in places
    assert "milestones" not in {number.key for number in numbers("torch.SequentialLR", parts)}
    part = {"param_scheduler": [{"type": "CosineAnnealingLR", "T_max": 9}]}
    assert "eta_min" not in {number.key for number in numbers("mmengine.param_scheduler", {})}
    assert "T_max" in {number.key for number in numbers("mmengine.param_scheduler", part)}
    [batches] = numbers("composer.None", {"t_warmup": "10ba"})
    assert changed({"t_warmup": "10ba"}, batches, 13) == {"t_warmup": "13ba"}
    assert changed({"a": {"b": 1}}, GivenNumber(("a", "b"), 1), 2) == {"a": {"b": 2}}


def test_the_peak_and_the_end_of_curves_that_rise_again_or_fall_for_ever():
    up_down = np.concatenate([np.linspace(0, 1, 11), np.linspace(0.9, 0, 10), np.full(21, 0.3)])
    assert (peak_at(up_down), end_at(up_down)) == (10, 20)
    assert end_at(0.9 ** np.arange(40)) is None
    below = np.linspace(1, -1, 41)
    assert end_at(below) == 20
    late = np.concatenate([np.zeros(20), np.linspace(0, 1, 20)])
    assert peak_at(late) < 20  # what comes after the recorded part counts for nothing


# One plan in many words


def test_the_calls_differ_from_the_first_update_on():
    groups = alike(CALLS, STARTS)
    assert sum(map(len, groups)) == len(CALLS) == len({call.label for call in CALLS})
    assert [call.label for call in groups[0]][:4] == [
        "transformers",
        "diffusers",
        "torchtune",
        "optax",
    ]
    for group in groups:
        for call in group:
            assert np.allclose(call.rates[:STARTS], group[0].rates[:STARTS])


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.label)
def test_a_call_starts_as_the_table_says(call):
    library, name = call.label.split(",")[0], call.name.split(".", 1)[1]
    record = next(iter(recorded()[library].values()))
    asked = AskedSchedule(
        replace(record, name=call.name, arguments=call.arguments, rates=call.rates, phases=None)
    )
    answers = row_of(library, name).answers
    assert str(conventions.first_update(asked)) in answers["first update"]
    reached = conventions.peak_reached(asked).kind
    assert reached in answers["at the peak"]
    late = {"W": 0, "W + 1": 1, "W − 1": -1}
    assert call.peak == (f"t = {WARMUP_STEPS + late[reached]}" if reached in late else reached)
