"""Sampling until the error bounds hold, and comparing on shared draws."""

from __future__ import annotations

import pytest
import torch

from elpips.metrics import Ensemble, Estimate, InputError, OverBackgrounds, compare, estimate
from elpips.metrics.pixel import L2
from elpips.metrics.seeds import stream
from random_images import images
from tiny_metric import tiny

METRIC = tiny(Ensemble())
X, Y = images(seed=1), images(seed=2)


def test_estimate_meets_its_bounds_and_covers_the_mean() -> None:
    truth = estimate(METRIC, X, Y, max_draws=3000, seed=0)
    loose = estimate(METRIC, X, Y, relative_error=0.1, max_draws=3000, seed=1)
    assert loose.met and 30 <= loose.draws < truth.draws
    assert (1.96 * loose.standard_error <= 0.1 * loose.distance).all()
    combined = (truth.standard_error**2 + loose.standard_error**2).sqrt()
    assert ((truth.distance - loose.distance).abs() < 4 * combined).all()
    tight = estimate(METRIC, X, Y, absolute_error=1e-9, max_draws=40, seed=2)
    assert not tight.met and tight.draws == 40


def test_estimate_is_mean_and_error_of_independent_shared_draws() -> None:
    found = estimate(METRIC, X, Y, max_draws=7, seed=3)
    with torch.no_grad():
        samples = torch.stack(
            [
                METRIC.distance(METRIC.embed(X, draw), METRIC.embed(Y, draw)).double()
                for draw in METRIC.draws((17, 11), 7, stream(3, "evaluate"))
            ]
        )
    assert found.draws == 7 and found.met
    torch.testing.assert_close(found.distance, samples.mean(0))
    torch.testing.assert_close(found.standard_error, samples.std(0) / 7**0.5)
    low, high = found.interval
    torch.testing.assert_close(high - low, 2 * 1.96 * found.standard_error)
    torch.testing.assert_close((low + high) / 2, found.distance)


def test_either_bound_is_enough() -> None:
    free = estimate(METRIC, X, Y, max_draws=400)
    within = float(2 * 1.96 * free.standard_error.max())
    for bounds in (
        {"absolute_error": within, "relative_error": 1e-9},
        {"absolute_error": 1e-12, "relative_error": 0.5},
    ):
        found = estimate(METRIC, X, Y, max_draws=400, **bounds)
        assert found.met and found.draws < 400


def test_fewer_than_min_draws_are_not_trusted() -> None:
    found = estimate(METRIC, X, Y, absolute_error=1e3, min_draws=50)
    assert found.met and found.draws == 50
    assert estimate(METRIC, X, Y, absolute_error=1e3, min_draws=25).draws == 25
    # max_draws wins, and the bound holds all the same.
    found = estimate(METRIC, X, Y, absolute_error=1e3, min_draws=50, max_draws=20)
    assert found.met and found.draws == 20


def test_same_seed_same_numbers() -> None:
    first, again, other = (estimate(METRIC, X, Y, max_draws=5, seed=s) for s in (4, 4, 5))
    assert torch.equal(first.distance, again.distance)
    assert (first.distance != other.distance).all()


def test_progress_is_told_of_every_draw() -> None:
    seen: list[int] = []
    estimate(METRIC, X, Y, max_draws=4, progress=seen.append)
    assert seen == [1, 2, 3, 4]


def test_estimate_of_a_deterministic_metric_takes_one_draw() -> None:
    result = estimate(L2(), X, Y, relative_error=1e-6)
    assert result.draws == 1 and (result.standard_error == 0).all() and result.met
    torch.testing.assert_close(result.distance, (X - Y).double().square().mean((1, 2, 3)))


def test_one_draw_has_no_error_bound() -> None:
    result = estimate(METRIC, X, Y, max_draws=1)
    assert result.standard_error.isnan().all() and result.met
    assert not estimate(METRIC, X, Y, relative_error=0.5, max_draws=1).met


def test_no_graph_is_kept() -> None:
    assert not estimate(METRIC, X.clone().requires_grad_(), Y, max_draws=1).distance.requires_grad


