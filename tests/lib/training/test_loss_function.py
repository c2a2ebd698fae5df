"""The loss as a function of the weights: that of the engines, and differentiable twice."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from course_lib import problems
from course_lib.training import Mlp, Workload, init_mlp, loss_function, predict, train
from tests.lib.training.torch_cases import MODELS, train_block, workload


@pytest.mark.parametrize("name", MODELS)
def test_it_is_the_loss_of_the_torch_engine_and_has_its_gradient(name):
    work = replace(workload(name), batch_size=None)
    runs = train_block(work, np.full((2, 3), 0.1), (5, 6), keep_at=(2, 3))
    rows = torch.tensor(runs.weights, requires_grad=True)
    last = loss_function(work)(rows[:, 1])
    assert last.detach().numpy() == pytest.approx(runs.final_loss, rel=1e-5)
    before = loss_function(work)(rows[:, 0])
    (slope,) = torch.autograd.grad(before.sum(), rows)
    step = runs.weights[:, 0] - runs.weights[:, 1]
    size = float(np.abs(step).max())
    assert 0.1 * slope[:, 0].numpy() == pytest.approx(step, abs=1e-5 * size + 1e-7)


@pytest.mark.parametrize("name", MODELS)
def test_its_second_derivative_is_the_slope_of_its_first(name):
    work = workload(name)
    runs = train_block(work, np.full((1, 2), 0.1), (5,), keep_at=(2,))
    rows = torch.tensor(runs.weights[:, 0].astype(np.float64), requires_grad=True)
    losses_of = loss_function(work)
    v = torch.tensor(np.random.default_rng(1).standard_normal(rows.shape))
    v = v / v.norm()

    def slope(at, **more):
        return torch.autograd.grad(losses_of(at).sum(), at, **more)[0]

    (product,) = torch.autograd.grad(slope(rows, create_graph=True), rows, v)
    near = 1e-6
    ends = [slope((rows + sign * near * v).detach().requires_grad_()) for sign in (1, -1)]
    measured = (ends[0] - ends[1]) / (2 * near)
    assert product.numpy() == pytest.approx(measured.numpy(), abs=1e-4 * product.abs().max().item())


@pytest.mark.parametrize("order", ["simultaneous", "layer_by_layer"])
def test_it_is_the_loss_of_the_numpy_engine(order):
    data = problems.noisy_spirals(per_class=10)
    work = Workload(data, Mlp((7, 5), order=order))
    runs = train(work, np.full((2, 20), 0.3), (0, 1), keep_at=(20,), cache=False)
    kept = torch.tensor(runs.weights[:, 0])
    assert loss_function(work)(kept).numpy() == pytest.approx(runs.final_loss, rel=1e-9)
    held_out = loss_function(Workload(data.held_out, work.model))(kept).numpy()
    assert held_out == pytest.approx(runs.held_out_loss[:, -1], rel=1e-9)


def test_a_sure_mistake_costs_as_much_as_in_training():
    data = problems.noisy_spirals(per_class=10)
    rows = 100 * np.concatenate([a.ravel() for a in init_mlp((2, 7, 3), seed=0)])[None]
    shares = predict(rows, data.inputs, (2, 7, 3))[0, data.labels, np.arange(len(data))]
    assert shares.min() < 1e-20  # which costs 27.6, not infinity
    found = loss_function(Workload(data, Mlp((7,))))(torch.tensor(rows))
    assert found.numpy() == pytest.approx(-np.log(shares + 1e-12).mean(), rel=1e-9)


def test_bad_input_is_refused_by_name():
    work = Workload(problems.spirals(per_class=5), Mlp((4,)))
    with pytest.raises(TypeError, match="workload must be a Workload, got Mlp"):
        loss_function(Mlp())
    with pytest.raises(ValueError, match=r"shape \(runs, 27\) for Mlp.*got \(2, 28\)"):
        loss_function(work)(torch.zeros(2, 28))
    with pytest.raises(ValueError, match=r"got \(27,\)"):
        loss_function(work)(torch.zeros(27))
