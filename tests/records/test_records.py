"""The recorder: its file, its comparison, and torch's driver on the torch that is installed."""

from __future__ import annotations

import json

import pytest

from records import libraries, stored
from records.__main__ import main
from records.drivers import of_torch
from records.drivers.driving import Raised

PART = {
    "version": "1.0",
    "recorded": "earlier, by hand",
    "schedules": {
        "a": {"name": "x.A", "arguments": {"lr": 0.1}, "tolerance": 1e-12, "values": [0.1, 0.05]},
        "b": {"name": "x.B", "arguments": {}, "error": "over", "values": [0.1, None]},
    },
}


def found(a=(0.1, 0.05), b=(0.1, None), version="1.0", **error):
    schedules = {"a": {"values": list(a)}, "b": {"values": list(b), **error}}
    return {"version": version, "schedules": schedules}


@pytest.mark.parametrize("path", sorted(stored.FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_a_file_is_as_the_recorder_writes_it(path):
    text = path.read_text(encoding="utf-8")
    assert stored.text(json.loads(text)) == text


def test_every_library_with_pins_has_records_and_a_driver():
    folder = stored.FOLDER.parents[2] / "records" / "drivers"
    drivers = {path.stem.removeprefix("of_") for path in folder.glob("of_*.py")}
    assert drivers == set(libraries.PINS)
    assert drivers <= set(stored.names())


def test_what_is_installed_alone_comes_after_what_it_needs(monkeypatch):
    calls = []
    monkeypatch.setattr(libraries.venv, "create", lambda folder, with_pip: None)
    monkeypatch.setattr(
        libraries.subprocess, "run", lambda command, **more: calls.append(list(map(str, command)))
    )
    libraries.run_module("records.drivers.of_paddlenlp", ("paddle==3",), alone=("nlp==2",))
    libraries.run_module("records.drivers.of_torch", ("torch==2",))
    assert [call[-2:] for call in calls] == [
        ["--quiet", "paddle==3"],
        ["--no-deps", "nlp==2"],
        ["-m", "records.drivers.of_paddlenlp"],
        ["--quiet", "torch==2"],
        ["-m", "records.drivers.of_torch"],
    ]
    assert libraries.ALONE["paddlenlp"] == ("paddlenlp==2.8.1",)
    assert libraries.ALONE["torch"] == ()


def test_libraries_without_a_driver_were_recorded_by_hand():
    for library in stored.names():
        part = stored.read(library)
        assert part["recorded"] == "earlier, by hand" or library in libraries.PINS


def test_a_driver_learns_what_to_run_and_nothing_else():
    new = {"c": {"name": "x.C", "arguments": {}}}
    assert stored.plans(PART["schedules"])["a"] == {
        "name": "x.A",
        "arguments": {"lr": 0.1},
        "updates": 2,
    }
    assert stored.plans(new)["c"]["updates"] == stored.UPDATES


def test_the_same_rates_do_not_differ():
    assert stored.differences(PART, found(error="over")) == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"version": "1.1"}, "version: 1.1, stored 1.0"),
        ({"a": (0.1, 0.06)}, "a: rate 0.06 at t = 1, stored 0.05; 1 differ, by up to 0.1 of the"),
        ({"b": (0.1, 0.1)}, "b: rate 0.1 at t = 1, stored None; 1 differ"),
        ({"error": "late"}, "b: error 'late', stored 'over'"),
    ],
)
def test_what_differs_is_named(change, line):
    [told] = stored.differences(PART, found(**{"error": "over", **change}))
    assert told.startswith(line)


def test_a_new_run_replaces_rates_and_errors_and_keeps_the_rest():
    part = stored.updated(PART, found(b=(0.1, 0.1)), "python -m records x")
    assert part["recorded"] == "python -m records x"
    assert part["schedules"]["a"] == PART["schedules"]["a"]
    assert part["schedules"]["b"] == {"name": "x.B", "arguments": {}, "values": [0.1, 0.1]}


@pytest.mark.parametrize("compare", [True, False])
def test_the_command_writes_unless_it_compares(compare, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(stored, "FOLDER", tmp_path)
    stored.write("torch", PART)
    monkeypatch.setattr("records.__main__.run", lambda name, plans: found(version="1.1"))
    assert main(["torch", *(["--compare"] if compare else [])]) == int(compare)
    assert "version: 1.1, stored 1.0" in capsys.readouterr().out
    assert stored.read("torch")["version"] == ("1.0" if compare else "1.1")


def test_torch_steps_its_scheduler_after_each_update():
    rates = of_torch.rates("StepLR", {"base_lr": 0.1, "step_size": 2, "gamma": 0.5}, 5)
    assert rates == pytest.approx([0.1, 0.1, 0.05, 0.05, 0.025])


def test_a_metric_is_a_function_of_the_step():
    arguments = {"base_lr": 0.1, "factor": 0.5, "patience": 0, "metric": "1.0 if t < 3 else 0.5"}
    rates = of_torch.rates("ReduceLROnPlateau", arguments, 5)
    assert rates == pytest.approx([0.1, 0.1, 0.05, 0.025, 0.025])


def test_a_library_that_raises_keeps_the_rates_before():
    arguments = {"base_lr": 0.1, "max_lr": 0.1, "total_steps": 5}
    with pytest.raises(Raised, match=r"ValueError at the step\(\) call after update 5") as raised:
        of_torch.rates("OneCycleLR", arguments, 9)
    assert len(raised.value.rates) == 6
