"""What a log cannot tell is said: its rows are too few, or its decay or beginning is not seen."""

import math

import numpy as np
import pytest

from course_lib.diagnose import RateLog, example_log, identify, read_log
from course_lib.schedules import constant, linear, warmup, warmup_linear, wsd
from tests.lib.diagnose.odd_logs import holds


def test_an_end_that_is_not_reached_is_a_guess_and_says_so():
    plan = wsd(3e-4, 1, 24_000, 4000, "exp", floor=3e-5)
    at = np.arange(2176, 23_900, 128)
    found = identify(RateLog(rates=[plan(at)], at=at, lags=(0,)))
    holds(found, "WSD, exponential decay", total_steps=24_000, floor=3e-5, decay_from=20_000)
    assert any("stop before the end" in sentence for sentence in found.cannot_tell)


@pytest.mark.parametrize(
    "rates",
    [[1e-3], [1e-3, 5e-4], [0.0, 0.0, 0.0], [math.nan, 1e-3, math.nan]],
    ids=["one row", "two rows", "zeros", "one rate"],
)
def test_too_little_cannot_be_told(rates):
    found = identify(RateLog(rates=[rates], at=np.arange(len(rates)), lags=(0,)))
    assert found.parts == ()
    assert found.cannot_tell
    assert math.isnan(found.residual)


def test_noise_cannot_be_told():
    rates = np.random.default_rng(0).uniform(1e-4, 1e-3, 60)
    found = identify(RateLog(rates=[rates], at=np.arange(60), lags=(0,)))
    assert found.parts == ()
    assert "cannot be told" in found.cannot_tell[0]


def test_a_rise_says_that_the_decay_is_not_seen():
    plan = warmup(constant(2.5e-4), 300, start=2.5e-7)
    at = np.arange(19, 120, 20)
    log = RateLog(rates=[plan(at)], at=at, lags=(0,), format="detectron2 metrics.json")
    found = identify(log)
    holds(found, "linear warmup", peak=2.5e-4, warmup_steps=300)
    assert found.parts[0].parameters["peak"].high == math.inf
    assert any("not seen" in sentence for sentence in found.cannot_tell)


def test_a_fall_says_that_its_beginning_is_not_seen():
    at = np.arange(500, 1501, 500)
    log = RateLog(
        rates=[linear(5e-5, 1689)(at)], at=at, lags=(0, 1), settings={"total_steps": 1689}
    )
    found = identify(log)
    holds(found, "linear decay", peak=5e-5, total_steps=1689)
    assert any("warmup" in sentence for sentence in found.cannot_tell)
    assert any("3 rows" in sentence for sentence in found.cannot_tell)


def test_one_row_after_the_peak_tells_no_decay():
    plan = warmup_linear(1e-3, 20, 100)
    found = identify(RateLog(rates=[plan(np.arange(22))], at=np.arange(22), lags=(0,)))
    assert any("as well" in sentence for sentence in found.cannot_tell)


def test_a_part_that_is_all_decay_is_named_where_there_are_several():
    words = identify(read_log(example_log("trainer_state.json"))).cannot_tell
    assert words[0].startswith("Every row from update 62 to 160 is in the decay: ")
