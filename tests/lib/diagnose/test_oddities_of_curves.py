"""Rules about warmup, decay and end: a log that deserves each, and one that just does not."""

import numpy as np

from course_lib.diagnose import Precision
from tests.lib.diagnose.odd_logs import HF, UP_DOWN, codes, cosine, linear, log_of, one, part_of


def test_warmup_long():
    rates = [*np.linspace(0, 1, 60, endpoint=False), *linear(40)]
    log = log_of(rates, settings={"total_steps": 100})
    found = one(log, part_of(log, peak=1.0, warmup_steps=60.0), code="warmup-long")
    assert found.problem
    assert "60 % of the run, 60 of 100 updates" in found.message
    some = log_of(
        [*np.linspace(0, 1, 40, endpoint=False), *linear(60)], settings={"total_steps": 100}
    )
    assert not one(some, part_of(some, warmup_steps=40.0), code="warmup-long").problem
    short = log_of([*np.linspace(0, 1, 10, endpoint=False), *linear(90)])
    assert "warmup-long" not in codes(short, part_of(short, warmup_steps=10.0, total_steps=100.0))
    # Two of three rows are no warmup.
    assert "warmup-long" not in codes(log_of([0.0, 0.9, 1.0, 0.5]))
    # A one-cycle rises for 30 to 40 % on purpose.
    assert "warmup-long" not in codes(some, part_of(some, "one cycle", warmup_steps=40.0))


def test_a_checkpoint_in_the_warmup_tells_how_long_it_is_at_least():
    log = log_of(np.arange(1, 31) / 100, at=range(1, 31), format=HF, settings={"total_steps": 40})
    part = part_of(log, "linear warmup", peak=1.0, warmup_steps=(100.0, 30.0, np.inf))
    found = one(log, part, code="warmup-long")
    assert found.problem
    assert "at least 75 % of the run, 30 of 40 updates" in found.message
    begun = log_of(np.arange(1, 31) / 100, at=range(1, 31), format=HF)
    assert "warmup-long" not in codes(begun, part_of(begun, "linear warmup"))


def test_run_shorter_than_warmup():
    log = log_of(np.arange(1, 31) / 100)
    found = one(log, part_of(log, peak=1.0, warmup_steps=100.0), code="run-shorter-than-warmup")
    assert found.problem
    assert "30 % of its peak" in found.message
    assert "run-shorter-than-warmup" in codes(log)  # every row rises, although nothing is known
    full = log_of(np.minimum(1, np.arange(1, 41) / 30))
    known = part_of(full, peak=1.0, warmup_steps=30.0)
    assert "run-shorter-than-warmup" not in codes(full, known) | codes(full)
    snapshot = log_of(np.arange(1, 31) / 100, format=HF)
    assert "run-shorter-than-warmup" not in codes(snapshot)


def test_decay_not_seen():
    log = log_of([*np.linspace(0.1, 1, 10), *np.ones(10)])
    assert "the last 10 rows stay there" in one(log, code="decay-not-seen").message
    assert "decay-not-seen" not in codes(log_of([*np.linspace(0.1, 1, 10), *np.ones(10), 0.9]))
    assert "decay-not-seen" not in codes(log_of(np.ones(20)))


def test_warmup_not_told():
    log = log_of(linear(20)[1:], at=range(100, 2000, 100))
    found = one(
        log, part_of(log, peak=1.0, warmup_steps=0.0, total_steps=2000.0), code="warmup-not-told"
    )
    assert "up to 99 updates" in found.message
    whole = log_of(linear(20))
    assert "warmup-not-told" not in codes(whole, part_of(whole, peak=1.0, warmup_steps=0.0))
    assert "warmup-not-told" not in codes(log, part_of(log, "cosine", peak=1.0, warmup_steps=0.0))


def test_warmup_in_few_rows():
    rates = [0.25, 0.5, 0.75, *np.ones(20)]
    log = log_of(rates, at=range(50, 1200, 50))
    assert (
        "3 rows show the warmup"
        in one(log, part_of(log, peak=1.0, warmup_steps=199.0), code="warmup-in-few-rows").message
    )
    every = log_of(rates)
    assert "warmup-in-few-rows" not in codes(every, part_of(every, peak=1.0, warmup_steps=4.0))


def test_warmup_start():
    line = 1 / 101 + np.arange(100) / 101
    log = log_of([*line, *np.ones(50)])
    part = part_of(log, peak=1.0, warmup_steps=100.0)
    assert "1/101 of the peak" in one(log, part, code="warmup-start").message
    usual = log_of([*(np.arange(1, 101) / 100), *np.ones(50)])
    assert "warmup-start" not in codes(usual, part_of(usual, peak=1.0, warmup_steps=100.0))
    high = log_of([*np.linspace(0.2, 1, 11), *linear(50)], unit="epoch")
    known = part_of(high, "cosine", peak=1.0, warmup_steps=10.0)
    assert "1/5 of the peak" in one(high, known, code="warmup-start").message


def test_warmup_cosine():
    rise = 0.5 * (1.01 - 0.99 * np.cos(np.pi * np.arange(11) / 10))
    assert "half a cosine" in one(log_of([*rise, *linear(40)]), code="warmup-cosine").message
    line = log_of([*np.linspace(0.01, 1, 11), *linear(40)])
    assert "warmup-cosine" not in codes(line)
    square = log_of([*np.linspace(0.1, 1, 11) ** 2, *linear(40)])
    assert "warmup-cosine" not in codes(square)


