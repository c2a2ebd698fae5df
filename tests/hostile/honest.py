"""Correct work in every style that people have: it must lose nothing."""

from course_tools.grading.report import CRASHED, GRADED, PARTLY_GRADED
from course_tools.grading.settings import Limits, Settings
from tests.hostile.making import PATIENT, Hostile, full, notebook

_PIP_WAITS = "pip may wait in vain for a network until its cell is stopped"
_LOST_CELL = (GRADED, PARTLY_GRADED, CRASHED)

_STYLES = {
    "a plain solution": {},
    "type hints, docstrings, defaults and decorators": {
        "first": """
            from __future__ import annotations
            import functools
            from typing import Callable

            def logged(function: Callable) -> Callable:
                @functools.wraps(function)
                def inner(*given, **named):
                    return function(*given, **named)
                return inner
            """,
        "gradient_step": """
            @logged
            def gradient_step(w: np.ndarray, gradient: np.ndarray, rate: float = 0.1) -> np.ndarray:
                '''Step.'''
                return w - rate * gradient
            """,
        "steady_state_loss": """
            import functools

            @functools.lru_cache(maxsize=None)
            @functools.cache
            def steady_state_loss(rate, curvature, noise_std, *, verbose=False):
                return rate * noise_std**2 / (4 - 2 * rate * curvature)
            """,
    },
    "lambdas, functions in an if, arguments by keyword": {
        "gradient_step": "gradient_step = lambda w, gradient, rate: w - rate * gradient",
        "largest_stable_rate": """
            if np.__version__ >= "1":
                def largest_stable_rate(hessian):
                    return 2 / max(np.linalg.eigvalsh(hessian))
            else:
                largest_stable_rate = None
            """,
        "steady_state_loss": """
            def steady_state_loss(**given):
                rest = 4 - 2 * given["rate"] * given["curvature"]
                return given["rate"] * given["noise_std"] ** 2 / rest
            """,
    },
    "objects and classes that can be called": {
        "gradient_step": """
            class GradientStep:
                def __call__(self, w, gradient, rate):
                    return w - rate * gradient

            gradient_step = GradientStep()
            """,
        "largest_stable_rate": """
            class largest_stable_rate:
                def __new__(cls, hessian):
                    return 2 / np.linalg.eigvalsh(hessian)[-1]
            """,
        "steady_state_loss": """
            import functools

            def loss(half, rate, curvature, noise_std):
                return half * rate * noise_std**2 / (2 - rate * curvature)

            steady_state_loss = functools.partial(loss, 0.5)
            """,
    },
    "vectorised, compiled from text, and in its own loops": {
        "gradient_step": """
            gradient_step = np.vectorize(lambda w, gradient, rate: w - rate * gradient)
            """,
        "largest_stable_rate": """
            def largest_stable_rate(hessian):
                v = np.arange(1.0, len(hessian) + 1) ** 0.5
                for _ in range(300):
                    v = np.array([sum(a * b for a, b in zip(row, v)) for row in hessian])
                    v /= np.linalg.norm(v)
                return 2 / np.linalg.norm(hessian, 2)
            """,
        "steady_state_loss": """
            source = "def steady_state_loss(rate, curvature, noise_std):\\n"
            source += "    return rate * noise_std**2 / (4 - 2 * rate * curvature)"
            exec(source)
            """,
    },
    "helper cells, globals and names of its own": {
        "first": """
            import math
            from dataclasses import dataclass

            HALF = 0.5
            np_ = np

            @dataclass
            class Noise:
                rate: float
                curvature: float

            def top(matrix):
                return np_.linalg.eigvalsh(matrix)[-1]
            """,
        "largest_stable_rate": "def largest_stable_rate(hessian):\n    return 2 / top(hessian)",
        "steady_state_loss": """
            def steady_state_loss(rate, curvature, noise_std):
                noise = Noise(rate, curvature)
                return HALF * noise.rate * noise_std**2 / (2 - math.prod((rate, curvature)))
            """,
    },
    "tasks in one cell, and the others empty": {
        "gradient_step": "",
        "largest_stable_rate": """
            def gradient_step(w, gradient, rate):
                return w - rate * gradient

            def largest_stable_rate(hessian):
                return 2 / np.linalg.eigvalsh(hessian)[-1]
            """,
        "steady_state_loss": """
            # see the last cell
            """,
        "last": """
            def steady_state_loss(rate, curvature, noise_std):
                return rate * noise_std**2 / (4 - 2 * rate * curvature)
            """,
    },
    "prints, warnings and logs in every call": {
        "gradient_step": """
            import logging, sys, warnings

            def gradient_step(w, gradient, rate):
                print("w is", w)
                print("rate is", rate, file=sys.stderr)
                warnings.warn("mind the gap")
                logging.warning("step")
                display(w)
                return w - rate * gradient
            """,
    },
    "arguments changed in place": {
        "gradient_step": """
            def gradient_step(w, gradient, rate):
                w -= rate * gradient
                gradient[:] = np.nan
                return w
            """,
        "largest_stable_rate": """
            def largest_stable_rate(hessian):
                highest = np.linalg.eigvalsh(hessian)[-1]
                hessian *= 0
                return 2 / highest
            """,
    },
    "await, async helpers and generators": {
        "first": """
            import asyncio

            async def wait():
                await asyncio.sleep(0.01)
                return 2.0

            two = await wait()
            """,
        "largest_stable_rate": """
            def largest_stable_rate(hessian):
                return two / np.linalg.eigvalsh(hessian)[-1]
            """,
        "last": "await asyncio.gather(wait(), wait())",
    },
    "magics, shell lines and question marks": {
        "first": "%matplotlib inline\n%config InlineBackend.figure_format = 'svg'\n"
        "%timeit -n1 -r1 sum(range(3))\n!echo hello; ls\nfiles = !ls\nnp.clip?",
        "gradient_step": "%%time\ndef gradient_step(w, gradient, rate):\n"
        "    return w - rate * gradient",
        "last": "%%bash\necho done",
    },
    "magics that do not exist": {"first": "%autotime\n", "last": "%%nosuch\nx = 1"},
    "the notebook's own checks, called again": {
        "last": """
            from course_lib.checks import check, show_progress
            check(gradient_step)
            check(steady_state_loss, seed=7)
            show_progress()
            """,
    },
    "attempts that failed, left in": {
        "first": "def gradient_step(w, gradient, rate):\n    raise NotImplementedError",
        "last": "gradient_step(1, 2)\nsteady_state_loss()\nundefined",
    },
    "random numbers, printing and error settings changed": {
        "first": """
            np.random.seed(0)
            np.set_printoptions(precision=1, suppress=True)
            np.seterr(all="ignore")
            import random, locale, decimal
            decimal.getcontext().prec = 2
            %precision 2
            """,
    },
    "recursion, deep but within limits": {
        "steady_state_loss": """
            def steady_state_loss(rate, curvature, noise_std, depth=600):
                if depth:
                    return steady_state_loss(rate, curvature, noise_std, depth - 1)
                return rate * noise_std**2 / (4 - 2 * rate * curvature)
            """,
    },
    "files of its own": {
        "first": "import json\nwith open('notes.json', 'w') as file:\n    json.dump([1, 2], file)\n"
        "import tempfile\nfolder = tempfile.mkdtemp()",
        "last": "assert json.load(open('notes.json')) == [1, 2]",
    },
    "threads and processes of its own": {
        "first": """
            import multiprocessing, subprocess, sys
            from concurrent.futures import ThreadPoolExecutor
            with ThreadPoolExecutor(2) as pool:
                print(list(pool.map(abs, [-1, -2])))
            print(subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True).stdout)
            """,
    },
    "Greek names and many languages": {
        "steady_state_loss": """
            def steady_state_loss(rate, curvature, noise_std):
                η, λ, σ = rate, curvature, noise_std  # 学習率, коэффициент, العقدة
                print("η·λ =", η * λ, "🎓")
                return η * σ**2 / (4 - 2 * η * λ)
            """,
    },
    "its own names over builtins": {
        "first": "list = [1, 2]\nprint = display\nstr = 'text'\nlen = 2\nfloat = id = 1",
        "last": "sum = max = min = type = isinstance = repr = dict = 0",
    },
    "names that the grader might use": {
        "last": """
            sys = os = json = time = copy = report = probe = wire = nonce = answers = cases = 0
            name = questions = function = task = tasks = settings = result = outcome = grade = 1
            _boot = seed = course_lib = get_ipython = 2
            """,
    },
    "one time with -0.0 and one loop variable left over": {
        "first": "for w in range(3):\n    rate = gradient = w",
        "last": "del w, rate, gradient\n%reset_selective -f nothing_of_this_name",
    },
}


