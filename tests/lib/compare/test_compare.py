"""Comparisons of schedules against scores whose truth is known, and against plain training."""

from dataclasses import replace

import numpy as np
import pytest

from course_lib import problems, schedules
from course_lib.compare import Seeds, compare, good_range, rank, runners
from course_lib.intervals import bootstrap_interval
from course_lib.training import Adam, Mlp, Sgd, Workload, train
from tests.lib.compare.known_scores import BASE, BEST, PEAKS, SCHEDULES, STEPS, Synthetic, run


def test_each_schedule_is_tuned_and_the_true_order_and_differences_are_found():
    result = run()
    assert result.chosen_peaks.tolist() == [0.1, 1.0, 1.0]
    assert result.ranking.beaten_by.tolist() == [2, 0, 1]
    assert result.reference == "linear"
    assert [row.schedule for row in result.as_table()] == ["linear", "cosine", "constant"]
    difference = result.differences[0]
    assert difference.low < 0.2 < difference.high
    assert difference.high - difference.low < 0.05  # paired: a seed alone moves a score by 1
    assert result.score_intervals[0].high - result.score_intervals[0].low > 0.5
    own = result.scores[0] - result.scores[1]
    assert difference == bootstrap_interval(own, 0.95)
    assert run(level=0.8).differences[0] == bootstrap_interval(own, 0.8)


def test_there_are_two_calls_and_scores_come_from_fresh_seeds_at_the_chosen_peak_only():
    runner = Synthetic(BASE)
    result = compare(runner, SCHEDULES, peaks=PEAKS, total_steps=STEPS, seeds=Seeds([5], [7, 9, 8]))
    (tuned, tuned_seeds, _), (rates, seeds, momenta) = runner.calls
    assert tuned.shape == (3 * 4 * 1, STEPS)
    assert set(tuned_seeds.tolist()) == {5}
    assert seeds.tolist() == [7, 9, 8] * 3
    assert momenta is None
    for s, (name, maker) in enumerate(SCHEDULES.items()):
        expected = maker(BEST[name], STEPS)(np.arange(STEPS))
        assert (rates[3 * s : 3 * s + 3] == expected).all()
    assert result.scores.ravel() == pytest.approx(runner(rates, seeds, None).scores)
    assert result.validation.ravel() == pytest.approx(runner(tuned, tuned_seeds, None).scores)
    assert (result.tuning_updates, result.scoring_updates) == (3 * 4 * 1 * 20, 3 * 3 * 20)


def test_numbered_seeds_keep_their_part_when_there_are_more_of_them():
    few, many = Seeds.numbered(3), Seeds.numbered(5)
    assert few.validation == (0, 2, 4)
    assert few.fresh == (1, 3, 5)
    assert many.validation[:3] == few.validation
    assert many.fresh[:3] == few.fresh


def test_a_peak_at_which_any_validation_run_diverged_is_out():
    result = run(lost={("linear", 1.0, 6)})
    assert result.chosen_peaks[1] == 0.1 or result.chosen_peaks[1] == 10.0
    assert np.isinf(result.validation_means[1]).tolist() == [False, False, True, False]
    intervals = result.validation_intervals[1]
    assert [np.isnan(i.low) for i in intervals] == [False, False, True, False]
    assert [i.mean for i in intervals] == pytest.approx(result.validation_means[1])


def test_a_fresh_run_that_diverged_makes_the_schedule_last():
    result = run(lost={("linear", 1.0, 7)})
    assert result.ranking.beaten_by.tolist() == [1, 2, 0]
    last = result.as_table()[-1]
    assert (last.schedule, last.diverged, last.score.mean) == ("linear", 1, np.inf)
    assert [row.diverged for row in result.as_table()] == [0, 0, 1]
    assert np.isnan([last.difference.mean, last.simultaneous.low]).all()
    assert result.reference == "cosine"
    both = run(lost={("linear", 1.0, 7), ("cosine", 1.0, 1)}).ranking
    assert both.beaten_by.tolist() == [0, 1, 1]
    assert both.undecided.tolist() == [
        [True, False, False],
        [False, True, True],
        [False, True, True],
    ]


