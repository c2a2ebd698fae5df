"""Code for six libraries that need not be installed: it is read back by their converters.

`written_search` runs the same code in the libraries themselves.
"""

import json
import random
import re

import numpy as np
import pytest

from course_lib.libraries import CannotExpress, to_library
from course_lib.schedules import (
    constant,
    cosine,
    cosine_restarts,
    inverse_time,
    join,
    linear,
    multi_step,
    polynomial,
    repeat,
    step_decay,
    warmup,
    warmup_cosine,
    wsd,
)
from tests.lib.libraries import random_schedules, written_search
from tests.lib.libraries.preset_schedules import PRESETS
from tests.lib.libraries.reading_back import READERS

DROPS = {"step decay", "multi-step", "exponential"}
GROWING = {"cosine restarts x2", "cosine restarts x1.5"}
TRIANGLES = {"triangular", "triangular, odd", "triangular2", "exp_range"}
INVERSE = {"inverse sqrt", "inverse time", "transformer", "warmup from 0 + inverse sqrt"}
ENDLESS_CYCLES = {"cosine restarts", "warmup + cosine restarts", *GROWING}
CUT = {"cosine, cut", "exponential, cut"}
CAN = {
    "lightning": set(PRESETS),
    "paddle": set(PRESETS),
    "timm": set(PRESETS)
    - {"cosine wave", "tanh", "cosine, timm's and optax's", "negative", "1-cycle"}
    - {"1-cycle, 3 phases"}
    - (INVERSE | ENDLESS_CYCLES | TRIANGLES | CUT),
    "mmengine": set(PRESETS)
    - {"tanh", "cosine, timm's and optax's", "negative", "WSD, 1-sqrt"}
    - (INVERSE | ENDLESS_CYCLES | TRIANGLES),
    "diffusers": {
        *("constant", "constant, cut", "multi-step", "linear", "linear, floor", "negative"),
        *("polynomial", "polynomial, floor", "cosine", "cosines, equal", "cosine wave"),
        *(f"warmup from 0 + {name}" for name in ("cosine", "linear", "polynomial", "constant")),
    },
    "deepspeed": {
        *("constant", "constant, cut", *DROPS, "linear", "linear, floor", "polynomial"),
        *("cosine restarts", "cosine restarts x2", "cosine wave", "warmup + constant"),
        *("warmup from 0 + linear", "triangular", "triangular2", "exp_range"),
    },
}
# Their converters take no negative rate; `written_search` runs these in the libraries.
NOT_READ = {("diffusers", "negative"), ("paddle", "negative")}


def differs(library, schedule):
    """Return the largest difference as a share of the largest rate, or None for no words."""
    try:
        code = to_library(schedule, library)
    except CannotExpress:
        return None
    steps = np.arange(random_schedules.updates_to_compare(schedule))
    rates = schedule(steps)
    return abs(READERS[library](code, steps) - rates).max() / max(abs(rates).max(), 1e-300)


@pytest.mark.parametrize("library", READERS)
def test_every_preset_is_read_back_or_refused(library):
    found = {
        name: differs(library, schedule)
        for name, schedule in PRESETS.items()
        if (library, name) not in NOT_READ
    }
    written = {name for name, error in found.items() if error is not None}
    assert written == {name for name in CAN[library] if (library, name) not in NOT_READ}
    assert {name: found[name] for name in written if not found[name] < 1e-12} == {}


@pytest.mark.parametrize("library", READERS)
def test_random_schedules_are_read_back(library):
    draws = random.Random(f"read back {library}")
    drawn = [random_schedules.draw(draws) for _ in range(150)]
    found = [(name, schedule, differs(library, schedule)) for name, schedule in drawn]
    wrong = [
        (name, schedule.to_json(), error)
        for name, schedule, error in found
        if error is not None and not error < 1e-12
    ]
    assert wrong == []
    assert sum(error is not None for *_, error in found) > 15


def test_the_draws_reach_every_family_warmed_up_joined_repeated_scaled_and_cut():
    draws = random.Random(0)
    names = [random_schedules.draw(draws)[0] for _ in range(1500)]
    for family in random_schedules.FAMILIES:
        assert names.count(family) > 5
    for family in random_schedules.PLAIN:
        assert names.count(f"warmup and {family}") > 5
    for change in (" + ", ", repeated", ", scaled", ", cut"):
        assert sum(change in name for name in names) > 30


PLAN = warmup(cosine(0.1, 90, 0.001), 10, start=0.0)


def statements(code):
    """Return the lines of code without comments, imports and the lines that set a rate."""
    lines = [line for line in code.splitlines() if line and not line.startswith(("#", "from "))]
    return [line for line in lines if "group" not in line]


