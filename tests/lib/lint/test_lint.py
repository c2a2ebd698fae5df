"""What lint finds: each code with a schedule that deserves it and one that just does not."""

import math

import numpy as np
import pytest

from course_lib.libraries import from_library
from course_lib.lint import lint
from course_lib.lint.findings import ADVICE
from course_lib.schedules import (
    Phase,
    Schedule,
    constant,
    cosine,
    cosine_restarts,
    exponential,
    inverse_time,
    join,
    linear,
    multi_step,
    one_cycle,
    polynomial,
    step_decay,
    triangular,
    warmup,
    warmup_cosine,
    warmup_linear,
    wsd,
)
from course_lib.schedules.shapes import CosineWave, Polynomial
from tests.lib.lint.suspicious_rates import (
    changed,
    clobbered_warmup,
    codes,
    joined_late,
    optax_rate,
    printed,
    scaled_from,
    timm_rate,
    torch_cosine,
    unclamped_linear,
    wave,
)

TRIGGERS = {
    "negative": [
        (unclamped_linear, 100, {}),
        ([0.1, -1e-9, 0.1], 3, {}),
        (Schedule((Phase(100, 0.1, -0.001, Polynomial()),)), 100, {}),
    ],
    "not-finite": [([0.1, math.nan, 0.1], 3, {}), ([0.1, 0.1, math.inf], 3, {})],
    "horizon-mismatch": [
        (warmup_cosine(0.1, 100, 1000), 1000, {"loop_steps": 250}),
        (warmup_cosine(0.1, 100, 1000), 1000, {"loop_steps": 1001}),
        (cosine(0.1, 1000), 900, {}),
        (lambda step: 0.1, 1000, {"loop_steps": 999}),
        ([0.1] * 90, 100, {}),
    ],
    "first-update-zero": [
        (warmup(cosine(0.1, 900), 100, start=0.0), 1000, {}),
        ([0.0, 0.1, 0.1], 3, {}),
        (constant(0.0), 10, {}),
    ],
    "rises-after-end": [
        (torch_cosine, 100, {}),
        ([torch_cosine(step) for step in range(106)], 100, {}),
        (Schedule((Phase(math.inf, 0.1, 0.0, CosineWave(100_000)),)), 100_000, {}),
        (cosine_restarts(0.1, 100), 100, {}),
    ],
    "jump": [
        (clobbered_warmup(25), 1000, {}),
        ([0.1] * 50 + [0.1 / 25] * 50, 100, {}),
        ([0.1] * 50 + [0.0] + [0.1] * 49, 100, {}),
        ([0.001] * 34 + [0.1] * 66, 100, {}),  # too long for a constant warmup
        (multi_step(0.1, [500], drop=0.1), 1000, {"max_jump": 5}),
    ],
    "dead-tail": [
        (optax_rate(0.1, 10, 90), 100, {}),
        (optax_rate(0.1, 375, 300_000 - 375), 300_000, {}),
        ([0.1] * 998 + [0.0, 0.0], 1000, {}),
        (exponential(0.1, 0.9), 1000, {}),
        (printed(multi_step(1e-3, [200, 400, 600]), 1000, 5), 1000, {}),  # 40 % of the run as 0.0
    ],
    "floor-never-reached": [
        (warmup_cosine(0.1, 100, 1100, 0.001), 900, {"floor": 0.001}),
        (cosine(0.1, 1000, 0.01), 1000, {"floor": 0.001}),
        ([0.1, 0.08, 0.05], 3, {"floor": 0.0}),
    ],
    "peak-never-reached": [
        (lambda step: timm_rate(step, prefix=False), 100, {"peak_lr": 0.1}),
        (warmup(constant(0.1), 500), 400, {}),
        (clobbered_warmup(25), 99, {}),
    ],
    "warmup-too-long": [
        (warmup_cosine(0.1, 340, 1000), 1000, {}),
        (warmup(constant(0.1), 500), 1000, {}),
        (lambda step: 0.1 * (1 - math.exp(-(step + 1) / 100)), 1000, {}),  # 99 % at step 460
    ],
    "mostly-warmup": [
        (warmup(constant(0.1), 1000), 1000, {}),
        (warmup_cosine(0.1, 500, 1000), 1000, {}),
        (np.array([0.1, 0.2, 0.3]), 3, {}),
    ],
    "warmup-too-short": [
        (warmup_cosine(0.1, 8, 1000), 1000, {}),
        (lambda step: 0.1 * min(1.0, (step + 1) / 9), 1000, {}),
    ],
    "early-drop": [
        (multi_step(0.1, [240]), 1000, {}),
        (step_decay(0.1, 0.1, 30), 300, {}),
        (exponential(0.1, 0.99), 1000, {}),
        (warmup(multi_step(0.1, [100]), 100), 1000, {}),
    ],
}
NEAR_MISSES = {
    "negative": [(lambda step: max(0.0, unclamped_linear(step)), 100, {}), ([0.1, -0.0], 2, {})],
    "not-finite": [([0.1, 1e308, 5e-324], 3, {})],
    "horizon-mismatch": [
        (warmup_cosine(0.1, 100, 1000), 1000, {"loop_steps": 1000}),
        (warmup(constant(0.1), 100), 1000, {}),
        (join(cosine(0.1, 100, 0.01), constant(0.01).take(10)), 500, {}),
        ([0.1] * 106, 100, {}),
    ],
    "first-update-zero": [([1e-12, 0.1, 0.1], 3, {}), (warmup_cosine(0.1, 10, 100), 100, {})],
    "rises-after-end": [
        (lambda step: torch_cosine(min(step, 100)), 100, {}),
        ([torch_cosine(step) for step in range(100)], 100, {}),
        (torch_cosine, 400, {}),
        (warmup(constant(0.1), 500), 400, {}),
    ],
    "jump": [
        (clobbered_warmup(19), 1000, {}),
        ([0.1] * 50 + [0.1 / 19] * 50, 100, {}),
        (step_decay(0.1, 0.1, 10), 40, {}),
        (cosine_restarts(0.1, 10_000), 40_000, {}),
        (warmup(cosine(0.1, 90), 10, start=0.0), 100, {}),
    ],
    "dead-tail": [
        (optax_rate(0.1, 10, 100), 100, {}),
        ([0.1] * 99 + [0.0], 100, {}),
        ([0.1] * 1998 + [0.0, 0.0], 2000, {}),
        ([0.1] * 90 + [1e-9] * 10, 100, {}),
        (printed(multi_step(1e-3, [300, 600, 900]), 1000, 5), 1000, {}),  # MMCV prints 1e-6 as 0.0
        (printed(cosine(1e-3, 1000), 1000, 5), 1000, {}),
        (printed(cosine(8e-5, 1000), 1000, 5), 1000, {}),
    ],
    "floor-never-reached": [
        (cosine(0.1, 1000, 0.001), 1000, {"floor": 0.001}),
        (linear(0.1, 10), 10, {"floor": 0.0}),
        (linear(0.1, 10)(np.arange(10)), 10, {"floor": 0.0}),
        (cosine(0.1, 1000), 1000, {"floor": 0.001}),
        (warmup_cosine(0.1, 100, 1100, 0.001), 900, {}),
    ],
    "peak-never-reached": [
        (lambda step: timm_rate(step, prefix=True), 100, {"peak_lr": 0.1}),
        (lambda step: timm_rate(step, prefix=False), 100, {}),
        ([0.0996] * 10, 10, {"peak_lr": 0.1}),
    ],
    "warmup-too-long": [
        (warmup_cosine(0.1, 330, 1000), 1000, {}),
        (triangular(0.1, 0.01, 800), 1000, {}),
        (warmup(constant(0.1), 100)(np.arange(200)), 1000, {}),  # the run goes on
    ],
    "mostly-warmup": [
        (warmup_cosine(0.1, 490, 1000), 1000, {}),
        (warmup(constant(0.1), 600), 1000, {}),  # as a log of a longer run begins
        (triangular(0.1, 0.01, 980), 1000, {}),
        (lambda step: 0.1 * (1 - math.exp(-(step + 1) / 100)), 1000, {}),
    ],
    "warmup-too-short": [
        (warmup_cosine(0.1, 9, 1000), 1000, {}),
        (lambda step: 0.1 * min(1.0, (step + 1) / 10), 1000, {}),
        (warmup_cosine(0.1, 5, 50), 50, {}),
        (cosine(0.1, 1000), 1000, {}),
    ],
    "early-drop": [
        (multi_step(0.1, [250]), 1000, {}),
        (multi_step(0.1, [100], drop=0.11), 1000, {}),
        (lambda step: 1.0 / (step + 2), 1000, {}),
        (exponential(0.1, 0.992), 1000, {}),
    ],
}


