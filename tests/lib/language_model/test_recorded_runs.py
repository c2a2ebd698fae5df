"""The recorded runs: all there, read rightly, and one of them trained again."""

from dataclasses import asdict

import numpy as np
import pytest

from course_lib import language_model
from course_lib.language_model import GRIDS, PlannedRun, grid, recorded_runs, rerun, runs_file


def test_every_planned_run_was_recorded():
    runs = recorded_runs().runs
    planned = [plan for job in grid.jobs() for plan in job.plans]
    assert set(runs) == set(planned)
    assert len(planned) == len(set(planned))
    for plan, run in runs.items():
        assert len(run.held_out) == plan.total_steps // 32
        assert run.seconds > 0


def test_the_recording_is_of_todays_settings():
    from course_lib.language_model.language_training import LanguageModel

    assert recorded_runs().about["settings"] == asdict(LanguageModel())


def test_final_and_curve_are_the_runs_own():
    record = recorded_runs()
    final = record.final("WSD 20 %", 640)
    curve = record.curve("WSD 20 %", 640, 0.004)
    for seed in range(8):
        run = record.runs[PlannedRun("grammar", "WSD 20 %", 32, 640, 0.004, seed)]
        assert final[2, seed] == run.final
        assert curve[seed].tolist() == list(run.held_out)


def test_each_half_of_the_seeds_is_scored_at_the_peak_of_the_other():
    record = recorded_runs()
    for schedule in ("constant", "linear", "1-cycle"):
        final, tuned = record.final(schedule, 320), record.tuned(schedule, 320)
        even, odd = final[:, ::2].mean(axis=1).argmin(), final[:, 1::2].mean(axis=1).argmin()
        assert tuned.scores[::2].tolist() == final[odd, ::2].tolist()
        assert tuned.scores[1::2].tolist() == final[even, 1::2].tolist()
        assert tuned.peaks == (GRIDS[0].peaks[even], GRIDS[0].peaks[odd])
        assert tuned.at_edge == bool({even, odd} & {0, 4})


def test_a_diverged_run_cannot_choose_its_peak():
    record = recorded_runs()
    plan = PlannedRun("grammar", "linear", 32, 320, record.tuned("linear", 320).peaks[0], 0)
    runs = dict(record.runs)
    runs[plan] = runs_file.RecordedRun(plan, None, (None,) * 10, 1.0)
    changed = language_model.RecordedRuns({}, runs)
    assert changed.tuned("linear", 320).peaks[0] != plan.peak_lr
    assert np.isnan(changed.final("linear", 320)).sum() == 1


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (("linear", 100), {}),
        (("Linear", 320), {}),
        (("cosine", 320), {"warmup_steps": 0}),
        (("linear", 320), {"text": "Moby-Dick"}),
    ],
)
def test_runs_that_were_not_recorded_are_named_with_those_that_were(arguments, options):
    with pytest.raises(ValueError, match=r"no runs were recorded of .* There are: grammar, warm"):
        recorded_runs().final(*arguments, **options)


def test_a_peak_that_was_not_recorded_is_refused():
    with pytest.raises(ValueError, match=r"peak_lr must be one of \(0.001, .*, got 0.003"):
        recorded_runs().curve("linear", 320, 0.003)


def test_one_run_trained_again_ends_within_the_spread_of_the_seeds():
    plan = PlannedRun("grammar", "linear", 32, 320, 0.002, seed=0)
    final = recorded_runs().final("linear", 320)[1]
    again = rerun(plan)
    # another processor rounds differently; another run would lie a deviation away
    assert again.final == pytest.approx(recorded_runs().runs[plan].final, abs=final.std(ddof=1) / 2)
    first = recorded_runs().runs[plan].held_out[0]
    assert again.held_out[0] == pytest.approx(first, abs=0.001)
