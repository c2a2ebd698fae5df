"""A test reaches a tool only if it, or a fixture it uses, asks for the tool: `needs_chromium`.

For every tool in `tools.py` there is a fixture. Without the tool, a test that asks for it is
skipped; where CI=true is set it fails, unless the tool was hidden on purpose. A test that does not
ask runs where the tool cannot be found, so that one that forgets to ask fails on every machine.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.machine import tools
from tests.machine.reach import Reach

_PREFIX = "needs_"
_LACKS = "lacks"  # the user property of a skipped test that names the tools it lacked
_reach = pytest.StashKey[Reach]()
_lacked: Counter[str] = Counter()
#: Tools that fixtures which live longer than a test ask for, by the fixture's name.
_asked_by: dict[str, frozenset[str]] = {}


def _fixture(key: str):
    @pytest.fixture(scope="session", name=_PREFIX + key)
    def needs():
        _require(key)

    return needs


globals().update({_PREFIX + key: _fixture(key) for key in tools.TOOLS})


def _require(key: str) -> None:
    missing = tools.lacking(key)
    if not missing:
        return
    told = "; ".join(
        f"{tools.TOOLS[part].name}: {words} ({tools.TOOLS[part].install})"
        for part, words in missing.items()
    )
    if os.environ.get("CI") == "true" and not missing.keys() <= tools.hidden_on_purpose():
        pytest.fail(f"lacks {told}. CI runs every test", pytrace=False)
    pytest.skip(f"lacks {told}")


def _asked(names) -> frozenset[str]:
    return tools.with_parts(
        name.removeprefix(_PREFIX) for name in names if name.startswith(_PREFIX)
    )


def _is_controller(config) -> bool:
    """Return whether other processes, which inherit this one's PATH, run the tests."""
    return getattr(config.option, "dist", "no") != "no" and not hasattr(config, "workerinput")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    tools.hidden_on_purpose()  # a misspelt name has to stop the run


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session):
    """Put every tool out of reach before a test file is imported."""
    if not _is_controller(session.config):
        reach = session.config.stash[_reach] = Reach()
        session.config.add_cleanup(reach.close)
        reach.only(frozenset())


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """Let a test reach what it asks for, itself or through a fixture."""
    reach = item.config.stash[_reach]
    reach.only(_asked(getattr(item, "fixturenames", ())))
    try:
        return (yield)
    finally:
        reach.only(frozenset())


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_fixture_setup(fixturedef, request):
    """Let a fixture that several tests share reach no more than it asks for by itself.

    Otherwise the first test's tools would be within its reach, and a later test that asks for
    nothing would be given what was made with them.
    """
    if fixturedef.scope == "function":
        return (yield)
    name = fixturedef.argname
    own = _asked([name]).union(*(_asked_by.get(one, ()) for one in fixturedef.argnames))
    _asked_by[name] = own
    reach = request.config.stash[_reach]
    before = reach.shown
    reach.only(own)
    try:
        return (yield)
    finally:
        reach.only(before)
        # What was added last is called first: the fixture's own end needs its tools again.
        fixturedef.addfinalizer(lambda: reach.only(own))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    asked = _asked(getattr(item, "fixturenames", ()))
    if report.skipped:
        names = [name for key in asked for name in tools.lacking(key)] if asked else []
        report.user_properties.extend((_LACKS, name) for name in sorted(set(names)))
    elif report.failed:
        hidden = [tool.name for key, tool in tools.TOOLS.items() if key not in asked]
        title = "Tools out of reach, because the test does not ask for them"
        report.sections.append((title, ", ".join(hidden)))
    return report


def pytest_runtest_logreport(report):
    _lacked.update(value for name, value in report.user_properties if name == _LACKS)


def pytest_terminal_summary(terminalreporter, config):
    """Print what this machine lacks, or note it where one table ends several runs."""
    if hasattr(config, "workerinput"):
        return  # a process of xdist: the one that started it has all reports
    if file := os.environ.get(tools.NOTES):
        tools.note(_lacked, Path(file))
    elif _lacked:
        terminalreporter.section("lacking tools")
        terminalreporter.write_line(tools.table(_lacked))