# Each row is of a kind that people have reported; the project and the number follow it.
TRIGGERS |= {
    "climbs-back": [
        (wave(90), 45_000, {}),  # T_max in epochs, steps in batches: ivadomed issue 57
        (
            wave(9000),
            10_000,
            {},
        ),  # T_max without the warmup's share: Tencent UniRL pull request 223
        (wave(9000)(np.arange(10_000)), 10_000, {}),
        (wave(100)(np.arange(0, 400, 4)), 100, {}),  # four steps for each update
        (wave(100)(np.arange(0, 300, 3)), 100, {}),
        (warmup(wave(50), 100), 500, {}),
        (wave(18)(np.arange(20)), 20, {}),
        ([float(f"{rate:.3g}") for rate in wave(18)(np.arange(20))], 20, {}),
    ],
    "cycle-cut": [
        (triangular(0.1, 0.01, 200), 1100, {}),
        (triangular(0.1, 0.01, 200), 1050, {}),
        (triangular(0.1, 0.01, 200, "triangular2"), 500, {}),
    ],
    "floor-held": [
        (cosine(0.1, 300, 0.01)(np.arange(1000)), 1000, {}),
        (warmup_cosine(0.1, 50, 300, 0.05), 1000, {}),
        (lambda step: max(0.02, 0.1 * 0.99**step), 1000, {}),
    ],
    "milestone-past-end": [
        (multi_step(0.1, [100_000, 500_000]), 90_000, {}),  # BasicSR issue 731
        (multi_step(0.1, [30_000, 60_000, 80_000]), 90, {}),
        (multi_step(0.1, [30, 60, 91]), 90, {}),
        (step_decay(0.1, 0.1, 30_000), 90, {}),
        (multi_step(0.1, [50, 75]), 100, {"loop_steps": 60}),
    ],
    "drop-after-warmup": [
        # The cosine has run since step 0: timm issue 1242, Swin Transformer issue 277.
        (joined_late(2000, 10_000), 10_000, {}),
        (joined_late(1100, 10_000), 10_000, {}),
        ([0.02 * t for t in range(1, 6)] + [0.09] * 95, 100, {}),
        # From 1e-3 at the end of the warmup to 7.3e-4: keras-radam pull request 26.
        (
            [1e-3 * (t + 1) / 60 for t in range(60)] + [7.3e-4 * 0.98**t for t in range(140)],
            200,
            {},
        ),
    ],
    "spike": [
        # The first update has the optimizer's own rate: fairseq pull request 727.
        (np.r_[0.1, warmup_cosine(0.1, 50, 1000)(np.arange(999))], 1000, {}),
        ([0.1] + [0.01] * 99, 100, {}),
        # The first epoch after a resume has the rate of the beginning: YOLOv5 issue 292.
        (changed(cosine(0.1, 100)(np.arange(100)), 70, 71, 0.1), 100, {}),
    ],
    "broken-curve": [
        # Resumed with another length: OneTrainer issue 1604, PyTorch issue 60265.
        (scaled_from(5000, 1 / 8, cosine(0.1, 10_000)), 10_000, {}),
        (scaled_from(5000, 1 / 8, linear(0.1, 10_000)), 10_000, {}),
        (scaled_from(5000, 1 / 8, exponential(0.1, 0.9998)), 10_000, {}),
        (scaled_from(500, 1 / 1.1, warmup_cosine(0.1, 100, 1000)), 1000, {}),
        (scaled_from(8000, 2.5, cosine(0.1, 10_000)), 10_000, {}),
        # From 0, where the first part ended, to the middle of a longer decay.
        (np.r_[linear(0.1, 180)(np.arange(181)), linear(0.1, 480)(np.arange(181, 350))], 350, {}),
        # Resumed with nothing, half way: Lightning issue 5486.
        (np.tile(cosine(0.1, 1000)(np.arange(500)), 2), 1000, {}),
        # Back to an earlier stage of a staircase, for good.
        ([0.1] * 300 + [0.01] * 300 + [0.1] * 400, 1000, {}),
    ],
}
NEAR_MISSES |= {
    "climbs-back": [
        (wave(10_000), 10_000, {}),
        (cosine_restarts(0.1, 90), 45_000, {}),
        (triangular(0.1, 0.01, 200), 1000, {}),
        (lambda step: 0.05 * (1 - math.cos(math.pi * step / 100)), 1000, {}),  # from the foot
        (one_cycle(0.1, 1000), 1000, {}),
        (np.tile(one_cycle(0.1, 1000)(np.arange(1000)), 2), 2000, {}),
        ([0.1 - 0.001 * t for t in range(100)] + [0.001 * t for t in range(100)], 200, {}),
    ],
    "cycle-cut": [
        (triangular(0.1, 0.01, 200), 1000, {}),
        (triangular(0.1, 0.01, 200), 1020, {}),  # a tenth of the way up
        (triangular(0.1, 0.01, 200), 1110, {}),  # on the way down
        (triangular(0.1, 0.095, 200), 1100, {}),
        (cosine_restarts(0.1, 100), 401, {}),
        (wave(90), 350, {}),
    ],
    "floor-held": [
        (cosine(0.1, 670, 0.01)(np.arange(1000)), 1000, {}),
        (multi_step(0.1, [300]), 1000, {}),
        (step_decay(0.1, 0.1, 30), 90, {}),
        (cosine(0.1, 300, 0.095), 1000, {}),
        (warmup(constant(0.1), 100), 1000, {}),
    ],
    "milestone-past-end": [
        (multi_step(0.1, [30, 60, 90]), 90, {}),
        (step_decay(0.1, 0.1, 30), 30, {}),
        (join(cosine(0.1, 100, 0.01), constant(0.01)), 50, {}),
        (lambda step: 0.1, 90, {}),
    ],
    "drop-after-warmup": [
        ([0.02 * t for t in range(1, 6)] + [0.09 - 0.01 * (t // 10) for t in range(80)], 85, {}),
        (joined_late(1000, 10_000), 10_000, {}),  # 2.4 % lower
        (warmup(inverse_time(0.1, 2.0), 20), 200, {}),
        (warmup(exponential(0.1, 0.5), 20), 100, {}),
        (warmup(multi_step(0.1, [1]), 20), 100, {}),
        (warmup(polynomial(0.1, 900, 3.0), 100), 1000, {}),
        (wsd(0.1, 100, 1000, 899, "1-sqrt"), 1000, {}),
    ],
    "spike": [
        (cosine_restarts(0.1, 2), 100, {}),
        (triangular(0.1, 0.001, 2, "triangular2"), 100, {}),
        (lambda step: 1.0 / (step + 1), 100, {}),
        (one_cycle(0.1, 100, pct_start=0.01), 100, {}),
        (warmup_linear(0.1, 1, 100), 100, {}),
        (exponential(0.1, 0.1), 100, {}),
    ],
    "broken-curve": [
        (scaled_from(5000, 1 / 1.04, cosine(0.1, 10_000)), 10_000, {}),
        (cosine_restarts(0.1, 500), 1000, {}),
        (cosine_restarts(0.1, 500, floor=0.01), 1000, {}),
        (cosine_restarts(0.05, 3, mult=2), 93, {}),
        (
            [float(f"{r:.3g}") for r in cosine_restarts(0.1, 500, floor=0.01)(np.arange(1000))],
            1000,
            {},
        ),
        (join(cosine(0.1, 500).take(500), cosine(0.05, 500)), 1000, {}),  # a lower restart
        (join(cosine(0.1, 500, 0.01).take(500), warmup_cosine(0.1, 50, 500)), 1000, {}),
        (np.tile(one_cycle(0.1, 500)(np.arange(500)), 2), 1000, {}),
        (lambda step: 0.1 * (1 - step % 30 / 30) / (1 + step // 30), 120, {}),  # Keras, cycle=True
        (lambda step: 0.01 + 0.09 * (step % 100) / 100, 1000, {}),  # a sawtooth
        (multi_step(0.1, [500], drop=0.125), 1000, {}),
        (join(constant(0.01).take(50), exponential(0.1, 0.999)), 1000, {}),
        (exponential(0.1, 0.1), 20, {}),
    ],
}
NEAR_MISSES["jump"] += [
    # One row in 250 updates: the warmup is over at the second, the cooldown at the last.
    (warmup_cosine(1e-3, 101, 5250, 1e-4)(np.arange(0, 5250, 250)), 21, {}),
    (wsd(0.1, 100, 10_000, 500)(np.arange(0, 10_001, 500)), 21, {}),
    ([1e-5] * 5 + [0.03] * 5 + [0.1] * 90, 100, {}),  # timm's warmup, once an epoch
    ([2 / 3, 1 / 3, 0.0], 3, {}),  # a linear decay over three epochs
    ([0.0, 0.05, 0.1, 0.09, 0.08], 5, {}),
]


def cases(table):
    return [
        pytest.param(code, *case, id=f"{code}-{i}")
        for code, row in table.items()
        for i, case in enumerate(row)
    ]


@pytest.mark.parametrize(("code", "schedule", "total", "options"), cases(TRIGGERS))
def test_a_suspicious_schedule_is_found(code, schedule, total, options):
    found = [finding for finding in lint(schedule, total, **options) if finding.code == code]
    assert len(found) == 1
    (finding,) = found
    longest = max(total, options.get("loop_steps", 0))
    assert 0 <= finding.first_step <= finding.last_step < 1.1 * longest + 10
    assert finding.message[0] != " "
    assert finding.message.endswith(".")
    assert ". " not in finding.message
    assert finding.fix[0].isupper()
    assert finding.fix.endswith(".")
    assert ". " not in finding.fix
    assert any(digit in finding.message for digit in "0123456789")


@pytest.mark.parametrize(("code", "schedule", "total", "options"), cases(NEAR_MISSES))
def test_its_neighbour_is_not(code, schedule, total, options):
    assert code not in codes(schedule, total, **options)


def test_every_code_has_a_trigger_and_a_near_miss():
    assert set(TRIGGERS) == set(NEAR_MISSES)
    assert len(TRIGGERS) == 20
    assert set(TRIGGERS) > ADVICE


def test_a_million_steps_are_looked_at_to_the_last():
    schedule = warmup_cosine(0.1, 10_000, 1_000_000)
    assert lint(schedule, 1_000_000) == []
    (finding,) = lint(schedule, 1_000_000, loop_steps=1_000_001)
    assert (finding.code, finding.last_step) == ("horizon-mismatch", 1_000_000)


@pytest.mark.parametrize("options", [{}, {"three_phase": True}, {"final_div_factor": 1.0}])
@pytest.mark.parametrize("total", [20, 100, 1000, 20_000])
def test_torchs_one_cycle_ends_where_torch_refuses_another_step(options, total):
    schedule = from_library("torch.OneCycleLR", max_lr=0.1, total_steps=total, **options)
    assert "horizon-mismatch" not in codes(schedule, total)
    for made in (total - 1, total + 1, total + 2, total + total // 10, 2 * total):
        (finding,) = [one for one in lint(schedule, made) if one.code == "horizon-mismatch"]
        assert f"the schedule ends at {total} but the loop makes {made}" in finding.message
