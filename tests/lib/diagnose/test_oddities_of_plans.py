"""Rules about a run beside its settings, and between its rows: deserved, and just not."""

import numpy as np

from tests.lib.diagnose.odd_logs import (
    HF,
    UP_DOWN,
    codes,
    cosine,
    linear,
    log_of,
    oddities_of,
    one,
    part_of,
)


def test_stopped_early():
    rates = linear(100)[:40]
    log = log_of(rates, settings={"total_steps": 100})
    found = one(log, code="stopped-early")
    assert found.problem
    assert found.first == 39
    assert "update 40 of 100, 40 % of the schedule" in found.message
    assert not one(
        log_of(linear(100)[:60], settings={"total_steps": 100}), code="stopped-early"
    ).problem
    # A file that is saved with a checkpoint need not be the whole run.
    snapshot = log_of(
        rates, at=range(1, 41), format=HF, settings={"total_steps": 100, "global_step": 40}
    )
    assert not one(snapshot, code="stopped-early").problem
    # A constant rate has nothing left to do.
    assert not one(
        log_of(np.full(40, 0.1), settings={"total_steps": 100}), code="stopped-early"
    ).problem
    assert "stopped-early" not in codes(log_of(linear(100), settings={"total_steps": 100}))
    # Every tenth update is logged: the row of update 100 is not written.
    last = log_of(linear(10), at=range(5, 100, 10), settings={"total_steps": 100})
    assert "stopped-early" not in codes(last)


def test_stopped_early_by_the_curve_alone():
    log = log_of(linear(100)[:40])
    assert one(log, part_of(log, peak=1.0, total_steps=100.0), code="stopped-early").problem
    # The rows fit a decay to a floor that ends with them, too.
    open_end = part_of(log, peak=1.0, total_steps=(100.0, 39.0, 100.0))
    found = one(log, open_end, code="stopped-early")
    assert not found.problem
    assert found.message.endswith("; a decay to a floor that ends here fits as well.")


def test_schedule_longer():
    log = log_of(linear(1300)[:100], settings={"total_steps": 100})
    found = one(log, part_of(log, peak=1.0, total_steps=1300.0), code="schedule-longer")
    assert found.problem
    assert "13 times" in found.message
    assert "last-rate" not in codes(log, part_of(log, peak=1.0, total_steps=1300.0))
    assert "schedule-longer" not in codes(log, part_of(log, peak=1.0, total_steps=101.0))


def test_past_the_end():
    log = log_of([*linear(50), *np.full(20, 0.02)])
    assert "20 rows" not in str(codes(log))
    assert "past-the-end" in codes(log, part_of(log, peak=1.0, total_steps=50.0))
    assert "past-the-end" not in codes(log, part_of(log, peak=1.0, total_steps=69.0))


def test_optimizer_auto():
    def curve(lr0):
        return log_of(
            [[0.0007, 0.0013, 0.0019, *0.0019 * linear(17)]],
            unit="epoch",
            settings={"optimizer": "auto", "lr0": lr0},
        )

    assert one(curve(0.005), code="optimizer-auto").problem
    assert not one(curve(0.01), code="optimizer-auto").problem  # the default, which nobody typed
    assert "optimizer-auto" not in codes(curve(0.0019))


def test_peak_differs():
    rates = [*np.linspace(0, 1.4142e-4, 10), *np.full(20, 1.4142e-4)]
    found = one(log_of(rates, settings={"peak_lr": 1e-4}), code="peak-differs")
    assert not found.problem
    assert "square-root scaling of the batch by 2" in found.message
    assert "peak-differs" not in codes(log_of(rates, settings={"peak_lr": 1.4142e-4}))
    # A run that ends in its warmup has not got that far.
    assert "peak-differs" not in codes(log_of(rates[:5], settings={"peak_lr": 1e-3}))


