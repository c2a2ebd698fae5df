"""One small model's training against PyTorch's own optimizer, and its branches against itself."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from course_lib.language_model.language_training import LanguageModel, LanguageTraining
from course_lib.problems import grammar_text
from course_lib.training import AdamW, Transformer

TINY = LanguageModel(
    Transformer(width=16, heads=2, layers=1), AdamW(beta2=0.95, weight_decay=0.1), length=16
)


def training(seed=0, settings=TINY):
    return LanguageTraining(grammar_text(length=2000), seed, settings)


@pytest.mark.parametrize("clip", [1.0, 1e9])
def test_updates_are_those_of_torchs_adamw_with_a_clipped_gradient(clip):
    # The loss does not depend on the biases of keys: Adam divides their gradient, which is nothing
    # but rounding, by its own size, unless eps lies far above it.
    settings = LanguageModel(
        TINY.model, AdamW(beta2=0.95, eps=1e-3, weight_decay=0.1), length=TINY.length, clip=clip
    )
    ours, rates = training(settings=settings), [0.01, 0.003, 0.02]
    weights = ours.weights.clone().requires_grad_()
    adamw = torch.optim.AdamW([weights], betas=(0.9, 0.95), eps=1e-3, weight_decay=0.1)
    norms = []
    for rate in rates:
        inputs, targets = ours._batch()
        adamw.param_groups[0]["lr"] = rate
        adamw.zero_grad()
        F.cross_entropy(ours.nets.scores(weights, inputs)[0], targets).backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_([weights], clip)))
        adamw.step()
        ours.advance(np.array([rate]))
    assert min(norms) > 1.0  # so that 1 clips
    torch.testing.assert_close(ours.weights, weights.detach(), rtol=1e-4, atol=1e-6)


def test_a_branch_goes_on_as_if_there_were_no_other():
    rates = np.full(96, 0.01)
    straight = training().advance(rates)
    trunk = training().advance(rates[:64])
    branch = trunk.branch().advance(rates[64:])
    trunk.advance(np.zeros(32))
    assert branch.train_loss == straight.train_loss
    assert branch.held_out_loss == straight.held_out_loss
    assert len(branch.held_out_loss) == 3
    assert torch.equal(branch.weights, straight.weights)
    assert trunk.train_loss[:64] == straight.train_loss[:64]
    assert trunk.held_out_loss[2] != straight.held_out_loss[2]


def test_seeds_differ_in_weights_and_in_batches():
    one, other = training(0), training(1)
    assert not torch.equal(one.weights, other.weights)
    assert not torch.equal(one._batch()[0], other._batch()[0])
    first = one._batch()[0]
    assert torch.equal(first, one._batch()[0])
    assert not torch.equal(first, one.advance(np.array([0.01]))._batch()[0])


def test_the_final_score_is_the_mean_over_the_held_out_bytes():
    run = training().advance(np.full(4, 0.01))
    length, held_out = TINY.length, run.text.held_out.astype(np.int64)
    count = (len(held_out) - 1) // length
    starts = np.linspace(0, len(held_out) - length - 1, count).astype(int)
    total = 0.0
    for start in starts:
        window = torch.from_numpy(held_out[start : start + length + 1])
        scores = run.nets.scores(run.weights, window[None, None, :-1])[0]
        total += float(F.cross_entropy(scores, window[1:]))
    assert run.final_score() == pytest.approx(total / count, rel=1e-4)


def test_a_run_that_diverges_has_losses_of_nan_from_there_on():
    run = training().advance(np.full(32, 1e20))
    assert np.isfinite(run.train_loss[0])
    assert np.isnan(run.train_loss[-1])
    assert np.isnan(run.held_out_loss[-1])
    assert np.isnan(run.final_score())
