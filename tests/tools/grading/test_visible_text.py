"""Text from strangers shows what it is."""

import time

import pytest

from course_tools.grading.visible_text import as_on_a_terminal, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\nÄ 李 👩‍🔬", "plain\ttext\nÄ 李 👩‍🔬"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;http://evil.example\x07link\x1b]8;;\x1b\\", "link"),
        ("\x1b(Babc\x1b=", "abc"),
        ("\x1b\x1b[0m[31mred", "␛[31mred"),  # what is left after one pass is no order
        ("a\x00b\x07\x7f\r", "a␀b␇␡␍"),
        ("\x9b31m", "⟨U+009B⟩31m"),
        ("\u202egnp.exe\u2066\u200b", "⟨U+202E⟩gnp.exe⟨U+2066⟩⟨U+200B⟩"),
        ("\ud800\U000e0041\u2028", "⟨U+D800⟩⟨U+E0041⟩⟨U+2028⟩"),
        ("\x1b]never ends\nnext", "␛]never ends\nnext"),
    ],
)
def test_what_cannot_be_seen_is_shown_or_left_out(text, shown):
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  0%\r 50%\r100%\ndone\n", "100%\ndone\n"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("100%\r", "100%"),
        ("", ""),
    ],
)
def test_what_a_carriage_return_overwrites_is_gone(text, shown):
    assert as_on_a_terminal(text) == shown


@pytest.mark.parametrize("piece", ["\x1b[", "\x1b]", "\x1b[0;", "\r", "\x1b]a\x1b", "\u202e"])
def test_no_text_takes_long(piece):
    text = piece * 100_000
    start = time.process_time()
    visible(text)
    as_on_a_terminal(text)
    visible(piece + "0" * 300_000)
    assert time.process_time() - start < 1
