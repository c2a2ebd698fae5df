"""The engine's optimizers, scores and kept weights against PyTorch's, run by run."""

import numpy as np
import pytest
import torch

from course_lib import problems
from course_lib.training import Adam, AdamW, Mlp, Sgd, Workload, init_mlp, predict, train
from course_lib.training.batches import batch_rows
from course_lib.training.network import init_row

DATA = problems.Classification(
    inputs=np.random.default_rng(0).normal(size=(40, 5)),
    labels=np.random.default_rng(1).integers(0, 4, size=40),
    classes=4,
    name="points",
    held_out=problems.Classification(
        inputs=np.random.default_rng(2).normal(size=(25, 5)),
        labels=np.random.default_rng(3).integers(0, 4, size=25),
        classes=4,
        name="other points",
    ),
)
STEPS = 30
CLOSE = 2e-8  # ours adds 1e-12 to a probability before its logarithm; PyTorch does not
RATES = np.linspace(0.03, 0.005, STEPS)
MOMENTA = np.linspace(0.95, 0.85, STEPS)
OPTIMIZERS = {
    "sgd": (Sgd(), torch.optim.SGD, {}),
    "decayed": (Sgd(weight_decay=0.1), torch.optim.SGD, {"weight_decay": 0.1}),
    "momentum": (Sgd(momentum=0.9), torch.optim.SGD, {"momentum": 0.9}),
    "nesterov": (
        Sgd(momentum=0.8, nesterov=True, weight_decay=0.01),
        torch.optim.SGD,
        {"momentum": 0.8, "nesterov": True, "weight_decay": 0.01},
    ),
    "adam": (
        Adam(0.8, 0.95, 1e-6),
        torch.optim.Adam,
        {"betas": (0.8, 0.95), "eps": 1e-6},
    ),
    "adamw": (AdamW(weight_decay=0.3), torch.optim.AdamW, {"weight_decay": 0.3}),
}


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def network_of(layers, x):
    for weight, bias in zip(layers[:-2:2], layers[1:-2:2], strict=True):
        x = torch.relu(x @ weight + bias)
    return x @ layers[-2] + layers[-1]


