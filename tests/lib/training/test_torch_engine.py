"""The PyTorch engine against plain networks and torch.optim, and itself regrouped."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from course_lib.problems import Classification, Sequences, associative_recall
from course_lib.training import (
    Adam,
    AdamW,
    Convnet,
    Runs,
    Sgd,
    Transformer,
    Workload,
    torch_engine,
    train,
)
from course_lib.training.batches import batch_rows
from course_lib.training.runs import RunBlock
from tests.lib.training.torch_cases import ALL, DIGITS, MODELS, SMALL, train_block, workload


def plain_scores(model, data, take, inputs):
    """Class scores of one network in PyTorch's own layers; `take(*shape)` gives its arrays."""
    if isinstance(model, Convnet):
        side, channels = math.isqrt(inputs.shape[1]), 1
        x = inputs.view(-1, 1, side, side)
        for wider in model.channels:
            kernel = take(9 * channels, wider).view(3, 3, channels, wider).permute(3, 2, 0, 1)
            x = F.conv2d(x, kernel, take(wider), padding=1)
            if model.normalisation == "group":
                x = F.group_norm(x, wider // 4, take(wider), take(wider))
            x, channels = F.max_pool2d(F.relu(x), 2), wider
        x = x.permute(0, 2, 3, 1).flatten(1)  # pixel by pixel, all channels of each
        return x @ take(x.shape[1], data.classes) + take(data.classes)
    width, heads = model.width, model.heads
    batch, length = inputs.shape
    x = take(data.vocabulary, width)[inputs] + take(length, width)

    def attention(x):
        qkv = x @ take(width, 3 * width) + take(3 * width)
        q, k, v = qkv.view(batch, length, 3, heads, -1).permute(2, 0, 3, 1, 4)
        o = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return o.transpose(1, 2).flatten(2) @ take(width, width) + take(width)

    def mlp(x):
        hidden = model.mlp_ratio * width
        x = F.relu(x @ take(width, hidden) + take(hidden))
        return x @ take(hidden, width) + take(width)

    for _ in range(model.layers):
        for branch in (attention, mlp):
            gain, bias = take(width), take(width)
            if model.norm == "pre":
                x = x + branch(F.layer_norm(x, (width,), gain, bias))
            else:
                x = F.layer_norm(x + branch(x), (width,), gain, bias)
    if model.norm == "pre":
        x = F.layer_norm(x, (width,), take(width), take(width))
    return x @ take(width, data.vocabulary) + take(data.vocabulary)


def plain_loss_and_accuracy(model, data, row, rows=slice(None)):
    """Mean loss and share of right answers of one network, its parameters in one row."""
    at = 0

    def take(*shape):
        nonlocal at
        at += math.prod(shape)
        return row[at - math.prod(shape) : at].view(shape)

    if isinstance(data, Classification):
        inputs, targets = torch.tensor(data.inputs[rows]).float(), torch.tensor(data.labels[rows])
    else:
        inputs, targets = torch.tensor(data.tokens[rows]), torch.tensor(data.targets[rows])
    scores = plain_scores(model, data, take, inputs).flatten(0, -2)
    assert len(row) - at in range(16)
    targets = targets.flatten()
    asked = targets >= 0
    loss = F.cross_entropy(scores[asked], targets[asked])
    return loss, (scores.argmax(1) == targets)[asked].double().mean()


def plain_steps(work, optimizer, path, rates, seed, momenta=None):
    """Each step of `path`, (T + 1, P), again with plain layers and a torch.optim optimizer.

    Every step starts from the weights of `path`: ReLU and maximum have kinks, and two right
    programs that are let go may pass one on different sides. Returns losses and weights after.
    """
    row = torch.tensor(path[0], requires_grad=True)
    optimizer = optimizer([row])
    table = batch_rows(seed, len(work.data), work.batch_size, len(rates))
    losses, after = [], []
    for t, rate in enumerate(rates):
        group = optimizer.param_groups[0]
        group["lr"] = rate
        if momenta is not None and "betas" in group:
            group["betas"] = (momenta[t], group["betas"][1])
        elif momenta is not None:
            group["momentum"] = momenta[t]
        row.data.copy_(torch.tensor(path[t]))
        loss, _ = plain_loss_and_accuracy(work.model, work.data, row, table[t])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        after.append(row.detach().numpy().copy())
    return losses, np.array(after)


OPTIMIZERS = {
    "sgd": (Sgd(), lambda p: torch.optim.SGD(p)),
    "momentum": (
        Sgd(momentum=0.8, weight_decay=0.03),
        lambda p: torch.optim.SGD(p, momentum=0.8, weight_decay=0.03),
    ),
    "nesterov": (
        Sgd(momentum=0.7, nesterov=True, weight_decay=0.02),
        lambda p: torch.optim.SGD(p, momentum=0.7, nesterov=True, weight_decay=0.02),
    ),
    "adam": (
        Adam(0.8, 0.95, 1e-3),
        lambda p: torch.optim.Adam(p, betas=(0.8, 0.95), eps=1e-3),
    ),
    "adamw": (
        AdamW(weight_decay=0.3, eps=1e-3),
        lambda p: torch.optim.AdamW(p, weight_decay=0.3, eps=1e-3),
    ),
}
# With Adam's usual eps of 1e-8, a gradient of rounding errors alone moves a weight by a whole step.


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(
    ("name", "cycled"), [*((name, False) for name in MODELS), ("wide", True), ("post", True)]
)
def test_steps_are_those_of_plain_layers_and_torch_optim(name, cycled, optimizer):
    ours, theirs = OPTIMIZERS[optimizer]
    work, steps, seeds = workload(name, ours), 8, (3, 8)
    rates = np.linspace([0.002, 0.01], [0.01, 0.001], steps, axis=1)
    rates *= 1 if isinstance(ours, Adam) else 10
    momenta = np.linspace([0.9, 0.6], [0.5, 0.85], steps, axis=1) if cycled else None
    runs = train_block(work, rates, seeds, momenta, keep_at=range(steps + 1))
    for r, seed in enumerate(seeds):
        path = runs.weights[r]
        losses, after = plain_steps(
            work, theirs, path, rates[r], seed, None if momenta is None else momenta[r]
        )
        assert runs.losses[r] == pytest.approx(losses, rel=2e-6)
        error = np.linalg.norm(after - path[1:], axis=1) / np.linalg.norm(
            np.diff(path, axis=0), axis=1
        )
        assert np.median(error) < 1e-4
        assert error.max() < 0.02  # where rounding decides which of two numbers is larger
        last = torch.tensor(path[-1])
        with torch.no_grad():
            final, _ = plain_loss_and_accuracy(work.model, work.data, last)
            held_out = plain_loss_and_accuracy(work.model, work.data.held_out, last)
        assert runs.final_loss[r] == pytest.approx(final.item(), rel=2e-6)
        assert runs.held_out_loss[r, 0] == pytest.approx(held_out[0].item(), rel=2e-6)
        assert runs.held_out_accuracy[r, 0] == pytest.approx(held_out[1].item(), abs=1e-9)


def test_all_examples_at_every_step():
    work = Workload(SMALL, Transformer(width=8, layers=1), Sgd())
    runs = train_block(work, np.full((2, 5), 0.3), (0, 1), keep_at=(0, 1, 2, 3, 4, 5))
    for r in range(2):
        for t in range(5):
            row = torch.from_numpy(runs.weights[r, t])
            loss, _ = plain_loss_and_accuracy(work.model, SMALL, row)
            assert runs.losses[r, t] == pytest.approx(loss.item(), rel=1e-5)
    assert (runs.losses[:, 4] < runs.losses[:, 0]).all()


def test_the_loss_is_a_mean_over_scored_positions():
    targets = np.full((4, 6), -1)
    targets[:, 5], targets[0, 1:] = 2, 3
    tokens = np.arange(24).reshape(4, 6) % 5
    data = Sequences(tokens, targets, 5, "uneven", held_out=Sequences(tokens, targets, 5, "same"))
    work = Workload(data, Transformer(width=8, layers=1), Sgd())
    runs = train_block(work, np.zeros((1, 2)), (0,), keep_at=(0,))
    loss, accuracy = plain_loss_and_accuracy(work.model, data, torch.from_numpy(runs.weights[0, 0]))
    assert runs.losses[0] == pytest.approx([loss.item()] * 2, rel=1e-6)
    assert runs.final_loss[0] == runs.held_out_loss[0, 0] == pytest.approx(loss.item(), rel=1e-6)
    assert runs.held_out_accuracy[0, 0] == pytest.approx(accuracy.item())


@pytest.mark.parametrize("name", MODELS)
def test_grouping_does_not_change_a_bit(name):
    work = workload(name, AdamW(), batch_size=7)  # 7 of anything is aligned nowhere
    rates = np.random.default_rng(0).uniform(0.001, 0.02, size=(4, 5))
    block = RunBlock(work, rates, None, tuple(range(4)), (5,), (3, 5))
    together = torch_engine.train_block(block)
    alone = Runs.join([torch_engine.train_block(block.select([r])) for r in range(4)])
    mixed = torch_engine.train_block(block.select([3, 0, 2])), together.select([3, 0, 2])
    for one, other in ((together, alone), mixed, (together, torch_engine.train_block(block))):
        for field in ("losses", "weights", "final_loss", "held_out_loss", "held_out_accuracy"):
            assert np.array_equal(getattr(one, field), getattr(other, field)), field


def test_grouping_does_not_change_the_sum_over_many_examples():
    block = RunBlock(Workload(ALL, Convnet((4,))), np.full((2, 2), 0.1), None, (0, 1), (), ())
    together = torch_engine.train_block(block)
    alone = Runs.join([torch_engine.train_block(block.select([r])) for r in range(2)])
    assert (together.losses == alone.losses).all()
    assert (together.final_loss == alone.final_loss).all()


@pytest.mark.parametrize("optimizer", ["momentum", "adamw"])
@pytest.mark.parametrize("name", MODELS)
def test_a_run_that_diverges_is_marked_and_leaves_its_neighbours_alone(name, optimizer, recwarn):
    work = workload(name, OPTIMIZERS[optimizer][0])
    good = np.full(14, 0.005)
    bad, late = good.copy(), good.copy()
    bad[2], late[7] = 1e38, 1e38
    rates, scored, kept = np.array([bad, good, late, good]), (1, 6, 14), (0, 5, 12, 14)
    momenta = np.linspace([0.5] * 4, [0.9, 0.8, 0.7, 0.6], 14, axis=1)
    runs = train_block(work, rates, (1, 2, 3, 4), momenta, scored, kept)
    assert runs.diverged.tolist() == [True, False, True, False]
    assert runs.diverged_at.tolist() == [3, -1, 8, -1]
    for r, finite_scores, finite_weights in ((0, 1, 1), (2, 2, 2)):
        first = runs.diverged_at[r]
        assert np.isfinite(runs.losses[r, :first]).all()
        assert np.isnan(runs.losses[r, first:]).all()
        assert np.isnan(runs.final_loss[r])
        for table in (runs.held_out_loss, runs.held_out_accuracy):
            assert np.isfinite(table[r]).tolist() == [True] * finite_scores + [False] * (
                3 - finite_scores
            )
        assert np.isfinite(runs.weights[r]).all(axis=1).tolist() == [True] * finite_weights + [
            False
        ] * (4 - finite_weights)
    for r in (1, 3):
        alone = train_block(work, rates[[r]], (r + 1,), momenta[[r]], scored, kept)
        for field in ("losses", "weights", "final_loss", "held_out_loss", "held_out_accuracy"):
            assert np.array_equal(getattr(runs, field)[r], getattr(alone, field)[0]), field
        assert np.isfinite(runs.losses[r]).all()
    assert not recwarn.list


def test_a_run_may_diverge_at_its_last_update():
    rates = np.full((2, 4), 0.01)
    rates[0, 3] = 1e38
    runs = train_block(workload("convnet"), rates, (0, 1))
    assert runs.diverged_at.tolist() == [4, -1]
    assert np.isfinite(runs.losses).all()
    assert np.isnan(runs.final_loss).tolist() == [True, False]
    assert np.isnan(runs.held_out_loss[:, 0]).tolist() == [True, False]


def test_a_loss_is_finite_or_missing(recwarn):
    # On the way from large to NaN the loss of one example is infinite, at a few of these rates.
    x, y = DIGITS.inputs[[0, 5, 5]], DIGITS.labels[[0, 5, 5]]
    unseen = Classification(x[2:], y[2:], 10, "one")
    work = Workload(
        Classification(x[:2], y[:2], 10, "two", held_out=unseen), Convnet((4,)), Sgd(), 1
    )
    rates = np.full((400, 2), 0.01)
    rates[:, 0] = np.geomspace(1e18, 1e20, 400)
    short, longer = (train_block(work, rates[:, :t], [0] * 400) for t in (1, 2))
    assert 0 < short.diverged.sum() < 400
    assert 0 < longer.diverged.sum() < 400
    for runs in (short, longer):
        assert (np.isnan(runs.final_loss) == runs.diverged).all()
        assert (np.isnan(runs.held_out_accuracy) == np.isnan(runs.held_out_loss)).all()
        for table in (runs.losses, runs.final_loss, runs.held_out_loss):
            assert not np.isinf(table).any()
    assert not recwarn.list


def test_all_runs_may_diverge():
    runs = train_block(workload("pre"), np.full((2, 6), 1e38), (0, 1))
    assert runs.diverged_at.tolist() == [1, 1]
    assert np.isnan(runs.losses[:, 1:]).all()


def test_it_goes_through_train_and_leaves_torch_as_it_was():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        runs = train(
            workload("convnet", Adam()),
            np.full((2, 6), 0.01),
            [0, 1],
            score_every=4,
            jobs=1,
            cache=False,
            progress=False,
        )
        assert torch.get_num_threads() == 2
        with pytest.raises(TypeError):
            train_block(Workload(DIGITS, Transformer(), Sgd(), 8), np.ones((1, 1)), (0,))
        assert torch.get_num_threads() == 2
        with torch.no_grad():
            inside = train_block(workload("convnet", Adam()), np.full((1, 6), 0.01), (0,))
    finally:
        torch.set_num_threads(threads)
    assert runs.scored_at.tolist() == [4, 6]
    assert runs.held_out_loss.shape == (2, 2)
    assert (inside.losses[0] == runs.losses[0]).all()


def test_both_learn():
    for work, rate, learnt in (
        (Workload(ALL, Convnet(), Sgd(momentum=0.9), 32), 0.05, 0.8),
        (Workload(associative_recall(512), Transformer(norm="post"), Adam(), 32), 0.005, 0.35),
    ):
        runs = train_block(work, np.full((1, 60), rate), (0,))
        assert (runs.held_out_accuracy > learnt).all()