@pytest.mark.parametrize(
    ("library", "schedule", "lines"),
    [
        (
            "timm",
            PLAN,
            [
                "PEAK_LR = 0.1",
                "scheduler = CosineLRScheduler(",
                "    optimizer,",
                "    t_initial=90,",
                "    lr_min=0.001,",
                "    warmup_t=10,",
                "    warmup_lr_init=0.0,",
                "    warmup_prefix=True,",
                "    t_in_epochs=False,",
                ")",
            ],
        ),
        (
            "diffusers",
            warmup(linear(0.1, 90), 10, start=0.0),
            [
                "PEAK_LR = 0.1",
                'optimizer.defaults["lr"] = PEAK_LR',
                'scheduler = get_scheduler("linear", optimizer, num_warmup_steps=10, '
                "num_training_steps=100)",
            ],
        ),
        (
            "mmengine",
            warmup_cosine(0.1, 10, 100, 0.001),
            [
                "base_lr = 0.1",
                "param_scheduler = [",
                '    dict(type="LinearLR", start_factor=0.1, by_epoch=False, begin=0, end=11),',
                '    dict(type="CosineAnnealingLR", T_max=90, eta_min=0.001, by_epoch=False, '
                "begin=10, end=101),",
                "]",
            ],
        ),
        (
            "paddle",
            warmup(linear(0.1, 90), 10),
            [
                "scheduler = lr.LinearWarmup(",
                "    lr.PolynomialDecay(0.1, decay_steps=90, end_lr=0.0, power=1.0),",
                "    warmup_steps=10,",
                "    start_lr=0.01,",
                "    end_lr=0.1,",
                ")",
            ],
        ),
        (
            "lightning",
            step_decay(0.1, 0.5, 30),
            [
                "import torch",
                "def configure_optimizers(self):",
                "    optimizer = torch.optim.AdamW(self.parameters())",
                "    PEAK_LR = 0.1",
                "    scheduler = StepLR(optimizer, step_size=30, gamma=0.5)",
                "    return {",
                '        "optimizer": optimizer,',
                '        "lr_scheduler": {"scheduler": scheduler, "interval": "step", '
                '"frequency": 1},',
                "    }",
            ],
        ),
    ],
    ids=["timm", "diffusers", "mmengine", "paddle", "lightning"],
)
def test_the_text(library, schedule, lines):
    assert statements(to_library(schedule, library)) == lines


@pytest.mark.parametrize(
    ("schedule", "config"),
    [
        (
            warmup(linear(0.1, 90, 0.01), 10, start=0.01),
            {
                "scheduler": {
                    "type": "OneCycle",
                    "params": {
                        "cycle_min_lr": 0.01,
                        "cycle_max_lr": 0.1,
                        "cycle_first_step_size": 10,
                        "cycle_second_step_size": 90,
                        "cycle_momentum": False,
                    },
                }
            },
        ),
        (
            join(warmup(linear(0.1, 90, 0.01), 10, start=0.01), inverse_time(0.01, 0.5)),
            {
                "scheduler": {
                    "type": "OneCycle",
                    "params": {
                        "cycle_min_lr": 0.01,
                        "cycle_max_lr": 0.1,
                        "cycle_first_step_size": 10,
                        "cycle_second_step_size": 90,
                        "cycle_momentum": False,
                        "decay_step_size": 1,
                        "decay_lr_rate": 0.5,
                    },
                }
            },
        ),
        (
            join(constant(0.0).take(1), warmup(constant(0.1), 10, start=0.0)),
            {
                "scheduler": {
                    "type": "WarmupLR",
                    "params": {
                        "warmup_min_lr": 0.0,
                        "warmup_max_lr": 0.1,
                        "warmup_num_steps": 10,
                        "warmup_type": "linear",
                    },
                }
            },
        ),
        (
            join(constant(0.0).take(1), warmup(linear(0.1, 20), 10, start=0.0)),
            {
                "scheduler": {
                    "type": "WarmupDecayLR",
                    "params": {
                        "total_num_steps": 30,
                        "warmup_min_lr": 0.0,
                        "warmup_max_lr": 0.1,
                        "warmup_num_steps": 10,
                        "warmup_type": "linear",
                    },
                }
            },
        ),
        (
            multi_step(0.1, [3, 6]),
            {
                "optimizer": {"type": "AdamW", "params": {"lr": 0.1}},
                "scheduler": {
                    "type": "MultiStepLR",
                    "params": {"milestones": [3, 6], "gamma": 0.1},
                },
            },
        ),
    ],
    ids=["OneCycle", "OneCycle and its decay", "WarmupLR", "WarmupDecayLR", "of torch"],
)
def test_the_configuration_of_deepspeed(schedule, config):
    assert json.loads(to_library(schedule, "deepspeed")) == config
    assert differs("deepspeed", schedule) < 1e-12


