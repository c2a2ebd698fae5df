"""Tables of measured numbers: digits that the intervals support, and the numbers unrounded."""

import html
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import measured
from course_lib.intervals import Interval

RATIO = Interval(0.97, 0.8, 1.2)
widths = st.floats(1e-9, 1e9)


def shown(monkeypatch, header, rows):
    """Return the data of the one output that show_table displays."""
    outputs = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: outputs.append(data))
    measured.show_table(header, rows)
    (data,) = outputs
    return data


@given(st.floats(-1e6, 1e6), widths)
def test_rounding_moves_a_number_by_no_more_than_the_tolerance(mean, width):
    interval = Interval(mean, mean - width, mean + width)
    digits = measured.decimals(interval)
    allowed = measured.tolerance(interval)
    moved = abs(float(f"{mean:.{digits}f}") - mean)
    assert moved <= allowed * (1 + 1e-6) + abs(mean) * 1e-12


@given(st.floats(1e-5, 1e3), st.floats(1.001, 1e3))
def test_an_interval_that_leaves_out_0_shows_it(low, ratio):
    interval = Interval((low + low * ratio) / 2, low, low * ratio)
    digits = measured.decimals(interval)
    assert float(f"{low:.{digits}f}") > 0 or digits == 6
    assert measured.decimals(Interval(-interval.mean, -low * ratio, -low)) == digits


@given(widths)
def test_one_digit_fewer_would_move_it_further(width):
    interval = Interval(0.0, -width, width)
    digits = measured.decimals(interval)
    assert digits == 0 or 0.5 * 10.0 ** (1 - digits) > measured.tolerance(interval)


@pytest.mark.parametrize("interval", [Interval(0.5, 0.5, 0.5), Interval(0.5, math.nan, math.nan)])
def test_without_a_width_there_are_six_decimals(interval):
    assert measured.decimals(interval) == 6


def test_text_and_html_say_the_same(monkeypatch):
    rows = [("a < b & c", 12, RATIO), ("second", 3, Interval(0.52834, 0.51533, 0.54135))]
    data = shown(monkeypatch, ["what", "seeds", "ratio"], rows)
    lines = data["text/plain"].splitlines()
    assert lines[0] == "what       seeds              ratio"
    assert lines[2] == "a < b & c     12     1.0 [0.8, 1.2]"
    assert lines[3] == "second         3  0.53 [0.52, 0.54]"
    cells = re.findall(r"<t[hd] [^>]*>(.*?)</t[hd]>", data["text/html"])
    assert [html.unescape(cell) for cell in cells] == [
        *("what", "seeds", "ratio"),
        *("a < b & c", "12", "1.0 [0.8, 1.2]"),
        *("second", "3", "0.53 [0.52, 0.54]"),
    ]


def test_the_numbers_are_left_unrounded(monkeypatch):
    data = shown(monkeypatch, ["ratio"], [(RATIO,), (Interval(math.inf, math.nan, math.nan),)])
    assert data[measured.MIME] == {"header": ["ratio"], "rows": [[[0.97, 0.8, 1.2]], [[None] * 3]]}


def test_another_choice_is_kept_once_and_the_choice_itself_is_no_other(monkeypatch):
    chosen = [measured.Chosen("0.4", others) for others in (("0.8", "0.4", "0.8"), ("0.4",))]
    data = shown(monkeypatch, ["peak"], [[one] for one in chosen])
    assert data[measured.MIME]["rows"] == [[{"chosen": "0.4", "others": ["0.8"]}], ["0.4"]]


@pytest.mark.parametrize("cell", [0.5, True, None])
def test_a_number_without_an_interval_is_refused(cell):
    with pytest.raises(TypeError, match=r"rows\[0\], column 'loss' must be an Interval"):
        measured.show_table(["loss"], [(cell,)])


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"rows\[1\] must have 1 cells.*got 2"):
        measured.show_table(["loss"], [("a",), ("a", "b")])


def test_html_shows_signs_as_they_are(monkeypatch):
    data = shown(monkeypatch, ["a < b & c"], [["<b>bold</b>"]])
    assert '<td style="text-align: left">&lt;b&gt;bold&lt;/b&gt;</td>' in data["text/html"]
    assert data["text/html"].startswith('<table style="white-space: nowrap">')
    long = shown(monkeypatch, ["words"], [["a sentence that may be broken over lines"]])
    assert '<td style="text-align: left; white-space: normal">a sentence' in long["text/html"]
    assert "a &lt; b &amp; c" in data["text/html"]


@pytest.mark.parametrize("row", [["x"], ["x", 1, 2]])
def test_a_row_of_another_length_is_named(row):
    with pytest.raises(ValueError, match=r"rows\[1\] must have 2 cells, one a column, got"):
        measured.show_table(["what", "n"], [["y", 1], row])
