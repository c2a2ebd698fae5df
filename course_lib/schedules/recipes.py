"""The schedules of famous runs, with the figures their papers give.

Only what a paper, or the code or model card released with it, states is here. Where it counts in
tokens or epochs, the number of updates is computed below from its batch size, and the note says so.
A warmup starts at peak / warmup_steps, as everywhere in this package; the papers do not say where
theirs starts, except Goyal et al.
"""

from __future__ import annotations

from dataclasses import dataclass

from course_lib.schedules.combine import join
from course_lib.schedules.counting import total_updates
from course_lib.schedules.cyclical import cosine_restarts
from course_lib.schedules.phases import Schedule
from course_lib.schedules.presets import (
    constant,
    cosine,
    linear,
    multi_step,
    transformer,
    warmup,
    warmup_cosine,
    warmup_linear,
    wsd,
)


@dataclass(frozen=True)
class Recipe:
    """A run as its paper describes it.

    Attributes:
        schedule: its learning rate.
        total_steps: updates in the run.
        optimizer: optimizer, with the settings the paper gives.
        source: authors, year, identifier.
        note: remarks on the numbers, and on what the paper leaves open.
    """

    schedule: Schedule
    total_steps: int
    optimizer: str
    source: str
    note: str


_GOYAL_EPOCH = total_updates(epochs=1, examples=1_281_167, batch_size=8192)
_SGDR_EPOCH = total_updates(epochs=1, examples=50_000, batch_size=128)
# 10 million time steps in rounds of 8 actors × 128; 3 passes over each round in batches of 256
_PPO_UPDATES = 10_000_000 // (8 * 128) * 3 * (8 * 128 // 256)
# Tokens of a full batch, and the phases of 10 and 4.3 trillion and of 333 billion tokens in updates
_V3_BATCH = 15_360 * 4096
_V3_STABLE, _V3_FALL, _V3_LOW = (round(tokens / _V3_BATCH) for tokens in (10e12, 4.3e12, 333e9))
_OLMO_BATCH = 1024 * 4096
_K2_BATCH = 67e6  # the report's figure, in tokens
_K2_STABLE, _K2_FALL = (round(tokens / _K2_BATCH) for tokens in (10e12, 5.5e12))

