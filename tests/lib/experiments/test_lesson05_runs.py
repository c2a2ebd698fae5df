"""The computations of lesson 5 on few points: what is measured is what was asked for."""

import numpy as np
import pytest
import torch

from course_lib import problems, schedules, training
from course_lib.experiments import lesson05_runs as runs
from course_lib.intervals import Interval

DATA = problems.noisy_spirals(per_class=20, held_out_per_class=30)
WORK = training.Workload(DATA, runs.MODEL, batch_size=runs.BATCH)
HELD_OUT = training.Workload(DATA.held_out, runs.MODEL)


def test_the_ends_are_those_of_the_runs_with_the_anneal_at_their_end():
    plans = {"long": np.full(30, 0.3), "short": np.full(10, 0.3)}
    found = runs.annealed_ends(DATA, plans, (3, 4))
    assert list(found) == ["long", "short"]
    rates = np.concatenate([plans["short"], schedules.linear(0.1, 100)(np.arange(100))])
    alone = training.train(WORK, rates[None], [4], keep_at=(10, 110))
    end = found["short"]
    assert end.held_out_loss[1] == alone.held_out_loss[0, -1]
    assert end.training_loss[1] == alone.final_loss[0]
    before = training.loss_function(HELD_OUT)(torch.tensor(alone.weights[:, 0]))
    assert end.before[1] == pytest.approx(before.item(), rel=1e-6)
    assert end.sharpness.shape == (2,)


def test_a_run_is_stopped_where_its_training_loss_is_nearest():
    plans = {str(stop): np.full(stop, 0.3) for stop in (10, 40)}
    ends = runs.annealed_ends(DATA, plans, (0, 1))
    for stop, end in ends.items():
        target = end.training_loss.mean() + 1e-4
        nearest, found = runs.stop_at_loss(DATA, 0.3, target, (0, 1), stops=(10, 40))
        assert nearest == int(stop)
        assert (found.training_loss == end.training_loss).all()


def test_sharpness_along_a_run_has_a_row_a_seed():
    along = runs.sharpness_along(DATA, {"low": 0.05, "high": 0.5}, (0, 20), (1, 2, 3))
    assert {name: table.shape for name, table in along.items()} == {"low": (3, 2), "high": (3, 2)}
    assert along["low"][:, 0] == pytest.approx(along["high"][:, 0])  # before any update


def test_walks_at_rest_stay_and_walks_above_the_limit_stray():
    landscape = problems.SeveralMinima()
    lowest = landscape.minima[0]
    calm = runs.depart(landscape, lowest, np.full(200, 0.05), 0.0, walks=5)
    assert (calm.left, calm.share, calm.change) == (0.0, "none", "0")
    assert calm.positions == pytest.approx(np.tile(lowest, (5, 1)), abs=1e-6)
    wild = runs.depart(landscape, lowest, np.full(200, 0.5), 1.0, walks=20)
    assert wild.left > 0.5
    assert wild.farthest > 3 * calm.farthest
    assert isinstance(wild.change, Interval)


def test_every_way_has_its_own_best_peak_and_spends_the_same_updates():
    peaks, names = (0.1, 0.5), ["4 snapshots", "last snapshot", "one cosine", "4 short runs"]
    found = runs.four_ways(DATA, peaks, (0, 1), (2, 3), total_steps=40, cycles=4)
    assert list(found.losses) == list(found.peaks) == names
    for peak in peaks:  # a grid of one peak leaves no choice
        on_choosers = runs.four_ways(DATA, (peak,), (0, 1), (0, 1), 40, 4)
        on_scorers = runs.four_ways(DATA, (peak,), (0, 1), (2, 3), 40, 4)
        for name in names:
            if found.peaks[name] == peak:
                assert found.losses[name] == pytest.approx(on_scorers.losses[name])
            best = runs.four_ways(DATA, (found.peaks[name],), (0, 1), (0, 1), 40, 4)
            assert best.losses[name].mean() <= on_choosers.losses[name].mean()


def test_a_snapshot_is_the_run_at_the_end_of_its_cycle():
    found = runs.four_ways(DATA, (0.3,), (0,), (0, 1), total_steps=40, cycles=4)
    rates = schedules.cosine_restarts(0.3, 10)(np.arange(40))
    alone = training.train(WORK, np.tile(rates, (2, 1)), (0, 1), score_every=10)
    assert found.restarts == pytest.approx(alone.held_out_loss, rel=1e-5)
    assert found.losses["last snapshot"] == pytest.approx(found.restarts[:, -1])
    assert found.losses["one cosine"] == pytest.approx(found.cosine[:, -1])
    # an average of probabilities has a lower loss than the mean of the losses
    assert (found.losses["4 snapshots"] < found.restarts.mean(axis=1)).all()
