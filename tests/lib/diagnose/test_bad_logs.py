"""Input that is no log, or a poor one: one line says what was found and what is needed."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.diagnose import LogError, from_entry, read_log


def refused(source, **more):
    with pytest.raises(LogError) as caught:
        read_log(source, **more)
    message = str(caught.value)
    assert "\n" not in message
    return message


def file(tmp_path, text, name="run.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_no_file_an_empty_one_and_a_binary_one(tmp_path):
    assert refused(tmp_path / "no.csv").startswith("there is no file ")
    needed = "run.csv is empty; a log needs a row with a rate"
    assert refused(file(tmp_path, "")) == needed
    assert refused(file(tmp_path, " \n\n")) == needed
    assert refused(file(tmp_path, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")).startswith(
        "run.csv is a binary file; a log is text"
    )


def test_a_folder_without_a_log_and_one_with_two(tmp_path):
    assert f"{tmp_path.name} holds no log: no trainer_state.json" in refused(tmp_path)
    file(tmp_path, "step,lr\n0,1\n", "curve.csv")
    assert refused(tmp_path).endswith(
        "a log of another name must be given as a file; files there: curve.csv"
    )
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        file(tmp_path / name, "epoch,lr\n0,1\n", "results.csv")
    assert "holds 2 logs, name one: a/results.csv, b/results.csv" in refused(tmp_path)


def test_tables_without_rates(tmp_path):
    path = file(tmp_path, "epoch,loss,acc\n0,1,2\n1,1,2\n")
    assert refused(path) == (
        "run.csv: no column is named like a rate (lr, learning_rate, …); "
        "columns: epoch, loss, acc; rate_column= names the right one"
    )
    assert refused(path, rate_column="eta") == (
        "run.csv: rate_column 'eta' is not there; columns: epoch, loss, acc"
    )
    assert refused(path, rate_column="acc", step_column="t") == (
        "run.csv: step_column 't' has no number beside a rate; columns: epoch, loss, acc"
    )
    assert refused(file(tmp_path, "epoch,lr\n")) == "run.csv: no rows; columns: epoch, lr"
    assert refused(file(tmp_path, "epoch,lr,loss\n0,,1\n1,,2\n")) == (
        "run.csv: the column lr is empty in all 2 rows; a log needs a rate"
    )
    assert refused(file(tmp_path, "epoch,lr\n0,high\n1,low\n")) == (
        "run.csv: the column 'lr' holds no numbers: 2 cells such as 'low'"
    )
    assert refused(file(tmp_path, "1,2,3\n4,5,6\n")).startswith("run.csv: no column is named like")


def test_wrong_arguments(tmp_path):
    path = file(tmp_path, "epoch,lr\n0,1\n")
    assert refused(path, format="yolo").startswith("format must be one of hf_trainer_state, ")
    assert refused(path, format="yolo").endswith("; got 'yolo'")
    assert refused(path, decimal=";") == "decimal must be '.' or ',', got ';'"


def test_some_cells_that_are_no_rates_are_counted(tmp_path):
    log = read_log(file(tmp_path, "epoch,lr\n0,0.1\n1,auto\n2,0.3\n3,NaN\n4,inf\n5,-0.1\n"))
    assert log.at.tolist() == [0, 2, 5]
    assert "1 cell of lr without a number, such as 'auto'" in log.notes
    assert "1 rate below 0" in log.notes


def test_infinite_rates_are_counted(tmp_path):
    log = read_log(file(tmp_path, "step,lr\n0,0.1\n1,inf\n2,0.1\n"))
    assert log.at.tolist() == [0, 2]
    assert "1 infinite rate, read as none" in log.notes


def test_rows_without_a_counter_are_left_out_and_counted(tmp_path):
    log = read_log(file(tmp_path, "step,lr\n1,0.1\n,0.2\n3,0.3\n4,0.4\n"))
    assert log.at.tolist() == [1, 3, 4]
    assert "1 row with a rate and no step left out" in log.notes


def test_broken_json(tmp_path):
    assert refused(file(tmp_path, '{"a": tru')) == (
        "run.csv: no JSON, or cut off before the end of its first row, at line 1, column 7 "
        "(Expecting value)"
    )
    lines = '{"lr": 1, "step": 1}\n' + "{ oops\n" * 3
    assert refused(file(tmp_path, lines)) == (
        "run.csv: 3 of 4 lines are no JSON objects; a log has one row a line"
    )
    assert "rows must be objects, [step, rate]" in refused(file(tmp_path, "[[1,2,3,4],[1,2,3,4]]"))


def test_a_broken_line_among_others_is_counted(tmp_path):
    rows = ['{"step": 1, "lr": 0.1}', '{"step": 2, {"step": 3', '{"step": 4, "lr": 0.4}', ""]
    log = read_log(file(tmp_path, "\n".join(rows)))
    assert log.at.tolist() == [1, 4]
    assert log.notes == ("1 line without a JSON object left out, first line 2",)


def test_null_bytes_that_a_crash_leaves_at_the_end(tmp_path):
    rows = b'{"iteration": 1, "lr": 0.1}\n' * 3000
    log = read_log(file(tmp_path, rows + bytes(100)))
    assert log.size == 3000


def test_values_that_are_no_rates():
    assert refused([]) == "the list is empty; a log needs a row with a rate"
    assert refused(["a", "b"]) == "rates must be numbers, one a row or one a group, got 'a' …"
    assert refused([[1, 2], [3]]) == "rates must be numbers, one a row or one a group, got [1, 2] …"
    assert refused(np.zeros((2, 2, 2))).endswith("got (2, 2, 2)")
    assert refused([{"lr": 1}, 2]) == "every row must be a dictionary, got 2"
    assert "columns: loss" in refused([{"loss": 1}])
    assert refused({"lr": [1, 2], "loss": [1]}) == (
        "every column must have a value a row, got the lengths {'lr': 2, 'loss': 1}"
    )
    assert "the column lr is empty" in refused([np.nan, np.nan])


def test_lists_arrays_and_rows():
    log = read_log([0.1, 0.2, np.float32(0.5)])
    assert (log.format, log.unit, log.at.tolist()) == ("list", "row", [0, 1, 2])
    groups = read_log(np.array([[0.1, 1], [0.2, 2], [0.3, 3]]))  # rows × groups
    assert groups.rates.tolist() == [[0.1, 0.2, 0.3], [1, 2, 3]]
    rows = read_log([{"epoch": e, "lr": [0.1, 0.2], "val_loss": 3} for e in range(3)])
    assert (rows.unit, rows.group_names) == ("epoch", ("lr[0]", "lr[1]"))
    assert read_log(iter([0.1, 0.2])).size == 2
    history = read_log({"loss": [3, 2], "learning_rate": [0.1, 0.2]})
    assert (history.format, history.unit) == ("Keras history", "epoch")


def test_entries_that_are_no_logs():
    with pytest.raises(LogError, match="'lr' must hold a column of rates, got None"):
        from_entry({"id": "x"})
    with pytest.raises(LogError, match="x: 'epoch' has 1 values for 2 rows"):
        from_entry({"id": "x", "epoch": [1], "lr": {"lr": [0.1, 0.2]}})


def test_an_entry_with_the_least_that_is_needed():
    log = from_entry({"lr": {"lr": [0.1, None, 0.3]}})
    assert (log.unit, log.rates.tolist()) == ("row", [[0.1, 0.3]])
