"""The random search in small: it finds nothing in the converters, and something in wrong ones."""

import math
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from course_lib.libraries import from_library
from tests.lib.libraries import random_search


def found_nothing(library, cases):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.lib.libraries.random_search"),
            *("--library", library, "--cases", str(cases), "--seed", "7"),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stdout.startswith(f"{library}: ")
    return done.stdout


def test_torch():
    said = found_nothing("torch", 600)
    assert "only we refuse" not in said
    assert "only the library refuses" not in said


def test_transformers(needs_transformers):
    assert "only" not in found_nothing("transformers", 200)


def test_optax(needs_optax):
    assert "only" not in found_nothing("optax", 40)


def test_keras(needs_keras, needs_jax):  # Keras on NumPy takes its FFT from JAX
    assert "only" not in found_nothing("keras", 50)


def test_every_module_that_draws_schedules_of_a_library_is_searched():
    folder = Path(random_search.__file__).parent
    texts = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("random_*.py")}
    draws = {name for name, text in texts.items() if re.search(r"\n(def|from .+ as) draw\b", text)}
    draws.remove("random_schedules")  # of the presets
    assert draws == {module for module, _ in random_search.LIBRARIES.values()}


def test_a_library_that_is_not_installed_is_left_out(monkeypatch, capsys):
    monkeypatch.setattr(random_search, "find_spec", lambda name: None)
    assert random_search.main(["--cases", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"{library}: not installed" for library in random_search.LIBRARIES]


@pytest.mark.parametrize(
    ("wrong", "outcome"),
    [
        (lambda rates: rates * (1 + 1e-9), "different"),
        (lambda rates: rates * math.nan, "different"),
        (lambda rates: rates["t"], "we crash"),
    ],
)
def test_the_search_sees_a_wrong_converter(monkeypatch, capsys, wrong, outcome):
    def off(name, **arguments):
        schedule = from_library(name, **arguments)
        return lambda steps: wrong(schedule(steps))

    monkeypatch.setattr(random_search, "from_library", off)
    found = random_search.search("torch", 30, 0)
    assert found.outcomes[outcome] > 15
    assert len(found.different) == found.outcomes[outcome]
    assert random_search.main(["--library", "torch", "--cases", "30"]) == 1
    assert "DIFFERENT from_library('torch." in capsys.readouterr().out


def test_the_search_sees_a_refusal_of_what_the_library_runs(monkeypatch):
    def refuses(name, **arguments):
        raise ValueError("base_lr must be another one")

    monkeypatch.setattr(random_search, "from_library", refuses)
    found = random_search.search("torch", 30, 0)
    assert found.outcomes.keys() <= {"only we refuse", "both refuse"}
    assert found.outcomes["only we refuse"] > 15
    [(count, first)] = found.refusals.values()
    assert count == found.outcomes["only we refuse"]
    assert first.startswith("base_lr must be another one")


def test_the_draws_reach_every_torch_scheduler_and_nest_them():
    import random

    from tests.lib.libraries import random_torch

    draws = random.Random(0)
    seen = Counter()

    def count(name, arguments, depth):
        seen[name, depth] += 1
        for inner, given in arguments.get("schedulers", []):
            count(inner, given, depth + 1)

    for _ in range(2000):
        name, arguments, _ = random_torch.draw(draws)
        count(name, arguments, 0)
    for kind in (*random_torch.SIMPLE, "SequentialLR", "ChainedScheduler"):
        for depth in (0, 1, 2):
            assert seen[f"torch.{kind}", depth] > 20
