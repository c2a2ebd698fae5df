"""Lesson 13's networks with layers of their own, against PyTorch, the engine and the formulas."""

import numpy as np
import pytest

from course_lib import problems, schedules, training
from course_lib.experiments.lesson09_runs import initial_weights, losses_on
from course_lib.experiments.lesson13_layers import (
    Muon,
    adam_step_rms,
    muon_losses,
    mup_factors,
    newton_schulz,
    width_losses,
)
from course_lib.training.network import split_weights

DIGITS = problems.digits()


@pytest.mark.parametrize("shape", [(6, 6), (3, 8), (8, 3)])
def test_singular_values_come_near_one_and_directions_stay(shape):
    matrix = np.random.default_rng(0).standard_normal((2, *shape))
    u, _, v = np.linalg.svd(matrix, full_matrices=False)
    found = newton_schulz(matrix)
    sizes = np.diagonal(u.swapaxes(1, 2) @ found @ v.swapaxes(1, 2), axis1=1, axis2=2)
    assert ((sizes > 0.5) & (sizes < 1.3)).all()
    off = u.swapaxes(1, 2) @ found @ v.swapaxes(1, 2) - np.eye(min(shape)) * sizes[:, :, None]
    assert abs(off).max() < 1e-9


@pytest.mark.parametrize("shape", [(16, 16), (8, 24), (24, 8)])
def test_steps_are_those_of_torch(shape):
    torch = pytest.importorskip("torch")
    if not hasattr(torch.optim, "Muon"):
        pytest.skip("this torch has no torch.optim.Muon")
    rng, rate = np.random.default_rng(1), 0.1
    ours = rng.standard_normal((1, *shape)).astype(np.float32)
    theirs = torch.nn.Parameter(
        torch.tensor(ours[0].T.copy())
    )  # (out, in), where ours is (in, out)
    optimizer = torch.optim.Muon(
        [theirs], lr=rate, weight_decay=0.0, momentum=0.95, adjust_lr_fn="match_rms_adamw"
    )
    muon = Muon(rms=0.2)
    for _ in range(4):
        gradient = rng.standard_normal((1, *shape)).astype(np.float32)
        theirs.grad = torch.tensor(gradient[0].T.copy())
        optimizer.step()
        ours -= np.float32(rate) * muon.step(0, gradient)
    moved = rate * 0.2  # root mean square of one step; torch's have the accuracy of bfloat16
    assert abs(ours[0].T - theirs.detach().numpy()).max() < 0.15 * moved
    assert abs(theirs.detach().numpy() - ours[0].T).mean() < 0.03 * moved


def test_matched_steps_have_one_size_for_every_shape():
    for shape in [(16, 16), (16, 64), (64, 16), (128, 128)]:
        step = Muon(rms=0.2).step(0, np.random.default_rng(2).standard_normal((1, *shape)))
        assert np.sqrt((step**2).mean()) == pytest.approx(0.2, rel=0.2)


def test_mup_divides_all_rates_but_those_of_inputs_and_biases():
    sizes, base = (5, 12, 24, 3), 6
    row = mup_factors(sizes, base)[0]
    first, second, third = np.split(row, np.cumsum([6 * 12, 13 * 24]))
    assert (first == 1).all()
    for part, fan_in, fan_out in ((second, 12, 24), (third, 24, 3)):
        part = part.reshape(fan_in + 1, fan_out)
        assert (part[:-1] == base / fan_in).all()
        assert (part[-1] == 1).all()


def test_at_the_base_width_mup_is_the_standard_parametrisation():
    settings = {"peaks": [0.01], "seeds": [0, 1], "updates": 20}
    standard = width_losses(DIGITS, 8, **settings)
    assert (width_losses(DIGITS, 8, mup_base=8, **settings) == standard).all()
    assert (width_losses(DIGITS, 8, mup_base=4, **settings) != standard).all()


def test_mup_starts_with_smaller_output_weights():
    sizes = (64, 8, 8, 8, 8, 10)
    weights = initial_weights(sizes, [0, 1])
    split_weights(weights, sizes)[-1][:, :-1] /= 2  # sqrt(8 / 2)
    (found,) = width_losses(DIGITS, 8, [1e-12], [0, 1], mup_base=2, updates=1)
    assert found == pytest.approx(losses_on(weights, sizes, DIGITS.held_out), rel=1e-5)


def test_without_factors_runs_are_those_of_the_engine():
    model = training.Mlp((8,) * 4, dtype="float32")
    work = training.Workload(DIGITS, model, training.Adam(), batch_size=32)
    peaks, seeds = [0.005, 0.02], [0, 1]
    rates = [schedules.linear(peak, 30)(np.arange(30)) for peak in peaks for _ in seeds]
    theirs = training.train(work, rates, seeds * 2).held_out_loss[:, -1].reshape(2, 2)
    ours = width_losses(DIGITS, 8, peaks, seeds, updates=30)
    assert ours == pytest.approx(theirs, rel=1e-3)


def test_without_muon_all_steps_are_adams():
    settings = {"peaks": [0.01], "seeds": [0, 1], "width": 8, "updates": 20}
    adam, tiny, muon = (muon_losses(DIGITS, rms=rms, **settings) for rms in (None, 1e-9, 0.2))
    assert (adam != muon).all()
    assert (adam != tiny).all()  # where the hidden matrices stand still


def test_the_result_does_not_depend_on_how_many_runs_are_trained_at_once(monkeypatch):
    together = muon_losses(DIGITS, [0.01, 0.02], [0, 1], 0.2, width=8, updates=10)
    sizes = adam_step_rms(DIGITS, 0.01, [0, 1, 2], width=8, updates=10)
    monkeypatch.setattr("course_lib.experiments.lesson13_layers._AT_ONCE", 1)
    assert (together[0] != together[1]).all()  # each peak has its own runs
    alone = muon_losses(DIGITS, [0.01, 0.02], [0, 1], 0.2, width=8, updates=10)
    assert alone == pytest.approx(together, rel=1e-4)
    found = adam_step_rms(DIGITS, 0.01, [0, 1, 2], width=8, updates=10)
    assert found == pytest.approx(sizes, rel=1e-4)


def test_adams_first_step_has_size_one_wherever_there_is_a_gradient():
    first = adam_step_rms(DIGITS, 0.01, range(4), width=16, updates=3)[0]
    assert ((first > 0.5) & (first <= 1.0001)).all()
