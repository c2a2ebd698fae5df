"""The recorder: its file, its comparison, and torch's driver on the torch that is installed."""

from __future__ import annotations

import copy
import json
import subprocess

import pytest

from records import libraries, stored
from records.__main__ import main
from records.drivers import driving, of_torch
from records.drivers.driving import Raised
from records.loops import __main__ as loops

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


def test_a_new_library_needs_nothing_but_its_schedules():
    new = {"schedules": {"a": {"name": "x.A", "arguments": {"lr": 0.1}}}}
    run = found()
    run["schedules"].pop("b")
    assert stored.differences(new, run) == ["version: 1.0, stored None", "a: no rates stored"]
    assert stored.updated(new, run, "python -m records x")["version"] == "1.0"


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


@pytest.mark.parametrize("compare", [True, False])
def test_the_loops_command_asks_for_no_number_of_updates(compare, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(loops, "FOLDER", tmp_path)
    stored.write("lightning", PART, tmp_path)

    def run(module, pins, plans):
        assert (module, pins[0]) == ("records.loops.of_lightning", "lightning==2.6.6")
        assert plans["a"] == {"name": "x.A", "arguments": {"lr": 0.1}, "updates": 0}
        return found(version="1.1")

    monkeypatch.setattr(loops, "run_driver", run)
    assert loops.main(["lightning", *(["--compare"] if compare else [])]) == int(compare)
    assert "version: 1.1, stored 1.0" in capsys.readouterr().out
    kept = stored.read("lightning", tmp_path)
    assert kept["version"] == ("1.0" if compare else "1.1")
    assert kept["recorded"] == (
        "earlier, by hand" if compare else "python -m records.loops lightning"
    )


def test_the_loops_command_writes_no_run_that_failed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(loops, "FOLDER", tmp_path)
    stored.write("lightning", PART, tmp_path)
    broken = {"version": "1.1", "schedules": {"a": {"values": [], "failed": "it broke"}}}
    monkeypatch.setattr(loops, "run_driver", lambda module, pins, plans: broken)
    assert loops.main(["lightning"]) == 1
    assert "nothing was written, because 1 failed: a" in capsys.readouterr().out
    assert stored.read("lightning", tmp_path) == PART


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


def test_a_record_that_cannot_be_run_does_not_stop_the_others(tmp_path, monkeypatch, capsys):
    records = {
        "gone": {"name": "torch.GoneLR", "arguments": {"base_lr": 0.1}, "updates": 2},
        "flat": {"name": "torch.LambdaLR", "arguments": {"base_lr": 0.1, "lr_lambda": 1}},
    }
    records["flat"]["updates"] = 2
    plans, rates = tmp_path / "records.json", tmp_path / "rates.json"
    plans.write_text(json.dumps(records), encoding="utf-8")
    monkeypatch.setattr(driving.sys, "argv", ["driver", str(plans), str(rates)])
    driving.drive(of_torch.rates, "2.0")
    told = json.loads(rates.read_text(encoding="utf-8"))["schedules"]
    assert told["flat"] == {"values": [0.1, 0.1]}
    assert told["gone"]["values"] == []
    assert "AttributeError" in told["gone"]["failed"]
    assert "GoneLR" in told["gone"]["failed"]
    assert "Traceback" in capsys.readouterr().err


def as_run(library, version="9.9"):
    """Return what a driver gives whose library runs exactly as the library's file says."""
    part = copy.deepcopy(stored.read(library))
    records = part["schedules"].items()
    kept = {key: {k: r[k] for k in ("values", "error") if k in r} for key, r in records}
    return {"version": version, "schedules": kept}


@pytest.mark.parametrize("library", stored.names())
def test_a_release_that_gives_the_stored_rates_changed_nothing(library):
    assert stored.changes(stored.read(library), as_run(library)) == {}


@pytest.mark.parametrize("library", stored.names())
def test_a_change_is_what_exceeds_the_tolerance(library):
    part = stored.read(library)
    for times, changed in ((0.5, False), (2.0, True)):
        found = as_run(library)
        for key, record in part["schedules"].items():
            values = found["schedules"][key]["values"]
            largest = max(abs(rate) for rate in values if rate is not None)
            values[3] += times * record.get("tolerance", stored.TOLERANCE) * largest
        assert set(stored.changes(part, found)) == (set(part["schedules"]) if changed else set())


def test_a_change_says_which_record_and_how():
    part, found = stored.read("timm"), as_run("timm")
    runs = found["schedules"]
    late, short, gone, *_, same = runs
    runs[late]["values"] = [*runs[late]["values"][1:], 0.0]
    runs[short]["values"][-1] = None
    runs[gone] = {"values": [], "failed": "TypeError: no such argument"}
    changed = stored.changes(part, found)
    assert list(changed) == [late, short, gone]
    assert changed[late][0].startswith(f"{late}: rate 0.01 at t = 0, stored 0.0; 101 differ, by up")
    assert changed[short][0].startswith(f"{short}: rate None at t = 105, stored 0.0")
    assert changed[gone] == [f"{gone}: failed, TypeError: no such argument"]
    runs[same]["error"] = "over"
    assert stored.changes(part, found)[same] == [f"{same}: error 'over', stored None"]


def test_a_rate_that_is_no_number_changed():
    part, found = stored.read("timm"), as_run("timm")
    found["schedules"]["CosineLRScheduler_prefix"]["values"][3] = float("nan")
    assert list(stored.changes(part, found)) == ["CosineLRScheduler_prefix"]


LISTED = """transformers (5.24.0)
Available versions: 5.24.0, 5.23.0, 4.57.6, 4.57.5
  INSTALLED: 4.57.6
  LATEST:    5.24.0
"""


def test_the_newest_release_is_the_first_that_pip_lists():
    assert libraries.newest_in(LISTED) == "5.24.0"
    assert libraries.newest_in(LISTED, "4.") == "4.57.6"
    assert libraries.newest_in("torch (2)\nAvailable versions: 2.14.1+cpu, 2.13.0") == "2.14.1"
    with pytest.raises(ValueError, match=r"no release begins with '3\.'"):
        libraries.newest_in(LISTED, "3.")


def test_the_pin_of_a_library_is_the_first_that_is_no_option():
    assert libraries.pin_of("open_clip").startswith("open_clip_torch==")
    assert libraries.pin_of("paddlenlp").startswith("paddlenlp==")  # paddlepaddle it only needs


def test_records_of_an_earlier_series_keep_to_it():
    assert libraries.SERIES["transformers_4"] == "4."
    for library, series in libraries.SERIES.items():
        assert libraries.pinned(library).startswith(series)


def test_the_newest_release_takes_the_place_of_the_library_alone(monkeypatch):
    taken = []

    def run_module(module, pins, plans, found, alone):
        taken.append((*pins, *alone))
        found.write_text('{"version": "", "schedules": {}}', encoding="utf-8")

    monkeypatch.setattr(libraries, "run_module", run_module)
    for library in libraries.PINS:
        taken.clear()
        libraries.run(library, {}, "99.1")
        libraries.run(library, {})
        [newest, pinned] = taken
        assert pinned == (*libraries.PINS[library], *libraries.ALONE[library])
        moved = [(a, b) for a, b in zip(pinned, newest, strict=True) if a != b]
        name = libraries.pin_of(library).partition("==")[0]
        assert moved == [(f"{name}=={libraries.pinned(library)}", f"{name}==99.1")]


def newest_release(monkeypatch, library, release, run):
    monkeypatch.setattr("records.__main__.newest", lambda name: release)
    monkeypatch.setattr("records.__main__.run", run)
    before = stored.read(library)
    status = main([library, "--newest"])
    assert stored.read(library) == before
    return status


def test_the_newest_release_may_be_the_pinned_one(monkeypatch, capsys):
    def run(*given):
        raise AssertionError

    pin = libraries.pinned("timm")
    assert newest_release(monkeypatch, "timm", pin, run) == 0
    assert capsys.readouterr().out == f"timm: the newest release is the pinned one, {pin}\n"


@pytest.mark.parametrize("changed", [0, 1])
def test_the_newest_release_is_compared_and_never_written(changed, monkeypatch, capsys):
    def run(name, plans, release):
        found = as_run(name, release)
        if changed:
            found["schedules"]["CosineLRScheduler_prefix"]["values"][50] *= 1.01
        return found

    assert newest_release(monkeypatch, "timm", "9.9", run) == changed
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"timm: the newest release is 9.9, the pinned one {libraries.pinned('timm')}"
    assert [line.split(":")[0] for line in told[1:-1]] == changed * ["CosineLRScheduler_prefix"]
    count = len(stored.read("timm")["schedules"])
    assert told[-1] == f"timm 9.9: {changed} of {count} records changed"


def test_a_library_that_cannot_be_run_does_not_stop_the_others(monkeypatch, capsys):
    def run(name, plans, release):
        if name == "timm":
            raise subprocess.CalledProcessError(1, ["/gone/python", "-m", "pip", "install", "timm"])
        return as_run(name, release)

    monkeypatch.setattr("records.__main__.newest", lambda name: "9.9")
    monkeypatch.setattr("records.__main__.run", run)
    assert main(["timm", "mlx", "--newest"]) == 2
    told = capsys.readouterr().out
    assert "timm: could not be run: python -m pip install timm ended with status 1\n" in told
    assert "mlx 9.9: 0 of" in told
    assert main(["--all", "--newest"]) == 2
    assert "xgboost 9.9: 0 of" in capsys.readouterr().out


def test_nothing_is_recorded_of_a_run_in_which_a_record_failed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(stored, "FOLDER", tmp_path)
    stored.write("torch", PART)
    run = found(error="over")
    run["schedules"]["a"] = {"values": [], "failed": "TypeError: no"}
    monkeypatch.setattr("records.__main__.run", lambda name, plans: run)
    assert main(["torch"]) == 2
    told = capsys.readouterr().out
    assert told == "a: failed, TypeError: no\ntorch: nothing was written, because 1 failed: a\n"
    assert stored.read("torch") == PART


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "give names of libraries, or --all"),
        (["torch", "--all"], "give names of libraries, or --all"),
        (["torhc"], "NAME must be one of composer, "),
        (["torch", "--newest", "--compare"], "not allowed with"),
    ],
)
def test_what_the_command_cannot_take_is_said(given, words, capsys):
    with pytest.raises(SystemExit) as left:
        main(given)
    assert left.value.code == 2
    assert words in capsys.readouterr().err