def test_scaled_recipe():
    def curve(eta_min):
        scheduler = f"LinearLR(start_factor=1e-05), CosineAnnealingLR(eta_min={eta_min})"
        rates = [*np.linspace(0, 1e-3, 10), *cosine(20, 1e-3, 5e-5)]
        return log_of(rates, settings={"param_scheduler": scheduler})

    message = one(curve(5e-5), code="peak-differs").message
    assert "0.25 times" in message
    assert "linear scaling of the batch by 4" in message
    assert "peak-differs" not in codes(curve(0))


def test_peak_not_reached():
    rates = [0.1, 0.4, 0.7, 0.95, *0.9 * linear(16)]
    log = log_of(rates, unit="epoch", format="timm summary.csv")
    found = one(log, part_of(log, "cosine", peak=1.0), code="peak-not-reached")
    assert "95 %" in found.message
    assert "evaluated at t" in found.message
    assert found.first == 3
    assert "peak-not-reached" not in codes(log, part_of(log, "cosine", peak=0.95))
    # Between two rows of a log there may be a peak.
    wide = log_of(rates, at=range(0, 200, 10))
    assert "peak-not-reached" not in codes(wide, part_of(wide, peak=1.0))


def test_constant_for_each_reason():
    flat = np.full(20, 1e-4)
    assert "constant" in codes(log_of(flat))
    assert "constant" not in codes(log_of([*flat, 9e-5]))
    assert "constant-with-scheduler" in codes(log_of(flat, format="Keras CSVLogger", unit="epoch"))
    one_epoch = log_of(flat, format="Lightning metrics.csv", epochs=np.zeros(20))
    assert one(one_epoch, code="constant-one-epoch").problem
    two = log_of(flat, format="Lightning metrics.csv", epochs=np.arange(20) // 10)
    assert "constant-one-epoch" not in codes(two)
    assert "constant" in codes(two)
    unused = log_of(flat, settings={"scheduler": "cosine", "total_steps": 20})
    assert one(unused, code="constant-with-scheduler").problem
    waiting = log_of(flat, settings={"scheduler": "WarmupMultiStepLR", "total_steps": 20})
    assert "constant-with-scheduler" not in codes(waiting)


def test_floor_from_the_start():
    settings = {"param_scheduler": "PolyLR(eta_min=0.0001, power=0.9, end=800)"}
    at = range(401, 801, 20)
    found = one(log_of(np.full(20, 1e-4), at=at, settings=settings), code="floor-from-the-start")
    assert found.problem
    assert "update 401" in found.message
    above = log_of(np.full(20, 1e-3), at=at, settings=settings)
    assert "floor-from-the-start" not in codes(above)


def test_resumed_without_seam():
    assert "resumed-without-seam" in codes(log_of(linear(20), settings={"resume": "true"}))
    assert "resumed-without-seam" not in codes(log_of(linear(20), settings={"resume": "false"}))


def test_skipped_updates():
    log = log_of(linear(20), lags=(1, 0))
    grows = part_of(log, lag=1.0, skipped=((7, 2.0), (9, 3.0)))
    found = one(log, grows, code="skipped-updates")
    assert "2 steps of the scheduler are missing" in found.message
    assert found.first == 7
    assert not found.problem
    assert "6 steps behind" in one(log, part_of(log, lag=6.0), code="skipped-updates").message
    assert "skipped-updates" not in codes(log, part_of(log, lag=1.0))
    either = log_of(linear(20), lags=(0, 1))
    assert (
        "or the first update was skipped"
        in one(either, part_of(either, lag=1.0), code="skipped-updates").message
    )


def test_lags_of_environment_steps():
    at = [*range(2048, 2048 * 10, 2048), 20000, *range(2048 * 10, 2048 * 20, 2048)]
    log = log_of(linear(20), at=at, unit="environment step", lags=(2048, 0))
    part = part_of(log, lag=2048.0)
    assert {"rollout-lag", "lag-changes"} <= codes(log, part)
    even = log_of(
        linear(20), at=range(2048, 2048 * 21, 2048), unit="environment step", lags=(2048, 0)
    )
    assert "lag-changes" not in codes(even, part_of(even, lag=2048.0))
    assert "rollout-lag" not in codes(even, part_of(even))


def seam(before, after, **ends):
    log = log_of([*before, *after])
    left = part_of(log, end=len(before), total_steps=float(ends.get("left", 20)))
    right = part_of(log, first=len(before), total_steps=float(ends.get("right", 20)))
    return log, left, right


def test_resumed_jump_and_seam():
    log, *parts = seam(linear(20), 0.6 * linear(20), left=20, right=40)
    found = one(log, *parts, code="resumed-jump")
    assert found.problem
    assert (found.first, found.end) == (20, 40)
    assert "of 40 updates, longer than the 20 before" in found.message
    drop = seam(linear(20)[:10], 0.25 * linear(10), right=15)
    assert "shorter" in one(drop[0], *drop[1:], code="resumed-jump").message
    # A restart begins at its own peak, and cycles have several; neither is a resume for sure.
    own = part_of(log, first=20, peak=0.6, lag=20.0)
    assert not one(log, parts[0], own, code="resumed-jump").problem
    many = log_of(np.tile(0.5 * linear(10) + 0.1, 6) * np.repeat(0.9 ** np.arange(6), 10))
    cycles = [part_of(many, first=i, end=i + 10, peak=1.0) for i in range(0, 60, 10)]
    assert not [o for o in oddities_of(many, *cycles) if o.problem]
    smooth = seam(linear(20)[:10], 0.55 * linear(20))
    assert not one(smooth[0], *smooth[1:], code="resumed").problem
    whole = log_of(linear(20))
    assert not {"resumed", "resumed-jump"} & codes(whole, part_of(whole))


def test_a_curve_that_begins_anew_after_a_resume():
    log = log_of([*linear(20)[:10], *np.linspace(0, 1, 10)])
    anew = part_of(log, first=10, lag=10.0)
    assert "begins anew" in one(log, part_of(log, end=10), anew, code="resumed-jump").message
    other = part_of(log, first=10, lag=0.0)
    assert "another schedule" in one(log, part_of(log, end=10), other, code="resumed-jump").message


def test_logged_ahead():
    log = log_of(linear(20), unit="epoch")
    assert "logged-ahead" in codes(log, part_of(log, lag=-1.0))
    assert "logged-ahead" not in codes(log, part_of(log, lag=0.0))
    from_one = log_of(linear(20), at=range(1, 21), unit="epoch")
    assert "logged-ahead" in codes(from_one, part_of(from_one, lag=0.0))
    assert "logged-ahead" not in codes(from_one, part_of(from_one, lag=1.0))


def test_drop_undone():
    levels = [*np.ones(10), *np.full(5, 0.1)]
    log, *parts = seam(levels, np.ones(10))
    assert one(log, *parts, code="drop-undone").problem
    new = seam(levels, np.full(10, 0.7))
    assert "drop-undone" not in codes(new[0], *new[1:])
    assert "resumed-jump" in codes(new[0], *new[1:])


def test_jump_that_nothing_explains():
    log = log_of([*linear(20)[:15], *0.7 * linear(20)])
    found = one(log, code="resumed-jump")
    assert found.problem
    assert found.first == 15
    # Back to the peak it may be a restart, and a climb over several rows is a cycle.
    assert not one(log_of([*linear(20)[:15], *linear(20)]), code="resumed-jump").problem
    assert "resumed-jump" not in codes(log_of(UP_DOWN[4:] + UP_DOWN))
    # A part that covers the jump has explained it, and the start of a file's next run is none.
    assert "resumed-jump" not in codes(log, part_of(log, "cosine restarts"))
    runs = log_of([*linear(20), *linear(20)], at=[*range(20), *range(20)])
    assert "resumed-jump" not in codes(runs)
