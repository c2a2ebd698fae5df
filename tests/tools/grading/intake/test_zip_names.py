"""Names in zip files without the mark of UTF-8 are read where they are certain, or asked about."""

import struct
import zipfile
import zlib

import pytest

from course_tools.grading.intake.preflight import preflight
from course_tools.grading.intake.submissions import submissions, take_in
from course_tools.grading.intake.zip_names import is_plausible, looks_garbled, readings
from course_tools.grading.settings import LATEST
from tests.tools.grading.layout_exports import notebook


def zip_of(path, names, extra=lambda raw: b""):
    """Write a zip file whose names are these bytes, without the mark of UTF-8."""
    with zipfile.ZipFile(path, "w") as archive:
        for number, raw in enumerate(names):
            info = zipfile.ZipInfo(_stand_in(number, raw), (2025, 3, 10, 9, 0, 0))
            info.extra = extra(raw)
            archive.writestr(info, notebook(f"number {number}"))
    content = path.read_bytes()
    for number, raw in enumerate(names):
        content = content.replace(_stand_in(number, raw).encode(), raw)
    path.write_bytes(content)
    return path


def _stand_in(number, raw):
    """A name as long as the bytes, which replace it."""
    return "ABCDEFG"[number] * len(raw)


def folders(encoding, *students):
    return [f"{one}/ex01.ipynb".encode(encoding) for one in students]


@pytest.mark.parametrize(
    ("encoding", "students"),
    [
        ("utf-8", ("Søren", "Zoë Müller")),
        ("cp1252", ("Zoë Müller", "anna")),
        ("cp1252", ("D’Arcy", "Jürgen Groß")),
        ("cp437", ("Jürgen", "José", "María")),
        ("cp850", ("Jürgen", "José", "María")),
        ("cp1250", ("Łukasz", "Jiří")),
        ("cp852", ("Łukasz", "Jiří")),
    ],
)
def test_names_that_are_certain_are_read(tmp_path, encoding, students):
    found = take_in(zip_of(tmp_path / "in.zip", folders(encoding, *students)))
    assert {one.student for one in found.submissions} == set(students)
    assert preflight(found, LATEST).questions == ()
    assert all(one.read(10**5) for one in found.submissions)


@pytest.mark.parametrize(
    ("encoding", "students"),
    [
        ("cp1252", ("Søren", "anna")),  # Sřren in Poland
        ("cp1254", ("Ayşe", "anna")),  # Ayþe in Iceland
        ("cp1252", ("Øystein", "anna")),
        ("gbk", ("李雷", "韩梅梅")),
        ("cp1251", ("ольга", "anna")),
        ("cp437", ("Éloïse", "Zoë")),
    ],
)
def test_other_names_are_asked_about(tmp_path, encoding, students):
    source = zip_of(tmp_path / "in.zip", folders(encoding, *students))
    (question,) = preflight(take_in(source), LATEST).questions
    assert "does not say how names are encoded" in question
    assert "say --zip-names with the right one" in question
    got = take_in(source, zip_names=encoding)
    assert {one.student for one in got.submissions} == set(students)
    assert preflight(got, LATEST).questions == ()


def test_an_encoding_that_does_not_fit_is_refused(tmp_path):
    source = zip_of(tmp_path / "in.zip", folders("cp1252", "Søren", "anna"))
    with pytest.raises(ValueError, match="--zip-names must be an encoding, such as cp1252, cp437"):
        take_in(source, zip_names="latin one")
    with pytest.raises(ValueError, match=r"--zip-names shift_jis: .* is no name in it"):
        take_in(source, zip_names="shift_jis")


def test_names_in_the_extra_field_are_certain(tmp_path):
    def extra(raw):
        text = "Søren/ex01.ipynb".encode()
        body = struct.pack("<BI", 1, zlib.crc32(raw)) + text
        return struct.pack("<HH", 0x7075, len(body)) + body

    source = zip_of(tmp_path / "in.zip", [b"S\xff\xb0ren/ex01.ipynb"], extra)
    found = take_in(source, layout="STUDENT")
    assert preflight(found, LATEST).questions == ()
    (one,) = found.submissions
    assert (one.student, one.place) == ("Søren", "Søren/ex01.ipynb")
    assert one.read(10**5)


def test_the_time_in_the_extra_field_has_a_zone(tmp_path):
    field = struct.pack("<HHBi", 0x5455, 5, 1, 1_741_600_000)
    zip_of(tmp_path / "in.zip", [b"ada/ex01.ipynb"], lambda raw: field)
    (one,) = submissions(tmp_path / "in.zip")
    assert (one.time.moment.seconds, one.time.moment.is_local) == (1_741_600_000, False)
    zip_of(tmp_path / "in.zip", [b"ada/ex01.ipynb"], lambda raw: struct.pack("<HH", 0x5455, 0))
    (one,) = submissions(tmp_path / "in.zip")
    assert one.time.moment.is_local


@pytest.mark.parametrize(
    ("text", "plausible"),
    [
        ("Zoë Müller", True),
        ("O’Brien", True),
        ("María José (2)", True),
        ("李雷", True),
        ("山田 さくら", True),
        ("ÉLOÏSE", True),
        ("Zoδ", False),
        ("ZoÙ", False),
        ("S°ren", False),
        ("Mⁿller", False),
        ("Müller √", False),
    ],
)
def test_plausible_names(text, plausible):
    assert is_plausible(text) == plausible


def test_readings_are_all_in_one_encoding():
    names = [name.encode("cp1252") for name in ("Søren", "D’Arcy", "Jürgen")]
    assert readings(names)["cp1252"] == ["Søren", "D’Arcy", "Jürgen"]
    assert "cp437" in readings([b"\xff\xff\xb0"]), "no words in any encoding"


@pytest.mark.parametrize("name", ["ZoÃ«", "Zo├½", "Zo\ufffd", "ÐžÐ»ÑŒÐ³Ð°"])
def test_a_garbled_name_is_asked_about(tmp_path, name):
    assert looks_garbled(name)
    assert not looks_garbled("Zoë Müller Ångström 李雷 Ольга")
    for student in (name, "anna"):
        (tmp_path / student).mkdir()
        (tmp_path / student / "ex01.ipynb").write_text(notebook(student.encode("utf-8", "replace")))
    (question,) = preflight(take_in(tmp_path), LATEST).questions
    assert question.startswith("Names that look garbled: ")
