"""Rules about a file and its numbers: a log that deserves each, and one that just does not."""

import numpy as np
import pytest

from tests.lib.diagnose.odd_logs import HF, UP_DOWN, codes, linear, log_of, oddities_of, one


def test_few_rows():
    assert "Only 10 rows" in one(log_of(linear(10)), code="few-rows").message
    assert one(log_of([0.1]), code="few-rows").message.startswith("A single row has a rate")
    assert "few-rows" not in codes(log_of(linear(11)))


def test_several_runs_have_a_counter_that_starts_anew():
    found = one(
        log_of([*linear(20), *linear(20)], at=[*range(20), *range(20)]), code="several-runs"
    )
    assert found.problem
    assert (found.first, found.end) == (20, 40)
    assert "20 and 20 rows" in found.message
    three_times = log_of([0.1, 0.1, 0.1], at=[0, 0, 0], unit="epoch")
    assert one(three_times, code="several-runs").problem
    # Several rows of one update are no runs.
    assert "several-runs" not in codes(log_of([0.1, 0.1, 0.1], at=[0, 0, 0]))
    started = log_of(linear(3), settings={"training_starts_in_file": 2})
    assert "started 2 times" in one(started, code="several-runs").message


def test_repeated_rows():
    at = [*range(1, 21), 18, 19, 20, 21]
    found = one(log_of(np.full(24, 0.1), at=at, unit="epoch"), code="repeated-rows")
    assert found.problem
    assert (found.first, found.end) == (20, 23)
    assert "epochs 18 to 20 appear twice" in found.message
    assert "repeated-rows" not in codes(log_of(np.full(24, 0.1), at=range(1, 25), unit="epoch"))


def test_begins_in_mid_run():
    late = log_of(linear(20), at=range(1000, 1200, 10), settings={"resume": "last.ckpt"})
    found = one(late, code="begins-in-mid-run")
    assert not found.problem
    assert "checkpoint to resume from" in found.message
    assert "begins-in-mid-run" in codes(log_of(linear(20), at=range(7, 27), unit="epoch"))
    # A tool that logs every 500 updates has its first row at 500.
    assert "begins-in-mid-run" not in codes(log_of(linear(4), at=[500, 1000, 1500, 2000]))
    assert "begins-in-mid-run" not in codes(log_of(linear(20), at=range(1, 21), unit="epoch"))


def test_late_first_rate():
    at = [5000, *range(5010, 5200, 10)]
    steps = log_of(np.full(20, 1e-3), at=at, unit="environment step")
    assert "late-first-rate" in codes(steps)
    assert "begins-in-mid-run" not in codes(steps)
    on_time = log_of(np.full(20, 1e-3), at=range(2048, 2048 * 21, 2048), unit="environment step")
    assert "late-first-rate" not in codes(on_time)


def test_gap():
    at = [*range(10), *range(60, 70)]
    found = one(log_of(linear(20), at=at), code="gap")
    assert (found.first, found.end) == (9, 11)
    assert "update 9 and update 60" in found.message
    # A thinned file has many wide distances.
    assert "gap" not in codes(log_of(linear(20), at=[*range(10), *range(10, 510, 50)]))


def test_no_counter():
    assert "no-counter" in codes(log_of(linear(20), unit="row"))
    assert "no-counter" in codes(log_of(linear(20), settings={"no_epoch_column": True}))
    assert "no-counter" not in codes(log_of(linear(20)))


def test_environment_steps():
    log = log_of(np.full(12, 1e-3), unit="environment step", settings={"n_updates": 110})
    assert "11 of them for 110 updates" in one(log, code="environment-steps").message
    assert "environment-steps" not in codes(log_of(np.full(12, 1e-3)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rows_total": 100, "rows_with_lr": 20}, "80 of 100 rows of the file have no rate"),
        ({"lines": 100, "lines_without_lr": 20}, "20 of 100 rows of the file have no rate"),
        ({"rows_without_lr": 1}, "1 row of the file has no rate"),
        ({"lr_only_on_val_rows": True}, "Only the rows of held-out results have a rate"),
    ],
)
def test_rows_without_rate(settings, message):
    log = log_of(linear(20), settings=settings)
    assert message in one(log, code="rows-without-rate").message


def test_rows_without_rate_of_the_log_itself():
    holes = np.where(np.arange(20) % 2, np.nan, linear(20))
    assert "10 of 20" in one(log_of(holes), code="rows-without-rate").message
    noted = log_of(linear(20), notes=("20 of 22 rows have a rate; the others were left out",))
    assert "2 of 22" in one(noted, code="rows-without-rate").message
    assert "rows-without-rate" not in codes(log_of(linear(20)))
    evaluations = log_of(linear(20), settings={"lines": 1000, "lines_without_lr": 2})
    assert "rows-without-rate" not in codes(evaluations)


def test_notes_of_the_reader_about_counters():
    assert "two-counters" in codes(log_of(linear(20), notes=("two counters share the column",)))
    assert "counter-rebuilt" in codes(log_of(linear(20), notes=("iter begins anew every epoch",)))
    assert not {"two-counters", "counter-rebuilt"} & codes(log_of(linear(20), notes=("a note",)))


