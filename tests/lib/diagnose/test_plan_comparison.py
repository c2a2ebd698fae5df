"""A log beside its plan: as planned, or where it departs, and the mistake that explains it."""

from dataclasses import replace

import numpy as np
import pytest
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

from course_lib.diagnose import (
    RateLog,
    assert_as_planned,
    compare_with_plan,
    identify,
    read_log,
    read_plan,
)
from course_lib.diagnose.examples import example_log
from course_lib.libraries import Loop, Resume, simulate_loop
from course_lib.schedules import cosine, warmup_cosine

HF = (
    "transformers.get_cosine_schedule_with_warmup(num_warmup_steps=100, "
    "num_training_steps=1000, base_lr=5e-4)"
)


def log_of(rates, **options):
    rates = np.atleast_2d(rates)
    return RateLog(**{"rates": rates, "at": np.arange(rates.shape[1]), "lags": (0,), **options})


def codes(comparison):
    return [one.code for one in comparison.equal_first]


# Plans


@pytest.mark.parametrize(
    "plan",
    [
        "warmup_cosine(0.1, 10, 100)",
        "course_lib.schedules.warmup_cosine(peak_lr=0.1, warmup_steps=10, total_steps=100)",
        warmup_cosine(0.1, 10, 100),
        warmup_cosine(0.1, 10, 100).to_json(),
        warmup_cosine(0.1, 10, 100)(np.arange(120)).tolist(),
        lambda t: warmup_cosine(0.1, 10, 100)(t),
    ],
)
def test_a_plan_in_any_words_is_the_same_plan(plan):
    steps = np.arange(110)
    assert read_plan(plan).rate_at(steps) == pytest.approx(warmup_cosine(0.1, 10, 100)(steps))