def test_a_schedule_that_diverged_at_every_peak_is_named():
    with pytest.raises(ValueError, match=r"peaks: \['linear'\] diverged .* 0.01 … 10: add lower"):
        run(lost={("linear", peak, 0) for peak in PEAKS})


@pytest.mark.parametrize(
    ("peaks", "edges"),
    [
        ([0.01, 0.1, 1.0], [False, True, True]),
        ([0.1, 1.0, 10.0], [True, False, False]),
        (PEAKS, [False] * 3),
    ],
)
def test_a_peak_at_the_edge_of_the_grid_is_marked(peaks, edges):
    result = run(peaks=peaks)
    assert result.at_edge.tolist() == edges
    assert ("edge of the grid" in result.as_markdown()) == any(edges)


def test_history_gives_the_best_and_the_updates_to_a_threshold():
    result = run(noise=0.0, threshold=3.0)
    assert result.best == pytest.approx(result.scores - 0.5)
    on_the_way = np.stack([result.scores + 2, result.scores - 0.5, result.scores], axis=2)
    steps = np.select([h <= 3.0 for h in np.moveaxis(on_the_way, 2, 0)], [5, 10, 20], np.inf)
    assert (result.steps_to_reach == steps).all()
    assert np.isinf(steps).any()
    assert np.isfinite(steps).any()
    for row in result.as_table():
        own = steps[result.names.index(row.schedule)]
        assert row.reached == np.isfinite(own).sum()
        assert row.steps_to_reach == np.sort(own)[4]
        assert row.accuracy == 0.5
    assert np.isnan(run().steps_to_reach).all()
    half = np.sort(result.best[1])[3]  # four of the eight runs of "linear" get there
    row = next(row for row in run(noise=0.0, threshold=half).as_table() if row.schedule == "linear")
    assert (row.reached, row.steps_to_reach) == (4, np.inf)


def test_those_that_are_neither_better_nor_worse_are_named():
    rows = run(base={"constant": 3.2, "linear": 3.0, "cosine": 3.0}).as_table()
    undecided = {row.schedule: row.undecided_with for row in rows}
    assert undecided == {"linear": ("cosine",), "cosine": ("linear",), "constant": ()}
    assert [row.beaten_by for row in rows] == [0, 0, 2]


@pytest.mark.parametrize("draw", [np.zeros_like, np.exp], ids=["normal", "log-normal"])
def test_equal_schedules_are_beaten_by_none_in_95_of_100_comparisons(draw):
    rng = np.random.default_rng(2)
    alone = 0
    for _ in range(600):
        noise = rng.normal(size=(12, 8))
        scores = noise + 5 * rng.normal(size=8) if draw is np.zeros_like else draw(noise)
        alone += (rank(scores).beaten_by == 0).all()
    assert alone / 600 > 0.93  # standard error 0.009
    if draw is np.zeros_like:
        assert alone / 600 < 0.985  # not by never deciding anything


def test_different_schedules_are_beaten_by_all_before_them():
    rng = np.random.default_rng(3)
    order = rng.permutation(12)
    ranking = rank(order[:, None] + 0.1 * rng.normal(size=(12, 8)) + 9 * rng.normal(size=8))
    assert (ranking.beaten_by == order).all()
    assert (ranking.undecided == np.eye(12, dtype=bool)).all()
    assert (np.diagonal(ranking.mean) == 0).all()
    assert ranking.pair_level == pytest.approx(1 - 0.05 / 66)


def test_two_schedules_are_a_paired_t_test():
    scores = np.array([[1.0, 2.0, 3.0, 4.0], [1.5, 2.2, 3.9, 4.4]])
    ranking = rank(scores)
    d = scores[1] - scores[0]
    half = 3.182446305 * d.std(ddof=1) / 2  # t quantile, 3 degrees of freedom
    assert (ranking.low[1, 0], ranking.high[1, 0]) == pytest.approx(
        (d.mean() - half, d.mean() + half)
    )
    assert (ranking.low[0, 1], ranking.high[0, 1]) == pytest.approx(
        (-d.mean() - half, -d.mean() + half)
    )
    assert ranking.beaten_by.tolist() == [0, 1]


