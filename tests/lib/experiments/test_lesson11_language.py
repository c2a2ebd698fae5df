"""Lesson 11's claims on the recorded language model: what is compared, and what is recorded."""

import numpy as np
import pytest

from course_lib.experiments import lesson11_language as language
from course_lib.experiments.lesson11_claims import Claim
from course_lib.language_model import PlannedRun, recorded_runs
from course_lib.language_model.language_training import SCORE_EVERY

SMALL = [Claim(name, "quote", "source", cases={"a": True, "b": True}) for name in language._CASES]


# Two schedules, three peaks, four seeds: the halves of the seeds disagree on schedule and peak.
FINALS = {
    "a": np.array([[1.0, 5.0, 1.0, 5.0], [3.0, 2.0, 3.0, 2.0], [9.0, 9.0, 9.0, 9.0]]),
    "b": np.array([[4.0, 4.0, 4.0, 4.0], [2.0, 1.5, 2.0, 1.5], [np.nan, 0.0, 9.0, 9.0]]),
}


class MadeUp:
    """Records that hold the numbers above at every length."""

    def final(self, name, total_steps):
        """Return the losses of a schedule, (peaks, seeds)."""
        return FINALS[name]


@pytest.fixture
def made_up(monkeypatch):
    monkeypatch.setattr(language, "recorded_runs", MadeUp)


def test_each_half_of_the_seeds_chooses_schedule_and_peak_for_the_other(made_up):
    # Even seeds: a has 1.0 at its first peak, b 2.0 at its second. Odd seeds: a 2.0 at its second
    # peak, b 1.5 at its second. So the even ones choose (a, first), the odd ones (b, second).
    best = language.cross_chosen(320, ["a", "b"])
    assert best.tolist() == [2.0, 5.0, 2.0, 5.0]
    worst = language.cross_chosen(
        320, ["a", "b"], worst=True
    )  # even: (b, second), odd: (a, second)
    assert worst.tolist() == [3.0, 1.5, 3.0, 1.5]


def test_one_schedule_alone_is_the_tuned_one():
    tuned = recorded_runs().tuned("cosine", 640).scores
    assert language.cross_chosen(640, ["cosine"]).tolist() == tuned.tolist()


def test_a_drop_is_judged_at_the_first_score_after_it():
    for updates in language.HORIZONS:
        rates = PlannedRun("grammar", "multi-step", 32, updates, 0.004, 0).rates()
        scores_before = updates * 8 // 10 // SCORE_EVERY
        drop = int(np.flatnonzero(np.diff(rates) < 0)[0]) + 1
        assert scores_before * SCORE_EVERY == drop
        found = language._drop(updates).contrast
        peak = language.language_runs.best_peak("multi-step", updates)
        curves = [
            recorded_runs().curve(name, updates, peak)[:, scores_before - 1 : scores_before + 1]
            for name in ("multi-step", "constant")
        ]
        assert (curves[0][:, 0] == curves[1][:, 0]).all()  # the same run until the drop
        gap = (curves[0] - curves[1])[:, 1].mean()
        assert found.difference.mean == pytest.approx(gap)


def test_every_claim_has_a_case_a_length_and_keeps_what_it_needs():
    small = [Claim(c.name, "quote", "source", needs="different") for c in SMALL]
    found = language.on_language_model(small)
    assert [claim.name for claim in found] == [claim.name for claim in small]
    assert {claim.needs for claim in found} == {"different"}
    counts = {claim.name: len(claim.cases) for claim in found}
    assert counts.pop("1-cycle is better in fewer epochs") == 2
    assert set(counts.values()) == {3}
    assert all(case.contrast.seeds == 8 for claim in found for case in claim.cases.values())


def test_a_claim_that_was_not_judged_is_named():
    with pytest.raises(ValueError, match="claims must hold 'a transformer needs warmup'"):
        language.on_language_model(
            [claim for claim in SMALL if claim.name != "a transformer needs warmup"]
        )


def test_both_verdicts_are_shown_and_only_the_new_one_is_recorded(monkeypatch):
    shown = []
    monkeypatch.setattr(language, "show_table", lambda *parts: shown.append(parts))
    cases = {"320 updates": True, "640 updates": False}
    language.show_beside(
        [Claim("x", "q", "s", cases={"a": True, "b": True})], [Claim("x", "q", "s", cases=cases)]
    )
    ((header, rows, records),) = shown
    assert header[2:5] == ["320 updates", "640 updates", "1,280 updates"]
    assert rows == [["x", "holds", "for", "against", "–", "open"]]
    assert [str(one) for one in records] == [
        "x open at language model",
        "x for at language model, 320 updates",
        "x against at language model, 640 updates",
    ]