def test_compare_shares_draws() -> None:
    reference = images(1, seed=1)[0]
    near = (reference + 0.02).clamp(0, 1)
    candidates = torch.stack([images(1, seed=2)[0], near])
    result = compare(METRIC, reference, candidates, max_draws=50)
    assert result.closest == 1
    assert result.margin[1] == 0 and result.margin_error[1] == 0
    assert result.margin[0] > 3 * result.margin_error[0]
    # The same pairs on the same draws, so that only rounding differs.
    pairs = estimate(METRIC, reference.expand_as(candidates), candidates, max_draws=50)
    torch.testing.assert_close(result.estimate.distance, pairs.distance, rtol=1e-5, atol=0)
    torch.testing.assert_close(result.margin[0], pairs.distance[0] - pairs.distance[1])


def test_a_margin_on_shared_draws_is_known_better_than_the_distances() -> None:
    reference, noise = images(1, seed=1)[0], images(1, seed=2)[0]
    candidates = torch.stack([reference.lerp(noise, 0.5), reference.lerp(noise, 0.52)])
    found = compare(METRIC, reference, candidates, max_draws=50)
    assert found.closest == 0
    assert found.margin_error[1] < 0.3 * found.estimate.standard_error[1]


def test_compare_of_a_deterministic_metric_is_exact() -> None:
    found = compare(L2(), X[0], torch.cat([Y, X[:1]]))
    assert found.closest == 2 and (found.margin_error == 0).all()
    torch.testing.assert_close(found.margin, found.estimate.distance)


def test_pictures_with_transparency_are_sampled_over_backgrounds() -> None:
    alpha = torch.tensor([1.0, 0.5]).view(2, 1, 1, 1).expand(2, 1, 17, 11)
    x, y = (torch.cat([alpha * each, alpha], 1) for each in (X, Y))
    metric = OverBackgrounds(METRIC)
    found = estimate(metric, x, y, max_draws=10)
    assert (found.distance > 0).all() and (found.standard_error > 0).all()
    assert compare(metric, x[0], torch.stack([y[0], x[0]]), max_draws=10).closest == 1
    with pytest.raises(InputError, match=r"^reference: .* premultiplied RGBA"):
        compare(metric, X[0], y)
    with pytest.raises(InputError, match=r"differ; expected \(4, H, W\) and \(K, 4, H, W\)"):
        compare(metric, x[0], y[..., :-1])


def test_compare_takes_one_reference_and_candidates_of_its_size() -> None:
    with pytest.raises(InputError, match=r"^reference: found shape \(2, 3, 17, 11\), expected"):
        compare(METRIC, X, Y)
    with pytest.raises(InputError, match=r"^candidates: found shape \(3, 17, 11\)"):
        compare(METRIC, X[0], Y[0])
    with pytest.raises(InputError, match=r"differ; expected \(3, H, W\) and \(K, 3, H, W\)"):
        compare(METRIC, X[0], Y[..., :-1])


@pytest.mark.parametrize("metric", [L2(), METRIC], ids=["l2", "elpips-like"])
@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"max_draws": 0}, "max_draws: found 0, expected an integer from 1"),
        ({"max_draws": 1.5}, "max_draws: found 1.5, expected an integer"),
        ({"max_draws": float("nan")}, "max_draws: found nan, expected an integer"),
        ({"min_draws": -5}, "min_draws: found -5, expected an integer from 1"),
        ({"relative_error": 0.0}, "relative_error: found 0.0, expected a number above 0"),
        ({"absolute_error": -1.0}, "absolute_error: found -1.0, expected a number above 0"),
        ({"absolute_error": float("nan")}, "absolute_error: found nan"),
        ({"seed": -1}, r"seed: found -1, expected an integer from 0 to 2\^63 - 1"),
    ],
)
def test_bad_options_are_refused(metric, option: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        estimate(metric, X, Y, **option)
    with pytest.raises(InputError, match=message):
        compare(metric, X[0], Y, **option)


def test_an_interval_is_1_96_errors_to_each_side() -> None:
    low, high = Estimate(torch.tensor([2.0]), torch.tensor([0.5]), 9).interval
    assert (float(low), float(high)) == pytest.approx((1.02, 2.98))
