"""Reads names of files in a zip file that does not say how they are encoded.

A zip file marks names in UTF-8. Without the mark, the standard says code page 437, but programs
write UTF-8, or the code page of the machine that packed it. An encoding fits when all names are
made of plausible words in it. Where the encodings that fit read the names differently, an
instructor has to say which one is right.
"""

from __future__ import annotations

import codecs
import itertools
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Sequence

#: Code pages of systems that pack zip files, the most frequent first.
ENCODINGS = (
    *("cp1252", "cp437", "cp850", "cp1250", "cp852", "cp1254", "cp1251", "cp866", "mac_roman"),
    *("shift_jis", "gbk", "big5", "euc_kr"),
)
_SAYS_UTF8 = 0x800  # bit of a member's flags
_UNICODE_PATH = 0x7075  # number of an extra field: the name in UTF-8
_TIMES = 0x5455  # number of an extra field: the time in UTC
_WORD = re.compile(r"[^\W\d_]+(?:[^\W\d_]|[\u0300-\u036f])*")
_TYPOGRAPHIC = frozenset("’‘–´ʻ")  # they occur in names, and are letters of no script


def raw_name(member: zipfile.ZipInfo) -> bytes | None:
    """Return the bytes of a member's name, None where its encoding is certain."""
    if member.flag_bits & _SAYS_UTF8 or member.orig_filename.isascii():
        return None
    raw = member.orig_filename.encode("cp437")  # as which Python has read it
    return None if is_utf8(raw) or _unicode_path(member, raw) else raw


def certain_name(member: zipfile.ZipInfo) -> str:
    """Return a name whose encoding is certain; see `raw_name`."""
    if member.flag_bits & _SAYS_UTF8 or member.orig_filename.isascii():
        return member.filename
    raw = member.orig_filename.encode("cp437")
    return _unicode_path(member, raw) or raw.decode("utf-8")


def readings(names: Sequence[bytes]) -> dict[str, list[str]]:
    """Return what names are in the encodings that fit all of them.

    Args:
        names: the bytes of the names.

    Returns:
        Encoding -> the names, in the order given. One entry: the names are certain. Where no
        encoding fits, it is code page 437 among several others that decode them.
    """
    found: dict[str, list[str]] = {}
    possible: dict[str, list[str]] = {}
    for encoding in ENCODINGS:
        try:
            texts = [name.decode(encoding) for name in names]
        except UnicodeDecodeError:
            continue
        possible[encoding] = texts
        if all(map(is_plausible, texts)) and texts not in found.values():
            found[encoding] = texts
    return found or possible


def check_encoding(encoding: str) -> None:
    """Refuse what is no encoding.

    Raises:
        ValueError: there is no such encoding.
    """
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise ValueError(
            f"--zip-names must be an encoding, such as {', '.join(ENCODINGS)}, got {encoding!r}"
        ) from error


def decoded(names: Sequence[bytes], encoding: str) -> list[str]:
    """Return names in an encoding that the instructor knows.

    Raises:
        ValueError: a name cannot be read in it.
    """
    try:
        return [name.decode(encoding) for name in names]
    except UnicodeDecodeError as error:
        raise ValueError(f"--zip-names {encoding}: {error.object!r} is no name in it") from error


def is_plausible(text: str) -> bool:
    """Return whether the words of a name can be words of people.

    Letters of one script stand together, no capital stands inside a word of small letters, and
    there are no signs but those of a keyboard.
    """
    if any(ord(one) > 127 and not (one.isalpha() or _is_mark(one)) for one in text):
        return False
    return all(map(_is_word, _WORD.findall(text)))


def looks_garbled(text: str) -> bool:
    """Return whether a name looks as one that was read in a wrong encoding before."""
    if text.isascii():
        return False
    if any(one == "\ufffd" or "\ud800" <= one <= "\udfff" for one in text):
        return True
    for encoding in ("cp1252", "latin-1", "cp437", "cp850"):
        try:
            if is_utf8(text.encode(encoding)):
                return True
        except UnicodeEncodeError:
            continue
    return False


def is_utf8(raw: bytes) -> bool:
    """Return whether bytes are a text in UTF-8, which those of other encodings hardly ever are."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def utc_time(member: zipfile.ZipInfo) -> float | None:
    """Return the time of a member in seconds since 1970, None where only a local time is known."""
    found = _extra(member.extra, _TIMES)
    if len(found) < 5 or not found[0] & 1:
        return None
    return float(struct.unpack_from("<i", found, 1)[0])


def _unicode_path(member: zipfile.ZipInfo, raw: bytes) -> str:
    """Return the name in UTF-8 that some programs write beside the other, "" for none."""
    found = _extra(member.extra, _UNICODE_PATH)
    if len(found) < 6 or found[0] != 1 or struct.unpack_from("<I", found, 1)[0] != zlib.crc32(raw):
        return ""
    return found[5:].decode("utf-8") if is_utf8(found[5:]) else ""


def _extra(extra: bytes, wanted: int) -> bytes:
    place = 0
    while place + 4 <= len(extra):
        number, size = struct.unpack_from("<HH", extra, place)
        if number == wanted:
            return extra[place + 4 : place + 4 + size]
        place += 4 + size
    return b""


def _is_mark(one: str) -> bool:
    return one in _TYPOGRAPHIC or unicodedata.category(one) == "Mn"


def _is_word(word: str) -> bool:
    plain = unicodedata.normalize("NFC", word)
    scripts = {_script(one) for one in plain if one.isalpha()}
    mixed = any(
        before.islower() and after.isupper() and not after.isascii()
        for before, after in itertools.pairwise(plain)
    )
    return len(scripts) <= 1 and not mixed


def _script(one: str) -> str:
    """Return the first word of a letter's name; superscripts and ligatures have words of theirs."""
    kind = unicodedata.name(one, "").split(" ")[0]
    return "EAST ASIAN" if kind in ("CJK", "HIRAGANA", "KATAKANA", "HALFWIDTH") else kind
