"""The recipes against their papers' figures, recomputed from tokens and epochs."""

import math

import numpy as np
import pytest

from course_lib.lint import lint
from course_lib.schedules.recipes import RECIPES

FIGURES = {  # (update, rate) that follow from what the paper says
    "ResNet on CIFAR-10": [(0, 0.1), (31_999, 0.1), (32_000, 0.01), (48_000, 0.001)],
    "ResNet-50 in one hour": [
        (0, 0.1),
        (5 * 157, 0.1 * 8192 / 256),
        (30 * 157 - 1, 3.2),
        (30 * 157, 0.32),
        (60 * 157, 0.032),
        (80 * 157, 0.0032),
    ],
    "Wide ResNet with SGDR": [(0, 0.05), (5 * 391, 0.025), (10 * 391, 0.05), (30 * 391, 0.05)],
    "Transformer base": [(3999, (512 * 4000) ** -0.5), (15_999, (512 * 16_000) ** -0.5)],
    "BERT": [(10_000, 1e-4), (505_000, 0.5e-4), (1_000_000, 0.0)],
    "GPT-3 175B": [(117, 6e-5), (81_250, 6e-6), (93_750, 6e-6)],
    "Chinchilla 70B": [(0, 1e-4), (466_667, 1e-5)],
    "LLaMA 7B": [(2000, 3e-4), (126_000, 1.65e-4), (250_000, 3e-5)],
    "Whisper large": [(2048, 1.75e-4), (1024 + 2**19, 0.875e-4), (2**20, 0.0)],
    "Llama 3 405B": [(8000, 8e-5), (604_000, 4.04e-5), (1_200_000, 8e-7)],
    "DeepSeek-V3": [
        (2000, 2.2e-4),
        (158_945, 2.2e-4),
        (158_946 + 68_347, 2.2e-5),
        (158_946 + 68_347 + 5_293, 7.3e-6),
    ],
    "OLMo 2 7B": [
        (2000, 3e-4),  # 8,388,608,000 tokens of warmup; 5 trillion are 1,192,093 updates
        (500_000, 1.65e-4 + 1.35e-4 * math.cos(math.pi * 498_000 / 1_190_093)),
        (928_646, 6.1499e-5),
        (928_646 + 11_931, 0.0),
    ],
    "SmolLM3 3B": [(2000, 2e-4), (4_198_000, 2e-4), (4_459_000, 1e-4), (4_720_000, 0.0)],
    "Kimi K2": [
        (500, 2e-4),
        (149_253, 2e-4),
        (149_254 + 41_045, 1.1e-4),
        (149_254 + 82_090, 2e-5),
    ],
    "DDPM on CIFAR-10": [(0, 4e-8), (5000, 2e-4), (799_999, 2e-4)],
    "Stable Diffusion v1": [(0, 1e-8), (10_000, 1e-4), (1_140_999, 1e-4)],
    "CycleGAN, in epochs": [(0, 2e-4), (100, 2e-4), (150, 1e-4), (200, 0.0)],
    "PPO on Atari": [(0, 2.5e-4), (58_590, 1.25e-4), (117_180, 0.0)],
}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_has_its_papers_figures(name):
    for step, rate in FIGURES[name]:
        assert RECIPES[name].schedule(step) == pytest.approx(rate, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_says_where_it_comes_from_and_is_whole(name):
    recipe = RECIPES[name]
    assert "arXiv:" in recipe.source or "github.com/" in recipe.source
    assert recipe.note.endswith(".")
    assert recipe.schedule.total_steps >= recipe.total_steps or name == "GPT-3 175B"
    values = recipe.schedule(np.linspace(0, recipe.total_steps, 10_001).astype(int))
    assert ((values >= 0) & np.isfinite(values)).all()


@pytest.mark.parametrize("name", RECIPES)
def test_the_linter_sees_nothing_that_would_break_a_recipe(name):
    recipe = RECIPES[name]
    codes = {finding.code for finding in lint(recipe.schedule, recipe.total_steps)}
    assert not codes & {"negative", "not-finite", "first-update-zero", "jump", "rises-after-end"}