def test_warmup_quadratic():
    rise = (np.arange(1, 21) / 20) ** 2
    assert "a parabola" in one(log_of([*rise, *linear(80)]), code="warmup-quadratic").message
    assert "warmup-quadratic" not in codes(log_of([*np.linspace(0, 1, 20), *linear(80)]))


def test_by_epoch():
    steps = np.repeat(cosine(10), 20)
    epochs = np.repeat(np.arange(10), 20)
    assert "9 times in 10 epochs" in one(log_of(steps, epochs=epochs), code="by-epoch").message
    assert "by-epoch" not in codes(log_of(np.roll(steps, 3), epochs=epochs))
    assert "by-epoch" not in codes(log_of(cosine(200), epochs=epochs))


def test_triangle():
    assert "triangle" in codes(log_of(UP_DOWN))
    assert "triangle" not in codes(log_of([*np.linspace(0.1, 1, 5), *linear(15)]))


def test_useless_tail():
    rates = np.repeat(10.0 ** -np.arange(5), 10)
    found = one(log_of(rates), part_of(log_of(rates), "plateau"), code="useless-tail")
    assert found.problem
    assert "without min_lr" in found.message
    assert (found.first, found.end) == (30, 50)
    assert not one(log_of([*np.ones(43), *np.full(7, 1e-3)]), code="useless-tail").problem
    assert "useless-tail" not in codes(log_of(np.repeat([1, 0.1, 0.01], 10)))
    assert "useless-tail" not in codes(log_of(cosine(200)))


def test_floor_held():
    decay = cosine(50, floor=0.1)
    assert one(log_of([*decay, *np.full(70, 0.1)]), code="long-floor").problem
    assert not one(log_of([*decay, *np.full(30, 0.1)]), code="long-floor").problem
    tail = log_of([*decay, *np.full(10, 0.1)], settings={"cooldown_epochs": 10})
    assert "ask for 10 of cooldown" in one(tail, code="cooldown-tail").message
    assert not {"long-floor", "cooldown-tail"} & codes(log_of([*decay, 0.1]))
    # A warmup that begins below the floor does not hide it.
    assert "cooldown-tail" in codes(log_of([0.01, 0.5, *decay, *np.full(10, 0.1)]))


def test_early_drop():
    found = one(log_of([1.0, *np.full(49, 0.1)]), code="early-drop")
    assert found.problem
    assert "49 of 50 rows" in found.message
    assert "early-drop" not in codes(log_of([*np.ones(15), *np.full(35, 0.1)]))
    assert "early-drop" not in codes(log_of([1.0, *np.full(49, 0.5)]))


def test_last_rate():
    exact = log_of([*linear(20), 0.0], settings={"total_steps": 20})
    assert "exactly 0" in one(exact, code="last-rate").message
    before = log_of(linear(20), settings={"total_steps": 20})
    assert "one update before the end" in one(before, code="last-rate").message
    wide = log_of(linear(20), at=range(0, 200, 10), settings={"total_steps": 200})
    assert "at the last row that the tool logged" in one(wide, code="last-rate").message
    floor = log_of([*cosine(20, floor=0.1), 0.1], settings={"total_steps": 20})
    known = part_of(floor, "cosine", peak=1.0, floor=0.1)
    assert "the floor" in one(floor, known, code="last-rate").message
    assert "last-rate" not in codes(log_of(linear(20)[:10], settings={"total_steps": 20}))


def test_one_step_ahead_and_rise_at_the_end():
    curve = 0.05 + 0.95 * 0.5 * (1 + np.cos(np.pi * np.arange(1, 22) / 20))
    found = one(log_of(curve, at=range(1, 22), unit="epoch"), code="one-step-ahead")
    assert found.problem
    assert found.first == 20
    assert "epoch 20" in found.message
    assert "one-step-ahead" not in codes(log_of(curve[:-1], unit="epoch"))
    longer = 0.5 * (1 + np.cos(np.pi * np.arange(30) / 20))
    assert one(log_of(longer), code="rises-at-the-end").problem
    # Cycles climb on purpose.
    cycles = log_of(longer)
    assert "rises-at-the-end" not in codes(cycles, part_of(cycles, "cosine restarts"))
    waves = log_of(0.5 * (1 + np.cos(np.pi * np.arange(72) / 20)))
    assert "rises-at-the-end" not in codes(waves)
    climbs = part_of(waves, "cosine that climbs again", peak=1.0, total_steps=20.0)
    assert one(waves, climbs, code="rises-at-the-end").problem
    # A rise by one unit of the last printed digit is the log's.
    printed = log_of([*linear(20)[:-1], 0.0501], precision=Precision("decimals", 3))
    assert not {"rises-at-the-end", "one-step-ahead"} & codes(printed)


def test_plateau():
    log = log_of(np.repeat([1.0, 0.5], 10), unit="epoch")
    found = one(log, part_of(log, "plateau", peak=1.0, patience=5.0), code="plateau")
    assert "The only drop" in found.message
    assert "patience of 5" in found.message
    assert "plateau" not in codes(log, part_of(log, "steps", peak=1.0))
