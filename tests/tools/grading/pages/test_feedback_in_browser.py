"""Feedback pages in a real Chromium: nothing of a stranger's runs or loads, and all can be read."""

import dataclasses
import re
from contextlib import contextmanager

import pytest
from playwright.sync_api import sync_playwright

from course_tools.doctor import find_chromium
from course_tools.grading.pages.feedback import (
    class_page,
    page_name,
    report_page,
    student_page,
    write_pages,
)
from course_tools.grading.report import GRADED, Report
from tests.tools.grading.example_reports import told
from tests.tools.grading.pages import feedback_reports as made
from tests.tools.grading.pages.feedback_reports import PAYLOADS, filled

WIDTHS, SCHEMES = (380, 1200), ("light", "dark")
PAGES = {
    "student": student_page(
        "Ada Lovelace", made.REPORTS, True, late=["Handed in 1 day late."] * len(made.REPORTS)
    ),
    "by-hand": student_page("Ada Lovelace", made.REPORTS, True, marks=made.MARKS),
    "class": class_page(made.view()),
    "report": report_page(made.view()),
    "attacked": student_page(
        "".join(PAYLOADS), [one for text in PAYLOADS for one in filled(made.REPORTS, text)], True
    ),
    "attacked-class": class_page(filled(made.view(), "".join(PAYLOADS[:-1]) + "x" * 300)),
    "attacked-report": report_page(filled(made.view(), "".join(PAYLOADS[:-1]) + "x" * 300)),
}


def strangers(text):
    """A class whose names, files and reasons are all one text."""
    view = made.view(3)
    attention = [
        dataclasses.replace(one, student=text, user=text, file=text, reasons=(text,))
        for one in view.attention
    ]
    return dataclasses.replace(
        view,
        rows=filled(view.rows, text),
        attention=attention,
        mistakes=[dataclasses.replace(one, who=filled(one.who, text)) for one in view.mistakes],
        tables=[dataclasses.replace(one, rows=filled(one.rows, text)) for one in view.tables],
    )


def whole_course():
    """A class that handed in twelve exercises."""
    view = made.view(3)
    rows = [dataclasses.replace(one, points=(12.25,) * 12) for one in view.rows]
    return dataclasses.replace(view, exercises=view.exercises * 6, rows=rows)


