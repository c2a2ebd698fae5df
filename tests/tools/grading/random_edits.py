"""Random edits of solved notebooks, as people make them: cells added, moved, merged and spoiled."""

import copy
import random

import course_tasks
from tests.tools.grading.handed_in import code_cell, shipped, solved

#: Those whose own cells take no time.
EXERCISES = ("ex01_constant_lr", "ex04_warmup", "ex05_cyclical", "ex09_after_cosine")
#: Cells of a learner's own; some of them change what stands behind them.
SNIPPETS = (
    "np = 3",
    "for k in range(5): pass",
    "%reset -f",
    "del np",
    "import math",
    "from math import *",
    "import numpy as np",
    "import numpy as np\nfrom course_lib.checks import check, show_progress",
    "x = 2 * 3",
    "rate = step = total_steps = 0.1",
    "def helper(a):\n    return a",
    "class Helper:\n    size = 3",
    "print('hello')",
    "1 / 0",
    "undefined",
    "%%time\nsum(range(10))",
    "%matplotlib inline",
    "with np.errstate(all='ignore'):\n    y = 1",
    "if True:\n    z: float = 2.0",
    "try:\n    import pandas_of_nobody\nexcept ImportError:\n    pass",
    "seed = 7",
    "seed = 0",
    "{task} = {task}",
    "{task} = None",
    "{task} = lambda *given, **named: 0",
    "del {task}",
    "check({task})",
    "check({task}, 0)",
    "show_progress()",
    "(syntax error",
    "import numpy\nnumpy.set_printoptions(precision=2)",
)
#: What is done to a function, below it in its cell.
_WRAPPED = "\n_right = {task}\ndef {task}(*given, **named):\n    return "
SPOILED = (
    _WRAPPED + "2 * np.asarray(_right(*given, **named))",
    _WRAPPED + "np.ravel(_right(*given, **named))",
    _WRAPPED + "np.float32(_right(*given, **named))",
    _WRAPPED + "list(np.ravel(_right(*given, **named)))",
    "\ndef {task}(*given, **named):\n    raise ValueError('no')",
    "\ndef {task}(only):\n    return only",
    "\ndef {task}(*given, **named):\n    return HELP * 1.0",
    "\nHELP = 2",
    "\n{task}.__doc__ = 'mine'",
)


def edited(number):
    """Return the notebook with a number, and its exercise: the same ones ever after."""
    rng = random.Random(number)
    exercise = rng.choice(EXERCISES)
    nb = solved(exercise)
    for _ in range(rng.randint(1, 5)):
        rng.choice(_EDITS)(rng, nb["cells"], exercise)
    return exercise, nb


def _task(rng, exercise):
    return rng.choice(course_tasks.EXERCISES[exercise]).name


def _snippet(rng, exercise):
    return rng.choice(SNIPPETS).replace("{task}", _task(rng, exercise))


def _any(rng, cells, tag=""):
    found = [
        n
        for n, cell in enumerate(cells)
        if cell["cell_type"] == "code"
        and (not tag or tag in cell["metadata"] or tag in cell["metadata"].get("tags", ()))
    ]
    return rng.choice(found) if found else None


def _insert(rng, cells, exercise):
    cells.insert(rng.randint(0, len(cells)), code_cell(_snippet(rng, exercise)))


def _type_into_check(rng, cells, exercise):
    n = _any(rng, cells, "check")
    if n is not None:
        parts = ["".join(cells[n]["source"]), _snippet(rng, exercise)]
        rng.shuffle(parts)
        cells[n]["source"] = "\n".join(parts)


def _spoil(rng, cells, exercise):
    n = _any(rng, cells, "task")
    if n is not None:
        more = rng.choice(SPOILED).replace("{task}", cells[n]["metadata"]["task"])
        cells[n]["source"] = "".join(cells[n]["source"]) + more


def _delete(rng, cells, exercise):
    if cells:
        del cells[rng.randrange(len(cells))]


def _move(rng, cells, exercise):
    cells.insert(rng.randint(0, len(cells) - 1), cells.pop(rng.randrange(len(cells))))


def _copy(rng, cells, exercise):
    n = _any(rng, cells)
    if n is not None:
        cells.insert(rng.randint(0, len(cells)), copy.deepcopy(cells[n]))


def _merge(rng, cells, exercise):
    n = _any(rng, cells)
    later = [m for m in range((n or 0) + 1, len(cells)) if cells[m]["cell_type"] == "code"]
    if later:
        below = cells.pop(later[0])
        cells[n]["source"] = "\n".join("".join(cell["source"]) for cell in (cells[n], below))


def _forget_metadata(rng, cells, exercise):
    for cell in cells:
        cell["metadata"] = {}


def _paste_stub(rng, cells, exercise):
    stubs = [c for c in shipped("exercises", exercise)["cells"] if "task" in c["metadata"]]
    cells.insert(rng.randint(0, len(cells)), copy.deepcopy(rng.choice(stubs)))


def _own_helper(rng, cells, exercise):
    """Let a function need a name that another cell defines, above or below it."""
    n = _any(rng, cells, "task")
    if n is None:
        return
    name = f"given_{rng.randrange(100)}"
    source = "".join(cells[n]["source"])
    cells[n]["source"] = source.replace('"""', f'"""\n    {name}', 2).replace(
        f'"""\n    {name}', '"""', 1
    )
    cells.insert(rng.randint(0, len(cells)), code_cell(f"{name} = 1"))


def _as_text(rng, cells, exercise):
    n = _any(rng, cells)
    if n is not None:
        cells[n] = {"cell_type": "markdown", "source": cells[n]["source"], "metadata": {}}


_EDITS = (
    *[_insert] * 6,
    *[_type_into_check] * 3,
    *[_spoil] * 4,
    *[_own_helper] * 2,
    *[_merge] * 2,
    *(_delete, _move, _copy, _forget_metadata, _paste_stub, _as_text),
)
