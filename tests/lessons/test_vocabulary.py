"""The texts use the words of the glossary, and none of the words that it does not use.

Held to it are the text cells of `sources/`, README.md, docs/*.md and the hints of the tasks. Code,
formulas, links, comments, quotations and lists of references have words of their own and are passed
over. What else may stay is listed in `ALLOWED`, each with its reason.
"""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import jupytext
import pytest

import course_tasks
from course_lib.reference import TERMS

ROOT = Path(__file__).parents[2]
PASSED_OVER = tuple(
    re.compile(pattern, re.S)
    for pattern in (
        r"```.*?```",
        r"\$\$.*?\$\$",
        r"`[^`]*`",
        r"\$[^$]+\$",
        r"<!--.*?-->",
        r"\]\([^)\s]*\)",
        r"<[^<>]*>",
        r"https?://\S+",
        r"\*\*(References|Sources?)\.\*\*.*",
        r'"[^"]{1,300}"|“[^”]{1,300}”',  # what a paper or a library says, in its words
    )
)


class Allowed(NamedTuple):
    """A word that may stay: where, which, in which words around it (empty: in all), and why."""

    place: str
    word: str
    around: str
    reason: str

    def covers(self, place, word, words):
        return self.place == place and self.word == word and self.around in words


SMITH = "Smith's name for half a period, explained there; no learning rate"
ALLOWED = (
    Allowed("sources/lessons/05_cyclical.py", "step size", "", SMITH),
    Allowed("sources/exercises/ex05_cyclical.py", "step size", "", SMITH),
    Allowed("sources/lessons/01_constant_lr.py", "rank", "Rank them by", "the verb"),
    Allowed("sources/lessons/02_classic_decay.py", "iteration", "epochs, or it", "papers count so"),
    Allowed(
        "sources/lessons/02_classic_decay.py", "iteration", "paper gives it in", "as in a paper"
    ),
    Allowed("sources/lessons/05_cyclical.py", "iteration", "power iteration", "name of a method"),
)


@cache
def texts():
    """Place -> its prose on one line: a file, or a task for its hints."""
    found = {}
    for path in sorted((ROOT / "sources").rglob("*.py")):
        cells = jupytext.read(path).cells
        found[path] = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        found[path] = path.read_text(encoding="utf-8")
    named = {path.relative_to(ROOT).as_posix(): text for path, text in found.items()}
    for task in course_tasks.ALL.values():
        place = f"hints of {task.name}"
        named[place] = "\n\n".join(f"{hint.symptom}\n\n{hint.text}" for hint in task.hints)
    return {place: prose(text) for place, text in named.items()}


def prose(text):
    for pattern in PASSED_OVER:
        text = pattern.sub(" ⋅ ", text)
    return " ".join(text.split())


def said(word, text):
    """Every place where a text has the word, with what stands around it."""
    return re.findall(rf".{{0,60}}(?<![\w-]){re.escape(word)}(?:e?s)?\b.{{0,60}}", text, re.I)


WORDS = [(term.name, word) for term in TERMS for word in term.not_called]


@pytest.mark.parametrize(("name", "word"), WORDS, ids=[word for _, word in WORDS])
def test_the_texts_use_the_word_of_the_glossary(name, word):
    found = [
        f"{place}: …{words}…"
        for place, text in texts().items()
        for words in said(word, text)
        if not any(one.covers(place, word, words) for one in ALLOWED)
    ]
    assert not found, f"the course says {name!r}:\n" + "\n".join(found)


@pytest.mark.parametrize("allowed", ALLOWED, ids=lambda one: f"{one.place}: {one.word}")
def test_what_is_allowed_still_stands_there(allowed):
    assert allowed.reason
    assert any(allowed.around in words for words in said(allowed.word, texts()[allowed.place]))


def test_a_word_that_is_not_used_is_no_other_term():
    names = {term.name.lower() for term in TERMS}
    assert not [word for _, word in WORDS if word.lower() in names]
    assert len({word for _, word in WORDS}) == len(WORDS)


def test_code_and_quotations_may_use_other_words():
    text = (
        'Keras calls it `validation loss`; the paper says "validation loss". [1](validation-loss)'
    )
    assert said("validation loss", prose(text)) == []
    assert said("validation loss", prose("The validation\nlosses fell.")) != []