def test_a_plan_in_a_file(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(cosine(0.1, 50).to_json())
    assert read_plan(str(path)).rate_at([25])[0] == pytest.approx(0.05)
    with pytest.raises(ValueError, match="there is no file"):
        read_plan(str(tmp_path / "other.json"))


@pytest.mark.parametrize(
    "name",
    ["CosineAnnealingLR", "torch.CosineAnnealingLR", "torch.optim.lr_scheduler.CosineAnnealingLR"],
)
def test_a_library_name_as_people_write_it(name):
    plan = read_plan(f"{name}(T_max=90)", base_lr=0.1)
    assert (plan.call, plan.total_steps) == ("torch.CosineAnnealingLR", 90)


@pytest.mark.parametrize(
    ("plan", "call"),
    [
        ("StepLR(step_size=30, base_lr=0.1)", "torch.StepLR"),
        ("OneCycleLR(max_lr=0.1, total_steps=60)", "torch.OneCycleLR"),
        ("OneCycleLR(max_learning_rate=0.1, total_steps=60)", "paddle.OneCycleLR"),
        ("PolynomialDecay(learning_rate=0.1, decay_steps=60)", "paddle.PolynomialDecay"),
        ("PolynomialDecay(initial_learning_rate=0.1, decay_steps=60)", "keras.PolynomialDecay"),
        (
            "mindspore.experimental.optim.lr_scheduler.StepLR(base_lr=0.1, step_size=3)",
            "mindspore.experimental.StepLR",
        ),
    ],
)
def test_a_name_of_several_libraries_is_told_by_its_arguments(plan, call):
    assert read_plan(plan).call == call


def test_schedulers_in_a_list_may_be_written_as_calls():
    text = (
        "torch.SequentialLR(base_lr=0.1, schedulers=[torch.LinearLR(total_iters=5), "
        "torch.StepLR(step_size=9)], milestones=[5])"
    )
    assert read_plan(text).rate_at([0, 5, 14]) == pytest.approx([0.1 / 3, 0.1, 0.01])


CONFIGURATION = """param_scheduler = [
    dict(begin=0, by_epoch=False, end=500, start_factor=0.001, type='LinearLR'),
    dict(
        begin=0,
        by_epoch=True,
        gamma=0.1,
        milestones=[8, 11],
        type='MultiStepLR'),
]"""


@pytest.mark.parametrize(
    "plan",
    [
        CONFIGURATION,
        CONFIGURATION.partition("=")[2].strip(),
        "LinearLR(start_factor=0.001, by_epoch=False, end=500), "
        "mmengine.MultiStepLR(milestones=[8, 11])  # base lr 0.1",
        "{'type': 'LinearLR', 'start_factor': 0.001, 'by_epoch': False, 'end': 500}, "
        "{'type': 'MultiStepLR', 'milestones': [8, 11]}",
        f"mmengine.param_scheduler({CONFIGURATION})",
        [
            {"type": "LinearLR", "start_factor": 0.001, "by_epoch": False, "end": 500},
            {"type": "MultiStepLR", "milestones": [8, 11]},
        ],
    ],
)
def test_mmengines_schedulers_in_any_words_are_one_plan(plan):
    read = read_plan(plan, base_lr=0.1, steps_per_epoch=100)
    assert read.call == "mmengine.param_scheduler"
    rates = [1e-4, 0.1, 0.01, 0.001]
    assert read.rate_at([0, 500, 800, 1100]) == pytest.approx(rates)
    with pytest.raises(ValueError, match=r"count epochs unless .* give steps_per_epoch"):
        read_plan(plan, base_lr=0.1)


def test_one_of_mmengines_schedulers_may_be_a_dictionary():
    text = "dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=10)"
    assert read_plan(text, base_lr=0.1).rate_at([0, 9]) == pytest.approx([0.01, 0.1])
    plans = read_plan([text, text.replace("0.1", "0.5")], base_lr=0.1)
    assert [plan.rate_at([0])[0] for plan in plans] == pytest.approx([0.01, 0.05])


def test_calls_that_are_not_mmengines_make_no_plan_together():
    for text in ("LinearLR(total_iters=5), StepLR(step_size=9)", "torch.StepLR(step_size=9), 5"):
        with pytest.raises(ValueError, match="plan must be a call or a list of rates"):
            read_plan(text, base_lr=0.1)


@pytest.mark.parametrize("name", ["optimizer", "self.optimizer", "opt", "optimizer=optimizer"])
def test_the_optimizer_in_a_line_of_a_script_is_passed_over(name):
    plan = read_plan(f"torch.optim.lr_scheduler.StepLR({name}, step_size=9)", base_lr=0.1)
    assert plan.arguments == {"base_lr": 0.1, "step_size": 9}


def test_an_optimizer_that_is_an_argument_is_one():
    text = "ultralytics.BaseTrainer(batches_per_epoch=100, epochs=3, optimizer='Adam', lr0=1e-3)"
    assert read_plan(text).arguments["optimizer"] == "Adam"


@pytest.mark.parametrize(
    "log",
    [
        *map(example_log, ("trainer_state.json", "training_log.csv")),
        pytest.param([0.1 * 0.5 ** (t // 7) for t in range(50)], id="StepLR"),
    ],
)
def test_the_call_that_a_diagnosis_prints_is_a_plan(log):
    log = read_log(log)
    found = identify(log)
    assert "optimizer" in found.call or "keras" in found.call
    first = found.parts[0]
    planned = read_plan(found.call, log=log).rate_at(log.at - first.lag)
    assert planned[: first.end] == pytest.approx(log.rates[0, : first.end], rel=1e-6)


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ("torch.StepLR(30)", "takes its arguments by keyword, base_lr, .*; got '30'"),
        ("torch.StepLR(net, step_size=3)", "by keyword, base_lr, .*; got 'net'"),
        ("cosine(0.1)", "plan: cosine: missing a required argument: 'total_steps'"),
        (CosineAnnealingLR, "or a function of the step, got the class CosineAnnealingLR"),
        ("torch.StepLR(step_size=__import__('os').getpid(), base_lr=1)", "neither a preset"),
        ("torch.StepLR(step_size=2*3, base_lr=1)", "names and formulas are not"),
        (
            "torch.CosineLR(T_max=3)",
            "neither a preset .* mean cosine or .* or torch.CosineAnnealingLR[?]$",
        ),
        ("warmup_cosin(0.1, 9, 90)", "neither a preset .* mean warmup_cosine or .*[?]$"),
        ("cosine 0.1", "must be a call"),
        ("3", "must be a call"),
        ({"a": 1}, "plan must be text"),
        ([], "one plan for each|one rate or more"),
    ],
)
def test_a_plan_that_cannot_be_read_says_what_is_needed(plan, words):
    with pytest.raises((ValueError, TypeError), match=words):
        read_plan(plan)


# Single mistakes


def test_epochs_and_updates_are_related_by_steps_per_epoch():
    plan = "torch.CosineAnnealingLR(T_max=20, base_lr=0.1)"
    right = cosine(0.1, 20)(np.arange(200) // 10)
    assert compare_with_plan(log_of(right), plan, unit="epoch", steps_per_epoch=10).as_planned
    wrong = simulate_loop(lambda o: CosineAnnealingLR(o, T_max=20), Loop(updates=200)).rates
    found = compare_with_plan(log_of(wrong), plan, unit="epoch", steps_per_epoch=10)
    assert codes(found)[0] == "stepped-every-update"
    with pytest.raises(ValueError, match="steps_per_epoch must be given"):
        compare_with_plan(log_of(wrong), plan, unit="epoch")


@pytest.mark.parametrize("offset", [0, -1])
def test_a_log_of_epochs_beside_a_plan_in_updates(offset):
    steps = np.arange(1, 21) * 10 + offset
    log = log_of(cosine(0.1, 200)(steps), at=np.arange(1, 21), unit="epoch")
    plan = "cosine(0.1, total_steps=200)"
    assert compare_with_plan(log, plan, unit="update", steps_per_epoch=10).as_planned
    slow = log_of(cosine(0.1, 200)(np.arange(1, 21)), at=np.arange(1, 21), unit="epoch")
    found = compare_with_plan(slow, plan, unit="update", steps_per_epoch=10)
    assert codes(found)[0] == "stepped-every-epoch"


def test_a_sequential_lr_resumed_by_last_epoch_goes_on_from_the_first_parts_rate():
    def factory(optimizer, last_epoch=-1):
        parts = [LinearLR(optimizer, 0.2, total_iters=5), CosineAnnealingLR(optimizer, T_max=45)]
        return SequentialLR(optimizer, parts, [5], last_epoch=last_epoch)

    again = Resume(30, ("load_optimizer", "build"), lambda o: factory(o, last_epoch=29))
    rates = simulate_loop(factory, Loop(updates=50, resume=again)).rates
    plan = (
        "torch.SequentialLR(base_lr=0.1, schedulers=[torch.LinearLR(start_factor=0.2, "
        "total_iters=5), torch.CosineAnnealingLR(T_max=45)], milestones=[5])"
    )
    found = compare_with_plan(log_of(rates), plan)
    assert codes(found) == ["resumed-from-the-last-part"]
    assert found.worst.first == 30
    assert found.explanations[0].predicted == pytest.approx(rates, rel=1e-9)


def test_a_group_that_got_the_curve_of_another_is_named():
    plans = ["cosine(0.1, total_steps=50)", "cosine(0.01, total_steps=50)"]
    steps = np.arange(50)
    right = [cosine(0.1, 50)(steps), cosine(0.01, 50)(steps)]
    log = log_of(right, group_names=("body", "head"))
    assert compare_with_plan(log, plans).as_planned
    swapped = compare_with_plan(log_of(right[::-1], group_names=("body", "head")), plans)
    assert [group.explanations[0].code for group in swapped.groups] == ["other-group"] * 2
    assert "Group head:" in str(swapped)
    with pytest.raises(ValueError, match="plan must hold 2 plans"):
        compare_with_plan(log, plans[:1])


def test_base_rates_one_a_group():
    plan = "torch.CosineAnnealingLR(T_max=50)"
    rates = [cosine(peak, 50)(np.arange(50)) for peak in (0.1, 0.02)]
    assert compare_with_plan(log_of(rates), plan, base_lr=[0.1, 0.02]).as_planned
    found = compare_with_plan(log_of(rates), plan, base_lr=[0.1, 0.01])
    assert [group.as_planned for group in found.groups] == [True, False]
    assert found.explanations[0].code == "scaled"


def test_a_resume_with_another_warmup_share_and_length():
    def linear(t, warmup, total):
        return 1e-6 * np.where(t < warmup, t / warmup, (total - t) / (total - warmup))

    t = np.arange(200)
    rates = np.where(t < 101, linear(t, 50, 500), linear(t, 35, 350))
    plan = (
        "transformers.get_linear_schedule_with_warmup(num_warmup_steps=50, "
        "num_training_steps=500, base_lr=1e-6)"
    )
    found = compare_with_plan(log_of(rates), plan)
    assert found.worst.first == 101
    assert codes(found)[0] == "resumed-with-another-length"
    assert "`num_training_steps` was 350 in place of 500, and the other lengths" in str(found)


@pytest.mark.parametrize(
    ("planned", "words"),
    [
        (60, "`num_training_steps` was 160 in place of 60 from update 62 on."),
        (160, "`num_training_steps` was 60 in place of 160 before update 62."),
    ],
)
def test_a_resume_with_another_length_is_named_whichever_part_was_planned(planned, words):
    log = read_log(example_log("trainer_state.json"))
    plan = (
        f"transformers.get_linear_schedule_with_warmup(num_training_steps={planned}, "
        "num_warmup_steps=5, base_lr=2e-4)"
    )
    found = compare_with_plan(log, plan)
    assert codes(found) == ["resumed-with-another-length"]
    assert words in str(found)


# Words


def test_at_most_four_equal_explanations_are_shown():
    rates = cosine(0.1, 40)(np.arange(1, 41))
    group = compare_with_plan(log_of(rates), "cosine(0.1, total_steps=40)").worst
    many = replace(group, explanations=group.explanations[:1] * 6, equal=6)
    sentences = many.sentences()
    assert sum(sentence[:1].isdigit() for sentence in sentences) == 4
    assert "… and 2 more." in sentences


def test_large_counters_are_written_in_digits():
    at = np.arange(1_234_567, 1_234_587)
    log = log_of(np.full(20, 0.1), at=at)
    found = compare_with_plan(log, "linear(0.1, total_steps=2000000)")
    assert "at update 1234567 (row 0)" in str(found)
    assert "e+06" not in str(found)


# Precision


@pytest.mark.parametrize("kind", [np.float32, np.float16])
def test_rates_of_few_bits_are_as_planned_and_said_to_be(kind):
    rates = cosine(5e-4, 300)(np.arange(300)).astype(kind).astype(float)
    found = compare_with_plan(log_of(rates), "cosine(5e-4, total_steps=300)")
    assert found.as_planned
    assert f"in {np.dtype(kind).name}" in str(found)


def test_a_difference_below_the_rounding_is_as_planned_and_one_above_it_is_not():
    exact = cosine(0.1, 100)(np.arange(100))
    plan = "cosine(0.1, total_steps=100)"
    assert compare_with_plan(log_of(np.round(exact, 5)), plan).as_planned
    other = np.round(exact, 5)
    other[60] += 2e-5
    found = compare_with_plan(log_of(other), plan)
    assert not found.as_planned
    assert found.worst.first == 60


# In a test of one's own loop


def test_an_assertion_says_the_same_words():
    right = cosine(0.1, 40)(np.arange(40))
    assert_as_planned(right, "cosine(0.1, total_steps=40)")
    with pytest.raises(
        ValueError, match=r"\(groups, updates\), with an update or more, got \(0,\)"
    ):
        assert_as_planned([], "cosine(0.1, total_steps=40)")
    with pytest.raises(TypeError, match=r"recorded must hold numbers, the rate of .*, got .'a'"):
        assert_as_planned(["a"], "cosine(0.1, total_steps=40)")
    with pytest.raises(AssertionError, match="one step ahead of the updates"):
        assert_as_planned(cosine(0.1, 40)(np.arange(1, 41)), "cosine(0.1, total_steps=40)")


def test_markdown_has_an_item_for_each_sentence():
    found = compare_with_plan(log_of(read_plan(HF).rate_at(np.arange(500) + 1)), HF)
    lines = found.as_markdown().splitlines()
    assert lines[0].startswith("- The rates depart from the plan at update 0 (row 0): planned 0,")
    assert all(line.startswith("- ") for line in lines)
    assert found.worst.planned[0] == 0


def test_bad_arguments_are_named():
    log = log_of([0.1, 0.1])
    with pytest.raises(TypeError, match="log must be a RateLog"):
        compare_with_plan([0.1], "constant(0.1)")
    with pytest.raises(ValueError, match="unit must be one of"):
        compare_with_plan(log, "constant(0.1)", unit="day")
    with pytest.raises(ValueError, match="processes must be"):
        compare_with_plan(log, "constant(0.1)", known={"processes": 0})


def test_a_small_departure_is_printed_with_the_digits_that_show_it():
    rates = [0.1, 0.1, 0.1 - 1e-9]
    words = str(compare_with_plan(RateLog([rates], at=range(3), lags=(0,)), [0.1, 0.1, 0.1]))
    assert "planned 0.1, got 0.099999999." in words
    scaled = log_of((1 + 1e-8) * cosine(0.1, 50)(np.arange(50)))
    assert "All rates are 1.00000001 times the planned ones." in str(
        compare_with_plan(scaled, cosine(0.1, 50))
    )
