"""Landscapes against finite differences, their minima, descent over them, and the two claims."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib import schedules, theory
from course_lib.intervals import mean_interval
from course_lib.problems import (
    Ravine,
    RiverValley,
    Rosenbrock,
    SeveralMinima,
    TwoLayerProduct,
    descend,
    walk,
)

LANDSCAPES = {
    "ravine": Ravine(),
    "ravine of three": Ravine([0.5, 3.0, 8.0]),
    "rosenbrock": Rosenbrock(),
    "rosenbrock, flatter": Rosenbrock(7.0),
    "river": RiverValley(),
    "river, other": RiverValley(wall=4.0, descent=3.0, bend=1.5, length=5.0),
    "several": SeveralMinima(),
    "two wells": SeveralMinima(((-1.0, 0.5, 2.0, 0.7), (2.0, -1.0, 1.0, 0.4)), bowl=0.3),
    "product": TwoLayerProduct(width=4),
    "product, target": TwoLayerProduct(width=3, target=-2.0),
}
each = pytest.mark.parametrize("land", LANDSCAPES.values(), ids=LANDSCAPES.keys())
with_a_minimum = pytest.mark.parametrize(
    "land",
    [land for land in LANDSCAPES.values() if not isinstance(land, TwoLayerProduct)],
    ids=lambda land: land.name,
)


def slopes(function, w, step=1e-5):
    """Central differences of a function of one point, along each coordinate."""
    moves = step * np.eye(len(w))
    return np.stack([(function(w + m) - function(w - m)) / (2 * step) for m in moves])


@each
@given(data=st.data())
def test_the_gradient_is_the_slope_of_the_loss(land, data):
    w = data.draw(arrays(float, len(land.start), elements=st.floats(-3, 3)))
    scale = 1 + np.abs(land.gradient(w)).max()
    assert land.gradient(w) == pytest.approx(slopes(land.loss, w), abs=1e-6 * scale)


@each
def test_points_may_come_in_any_arrangement(land):
    w = np.random.default_rng(0).uniform(-2, 2, size=(3, 4, len(land.start)))
    assert land.loss(w).shape == (3, 4)
    assert land.gradient(w).shape == w.shape
    assert land.loss(w)[1, 2] == pytest.approx(land.loss(w[1, 2]))
    assert land.gradient(w)[1, 2] == pytest.approx(land.gradient(w[1, 2]))
    with pytest.raises(ValueError, match=r"w must have shape \(…, \d+\), got \(7, 9\)"):
        land.loss(np.zeros((7, 9)))


@with_a_minimum
def test_the_minimum_is_where_and_what_it_is_said_to_be(land):
    assert land.loss(land.minimum) == pytest.approx(land.minimum_loss, abs=1e-15)
    assert land.gradient(land.minimum) == pytest.approx(0, abs=1e-12)
    nearby = np.random.default_rng(1).normal(0, 3, size=(20_000, len(land.minimum)))
    for scale in (1e-3, 0.1, 1.0):
        assert (land.loss(land.minimum + scale * nearby) > land.minimum_loss).all()


def test_the_losses_are_those_of_their_formulas():
    w = np.array([1.5, 2.0])
    assert Ravine((1.0, 20.0)).loss(w) == pytest.approx(0.5 * 2.25 + 10 * 4)
    assert 0.5 * np.array([1.0, 20.0]) * Ravine().start ** 2 == pytest.approx([0.5, 0.5])
    assert Rosenbrock().loss(w) == pytest.approx(0.25 + 100 * 0.0625)
    river = RiverValley(wall=4.0, descent=3.0, bend=1.5, length=5.0)
    assert river.loss(w) == pytest.approx(2 * (2 - 1.5 * np.sin(1.5)) ** 2 + 3 * 0.7**2)
    assert river.river_loss(w) == pytest.approx(3 * 0.7**2)
    assert river.loss(river.start) == 3.0
    one = SeveralMinima(((1.0, 2.0, 3.0, 0.5),), bowl=0.2)
    assert one.loss(w) == pytest.approx(0.1 * 6.25 + 3 * (1 - np.exp(-0.25 / 0.5)))
    assert TwoLayerProduct(1, target=1.0).loss(w) == pytest.approx(0.5 * (3 - 1) ** 2)
    u_v = np.array([1.0, 2, 3, 4, 5, 6, 7, 8])
    assert TwoLayerProduct(4).output(u_v) == pytest.approx((5 + 12 + 21 + 32) / 2)
    assert TwoLayerProduct(4).curvature(u_v) == pytest.approx((u_v**2).sum() / 4)


def test_three_minima_differ_in_depth_and_sharpness():
    land = SeveralMinima()
    losses = land.loss(land.minima)
    assert land.minima.shape == (3, 2)
    assert losses.tolist() == sorted(losses)
    assert losses == pytest.approx([1.72, 1.91, 2.31], abs=0.01)
    assert land.gradient(land.minima) == pytest.approx(0, abs=1e-12)
    sharpness = np.linalg.eigvalsh(land.hessian(land.minima))
    assert (sharpness > 0).all()
    assert sharpness[:, -1] == pytest.approx([13.42, 1.65, 2.48], abs=0.01)
    assert np.hypot(*(land.minima - [[1.2, 1.0], [-1.5, 0.0], [1.0, -1.2]]).T).max() < 0.1


def test_every_descent_on_the_plane_ends_in_one_of_the_three_minima():
    land = SeveralMinima()
    starts = np.random.default_rng(0).uniform(-4, 4, size=(500, 2))
    ends = descend(land, np.full((500, 1500), 0.05), starts)[:, -1]
    distances = np.linalg.norm(ends[:, None] - land.minima, axis=-1)
    assert distances.min(axis=1).max() < 1e-3
    assert np.bincount(distances.argmin(axis=1)).min() > 50


@given(w=arrays(float, 2, elements=st.floats(-3, 3)))
def test_the_hessian_is_the_slope_of_the_gradient(w):
    land = SeveralMinima()
    assert land.hessian(w) == pytest.approx(slopes(land.gradient, w), abs=1e-5)


@pytest.mark.parametrize(
    "land",
    [
        SeveralMinima(((0.0, 0.0, 1.0, 0.5), (0.3, 0.0, 0.1, 0.5))),  # drowned by the other well
        SeveralMinima(((8.0, 0.0, 0.1, 1.0),), bowl=1.0),  # by the bowl: its floor is elsewhere
        SeveralMinima(((0.4, 0.0, 1.0, 0.5), (-0.4, 0.0, 1.0, 0.5), (0.0, 0.0, 0.1, 1.0))),
        SeveralMinima(
            ((0.8, 0.0, 1.0, 0.5), (-0.8, 0.0, 1.0, 0.5), (0.0, 0.0, 0.01, 1.0))
        ),  # a pass
    ],
)
def test_a_well_that_keeps_no_minimum_is_refused(land):
    with pytest.raises(ValueError, match="wells must each keep a minimum of their own"):
        _ = land.minima


# Descent


def test_descent_is_the_recursion_of_the_theory():
    rates = np.array([np.linspace(0.09, 0.01, 30), np.full(30, 0.11)])
    start = [[1.0, -2.0], [0.5, 3.0]]
    paths = descend(Ravine((1.0, 20.0)), rates, start)
    assert paths.shape == (2, 31, 2)
    for path, row, w in zip(paths, rates, start, strict=True):
        assert path == pytest.approx(theory.descend([1.0, 20.0], w, row), rel=1e-9)


def test_the_noise_is_added_to_the_gradient_step_by_step():
    land, rates = Rosenbrock(7.0), np.linspace(0.02, 0.01, 12)
    noise = np.random.default_rng(5).standard_normal((12, 2))
    w, path = np.array([-1.2, 1.0]), [[-1.2, 1.0]]
    for rate, xi in zip(rates, noise, strict=True):
        w = w - rate * (land.gradient(w) + 0.3 * xi)
        path.append(w)
    assert walk(land, rates[None], land.start, 0.3, [5])[0] == pytest.approx(np.array(path))


def test_the_mean_loss_of_many_walks_is_the_one_that_theory_expects():
    runs, curvature = 4000, 2.0
    rates = np.linspace(0.4, 0.05, 40)
    paths = walk(Ravine((curvature,)), np.tile(rates, (runs, 1)), [1.5], 0.8, range(runs))
    losses = Ravine((curvature,)).loss(paths)
    expected = theory.expected_loss(rates, curvature, 0.8, 1.5)
    error = losses.std(axis=0) / np.sqrt(runs)
    assert (np.abs(losses.mean(axis=0) - expected) <= 4.5 * error + 1e-12).all()


@each
def test_a_walk_does_not_depend_on_its_company_or_on_how_far_it_goes(land):
    rng = np.random.default_rng(2)
    rates, seeds = rng.uniform(1e-4, 2e-3, size=(9, 25)), np.arange(9) % 5
    starts = land.start + rng.normal(0, 0.1, size=(9, len(land.start)))
    together = walk(land, rates, starts, 0.5, seeds)
    assert np.isfinite(together).all()
    for r in range(9):
        alone = walk(land, rates[r : r + 1, :15], starts[r], 0.5, seeds[r : r + 1])
        assert np.array_equal(alone[0], together[r, :16])
    assert np.array_equal(descend(land, rates, starts), walk(land, rates, starts, 0.0, seeds))
    same_rates = walk(land, np.full((2, 5), 1e-3), land.start, 0.5, [0, 1])
    assert not np.allclose(same_rates[0, -1], same_rates[1, -1])


@each
def test_a_walk_that_leaves_finite_numbers_is_nan_from_there_on(land, recwarn):
    wild = np.where(np.arange(60) < 10, 1e-3, 1e60)
    rates = np.array([np.full(60, 1e-3), wild])
    given = rates.copy(), land.start
    paths = walk(land, rates, land.start, 0.1, [0, 0])
    lost = np.isnan(paths[1]).all(axis=-1)
    first = lost.argmax()
    assert 10 < first < 60
    assert lost[first:].all()
    assert np.isfinite(paths[1, :first]).all()
    assert np.isfinite(land.loss(paths[1, :first])).all()
    alone = walk(land, rates[:1], land.start, 0.1, [0])
    assert np.array_equal(paths[0], alone[0])
    assert np.array_equal(paths[1, :11], alone[0, :11])
    assert np.array_equal(rates, given[0])
    assert np.array_equal(land.start, given[1])
    assert not recwarn.list


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"rates": [0.1, 0.2]}, ValueError, r"rates must have shape \(runs, steps\), got \(2,\)"),
        ({"rates": np.empty((2, 0))}, ValueError, "rates must have shape"),
        ({"rates": [[0.1, -0.1]]}, ValueError, "rates must be finite and >= 0, got -0.1"),
        ({"rates": [[0.1, np.inf]]}, ValueError, "rates must be finite"),
        ({"start": [[0.0, 0.0]] * 3}, ValueError, r"start must have shape \(n,\) or \(1, n\)"),
        ({"start": 1.0}, ValueError, r"start must have shape"),
        ({"start": [0.0, np.nan]}, ValueError, "start must be finite"),
        ({"start": [0.0] * 3}, ValueError, r"w must have shape \(…, 2\), got \(1, 3\)"),
        ({"noise_std": -1.0}, ValueError, "noise_std must be finite, >= 0"),
        ({"seeds": [0, 1]}, ValueError, "one seed a run: 1 expected"),
        ({"seeds": [-1]}, ValueError, "seeds must be >= 0"),
        ({"seeds": [0.5]}, TypeError, "seeds must be a whole number"),
    ],
)
def test_bad_walks_are_named(change, error, message):
    good = {"rates": [[0.1, 0.1]], "start": [1.0, 1.0], "noise_std": 0.1, "seeds": [0]}
    with pytest.raises(error, match=message):
        walk(Ravine(), **good | change)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Ravine((1.0, 0.0)), "curvatures must be finite, > 0, got 0.0"),
        (lambda: Ravine(()), "curvatures must hold at least one number"),
        (lambda: Rosenbrock(-1.0), "steepness must be finite, > 0"),
        (lambda: RiverValley(wall=0.0), "wall must be finite, > 0"),
        (lambda: RiverValley(descent=-1.0), "descent must be finite, > 0"),
        (lambda: RiverValley(length=np.inf), "length must be finite, > 0"),
        (lambda: RiverValley(bend=-0.1), "bend must be finite, >= 0"),
        (lambda: SeveralMinima(bowl=0.0), "bowl must be finite, > 0"),
        (lambda: SeveralMinima(((0.0, 0.0, 1.0),)), "wells must be rows of x, y, depth, width"),
        (lambda: SeveralMinima(((0.0, 0.0, 1.0, 0.0),)), "wells' depth and width must be finite"),
        (lambda: SeveralMinima(((np.nan, 0.0, 1.0, 1.0),)), "wells' x and y must be finite"),
        (lambda: TwoLayerProduct(0), "width must be >= 1, got 0"),
        (lambda: TwoLayerProduct(target=np.nan), "target must be finite"),
        (lambda: TwoLayerProduct().start_of(-1), "seed must be >= 0"),
    ],
)
def test_bad_landscapes_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# The river valley: what a schedule trades


def river_ends(rates, seeds, noise_std=2.0):
    land = RiverValley()
    ends = walk(land, np.tile(rates, (len(seeds), 1)), land.start, noise_std, seeds)[:, -1]
    return land.loss(ends), land.river_loss(ends)


def test_in_the_river_valley_decay_takes_off_the_height_and_a_high_rate_makes_the_way():
    steps, peak = np.arange(1000), 0.1
    rates = {
        "constant": schedules.constant(peak)(steps),
        "cosine": schedules.cosine(peak, 1000)(steps),
        "WSD": schedules.wsd(peak, 0, 1000, 200)(steps),
    }
    ends = {name: river_ends(row, range(128)) for name, row in rates.items()}
    loss = {name: mean_interval(end[0]) for name, end in ends.items()}
    # Same peak, same noise: measured .38, .22 and .13, intervals apart.
    assert loss["WSD"].high < loss["cosine"].low < loss["cosine"].high < loss["constant"].low
    # The constant rate is as far down the river as WSD and further than cosine, but high above it.
    river = {name: mean_interval(end[1]) for name, end in ends.items()}
    height = {name: mean_interval(end[0] - end[1]) for name, end in ends.items()}
    assert river["constant"].high < river["cosine"].low
    assert river["constant"].low < river["WSD"].mean < river["constant"].high
    assert height["constant"].low > 10 * max(height["WSD"].high, height["cosine"].high)


# The catapult


def product_runs(multiples, width=100, target=0.0, steps=400, seeds=range(20)):
    """Losses and curvatures, (multiple, seed, step), for rates of so many times 1 / λ_0."""
    land = TwoLayerProduct(width, target)
    starts = np.array([land.start_of(seed) for seed in seeds] * len(multiples))
    first = land.curvature(starts)
    rates = np.repeat(multiples, len(seeds)) / first
    paths = descend(land, np.tile(rates[:, None], steps), starts)
    shape = (len(multiples), len(seeds), steps + 1)
    return land.loss(paths).reshape(shape), land.curvature(paths).reshape(shape)


def test_output_and_curvature_follow_the_papers_recursion():
    land, rate = TwoLayerProduct(width=30), 1.7
    path = descend(land, np.full((1, 12), rate), land.start_of(4))[0]
    f, lam, n = land.output(path), land.curvature(path), 30
    next_f = f * (1 - rate * lam + rate**2 * f**2 / n)
    next_lam = lam + rate * f**2 / n * (rate * lam - 4)
    assert f[1:] == pytest.approx(next_f[:-1], rel=1e-9)
    assert lam[1:] == pytest.approx(next_lam[:-1], rel=1e-9)


def test_the_starts_are_of_order_one_with_the_curvature_two():
    starts = np.array([TwoLayerProduct(500).start_of(seed) for seed in range(300)])
    assert starts.shape == (300, 1000)
    assert TwoLayerProduct(500).curvature(starts).mean() == pytest.approx(2, abs=0.02)
    assert TwoLayerProduct(500).output(starts).std() == pytest.approx(1, abs=0.15)
    assert np.array_equal(TwoLayerProduct(500).start, starts[0])


def test_where_the_loss_is_zero_the_curvature_is_the_hessians_only_eigenvalue():
    land = TwoLayerProduct(width=3, target=1.2)
    w = descend(land, np.full((1, 300), 0.2), land.start_of(0))[0, -1]
    assert land.loss(w) < 1e-20
    values = np.linalg.eigvalsh(slopes(land.gradient, w))
    assert values == pytest.approx([0, 0, 0, 0, 0, land.curvature(w)], abs=1e-7)


def test_below_two_the_loss_only_falls():
    losses, curvatures = product_runs([0.5, 1.0, 1.9])
    # A squared error within rounding of 0 may go up and down.
    assert (np.diff(np.maximum(losses, 1e-20)) <= 0).all()
    assert (losses[..., -1] < 1e-9).all()
    assert (curvatures[..., -1] > 0.8 * curvatures[..., 0]).all()


def test_between_two_and_four_the_loss_first_rises_and_then_falls_to_a_flatter_place():
    multiples = np.array([2.5, 3.0, 3.5])
    losses, curvatures = product_runs(multiples)
    # Not at once for every start: f² / n counts, too.
    assert (losses.max(axis=-1) > 2 * losses[..., 0]).all()
    assert (losses[..., -1] < 1e-9).all()
    left = curvatures[..., -1] / curvatures[..., 0]
    assert (multiples[:, None] * left < 2).all()  # stable again, at the same rate
    assert np.median(left[1]) < 0.1


def test_above_four_it_diverges_whatever_the_start():
    losses, _ = product_runs([4.1, 4.5, 6.0])
    assert np.isnan(losses[..., -1]).all()
    assert np.isfinite(product_runs([3.9])[0]).all()


def test_with_a_target_away_from_zero_the_upper_edge_is_lower():
    assert np.isnan(product_runs([3.9], target=3.0)[0][..., -1]).all()
    assert (product_runs([3.0], target=3.0)[0][..., -1] < 1e-9).all()
