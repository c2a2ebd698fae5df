# %% [markdown] tags=["title"]
# # Libraries: what each one makes of the same three numbers
#
# A recipe says: a peak, a warmup, a total, then a cosine. You know what it means in the library that you know. This page
# shows what it means in the others: first the curves side by side, then what to check, then every schedule in one
# table. All of it is computed from rates that were recorded from the libraries themselves; the versions are in the
# table. [docs/libraries.md](../docs/libraries.md) is the same table to read without a notebook.

# %% [markdown] tags=["predict"]
# ## One plan, as each library says it
#
# Peak 1, 10 updates of warmup, 100 updates in all, a cosine. Each call below says just this, with the defaults of its
# library for the rest.
#
# > **Predict before you look.** Which rate does the first update have in your library: 0, a tenth of the peak, or
# > something else? At which step is the peak reached? Is it reached at all?

# %% jupyter={"source_hidden": true}
from IPython.display import HTML, Markdown

from course_lib import plots, reference
from course_lib.libraries.conventions_page import LEGEND
from course_lib.libraries.warmup_cosine_calls import (
    CALLS,
    PEAK_LR,
    STARTS,
    TOTAL_STEPS,
    WARMUP_STEPS,
    alike,
)
from course_lib.plots.small_panels import small_panels

groups = alike(CALLS, STARTS)
print(f"{len(CALLS)} calls for {TOTAL_STEPS} updates: {len(groups)} different starts")


def title(group):
    first, *others = [call.label for call in group]
    return f"{first} and {len(others)} more" if len(others) > 1 else "; ".join([first, *others])


plots.show(
    small_panels({title(g): g[0].rates for g in groups}, STARTS, WARMUP_STEPS, PEAK_LR),
    alt=f"Small panels, the rates of the first {STARTS} updates, the end of the warmup marked. "
    + ". ".join(
        f"{title(g)}: starts at {g[0].rates[0]:.3g}, at the peak: {g[0].peak}" for g in groups
    ),
)

# %% [markdown]
# A panel with several names stands for libraries that give the same rates here. The dotted line is step 10, and the
# solid one is the peak. The large dot is the first update. The names, the first rates, the peak and the calls follow, as
# `from_library` takes them: `base_lr` is the optimizer's rate where the library keeps it there.

# %% jupyter={"source_hidden": true}
HTML(reference.same_plan())

# %% [markdown] tags=["guide"]
# ## Before you move a recipe
#
# 1. **Print the first three rates** of both libraries. A first update at rate 0 changes nothing, and an optimizer with
#    momentum or Adam's averages has still taken its gradient in. <!-- derived: rate 0 times any step is 0; the averages are updated before the step -->
# 2. **Find the step of the peak.** At W − 1 the warmup is one update shorter than yours. Where it is never reached, the
#    decay runs under the warmup, and the highest rate is lower than the peak that you set. <!-- derived: from the column "at the peak" of the table below -->
# 3. **Ask what the total counts.** If the warmup is not in it, take it off or add it. Otherwise the run ends before the decay
#    does, or the last updates run at the floor. <!-- derived: from the column "total" -->
# 4. **Ask what the floor is.** A rate stays where it is when you change the peak; a share goes with it. <!-- derived: from the column "floor" -->
# 5. **Ask what comes past the end.** Some hold the floor, some climb back, some raise an error or go below 0.
#    For a run that may last longer than planned, take one that holds. <!-- derived: from the column "past the end" -->
#
# `compare_with_plan` checks all five at once: it compares the rates in the log of a run with the plan
# ([lesson 10](10_frameworks.ipynb)).

# %% [markdown]
# ## Every recorded schedule
#
# Click a heading to sort, type to search. (In a notebook that Jupyter does not trust yet, the table is plain.)
# What the columns mean:

# %% jupyter={"source_hidden": true}
Markdown("\n".join(f"- **{heading}**: {text}." for heading, text in LEGEND.items()))

# %% [markdown]
# Where the records of a schedule differ, "or" stands between their answers; an argument in brackets is the one that
# decides, and it was tried. An empty cell: there is nothing of the kind, or it could not be found out.

# %% jupyter={"source_hidden": true}
HTML(reference.conventions())

# %% [markdown]
# ## Resumes and parameter groups
#
# This is known of a few schedules only. For all others it has not been recorded.
# Resumes of torch's schedulers are run in [lesson 10](10_frameworks.ipynb).

# %% jupyter={"source_hidden": true}
HTML(reference.known_of_libraries())