def train_in_torch(hidden, kind, arguments, seed, batch_size, momenta=None):
    """Losses before each update and, at the end, scores and weights."""
    sizes = [5, *hidden, 4]
    layers = [torch.tensor(a, requires_grad=True) for a in init_mlp(sizes, seed)]
    optimizer = kind(layers, lr=1.0, **arguments)
    x, y = torch.tensor(DATA.inputs), torch.tensor(DATA.labels)
    rows = batch_rows(seed, 40, batch_size or 40, STEPS)
    losses = []
    for t, rate in enumerate(RATES):
        batch = torch.tensor(rows[t].copy()) if batch_size else slice(None)
        for group in optimizer.param_groups:
            group["lr"] = rate
            if momenta is not None and "momentum" in group:
                group["momentum"] = momenta[t]
            elif momenta is not None:
                group["betas"] = (momenta[t], group["betas"][1])
        loss = torch.nn.functional.cross_entropy(network_of(layers, x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    held_x, held_y = torch.tensor(DATA.held_out.inputs), torch.tensor(DATA.held_out.labels)
    with torch.no_grad():
        final = torch.nn.functional.cross_entropy(network_of(layers, x), y).item()
        scores = network_of(layers, held_x)
        held = torch.nn.functional.cross_entropy(scores, held_y).item()
        right = (scores.argmax(1) == held_y).double().mean().item()
    weights = np.concatenate([layer.detach().numpy().ravel() for layer in layers])
    return losses, final, held, right, weights


@pytest.mark.parametrize("hidden", [(), (8,), (8, 6), (7, 8, 6)], ids=str)
@pytest.mark.parametrize("batch_size", [None, 16])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_equals_torch_step_by_step(name, batch_size, hidden):
    settings, kind, arguments = OPTIMIZERS[name]
    workload = Workload(DATA, Mlp(hidden), settings, batch_size)
    runs = train(workload, np.stack([RATES * 0.5, RATES]), seeds=[4, 9], keep_at=(STEPS,))
    losses, final, held, right, weights = train_in_torch(hidden, kind, arguments, 9, batch_size)
    assert runs.losses[1] == pytest.approx(losses, abs=CLOSE)
    assert runs.final_loss[1] == pytest.approx(final, abs=CLOSE)
    assert runs.held_out_loss[1, -1] == pytest.approx(held, abs=CLOSE)
    assert runs.held_out_accuracy[1, -1] == right
    assert runs.weights[1, 0] == pytest.approx(weights, abs=CLOSE)


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov", "adam", "adamw"])
def test_momenta_replace_the_momentum_step_by_step(name):
    settings, kind, arguments = OPTIMIZERS[name]
    if name == "sgd":
        arguments = {"momentum": 0.5}  # torch keeps no velocity without one
    workload = Workload(DATA, Mlp((8,)), settings, 16)
    runs = train(workload, RATES[None], seeds=[9], momenta=MOMENTA[None])
    losses, *_ = train_in_torch((8,), kind, arguments, 9, 16, MOMENTA)
    assert runs.losses[0] == pytest.approx(losses, abs=CLOSE)


def test_adam_in_single_precision_is_close_to_double():
    double, single = (
        train(Workload(DATA, Mlp((8,), dtype), Adam(), 16), RATES[None] * 0.1, seeds=[9])
        for dtype in ("float64", "float32")
    )
    assert single.losses == pytest.approx(double.losses, rel=2e-4)


def test_scores_on_the_way_are_those_of_a_shorter_run():
    workload = Workload(DATA, Mlp((8,)), Sgd(0.9), 16)
    whole = train(workload, RATES[None], seeds=[2], score_every=8)
    assert whole.scored_at.tolist() == [8, 16, 24, 30]
    for column, steps in enumerate(whole.scored_at):
        part = train(workload, RATES[None, :steps], seeds=[2])
        assert part.scored_at.tolist() == [steps]
        assert whole.held_out_loss[0, column] == part.held_out_loss[0, 0]
        assert whole.held_out_accuracy[0, column] == part.held_out_accuracy[0, 0]


def test_scores_at_a_divisor_come_once_at_the_end():
    runs = train(Workload(DATA), RATES[None], seeds=[2], score_every=15)
    assert runs.scored_at.tolist() == [15, 30]


def test_without_held_out_examples_there_are_no_scores():
    runs = train(Workload(DATA.held_out), RATES[None], seeds=[2], score_every=5)
    assert runs.held_out_loss.shape == runs.held_out_accuracy.shape == (1, 0)


def test_kept_weights_are_those_of_their_step():
    workload = Workload(DATA, Mlp((8,)), Sgd(0.9), 16)
    runs = train(workload, np.stack([RATES, RATES]), seeds=[2, 3], keep_at=(0, 7, STEPS))
    start = np.concatenate([array.ravel() for array in init_mlp([5, 8, 4], 3)])
    assert (runs.weights[1, 0] == start).all()
    part = train(workload, RATES[None, :7], seeds=[3], keep_at=(7,))
    assert (runs.weights[1, 1] == part.weights[0, 0]).all()
    p = predict(runs.weights[:, -1], DATA.held_out.inputs, (5, 8, 4))
    assert p.shape == (2, 4, 25)
    right = (p.argmax(axis=1) == DATA.held_out.labels).mean(axis=1)
    assert (right == runs.held_out_accuracy[:, -1]).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["momentum", "nesterov", "adam", "adamw"])
def test_a_run_does_not_depend_on_its_company(name, dtype):
    settings = OPTIMIZERS[name][0]
    workload = Workload(DATA, Mlp((8, 6), dtype), settings, 16)
    seeds = [5, 1, 5, 0, 2]
    rates = np.outer([1.0, 0.3, 0.7, 3e4, 1.3], RATES)  # one of them diverges where it can
    momenta = np.tile(MOMENTA, (5, 1))
    how = {"score_every": 10, "keep_at": (3, STEPS)}
    together = train(workload, rates, seeds, momenta=momenta, **how)
    for r in (0, 1, 2, 4):
        alone = train(workload, rates[[r]], seeds[r : r + 1], momenta=momenta[[r]], **how)
        for field in ("losses", "final_loss", "held_out_loss", "held_out_accuracy", "weights"):
            assert (getattr(alone, field)[0] == getattr(together, field)[r]).all(), field


def test_momentum_of_neighbours_survives_a_divergence(recwarn):
    workload = Workload(DATA, Mlp((8,), order="simultaneous"), Sgd(0.9), 16)
    rates = np.stack([np.full(STEPS, 1e160), RATES, np.full(STEPS, 1e160), RATES * 0.5])
    runs = train(workload, rates, seeds=[0, 1, 2, 3], keep_at=(0, STEPS), score_every=10)
    assert runs.diverged.tolist() == [True, False, True, False]
    for r in (1, 3):
        alone = train(workload, rates[[r]], seeds=[r], score_every=10)
        assert (alone.losses[0] == runs.losses[r]).all()
        assert (alone.held_out_loss[0] == runs.held_out_loss[r]).all()
    assert np.isfinite(runs.weights[0, 0]).all()
    assert np.isnan(runs.weights[0, 1]).all()
    assert np.isnan(runs.held_out_loss[[0, 2]]).all()
    assert np.isnan(runs.final_loss[[0, 2]]).all()
    assert not recwarn.list


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Sgd(momentum=1.0), ValueError, "momentum must be < 1, got 1.0"),
        (lambda: Sgd(weight_decay=-1.0), ValueError, "weight_decay must be finite and >= 0|>= 0"),
        (lambda: Adam(beta2=1.0), ValueError, "beta2 must be < 1"),
        (lambda: Adam(eps=0.0), ValueError, "eps must be finite"),
        (lambda: AdamW(weight_decay=-0.1), ValueError, "weight_decay must be"),
        (lambda: Workload(DATA, optimizer="lion"), TypeError, "optimizer must be Sgd, Adam or"),
        (lambda: Workload(DATA, model="mlp"), TypeError, "model must be Mlp, Convnet or"),
        (
            lambda: Workload(DATA, Mlp(order="layer_by_layer"), Adam()),
            ValueError,
            r"optimizer must be Sgd\(\) when order is 'layer_by_layer'",
        ),
    ],
)
def test_bad_settings_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"momenta": np.full((1, 2), 0.9)}, ValueError, r"have the shape of rates, \(1, 30\)"),
        ({"momenta": np.full((1, 30), 1.0)}, ValueError, "momenta must be < 1"),
        ({"momenta": np.full((1, 30), np.nan)}, ValueError, "momenta must be finite"),
        ({"score_every": 0}, ValueError, "score_every must be >= 1"),
        ({"keep_at": (31,)}, ValueError, r"keep_at must increase and lie in 0 … 30, got \[31\]"),
        ({"keep_at": (5, 5)}, ValueError, "keep_at must increase"),
        ({"keep_at": (-1,)}, ValueError, "keep_at must be >= 0"),
    ],
)
def test_bad_requests_are_named(how, error, message):
    with pytest.raises(error, match=message):
        train(Workload(DATA), RATES[None], seeds=[0], **how)


