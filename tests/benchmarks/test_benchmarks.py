"""The benchmarks: peers compute what the engine computes, and the numbers of a row add up."""

import json
import os

import numpy as np
import pytest

from benchmarks import engine, forecasts, jax_peer, scaling, timing, torch_tools, workload
from benchmarks.plain_loop import train_one
from benchmarks.timing import MissingPeer, median_seconds, require_peer
from course_lib import problems, training

DATA = problems.spirals()
SMALL = training.Workload(DATA, training.Mlp(dtype="float32"), batch_size=32)
SEEDS = np.array([3, 0, 3, 11, 5])
RATES = np.geomspace(0.05, 0.4, 5)[:, None] * np.linspace(1, 0.1, 25)


@pytest.fixture(scope="module")
def losses():
    """What the engine gives for the runs that the peers repeat."""
    return workload.train(SMALL, RATES, SEEDS, jobs=1).losses


@pytest.mark.parametrize("order", ["simultaneous", "layer_by_layer"])
def test_plain_loop_computes_the_same_batch_by_batch(order):
    exact = training.Workload(DATA, training.Mlp(order=order), batch_size=32)
    ours = workload.train(exact, RATES, SEEDS, jobs=1).losses
    plain = [
        train_one(DATA, run, seed, order, batch_size=32)
        for run, seed in zip(RATES, SEEDS.tolist(), strict=True)
    ]
    assert np.abs(ours - plain).max() < 1e-10


def test_torch_loop_computes_the_same(losses):
    from benchmarks import torch_peer

    peer = [
        torch_peer.train_one(DATA, run, seed, 32)
        for run, seed in zip(RATES, SEEDS.tolist(), strict=True)
    ]
    np.testing.assert_allclose(peer, losses, atol=5e-6)


def test_jax_computes_the_same(needs_jax, losses):
    import jax

    train_jax = jax_peer.make_train(DATA, group=2)  # 5 runs: two groups and a rest
    peer = train_jax(jax_peer.place_runs(DATA, RATES, SEEDS, 32, jax.devices()))
    assert peer.dtype == np.float32
    np.testing.assert_allclose(peer, losses, atol=5e-6)


def test_jax_computes_the_same_on_several_devices(needs_jax, losses):
    import jax

    device = jax.devices()[0]
    shares = jax_peer.place_runs(DATA, RATES, SEEDS, 32, [device, device])
    assert [len(share[1]) for share in shares] == [3, 2]
    peer = jax_peer.make_train(DATA, group=4)(shares)
    np.testing.assert_allclose(peer, losses, atol=5e-6)


