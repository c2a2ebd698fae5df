"""Feedback pages say what a report holds, to whom it is meant, and are no more than text."""

import dataclasses
import re
import time
from html.parser import HTMLParser
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_tools.grading import report as words
from course_tools.grading import report_json
from course_tools.grading.pages.feedback import (
    MOST_ROWS,
    class_page,
    page_name,
    report_page,
    student_page,
)
from course_tools.grading.pages.views import ClassView, StudentView
from course_tools.grading.report import OUTCOMES, STATES, Report, Reproduction
from tests.tools.grading.example_reports import OUTCOME_OF, told
from tests.tools.grading.pages import feedback_reports as made
from tests.tools.grading.pages.feedback_reports import PAYLOADS, filled

#: Attributes in which words of somebody else may stand: they are read out, and nothing more.
WORDED = {"aria-label"}
VOID = {"meta", "br"}
HIDES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


class Structure(HTMLParser):
    """The elements of a page with their attributes, the texts apart."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.texts, self.open = [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        assert len(attributes) == len(self.elements[-1][1])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.elements.append((f"/{tag}", {}))

    def handle_data(self, data):
        self.texts.append(data)

    def handle_comment(self, data):
        self.elements.append(("comment", {"data": data}))

    @property
    def text(self):
        return "".join(self.texts)

    def named(self, *tags):
        return [(tag, attributes) for tag, attributes in self.elements if tag in tags]

    @property
    def skeleton(self):
        """The elements without words that are read out, and without the hashes in addresses.

        Backticks in a text make plain code of what is between them.
        """
        assert all(a in ({}, {"class": "muted"}) for _, a in self.named("code"))
        return [
            (tag, {name: standing(name, value) for name, value in attributes.items()})
            for tag, attributes in self.elements
            if tag not in ("code", "/code")
        ]


def standing(name, value):
    """What of an attribute's value has to be the same whatever the data are."""
    if name == "href":
        assert re.fullmatch(r"#exercise-\d+|[a-z0-9][a-z0-9-]*\.html", value)
        return value if value.startswith("#") else "a page"
    return "words" if name in WORDED else value


def hostile_pages(text):
    """All kinds of page with `text` in every field; of states and outcomes the known ones, too."""
    reports = filled(made.REPORTS, text)
    known = tuple(
        dataclasses.replace(
            report,
            state=before.state,
            tasks=tuple(
                dataclasses.replace(task, outcome=old.outcome)
                for task, old in zip(report.tasks, before.tasks, strict=True)
            ),
        )
        for report, before in zip(reports, made.REPORTS, strict=True)
    )
    yield student_page(text, reports, True)
    yield student_page(text, known, False)
    yield student_page(text, known, False, marks=filled(made.MARKS, text))
    yield class_page(filled(made.view(), text))
    yield report_page(filled(made.view(), text))


PLAIN = [Structure(page).skeleton for page in hostile_pages("word")]


def check_pages(text):
    for page, plain in zip(hostile_pages(text), PLAIN, strict=True):
        assert Structure(page).skeleton == plain
        assert not HIDES.search(page)
        page.encode("utf-8")


@pytest.mark.parametrize("text", PAYLOADS, ids=range(len(PAYLOADS)))
def test_no_element_and_no_attribute_comes_from_data(text):
    check_pages(text)


STRANGE = st.text(st.characters(), min_size=1, max_size=30).filter(
    lambda text: text.strip() and text not in (*STATES, *OUTCOMES)
)


@given(text=STRANGE)
@settings(max_examples=40, deadline=None)
def test_no_element_comes_from_any_text(text):
    check_pages(text)


def test_every_text_of_a_report_stands_on_the_page_as_it_is():
    text = "<b>&'\"bold"
    fields = {"sentence", "cause", "printed"}
    task = dataclasses.replace(
        made.LATE, task="<b>task", **{name: f"{text} {name}" for name in fields}
    )
    report = Report(
        "<b>exercise",
        words.GRADED,
        (task,),
        notes=(told(f"{text} note"),),
        reproduction=Reproduction(words.OTHER_OUTPUTS, 1, 1, (f"{text} again",)),
        printed=f"{text} around",
    )
    shown = Structure(student_page(f"{text} name", [report], False)).text
    for tail in (*fields, "note", "again", "around", "name"):
        assert f"{text} {tail}" in shown
    assert "<b>task" in shown
    assert "<b>exercise" in shown


def test_a_page_shows_points_difference_cause_and_curve():
    page = Structure(student_page("Ada Lovelace", made.REPORTS[:1], False))
    for text in (
        "Ada Lovelace",
        "Exercise 4: warmup",
        "warmup_cosine(step=1, peak_lr=0.1, warmup_steps=20, total_steps=200)",
        "(case 3 of the 24 that your notebook's check tries)",
        "0.0025",
        "0.005",
        "twice as late",
        "no longer a code cell",
        "prints something else in In [3], In [4] (of 5 cells with outputs)",
        "first difference, at step 1",
        "step 0  lr 0.0\nstep 1",
        "numpy 2.1.0",
    ):
        assert text in page.text
    assert re.search(r"7\.75 of 12 points", page.text)
    assert re.search(r"values\s+3\.5 of 3\.5", page.text)
    assert re.search(r"kind of number\s+0 of 0\.25", page.text)


