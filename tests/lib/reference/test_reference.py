"""The cheat sheet and the glossary: the code runs and agrees, the words are in the lessons."""

import inspect
import re
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from course_lib import schedules
from course_lib.libraries import Loop, simulate_loop, to_library
from course_lib.libraries.conventions_table import table
from course_lib.reference import (
    ENTRIES,
    TERMS,
    cheat_sheet,
    conventions,
    glossary,
    known_of_libraries,
    page,
    same_plan,
)
from course_lib.reference.cheat_sheet import (
    IMPORTS,
    NO_KERAS,
    PEAK_LR,
    PLATEAU_METRICS,
    TOTAL_STEPS,
)
from course_lib.reference.glossary import LAST_LESSON
from course_lib.reference.tables import curve
from course_tools.authoring.prose import numbers_in
from course_tools.doctor import find_chromium

LESSONS = Path(__file__).parents[3] / "sources" / "lessons"
T = np.arange(TOTAL_STEPS)
SINGLE = 2e-7 * PEAK_LR * 5  # optax and Keras compute in float32
FUNCTIONS = [entry for entry in ENTRIES if entry.name != "plateau"]
PLATEAU = next(entry for entry in ENTRIES if entry.name == "plateau")
NOT_SCHEDULES = {"Phase", "Plateau", "Schedule", "total_updates"}
COMBINING = {"join", "repeat", "scale", "plateau_rates"}
TOGETHER = {"transformer": "inverse sqrt", "one_cycle_momentum": "1-cycle"}


def by_name(entries):
    return pytest.mark.parametrize("entry", entries, ids=lambda entry: entry.name)


def imported(*names):
    """What the import lines on the sheet give."""
    namespace = {}
    for name in names:
        exec(IMPORTS[name], namespace)
    return namespace


# The cheat sheet's data


@by_name(FUNCTIONS)
def test_the_plan_is_the_schedule(entry):
    plan = eval(entry.plan, {**vars(schedules)})
    assert plan == entry.schedule
    assert entry.schedule(T).max() <= PEAK_LR


def test_every_preset_is_on_the_sheet():
    public = set(schedules.__all__) - NOT_SCHEDULES - COMBINING
    for preset, name in TOGETHER.items():
        entry = next(entry for entry in ENTRIES if entry.name == name)
        assert preset in entry.when
    assert {entry.plan.split("(")[0] for entry in ENTRIES} == public - set(TOGETHER)
    assert len({entry.name for entry in ENTRIES}) == len(ENTRIES)
    assert all(inspect.isfunction(getattr(schedules, name)) for name in public)


@by_name(ENTRIES)
def test_a_number_in_when_is_one_of_the_records_it_rests_on(entry):
    text = re.sub(r"`.*?`|Power 1 is|P / \(1 − γ\)|hence 101", "", entry.when)
    shown = numbers_in(re.sub(r"\bet al\.", "", text))
    recorded = [number for ground in entry.rests_on for number in numbers_in(ground[6:])]
    assert {number.value for number in shown} <= {number.value for number in recorded}
    assert entry.rests_on
    assert entry.when.endswith((".", ".)"))
    assert entry.lessons
    assert set(entry.lessons) <= set(range(LAST_LESSON + 1))


# Its code, run


@by_name(FUNCTIONS)
def test_torch_code_agrees(entry):
    def scheduler(optimizer):
        names = imported("torch") | {"optimizer": optimizer}
        if "rest" in entry.torch:
            names["rest"] = names["lrs"].ConstantLR(optimizer, factor=1)
        return eval(entry.torch, names)

    with_momentum = partial(torch.optim.SGD, momentum=0.9)  # which OneCycleLR wants to cycle
    loop = Loop(TOTAL_STEPS)
    run = simulate_loop(scheduler, loop, base_lr=PEAK_LR, optimizer_factory=with_momentum)
    assert run.error is None
    np.testing.assert_allclose(run.rates, entry.schedule(T), rtol=0, atol=1e-12)


@by_name(FUNCTIONS)
def test_optax_code_agrees(needs_optax, entry):
    import optax

    names = imported("optax", "jax") | {"rest": optax.constant_schedule(PEAK_LR)}
    schedule = eval(entry.optax, names)
    np.testing.assert_allclose(
        [float(schedule(t)) for t in T], entry.schedule(T), rtol=0, atol=SINGLE
    )


@pytest.mark.parametrize("entry", [e for e in FUNCTIONS if e.optax.startswith("lambda")])
def test_a_plain_function_works_inside_a_compiled_update(needs_optax, entry):
    import jax

    schedule = jax.jit(eval(entry.optax, imported("optax", "jax")))
    counts = jax.numpy.arange(TOTAL_STEPS)
    found = [float(schedule(count)) for count in counts]
    np.testing.assert_allclose(found, entry.schedule(T), rtol=0, atol=SINGLE)


@pytest.fixture(scope="module")
def keras(needs_keras):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        import keras

        yield keras


@by_name(FUNCTIONS)
def test_keras_code_agrees(entry, keras):
    if entry.keras == NO_KERAS:
        names = {"to_library": to_library, "plan": entry.schedule}
        exec(eval(entry.keras, names), names)
        schedule = names["schedule"]
    else:
        schedule = eval(entry.keras, imported("keras"))
    found = [float(schedule(t)) if callable(schedule) else schedule for t in T]
    np.testing.assert_allclose(found, entry.schedule(T), rtol=0, atol=SINGLE)


def test_plateau_in_torch_cuts_where_the_curve_does():
    names = imported("torch")
    run = simulate_loop(
        lambda optimizer: eval(PLATEAU.torch, names | {"optimizer": optimizer}),
        Loop(TOTAL_STEPS, step_arguments=PLATEAU_METRICS),
        base_lr=PEAK_LR,
    )
    assert run.error is None
    np.testing.assert_allclose(run.rates, PLATEAU.schedule(T), rtol=0, atol=1e-12)
    assert len(set(run.rates)) > 2


