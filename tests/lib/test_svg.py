"""The pen of the SVG pictures: places, paths with gaps, thinned lines, and safe texts."""

import re
import subprocess
import sys

import numpy as np
import pytest

from course_lib import svg
from course_lib.svg import Area, Tick

AREA = Area(10, 20, 110, 70)


def test_shares_lie_between_the_edges():
    assert AREA.x(np.array([0.0, 0.5, 1.0])).tolist() == [10, 60, 110]
    assert AREA.y(np.array([0.0, 0.5, 1.0])).tolist() == [70, 45, 20]


def test_far_outside_places_stay_small_numbers():
    far = np.array([-1e300, 1e300])
    assert np.abs([AREA.x(far), AREA.y(far)]).max() <= 10 * (AREA.width + AREA.height)
    assert np.isnan(AREA.x(np.array(np.nan)))


def test_lines_across_the_area():
    assert AREA.upright(33.33) == "M33.3,20V70"
    assert AREA.across(50) == "M10,50.0H110"
    assert AREA.axes() == "M10,20V70H110"


def test_ticks_stand_at_their_shares():
    assert AREA.x_ticks([0.0, 1 / 3], ["0", "a"]) == (Tick(10.0, "0"), Tick(43.3, "a"))
    assert AREA.y_ticks([1.0], ["top"]) == (Tick(20.0, "top"),)
    with pytest.raises(ValueError, match="shorter"):
        AREA.x_ticks([0.0, 1.0], ["0"])


def test_a_path_is_broken_where_there_is_no_number():
    y = np.array([1.0, 2.0, np.nan, 4.0, np.inf, np.nan])
    assert svg.path(np.arange(6.0), y) == "M0.0,1.0L1.0,2.0M3.0,4.0h.01"
    assert svg.path(np.arange(6.0), np.full(6, np.nan)) == ""


def test_a_band_goes_there_and_back_and_is_broken_as_a_line_is():
    x, low = np.arange(4.0), np.array([0.0, 0.0, np.nan, 0.0])
    assert svg.band(x, low, low + 1) == "M0.0,1.0L1.0,1.0L1.0,0.0L0.0,0.0ZM3.0,1.0L3.0,0.0Z"


def test_a_long_line_keeps_its_ends_and_its_single_spike():
    x, y = np.arange(20_000.0), np.zeros(20_000)
    y[12_345] = 7.0
    found = svg.points(x, y)
    assert len(found) < 1_000
    assert (found[0], found[-1]) == ("0.0,0.0", "19999.0,0.0")
    assert "12345.0,7.0" in found


@pytest.mark.parametrize(
    ("text", "short"),
    [("1e-07", "1e-7"), ("1.00e-04", "1e-4"), ("1.50e+12", "1.5e12"), ("100", "100"), ("-0", "-0")],
)
def test_numbers_are_short(text, short):
    assert svg.short_number(text) == short
    assert float(svg.short_number(text)) == float(text)


def test_no_words_and_no_attribute_become_an_element():
    found = svg.text_element('<b>"&', x=1, text_anchor='"><script>')
    assert re.findall(r"<(\w+)", found) == ["text"]
    assert found.startswith('<text x="1" text-anchor="&quot;&gt;')
    assert found.endswith(">&lt;b&gt;&quot;&amp;</text>")


def test_the_pen_starts_without_matplotlib():
    code = "import sys, course_lib.svg; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
