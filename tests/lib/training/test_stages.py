"""Training that pauses at every score: the same runs, and nothing of it in force meanwhile."""

from dataclasses import fields

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from course_lib import problems
from course_lib.training import Adam, Convnet, Mlp, Runs, Sgd, Workload, stages, train

NOISY = problems.noisy_spirals(per_class=40, held_out_per_class=60)
ALONE = {"jobs": 1, "cache": False, "progress": False}
STEPS, EVERY = 50, 20


def small(data=NOISY, optimizer=None, batch_size=16, **model):
    model = Mlp((16,), **{"dtype": "float32"} | model)
    return Workload(data, model, optimizer or Sgd(), batch_size)


def rates(runs, high=0.4, steps=STEPS):
    return np.linspace(high, 0.01, steps) * np.linspace(0.5, 1.0, runs)[:, None]


def assert_equal(a: Runs, b: Runs):
    for field in fields(Runs):
        np.testing.assert_array_equal(getattr(a, field.name), getattr(b, field.name), field.name)


CASES = {
    "sgd": (small(), rates(4), {}),
    "momentum": (small(optimizer=Sgd(momentum=0.9)), rates(4, 0.05), {}),
    "adam": (small(optimizer=Adam()), rates(4, 0.01), {}),
    "momenta": (small(), rates(4), {"momenta": np.full((4, STEPS), 0.8)}),
    "weights": (small(), rates(4), {"keep_at": (0, 20, 33, 50)}),
    "full batch, double": (small(batch_size=None, dtype="float64"), rates(4), {}),
    "nothing held out": (small(problems.spirals()), rates(4), {}),
    "some diverge": (
        small(problems.spirals(), order="layer_by_layer", batch_size=None),
        np.array([0.05, 3.0, 0.1, 3.0])[:, None] * np.ones(STEPS),
        {},
    ),
    "one step": (small(), rates(4)[:, :1], {}),
}


@pytest.mark.parametrize("name", CASES)
def test_the_last_stage_is_what_train_returns(name, recwarn):
    workload, table, more = CASES[name]
    seeds = (0, 1, 0, 7)
    found = list(stages(workload, table, seeds, score_every=EVERY, **more))
    whole = train(workload, table, seeds, score_every=EVERY, **more, **ALONE)
    assert_equal(found[-1][1], whole)
    assert [done for done, _ in found] == [*range(EVERY, table.shape[1], EVERY), table.shape[1]]
    assert 0 < whole.diverged.sum() < 4 if name == "some diverge" else not whole.diverged.any()
    assert not recwarn.list


def test_a_stage_has_what_is_done_and_nothing_more_and_does_not_change():
    found = list(stages(small(), rates(3), (0, 1, 2), score_every=EVERY, keep_at=(20, 40)))
    (_, last) = found[-1]
    for number, (done, runs) in enumerate(found, 1):
        np.testing.assert_array_equal(runs.losses[:, :done], last.losses[:, :done])
        assert np.isnan(runs.losses[:, done:]).all()
        for name in ("held_out_loss", "held_out_accuracy"):
            now, at_end = getattr(runs, name), getattr(last, name)
            np.testing.assert_array_equal(now[:, :number], at_end[:, :number])
            assert np.isnan(now[:, number:]).all()
        assert np.isfinite(runs.final_loss).all() == (done == STEPS)
        kept = np.isfinite(runs.weights).all(axis=(0, 2)).tolist()
        assert kept == [done >= 20, done >= 40]


def test_where_all_runs_diverge_the_last_stage_comes_at_once():
    workload = small(problems.spirals(), order="layer_by_layer", batch_size=None)
    table = np.full((2, 400), 50.0)
    found = list(stages(workload, table, (0, 1), score_every=150))
    assert [done for done, _ in found] == [400]
    assert found[0][1].diverged.all()
    assert_equal(found[0][1], train(workload, table, (0, 1), score_every=150, **ALONE))


def surroundings():
    return np.geterr(), sorted(
        (pool["filepath"], pool["num_threads"])
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    )


def test_nothing_of_the_training_is_in_force_between_two_stages():
    before = surroundings()
    running = stages(small(), rates(2), (0, 1), score_every=EVERY)
    assert surroundings() == before
    for _ in running:
        assert surroundings() == before
    half_way = stages(small(), rates(2), (0, 1), score_every=EVERY)
    next(half_way)
    with np.errstate(over="raise", invalid="raise"):  # the caller's own settings do not matter
        next(half_way)
    half_way.close()
    assert surroundings() == before


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"score_every": 0}, ValueError, "score_every must be >= 1, got 0"),
        ({"score_every": 2.5}, TypeError, "score_every must be a whole number"),
        ({"score_every": None}, TypeError, "score_every must be a whole number"),
        ({"rates": np.full(3, 0.1)}, ValueError, "rates must have shape"),
        ({"seeds": [0, 1]}, ValueError, "one seed a run"),
        ({"keep_at": (9,)}, ValueError, "keep_at must increase"),
        ({"momenta": np.ones((1, 3))}, ValueError, "momenta must be < 1"),
        ({"workload": "spirals"}, TypeError, "workload must be a Workload"),
        (
            {"workload": Workload(problems.digits(), Convnet(), batch_size=8)},
            TypeError,
            "the model must be an Mlp, got Convnet",
        ),
    ],
)
def test_bad_arguments_are_named_at_once(change, error, message):
    arguments = {
        "workload": small(),
        "rates": np.full((1, 3), 0.1),
        "seeds": [0],
        "score_every": 1,
    } | change
    with pytest.raises(error, match=message):
        stages(**arguments)
