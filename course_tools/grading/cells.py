"""A cell of a table that a spreadsheet opens: text from strangers, which must stay text."""

from __future__ import annotations

import re
import unicodedata

#: Characters of a text that are kept; a spreadsheet's cell holds 32767.
LONGEST = 1000
#: What a formula begins with; the minus sign is no other form of the hyphen.
_FORMULA = frozenset("=+-@\u2212")
_QUOTES = frozenset("'\"`´‘’‚‛“”„‟«»‹›")
#: Controls that turn the direction of writing, and the mark that begins a file.
_REMOVED = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def cell(value: str | float | bool | None) -> str:
    """Return what is written for a value: the same on any machine, and never a formula.

    A number is written without an exponent and with at most six decimals, True is "yes", None and
    False are empty. Text becomes a single line; an apostrophe is put before what a spreadsheet
    would compute (https://owasp.org/www-community/attacks/CSV_Injection), also where it stands
    after spaces, quotes or invisible characters, in full-width form, or after a semicolon, which
    separates cells where the comma is the decimal sign.
    """
    if value is None or isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, str):
        return ";".join(_defused(part) for part in line_of(value).split(";"))
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def line_of(text: str) -> str:
    """Return the text as one line of at most LONGEST characters that can be printed."""
    if text.isprintable() and len(text) <= LONGEST:  # as nearly all are
        return " ".join(text.split())
    # A stranger's text may be very long; a few spaces more than are kept are enough to look at.
    shown = "".join(_printable(character) for character in _REMOVED.sub("", text[: 4 * LONGEST]))
    line = " ".join(shown.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _printable(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Cs":  # half of a character, as for a byte of a name that is no UTF-8
        return "\ufffd"
    return " " if kind in ("Cc", "Zl", "Zp") else character


def _defused(text: str) -> str:
    for character in text:
        if character in _QUOTES or character.isspace():
            continue
        if unicodedata.category(character) in ("Cf", "Mn", "Me"):  # nothing is seen of it
            continue
        plain = unicodedata.normalize("NFKC", character)
        return f"'{text}" if plain[0] in _FORMULA else text
    return text
