"""Makes text from strangers show what it is: nothing in it hides, turns around or gives orders."""

from __future__ import annotations

import re

#: Colours and other orders to a terminal. Each part can match in one way only, and none is
#: longer than the line, so that no text takes more than a moment.
_TERMINAL = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-~]"  # CSI: colours, moving the cursor
    "|\x1b\\][^\x07\x1b\n]{0,2000}(?:\x07|\x1b\\\\)"  # OSC: titles, links
    "|\x1b[()][0-9A-Za-z]"  # alphabets
    "|\x1b[=>78cDEHM]"
)
#: Controls but tab and newline, what turns text around or takes no room, halves of surrogate pairs,
#: line separators, and what is no character. Joiners stay: Persian and emoji need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\U000e0000-\U000e0fff]"
)
_DELETE = 0x7F


def visible(text: str) -> str:
    """Return text with nothing in it that hides, reorders or cannot be stored.

    Orders to a terminal are left out. A control character becomes its picture, as ␀, and every
    other character that cannot be seen its number, as ⟨U+202E⟩.
    """
    return _UNSEEN.sub(_picture, _TERMINAL.sub("", text))


def as_on_a_terminal(text: str) -> str:
    """Return printed text as a terminal leaves it: what a carriage return overwrites is gone."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == _DELETE else f"⟨U+{code:04X}⟩"
