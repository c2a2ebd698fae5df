"""The NumPy engine against loops of one run after another, against JAX, and against its BLAS.

Ours trains all 1,728 runs of the comparison on all cores, its processes already running, as peers
are already compiled or imported. Loops are timed on some of the runs, spread over the comparison:
every run of the comparison costs them the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from joblib import cpu_count

from benchmarks import jax_peer
from benchmarks.plain_loop import train_one
from benchmarks.timing import Result, median_seconds, require_peer
from benchmarks.workload import (
    STEPS,
    WORKLOAD,
    grand_comparison,
    product_flops,
    sample,
    train,
)
from course_lib import problems, training

RUNS_OF_A_LOOP = 12
JAX_GROUPS = (2, 4, 8, 16)


def vs_plain_loop() -> Result:
    """Time lesson 1's sweep: 8 runs of 100 full-batch steps at once, or one after another."""
    data = problems.spirals()
    rates, seeds = np.full((8, 100), 0.3), np.arange(8)
    workload = training.Workload(data, training.Mlp(dtype="float32"))

    def ours() -> None:
        train(workload, rates, seeds)

    def peer() -> None:
        for seed in range(8):
            train_one(data, rates[0], seed)

    ours(), peer()
    seconds, peer_seconds = median_seconds(ours, peer, repeats=5)
    return Result(
        1e3 * seconds / 8, "ms a run", "NumPy loop, float64, full batch", peer_seconds / seconds
    )


def vs_seed_loop() -> Result:
    """Time the comparison against the loop that a beginner writes first: NumPy, float64."""
    ours, runs = _all_cores()
    seconds, peer_seconds = median_seconds(ours, _seed_loop)
    return _against_loop("NumPy loop, float64", seconds, runs, peer_seconds)


def one_process_vs_seed_loop() -> Result:
    """Time a few blocks of the comparison in this process, against the same loop."""
    rates, seeds = sample(144)

    def ours() -> None:
        train(WORKLOAD, rates, seeds, jobs=1)

    ours(), _seed_loop()
    seconds, peer_seconds = median_seconds(ours, _seed_loop)
    seconds, peer_seconds = seconds / len(seeds), peer_seconds / RUNS_OF_A_LOOP
    return Result(
        1e6 * seconds / STEPS,
        "µs a run and step",
        "NumPy loop, float64",
        peer_seconds / seconds,
        (f"one process, {len(seeds)} runs; peer {1e6 * peer_seconds / STEPS:.1f} µs",),
    )


def vs_torch_loop() -> Result:
    """Time the comparison against a plain PyTorch loop, with as many threads as suit it best."""
    torch = require_peer("torch", "torch")
    from benchmarks import torch_peer

    rates, seeds = sample(RUNS_OF_A_LOOP)
    threads = torch.get_num_threads()

    def loop(number: int) -> None:
        torch.set_num_threads(number)
        for run, seed in zip(rates, seeds.tolist(), strict=True):
            torch_peer.train_one(WORKLOAD.data, run, seed, WORKLOAD.batch_size)

    ours, runs = _all_cores()
    loop(1), loop(threads)
    seconds, *peers = median_seconds(ours, lambda: loop(1), lambda: loop(threads))
    result = _against_loop("PyTorch loop, float32", seconds, runs, min(peers))
    each = " and ".join(f"{1e3 * peer / RUNS_OF_A_LOOP:.0f}" for peer in peers)
    note = f"peer with 1 and {threads} threads: {each} ms a run; the faster counts"
    return Result(result.value, result.unit, result.peer, result.ratio, (*result.notes, note))


def vs_jax() -> Result:
    """Time the comparison against JAX on its default device: vmap over runs, scan over steps."""
    return _vs_jax(slice(1), "JAX, vmap and scan, float32")


def vs_sharded_jax() -> Result:
    """Time the comparison against JAX with the runs split by hand, a device and thread a core."""
    return _vs_jax(slice(None), "JAX, a device a core, float32")


def _vs_jax(which: slice, peer_name: str) -> Result:
    jax = require_peer("jax", "jax")
    ours, runs = _all_cores()
    jax_peer.use_all_cores()
    devices = jax.devices()[which]
    rates, seeds = grand_comparison()
    data, size = WORKLOAD.data, WORKLOAD.batch_size
    few_steps = jax_peer.place_runs(data, rates[:, :30], seeds, size, devices)
    everything = jax_peer.place_runs(data, rates, seeds, size, devices)
    candidates = [jax_peer.make_train(WORKLOAD.data, group) for group in JAX_GROUPS]
    short = [partial(candidate, few_steps) for candidate in candidates]
    first, later = median_seconds(*short, repeats=1), median_seconds(*short)
    best = int(np.argmin(later))
    peer = partial(candidates[best], everything)
    peer()
    seconds, peer_seconds = median_seconds(ours, peer)
    notes = (
        f"ours {1e6 * seconds / runs / STEPS:.2f} µs a run and step on all cores, "
        f"JAX {1e6 * peer_seconds / runs / STEPS:.2f} µs",
        f"JAX: {len(devices)} of its CPU devices, groups of {JAX_GROUPS[best]} runs "
        f"(the best of {JAX_GROUPS}); compiled in {first[best] - later[best]:.1f} s, "
        "which does not count",
    )
    return Result(1e3 * seconds / runs, "ms a run", peer_name, peer_seconds / seconds, notes)


def share_of_peak() -> Result:
    """Compare the operations a second of the comparison's products with those of a large one."""
    ours, runs = _all_cores()
    size, products = 1024, 10
    matrix = np.random.default_rng(0).standard_normal((size, size), dtype=np.float32)
    out = np.empty_like(matrix)

    def multiply() -> None:
        for _ in range(products):
            np.matmul(matrix, matrix, out=out)

    multiply()
    seconds, peer_seconds = median_seconds(ours, multiply)
    rate = product_flops() * STEPS * runs / seconds
    peak = 2 * size**3 * products / peer_seconds
    notes = (f"{1e-9 * rate:.0f} of {1e-9 * peak:.0f} GFLOP/s, all cores",)
    return Result(100 * rate / peak, "%", f"sgemm {size}x{size}", rate / peak, notes)


def _all_cores() -> tuple[Callable[[], object], int]:
    """Return what trains the comparison, with its processes running, and its number of runs."""
    rates, seeds = grand_comparison()
    train(WORKLOAD, rates[:, :2], seeds, jobs=cpu_count())
    return lambda: train(WORKLOAD, rates, seeds), len(seeds)


def _seed_loop() -> None:
    rates, seeds = sample(RUNS_OF_A_LOOP)
    for run, seed in zip(rates, seeds.tolist(), strict=True):
        train_one(WORKLOAD.data, run, seed, batch_size=WORKLOAD.batch_size)


def _against_loop(peer: str, seconds: float, runs: int, peer_seconds: float) -> Result:
    """Return the row of a loop: ours took `seconds` for `runs`, the peer `peer_seconds` for few."""
    a_run, peers_run = seconds / runs, peer_seconds / RUNS_OF_A_LOOP
    notes = (
        f"ours: all {runs:,} runs on all cores; peer: {RUNS_OF_A_LOOP} of them, "
        f"{1e3 * peers_run:.1f} ms a run",
    )
    return Result(1e3 * a_run, "ms a run", peer, peers_run / a_run, notes)
