"""Every schedule has one name: that of its row in the catalogue, in all tables and lessons."""

import ast
from pathlib import Path

import numpy as np
import pytest

from course_lib import schedules
from course_lib.explorers import quadratic_families
from course_lib.reference import ENTRIES
from course_lib.schedules.catalogue import CATALOGUE, FAMILIES
from course_lib.schedules.parameters import PRESETS

SOURCES = Path(__file__).parents[3] / "sources"
# On the cheat sheet without being schedules: one goes before any schedule, one follows a metric.
NO_SCHEDULES = {"warmup, then any", "plateau"}
NAMES = {
    function: [row.name for row in CATALOGUE.values() if row.preset.__name__ == function]
    for function in {row.preset.__name__ for row in CATALOGUE.values()}
}
# Labels of the lessons that tell schedules of one kind apart by what is said around them.
OTHER_LABELS = {
    ("02_classic_decay", "ours, multi_step"),
    ("02_classic_decay", "1 / (t + 2)"),
    ("03_cosine", "planned for 600"),
    ("03_cosine", "held at the floor"),
    ("04_warmup", "no warmup"),
    ("04_warmup", "warmup 10"),
    ("04_warmup", "warmup 30"),
    ("06_one_cycle", "fall only"),
    ("10_frameworks", "right"),
}


@pytest.mark.parametrize("row", CATALOGUE.values(), ids=CATALOGUE)
def test_a_row_makes_a_schedule_of_its_name_and_peak(row):
    made = row.schedule(0.3, 120)
    assert 0.6 * 0.3 < made(np.arange(120)).max() <= 0.3 * (1 + 1e-12)  # exp_range falls at once
    assert made.name == row.name or row.is_variant
    assert row.preset is getattr(schedules, row.preset.__name__)


def test_a_preset_has_one_row_and_its_variants_come_after_it():
    for names in NAMES.values():
        assert [CATALOGUE[name].is_variant for name in names] == [False] + [True] * (len(names) - 1)
    assert list(PRESETS) == [names for names in CATALOGUE if not CATALOGUE[names].is_variant]
    assert set(FAMILIES) <= set(PRESETS)


def test_the_noisy_quadratic_draws_schedules_of_the_catalogue():
    made = quadratic_families.makers(100, 0.1, 0.2, 0.1, 0.3)
    assert set(made) <= set(PRESETS)
    for name in set(made) - {"WSD", "1-cycle"}:
        assert made[name](0.3).name == f"warmup + {name}"
    assert made["WSD"](0.3).name == "WSD"
    assert made["1-cycle"](0.3).name == "1-cycle"


def test_the_cheat_sheet_has_the_catalogues_names_and_presets():
    on_the_sheet = {entry.name: entry for entry in ENTRIES if entry.name not in NO_SCHEDULES}
    assert set(on_the_sheet) == set(CATALOGUE) - {"transformer"}  # it is told beside another
    for name, entry in on_the_sheet.items():
        assert entry.preset == CATALOGUE[name].preset.__name__


def labelled_schedules(path):
    """(label, preset) of every dictionary in a source that maps texts to schedules."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                function = made_by(value)
                label = getattr(key, "value", None)
                if isinstance(label, str) and function in NAMES:
                    yield label, function


def made_by(value):
    """The name of the function that an expression calls, or is."""
    if isinstance(value, ast.Lambda):
        return made_by(value.body)
    if isinstance(value, ast.Call):
        return made_by(value.func)
    return getattr(value, "attr", getattr(value, "id", None))


def test_lessons_call_a_schedule_by_its_name():
    found = {
        (path.stem, label, function)
        for path in SOURCES.rglob("*.py")
        for label, function in labelled_schedules(path)
    }
    assert len(found) > 50
    misnamed = {
        (stem, label, function)
        for stem, label, function in found
        if not label.startswith(tuple(NAMES[function])) and (stem, label) not in OTHER_LABELS
    }
    assert misnamed == set()
    assert {(stem, label) for stem, label, _ in found} >= OTHER_LABELS