def test_ties_need_not_be_transitive():
    noise = np.array([1.0, -1, 1, -1, 1, -1, 1, -1]) * 0.6
    ranking = rank(np.stack([0 + 0 * noise, 0.6 + noise, 1.2 + 0 * noise]))
    assert ranking.undecided.tolist() == [[True, True, False], [True] * 3, [False, True, True]]
    assert ranking.beaten_by.tolist() == [0, 0, 1]


def test_the_good_range_is_read_between_the_peaks():
    peaks = np.array([0.01, 0.1, 1.0, 10.0])
    found = good_range(peaks, np.array([3.0, 2.0, 1.0, 1.4]), within=0.2)
    assert (found.low, found.high) == pytest.approx((10**-0.2, 10**0.5))
    assert (found.open_low, found.open_high) == (False, False)
    assert found.factor == pytest.approx(10**0.7)
    edge = good_range(peaks, np.array([1.05, 1.0, np.inf, 1.0]), within=0.1)
    assert (edge.low, edge.high, edge.open_low, edge.open_high) == (0.01, 0.1, True, False)
    assert str(edge) == "≤ 0.01 … 0.1 (×≥ 10)"
    hill = good_range(peaks, np.array([1.0, 2.0, 1.05, 1.0]), within=0.1)
    assert hill.low == pytest.approx(0.01)
    assert hill.high < 0.1  # the far side of a hill does not count
    below = good_range(peaks, np.array([-1.0, -2.0, -1.0, 0.0]), within=0.5)
    assert (below.low, below.high) == pytest.approx((0.01, 1.0))


def small_workload(held_out=True, **change):
    data = problems.spirals(per_class=30)
    if held_out:
        data = replace(data, held_out=problems.spirals(per_class=20, seed=1))
    return Workload(data, Mlp(hidden=(8,)), batch_size=10, **change)


def test_a_workload_is_trained_in_two_calls_and_scored_on_held_out_examples(monkeypatch):
    calls = []

    def counted(*arguments, **options):
        calls.append(options)
        return train(*arguments, **options)

    monkeypatch.setattr(runners, "train", counted)
    workload = small_workload()
    chosen = {"linear": schedules.linear, "constant": SCHEDULES["constant"]}
    arguments = {"peaks": [0.01, 0.3], "total_steps": 25, "seeds": 2, "score_every": 10}
    result = compare(workload, chosen, threshold=0.5, keep_at=(3,), **arguments)
    assert len(calls) == 2
    assert all(options["keep_at"] == (3,) for options in calls)
    assert result.metric == "held-out loss"
    assert result.problem == "spirals"
    assert result.scored_at.tolist() == [10, 20, 25]
    for s, name in enumerate(chosen):
        rates = chosen[name](result.chosen_peaks[s], 25)(np.arange(25))
        alone = train(workload, np.tile(rates, (2, 1)), [1, 3], score_every=10)
        assert (result.history[s] == alone.held_out_loss).all()
        assert (result.scores[s] == alone.held_out_loss[:, -1]).all()
        assert (result.accuracy[s] == alone.held_out_accuracy[:, -1]).all()


def test_without_held_out_examples_the_score_is_the_final_training_loss():
    workload = small_workload(held_out=False)
    arguments = {"peaks": [0.1], "total_steps": 12, "seeds": 2}
    result = compare(workload, {"linear": schedules.linear}, **arguments)
    runs = train(workload, np.tile(schedules.linear(0.1, 12)(np.arange(12)), (2, 1)), [1, 3])
    assert result.metric == "final training loss"
    assert (result.scores[0] == runs.final_loss).all()
    assert np.isnan(result.accuracy).all()
    with pytest.raises(ValueError, match="score_every needs held-out examples, and 'spirals'"):
        compare(workload, {"linear": schedules.linear}, score_every=5, **arguments)


def one_cycle(peak_lr, total_steps):
    return schedules.one_cycle(peak_lr, total_steps), schedules.one_cycle_momentum(total_steps)


