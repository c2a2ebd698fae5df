"""Functions and cells that fail: nothing for them, and nothing is taken from the others."""

from course_tools.grading.report import ANSWERED, MISSING, OVER_LIMIT, TIMED_OUT
from tests.hostile.making import LOSS, RATE, STEP, full, mistaken, notebook, wrong_loss

_TAG = "<script>alert(1)</script>"


def _raising(error: str, before: str = "") -> str:
    return wrong_loss(f"raise {error}", before=before)


_ODD_ERRORS = """
class Silent(Exception):
    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


class Odd(Exception):
    def __str__(self):
        return 7


Formula = type("=HYPERLINK('http://x')", (Exception,), {})
"""

SUBMISSIONS = (
    mistaken(
        "syntax error in a task's cell",
        notebook(steady_state_loss="def steady_state_loss(:\n    return 1"),
        "Python cannot read it, so the function is not there",
        outcomes=(MISSING,),
    ),
    full("syntax error in a cell of its own", notebook(first="def ("), "other cells still run"),
    full(
        "exception in a cell of its own",
        notebook(first="1 / 0", last="raise SystemError('x')"),
        "a cell that fails does not stop the others",
    ),
    mistaken(
        "exception before the function in its cell",
        notebook(steady_state_loss="1 / 0\ndef steady_state_loss(**given):\n    return 1.0"),
        "the function was never defined",
        outcomes=(MISSING,),
    ),
    mistaken(
        "exceptions of every kind",
        notebook(
            gradient_step="def gradient_step(w, gradient, rate):\n    raise KeyError('w')",
            largest_stable_rate="def largest_stable_rate(hessian):\n    return [][1]",
            steady_state_loss=_raising(f'ValueError("{_TAG}")'),
        ),
        "an error is no answer",
        tasks=(STEP, RATE, LOSS),
    ),
    mistaken(
        "errors that cannot be printed",
        notebook(
            gradient_step=f"{_ODD_ERRORS}\ndef gradient_step(w, gradient, rate):\n    raise Odd",
            largest_stable_rate="def largest_stable_rate(hessian):\n    raise Formula('=1+1')",
            steady_state_loss=_raising("Silent"),
        ),
        "an error is no answer, whatever its text does",
        tasks=(STEP, RATE, LOSS),
    ),
    mistaken(
        "errors that end a program",
        notebook(
            gradient_step="def gradient_step(w, gradient, rate):\n    raise SystemExit('full')",
            largest_stable_rate="def largest_stable_rate(hessian):\n    raise KeyboardInterrupt",
            steady_state_loss=_raising("GeneratorExit"),
        ),
        "an error is no answer, and ends nothing",
        tasks=(STEP, RATE, LOSS),
    ),
    mistaken(
        "other errors that are no Exception",
        notebook(
            gradient_step="import asyncio\ndef gradient_step(**given):\n"
            "    raise asyncio.CancelledError",
            largest_stable_rate="class Base(BaseException):\n    pass\n"
            "def largest_stable_rate(hessian):\n    raise Base",
            steady_state_loss=_raising("StopIteration(1.0)"),
        ),
        "an error is no answer",
        tasks=(STEP, RATE, LOSS),
    ),
    mistaken(
        "an error text of 50 MB",
        notebook(steady_state_loss=_raising('ValueError("x" * 50_000_000)')),
        "an error is no answer",
        outcomes=(ANSWERED, OVER_LIMIT),
    ),
    mistaken(
        "an error text that no database takes",
        notebook(steady_state_loss=_raising(r'ValueError("\ud800 \x00 \u202e \x1b[31m \r\n")')),
        "an error is no answer",
    ),
    mistaken(
        "recursion without an end",
        notebook(steady_state_loss=wrong_loss("return steady_state_loss(rate, 1.0, 1.0)")),
        "RecursionError is no answer",
    ),
    mistaken(
        "input()",
        notebook(first="input('name? ')", steady_state_loss=wrong_loss("input('loss? ')")),
        "nobody is there to answer: an error in a function, and in a cell no harm to the rest",
    ),
    mistaken(
        "breakpoint()",
        notebook(steady_state_loss=wrong_loss("breakpoint()")),
        "nobody is there to debug",
        outcomes=(ANSWERED, TIMED_OUT),
    ),
    mistaken(
        "other names for the arguments",
        notebook(steady_state_loss="def steady_state_loss(lr, h, sigma):\n    return 1.0"),
        "the exercise says how it is called",
    ),
    mistaken(
        "arguments without names",
        notebook(
            steady_state_loss="def steady_state_loss(rate, curvature, noise_std, /):\n"
            "    return rate * noise_std**2 / (4 - 2 * rate * curvature)"
        ),
        "the exercise says how it is called: by name",
    ),
    mistaken(
        "a number in place of a function",
        notebook(steady_state_loss="steady_state_loss = 1.0"),
        "there is nothing to call",
        outcomes=(MISSING, ANSWERED),
    ),
    mistaken(
        "a function that is deleted later",
        notebook(last="del steady_state_loss"),
        "it is not there in the end",
        outcomes=(MISSING,),
    ),
    mistaken(
        "a coroutine",
        notebook(steady_state_loss="async def steady_state_loss(**given):\n    return 1.0"),
        "nobody awaits the answer",
    ),
)
