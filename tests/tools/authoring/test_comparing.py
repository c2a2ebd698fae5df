"""An executed notebook against the stored one: what may differ, what may not, and what is said."""

import base64
import copy
import io
from functools import cache

import matplotlib.figure
import nbformat
import PIL.Image
import pytest

from course_lib import outcomes
from course_lib.intervals import Interval
from course_lib.measured import MIME, text
from course_tools.authoring import comparing, figures, measured_tables
from tests.tools.authoring.made_notebooks import notebook

new_output = nbformat.v4.new_output


def executed(*outputs, tags=()):
    """An executed notebook of one cell."""
    nb = notebook(("x", list(tags)))
    nb.cells[0].update(execution_count=1, outputs=copy.deepcopy(list(outputs)))
    return nb


def stream(written, name="stdout"):
    return new_output("stream", name=name, text=written)


def table(*cells, header=("what", "loss")):
    raw = [[c.mean, c.low, c.high] if isinstance(c, Interval) else c for c in cells]
    words = " ".join(text(cell) for cell in cells)
    data = {"text/plain": words, "text/html": words, MIME: {"header": header, "rows": [raw]}}
    return new_output("display_data", data=data)


def kinds(stored, now):
    return [change.kind for change in comparing.changes(stored, now)]


def test_the_same_outputs_do_not_differ():
    nb = executed(stream("a\n"), table("one", Interval(0.5, 0.4, 0.6)), picture())
    assert comparing.changes(nb, copy.deepcopy(nb)) == []


@pytest.mark.parametrize(
    ("now", "message"),
    [
        ([stream("loss 0.51\nend\n")], "'loss 0.51', stored is 'loss 0.50'"),
        ([stream("loss 0.50\n")], "1 lines, stored are 2"),
        ([stream("loss 0.50\nend\n", "stderr")], "outputs are ['stderr'], stored are ['stdout']"),
        ([], "outputs are [], stored are ['stdout']"),
    ],
)
def test_text_is_compared_exactly(now, message):
    stored = executed(stream("loss 0.50\n"), stream("end\n"))
    assert comparing.failures(stored, executed(*now)) == [f"cell 1, text: {message}"]


def test_what_a_conclusion_says_is_a_kind_of_its_own():
    stored, now = (executed(stream(said), tags=["conclusion"]) for said in ("better", "open"))
    assert comparing.failures(stored, now) == ["cell 1, conclusion: 'open', stored is 'better'"]


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (Interval(0.53, 0.43, 0.63), []),
        (Interval(0.56, 0.40, 0.66), ["rounded"]),  # half of 0.1 is allowed
        (Interval(0.59, 0.43, 0.63), ["table"]),
        (Interval(0.53, 0.37, 0.63), ["table"]),
        (Interval(0.53, 0.43, 0.69), ["table"]),
        (Interval(float("nan"), 0.4, 0.6), ["table"]),
    ],
)
def test_a_measured_number_is_compared_within_its_own_uncertainty(now, found):
    stored = executed(table("one", Interval(0.53, 0.43, 0.63)))
    assert kinds(stored, executed(table("one", now))) == found


def test_without_a_width_a_number_must_be_the_same():
    stored = executed(table("one", Interval(0.5, 0.5, 0.5)))
    assert kinds(stored, executed(table("one", Interval(0.5, 0.5, 0.5)))) == []
    assert kinds(stored, executed(table("one", Interval(0.5 + 1e-9, 0.5, 0.5)))) == ["table"]


@pytest.mark.parametrize(
    "now",
    [
        table("two", Interval(0.5, 0.4, 0.6)),
        table("one", "0.5"),
        table("one", Interval(0.5, 0.4, 0.6), header=("what", "score")),
    ],
)
def test_all_else_in_a_table_is_compared_exactly(now):
    stored = executed(table("one", Interval(0.5, 0.4, 0.6)))
    assert kinds(stored, executed(now)) == ["table"]