@pytest.mark.parametrize("optimizer", [Sgd(momentum=0.5), Adam(beta1=0.8)], ids=["sgd", "adam"])
def test_a_momentum_is_its_schedules_own_and_the_others_keep_the_optimizers(optimizer):
    workload = small_workload(optimizer=optimizer)
    chosen = {
        "1-cycle": one_cycle,
        "linear": schedules.linear,
    }
    result = compare(workload, chosen, peaks=[0.02], total_steps=20, seeds=2)
    steps = np.arange(20)
    rates = np.tile(schedules.one_cycle(0.02, 20)(steps), (2, 1))
    momenta = np.tile(schedules.one_cycle_momentum(20)(steps), (2, 1))
    cycle = train(workload, rates, [1, 3], momenta=momenta)
    linear = train(workload, np.tile(schedules.linear(0.02, 20)(steps), (2, 1)), [1, 3])
    assert (result.scores[0] == cycle.held_out_loss[:, -1]).all()
    assert result.scores[1] == pytest.approx(linear.held_out_loss[:, -1], rel=1e-12)


def test_a_noisy_quadratic_is_simulated():
    problem = problems.power_law_quadratic(dimensions=5)
    arguments = {"peaks": [0.1, 0.5], "total_steps": 25, "seeds": 3}
    result = compare(problem, SCHEDULES, score_every=10, threshold=0.9, **arguments)
    assert result.problem == "5-dimensional quadratic"
    assert result.scored_at.tolist() == [10, 20, 25]
    for s, (name, maker) in enumerate(SCHEDULES.items()):
        rates = np.tile(maker(result.chosen_peaks[s], 25)(np.arange(25)), (3, 1))
        losses = problems.simulate(problem, rates, [1, 3, 5])
        assert (result.scores[s] == losses[:, 25]).all(), name
        assert (result.history[s] == losses[:, [10, 20, 25]]).all()
    with pytest.raises(TypeError, match="a NoisyQuadratic has no momentum"):
        compare(problem, {"1-cycle": one_cycle}, **arguments)


def test_one_schedule_and_one_peak_are_a_comparison_too():
    result = run(chosen={"linear": schedules.linear}, peaks=[1.0])
    assert result.ranking.beaten_by.tolist() == [0]
    assert result.at_edge.tolist() == [False]  # nothing was chosen
    assert "| linear " in result.as_markdown()


def test_the_markdown_is_aligned_and_says_how_it_was_made():
    text = run(threshold=3.0, lost={("linear", 1.0, 7)}, reference="constant").as_markdown()
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(line) for line in table}) == 1
    assert len({line.count("|") for line in table}) == 1
    for words in (
        "score after 20 updates, lower is better: mean over 8 fresh seeds",
        "95 % bootstrap interval",
        "among 4 on 8 other seeds",
        "all 3 pairs at once (98.333% each)",
        "1,920 updates to tune, 480 to score",
        "minus constant",
        "updates to 3.00",
        "| 1/8 ",
        "best on the way",
    ):
        assert words in text


def test_the_markdown_has_the_numbers_of_the_table():
    result = run()
    lines = [line.split("|") for line in result.as_markdown().splitlines() if line[:1] == "|"]
    for row, cells in zip(result.as_table(), lines[2:], strict=True):
        assert [cells[1].strip(), cells[2].strip()] == [row.schedule, str(row.beaten_by)]
        assert cells[5].strip() == f"{row.score:#.3g}"
        words = ["", ""]
        if row.schedule != result.reference:
            both = row.simultaneous
            words = [f"{row.difference:#.3g}", f"[{both.low:#.3g}, {both.high:#.3g}]"]
        assert [cell.strip() for cell in cells[6:8]] == words


