"""A test that forgets to ask for a tool fails where the tool is installed, not only elsewhere."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course_tools import doctor
from tests.machine import tools
from tests.machine.tools import TOOLS, Tool

ROOT = Path(__file__).resolve().parents[2]
#: A tool that the inner runs of pytest have: a command and a package of the same name.
CONFTEST = """
import importlib.util, os, shutil
from tests.machine import asking
from tests.machine import tools

def lack():
    return "" if shutil.which("frob") and importlib.util.find_spec("frob") else "no frob"

asking.needs_frob = asking._fixture("frob")
tools.TOOLS["frob"] = tools.Tool("Frob", "get frob", lack, ("frob",), ("frob",))

def pytest_configure(config):
    config.pluginmanager.register(asking)
"""
TESTS = """
import importlib.util, os, shutil, subprocess, sys
import pytest

AT_IMPORT = shutil.which("frob")

def in_a_child(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0

@pytest.fixture(scope="module")
def shared(needs_frob):
    import frob
    return frob.VALUE

@pytest.fixture(scope="module")
def passed_on(shared):
    import frob
    return frob.VALUE + shared

@pytest.fixture(scope="module")
def forgetful():
    import frob
    return frob.VALUE

@pytest.mark.usefixtures("needs_frob")
def test_asks():
    import frob.inner
    assert subprocess.run(["frob"]).returncode == 0
    assert in_a_child("import frob")

def test_asks_through_a_fixture(passed_on):
    import frob
    assert passed_on == 2 * frob.VALUE

def test_forgets_a_command():
    subprocess.run(["frob"])

def test_forgets_a_command_in_a_shell():
    assert subprocess.run("frob", shell=True).returncode == 0

def test_forgets_a_package():
    import frob

def test_forgets_a_module_that_was_imported_before():
    from frob.inner import VALUE

def test_forgets_a_package_in_a_child():
    assert in_a_child("import frob")

def test_asks_for_what_its_fixture_forgets(needs_frob, forgetful):
    assert forgetful

def test_makes_do_without():
    assert AT_IMPORT is None
    assert importlib.util.find_spec("frob") is None
    assert in_a_child("import json") and shutil.which("sh")
"""
FORGETFUL = (
    "test_forgets_a_command",
    "test_forgets_a_command_in_a_shell",
    "test_forgets_a_package",
    "test_forgets_a_module_that_was_imported_before",
    "test_forgets_a_package_in_a_child",
    "test_asks_for_what_its_fixture_forgets",
)


@pytest.fixture
def run_tests(tmp_path):
    """A function that runs the tests above, and returns the exit status and what was printed."""
    inner, packages, programs = (tmp_path / name for name in ("inner", "packages", "bin"))
    for folder in (inner, packages / "frob", programs):
        folder.mkdir(parents=True)
    (inner / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (inner / "test_inner.py").write_text(TESTS, encoding="utf-8")
    for name in ("__init__", "inner"):
        (packages / "frob" / f"{name}.py").write_text("VALUE = 1\n", encoding="utf-8")
    (programs / "frob").write_text("#!/bin/sh\n", encoding="utf-8")
    (programs / "frob").chmod(0o755)
    (programs / "other").symlink_to("/bin/sh")

    def run(*options, has_frob=True, **variables):
        environment = {k: v for k, v in os.environ.items() if k not in ("CI", tools.NOTES)}
        environment |= {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, packages))), **variables}
        if has_frob:
            environment["PATH"] = f"{programs}{os.pathsep}{os.environ['PATH']}"
        environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # importing them takes seconds
        command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", *options]
        done = subprocess.run(
            [*command, f"--rootdir={inner}", "-c", os.devnull, inner],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.returncode, done.stdout + done.stderr

    return run


def ended(outcome, told):
    """Names of the tests with an outcome, as pytest's summary has them."""
    lines = [line.split() for line in told.splitlines()]
    return {line[1].partition("::")[2] for line in lines if line[:1] == [outcome]}


def test_who_forgets_fails_where_the_tool_is_installed(run_tests):
    status, told = run_tests()
    assert status == 1, told
    assert ended("FAILED", told) | ended("ERROR", told) == set(FORGETFUL), told
    assert ended("PASSED", told) == {
        "test_asks",
        "test_asks_through_a_fixture",
        "test_makes_do_without",
    }
    assert "because the test does not ask for them" in told
    assert "lacking tools" not in told


def test_without_the_tool_who_asks_is_skipped_and_one_table_says_so(run_tests, tmp_path):
    status, told = run_tests("-p", "xdist", "-n", "2", "-k", "asks and not forgets", has_frob=False)
    assert status == 0, told
    assert "2 skipped" in told
    assert "lacks Frob: no frob (get frob)" in told
    assert told.count("Frob              2  get frob") == 1
    notes = tmp_path / "deep" / "notes"
    for several in ((), ("-p", "xdist", "-n", "2")):  # a skipped test is counted once in both
        chosen = (*several, "-k", "test_asks_t")
        _, told = run_tests(*chosen, has_frob=False, **{tools.NOTES: str(notes)})
        assert "get frob\n\n" not in told
    assert tools.noted(notes) == {"frob": 2}


def test_where_ci_is_set_a_tool_may_lack_only_if_it_was_hidden_on_purpose(run_tests, monkeypatch):
    chosen = ("-k", "asks and not forgets")
    status, told = run_tests(*chosen, has_frob=False, CI="true")
    assert status == 1
    assert "CI runs every test" in told
    hidden = {tools.HIDDEN_ON_PURPOSE: "frob,jax"}
    assert run_tests(*chosen, has_frob=False, CI="true", **hidden)[0] == 0
    monkeypatch.setenv(tools.HIDDEN_ON_PURPOSE, "jax,frobb")
    with pytest.raises(ValueError, match=r"must name tools of make, .*got \['frobb'\]"):
        tools.hidden_on_purpose()


@pytest.mark.parametrize("key", [key for key, tool in TOOLS.items() if tool.commands])
def test_a_command_is_out_of_reach_of_this_test(key):
    assert [name for name in TOOLS[key].commands if shutil.which(name)] == []
    assert doctor.find_chromium() is None
    assert not doctor.check_bubblewrap().ok


@pytest.mark.parametrize("key", [key for key, tool in TOOLS.items() if tool.modules])
def test_a_package_is_out_of_reach_of_this_test(key):
    for module in TOOLS[key].modules:
        with pytest.raises(ModuleNotFoundError):
            __import__(module)


def test_what_keeps_a_tool_from_use_is_what_its_parts_lack_or_else_its_own(monkeypatch):
    def made(lack, parts=(), modules=()):
        return Tool("x", "get x", lambda: lack, (), modules, (), parts)

    monkeypatch.setattr(
        tools,
        "TOOLS",
        {
            **{"there": made(""), "gone": made("none"), "old": made("old", ("there",))},
            **{"whole": made("broken", ("there", "gone")), "package": made("none", ("gone",), "p")},
        },
    )
    lacking = tools.lacking.__wrapped__
    assert lacking("there") == {}
    assert lacking("old") == {"old": "old"}
    assert lacking("whole") == {"gone": "none"}
    assert lacking("package") == {"gone": "none", "package": "none"}
    assert tools.with_parts(["whole"]) == {"whole", "there", "gone"}


def test_the_table():
    assert tools.table({}) == "Every tool is here: no test was skipped for want of one."
    assert tools.table({"jax": 7, "bubblewrap": 120}).splitlines() == [
        "Tests were skipped because this machine lacks a tool:",
        "tool        tests skipped  to install it",
        "bubblewrap            120  apt-get install bubblewrap",
        "JAX                     7  make frameworks",
    ]
