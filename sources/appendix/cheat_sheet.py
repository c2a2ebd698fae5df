# %% [markdown] tags=["title"]
# # Cheat sheet: every schedule on one page
#
# Each schedule with its curve, its formula, the same plan in three libraries, and when to take it. The code has
# been run with each library and gives the same rates for all 100 updates; the last column rests on the lesson it
# names or on the paper.
#
# **Conventions.** $t$ counts the updates already done, from 0, so call `scheduler.step()` once after every
# `optimizer.step()`. `total_steps` is the whole run, warmup included. A floor is a rate, not a share of the peak.
#
# **Your own plan as code:** `from course_lib.libraries import to_library`, then
# `print(to_library(plan, "torch"))`; it takes `"optax"`, `"keras"` and `"transformers"` as well.
#
# **To print it:** `python -m course_lib.reference sheet.html` writes it as one page of A4, landscape.

# %% jupyter={"source_hidden": true}
from IPython.display import HTML

from course_lib import reference

HTML(reference.cheat_sheet())
