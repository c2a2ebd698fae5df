"""The training engine against PyTorch's gradients, a plain loop, and itself regrouped."""

import numpy as np
import pytest
import torch

from benchmarks.plain_loop import train_one
from course_lib import problems
from course_lib.training import Mlp, Workload, init_mlp
from course_lib.training import train as train_workload
from course_lib.training.batches import batch_rows

DATA = problems.spirals()


def train(data, rates, seeds, batch_size=None, **model):
    return train_workload(Workload(data, Mlp(**model), batch_size=batch_size), rates, seeds)


def test_steps_are_those_of_pytorch_autograd():
    layers = [torch.tensor(a, requires_grad=True) for a in init_mlp([2, 64, 64, 3], seed=5)]
    x, y = torch.tensor(DATA.inputs), torch.tensor(DATA.labels)
    rates = np.linspace(0.2, 0.05, 20)
    losses = []
    for rate in rates:
        hidden = torch.relu(x @ layers[0] + layers[1])
        hidden = torch.relu(hidden @ layers[2] + layers[3])
        p = torch.softmax(hidden @ layers[4] + layers[5], dim=1)
        loss = -torch.log(p[torch.arange(len(y)), y] + 1e-12).mean()
        losses.append(loss.item())
        for array, slope in zip(layers, torch.autograd.grad(loss, layers), strict=True):
            array.data -= rate * slope
    ours = train(DATA, rates[None], seeds=[5])
    assert ours.losses[0] == pytest.approx(losses, abs=1e-9)


@pytest.mark.parametrize("order", ["simultaneous", "layer_by_layer"])
def test_equals_a_plain_loop_for_300_steps(order):
    ours = train(DATA, np.full((1, 300), 0.1), seeds=[42], order=order)
    assert (
        np.abs(ours.losses[0] - train_one(DATA, np.full(300, 0.1), 42, order=order)).max() < 1e-10
    )


@pytest.mark.parametrize(
    ("rate", "loss"), [(1e-4, 1.0762), (0.01, 0.7673), (0.05, 0.4541), (0.1, 0.1732)]
)
def test_the_misplaced_update_gives_the_losses_measured_from_the_article(rate, loss):
    ours = train(DATA, np.full((1, 300), rate), seeds=[42], order="layer_by_layer")
    assert round(ours.losses[0, -1], 4) == loss


def test_grouping_does_not_change_a_bit():
    rates = np.random.default_rng(0).uniform(0.01, 0.5, size=(7, 30))
    seeds = np.arange(7)
    for batch_size in (None, 32):
        together = train(DATA, rates, seeds, batch_size=batch_size)
        for r in range(7):
            alone = train(DATA, rates[r : r + 1], seeds[r : r + 1], batch_size=batch_size)
            assert (alone.losses[0] == together.losses[r]).all()
            assert alone.final_loss[0] == together.final_loss[r]


def test_grouping_does_not_change_a_bit_of_many_classes_in_batches_of_one():
    # With one example and one run, a sum over classes runs along memory, where NumPy adds in pairs.
    rng = np.random.default_rng(0)
    data = problems.Classification(rng.normal(size=(60, 4)), np.arange(60) % 20, 20, "points")
    rates = np.full((5, 40), 0.05)
    together = train(data, rates, np.arange(5), batch_size=1, dtype="float32")
    for r in range(5):
        alone = train(data, rates[:1], [r], batch_size=1, dtype="float32")
        assert (alone.losses[0] == together.losses[r]).all()


@pytest.mark.parametrize("batch_size", [None, 32])  # alone in its block, and with neighbours
def test_a_run_that_diverges_is_marked_and_leaves_its_neighbours_alone(batch_size, recwarn):
    settings = {"batch_size": batch_size, "order": "layer_by_layer"}
    rates = np.array([[1.0] * 120, [0.1] * 120, [1.0] * 120, [0.05] * 120])
    runs = train(DATA, rates, seeds=[1, 2, 3, 4], **settings)
    assert runs.diverged.tolist() == [True, False, True, False]
    for r in (0, 2):
        first = runs.diverged_at[r]
        assert np.isnan(runs.losses[r, first:]).all()
        assert np.isfinite(runs.losses[r, :first]).all()
        assert np.isnan(runs.final_loss[r])
    for r in (1, 3):
        alone = train(DATA, rates[r : r + 1], seeds=[r + 1], **settings)
        assert (runs.losses[r] == alone.losses[0]).all()
        assert runs.final_loss[r] == alone.final_loss[0]
    assert not recwarn.list


def test_all_runs_may_diverge():
    runs = train(DATA, np.full((2, 100), 1.0), seeds=[0, 1], order="layer_by_layer")
    assert runs.diverged.all()


def test_batches_are_epochs_without_replacement():
    rows = batch_rows(3, 10, 4, 5)
    assert rows.shape == (5, 4)
    assert sorted(rows.ravel()[:10]) == list(range(10))
    assert sorted(rows.ravel()[10:]) == list(range(10))
    assert (batch_rows(3, 10, 4, 12)[:5] == rows).all()


def test_single_precision_is_close():
    rates = np.full((2, 100), 0.1)
    double, single = (train(DATA, rates, [0, 1], dtype=d) for d in ("float64", "float32"))
    assert single.losses == pytest.approx(double.losses, rel=1e-4)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"rates": np.full(3, 0.1)}, ValueError, r"rates must have shape \(runs, steps\)"),
        ({"rates": np.empty((0, 3))}, ValueError, "rates must have shape"),
        ({"rates": np.full((1, 3), -0.1)}, ValueError, "rates must be finite and >= 0"),
        ({"rates": np.full((1, 3), np.nan)}, ValueError, "rates must be finite"),
        ({"seeds": [0, 1]}, ValueError, "one seed a run: 1 expected, got 2"),
        ({"seeds": [-1]}, ValueError, "seeds must be >= 0, got"),
        ({"seeds": [0.5]}, TypeError, "seeds must be a whole number"),
        ({"batch_size": 0}, ValueError, "batch_size must be >= 1, got 0"),
        ({"batch_size": 301}, ValueError, "batch_size must be <= the 300 examples, got 301"),
        ({"hidden": (0,)}, ValueError, "hidden must be >= 1, got 0"),
        ({"dtype": "int32"}, ValueError, "dtype must be"),
        ({"order": "random"}, ValueError, "order must be .*got 'random'"),
    ],
)
def test_bad_arguments_are_named(change, error, message):
    arguments = {"rates": np.full((1, 3), 0.1), "seeds": [0]} | change
    with pytest.raises(error, match=message):
        train(DATA, **arguments)