@pytest.mark.parametrize(
    ("library", "schedule", "words"),
    [
        ("diffusers", multi_step(0.1, [3, 6]), 'step_rules="1.0:3,0.1:6,0.01"'),
        ("diffusers", polynomial(0.1, 50, 2.0, 1e-7), 'get_scheduler("polynomial", optimizer'),
        ("diffusers", repeat(cosine(0.1, 25), 4), "num_training_steps=100, num_cycles=4"),
        ("timm", multi_step(0.1, [3, 6]), "decay_t=[4, 7]"),
        ("timm", wsd(0.1, 10, 100, 20, "exp", 0.001), 'decay_fn="exp",\n    decay_ratio=0.01'),
        ("timm", join(cosine(0.1, 5), cosine(0.05, 10)), "cycle_mul=2.0,\n    cycle_decay=0.5"),
        ("mmengine", repeat(cosine(0.1, 25), 4), "periods=[25, 25, 25, 25]"),
        ("mmengine", cosine_restarts(0.1, 10, 2).take(50), "periods=[10, 20, 40]"),
        ("mmengine", join(cosine(0.1, 1000).take(999), constant(0.1)), "restart_weights=[1.0]"),
        ("mmengine", repeat(cosine(0.1, 16).take(10), 2), "begin=10, end=20"),
        ("mmengine", warmup(constant(0.1), 10, start=0.0), 'type="ConstantLR", factor=0.0'),
        ("mmengine", join(linear(0.1, 9), cosine(0.2, 9)), "restart_weights=[2.0]"),
        ("mmengine", join(linear(0.1, 9), linear(0.2, 9)), "periods=[1], restart_weights=[2.0]"),
        ("paddle", multi_step(0.1, [3, 6]), "MultiStepDecay(0.1, milestones=[3, 6], gamma=0.1)"),
        ("paddle", warmup(cosine_restarts(0.1, 2), 5), "CosineAnnealingWarmRestarts(0.1, T_0=2"),
        ("paddle", warmup(cosine_restarts(0.1, 1, 3), 5), "lr.LambdaDecay(1.0"),
        ("paddle", cosine(0.1, 100), "lr.LambdaDecay(1.0, lr_lambda=rate_at)"),
    ],
)
def test_words_of_the_text(library, schedule, words):
    assert words in to_library(schedule, library)
    assert differs(library, schedule) < 1e-12


@pytest.mark.parametrize(
    ("library", "schedule", "reason"),
    [
        ("timm", cosine_restarts(0.1, 10), "cycle_limit"),
        # timm would begin the last of these cycles one update late: log(243) / log(3) < 5.
        ("timm", join(*(cosine(0.1, 3**cycle) for cycle in range(6))), "no scheduler for Cosine"),
        ("timm", cosine(0.1, 100).take(40), "stops before its shape ends"),
        ("timm", warmup(inverse_time(0.1, 0.1), 5), "no scheduler for InverseTime"),
        ("diffusers", warmup_cosine(0.1, 10, 100), "use warmup(..., start=0)"),
        ("diffusers", cosine(0.1, 100, 0.01), "no function for Cosine"),
        ("diffusers", constant(0.0), "scale a positive rate"),
        ("mmengine", cosine_restarts(0.1, 10), "CosineRestartLR takes a list"),
        ("mmengine", cosine_restarts(0.1, 5, 1.5).take(30), "a cycle takes 7.5 updates"),
        ("deepspeed", warmup_cosine(0.1, 10, 100), "never reaches its peak"),
        ("deepspeed", inverse_time(0.1, 0.1), "none gives InverseTime"),
    ],
)
def test_a_refusal_says_why(library, schedule, reason):
    said = re.escape(f"{library} cannot express this schedule, because ")
    with pytest.raises(CannotExpress, match=f"^{said}.*{re.escape(reason)}"):
        to_library(schedule, library)


def test_the_search_runs_the_code_of_torch(capsys):
    assert written_search.main(["--library", "torch", "--cases", "40"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"torch: {40 + len(PRESETS)} equal; ")


@pytest.mark.parametrize(
    ("wrong", "outcome"),
    [
        (lambda code: code.replace("PEAK_LR = 0.1", "PEAK_LR = 0.10000000001"), "different"),
        (lambda code: code + "\nraise ValueError", "fails"),
    ],
)
def test_the_search_sees_wrong_code(monkeypatch, capsys, wrong, outcome):
    monkeypatch.setattr(written_search, "to_library", lambda *given: wrong(to_library(*given)))
    assert written_search.search("torch", 10, 0).outcomes[outcome] > 10
    assert written_search.main(["--library", "torch", "--cases", "1"]) == 1
    assert "  DIFFERENT {" in capsys.readouterr().out


def test_a_library_that_is_not_installed_is_left_out(monkeypatch, capsys):
    monkeypatch.setattr(written_search, "find_spec", lambda name: None)
    assert written_search.main(["--cases", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"{library}: not installed" for library in written_search.RUNNERS]