def test_what_is_the_instructors_is_on_no_students_page():
    for show_hidden in (True, False):
        assert "SUSPECTED" not in student_page("Ada", made.REPORTS, show_hidden)
    graded = [
        dataclasses.replace(report, state=words.GRADED, suspicions=())
        for report in made.REPORTS
        if report.state == words.SUSPICIOUS
    ]
    suspicious = [report for report in made.REPORTS if report.state == words.SUSPICIOUS]
    assert graded
    assert student_page("Ada", suspicious, False) == student_page("Ada", graded, False)


def test_hidden_cases_are_shown_only_where_that_is_wanted():
    only = "right on every case that the notebook's check shows, but not on others"
    report = Report("ex05_cyclical", words.GRADED, (made.HIDDEN_ONLY,))
    closed = Structure(student_page("Ada", [report], False)).text
    assert only in closed
    for secret in ("step=73", "0.0525", "of 20"):
        assert secret not in closed
    opened = Structure(student_page("Ada", [report], True)).text
    assert "wsd(step=73, peak_lr=0.21, total_steps=97)" in opened
    assert only not in opened
    both = Structure(student_page("Ada", [Report("x", "graded", (made.LATE,))], False)).text
    assert "It also differs on cases" in both
    assert "0.0239" not in both


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_state_and_outcome_has_words_of_its_own(state, outcome):
    task = dataclasses.replace(made.STUB, outcome=outcome)
    text = Structure(student_page("Ada", [Report("ex04_warmup", state, (task,))], False)).text
    assert "suspicious" not in text.lower()
    sentences = {
        words.NOT_WRITTEN: "still the one you were given",
        words.MISSING: "no function of this name",
        words.TIMED_OUT: "It did not finish in time",
        words.DIED: "ended while the function was called",
        words.OVER_LIMIT: "than a task may",
        words.ANSWERED: "No points",
    }
    assert [one for one in sentences.values() if one in text] == [sentences[outcome]]
    states = {
        words.PARTLY_GRADED: "others are not affected",
        words.UNREADABLE: "could not be read as a notebook",
        words.CRASHED: "ended too early",
        words.OVER_A_LIMIT: "than a submission may",
    }
    said = Structure(student_page("Ada", [Report("ex04_warmup", state)], False)).text
    assert [one for one in states.values() if one in said] == [
        sentence for name, sentence in states.items() if name == state
    ]


@pytest.mark.parametrize("kind", get_args(words.StopKind))
def test_a_student_reads_which_limit_stopped_a_function(kind):
    said = {
        "cell_seconds": "Its cell did not finish in time",
        "task_seconds": "Its calls did not finish in time",
        "submission_seconds": "The notebook used up the time for all",
        "memory_mb": "It used more memory than a submission may.",
        "output_mb": "More was printed or displayed",
        "message_mb": "one message that was too large",
        words.PROCESS_ENDED: "The Python process ended while",
    }
    task = dataclasses.replace(made.STUB, outcome=OUTCOME_OF[kind], stopped_by=kind)
    text = Structure(student_page("Ada", [Report("ex04_warmup", "graded", (task,))], False)).text
    assert [one for one in said.values() if one in text] == [said[kind]]


def test_the_error_of_a_cell_whose_function_is_missing_is_shown():
    raised = words.RaisedError("SyntaxError", "invalid <syntax>")
    task = dataclasses.replace(made.GONE, raised=raised)
    text = Structure(student_page("Ada", [Report("ex04_warmup", "graded", (task,))], False)).text
    assert "no function of this name. Its cell raised SyntaxError: invalid <syntax>" in text


def test_a_submission_that_ran_without_a_sandbox_says_so():
    report = Report("ex04_warmup", words.GRADED, (made.RIGHT,))
    assert "without a sandbox" not in student_page("Ada", [report], False)
    unsafe = dataclasses.replace(report, unsafe=True)
    assert "without a sandbox" in student_page("Ada", [unsafe], False)
    assert "without a sandbox" in class_page(made.view())
    assert "without a sandbox" not in class_page(dataclasses.replace(made.view(), unsafe=0))


def test_printed_text_stands_there_as_a_terminal_leaves_it():
    report = Report("ex05_cyclical", words.PARTLY_GRADED, (made.ENDLESS,), printed="1\r2\r\n3")
    text = Structure(student_page("Ada", [report], False)).text
    assert " 98%|" in text
    assert " 91%|" not in text
    assert "2\n3" in text
    assert "␍" not in text


def test_a_student_without_any_report_has_a_page():
    assert "Nothing has been graded yet" in student_page("", [], False)


