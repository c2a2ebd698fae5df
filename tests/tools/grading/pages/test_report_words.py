"""Every kind in a report has its sentence, and reports of older versions keep theirs."""

import dataclasses
import json
from typing import get_args

import pytest

from course_tools.grading import report as kinds
from course_tools.grading import report_json
from course_tools.grading.pages.report_words import (
    joined,
    note_words,
    reproduction_words,
    stopped_words,
    suspicion_words,
)
from course_tools.grading.report import Note, Reproduction, Suspicion
from tests.tools.grading.example_reports import full_report

SUSPICIONS = (
    (
        Suspicion(kinds.CALLS_IMPLEMENTATION, "f", ("optax.a", "optax.b")),
        "f calls optax.a, optax.b, an existing implementation.",
    ),
    (
        Suspicion(kinds.REACHES_BEYOND, "f", ("eval", "gc")),
        "f uses eval, gc, which no exercise needs.",
    ),
    (
        Suspicion(kinds.READS_PRIVATE, "f", ("._x",)),
        "f reads ._x, private parts of an argument.",
    ),
    (
        Suspicion(kinds.OTHER_LIBRARY, "f", ("pandas",)),
        "f uses pandas, a library that no exercise needs.",
    ),
    (
        Suspicion(kinds.NOT_IN_THE_CELLS, "f", ("f",)),
        "f depends on f, whose code the cells do not show.",
    ),
    (Suspicion(kinds.RIGHT_NO_POINTS, "f"), "So f got no points. Its values were right."),
    (Suspicion(kinds.WRONG_NO_POINTS, "f"), "So f got no points. Its values were not right."),
    (Suspicion(kinds.TOLD, told="f calls {it}."), "f calls {it}."),
)
NOTES = (
    (Note(kinds.NOT_CODE, "f"), "The cell of f is no longer a code cell, so it cannot be run."),
    (
        Note(kinds.CELL_STOPPED, "f", "x = {1}", kinds.TIMED_OUT),
        "The cell of f, which begins with “x = {1}”, was stopped: timed out.",
    ),
    (
        Note(kinds.CELL_STOPPED, begins="x = 1", why=kinds.DIED),
        "A cell of yours, which begins with “x = 1”, was stopped: crashed.",
    ),
    (Note(kinds.TWICE, "f"), "f occurs more than once; the best one counts."),
    (
        Note(kinds.LEFT_OUT, begins="x = 1", why=kinds.DIED),
        "Cells of yours, the first of which begins with “x = 1”, were not run: others like them "
        "had ended the process three times.",
    ),
    (
        Note(kinds.CHANGED_LATER, "f", "np = 3"),
        "For f, these points were earned right after the function's own cell. At the end of the "
        "notebook they no longer are, because of the later cell that begins with “np = 3”.",
    ),
    (
        Note(kinds.RIGHT_LATER, "f"),
        "For f, these points were earned at the end of the notebook. Right after the function's "
        "own cell there were fewer, so a check there says something else.",
    ),
    (
        Note(kinds.CELL_STOPPED, "f", "x = 1", kinds.OVER_LIMIT, stopped_by="output_mb"),
        "The cell of f, which begins with “x = 1”, was stopped: too much was printed or displayed "
        "(output_mb).",
    ),
    (Note(kinds.EMPTY_FILE), "The file is empty (0 bytes)."),
    (
        Note(kinds.MODULE_NOT_THERE, name="helper"),
        "The notebook imports helper, which is not there when it runs: other files are not, and of "
        "libraries only those that the course uses. What its functions need of helper belongs in "
        "the notebook itself.",
    ),
    (
        Note(kinds.FILE_NOT_THERE, name="{a}.csv"),
        "The notebook reads {a}.csv, which is not there when it runs: other files are not. What "
        "its functions need of {a}.csv belongs in the notebook itself.",
    ),
    (Note(kinds.TOLD, told="It is no JSON."), "It is no JSON."),
)
OTHER = "Run afresh, the notebook prints something else in "
NO_PROOF = "Clock times and random numbers without a seed differ as well."
LEFT_OUT = "Marks in the notebook tell nbval to leave out "
TWELVE = tuple(f"In [{n}]" for n in range(12))
REPRODUCTIONS = (
    (Reproduction(kinds.NO_OUTPUTS), "No outputs were handed in.", False),
    (
        Reproduction(kinds.NO_OUTPUTS, left_out=1),
        f"{LEFT_OUT}1 cell with outputs.",
        True,
    ),
    (
        Reproduction(kinds.MALFORMED),
        "The file is not well-formed, so it cannot be run as a notebook.",
        True,
    ),
    (
        Reproduction(kinds.ENDLESS, 3),
        "Run afresh, the notebook did not come to its end.",
        True,
    ),
    (
        Reproduction(kinds.SAME_OUTPUTS, 1),
        "Run afresh, the notebook prints what was handed in (1 cell with outputs).",
        False,
    ),
    (
        Reproduction(kinds.SAME_OUTPUTS, 3, left_out=2),
        f"{LEFT_OUT}2 cells with outputs. "
        "Run afresh, the notebook prints what was handed in (3 cells with outputs).",
        True,
    ),
    (
        Reproduction(kinds.OTHER_OUTPUTS, 3, 2, TWELVE[:2]),
        f"{OTHER}In [0], In [1] (of 3 cells with outputs). {NO_PROOF}",
        True,
    ),
    (
        Reproduction(kinds.OTHER_OUTPUTS, 20, 13, TWELVE),
        f"{OTHER}{', '.join(TWELVE)} and more (of 20 cells with outputs). {NO_PROOF}",
        True,
    ),
)


