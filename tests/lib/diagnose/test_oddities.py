"""All rules about odd logs at once: no false alarm, and messages that are sentences."""

import re

import numpy as np
import pytest

from course_lib.diagnose.oddities import ODDITY_RULES
from course_lib.schedules.catalogue import CATALOGUE
from tests.lib.diagnose.odd_logs import UP_DOWN, codes, cosine, linear, log_of, oddities_of, part_of


def test_a_healthy_log_has_no_problem():
    rates = [*np.linspace(0, 1e-3, 10, endpoint=False), *cosine(91, 1e-3)]
    log = log_of(rates, settings={"total_steps": 100, "peak_lr": 1e-3})
    part = part_of(log, "cosine", peak=1e-3, warmup_steps=10.0, total_steps=101.0)
    assert codes(log, part) == {"last-rate"}


def test_messages_are_sentences_with_rows_inside_the_log():
    logs = [
        log_of([*linear(20), *linear(20)], at=[*range(20), *range(20)]),
        log_of(UP_DOWN, settings={"total_steps": 100, "peak_lr": 0.5}),
        log_of([[np.nan, 5.0, np.inf, -1.0], [0, 0, 0, 0]], at=[0, 1, 5, 3], unit="epoch"),
        log_of([np.nan, 1e-3, np.nan, 1e-3], unit="environment step"),
        log_of([0.0, 0.0]),
        log_of([0.0]),
    ]
    for log in logs:
        for oddity in oddities_of(log):
            assert re.fullmatch(r"[a-z]+(-[a-z]+)*", oddity.code)
            assert re.match(r"[A-Z0-9]", oddity.message)
            assert oddity.message.endswith(".")
            assert 0 <= oddity.first < oddity.end <= log.size


def test_every_rule_stands_alone_and_is_named_once():
    assert len({rule.__name__ for rule in ODDITY_RULES}) == len(ODDITY_RULES)


def test_a_log_without_a_finite_rate_has_only_that():
    log = log_of([[np.inf, np.inf]])
    assert codes(log) == {"not-finite"}


@pytest.mark.parametrize("every", [1, 5])
@pytest.mark.parametrize("name", CATALOGUE)
def test_a_whole_run_of_a_known_schedule_has_no_problem(name, every):
    total = 200
    at = np.arange(every - 1, total, every)
    rates = CATALOGUE[name].schedule(1e-3, total)(at)
    log = log_of(rates, at=at, settings={"total_steps": total, "peak_lr": 1e-3})
    assert [o for o in oddities_of(log) if o.problem] == []
