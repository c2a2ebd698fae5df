"""The command that runs the benchmarks: its table, its results file, the machine it names."""

import itertools
import json

import numpy as np
import pytest

from benchmarks import __main__ as bench
from benchmarks import machine
from benchmarks.timing import MissingPeer, Result

ROW = Result(1.5, "ms", "a peer", 2.0, ("a note",))


@pytest.fixture
def two_rows(monkeypatch, tmp_path):
    """A table of two rows, of which the second lacks its peer."""

    def missing():
        raise MissingPeer("left out: jax is not installed")

    monkeypatch.setattr(bench, "ROWS", {"one thing": lambda: ROW, "another vs JAX": missing})
    monkeypatch.setattr(bench, "WHOLE", {"whole a": lambda: ROW, "whole b": lambda: ROW})
    monkeypatch.setattr(bench, "RESULTS", tmp_path / "results.json")
    return tmp_path / "results.json"


def test_table_names_the_machine_and_says_what_is_left_out(two_rows, capsys):
    bench.main([])
    out = capsys.readouterr().out
    assert machine.describe() in out
    assert "one thing" in out
    assert "1.5 ms" in out
    assert "2×  a peer" in out
    assert "    a note" in out
    assert "another vs JAX                left out: jax is not installed" in out


def test_results_hold_the_rows_that_ran(two_rows):
    bench.main([])
    assert json.loads(two_rows.read_text()) == [
        {"name": "one thing", "value": 1.5, "unit": "ms", "peer": "a peer", "ratio": 2.0}
    ]


def test_named_rows_are_printed_and_leave_the_results_alone(two_rows, capsys):
    bench.main(["jax"])
    assert not two_rows.exists()
    out = capsys.readouterr().out
    assert "one thing" not in out
    assert "another vs JAX" in out


def names_in(file):
    return [record["name"] for record in json.loads(file.read_text())]


def test_the_whole_course_runs_only_by_name_and_its_rows_stay(two_rows, capsys):
    bench.main(["whole a"])
    assert names_in(two_rows) == ["whole a"]
    bench.main([])
    assert "whole" not in capsys.readouterr().out.partition("one thing")[2]
    assert names_in(two_rows) == ["one thing", "whole a"]
    bench.main(["whole b"])
    assert names_in(two_rows) == ["one thing", "whole a", "whole b"]
    bench.main(["whole"])
    assert names_in(two_rows) == ["one thing", "whole a", "whole b"]


def test_an_unknown_name_is_answered_with_the_names_there_are(two_rows, capsys):
    with pytest.raises(SystemExit) as stopped:
        bench.main(["pytorch"])
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert "'pytorch'" in error
    assert "another vs JAX" in error


def test_help_lists_the_rows(capsys):
    with pytest.raises(SystemExit) as stopped:
        bench.main(["--help"])
    assert stopped.value.code == 0
    out = capsys.readouterr().out
    assert all(name in out for name in bench.ROWS)


def test_machine_line_has_cores_blas_and_versions():
    text = machine.describe()
    assert f"NumPy: {machine._blas()}" in text
    for part in (f"numpy {np.__version__}", f"{machine.cpu_count()} cores", "jax ", "torch "):
        assert part in text
    assert machine._version("no-such-package") == "not installed"


def test_blas_is_that_of_numpy(monkeypatch):
    pools = [
        {"user_api": api, "internal_api": name, "version": "1", "num_threads": n, "filepath": path}
        for api, name, n, path in [
            ("openmp", "libgomp", 7, "/x/torch/libgomp.so"),
            ("blas", "openblas", 4, "/x/scipy.libs/a.so"),
            ("blas", "mkl", 2, "/x/numpy.libs/b.so"),
        ]
    ]
    monkeypatch.setattr(machine, "threadpool_info", lambda: pools)
    assert machine._blas() == "mkl 1 (?), 2 threads"
    monkeypatch.setattr(machine, "threadpool_info", lambda: pools[:2])
    assert machine._blas() == "openblas 1 (?), 4 threads"
    monkeypatch.setattr(machine, "threadpool_info", lambda: pools[:1])
    assert machine._blas() == "not one that threadpoolctl knows"


def test_the_results_in_the_repository_have_the_right_fields():
    records = json.loads(bench.RESULTS.read_text(encoding="utf-8"))
    assert {record["name"] for record in records} <= {*bench.ROWS, *bench.WHOLE}
    for record, field in itertools.product(records, ("value", "ratio")):
        assert list(record) == ["name", "value", "unit", "peer", "ratio"]
        assert record[field] > 0