def test_one_row_an_epoch():
    at = np.arange(100, 2100, 100)
    assert "one-row-an-epoch" in codes(log_of(linear(20), at=at, epochs=np.arange(20)))
    assert "one-row-an-epoch" not in codes(log_of(linear(20), at=at, epochs=np.arange(20) / 2))


def test_later_phase():
    assert "later-phase" in codes(log_of(linear(20), source="runs/history_phase2.csv"))
    assert "later-phase" not in codes(log_of(linear(20), source="runs/history_phase1.csv"))
    assert "later-phase" not in codes(log_of(linear(20), source="phase2/history.csv"))


def test_number_format():
    single = linear(20, 1e-3).astype(np.float32).astype(float)
    assert "float32" in one(log_of(single), code="float-noise").message
    printed = [float(f"{rate:.2e}") for rate in 1e-3 * np.cos(np.arange(20) / 14)]
    assert "3 significant digits" in one(log_of(printed), code="few-digits").message
    noisy = np.full(20, 0.1 + 0.2)
    assert "0.30000000000000004 is 0.3" in one(log_of(noisy), code="float-noise").message
    assert not {"float-noise", "few-digits"} & codes(log_of(np.full(20, 0.3)))
    # A line has such numbers by its nature.
    assert "float-noise" not in codes(log_of(3e-4 * np.arange(20, 0, -1) / 20))
    # Five levels of one digit are round numbers.
    assert "few-digits" not in codes(log_of([1e-5, 2e-5, 3e-5, 4e-5, 5e-5, 5e-5]))


def test_rounded_to_zero():
    steps = np.repeat([1e-3, 1e-4, 1e-5, 0.0], 10)
    log = log_of(steps)
    found = one(log, code="rounded-to-zero")
    assert (found.first, found.end, found.problem) == (30, 40, False)
    assert "1e-06" in found.message
    assert "dead-rows" not in codes(log)
    # Half of 0.05 would not have been rounded away.
    true_zero = log_of(np.repeat([0.1, 0.05, 0.0], 10))
    assert "rounded-to-zero" not in codes(true_zero)
    assert one(true_zero, code="dead-rows").problem


def test_not_finite_and_negative():
    found = one(log_of([0.1, np.inf, 0.1, *linear(20)]), code="not-finite")
    assert found.problem
    assert (found.first, found.end) == (1, 2)
    below = one(log_of(np.linspace(1, -0.1, 23)), code="negative")
    assert below.problem
    assert below.first == 21
    assert "-0.1" in below.message
    assert not {"not-finite", "negative"} & codes(log_of([0.1, np.nan, 0.1, *linear(20)]))


@pytest.mark.parametrize(
    ("rate", "rest", "absurd"),
    [
        (5.0, {"format": HF}, True),
        (0.05, {"format": HF}, False),
        (5.0, {}, True),
        (0.5, {}, False),
        (5.0, {"settings": {"optimizer": "SGD"}}, False),
        (50.0, {"settings": {"optimizer": "SGD"}}, True),
        (0.5, {"settings": {"opt": "adamw"}}, True),
        (1e-12, {}, True),
        (1e-9, {}, False),
    ],
)
def test_absurd_rate(rate, rest, absurd):
    found = [o for o in oddities_of(log_of(np.full(20, rate), **rest)) if o.code == "absurd-rate"]
    assert [o.problem for o in found] == [True] * absurd


def test_whole_number_as_a_rate_may_be_a_typing_error():
    assert "5e-5" in one(log_of(np.full(20, 5.0), format=HF), code="absurd-rate").message
    assert "e-5" not in one(log_of([5.5] * 20, format=HF), code="absurd-rate").message


def test_dead_rows():
    tail = [*linear(20), *np.zeros(5)]
    found = one(log_of(tail), code="dead-rows")
    assert found.problem
    assert (found.first, found.end) == (20, 25)
    assert one(log_of(np.zeros(20)), code="dead-rows").problem
    assert "dead-rows" not in codes(log_of([*linear(20), 0.0]))


def test_groups_differ():
    own = np.array(UP_DOWN)
    bias = [2.0, 1.7, 1.4, 1.1, 1.0, 0.8, 0.6, 0.4, 0.2, 0.0]
    log = log_of([own, bias, own], group_names=("weights", "bias", "norm"))
    message = one(log, code="groups-differ").message
    assert "The group bias" in message
    assert "falls from 2" in message
    assert "norm" not in message
    scaled = log_of([own, 0.1 * own, 0.1 * own])
    assert "0.1 times" in one(scaled, code="groups-differ").message
    frozen = log_of([own, 0 * own])
    assert "nothing in it is trained" in one(frozen, code="groups-differ").message
    assert "groups-differ" not in codes(log_of([own, own]))


def test_disorder():
    at = np.arange(40) + np.where(np.arange(40) % 5 == 0, 3.0, 0.0)
    found = one(log_of(np.full(40, 0.1), at=at), code="disorder")
    assert found.problem
    assert "at 7 rows" in found.message
    assert "disorder" not in codes(log_of(np.full(24, 0.1), at=[*range(20), 17, 18, 19, 20]))
