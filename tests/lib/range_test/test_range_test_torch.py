"""The range test of a torch model: what it measures, and that it leaves nothing changed."""

import contextlib
import functools
import io
import random

import numpy as np
import pytest
import torch
from torch import nn

from course_lib import training
from course_lib.range_test import RULES, range_test, range_test_many, sweep
from course_lib.range_test.recording import unbiased_average
from course_lib.training.batches import batch_rows
from tests.lib.range_test.spiral_training import (
    SPIRALS,
    Boom,
    Scripted,
    X,
    Y,
    assert_equal,
    loader,
    state,
)


class Awkward(nn.Module):
    """Batch norm, dropout, a frozen layer, a buffer outside the state, one put in anew."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Dropout(0.3))
        self.frozen = nn.Linear(8, 3).requires_grad_(False)
        self.register_buffer("calls", torch.zeros(1), persistent=False)
        self.register_buffer("seen", torch.zeros(2))
        self.net[1].eval()

    def forward(self, inputs):
        self.calls += 1
        self.seen = self.seen + inputs.detach().mean(0)
        np.random.rand()  # noqa: NPY002 - the global one
        random.random()
        return self.frozen(self.net(inputs))


def prepared():
    """A model in the middle of training: gradients, moments, batch statistics."""
    torch.manual_seed(0)
    model = Awkward()
    optimizer = torch.optim.Adam(model.net[0].parameters(), lr=0.01)  # not of all that trains
    for _ in range(3):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(X[:50]), Y[:50]).backward()
        optimizer.step()
    return model, optimizer


@pytest.mark.parametrize("ending", [None, Boom, KeyboardInterrupt, "nan", "stop"])
@pytest.mark.parametrize("given", [True, False])
def test_everything_is_as_before_however_it_ends(ending, given):
    model, optimizer = prepared()
    model.net[0].weight.grad[0, 0] = 7.0
    generator = torch.Generator().manual_seed(3)
    before = state(model, optimizer, generator)
    identities = [id(t) for t in (*model.parameters(), *model.buffers())]
    grads = [id(p.grad) for p in model.parameters()]
    calls = []

    def loss_fn(outputs, targets):
        calls.append(model.training and model.net[1].training)
        loss = nn.functional.cross_entropy(outputs, targets)
        if len(calls) == 5 and isinstance(ending, type):
            raise ending
        bad = {"nan": torch.nan, "stop": 1e6}.get(ending, 1.0)
        return loss * (bad if len(calls) >= 5 else 1.0)

    settings = {"optimizer": optimizer if given else torch.optim.Adam, "steps": 12}
    expected = pytest.raises(ending) if isinstance(ending, type) else contextlib.nullcontext()
    with expected:
        found = range_test(model, loss_fn, loader(generator=generator), **settings)
    assert_equal(before, state(model, optimizer, generator))
    assert identities == [id(t) for t in (*model.parameters(), *model.buffers())]
    assert grads == [id(p.grad) for p in model.parameters()]
    assert all(calls)
    if ending is None:
        assert np.isfinite(found.losses).all()
        assert len(calls) == 12


def test_the_losses_are_those_of_the_numpy_engine():
    data, rates = training.Workload(SPIRALS, batch_size=32), {"lowest_rate": 1e-4, "steps": 50}
    expected = sweep(data, [4], highest_rate=2.0, **rates)
    arrays = training.init_mlp([2, 64, 64, 3], seed=4)
    layers = [nn.Linear(*w.shape).double() for w in arrays[::2]]
    for layer, weight, bias in zip(layers, arrays[::2], arrays[1::2], strict=True):
        layer.weight.data, layer.bias.data = torch.tensor(weight.T), torch.tensor(bias)
    model = nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])
    inputs = torch.tensor(SPIRALS.inputs)
    batches = [(inputs[rows.copy()], Y[rows.copy()]) for rows in batch_rows(4, 300, 32, 50)]
    found = range_test(model, nn.functional.cross_entropy, batches, highest_rate=2.0, **rates)
    assert found.rates == pytest.approx(expected.rates)
    assert found.losses == pytest.approx(expected.losses, abs=1e-7)
    assert (found.diverged_at.tolist(), found.steps_run.tolist()) == ([-1], [50])
    again = range_test(model, nn.functional.cross_entropy, batches, highest_rate=2.0, **rates)
    assert (again.losses == found.losses).all()


def test_the_rate_is_set_before_the_update_in_every_group():
    model, used = nn.Linear(2, 3), []

    class Spy(torch.optim.SGD):
        def step(self, closure=None):
            used.append([float(group["lr"]) for group in self.param_groups])

    groups = [{"params": [model.weight], "lr": torch.tensor(0.5)}, {"params": [model.bias]}]
    optimizer = Spy(groups, lr=0.1)
    found = range_test(model, nn.functional.cross_entropy, loader(), steps=15, optimizer=optimizer)
    shares = np.array([1.0, 0.2])  # as before the test: 0.5 and 0.1
    assert np.array(used) == pytest.approx(np.outer(found.rates, shares))
    assert found.group_ratios == pytest.approx(shares)
    assert [float(group["lr"]) for group in optimizer.param_groups] == [0.5, pytest.approx(0.1)]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_it_stops_before_a_loss_that_is_not_finite(bad):
    model = Scripted([1.0] * 20 + [bad] + [1.0] * 79)
    found = range_test(model, lambda outputs, _: outputs, loader())
    assert model.step == 21
    assert found.diverged_at.tolist() == [20]
    assert found.steps_run.tolist() == [100]
    assert np.isnan(found.losses[0, 20:]).all()
    assert np.isfinite(found.losses[0, :20]).all()


@pytest.mark.parametrize("factor", [1.5, 10.0])
def test_it_stops_after_the_smoothed_loss_has_grown_too_far(factor):
    losses = np.concatenate([np.linspace(1, 0.5, 60), 0.5 * 1.5 ** np.arange(40)])
    smoothed = unbiased_average(losses, 0.98)
    over = np.flatnonzero(smoothed > factor * np.minimum.accumulate(smoothed))[0]
    model = Scripted(losses)
    found = range_test(model, lambda outputs, _: outputs, loader(), stop_factor=factor)
    assert model.step == over + 1
    assert found.steps_run.tolist() == [over + 1]
    assert found.diverged_at.tolist() == [-1]
    assert found.recorded(0) == pytest.approx(losses[: over + 1])
    assert np.isnan(found.losses[0, over + 1 :]).all()
    never = range_test(Scripted(losses), lambda outputs, _: outputs, loader(), stop_factor=np.inf)
    assert never.steps_run.tolist() == [100]
    if factor == 10.0:  # late enough for every rule to have stopped by itself
        for rule in RULES.values():
            whole = rule.suggest(found.rates, never.recorded(0))
            assert rule.suggest(found.rates, found.recorded(0)) == whole


def test_a_short_loader_is_started_again_and_a_generator_may_be_long_enough():
    counts = {"passes": 0, "batches": 0}

    class Counting:
        def __iter__(self):
            counts["passes"] += 1
            for _ in range(7):
                counts["batches"] += 1
                yield X[:4], Y[:4]

    model, loss_fn = nn.Linear(2, 3), nn.functional.cross_entropy
    range_test(model, loss_fn, Counting(), steps=20)
    assert counts == {"passes": 3, "batches": 20}
    stream = ((X[:4], Y[:4]) for _ in range(30))
    assert np.isfinite(range_test(model, loss_fn, stream, steps=20).losses).all()
    assert len(list(stream)) == 10
    stream = ((X[:4], Y[:4]) for _ in range(12))
    with pytest.raises(ValueError, match="20 batches; it ended after 12 batches and cannot"):
        range_test(model, loss_fn, stream, steps=20)
    with pytest.raises(ValueError, match="loader must give 20 batches; it is empty"):
        range_test(model, loss_fn, [], steps=20)


@pytest.mark.parametrize(
    ("batch", "got"),
    [({"x": X}, "a dict;"), (X, "a Tensor;"), ((X, Y, Y), "a tuple of 3;"), ([X], "a list of 1;")],
)
def test_batches_that_are_no_pairs_are_refused(batch, got):
    with pytest.raises(TypeError, match=rf"batches \(inputs, targets\), got {got}"):
        range_test(nn.Linear(2, 3), nn.functional.cross_entropy, [batch])


def test_inputs_may_be_structures_of_tensors():
    class Two(nn.Linear):
        def forward(self, inputs):
            return super().forward(inputs["a"]) + super().forward(inputs["b"][0])

    batch = ({"a": X, "b": [X, "a name"]}, Y)
    found = range_test(Two(2, 3), nn.functional.cross_entropy, [batch], steps=20, device="cpu")
    assert np.isfinite(found.losses).all()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"steps": 1}, ValueError, "steps must be >= 2"),
        ({"lowest_rate": 0}, ValueError, "lowest_rate must be finite, > 0"),
        ({"stop_factor": 1.0}, ValueError, "stop_factor must be finite, > 1"),
        ({"model": nn.Linear(2, 3).requires_grad_(False)}, ValueError, "require gradients, got no"),
        ({"model": nn.LazyLinear(3)}, ValueError, "pass one batch through it first"),
        (
            {"loss_fn": nn.CrossEntropyLoss(reduction="none")},
            TypeError,
            r"loss_fn must return a tensor of one element, got Tensor of shape \(32,\)",
        ),
        ({"loss_fn": lambda *_: 1.0}, TypeError, "one element, got float"),
    ],
)
def test_what_cannot_be_tested_is_refused(change, error, message):
    settings = {"model": nn.Linear(2, 3), "loss_fn": nn.CrossEntropyLoss(), "loader": loader()}
    with pytest.raises(error, match=message):
        range_test(**(settings | change))


def test_many_seeds_differ_repeat_and_equal_one_alone():
    def make():
        return nn.Linear(2, 3)

    before = torch.get_rng_state()
    settings = {"steps": 20, "optimizer": torch.optim.Adam}
    found = range_test_many(make, nn.functional.cross_entropy, loader(), [5, 2], **settings)
    assert torch.equal(before, torch.get_rng_state())
    assert found.losses.shape == (2, 20)
    assert found.seeds.tolist() == [5, 2]
    assert (found.losses[0] != found.losses[1]).all()
    alone = range_test_many(make, nn.functional.cross_entropy, loader(), [2], **settings)
    assert (alone.losses[0] == found.losses[1]).all()
    one = torch.optim.SGD(make().parameters(), lr=0.1)
    with pytest.raises(TypeError, match="optimizer must be a function that makes one for each"):
        range_test_many(make, nn.functional.cross_entropy, loader(), [2], optimizer=one)
    with pytest.raises(ValueError, match="at least one seed, got none"):
        range_test_many(make, nn.functional.cross_entropy, loader(), [])


def finder_run(losses, lowest_rate, highest_rate, steps):
    """Rates used and written, smoothed losses and suggestion of torch-lr-finder itself."""
    import torch_lr_finder
    from matplotlib.figure import Figure

    used, model = [], Scripted(losses)

    class Spy(torch.optim.SGD):
        def step(self, closure=None):
            used.append(self.param_groups[0]["lr"])
            return super().step(closure)

    optimizer = Spy(model.parameters(), lr=lowest_rate)
    finder = torch_lr_finder.LRFinder(model, optimizer, lambda outputs, _: outputs.clone())
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        finder.range_test(loader(), end_lr=highest_rate, num_iter=steps)
        try:
            found = finder.plot(ax=Figure().add_subplot())[1]
        except RuntimeError:
            found = np.nan
    return used, finder.history["lr"], finder.history["loss"], found


@functools.cache
def curves():
    return list(make_curves())


def make_curves():
    noise = np.random.default_rng(1).normal(size=(12, 100))
    for row in noise[:4]:
        yield np.exp(0.1 * row.cumsum())
    for row in noise[4:8]:
        yield np.where(np.arange(100) < 80, 1.0, 1.25 ** (np.arange(100) - 80)) + 0.05 * row
    yield np.where(np.arange(100) < 70, 1.0 + 0.01 * noise[8], np.nan)
    yield np.where(np.arange(100) < 98, 1.0 + 0.01 * noise[9], np.nan)
    yield np.where(np.arange(100) < 15, 1.0, 1e3)
    yield np.where(np.arange(100) < 16, 1.0, 1e3)
    yield from sweep(training.Workload(SPIRALS, batch_size=32), range(4)).losses


@pytest.mark.filterwarnings("ignore")  # the library's own
@pytest.mark.parametrize("curve", range(16))
def test_torch_lr_finder_s_rule_is_torch_lr_finder(needs_torch_lr_finder, curve):
    single = curves()[curve].astype(np.float32)
    used, written, smoothed, suggested = finder_run(single.tolist(), 1e-5, 10.0, 100)
    rule = RULES["torch-lr-finder"]
    rates = rule.rates(1e-5)
    assert used == written
    assert rates[: len(used)] == pytest.approx(used, rel=1e-12)
    recorded = rule.recorded(single)
    assert recorded == pytest.approx(smoothed, rel=1e-12, nan_ok=True)
    found = rule.suggest(rates, single)
    assert found.rate == pytest.approx(suggested, rel=1e-12, nan_ok=True)