PAGES["whole course"] = report_page(whole_course())
PAGES["strangers"] = report_page(strangers("x" * 300))
PRINTED = 703  # CSS pixels of an A4 page between margins of 12 mm
#: Least contrast of every text with what is behind it, as WCAG 2.2 reckons it: 4.5 is its AA.
CONTRAST = """() => {
  const parsed = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parsed(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    throw new Error('nothing is painted behind a text');
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim()) continue;
    const style = getComputedStyle(element);
    const colour = element.closest('svg') ? style.fill : style.color;
    const [a, b] = [light(parsed(colour)), light(behind(element))].sort((x, y) => y - x);
    found.push([(a + 0.05) / (b + 0.05), walker.currentNode.data]);
  }
  return found.sort((x, y) => x[0] - y[0])[0];
}"""
#: Elements with text that reach out of the window and of every box that scrolls or cuts.
OUTSIDE = """() => [...document.querySelectorAll('main *')].filter(element => {
  const box = element.getBoundingClientRect();
  if (box.width === 0 || box.right <= innerWidth + 0.5) return false;
  for (let at = element.parentElement; at; at = at.parentElement) {
    if (['auto', 'hidden', 'scroll'].includes(getComputedStyle(at).overflowX)) return false;
  }
  return !element.ownerSVGElement;
}).map(element => element.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")
def browser(needs_chromium):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(browser, folder, html, width=1200, scheme="light"):
    """Yield a browser page that shows the HTML, and the list of all that it did besides."""
    write_pages(folder, [("page.html", html)])
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    heard = []
    address = (folder / "page.html").as_uri()
    page.on("console", lambda message: heard.append(("console", message.text)))
    page.on("pageerror", lambda error: heard.append(("error", str(error))))
    page.on("dialog", lambda dialog: (heard.append(("dialog", dialog.message)), dialog.dismiss()))
    page.on("popup", lambda popup: heard.append(("popup", popup.url)))
    page.on(
        "request",
        lambda request: request.url != address and heard.append(("request", request.url)),
    )
    page.on("requestfailed", lambda request: heard.append(("failed", request.failure)))
    try:
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        page.wait_for_timeout(100)
        yield page, heard
    finally:
        page.close()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_runs_nothing_fits_and_can_be_read(browser, tmp_path, name, width, scheme):
    with opened(browser, tmp_path, PAGES[name], width, scheme) as (page, heard):
        assert heard == []
        assert page.evaluate("document.scripts.length") == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OUTSIDE) == []
        contrast, text = page.evaluate(CONTRAST)
        assert contrast >= 4.5, text
        assert page.evaluate("document.styleSheets.length") == 1
        bright = page.evaluate(
            "getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0] > 128"
        )
        assert bright == (scheme == "light")


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("<script>document.title = 'taken'</script>", "script"),
        ("<img src='https://evil.example/x.png' onerror=\"document.title = 'taken'\">", "image"),
        ("<svg onload=\"document.title = 'taken'\"></svg>", "script"),
        ("<style>h1 { font-size: 99px }</style>", "style"),
        ("<h2 style='font-size: 99px'>x</h2>", "style"),
        ("<link rel=stylesheet href='https://evil.example/x.css'>", "style"),
        ("<iframe src=\"javascript:parent.document.title='taken'\"></iframe>", "frame|javascript"),
        ("<base href='https://evil.example/'>", "base"),
    ],
)
def test_the_policy_stops_what_escaping_would_have_missed(browser, tmp_path, attack, said):
    html = PAGES["student"].replace("<header>", f"{attack}<header>")
    assert html != PAGES["student"]
    with opened(browser, tmp_path, html) as (page, heard):
        assert page.title() == "Feedback for Ada Lovelace"
        assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontSize") == "30px"
        assert page.evaluate("document.querySelectorAll('h2').length") >= len(made.REPORTS)
        console = " ".join(text for kind, text in heard if kind == "console")
        assert "Content Security Policy" in console
        assert re.search(said, console)
        others = [one for one in heard if one[0] != "console"]
        asked = [one for one in others if one[0] == "request"]
        assert others == [one for each in asked for one in (each, ("failed", "csp"))]


@pytest.mark.parametrize("folder", ["", "feedback"])
def test_links_lead_to_the_pages_of_the_students(browser, tmp_path, folder):
    name, user = "Student 00003", "1003"
    write_pages(tmp_path, [("class.html", class_page(made.view(), folder))])
    write_pages(tmp_path / folder, [(page_name(name, user), student_page(name, (), False))])
    page = browser.new_page()
    page.goto((tmp_path / "class.html").as_uri())
    page.get_by_role("link", name=name).click()
    page.wait_for_load_state()
    assert page.get_by_role("heading", level=1).inner_text() == name
    page.close()


@pytest.mark.parametrize("width", [400, 1200])
def test_tables_fit_a_narrow_window_and_a_wide_one(browser, tmp_path, width):
    with opened(browser, tmp_path, PAGES["class"], width) as (page, _):
        for heading in ("attention", "tasks", "mistakes", "by-hand"):
            box = page.locator(f"section[aria-labelledby={heading}] .scroll")
            assert box.evaluate("one => one.scrollWidth <= one.clientWidth"), heading


@pytest.mark.parametrize("name", ["report", "class", "student", "strangers", "whole course"])
def test_a_page_fits_the_paper_and_is_printed_light(browser, tmp_path, name):
    with opened(browser, tmp_path, PAGES[name], PRINTED, "dark") as (page, _):
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate("document.documentElement.scrollWidth") <= PRINTED
        assert page.evaluate(OUTSIDE) == []
        ink = page.evaluate("getComputedStyle(document.body).color.match(/\\d+/)[0] < 128")
        assert ink
        hidden = "[...document.querySelectorAll('.scroll, pre')].filter(one => one.scrollWidth > "
        assert page.evaluate(f"{hidden} one.clientWidth + 1).length") == 0


def test_every_table_of_points_begins_a_printed_page(browser, tmp_path):
    with opened(browser, tmp_path, report_page(made.view(3))) as (page, _):
        sections = page.locator(".new-page").count()
        assert sections == 3
        assert page.pdf(format="A4").count(b"/Type /Page\n") > sections


def test_a_name_that_turns_text_around_turns_nothing_around(browser, tmp_path):
    notes = (told("\u202eabc"), told("שלום 12"))
    report = Report("ex04_warmup", GRADED, (made.RIGHT,), notes=notes)
    with opened(browser, tmp_path, student_page("שלום \u202eabc", [report], False)) as (page, _):
        assert page.locator("h1").inner_text() == "שלום ⟨U+202E⟩abc"
        assert page.get_by_text("⟨U+202E⟩abc").count() == 2
        # Every one of them is an island: what stands after it keeps its side.
        isolated = "one => getComputedStyle(one).unicodeBidi"
        assert page.locator("h1 bdi").evaluate(isolated) == "isolate"
        assert page.locator("li bdi").first.evaluate(isolated) == "isolate"


def test_the_picture_is_named_and_its_lines_are_drawn(browser, tmp_path):
    report = Report("ex04_warmup", GRADED, (made.LATE,))
    with opened(browser, tmp_path, student_page("Ada", [report], False)) as (page, _):
        picture = page.get_by_role("img", name="they first differ at step 1")
        assert picture.count() == 1
        lines = picture.locator("path.line")
        strokes = lines.evaluate_all("all => all.map(one => getComputedStyle(one).stroke)")
        widths = lines.evaluate_all("all => all.map(one => one.getBoundingClientRect().width)")
        assert len(set(strokes)) == 2
        assert "none" not in strokes
        assert min(widths) > 300
        assert picture.locator("circle.ring").count() == 1