RECIPES = {
    "ResNet on CIFAR-10": Recipe(
        multi_step(0.1, [32_000, 48_000], drop=0.1),
        64_000,
        "SGD, momentum 0.9, weight decay 1e-4, batch 128",
        "He, Zhang, Ren, Sun (2016), Deep residual learning, arXiv:1512.03385, sec. 4.2",
        "On ImageNet the paper divides by 10 when the error plateaus, not at fixed epochs; the "
        "110-layer net was first warmed up at 0.01.",
    ),
    "ResNet-50 in one hour": Recipe(
        warmup(
            multi_step(3.2, [n * _GOYAL_EPOCH for n in (25, 55, 75)], drop=0.1),
            5 * _GOYAL_EPOCH,
            start=0.1,
        ),
        90 * _GOYAL_EPOCH,
        "SGD, momentum 0.9, weight decay 1e-4, batch 8192",
        "Goyal et al. (2017), Accurate, large minibatch SGD, arXiv:1706.02677, sec. 5.1",
        "0.1 for every 256 images of the batch; from 0.1 to 3.2 in 5 epochs, then a tenth at "
        "epochs 30, 60 and 80; an epoch is 157 updates.",
    ),
    "Wide ResNet with SGDR": Recipe(
        cosine_restarts(0.05, 10 * _SGDR_EPOCH, mult=2),
        150 * _SGDR_EPOCH,
        "SGD, Nesterov momentum 0.9, weight decay 5e-4, batch 128",
        "Loshchilov, Hutter (2017), SGDR, arXiv:1608.03983, sec. 4.1",
        "T_0 = 10 epochs and T_mult = 2, so cycles end after 10, 30, 70 and 150 epochs; an epoch "
        "is 391 updates.",
    ),
    "Transformer base": Recipe(
        transformer(d_model=512, warmup_steps=4000),
        100_000,
        "Adam, beta1 0.9, beta2 0.98, epsilon 1e-9",
        "Vaswani et al. (2017), Attention is all you need, arXiv:1706.03762, sec. 5.3",
        "The paper counts updates from 1.",
    ),
    "BERT": Recipe(
        warmup_linear(1e-4, 10_000, 1_000_000),
        1_000_000,
        "Adam, beta1 0.9, beta2 0.999, weight decay 0.01, batch 256",
        "Devlin et al. (2019), BERT, arXiv:1810.04805, appendix A.2",
        "Linear decay, not cosine.",
    ),
    "GPT-3 175B": Recipe(
        warmup_cosine(0.6e-4, round(375e6 / 3.2e6), round(260e9 / 3.2e6), floor=0.6e-5),
        round(300e9 / 3.2e6),
        "Adam, beta1 0.9, beta2 0.95, epsilon 1e-8, weight decay 0.1",
        "Brown et al. (2020), Language models are few-shot learners, arXiv:2005.14165, app. B",
        "Warmup over 375 million tokens, cosine to 10 % over 260 billion, then held to 300 "
        "billion. Updates are counted at the full batch of 3.2 million tokens; the paper grows "
        "the batch over the first billions of tokens.",
    ),
    "Chinchilla 70B": Recipe(
        warmup_cosine(1e-4, 0, round(1.4e12 / 3e6), floor=1e-5),
        round(1.4e12 / 3e6),
        "AdamW",
        "Hoffmann et al. (2022), Training compute-optimal LLMs, arXiv:2203.15556, sec. 4, app. B",
        "A cosine that falls tenfold over exactly the tokens of the run, 1.4 trillion: the paper's "
        "point. Counted in batches of 3 million tokens; the paper doubles the batch to that on "
        "the way. Its warmup is not stated, so there is none here.",
    ),
    "LLaMA 7B": Recipe(
        warmup_cosine(3e-4, 2000, round(1e12 / 4e6), floor=3e-5),
        round(1e12 / 4e6),
        "AdamW, beta1 0.9, beta2 0.95, weight decay 0.1, clipping 1.0",
        "Touvron et al. (2023), LLaMA, arXiv:2302.13971, sec. 2.3 and table 2",
        "Cosine to 10 % of the peak over 1 trillion tokens in batches of 4 million.",
    ),
    "Whisper large": Recipe(
        warmup_linear(1.75e-4, 2048, 2**20),
        2**20,
        "AdamW, beta1 0.9, beta2 0.98, epsilon 1e-6, weight decay 0.1, clipping 1.0, batch 256",
        "Radford et al. (2022), Whisper, arXiv:2212.04356, sec. 2.4, app. F",
        "Linear decay to zero, on speech.",
    ),
    "Llama 3 405B": Recipe(
        warmup_cosine(8e-5, 8000, 1_200_000, floor=8e-7),
        1_200_000,
        "AdamW",
        "Grattafiori et al. (2024), The Llama 3 herd of models, arXiv:2407.21783, sec. 3.4.1",
        "Cosine to 1 % of the peak; the batch grows on the way. A last linear fall to zero over 40 "
        "million tokens, whose checkpoints are averaged, is left out.",
    ),
    "DeepSeek-V3": Recipe(
        join(
            warmup(constant(2.2e-4), 2000).take(_V3_STABLE),
            cosine(2.2e-4, _V3_FALL, floor=2.2e-5).take(_V3_FALL),
            constant(2.2e-5).take(_V3_LOW),
            constant(7.3e-6),
        ),
        _V3_STABLE + _V3_FALL + _V3_LOW + round(167e9 / _V3_BATCH),
        "AdamW, beta1 0.9, beta2 0.95, weight decay 0.1, clipping 1.0",
        "DeepSeek-AI (2024), DeepSeek-V3 technical report, arXiv:2412.19437, sec. 4.2",
        "A warmup of 2,000 updates, the peak for 10 trillion tokens, a cosine to a tenth over 4.3 "
        "trillion, then two lower constants over 333 and 167 billion. Counted in full batches of "
        "15,360 sequences of 4,096 tokens; the paper grows the batch to that over 469 billion.",
    ),
    "OLMo 2 7B": Recipe(
        join(
            warmup_cosine(3e-4, 2000, round(5e12 / _OLMO_BATCH), floor=3e-5).take(928_646),
            linear(6.1499e-5, 11_931),
        ),
        928_646 + 11_931,
        "AdamW, beta1 0.9, beta2 0.95, epsilon 1e-8, weight decay 0.1 (none on embeddings), "
        "clipping 1.0, batch 1024 sequences of 4,096 tokens",
        "OLMo Team (2024), 2 OLMo 2 Furious, arXiv:2501.00656; its figures are those of the "
        "released code, github.com/allenai/OLMo, configs/official-1124",
        "A warmup over 8,388,608,000 tokens and a cosine to a tenth over 5 trillion, stopped at "
        "update 928,646, after 3.9 trillion. From there the second stage falls linearly to zero "
        "over 50 billion tokens of other data, 11,931 updates by the names of its checkpoints; its "
        "config begins at 6.1499e-5, where the cosine stands at 6.14e-5. The warmup starts at 0.",
    ),
    "SmolLM3 3B": Recipe(
        wsd(2e-4, 2000, 4_720_000, 522_000),
        4_720_000,
        "AdamW, beta1 0.9, beta2 0.95, epsilon 1e-8, weight decay 0.1 (none on embeddings), "
        "clipping 1.0, batch 576 sequences of 4,096 tokens",
        "Hugging Face (2025), SmolLM3; its figures are those of the released configs, "
        "github.com/huggingface/smollm, text/pretraining/smollm3",
        "WSD: linear decay to zero over the last 11 %, which begins with a new mix of data. Batch "
        "and updates give 11.1 trillion tokens.",
    ),
    "Kimi K2": Recipe(
        join(
            warmup(constant(2e-4), 500).take(_K2_STABLE),
            cosine(2e-4, _K2_FALL, floor=2e-5),
        ),
        _K2_STABLE + _K2_FALL,
        "Muon with matched updates and clipped attention (MuonClip), weight decay 0.1, batch 67 "
        "million tokens",
        "Kimi Team (2025), Kimi K2, arXiv:2507.20534, sec. 2.5",
        "The peak for 10 trillion tokens, a cosine to a tenth over 5.5 trillion. A last fall from "
        "2e-5 to 7e-6, over 460 billion tokens, is left out: the report does not give its shape, "
        "nor whether the 15.5 trillion include it.",
    ),
    "DDPM on CIFAR-10": Recipe(
        warmup(constant(2e-4), 5000),
        800_000,
        "Adam, batch 128, clipping 1.0, average of the weights 0.9999",
        "Ho, Jain, Abbeel (2020), DDPM, arXiv:2006.11239, appendix B; code: "
        "github.com/hojonathanho/diffusion, scripts/run_cifar.py",
        "The paper says only that the rate is 2e-4, chosen without a sweep; the warmup of 5,000 "
        "updates is in the released code.",
    ),
    "Stable Diffusion v1": Recipe(
        warmup(constant(1e-4), 10_000),
        1_141_000,
        "AdamW, batch 2048",
        "Rombach et al. (2022), arXiv:2112.10752; its figures are those of the model card, "
        "github.com/CompVis/stable-diffusion",
        "A warmup, then constant, over 237 + 194 + 515 + 195 thousand updates on four data sets.",
    ),
    "CycleGAN, in epochs": Recipe(
        wsd(2e-4, 0, 200, 100),
        200,
        "Adam, batch 1",
        "Zhu, Park, Isola, Efros (2017), CycleGAN, arXiv:1703.10593, sec. 4",
        "Counted in epochs: 100 at the peak, then linear decay to zero over 100.",
    ),
    "PPO on Atari": Recipe(
        linear(2.5e-4, _PPO_UPDATES),
        _PPO_UPDATES,
        "Adam",
        "Schulman et al. (2017), PPO, arXiv:1707.06347, table 5",
        "Linear to 0 over 10 million time steps; the clipping range falls along with it. 8 actors, "
        "128 steps, 3 passes, batches of 256.",
    ),
}
