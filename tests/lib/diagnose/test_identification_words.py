"""An identification in words, and the choice of the group."""

import numpy as np

from course_lib.diagnose import (
    FittedParameter,
    Identification,
    Oddity,
    RateLog,
    describe,
    diagnose,
    main_group,
)
from tests.lib.diagnose.odd_logs import log_of, part_of


def test_every_part_of_an_identification_is_told():
    log = log_of(np.ones(20), at=range(10, 210, 10), source="a.csv", format="CSV", notes=("one",))
    part = part_of(
        log,
        "cosine",
        lag=1.0,
        skipped=((5, 2.0),),
        peak=1.0,
        warmup_steps=(3.0, 2.0, 9.0),
        total_steps=(500.0, 400.0, np.inf),
    )
    oddities = (Oddity("a", "A harm.", 0, 1, problem=True), Oddity("b", "A curiosity.", 0, 1))
    told = describe(
        Identification(log, 0, (part,), "lr(1)", ("It cannot tell this.",), oddities)
    ).splitlines()
    assert told[0] == "a.csv (CSV): 20 rows, updates 10 to 200, float64"
    assert "Cosine" in told
    assert "  peak            1" in told
    assert "  warmup_steps    3  (2 to 9)" in told
    assert "  total_steps     500  (at least 400)" in told
    assert "  row at s shows  the rate at t = s - 1" in told
    assert "                  the rate at t = s - 2 from update 60 on" in told
    assert told[told.index("Probably made by:") + 1] == "  lr(1)"
    assert told[told.index("This log cannot tell:") + 1] == "  - It cannot tell this."
    assert told[told.index("Problems:") + 1] == "  - A harm."
    assert told[told.index("Good to know:") + 1] == "  - A curiosity."
    assert told[told.index("How the file was read:") + 1] == "  - one"


def test_parts_and_groups_are_told_with_their_places():
    log = log_of([np.ones(20), np.full(20, 0.5)], unit="epoch", group_names=("body", "head"))
    parts = (part_of(log, "cosine", end=10), part_of(log, "constant", first=10))
    told = describe(Identification(log, 1, parts))
    assert "group head of body, head" in told
    assert "Epochs 0 to 9: cosine" in told
    assert "Epochs 10 to 19: constant" in told
    assert "Odd" not in told


def test_the_group_is_the_one_that_most_are_like():
    body, bias = np.linspace(1, 0, 20), np.linspace(2, 0, 20)
    assert main_group(RateLog([bias, body, body], at=range(20))) == 1
    assert main_group(RateLog([bias, body], at=range(20))) == 0
    holes = np.where(np.arange(20) % 2, np.nan, body)
    assert main_group(RateLog([bias, holes, holes], at=range(20))) == 1
    assert diagnose(RateLog([bias, body, body], at=range(20))).group == 1
    assert diagnose(RateLog([bias, body, body], at=range(20)), group=0).group == 0


def test_a_number_that_is_sure_has_no_interval():
    log = log_of(np.ones(20))
    part = part_of(log, "constant", peak=(0.1, 0.1, 0.1 + 1e-12))
    assert "peak            0.1\n" in describe(Identification(log, 0, (part,))) + "\n"
    assert part.parameters["peak"] != FittedParameter(0.1, 0.1, 0.1)