def sorted_table(*rows, recorded=()):
    cells = [[name, [mean, mean - 0.1, mean + 0.1]] for name, mean in rows]
    data = {MIME: {"header": ["what", "loss"], "rows": cells}}
    data[outcomes.MIME] = outcomes.as_data(
        [outcomes.Outcome(words, "is", "true") for words in recorded]
    )
    return new_output("display_data", data=data)


def test_rows_that_change_places_are_compared_by_their_names():
    stored = executed(sorted_table(("a", 0.5), ("b", 0.51), recorded=["a", "b"]))
    swapped = executed(sorted_table(("b", 0.5), ("a", 0.51), recorded=["b", "a"]))
    assert kinds(stored, swapped) == []
    moved = executed(sorted_table(("b", 0.5), ("a", 0.56), recorded=["b", "a"]))
    assert "row 1, loss: mean 0.56" in comparing.failures(stored, moved)[0]
    assert kinds(stored, executed(sorted_table(("b", 0.5), ("c", 0.5), recorded=["a", "b"]))) != []
    assert kinds(stored, executed(sorted_table(("b", 0.5), ("a", 0.5), recorded=["a", "c"]))) == [
        "text"
    ]


def chosen_table(peak, mean, others=(), low=0.3):
    raw = {"chosen": peak, "others": list(others)} if others else peak
    data = {MIME: {"header": ["peak", "loss"], "rows": [[raw, [mean, low, mean + mean - low]]]}}
    return executed(new_output("display_data", data=data))


def test_a_choice_may_be_another_that_the_runs_may_as_well_have_made():
    stored = chosen_table("0.4", 0.5, ["0.8"])
    assert kinds(stored, chosen_table("0.4", 0.5)) == []
    assert kinds(stored, chosen_table("0.8", 0.5)) == []
    assert kinds(chosen_table("0.8", 0.5), stored) == []
    (message,) = comparing.failures(stored, chosen_table("1.6", 0.5, ["3.2"]))
    assert message == "cell 1, table: row 1, peak: '1.6', stored is '0.4'"


def test_with_another_choice_a_number_may_move_by_its_whole_interval():
    stored = chosen_table("0.4", 0.5, ["0.8"])
    assert kinds(stored, chosen_table("0.8", 0.85, low=0.65)) == []
    assert kinds(stored, chosen_table("0.8", 0.95, low=0.75)) == ["table"]
    assert kinds(stored, chosen_table("0.4", 0.65, ["0.8"], low=0.45)) == ["table"]


def test_rows_change_places_also_where_only_one_machine_could_have_chosen_otherwise():
    a, b = ["a", "0.4", [0.5, 0.4, 0.6]], ["b", "0.8", [0.7, 0.6, 0.8]]
    may_be = ["a", {"chosen": "0.4", "others": ["0.2"]}, a[2]]
    for stored, new in (([a, b], [b, may_be]), ([may_be, b], [b, a])):
        tables = ({"header": ["what", "peak", "loss"], "rows": rows} for rows in (stored, new))
        assert list(measured_tables.differing_cells(*tables)) == []


@pytest.mark.parametrize(
    ("tags", "now", "found"),
    [
        ([], Interval(0.5, 0.1, 0.9), ["table"]),
        (["varies"], Interval(0.5, 0.1, 0.9), ["rounded"]),
        (["varies"], Interval(0.5, 0.0, 1.1), ["table"]),  # an end moved by 5 half-widths
    ],
)
def test_where_it_varies_the_wider_of_two_intervals_counts(tags, now, found):
    stored = executed(table("one", Interval(0.5, 0.4, 0.6)), tags=tags)
    assert kinds(stored, executed(table("one", now), tags=tags)) == found


def test_rows_with_one_name_are_compared_by_their_places():
    stored = executed(sorted_table(("a", 0.5), ("a", 0.7)))
    assert kinds(stored, executed(sorted_table(("a", 0.7), ("a", 0.5)))) == ["table", "table"]


def test_a_table_that_is_missing_is_another_output():
    stored = executed(table("one", Interval(0.5, 0.4, 0.6)), stream("end"))
    assert kinds(stored, executed(stream("end"))) == ["text"]


