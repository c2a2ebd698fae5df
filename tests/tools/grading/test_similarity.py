"""Renamed and reordered code is found again; independent solutions are not alike."""

import ast
import inspect
import itertools
import random

import pytest

import course_tasks
from course_tools.grading.gradebook import similarity
from course_tools.grading.gradebook.similarity import (
    INDEPENDENT_MOST,
    INDEPENDENT_PAIRS,
    LEAST,
    SHARE,
    Alike,
    alike,
    like_solution,
)
from course_tools.grading.intake.code_structure import LENGTH, fingerprints, packed, unpacked
from course_tools.grading.intake.course_exercises import (
    given_cells,
    solved_cells,
    structure_given,
    structure_of_solution,
)
from course_tools.grading.intake.used_names import NotebookNames
from course_tools.grading.sample_class import writing
from tests.tasks.solved import SOLVED
from tests.tools.grading.natural_solutions import NATURAL

EXERCISES = [*course_tasks.EXERCISES]
#: An independent solution of each that has code enough to be compared.
OTHERS = {name: [inspect.getsource(SOLVED[name]).partition("\nOTHER = ")[0]] for name in EXERCISES}


def structure_of(exercise, cells):
    names = NotebookNames(given_cells(exercise), cells)
    tasks = [task.name for task in course_tasks.EXERCISES[exercise]]
    return frozenset(unpacked(names.structure_of(tasks)))


def shipped_cells(exercise):
    return [code for code in solved_cells(exercise) if code not in given_cells(exercise)]


def known(exercise):
    return structure_given(exercise) | structure_of_solution(exercise)


def sample_cells(exercise, number):
    """Solutions of the sample class, of every task another one; None where it has fewer."""
    sources = writing._TEXTS[exercise].RIGHT.values()
    if any(len(some) <= number for some in sources):
        return None
    return [piece for some in sources for piece in writing._pieces(some[number])]


def independent():
    """Yield pairs of structures of an exercise that were written independently."""
    for exercise in EXERCISES:
        pool = [shipped_cells(exercise), OTHERS[exercise]]
        pool += [[NATURAL[exercise]]] if exercise in NATURAL else []
        if exercise in writing._TEXTS:
            samples = (sample_cells(exercise, number) for number in range(3))
            pool += [cells for cells in samples if cells]
        structures = [structure_of(exercise, cells) - structure_given(exercise) for cells in pool]
        yield from itertools.combinations(structures, 2)


def test_independent_solutions_have_less_in_common_than_what_is_told():
    shares = sorted(len(a & b) / min(len(a), len(b)) for a, b in independent() if a and b)
    assert (len(shares), round(shares[-1], 2)) == (INDEPENDENT_PAIRS, INDEPENDENT_MOST)
    assert shares[-1] < SHARE


class Renamed(ast.NodeTransformer):
    """Gives names of their own to arguments and local variables, other numbers, and a new order."""

    def __init__(self, tree):
        stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and not reads(n)}
        self._own = stored | {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}

    def visit_Name(self, node):
        return ast.Name(self._new(node.id), node.ctx)

    def visit_arg(self, node):
        return ast.arg(self._new(node.arg))

    def visit_Constant(self, node):
        is_number = type(node.value) in (int, float)
        return ast.Constant(node.value + 1 if is_number else node.value)

    def _new(self, name):
        return f"my_{name[::-1]}" if name in self._own else name


def reads(node):
    return isinstance(node.ctx, ast.Load)


def renamed(source):
    tree = ast.parse(source)
    return ast.unparse(ast.fix_missing_locations(Renamed(tree).visit(tree)))


def reordered(source):
    body = ast.parse(source).body
    random.Random(3).shuffle(body)
    return "# mine\n" + "\n\n\n".join(f"# next\n{ast.unparse(one)}" for one in body)