def test_the_class_page_shows_numbers_and_links():
    view = made.view()
    page = Structure(class_page(view))
    for text in ("37 graded", "mean 8.25 of 12", "90 %", "warmup counted in epochs", "11"):
        assert text in page.text
    for text in ("Grace Hopper", "It opened a socket.", "hoppergrace_1034_7781_ex04_warmup.ipynb"):
        assert text in page.text
    links = {attributes["href"] for _, attributes in page.named("a")}
    people = [(one.student, one.user) for one in (*view.rows, *view.attention)]
    people += [one for mistake in view.mistakes for one in mistake.who]
    assert links == {page_name(*one) for one in people}
    first, _ = [a["aria-label"] for _, a in page.named("svg") if a.get("role") == "img"]
    assert first.startswith("Students by points. 0 to 1.5: 1, 1.5 to 3: 0, ")
    assert first.endswith("10.5 to 12: 19.")


def test_a_class_of_twenty_thousand_has_a_page_that_opens():
    view = made.view(20_000)
    people = dataclasses.replace(view.people, missing=view.people.missing * 10_000)
    view = dataclasses.replace(view, attention=view.attention * 10_000, people=people)
    start = time.process_time()
    page = class_page(view)
    assert time.process_time() - start < 5
    assert len(page) < 2_000_000
    assert page.count("The first 1,000 of 20,000 are listed") == 3
    rows = Structure(page).named("tr")
    others = (*view.tasks, *view.mistakes, *people.late, *people.choices, *view.settings)
    assert len(rows) == 3 * MOST_ROWS + len(others) + len(view.by_hand) + 9
    assert "are listed" not in class_page(made.view(MOST_ROWS))


def test_the_class_report_holds_the_class_page_and_every_task_and_no_link():
    kept = Structure(report_page(made.view(3), pending=2))
    assert not kept.named("a")
    words_of_both = Structure(class_page(made.view(3), pending=2)).text.split()
    assert set(words_of_both) - set(kept.text.split()) <= {"overview"}
    assert kept.text.count("Points by task") == 2
    assert kept.text.count("Student 00002") == 2
    with pytest.raises(ValueError, match="points of 'Ada' must be one an exercise, 0, got 1"):
        report_page(ClassView(1, (), rows=(StudentView("Ada", "", (1.0,)),)))


def test_the_statistics_of_a_task_are_shown():
    text = " ".join(Structure(class_page(made.view())).text.split())
    assert "\u22120.13 \u22120.40 to 0.20, n = 1,234" in text
    assert "1.00 no interval, n = 40" in text
    assert "time 0.2 s (12.3 s)" in text
    assert "time < 0.1 s" in text
    assert "discrimination –" in text
    assert "04_warmup “Who calls step() for you?”" in text


@pytest.mark.parametrize("folder", ["..", "a/b", "javascript:alert(1)", ".x", "/", "a\n", " "])
def test_the_folder_of_the_links_is_a_plain_name(folder):
    with pytest.raises(ValueError, match="folder must be a name of letters"):
        class_page(ClassView(0, ()), folder)


def test_points_must_fit_the_exercises():
    view = ClassView(1, (), rows=(StudentView("Ada", "", (1.0,)),))
    with pytest.raises(ValueError, match="points of 'Ada' must be one an exercise, 0, got 1"):
        class_page(view)


@pytest.mark.parametrize(
    "page",
    [
        student_page("Ada", made.REPORTS, True),
        student_page("Ada", made.REPORTS[:1], False),
        student_page("Ada", [], False),
        class_page(made.view()),
        class_page(ClassView(0, ())),
        report_page(made.view()),
        report_page(ClassView(0, ())),
    ],
    ids=["all", "one", "none", "class", "empty class", "report", "empty report"],
)
def test_pages_are_accessible_and_load_nothing(page):
    found = Structure(page)
    assert page.startswith("<!doctype html>")
    assert [a["lang"] for _, a in found.named("html")] == ["en"]
    assert found.named("title")
    levels = [int(tag[1]) for tag, _ in found.named("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert all(attributes.get("scope") in ("row", "col") for _, attributes in found.named("th"))
    assert len(found.named("table")) == len(found.named("caption"))
    outer = [a for _, a in found.named("svg") if "x" not in a]  # a nested one only clips
    assert all(a.get("aria-hidden") or (a["role"] == "img" and a["aria-label"]) for a in outer)
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in found.elements:
        assert not {"style", "src", "srcset"} & attributes.keys()
        assert not any(name.startswith("on") for name in attributes)
    assert not found.named("script", "link", "img", "iframe", "object", "base", "form", "use")
    (policy,) = [a["content"] for _, a in found.named("meta") if "http-equiv" in a]
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/=]{44}'; base-uri 'none'; form-action 'none'",
        policy,
    )
    assert {"name": "referrer", "content": "no-referrer"} in [a for _, a in found.named("meta")]


def test_the_same_reports_give_the_same_page():
    again = [report_json.from_json(report_json.to_json(report)) for report in made.REPORTS]
    assert student_page("Ada", again, True) == student_page("Ada", made.REPORTS, True)


def test_two_hundred_pages_take_less_than_two_seconds():
    report = Report("ex04_warmup", words.GRADED, (made.RIGHT, made.LATE, made.KIND))
    student_page("warm", [report], False)
    start = time.process_time()
    for number in range(200):
        student_page(f"Student {number}", [report], False)
    assert time.process_time() - start < 2