def test_what_was_never_executed_is_passed_over():
    assert comparing.changes(notebook("x"), executed(stream("a"))) == []


@cache
def curve(dpi=60, height=1.0):
    figure = matplotlib.figure.Figure(figsize=(4, 3))
    figure.subplots().plot([0, 1, 2], [0, height, 1])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    return base64.b64encode(buffer.getvalue()).decode()


def picture(embedded=False, **look):
    data = curve(**look)
    tag = f'<img alt="a curve" src="data:image/png;base64,{data}">'
    return new_output("display_data", data={"text/html": tag} if embedded else {"image/png": data})


@pytest.mark.parametrize("embedded", [False, True])
@pytest.mark.parametrize("look", [{"height": 2.0}, {"dpi": 80}])
def test_another_picture_differs(embedded, look):
    stored, now = executed(picture(embedded)), executed(picture(embedded, **look))
    assert kinds(stored, now) == ["figure"]
    assert "make build" in comparing.failures(stored, now)[0]


def test_a_missing_picture_differs():
    assert kinds(executed(picture()), executed()) == ["figure"]


def grey(shade, tags=()):
    """An executed notebook whose one figure is all of one shade, 0..255."""
    buffer = io.BytesIO()
    PIL.Image.new("L", (16, 16), shade).save(buffer, format="png")
    data = {"image/png": base64.b64encode(buffer.getvalue()).decode()}
    return executed(new_output("display_data", data=data), tags=tags)


def test_a_figure_that_varies_is_allowed_more_but_not_everything():
    shades = int(255 * figures.tolerance())  # of grey
    for tags, allowed, refused in (((), shades, shades + 1), (["varies"], 11, 13)):
        assert kinds(grey(100, tags), grey(100 + allowed, tags)) == []
        assert kinds(grey(100, tags), grey(100 + refused, tags)) == ["figure"]


def test_the_tolerances_are_those_that_were_measured():
    assert (figures.TOLERANCE, figures.TOLERANCE_WHERE_IT_VARIES) == (0.006, 0.05)


@pytest.mark.parametrize(("old", "now"), [(1, True), (0, "0"), ("1", 1), ([1.0, 0.5, 1.5], "1.0")])
def test_a_cell_of_another_type_differs(old, now):
    stored, new = ({"header": ["n"], "rows": [[cell]]} for cell in (old, now))
    (message,) = measured_tables.differing_cells(stored, new)
    assert message == f"row 1, n: {now!r}, stored is {old!r}"


def test_a_row_more_or_less_is_said():
    stored, new = ({"header": ["n"], "rows": [[1]] * rows} for rows in (2, 1))
    assert list(measured_tables.differing_cells(stored, new)) == ["1 rows, stored are 2"]


def test_rounding_within_the_tolerance_is_no_failure():
    stored, now = (
        executed(table(Interval(mean, 0.43, 0.63), header=("x",))) for mean in (0.53, 0.56)
    )
    assert kinds(stored, now) == [comparing.ROUNDED]
    assert comparing.failures(stored, now) == []


@pytest.mark.parametrize(("tags", "allowed"), [([], 0.05), (["varies"], 0.2)])
def test_a_table_of_a_cell_that_varies_is_allowed_four_times_as_much(tags, allowed):
    def shown(mean):
        cells = executed(table(Interval(mean, 0.43, 0.63), header=("x",)))
        cells.cells[0].metadata.tags = tags
        return cells

    assert comparing.failures(shown(0.53), shown(0.53 + 0.98 * allowed)) == []
    (message,) = comparing.failures(shown(0.53), shown(0.53 + 1.02 * allowed))
    assert f"they may differ by {allowed:.2g}" in message


def test_pictures_of_an_older_matplotlib_may_differ_more():
    assert figures.tolerance("3.11.2") == figures.tolerance("3.12.0rc1") == 0.006
    assert figures.tolerance("3.10.9") == figures.tolerance("3.9.0") == 0.02