def test_jax_is_given_one_device_a_core_beside_the_flags_it_has(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_one=1")
    monkeypatch.setattr(jax_peer, "cpu_count", lambda: 6)
    jax_peer.use_all_cores()
    assert os.environ["XLA_FLAGS"].split() == [
        "--xla_one=1",
        "--xla_force_host_platform_device_count=6",
    ]


def test_the_formula_in_plain_python_gives_the_curve_of_the_law(monkeypatch):
    monkeypatch.setattr(forecasts, "STEPS", 1_000)
    monkeypatch.setattr(forecasts, "WARMUP", 100)
    both = []

    def call_both(ours, peer, **_):
        both.append((ours(), peer()))
        return 0.002, 0.3

    monkeypatch.setattr(forecasts, "median_seconds", call_both)
    row = forecasts.vs_plain_formula()
    assert (row.value, row.unit, row.ratio) == (pytest.approx(2), "ms a curve", pytest.approx(150))
    ((ours, plain),) = both
    np.testing.assert_allclose(ours, plain, rtol=1e-4)


def test_the_comparison_is_12_schedules_at_9_peaks_with_16_seeds():
    rates, seeds = workload.grand_comparison()
    assert rates.shape == (1728, 300)
    assert rates.min() >= 0
    distinct, counts = np.unique(rates, axis=0, return_counts=True)
    assert len(distinct) == 108
    assert set(counts) == {16}
    peaks = rates.max(axis=1).reshape(9, 12 * 16)
    np.testing.assert_allclose(peaks.max(axis=1), np.geomspace(0.01, 0.2, 9))
    assert (peaks > 0.95 * peaks.max(axis=1, keepdims=True)).all()
    configurations = zip(rates, seeds.tolist(), strict=True)
    assert len({(row.tobytes(), seed) for row, seed in configurations}) == 1728


def test_no_run_of_the_comparison_diverges():
    """A diverged run would cost ours nothing and the peers all of its steps."""
    rates, seeds = workload.grand_comparison()
    fastest = rates.sum(axis=1) == rates.sum(axis=1).max()
    assert fastest.sum() == 16
    assert not workload.train(SMALL, rates[fastest], seeds[fastest], jobs=1).diverged.any()


def test_a_sample_spreads_over_the_comparison():
    rates, seeds = workload.sample(12)
    everything, all_seeds = workload.grand_comparison()
    assert rates.shape == (12, 300)
    assert (rates[0] == everything[0]).all()
    assert (rates[-1] == everything[-1]).all()
    assert (seeds[0], seeds[-1]) == (all_seeds[0], all_seeds[-1])
    assert len(set(rates.max(axis=1).round(6))) >= 9


def test_flops_are_those_of_the_products_of_a_step():
    forward = 32 * 2 * 64 + 32 * 64 * 64 + 32 * 64 * 3
    slopes = 2 * 32 * 64 + 64 * 32 * 64 + 64 * 32 * 3
    through = 32 * 3 * 64 + 32 * 64 * 64
    assert workload.product_flops() == 2 * (forward + slopes + through)


def test_calls_take_turns_and_their_medians_count(monkeypatch):
    clock = iter([0, 1, 0, 10, 0, 3, 0, 50, 0, 2, 0, 20])
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
    called = []
    seconds = median_seconds(lambda: called.append("a"), lambda: called.append("b"), repeats=3)
    assert called == ["a", "b"] * 3
    assert seconds == (2, 20)


# What a row makes of timings: ours 2 s for 4 runs of 5 steps, a loop 3 s for 3 runs.
@pytest.fixture
def known_times(monkeypatch):
    """Give rows known timings, returned in the order of their calls; the calls are not made."""
    answers = iter([])
    monkeypatch.setattr(engine, "_all_cores", lambda: (lambda: None, 4))
    monkeypatch.setattr(engine, "STEPS", 5)
    monkeypatch.setattr(engine, "RUNS_OF_A_LOOP", 3)
    monkeypatch.setattr(engine, "sample", lambda runs: (RATES[:4, :5], SEEDS[:4]))
    monkeypatch.setattr(engine, "grand_comparison", lambda: (RATES[:4, :5], SEEDS[:4]))

    def give(*seconds):
        nonlocal answers
        answers = iter(seconds)
        monkeypatch.setattr(engine, "median_seconds", lambda *_, **__: next(answers))

    return give


def test_row_of_the_seed_loop(known_times):
    known_times((2.0, 3.0))
    row = engine.vs_seed_loop()
    assert (row.value, row.unit, row.ratio) == (500, "ms a run", pytest.approx(1 / 0.5))
    assert "3 of them" in row.notes[0]
    assert "1000.0 ms" in row.notes[0]


def test_row_of_one_process(known_times):
    known_times((2.0, 3.0))
    row = engine.one_process_vs_seed_loop()
    assert (row.value, row.unit) == (pytest.approx(1e6 * 2 / 4 / 5), "µs a run and step")
    assert row.ratio == pytest.approx(1 / 0.5)


def test_row_of_torch_takes_the_faster_number_of_threads(known_times):
    for peers in [(3.0, 6.0), (6.0, 3.0)]:
        known_times((2.0, *peers))
        row = engine.vs_torch_loop()
        assert (row.value, row.ratio) == (500, pytest.approx(2))


def test_torch_has_its_threads_back_after_its_row(known_times):
    import torch

    before = torch.get_num_threads()
    known_times((2.0, 3.0, 3.0))
    engine.vs_torch_loop()
    assert torch.get_num_threads() == before


def test_row_of_jax_takes_the_fastest_group_and_leaves_compiling_out(
    needs_jax, known_times, monkeypatch
):
    monkeypatch.setenv("XLA_FLAGS", "")
    monkeypatch.setattr(jax_peer, "make_train", lambda data, group: lambda shares: None)
    known_times((6.0, 9.0, 8.0, 7.0), (9.0, 7.0, 8.0, 9.0), (2.0, 3.0))
    row = engine.vs_jax()
    assert (row.value, row.ratio) == (500, pytest.approx(1.5))
    assert f"groups of {engine.JAX_GROUPS[1]} runs" in row.notes[1]
    assert "compiled in 2.0 s" in row.notes[1]


def test_row_of_the_peak_counts_operations_of_both_sides(known_times):
    known_times((2.0, 0.5))
    row = engine.share_of_peak()
    ours, peak = workload.product_flops() * 5 * 4 / 2.0, 10 * 2 * 1024**3 / 0.5
    assert row.ratio == pytest.approx(ours / peak)
    assert (row.value, row.unit) == (pytest.approx(100 * ours / peak), "%")
    assert row.peer == "sgemm 1024x1024"


def test_row_of_the_full_batch_loop(known_times, monkeypatch):
    monkeypatch.setattr(engine, "train", lambda *_: None)
    monkeypatch.setattr(engine, "train_one", lambda *_: None)
    known_times((2.0, 3.0))
    row = engine.vs_plain_loop()
    assert (row.value, row.ratio) == (250, 1.5)


def test_rows_of_torch_tools(needs_torch_lr_finder, monkeypatch):
    from benchmarks import range_test

    monkeypatch.setattr(torch_tools, "median_seconds", lambda *_: (2.0, 3.0))
    row = torch_tools.vs_torch_scheduler()
    assert (row.value, row.unit, row.ratio) == (2000, "ms", 1.5)
    monkeypatch.setattr(range_test, "range_test_vs_torch_lr_finder", lambda: (2.0, 3.0))
    row = torch_tools.vs_torch_lr_finder()
    assert (row.value, row.unit, row.ratio) == (2000 / 32, "ms a seed", 1.5)


def test_engine_is_timed_on_the_whole_comparison(monkeypatch):
    calls = []
    monkeypatch.setattr(engine, "train", lambda *a, **options: calls.append((a[1].shape, options)))
    monkeypatch.setattr(engine, "cpu_count", lambda: 2)
    ours, runs = engine._all_cores()
    ours()
    assert runs == 1728
    assert calls == [((1728, 2), {"jobs": 2}), ((1728, 300), {})]


def test_no_benchmark_looks_runs_up_or_draws_a_bar():
    assert workload.train.keywords == {"cache": False, "progress": False}


def test_row_of_many_runs_compares_the_time_of_one(monkeypatch):
    calls = []
    monkeypatch.setattr(scaling, "train_short", lambda runs, seeds: calls.append((runs, seeds)))
    monkeypatch.setattr(scaling, "median_seconds", lambda *c, **_: [f() for f in c] and timings)
    monkeypatch.setattr(scaling, "measure_memory", lambda runs: (3_000_000 + 8 * runs, 8 * runs))
    timings = (0.5, 1.0, 2.0, 40.0)
    row = scaling.many_vs_few()
    # among 10, 50 calls take 0.5 s: 1 ms a run; among 10,000 it is 4 ms
    assert (row.value, row.ratio) == (pytest.approx(4), pytest.approx(0.25))
    assert [sum(c == runs for c, _ in calls) for runs in scaling.RUNS] == [100, 5, 1, 1]
    assert all(len(seeds) == runs for runs, seeds in calls)
    assert len({seeds.tobytes() for _, seeds in calls}) == len(calls)
    assert "10,000 runs" in row.notes[-1]
    assert "3 MB" in row.notes[-1]


def test_memory_is_that_of_a_new_process():
    ballast = np.ones(50_000_000)
    peak, results = scaling.measure_memory(10)
    assert 2e7 < peak < ballast.nbytes
    runs = scaling.train_short(10, np.arange(10))
    assert runs.losses.nbytes == 10 * 20 * 8
    assert runs.losses.nbytes < results < 2 * runs.losses.nbytes


def test_a_missing_package_is_named_with_the_way_to_install_it():
    with pytest.raises(MissingPeer, match=r"no-such is not installed \(pip install -e '.\[bench\]"):
        require_peer("no_such_module", "no-such")
    assert require_peer("json", "json") is json


def test_a_package_that_fails_to_import_something_else_is_not_called_missing(tmp_path, monkeypatch):
    (tmp_path / "broken_peer.py").write_text("import no_such_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        require_peer("broken_peer", "broken")


@pytest.mark.parametrize(
    ("row", "package"),
    [
        (engine.vs_jax, "jax"),
        (engine.vs_torch_loop, "torch"),
        (torch_tools.vs_torch_lr_finder, "torch_lr_finder"),
        (torch_tools.vs_torch_scheduler, "torch"),
    ],
)
def test_rows_ask_for_their_peer_before_they_start(row, package, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(MissingPeer):
        row()