@pytest.mark.parametrize(("found", "sentence"), SUSPICIONS)
def test_a_suspicion_is_a_sentence(found, sentence):
    assert suspicion_words(found) == sentence


@pytest.mark.parametrize(("note", "sentence"), NOTES)
def test_a_note_is_a_sentence_for_the_learner_or_about_the_learner(note, sentence):
    assert note_words(note) == sentence
    about = note_words(note, for_staff=True)
    for mine, theirs in (("A cell of yours", "A cell"), ("Cells of yours", "Cells")):
        sentence = sentence.replace(mine, f"{theirs} of their own")
    assert about == sentence


def test_notes_that_say_the_same_of_several_tasks_are_one():
    notes = [Note(kinds.CHANGED_LATER, name, "np = 3") for name in ("f", "g")]
    notes += [Note(kinds.CHANGED_LATER, "h", "x = 1"), Note(kinds.TWICE, "f")]
    assert [(note.kind, note.task) for note in joined(notes)] == [
        (kinds.CHANGED_LATER, "f, g"),
        (kinds.CHANGED_LATER, "h"),
        (kinds.TWICE, "f"),
    ]


@pytest.mark.parametrize(("found", "sentence", "is_other"), REPRODUCTIONS)
def test_a_reproduction_is_a_sentence(found, sentence, is_other):
    assert reproduction_words(found) == sentence
    assert found.is_other == is_other


def test_every_kind_is_here():
    for kind, found in (
        (kinds.SuspicionKind, SUSPICIONS),
        (kinds.NoteKind, NOTES),
        (kinds.ReproductionKind, REPRODUCTIONS),
    ):
        assert {row[0].kind for row in found} == set(get_args(kind))


def test_every_limit_is_named_in_words_of_its_own():
    said = {kind: stopped_words(kind) for kind in get_args(kinds.StopKind)}
    assert len(set(said.values())) == len(said)
    assert all(kind in words for kind, words in said.items() if kind != kinds.PROCESS_ENDED)
    assert stopped_words("") == stopped_words("{new}") == ""


def test_what_was_not_asked_has_no_words_and_an_unknown_kind_is_shown():
    assert reproduction_words(None) == ""
    assert suspicion_words(Suspicion("{new}")) == note_words(Note("{new}")) == "{new}"
    assert reproduction_words(Reproduction("{new}")) == "{new}"


def older(suspicions, notes, reproduction):
    """A report as versions wrote it that kept sentences."""
    found = json.loads(report_json.to_json(full_report()))
    found |= {"suspicions": suspicions, "notes": notes, "reproduction": reproduction}
    return report_json.from_json(json.dumps(found))


@pytest.mark.parametrize(("_found", "sentence", "is_other"), REPRODUCTIONS)
def test_reports_of_older_versions_are_read_with_their_sentences(_found, sentence, is_other):
    said = [words for _, words in SUSPICIONS], [words for _, words in NOTES]
    found = older(*said, sentence)
    assert [suspicion_words(one) for one in found.suspicions] == said[0]
    assert [note_words(one) for one in found.notes] == said[1]
    assert reproduction_words(found.reproduction) == sentence
    assert found.reproduction.is_other == is_other
    assert report_json.from_json(report_json.to_json(found)) == found


def test_an_older_report_without_any_of_them_is_as_one_of_today():
    new = dataclasses.replace(full_report(), suspicions=(), notes=(), reproduction=None)
    assert older([], [], "") == new
