"""Convnets and transformers: their initial weights, their sizes, and what is refused."""

import numpy as np
import pytest
import torch

from course_lib.problems import Classification
from course_lib.training import Convnet, Mlp, Sgd, Transformer, Workload, torch_engine, train
from course_lib.training.torch_models import init_row, networks
from tests.lib.training.torch_cases import ALL, DIGITS, MODELS, RECALL, SMALL, train_block, workload


@pytest.mark.parametrize("name", MODELS)
def test_initial_weights_depend_on_the_seed_alone(name):
    work = workload(name)
    rates = np.full((3, 1), 0.1)
    torch.manual_seed(0)
    runs = train_block(work, rates, (5, 6, 5), keep_at=(0,))
    torch.manual_seed(1)
    kept = torch.random.get_rng_state()
    again = train_block(work, rates[:1], (6,), keep_at=(0,))
    assert (torch.random.get_rng_state() == kept).all()  # nobody else's dice are thrown
    first = runs.weights[:, 0]
    assert first.dtype == np.float32
    assert (first[0] == first[2]).all()
    assert (first[0] != first[1]).any()
    assert (again.weights[0, 0] == first[1]).all()


@pytest.mark.parametrize(
    ("work", "sizes"),  # numbers:deviation (of gains and biases, their value)
    [
        (
            Workload(DIGITS, Convnet((16, 32), "group")),
            "144:0.4714 16:0 16:1 16:0 4608:0.1179 32:0 32:1 32:0 1280:0.0884 10:0",
        ),
        (
            Workload(SMALL, Transformer(width=32, layers=1)),
            "224:0.5 384:0.5 32:1 32:0 3072:0.1768 96:0 1024:0.1768 32:0 32:1 32:0 "
            "2048:0.1768 64:0 2048:0.125 32:0 32:1 32:0 224:0.1768 7:0",
        ),
    ],
    ids=["convnet", "transformer"],
)
def test_initial_weights_have_the_stated_sizes(work, sizes):
    row, at = init_row(networks(work).parameters, seed=1).numpy(), 0
    for entry in sizes.split():
        size, deviation = int(entry.split(":")[0]), float(entry.split(":")[1])
        piece = row[at : at + size]
        at += size
        if size < 100:
            assert (piece == deviation).all()
        else:  # four standard errors of a standard deviation
            assert piece.std() == pytest.approx(deviation, rel=4 / (2 * size) ** 0.5)
            assert abs(piece.mean()) < 4 * deviation / size**0.5
    assert len(row) % 16 == 0
    assert not row[at:].any()


def test_a_block_has_at_least_one_run_and_512_examples_at_most():
    sizes = [torch_engine.block_size(Workload(ALL, Convnet(), Sgd(), b)) for b in (16, 30, 513)]
    assert sizes == [32, 17, 1]
    assert torch_engine.block_size(Workload(RECALL, Transformer())) == 512 // 64


POINTS = Classification(np.zeros((4, 63)), np.zeros(4, int), 2, "points")
EDGE6 = Classification(np.zeros((4, 36)), np.zeros(4, int), 2, "six")


@pytest.mark.parametrize(
    ("data", "model", "error", "message"),
    [
        (POINTS, Convnet(), ValueError, "Convnet needs square images, got 63 features"),
        (EDGE6, Convnet(), ValueError, "2 blocks needs .*side is a multiple of 4, got 6"),
        (SMALL, Convnet(), TypeError, "data must be Classification for Convnet, got Sequences"),
        (SMALL, Mlp(), TypeError, "data must be Classification for Mlp, got Sequences"),
        (DIGITS, Transformer(), TypeError, "data must be Sequences for Transformer, got Classif"),
    ],
)
def test_data_that_do_not_fit_the_model_are_named(data, model, error, message):
    with pytest.raises(error, match=message):
        train(Workload(data, model), np.full((1, 3), 0.1), [0], cache=False)
    with pytest.raises(error, match=message):
        train_block(Workload(data, model), np.full((1, 3), 0.1), (0,), scored_at=())


@pytest.mark.parametrize(
    ("model", "arguments", "error", "message"),
    [
        (Convnet, {"channels": ()}, ValueError, "channels must name at least one block"),
        (Convnet, {"channels": (4, 0)}, ValueError, "channels must be >= 1, got 0"),
        (Convnet, {"channels": (4.0,)}, TypeError, "channels must be a whole number, got 4.0"),
        (Convnet, {"normalisation": "batch"}, ValueError, "normalisation must be .*'batch'"),
        (Convnet, {"channels": (4, 6)}, ValueError, r"channels must be multiples of 4, got \(4, 6"),
        (Transformer, {"width": 6}, ValueError, "width must be a multiple of 4, got 6"),
        (Transformer, {"width": 0}, ValueError, "width must be >= 1"),
        (Transformer, {"heads": 5}, ValueError, "width must be a multiple of 5 heads, got 32"),
        (Transformer, {"layers": 0}, ValueError, "layers must be >= 1"),
        (Transformer, {"mlp_ratio": 1.5}, TypeError, "mlp_ratio must be a whole number"),
        (Transformer, {"norm": "none"}, ValueError, "norm must be 'pre' or 'post', got 'none'"),
    ],
)
def test_bad_models_are_named(model, arguments, error, message):
    with pytest.raises(error, match=message):
        model(**arguments)


def test_models_are_plain_values():
    assert Convnet([4, 8]) == Convnet((4, 8))
    assert hash(Convnet([4, 8])) == hash(Convnet((4, 8)))
    assert Transformer() != Transformer(norm="post")
