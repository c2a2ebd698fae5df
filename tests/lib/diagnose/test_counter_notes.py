"""Notes on counters that disagree with the one that the rates are read by."""

import numpy as np

from course_lib.diagnose import diagnose, read_log


def written(path, header, rows):
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


def codes(log):
    return {oddity.code for oddity in diagnose(log).oddities}


def test_rows_without_a_rate_that_count_on_are_noted(tmp_path):
    training = [(t, 1e-3, "") for t in range(0, 100, 10)]
    held_out = [(t, "", 0.5) for t in range(5, 500, 50)]
    log = read_log(written(tmp_path / "metrics.csv", "step,lr-Adam,val_loss", training + held_out))
    assert any("count on to 455 in step, those with one end at 90" in n for n in log.notes)
    assert "two-counters" in codes(log)
    near = [(t, "", 0.5) for t in range(5, 100, 50)]
    log = read_log(written(tmp_path / "metrics.csv", "step,lr-Adam,val_loss", training + near))
    assert "two-counters" not in codes(log)


def test_the_counter_of_calls_is_noted_beside_another(tmp_path):
    rates = np.linspace(1e-3, 0, 12, endpoint=False)
    rows = [(10 * i, 100 * i, rate) for i, rate in enumerate(rates)]
    log = read_log(written(tmp_path / "history.csv", "_step,iter,lr", rows))
    assert log.at.tolist() == [100.0 * i for i in range(12)]
    assert "two-counters" in codes(log)
    alone = [(10 * i, rate) for i, rate in enumerate(rates)]
    assert "two-counters" not in codes(read_log(written(tmp_path / "h.csv", "_step,lr", alone)))
