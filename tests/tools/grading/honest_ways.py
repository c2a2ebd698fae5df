"""Honest ways of writing an exercise that were suspected, or might be.

HONEST: name -> (exercise, task, the kind of what is told, "" for nothing, and the cells).
"""

from course_tools.grading.report import NOT_IN_THE_CELLS, OTHER_LIBRARY

EX01, EX03, EX07 = "ex01_constant_lr", "ex03_cosine", "ex07_range_test"
_STEP = "def gradient_step(w, gradient, rate):\n    return w - rate * gradient\n"
_WAVE = """
def triangular_lr(step, base_lr, max_lr, step_size):
    return base_lr + (max_lr - base_lr) * wave(step / step_size)
"""


def _step(*cells, kind=""):
    return (EX01, "gradient_step", kind, *cells)


def _cosine(*cells):
    return (EX03, "cosine_rate", "", *cells)


HONEST = {
    "the budget's name": (
        EX07,
        "choose_peak",
        "",
        "def choose_peak(train):\n    return min(np.geomspace(1e-5, 1e2, BUDGET), key=train)",
    ),
    "the type of an argument as a hint": (
        EX07,
        "choose_peak",
        "",
        "def choose_peak(train: Trainings) -> float:\n"
        "    return min(np.geomspace(1e-5, 1e2, 14), key=train)",
    ),
    "a schedule's type as a hint, and asked for": (
        "ex04_warmup",
        "with_warmup",
        "",
        "def with_warmup(step: int, schedule: schedules.Schedule, warmup_steps: int):\n"
        "    assert isinstance(schedule, schedules.Schedule)\n"
        "    rate: 'schedules.Schedule | float' = schedule(max(step - warmup_steps, 0))\n"
        "    return rate * min(1.0, step / max(warmup_steps, 1))",
    ),
    "a helper that has the name of a given schedule": (
        "ex05_cyclical",
        "triangular_lr",
        "",
        "def wave(x):\n    return 1 - abs(x % 2 - 1)\n" + _WAVE,
    ),
    "such a helper below the function": (
        "ex05_cyclical",
        "triangular_lr",
        "",
        _WAVE,
        "def wave(x):\n    return 1 - abs(x % 2 - 1)",
    ),
    "helpers called line and lines": (
        "ex06_one_cycle",
        "three_phase_lr",
        "",
        "def lines(a, b, u):\n    return a + (b - a) * u\n"
        "def three_phase_lr(step, peak_lr, total_steps, rise_steps, div, final_div):\n"
        "    line = lines(peak_lr / div, peak_lr, step / rise_steps)\n    return line",
    ),
    "a dataclass with the fields cycle and momentum": (
        "ex06_one_cycle",
        "cycled_momentum",
        "",
        "from dataclasses import dataclass\n@dataclass\nclass Plan:\n    cycle: int\n"
        "    momentum: float = 0.9\n    def at(self, u):\n        return self.momentum * u",
        "def cycled_momentum(step, total_steps, rise_steps, base_momentum, max_momentum):\n"
        "    return Plan(cycle=total_steps, momentum=base_momentum).at(step)",
    ),
    "a namedtuple's own methods": _step(
        "from collections import namedtuple\nState = namedtuple('State', 'w rate')\n"
        "def gradient_step(w, gradient, rate):\n    state = State(w, rate)\n"
        "    return state._replace(w=w - state._asdict()['rate'] * gradient).w"
    ),
    "a class with private attributes of its own": _step(
        "class Stepper:\n    def __init__(self, rate):\n        self._rate = rate\n"
        "    def _step(self, w, g):\n        return w - self._rate * g\n"
        "def gradient_step(w, gradient, rate):\n    stepper = Stepper(rate)\n"
        "    return stepper._step(w, gradient) * (stepper._rate == rate)"
    ),
    "the capstone tuned with trials": (
        "capstone",
        "my_schedule_a",
        "",
        "results = {}\nfor peak in (0.1, 0.3, 1.0):\n"
        "    results[peak] = trial_a(schedules.exponential(peak, gamma=0.99))\n"
        "again = Trials('a')\nprint(again.left, PROBLEMS['a'].total_steps)\n"
        "best = min(results, key=results.get)",
        "def my_schedule_a(step):\n    return schedules.exponential(best, gamma=0.99)(step)",
    ),
    "its own schedule drawn beside the library's": _cosine(
        "from course_lib import plots, schedules\n"
        "def cosine_rate(step, peak_lr, total_steps, floor):\n"
        "    u = min(step / total_steps, 1)\n"
        "    return floor + (peak_lr - floor) * (1 + np.cos(np.pi * u)) / 2",
        "mine = [cosine_rate(t, 1, 9, 0) for t in range(9)]\n"
        "theirs = schedules.cosine(1, 9)(np.arange(9))\n"
        "plots.show(plots.rate_lines({'mine': mine, 'theirs': theirs}))",
    ),
    "its own cosine, after a look at the library's": _cosine(
        "from course_lib.schedules import cosine\nprint(cosine(1.0, 9)(3))",
        "def cosine(u):\n    return (1 + np.cos(np.pi * u)) / 2",
        "def cosine_rate(step, peak_lr, total_steps, floor):\n"
        "    return floor + (peak_lr - floor) * cosine(min(step / total_steps, 1))",
    ),
    "plots in the function": _step(
        "import matplotlib.pyplot as plt\nfrom matplotlib import cm\n"
        "def gradient_step(w, gradient, rate):\n    plt.plot(w, color=cm.viridis(0.3))\n"
        "    plt.close('all')\n    return w - rate * gradient"
    ),
    "SciPy": (
        EX01,
        "largest_stable_rate",
        "",
        "from scipy.sparse.linalg import eigsh\nimport scipy.signal\n"
        "def largest_stable_rate(hessian):\n"
        "    return scipy.signal.medfilt(2 / eigsh(hessian, k=1)[0])[0]",
    ),
    "a fit with SciPy": (
        "ex12_language_models",
        "fit_power_law",
        "",
        "from scipy.optimize import curve_fit\ndef fit_power_law(sums, losses, floor_loss):\n"
        "    law = lambda x, a, b: a - b * x\n"
        "    found, _ = curve_fit(law, np.log(sums), np.log(losses - floor_loss))\n"
        "    return [np.exp(found[0]), found[1]]",
    ),
    "PyTorch's tensors and gradients": _step(
        "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n"
        "def gradient_step(w, gradient, rate):\n    layer = nn.Parameter(torch.as_tensor(w))\n"
        "    with torch.no_grad():\n        layer -= rate * torch.as_tensor(gradient)\n"
        "    return F.relu(layer).detach().numpy()"
    ),
    "random numbers of NumPy and of Python": (
        EX01,
        "steady_state_loss",
        "",
        "import random\nfrom numpy.random import default_rng\n"
        "def steady_state_loss(rate, curvature, noise_std):\n    random.seed(0)\n"
        "    rng = default_rng(0)\n    return np.random.rand() + rng.normal() + random.random()",
    ),
    "windows of an array": (
        EX07,
        "debiased_average",
        "",
        "from numpy.lib.stride_tricks import sliding_window_view as windows\n"
        "def debiased_average(losses, beta):\n    return windows(losses, 2).mean(axis=1)",
    ),
    "numpy and math imported whole": _cosine(
        "from numpy import *\nfrom math import *\n"
        "def cosine_rate(step, peak_lr, total_steps, floor):\n"
        "    return floor + (peak_lr - floor) * (1 + cos(pi * min(step / total_steps, 1))) / 2"
    ),
    "linear algebra by another name": (
        EX01,
        "largest_stable_rate",
        "",
        "from numpy import linalg as LA\n"
        "def largest_stable_rate(hessian):\n    return 2 / LA.eigvalsh(hessian)[-1]",
    ),
    "cached and partial functions": (
        EX01,
        "steady_state_loss",
        "",
        "import operator\nfrom functools import cache, partial, reduce\n@cache\n"
        "def top(a, b):\n    return reduce(operator.mul, [a, b])\n"
        "def loss(half, rate, curvature, noise_std):\n    return half * top(rate, noise_std)\n"
        "steady_state_loss = partial(loss, 0.5)",
    ),
    "exact arithmetic": (
        "ex05_cyclical",
        "step_size_in_updates",
        "",
        "import math\nfrom decimal import Decimal, getcontext\nfrom fractions import Fraction\n"
        "def step_size_in_updates(epochs, examples, batch_size, drop_last):\n"
        "    getcontext().prec = 30\n    n = Fraction(examples, batch_size)\n"
        "    return epochs * (math.floor(n) if drop_last else math.ceil(Decimal(str(float(n)))))",
    ),
    "match, walrus, with and streams": (
        "ex09_after_cosine",
        "scaled_run",
        "",
        "import contextlib, io, warnings\n"
        "def scaled_run(rate, updates, batch_size, new_batch_size, optimizer, rate_limit):\n"
        "    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):\n"
        "        match optimizer:\n            case 'sgd':\n                power = 1.0\n"
        "            case other:\n                power = 0.5\n"
        "    if (new := rate * (new_batch_size / batch_size) ** power) > rate_limit:\n"
        "        new = rate_limit\n    return [new, updates * batch_size // new_batch_size]",
    ),
    "abstract classes and their methods": _step(
        "from abc import ABC, abstractmethod\nclass Rule(ABC):\n    @abstractmethod\n"
        "    def __call__(self, w): ...\nclass Descent(Rule):\n    def __init__(self, rate):\n"
        "        super().__init__()\n        self.rate = rate\n    def __call__(self, w):\n"
        "        return w - self.rate\n    def __repr__(self):\n"
        "        return type(self).__name__\n"
        "def gradient_step(w, gradient, rate):\n    return Descent(rate * gradient)(w)"
    ),
    "checks of what came in": (
        "ex02_classic_decay",
        "multi_step_rate",
        "",
        "import sys, logging\nlog = logging.getLogger(__name__)\n"
        "def multi_step_rate(step, peak_lr, milestones, drop):\n"
        "    if not isinstance(step, (int, np.integer)):\n"
        "        print('odd step', type(step).__name__, step.__class__, file=sys.stderr)\n"
        "    log.info('%s', step)\n    return peak_lr * drop ** sum(m <= step for m in milestones)",
    ),
    "functions of other cells, imported from the notebook itself": _step(
        "def step_of(w, slope):\n    return w - slope",
        "import __main__\nfrom __main__ import step_of\nfrom __main__ import step_of as moved\n"
        "def gradient_step(w, gradient, rate):\n"
        "    getattr(__main__, 'step_of')(w, w), step_of(w, w)\n"
        "    return moved(w, rate * gradient) + 0 * __main__.step_of(w, w)",
    ),
    "a print of its own in place of Python's": _step(
        "import builtins\nold = builtins.print\ndef print(*things):\n    old('>>', *things)\n"
        "builtins.print = print",
        "def gradient_step(w, gradient, rate):\n    print(w)\n    builtins.print(w)\n"
        "    return w - rate * gradient",
    ),
    "a copy of an argument": (
        "ex09_after_cosine",
        "schedule_free_weights",
        "",
        "import copy\ndef schedule_free_weights(start, curvatures, noise, rate, beta):\n"
        "    return copy.deepcopy(start) + copy.copy(curvatures)",
    ),
    "time measured, and a bar of progress": _step(
        "import time\nfrom tqdm.auto import tqdm\nfrom IPython.display import display, HTML\n"
        "def gradient_step(w, gradient, rate):\n    start = time.perf_counter()\n"
        "    for _ in tqdm(range(2)):\n        display(HTML('<b>a</b>'))\n"
        "    print(time.perf_counter() - start)\n    return w - rate * gradient"
    ),
    "the exercise's own helpers": (
        "ex10_frameworks",
        "repaired_end",
        "",
        "def repaired_end(peak_lr, floor, T_max, updates):\n    sgd = make_sgd(peak_lr)\n"
        "    fall = lrs.CosineAnnealingLR(sgd, T_max=T_max, eta_min=floor)\n"
        "    return run_updates(sgd, fall, updates)",
    ),
    "the broken loop of the exercise": (
        "ex02_classic_decay",
        "plateau_lr",
        "",
        "def plateau_lr(losses, peak_lr, factor, patience, threshold):\n"
        "    return broken_plateau(losses, peak_lr, factor, patience + 1, threshold)",
    ),
    "timed cells": _step(
        "%%time\n" + _STEP, "%timeit -n1 gradient_step(1, 2, 3)\n!ls\n%matplotlib inline"
    ),
    "statistics of the exercise's own library": (
        "ex08_grand_comparison",
        "interval_of_mean",
        "",
        "def interval_of_mean(scores, level):\n"
        "    return [np.mean(scores), *stats.t.interval(level, len(scores) - 1)]",
    ),
    "getattr with a written name": _step(
        "def gradient_step(w, gradient, rate):\n    n = getattr(w, 'shape', ())\n"
        "    return getattr(np, 'asarray')(w) - rate * gradient"
    ),
    "a table filled in a loop": (
        "ex05_cyclical",
        "snapshot_steps",
        "",
        "table = {}\nfor n in range(9):\n    table[n] = n * 2\n    table.setdefault(n, [])\n"
        "def snapshot_steps(total_steps, step_size, count):\n    return [table[count]]",
    ),
    # Often harmless, and no exercise needs it: it is told, and nobody is suspected.
    "SymPy": (
        EX01,
        "steady_state_loss",
        OTHER_LIBRARY,
        "import sympy as sp\nx = sp.symbols('x')\n"
        "def steady_state_loss(rate, curvature, noise_std):\n"
        "    return float(sp.solve(x - rate, x)[0])",
    ),
    "pandas": (
        EX07,
        "debiased_average",
        OTHER_LIBRARY,
        "import pandas as pd\ndef debiased_average(losses, beta):\n"
        "    return pd.Series(losses).ewm(alpha=1 - beta, adjust=True).mean().to_numpy()",
    ),
    "a function made of text": _step(f"source = {_STEP!r}\nexec(source)", kind=NOT_IN_THE_CELLS),
}