def _slow(name: str, why: str, settings: Settings = PATIENT, **cells: str) -> Hostile:
    return full(name, notebook(**cells), why, settings=settings)


SUBMISSIONS = (
    *(full(name, notebook(**cells), "it is right") for name, cells in _STYLES.items()),
    _slow(
        "slow, but within the limits",
        "limits are there to be used",
        first="import time\ntime.sleep(2)",
        steady_state_loss="""
            import time

            def steady_state_loss(rate, curvature, noise_std):
                time.sleep(0.06)
                return rate * noise_std**2 / (4 - 2 * rate * curvature)
            """,
    ),
    _slow(
        "plots",
        "plots are wanted",
        first="""
            import matplotlib.pyplot as plt

            plt.plot([1, 2, 3], label="$\\\\eta$")
            plt.legend()
            plt.show()
            """,
        last="fig, ax = plt.subplots()\nax.imshow(np.zeros((50, 50)))",
    ),
    _slow(
        "the course's own figures and SciPy",
        "the course's library may be used, for what is not asked",
        first="""
            import scipy.linalg
            from course_lib import plots, schedules

            print(schedules.cosine(0.1, 100)(50))
            """,
        largest_stable_rate="""
            def largest_stable_rate(hessian):
                return 2 / scipy.linalg.eigh(hessian, eigvals_only=True)[-1]
            """,
    ),
    _slow(
        "PyTorch, also in answers",
        "the notebook's check takes tensors for what they hold, and so does the grader",
        Settings(Limits(cell_seconds=60, task_seconds=60, memory_mb=2500)),
        first="import torch",
        gradient_step="""
            def gradient_step(w, gradient, rate):
                return torch.from_numpy(w) - rate * torch.from_numpy(gradient)
            """,
        largest_stable_rate="""
            def largest_stable_rate(hessian):
                return 2 / torch.linalg.eigvalsh(torch.as_tensor(hessian))[-1]
            """,
        steady_state_loss="""
            def steady_state_loss(rate, curvature, noise_std):
                return torch.tensor(rate * noise_std**2 / (4 - 2 * rate * curvature)).item()
            """,
    ),
    full(
        "%pip install without a network",
        notebook(first="%pip install nothing-of-this-name"),
        _PIP_WAITS,
        states=_LOST_CELL,
    ),
    full(
        "a widget, a progress bar and HTML",
        notebook(
            first="""
            import ipywidgets
            from IPython.display import HTML, Markdown, clear_output
            from tqdm.auto import tqdm

            display(ipywidgets.IntSlider(), HTML("<b>mine</b>"), Markdown("*mine*"))
            for _ in tqdm(range(3)):
                pass
            clear_output(wait=True)
            """
        ),
        "it is right",
    ),
)