def test_plateau_in_optax_cuts_where_the_curve_does(needs_optax):
    import jax
    import optax

    rule = eval(PLATEAU.optax, {"optax": optax})
    weights = np.zeros(1, np.float32)
    measured = jax.jit(lambda state, metric: rule.update(weights, state, value=metric)[1])
    state, found = rule.init(weights), []
    for metric in PLATEAU_METRICS:
        found.append(PEAK_LR * float(state.scale))
        state = measured(state, metric)
    np.testing.assert_allclose(found, PLATEAU.schedule(T), rtol=0, atol=SINGLE)


def test_plateau_in_keras_cuts_where_the_curve_does(keras):
    rule = eval(PLATEAU.keras, imported("keras"))
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(PEAK_LR), loss="mse")
    rule.set_model(model)
    rule.on_train_begin()
    found = []
    for number, metric in enumerate(PLATEAU_METRICS):
        found.append(float(model.optimizer.learning_rate))
        rule.on_epoch_end(number, {"loss": metric})
    np.testing.assert_allclose(found, PLATEAU.schedule(T), rtol=0, atol=SINGLE)


# The tables


def test_curves_show_the_peak_and_upright_jumps():
    restarts = next(entry for entry in ENTRIES if entry.name == "cosine restarts")
    points = re.search(r'points="([^"]+)"', curve(restarts.schedule).decode())[1].split()
    pairs = [tuple(map(float, point.split(","))) for point in points]
    heights = [y for _, y in pairs]
    jumps = [(a, b) for a, b in pairwise(pairs) if b[1] < a[1] - 20]
    assert min(heights) == 3.0
    assert len(jumps) == 3
    assert all(a[0] == b[0] for a, b in jumps)


def test_the_sheet_has_a_row_an_entry_and_words_for_every_curve():
    html = cheat_sheet()
    assert html.count("<tr") == len(ENTRIES) + 2
    images = re.findall(r"<img[^>]*>", html)
    assert len(images) == len(ENTRIES)
    assert all(re.search(r'alt="[^"]+ at 99"', image) for image in images)
    assert "(<wbr>optimizer" in html
    assert "&quot;triangular2&quot;" in html


def test_the_glossary_has_a_row_a_term():
    assert glossary().count("<tr") == len(TERMS) + 1


@pytest.fixture(scope="module")
def browser(needs_chromium):
    from playwright.sync_api import sync_playwright

    from tests.lessons.lab import CHROMIUM_ARGS

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGS)
        yield opened
        opened.close()


def test_the_sheet_prints_on_one_page(browser):
    tab = browser.new_page()
    tab.set_content(page(cheat_sheet()))
    pdf = tab.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1


TABLES = [cheat_sheet, glossary, conventions, known_of_libraries, same_plan]


@pytest.mark.parametrize("made", TABLES)
def test_nothing_overflows_on_a_narrow_screen(browser, made):
    tab = browser.new_page(viewport={"width": 800, "height": 900})
    tab.set_content(page(made()))
    overflowing = "() => [...document.querySelectorAll('td, th, code')].filter(e => "
    overflowing += "e.getBoundingClientRect().right > innerWidth || e.scrollWidth > e.clientWidth "
    overflowing += "&& getComputedStyle(e).display != 'inline').map(e => e.textContent)"
    assert tab.evaluate(overflowing) == []
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= 800


FIRST_CELLS = "() => [...document.querySelectorAll('tbody tr')].filter(row => row.offsetParent)"
FIRST_CELLS += ".map(row => row.cells[2].textContent)"


def test_the_libraries_can_be_sorted_and_searched_by_keyboard(browser):
    tab = browser.new_page()
    tab.set_content(page(conventions()))
    before = tab.evaluate(FIRST_CELLS)
    tab.locator("th button", has_text="first update").press("Enter")
    sorted_ = tab.evaluate(FIRST_CELLS)
    assert sorted_ != before
    assert sorted(sorted_) == sorted(before)
    assert [cell for cell in sorted_ if cell == "0"] == sorted_[: sorted_.count("0")]
    assert tab.locator("th[aria-sort=ascending]").inner_text().startswith("first update")
    tab.locator("th button", has_text="first update").press("Enter")
    assert tab.evaluate(FIRST_CELLS)[-1] == "0"
    tab.get_by_label("show only the rows").fill("CosineDecayRestarts")
    assert tab.evaluate(FIRST_CELLS) == ["the peak"]


def test_without_scripts_the_table_of_libraries_is_plain_and_whole(browser):
    tab = browser.new_context(java_script_enabled=False).new_page()
    tab.set_content(page(conventions()))
    assert tab.locator("tbody tr").count() == len(table())
    assert tab.locator("input, button").count() == 0
    assert all(tab.locator("tbody a").nth(i).get_attribute("href") for i in (0, len(table()) - 1))


# The glossary's data


def test_terms_are_unique_and_in_order():
    names = [term.name.lower() for term in TERMS]
    assert names == sorted(set(names))


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.name)
def test_a_term_occurs_in_its_lessons(term):
    assert term.lessons
    assert len(set(term.lessons)) == len(term.lessons)
    assert set(term.lessons) <= set(range(LAST_LESSON + 1))
    words = "|".join(re.escape(word) for word in (term.name, *term.spelled))
    for number in term.lessons:
        for source in LESSONS.glob(f"{number:02}_*.py"):  # some are still to come
            text = re.sub(r"\n# ?|\s+", " ", source.read_text(encoding="utf-8"))
            assert re.search(rf"\b({words})", text, re.I), f"{source.name} does not have it"
