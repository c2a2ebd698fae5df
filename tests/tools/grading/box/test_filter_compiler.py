"""The filters that the course has are those that libseccomp compiles of the lists."""

import builtins
import sys

import pytest

from course_tools.grading.box import filter_compiler, seccomp
from tests.tools.grading.box import system_calls
from tests.tools.grading.box.classic_bpf import decide
from tests.tools.grading.box.filter_decisions import calls, differences, shipped


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """An empty folder in place of that of the filters."""
    monkeypatch.setattr(seccomp, "FILTERS", tmp_path)
    return tmp_path


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["filter_compiler", *arguments])
    filter_compiler.main()


@pytest.mark.parametrize("machine", ["aarch64", "x86_64"])
def test_compiled_again_a_filter_decides_the_same(needs_libseccomp, machine):
    """Not the same bytes: another libseccomp may write others."""
    again, kept = filter_compiler.compile_filter(machine), shipped(machine)
    assert [call for call, _ in calls(machine) if decide(again, call) != decide(kept, call)] == []


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_a_filter_can_be_compiled_for_every_machine_that_is_named(needs_libseccomp, machine):
    assert list(differences(machine, filter_compiler.compile_filter(machine))) == []


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_libseccomp_knows_the_numbers_of_the_table(needs_libseccomp, machine):
    assert system_calls.resolved(machine) == system_calls.numbers(machine)


def test_the_command_compiles_what_is_named_and_then_what_is_there(
    needs_libseccomp, folder, monkeypatch, capsys
):
    run(monkeypatch, "riscv64")
    file = folder / "riscv64.bpf"
    first = file.read_bytes()
    assert capsys.readouterr().out == f"{file}: {len(first)} bytes\n"
    file.write_bytes(b"")
    run(monkeypatch)
    assert [path.name for path in folder.iterdir()] == ["riscv64.bpf"]
    assert file.read_bytes() == first
    assert len(first) % 8 == 0, "instructions of a filter have 8 bytes"


def test_a_machine_whose_calls_are_otherwise_is_refused(folder, monkeypatch, capsys):
    with pytest.raises(ValueError, match="one of aarch64, riscv64, x86_64; got 's390x'"):
        filter_compiler.compile_filter("s390x")
    with pytest.raises(SystemExit):
        run(monkeypatch, "s390x")
    assert "got 's390x'" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_a_call_that_libseccomp_does_not_know_is_not_left_out(needs_libseccomp, monkeypatch):
    monkeypatch.setattr(seccomp, "REFUSED", (*seccomp.REFUSED, "mount_by_magic"))
    with pytest.raises(filter_compiler.CompilerError, match="know the system call mount_by_magic"):
        filter_compiler.compile_filter("x86_64")


def test_without_libseccomp_the_message_says_what_to_install(monkeypatch, capsys):
    real = builtins.__import__

    def refuse(name, *arguments, **options):
        if name == "pyseccomp":
            raise RuntimeError("Unable to find libseccomp")
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(filter_compiler.CompilerError, match="apt-get install libseccomp2") as told:
        filter_compiler.compile_filter("x86_64")
    assert "Unable to find libseccomp" in str(told.value)
    with pytest.raises(SystemExit):
        run(monkeypatch, "x86_64")
    assert "pip install pyseccomp" in capsys.readouterr().err
