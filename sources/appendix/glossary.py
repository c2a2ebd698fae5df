# %% [markdown] tags=["title"]
# # Glossary: the words of the course
#
# What each word means, what the libraries call it, and the lessons that have it, the one that explains it first.
# The formulas and the code are on the [cheat sheet](cheat_sheet.ipynb).

# %% jupyter={"source_hidden": true}
from IPython.display import HTML

from course_lib import reference

HTML(reference.glossary())
