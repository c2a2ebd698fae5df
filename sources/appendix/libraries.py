# %% [markdown] tags=["title"]
# # Libraries: what each one makes of the same three numbers
#
# A recipe gives a peak, a warmup and a total, and says that the decay is a cosine. You know what that means in your own
# library. This page shows what it means in the others: first the curves side by side, then what to check, then every
# schedule in one table. The first update, the step of the peak and what comes past the end are read off rates that were
# recorded from the libraries themselves; the versions are in the table. The curves, and what an argument means, come from
# the converters of `course_lib`, which reproduce every record. Only what is said of parameter groups is typed in. [docs/libraries.md](../docs/libraries.md) is the same table to read without a notebook.

# %% [markdown] tags=["predict"]
# ## One plan, as each library says it
#
# The plan has a peak of 1, 10 updates of warmup, 100 updates in all, and a cosine. Each call below says just this; for the
# rest it has the defaults of its library.
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
# A panel with several names stands for libraries that give the same rates at the start. The dotted line is step 10, and the
# solid one is the peak. The large dot is the first update. The table below has the names, the first rates, the peak, and the
# calls as `from_library` takes them, where `base_lr` is the optimizer's rate.

# %% jupyter={"source_hidden": true}
HTML(reference.same_plan())

# %% [markdown] tags=["guide"]
# ## Before you move a recipe
#
# 1. **Print the first three rates** of both libraries. A first update at rate 0 changes no weight, although momentum and
#    Adam's averages still take its gradient in. <!-- derived: rate 0 times any step is 0; the averages are updated before the step -->
# 2. **Find the step of the peak.** With W updates of warmup it is W in most libraries. At W − 1 the warmup is one update
#    shorter. Where the peak is never reached, the highest rate is lower than the peak that you set, for example because the
#    decay runs during the warmup already. <!-- derived: from the column "at the peak" of the table below -->
# 3. **Ask what the total counts.** If one library's total includes the warmup and the other's does not, subtract the warmup
#    or add it. Otherwise the run ends before the decay does, or the last updates run at the floor. <!-- derived: from the column "total" -->
# 4. **Ask what the floor is.** A floor that is a rate stays where it is when you change the peak; a share goes with the peak. <!-- derived: from the column "floor" -->
# 5. **Ask what comes past the end.** Some hold the floor, some climb back, some raise an error or go below 0.
#    For a run that may last longer than planned, take one that holds. <!-- derived: from the column "past the end" -->
#
# `compare_with_plan` compares the rates in the log of a run with the plan ([lesson 10](10_frameworks.ipynb)), so it checks
# all of these at once, as far as the log goes.

# %% [markdown]
# ## Every recorded schedule
#
# Click a heading to sort the table, and type to search it. (In a notebook that Jupyter does not trust yet, the table can do
# neither.) These are the columns:

# %% jupyter={"source_hidden": true}
Markdown("\n".join(f"- **{heading}**: {text}." for heading, text in LEGEND.items()))

# %% [markdown]
# Where the records of a schedule differ, "or" stands between their answers. An argument in brackets decides between them;
# this was tried with the converter. An empty cell means that the schedule has nothing of the kind, or that it could not be
# found out.

# %% jupyter={"source_hidden": true}
HTML(reference.conventions())

# %% [markdown]
# ## Resumes and parameter groups
#
# This is known of a few schedules only. For all others it has not been recorded.
# Resumes of torch's schedulers are run in [lesson 10](10_frameworks.ipynb).

# %% jupyter={"source_hidden": true}
HTML(reference.known_of_libraries())