def test_a_workload_is_asked_for():
    with pytest.raises(TypeError, match="workload must be a Workload, got Classification"):
        train(DATA, RATES[None], seeds=[0])


def test_a_run_that_breaks_in_its_last_update_counts_as_diverged(recwarn):
    rates = np.array([[0.1, 1e200], [0.1, 0.1]])
    runs = train(Workload(DATA, Mlp((8,))), rates, seeds=[0, 1], score_every=1)
    assert runs.diverged_at.tolist() == [2, -1]
    assert np.isfinite(runs.losses).all()
    assert np.isnan(runs.final_loss).tolist() == [True, False]
    for scores in (runs.held_out_loss, runs.held_out_accuracy):
        assert np.isnan(scores).tolist() == [[False, True], [False, False]]
    assert not recwarn.list


def test_momenta_follow_their_run_when_a_neighbour_diverges():
    workload = Workload(DATA, Mlp((8,)), Sgd(), 16)
    rates, momenta = np.stack([np.full(STEPS, 1e160), RATES]), np.stack([0 * MOMENTA, MOMENTA])
    both = train(workload, rates, seeds=[0, 1], momenta=momenta)
    alone = train(workload, rates[1:], seeds=[1], momenta=momenta[1:])
    assert both.diverged.tolist() == [True, False]
    assert (both.losses[1] == alone.losses[0]).all()


def test_very_sure_networks_still_give_probabilities():
    weights = np.concatenate([array.ravel() for array in init_mlp([5, 8, 4], 0)])[None] * 1e3
    p = predict(weights, DATA.inputs, (5, 8, 4))
    assert p.sum(axis=1) == pytest.approx(1.0)


def test_what_is_shared_between_runs_cannot_be_written_to():
    for shared in (batch_rows(0, 40, 16, 5), init_row((5, 8, 4), 0)):
        with pytest.raises(ValueError, match="read-only"):
            shared[:] = 0
