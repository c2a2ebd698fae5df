"""Feedback pages say why points are missing, what to do, and nothing that is not so."""

import dataclasses
import re

from course_tools.grading import report as words
from course_tools.grading.pages.feedback import class_page, student_page
from course_tools.grading.report import Report
from course_tools.grading.run.marking import without_points
from tests.tools.grading.pages import feedback_reports as made
from tests.tools.grading.pages.test_feedback import Structure


def test_what_stands_in_backticks_is_code_and_escaped():
    told = "Is `x < y` or `</code><script>alert(1)</script>` in `\u202e`? A ` alone is one."
    task = dataclasses.replace(made.LATE, cause=told, sentence=told)
    attention = dataclasses.replace(made.view().attention[0], reasons=(told,))
    mistake = dataclasses.replace(made.view().mistakes[0], cause=told)
    view = dataclasses.replace(made.view(), attention=(attention,), mistakes=(mistake,))
    student = student_page("Ada", [Report("ex04_warmup", words.GRADED, (task,))], False)
    for page in (student, class_page(view)):
        assert page.count("<code>x &lt; y</code>") == 2
        assert page.count("<code>&lt;/code&gt;&lt;script&gt;alert(1)&lt;/script&gt;</code>") == 2
        assert page.count("<code>⟨U+202E⟩</code>? A ` alone is one.") == 2
        assert not Structure(page).named("script")


def test_emphasis_is_shown_as_such_in_the_course_s_own_sentences_alone():
    cause = "It is *added* to the *old weight*, 2 * n and `2 *n* 3` and 1 - beta**t and *<i>*."
    shown = (
        "It is <em>added</em> to the <em>old weight</em>, 2 * n and <code>2 *n* 3</code> "
        "and 1 - beta**t and *&lt;i&gt;*."
    )
    task = dataclasses.replace(made.LATE, cause=cause, sentence="NameError: *args*")
    mistake = dataclasses.replace(made.view().mistakes[0], cause=cause)
    student = student_page("Ada", [Report("ex04_warmup", words.GRADED, (task,))], False)
    view = dataclasses.replace(made.view(), mistakes=(mistake,))
    assert shown in student
    assert shown in class_page(view)
    assert "NameError: *args*" in student


def parts_of(*tasks):
    text = Structure(student_page("Ada", [Report("ex04_warmup", "graded", tasks)], False)).text
    return text, re.findall(r"([✓◐✗]) ([a-z ]+?) [\d.]+ of [\d.]+", text)


def test_parts_that_count_with_right_values_only_are_not_called_wrong_without():
    text, found = parts_of(made.LATE)
    assert found == [("✗", "values")]
    assert "shape and kind of number count only if the values are right" in text
    assert "Kind of number:" not in text
    text, found = parts_of(made.LATE, made.KIND, made.KIND)
    assert found[1:4] == [("✓", "values"), ("✓", "shape"), ("✗", "kind of number")]
    assert text.count("Kind of number:") == 1


def test_points_that_were_taken_away_have_a_reason_and_no_cross():
    task = without_points(made.RIGHT)
    text, found = parts_of(task)
    assert found == []
    assert "No points" in text
    assert "calls an existing implementation, which this course does not" in text
    assert "Its values were right." in text
    text, _ = parts_of(without_points(made.LATE))
    assert "Its values were not right." in text


def test_the_name_of_a_known_mistake_is_no_students_business():
    text, _ = parts_of(made.LATE)
    assert "warmup counted in epochs" not in text


def test_an_unreadable_file_is_named_and_no_exercise():
    reports = [made.REPORTS[0], made.REPORTS[4], made.REPORTS[-1]]
    page = student_page("Ada", reports, False, ["a.ipynb", "b.ipynb", "broken <b>.ipynb"])
    text = Structure(page).text
    assert "in 2 exercises" in text
    assert "broken <b>.ipynb" in text
    assert "a.ipynb" not in text
    assert "Save the notebook in Jupyter (File > Save) and hand in the .ipynb file again" in text
    assert "in 2 exercises" not in Structure(student_page("Ada", reports[1:], False)).text


def test_what_did_not_finish_is_named():
    report = Report("ex04_warmup", words.PARTLY_GRADED, (made.RIGHT, made.ENDLESS))
    page = student_page("Ada", [report], False)
    assert "<code>many_steps</code> did not finish in time (perhaps a loop that" in page


def test_where_nothing_is_written_nothing_is_called_graded():
    for state in (words.GRADED, words.SUSPICIOUS):
        report = Report("ex04_warmup", state, (made.STUB, made.STUB))
        text = Structure(student_page("Ada", [report], False)).text
        assert "○ Nothing written yet" in text
        assert "✓ Graded" not in text
    some = Report("ex04_warmup", words.GRADED, (made.STUB, made.LATE))
    text = Structure(student_page("Ada", [some], False)).text
    assert "Nothing written yet" not in text


def test_files_without_a_result_are_on_top_of_the_class_page():
    assert "not graded yet" not in class_page(made.view())
    text = Structure(class_page(made.view(), pending=1_200)).text
    assert "1,200 files are not graded yet. Run the same command again." in text
    assert "1 file is not graded yet" in Structure(class_page(made.view(), pending=1)).text


def test_the_class_page_tells_hand_ins_from_students():
    text = Structure(class_page(made.view())).text
    assert "40 students" in text
    assert re.search(r"40\s+hand-ins \(", text)


def test_known_mistakes_are_shown_with_what_is_read_and_by_whom():
    page = class_page(made.view())
    text = Structure(page).text
    assert "Your curve reaches its peak a step late." in text
    assert re.search(r"Ada,\s+Bob\s+and 2 more", text)


def test_lines_between_few_steps_are_said_to_be_none():
    text, _ = parts_of(made.FEW)
    assert "The lines join the steps that were tried." in text
    assert "lines join" not in parts_of(made.LATE)[0]
