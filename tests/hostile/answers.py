"""Answers that lie, are odd, or are too much: worth what their values are worth, and no more."""

import dataclasses

from course_tools.grading.report import GRADED, SUSPICIOUS
from tests.hostile.liars import DEEP, ENDLESS, LIARS, LIKE, META, PICKLED, RAISING
from tests.hostile.making import ANY_END, LOSS, QUICK, RATE, STEP, WHOLE, Hostile, notebook

_HEADS = {
    STEP: ("w, gradient, rate", "w - rate * gradient"),
    RATE: ("hessian", "2 / np.linalg.eigvalsh(hessian)[-1]"),
    LOSS: ("rate, curvature, noise_std", "rate * noise_std**2 / (4 - 2 * rate * curvature)"),
}
_STATES = frozenset({GRADED, SUSPICIOUS})


def _answers(
    name: str, why: str, before: str, *answers: tuple[str, float], any_end: bool = False
) -> Hostile:
    """Return a submission of three functions, each with its answer and what that is worth.

    Args:
        name: what they answer.
        why: why they deserve that.
        before: code above the functions.
        answers: an expression of `right`, the right value, and the points, a task each.
        any_end: whether they may also come to a bad end.
    """
    cells = {
        task: f"def {task}({arguments}):\n    right = {value}\n    return {answer}"
        for (task, (arguments, value)), (answer, _) in zip(_HEADS.items(), answers, strict=True)
    }
    worth = {task: (points, points) for task, (_, points) in zip(WHOLE, answers, strict=True)}
    found = Hostile(name, notebook(first=before, **cells), why, _STATES, worth)
    if not any_end:
        return found
    states = frozenset({GRADED, "over a limit", "partly graded", "crashed", SUSPICIOUS})
    return dataclasses.replace(
        found, states=states, outcomes=dict.fromkeys(WHOLE, frozenset(ANY_END)), settings=QUICK
    )


