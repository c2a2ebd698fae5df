"""Every mistake that a comparison can name: it is in the table, and it is made here for real.

The id of each case is its code; its source, a public thread, is in `KNOWN_MISTAKES`.
"""

import ast
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from course_lib import diagnose
from course_lib.diagnose import KNOWN_MISTAKES, RateLog, compare_with_plan
from course_lib.libraries import from_library
from course_lib.schedules import cosine
from tests.lib.diagnose.random_mistakes import judged, random_case

MODULES = (
    *("counters", "arguments_changed", "lengths_changed", "rates_changed", "resumes"),
    *("second_rules", "plateau_rules_changed", "plan_comparison", "ranking"),
)
# Code -> number of the random case whose loop makes this mistake.
CASES: dict[str, int] = {
    "never-stepped": 671,
    "ahead": 674,
    "behind": 627,
    "skipped-updates": 562,
    "steps-per-update": 520,
    "updates-per-step": 615,
    "stepped-every-update": 641,
    "stepped-every-epoch": 519,
    "climbed-again": 504,
    "held-at-the-end": 511,
    "started-anew": 554,
    "state-lost": 549,
    "optimizer-state-lost": 653,
    "resumed-from-the-last-part": 558,
    "resumed-with-another-length": 502,
    "counter-jumped": 694,
    "stopped-stepping": 515,
    "plateau-fired": 503,
    "wrong-unit": 507,
    "decay-and-warmup": 746,
    "other-length": 917,
    "warmup-missing": 509,
    "other-warmup": 527,
    "milestone-off": 780,
    "scaled": 517,
    "floor-missing": 561,
    "floor-unit": 861,
    "other-floor": 501,
    "gamma-twice": 599,
    "gamma-missing": 602,
    "other-gamma": 528,
}


def codes_in(module: str) -> set[str]:
    """Return every text in a module that has the form of a code."""
    folder = Path(diagnose.__file__).parent
    tree = ast.parse((folder / "mistakes" / f"{module}.py").read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    form = re.compile(r"[a-z]+(-[a-z]+)+|ahead|behind|scaled")
    found = {text for text in texts if isinstance(text, str) and form.fullmatch(text)}
    joined = (text.replace("{second.code} + ", "") for text in texts if isinstance(text, str))
    return found | {text.removeprefix(" + ") for text in joined if text in KNOWN_MISTAKES}


def test_the_table_has_the_codes_that_a_comparison_gives_and_no_others():
    given = set().union(*(codes_in(module) for module in MODULES))
    assert given == set(KNOWN_MISTAKES)


def test_every_mistake_has_a_source_or_says_that_none_was_found():
    for code, (line, source) in KNOWN_MISTAKES.items():
        assert line[0].islower() or line.startswith("SequentialLR"), code
        named = re.match(r"[\w.-]+ (issue|pull request) \d+: \S", source)
        assert named or source == "none found", code


def test_every_mistake_is_made_for_real():
    assert set(CASES) | {"other-group", "other-patience", "other-metric"} == set(KNOWN_MISTAKES)


@pytest.mark.parametrize("code", CASES)
def test_a_mistake_made_in_a_real_loop_is_named(code):
    case = random_case(CASES[code])
    verdict, codes, _ = judged(case)
    assert code in case.run.codes
    assert (verdict, code in codes) == ("right", True), codes


LOSSES = [1.0, 0.9, 0.8, 0.81, 0.82, 0.83, 0.84, 0.79, 0.85, 0.85, 0.85, 0.85, 0.85, 0.85]


def plateau_log(name, metrics=LOSSES, **arguments):
    rates = from_library(name, base_lr=0.1, metrics=metrics, **arguments)(np.arange(len(LOSSES)))
    return RateLog(
        rates=[rates],
        at=np.arange(len(LOSSES)),
        unit="epoch",
        lags=(0,),
        losses=np.linspace(1.0, 0.9, len(LOSSES)) ** 2,
        metrics={
            "val_loss": np.array(LOSSES),
            **({"val_accuracy": metrics} if metrics != LOSSES else {}),
        },
    )


RULES = (
    ("torch.ReduceLROnPlateau", "patience"),
    ("keras.ReduceLROnPlateau", "patience"),
    ("transformers.get_reduce_on_plateau_schedule", "patience"),
)


@pytest.mark.parametrize(("name", "count"), RULES)
def test_a_plan_may_follow_the_logs_metric_and_another_patience_is_named(name, count):
    log = plateau_log(name, **{count: 2, "factor": 0.5})
    same = compare_with_plan(log, f"{name}(base_lr=0.1, {count}=2, factor=0.5)")
    assert same.as_planned
    assert "follow the log's column `val_loss` (14 values)" in str(same)
    other = compare_with_plan(log, f"{name}(base_lr=0.1, {count}=4, factor=0.5)")
    assert other.explanations[0].code == "other-patience"
    assert f"`{count}` was 2 in place of 4" in str(other)
    factor = compare_with_plan(log, f"{name}(base_lr=0.1, {count}=2, factor=0.2)")
    assert factor.explanations[0].code == "other-gamma"
    both = compare_with_plan(log, f"{name}(base_lr=0.1, {count}=4, factor=0.2)")
    assert both.explanations[0].code == "other-patience + other-gamma"


def test_timms_rule_waits_for_a_maximum_and_so_follows_an_accuracy():
    accuracies = (1 - np.array(LOSSES) / 2).tolist()
    log = plateau_log("timm.PlateauLRScheduler", accuracies, patience_t=2)
    found = compare_with_plan(log, "timm.PlateauLRScheduler(base_lr=0.1, patience_t=2)")
    assert found.as_planned
    assert "`val_accuracy`" in str(found)


def test_a_rule_that_followed_another_metric_is_named():
    name = "torch.ReduceLROnPlateau"
    log = plateau_log(name, patience=1)
    log = replace(log, losses=log.metrics["val_loss"], metrics={"val_loss": log.losses})
    found = compare_with_plan(log, f"{name}(base_lr=0.1, patience=1)")
    assert found.explanations[0].code == "other-metric"
    assert "followed `loss` in place of `val_loss`" in str(found)


def test_a_rule_without_a_metric_in_the_log_says_what_it_needs():
    log = RateLog(rates=[[0.1, 0.1]], at=[0, 1])
    plan = "torch.ReduceLROnPlateau(base_lr=0.1, patience=1)"
    with pytest.raises(ValueError, match="follows a metric, and the log has none"):
        compare_with_plan(log, plan)
    given = compare_with_plan(log, plan.replace(")", ", metrics=[1.0, 0.9])"))
    assert given.as_planned


def test_the_curve_of_another_group_is_named():
    plans = ["cosine(0.1, total_steps=50)", "cosine(0.01, total_steps=50)"]
    same = cosine(0.1, 50)(np.arange(50))
    found = compare_with_plan(RateLog(rates=[same, same], at=np.arange(50), lags=(0,)), plans)
    assert [group.as_planned for group in found.groups] == [True, False]
    assert found.explanations[0].code == "other-group"