def disguised(source):
    """Print in every function, add a docstring, and write every second result in two lines."""
    tree = ast.parse(source)
    number = 0
    for function in [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)]:
        function.body.insert(0, ast.parse("print('called')").body[0])
        function.body.insert(0, ast.parse("'''Return it.'''").body[0])
        last = function.body[-1]
        if isinstance(last, ast.Return):
            number += 1
            if number % 2:
                kept = ast.Assign([ast.Name("kept", ast.Store())], last.value)
                function.body[-1:] = [kept, ast.Return(ast.Name("kept", ast.Load()))]
    return ast.unparse(ast.fix_missing_locations(tree))


@pytest.mark.parametrize("change", [renamed, reordered, disguised])
@pytest.mark.parametrize("exercise", EXERCISES)
def test_copies_in_disguise_are_found(exercise, change):
    (source,) = OTHERS[exercise]
    mine = structure_of(exercise, [source])
    copied = structure_of(exercise, [change(source)])
    found = alike({("ada", ""): mine, ("ben", ""): copied}, known(exercise))
    if len(mine - known(exercise)) < LEAST:
        assert found == []
        return
    (one,) = found
    assert one.people == (("ada", ""), ("ben", ""))
    assert one.share >= (SHARE if change is disguised else 0.9)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_shipped_solution_is_known_when_it_is_renamed(exercise):
    solution, given = structure_of_solution(exercise), structure_given(exercise)
    copied = structure_of(exercise, [renamed(code) for code in shipped_cells(exercise)])
    people = {("ada", ""): copied, ("ben", ""): structure_of(exercise, OTHERS[exercise])}
    if exercise in NATURAL:
        people["cem", ""] = structure_of(exercise, [NATURAL[exercise]])
    found = like_solution(people, solution, given)
    assert [one.people for one in found] == [(("ada", ""),)] * (exercise != "capstone")


def test_what_is_common_in_a_class_makes_nobody_alike():
    common = frozenset(range(1000, 1200))
    people = {(f"s{n}", ""): common | frozenset(range(n * 50, n * 50 + 45)) for n in range(19)}
    assert alike(people, frozenset()) == []
    people["twin", ""] = people["s3", ""] | frozenset({9999})
    assert alike(people, frozenset()) == [Alike((("s3", ""), ("twin", "")), 1.0)]


def test_people_with_the_same_structure_are_told_together():
    same, other = frozenset(range(50)), frozenset(range(100, 160))
    people = {("a", ""): same, ("b", ""): other, ("c", "7"): same, ("d", ""): same}
    assert alike(people, frozenset()) == [Alike((("a", ""), ("c", "7"), ("d", "")), 1.0)]
    assert alike(people, same) == []


@pytest.mark.parametrize(
    ("one", "two", "is_same"),
    [
        ("x += 1", "y = y + 2", True),
        ("def f(a: int = 1) -> int:\n    '''Text.'''\n    return a", "def g(b=2): return b", True),
        ("x: float = np.cos(y)", "z = math.cos(k)  # mine", True),
        ("x = cos(y)", "z = np.cos(k)", True),
        ("x = max(y)", "x = min(y)", False),
        ("x = y.sum()", "x = y.mean()", False),
        ("x = a - b", "x = a + b", False),
        ("x = None", "x = True", False),
        ("x = 1.5", "x = 2", True),
    ],
)
def test_what_counts_of_a_structure(one, two, is_same):
    names = {"np": "numpy", "math": "math", "cos": "numpy.cos"}
    prints = [fingerprints([ast.parse(code)], names) for code in (one, two)]
    assert (prints[0] == prints[1]) == is_same


def test_fingerprints_are_kept_as_a_text():
    prints = fingerprints([ast.parse("x = " + "+".join("abcdefgh" * 20))], {})
    assert unpacked(packed(prints)) == prints
    assert unpacked(packed([])) == fingerprints([], {}) == []
    assert LENGTH > 1


def test_the_work_grows_with_the_class_and_not_with_its_square():
    def pairs_looked_at(number):
        rng = random.Random(number)
        each = (frozenset(rng.randrange(number * 10) for _ in range(100)) for _ in range(number))
        same = {one: [(str(n), "")] for n, one in enumerate(each)}
        return sum(1 for _ in similarity._in_common(similarity._rare(same)))

    assert 0 < pairs_looked_at(2400) < 2.5 * pairs_looked_at(1200)
