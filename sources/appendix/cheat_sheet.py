# %% [markdown] tags=["title"]
# # Cheat sheet: which schedule for which job, and every schedule on one page
#
# First the choice, then each schedule with its curve, its formula, the same plan in three libraries, and when to
# take it. The code has been run with each library and gives the same rates for all 100 updates. The last column
# rests on the lessons that it names, or on the paper.
#
# **Conventions.** $t$ counts the updates already done, from 0, so call `scheduler.step()` once after every
# `optimizer.step()`. `total_steps` is the whole run, warmup included. A floor is a rate, not a share of the peak.
#
# **Your own plan as code:** `from course_lib.libraries import to_library`, then
# `print(to_library(plan, "torch"))`; it takes `"lightning"`, `"optax"`, `"keras"`, `"transformers"`, `"timm"`,
# `"diffusers"`, `"mmengine"`, `"deepspeed"` and `"paddle"` as well.
#
# **To print it:** `python -m course_lib.reference sheet.html` writes it as one page of A4, landscape.

# %% [markdown] tags=["guide"]
# ## Choose: job, schedule, starting values, check
#
# Start from these values and search from there: they come from the small problems of the lessons, each of which
# gives its effects and intervals. For language models see the last row.
#
# | job | schedule | starting values | check |
# |---|---|---|---|
# | The length of the run is known | linear decay to 0; a cosine is equal on the noisy spirals | search the peak at 1 to 4 times the best constant rate | the last rate is close to 0; the best peak is not at the edge of the grid <!-- holds in 02: linear better_than constant at 300 updates; every decay chose a higher peak than the constant rate at 300 updates --> <!-- holds in 03: linear equal_to cosine at 300 updates --> |
# | The length is open | WSD, with a linear cooldown over the last fifth | half the peak of a cosine, then its neighbours | a copy of the weights from the start of the cooldown, to go on from <!-- holds in 09: branch, 400 equal_to cosine, 400; the trunk's best peak is below the cosine's at every budget --> |
# | A few epochs | linear decay rather than a 1-cycle | a warmup of 5 to 10 % if the start is delicate | both peaks are tuned <!-- holds in 06: linear better_than 1-cycle at 40 updates; linear better_than 1-cycle at 80 updates --> |
# | The peak fails at the start | a warmup before any schedule | 10 to 20 updates for a small network, 100 for a small transformer | the loss of the first updates does not jump <!-- holds in 04: warmup raises the usable peak at spirals; warmup 100 better_than warmup 40 at recall, peak 0.03 --> |
# | A recipe with drops | multi-step | drop factors of 0.3 and 0.5, not only 0.1 | linear decay at its own peak, as a rival <!-- holds in 02: no problem chose the drop 0.1 at 300 updates; multi-step worse_than linear at 300 updates --> |
# | No time to tune | constant, then one drop near the end | a tenth of the rate for the last 10 % of the updates | no drop, as a rival <!-- holds in 02: drop at 270 better_than never dropped at the network --> |
# | Usable weights on the way | an average of the weights, or schedule-free | an EMA over the last 10 updates; schedule-free at four times the best constant rate | the score of the averaged weights, in `eval()` mode <!-- holds in 09: EMA, 400 equal_to cosine, 400; scored at y worse_than scored at x --> |
# | Another batch size | the same schedule, in examples | rate times the root of the factor | a new search of the peak <!-- holds in 13: root rule, batch 128 better_than linear rule, batch 128; the unchanged schedule ends above half its peak --> |
# | Train longer than planned | a new schedule for the new length | half the peak | the rate at the resumed update <!-- holds in 13: a longer run has the smaller best peak --> <!-- holds in 03: torch goes on worse_than held at the floor at 600 updates --> |
# | A wider model, Adam | the same schedule | muP with the tuned width as its base, or smaller peaks | the best peak is not at the edge of the grid <!-- holds in 13: standard, peak of 64 worse_than standard, peak searched at width 256; muP saves more than half of what the kept peak costs --> |
# | Muon in place of AdamW | the same schedule | the same peak, with matched steps | the scaling that the code uses <!-- holds in 13: matched Muon better_than Adam at Adam's peak; small Muon worse_than Adam at Adam's peak --> |
# | New data for a finished model | a second warmup, then the same decay | the old peak, and a quarter of old data | the loss on the old data <!-- holds in 13: warmed up again better_than final rate at new digits, a quarter replay; warmed up again better_than final rate at old digits, a quarter replay --> |
# | Fine-tune | linear decay, none steeper | half the best peak of fresh weights | lower peaks, if the new data are close to the old <!-- holds in 13: the best peak is smaller than from fresh weights at near; the best peak is smaller than from fresh weights at far; pretrained, power 3 worse_than pretrained at far --> |
# | Reproduce somebody's run | `from_library` with their arguments | their peak, their batch | all rates of the run against the plan <!-- holds in 10: the comparison misses only number 15 --> |
# | A language model with AdamW | linear or WSD to zero, after a warmup | on 124M parameters, 50,000 updates: linear decay over the last 60 % ended at 2.951, WSD with a fifth as cooldown at 2.966, a cosine to a tenth of the peak at 2.982, the best constant rate at 3.108; two repeats differ by up to 0.004 (Schaipp et al., 2025, arXiv:2501.18965) | the floor: a cosine to zero ended at 2.953 <!-- cited: 124, 50000, 60, 2.951, 2.966, 2.982, 3.108, 0.004, 2.953 --> <!-- source: Schaipp et al. 2025 --> |

# %% [markdown]
# ## All schedules

# %% jupyter={"source_hidden": true}
from IPython.display import HTML

from course_lib import reference

HTML(reference.cheat_sheet())