SUBMISSIONS = (
    _answers(
        "NaN, infinity, nothing",
        "none of them is the right value",
        "",
        ("right * np.nan", 0),
        ("float('inf')", 0),
        ("None", 0),
    ),
    _answers(
        "huge whole numbers",
        "none of them is the right value, and none stops the grader",
        "",
        ("[10**10_000]", 0),
        ("np.array([2**63], dtype=object)", 0),
        ("10**10_000", 0),
    ),
    _answers(
        "values at the edges of floats",
        "none of them is the right value",
        "",
        ("right * 0 - 0.0 + 5e-324", 0),
        ("1.7976931348623157e308", 0),
        ("-(2**62)", 0),
    ),
    _answers(
        "texts of odd characters",
        "a text is no number",
        "",
        ("str(right)", 0),
        ("'<script>' + chr(0xD800) + chr(0) + chr(0x202E)", 0),
        ("'=1+1'", 0),
    ),
    _answers(
        "objects, generators and dicts",
        "numbers are asked for",
        "",
        ("right.astype(object)", 0),
        ("(one for one in [right])", 0),
        ("{'loss': right, None: {1, 2}, (1, 2): 3}", 0),
    ),
    _answers(
        "other numbers than real ones",
        "real numbers are asked for",
        "import decimal, fractions",
        ("right + 1e-9j", 0),
        ("fractions.Fraction(float(right))", 0),
        ("decimal.Decimal(float(right))", 0),
    ),
    _answers(
        "masked, dated and as bytes",
        "real numbers are asked for",
        "",
        ("np.ma.array(right)", 0),
        ("np.datetime64('2020-01-01')", 0),
        ("np.float64(right).tobytes()", 0),
    ),
    _answers(
        "functions, types and modules",
        "numbers are asked for",
        "",
        ("np", 0),
        ("largest_stable_rate", 0),
        ("float", 0),
    ),
    _answers(
        "nothing at all in arrays",
        "the values are missing",
        "",
        ("right[:0]", 0),
        ("np.empty((0, 3))", 0),
        ("[]", 0),
    ),
    _answers(
        "ragged, mixed and nested lists",
        "they are no array of numbers",
        "",
        ("[[1.0], [1.0, 2.0]]", 0),
        ("[right, 'right']", 0),
        ("[[[[right, None]]]]", 0),
    ),
    _answers(
        "shapes that are not asked for",
        "the values are right, the shape is not",
        "",
        ("right[None]", 0.75),
        ("np.array([right])", 1.75),
        ("[right]", 2.75),
    ),
    _answers(
        "lies about equality",
        "values are compared, and nothing of theirs is asked",
        LIARS,
        ("(right * 0 - 9).view(Array)", 0),
        ("Equal()", 0),
        ("Number(-1.0)", 0),
    ),
    _answers(
        "payloads of pickle",
        "nothing is unpickled",
        PICKLED,
        ("np.array([Payload()], dtype=object)", 0),
        ("Payload()", 0),
        ("[Payload(), {'loss': Payload()}]", 0),
    ),
    _answers(
        "a list 10,000 deep, and lists that hold themselves",
        "no answer is that deep",
        DEEP,
        ("itself", 0),
        ("tangled", 0),
        ("deep(10_000)", 0),
    ),
    _answers(
        "lists that lie about their length",
        "they hold no right value",
        ENDLESS,
        ("Sized()", 0),
        ("[Sized()] * 3", 0),
        ("Endless([right])", 0),
        any_end=True,
    ),
    _answers(
        "objects that fail, or wait, when they are looked at",
        "whatever they do is no answer",
        RAISING,
        ("Raising()", 0),
        ("Property()", 0),
        ("Waiting()", 0),
        any_end=True,
    ),
    _answers(
        "types and texts that are something else",
        "whatever they do is no answer",
        META,
        ("loud()", 0),
        ("error()", 0),
        ("Odd()", 0),
        any_end=True,
    ),
    _answers(
        "an array that changes each time it is looked at",
        "none of its values is right",
        LIKE,
        ("Turning(right)", 0),
        ("Turning(right)", 0),
        ("Turning(right)", 0),
    ),
    _answers(
        "arrays of many dimensions and of much memory",
        "none of them is the right value",
        "",
        ("np.zeros((1,) * 40)", 0),
        ("np.zeros(300_000)", 0),
        ("np.array(['x' * 100_000] * 10)", 0),
    ),
    _answers(
        "subclasses and what NumPy can read as an array",
        "the notebook's check takes them for what they hold, and so does the grader",
        LIKE,
        ("right.view(Vector)", 1),
        ("Rate(right)", 2),
        ("Like(right)", 3),
    ),
    _answers(
        "lists and NumPy's own numbers",
        "they hold the right values in the right shape",
        "",
        ("right.tolist()", 1),
        ("np.array(right)", 2),
        ("np.float64(right)", 3),
    ),
    _answers(
        "single precision",
        "it is right to the digits that are asked for",
        "",
        ("right.astype(np.float32)", 1),
        ("np.float32(right)", 2),
        ("np.array(right, dtype=np.float32)", 3),
    ),
    _answers(
        "extended precision and other byte orders",
        "they are floating-point numbers too",
        "",
        ("right.astype('>f8')", 1),
        ("np.longdouble(right)", 2),
        ("np.array(right, dtype='>f8')[()]", 3),
    ),
    _answers(
        "tuples, views and arrays that cannot be written",
        "they hold the right values in the right shape",
        """
        def sealed(array):
            array = np.asfortranarray(array)
            array.setflags(write=False)
            return array
        """,
        ("sealed(right[::-1])[::-1]", 1),
        ("np.broadcast_to(right, ())", 2),
        ("sealed([right])[0]", 3),
    ),
    _answers(
        "tuples and memory that NumPy reads",
        "the notebook's check takes them for what they hold, and so does the grader",
        "",
        ("tuple(right)", 1),
        ("memoryview(np.array(right))", 2),
        ("np.float64(right).item()", 3),
    ),
)