def bad_maker(values):
    return {"mine": lambda peak, steps: values}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"chosen": {}}, ValueError, "schedules must hold at least one"),
        ({"chosen": [schedules.linear]}, TypeError, "schedules must map names to functions"),
        ({"chosen": {"mine": schedules.constant(0.1)}}, TypeError, "'mine' must be a function"),
        ({"chosen": bad_maker(0.1)}, TypeError, "'mine' must return a Schedule, .* got 0.1"),
        ({"chosen": bad_maker(())}, TypeError, "'mine' must return a Schedule"),
        ({"chosen": bad_maker(schedules.constant(0.1))}, ValueError, "rate of 'mine' .* <= 0.01"),
        ({"chosen": bad_maker(schedules.constant(0.01))}, ValueError, "'mine' ignores its peak"),
        (
            {"chosen": {"mine": lambda p, t: (schedules.constant(p), schedules.constant(1.0))}},
            ValueError,
            "momentum of 'mine' must be finite, >= 0 and <= 1, got 1",
        ),
        (
            {"chosen": {"mine": lambda p, t: schedules.warmup_cosine(p, 30, t)}},
            ValueError,
            "'mine' failed at peak_lr = 0.01, total_steps = 20: warmup_steps must be < total",
        ),
        ({"peaks": []}, ValueError, "peaks must be a list of rates, at least one"),
        ({"peaks": [0.1, 0.1]}, ValueError, "peaks must be finite, > 0 and strictly increasing"),
        ({"peaks": [0.2, 0.1]}, ValueError, "strictly increasing"),
        ({"peaks": [0.0, 0.1]}, ValueError, "> 0"),
        ({"peaks": [0.1, np.inf]}, ValueError, "finite"),
        ({"total_steps": 0}, ValueError, "total_steps must be >= 1, got 0"),
        ({"seeds": 1}, ValueError, "seeds must be >= 2, got 1"),
        ({"seeds": 8.0}, TypeError, "seeds must be a whole number"),
        ({"reference": "mine"}, ValueError, r"reference must be one of \['constant', 'linear'"),
        ({"level": 1.0}, ValueError, "level must be < 1"),
        ({"within": -0.1}, ValueError, "within must be finite, >= 0"),
        ({"threshold": np.nan}, ValueError, "threshold must be finite"),
        ({"score_every": 5}, TypeError, "score_every cannot be given"),
        ({"jobs": 2}, TypeError, r"only a Workload can use \['jobs'\]"),
    ],
)
def test_bad_arguments_are_named(change, error, message):
    with pytest.raises(error, match=message):
        run(**change)


@pytest.mark.parametrize(
    ("validation", "fresh", "message"),
    [
        ([1, 2], [2, 3], r"fresh seeds must not be among the validation seeds, got \[2\]"),
        ([1], [2], r"fresh seeds must be at least 2, got \[2\]"),
        ([], [2, 3], "validation seeds must be at least 1"),
        ([1, 1], [2, 3], "validation seeds must differ"),
        ([1], [2, -3], "fresh seeds must be >= 0, got -3"),
    ],
)
def test_bad_seeds_are_named(validation, fresh, message):
    with pytest.raises(ValueError, match=message):
        Seeds(validation, fresh)


def test_other_bad_calls_are_named():
    arguments = {"peaks": [0.1], "total_steps": 10}
    with pytest.raises(TypeError, match="problem must be a Workload, a NoisyQuadratic or"):
        compare(3, SCHEDULES, **arguments)
    with pytest.raises(ValueError, match="threshold needs score_every"):
        compare(small_workload(), SCHEDULES, threshold=0.5, **arguments)
    with pytest.raises(TypeError, match="a runner must return Trials, got list"):
        compare(lambda rates, seeds, momenta: [], SCHEDULES, **arguments)
    good = Synthetic(BASE)
    for change, message in (
        ({"scores": np.zeros(3)}, r"a runner's scores must have shape \(24,\), got \(3,\)"),
        ({"scored_at": np.array([5, 10, 19])}, "must increase and end at 10"),
    ):
        with pytest.raises(ValueError, match=message):
            compare(lambda *a, c=change: replace(good(*a), **c), SCHEDULES, **arguments)
    with pytest.raises(ValueError, match=r"scores must have shape \(schedules, seeds >= 2\)"):
        rank(np.zeros((3, 1)))
    with pytest.raises(ValueError, match="means must have one value a peak, some of them finite"):
        good_range([0.1, 1.0], [np.inf, np.inf])
