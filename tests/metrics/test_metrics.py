"""The contract that every metric keeps, on small networks with random weights."""

from __future__ import annotations

import pytest
import torch

from elpips.metrics import Ensemble, InputError, available_metrics, compare, create_metric, estimate
from elpips.metrics.perceptual import PerceptualMetric
from elpips.metrics.pixel import L2
from tiny_metric import LINEAR, TinyTrunk, tiny


def images(n: int = 2, height: int = 17, width: int = 11, seed: int = 0) -> torch.Tensor:
    return torch.rand(n, 3, height, width, generator=torch.Generator().manual_seed(seed))


METRICS = [pytest.param(L2(), id="l2"), pytest.param(tiny(), id="lpips-like")]
METRICS.append(pytest.param(tiny(Ensemble()), id="elpips-like"))


@pytest.mark.parametrize("metric", METRICS)
class TestEveryMetric:
    def test_is_zero_at_identical_images_and_symmetric(self, metric) -> None:
        x, y = images(seed=1), images(seed=2)
        draw = metric.draw((17, 11), torch.Generator().manual_seed(0))
        a, b = metric.embed(x, draw), metric.embed(y, draw)
        assert (metric.distance(a, a) == 0).all()
        assert (metric.distance(a, b) > 0).all()
        assert torch.equal(metric.distance(a, b), metric.distance(b, a))

    def test_root_obeys_the_triangle_inequality_on_shared_draws(self, metric) -> None:
        points = images(3)
        e = metric.embed(points, metric.draw((17, 11), torch.Generator().manual_seed(0)))
        ab, bc, ac = (metric.distance(e[i], e[j]).sqrt() for i, j in ((0, 1), (1, 2), (0, 2)))
        assert ac <= ab + bc + 1e-6

    def test_same_seed_same_numbers(self, metric) -> None:
        x, y = images(seed=1), images(seed=2)
        first, second = (
            metric(x, y, draws=3, generator=torch.Generator().manual_seed(5)) for _ in range(2)
        )
        assert torch.equal(first, second)

    @pytest.mark.parametrize("kind", ["identical", "flat", "black", "white", "input mean"])
    def test_gradients_are_finite(self, metric, kind: str) -> None:
        x = images(1, 32, 24)
        # The last is where the normalised input vanishes in every channel.
        zero = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
        y = {
            "identical": x,
            "flat": torch.full_like(x, 0.5),
            "black": torch.zeros_like(x),
            "white": torch.ones_like(x),
            "input mean": zero.expand_as(x),
        }[kind]
        for a, b in ((x, y), (y, x), (y, y)):
            variable = a.clone().requires_grad_()
            metric(variable, b, generator=torch.Generator().manual_seed(0)).sum().backward()
            assert torch.isfinite(variable.grad).all()

    def test_parameters_are_frozen_and_mode_is_locked(self, metric) -> None:
        assert not any(p.requires_grad for p in metric.parameters())
        assert not metric.train().training

    @pytest.mark.parametrize(
        ("bad", "message"),
        [
            (torch.rand(3, 17, 11), r"found shape \(3, 17, 11\)"),
            (torch.rand(1, 4, 17, 11), r"found shape \(1, 4, 17, 11\)"),
            (torch.rand(1, 3, 17, 11) * 255, "found values from .* expected"),
            (torch.rand(1, 3, 17, 11) * 2 - 1, "found values from -"),
            (torch.full((1, 3, 17, 11), torch.nan), "nan"),
            (torch.zeros(1, 3, 17, 11, dtype=torch.uint8), "torch.uint8"),
        ],
    )
    def test_bad_images_are_refused(self, metric, bad, message: str) -> None:
        with pytest.raises(InputError, match=message):
            metric.embed(bad, metric.draw((17, 11)))

    def test_reductions_and_mismatched_pairs(self, metric) -> None:
        x, y = images(seed=1), images(seed=2)

        def value(reduction: str) -> torch.Tensor:
            return metric(x, y, generator=torch.Generator().manual_seed(0), reduction=reduction)

        assert value("none").shape == (2,)
        torch.testing.assert_close(value("mean"), value("none").mean())
        torch.testing.assert_close(value("sum"), value("none").sum())
        with pytest.raises(InputError, match="reduction"):
            value("median")
        with pytest.raises(InputError, match="differ in shape"):
            metric(x, y[..., :-1])


def test_distance_is_the_definition_written_out() -> None:
    x, y = images(1, seed=1).double(), images(1, seed=2).double()
    metric = tiny().double()
    expected = 0.0
    for f, g, w in zip(
        *(metric.trunk(_normalised(z), lambda t: t) for z in (x, y)), LINEAR, strict=True
    ):
        f, g = (t / (t.square().sum(1, keepdim=True).sqrt() + 1e-10) for t in (f, g))
        expected = expected + ((f - g).square() * w[:, None, None]).sum(1).mean()
    torch.testing.assert_close(metric(x, y)[0], expected, rtol=1e-6, atol=0)


def _normalised(x: torch.Tensor) -> torch.Tensor:
    shift = torch.tensor([-0.030, -0.088, -0.188])[:, None, None]
    scale = torch.tensor([0.458, 0.448, 0.450])[:, None, None]
    return (2 * x - 1 - shift) / scale


def test_written_out_gradient_is_the_derivative() -> None:
    metric = tiny(Ensemble(dropout_keep=0.9)).double()
    x, y = images(1, 9, 8, seed=1).double(), images(1, 9, 8, seed=2).double()
    draw = metric.draw((9, 8), torch.Generator().manual_seed(1))

    def function(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return metric.distance(metric.embed(a, draw), metric.embed(b, draw))

    assert torch.autograd.gradcheck(
        function, (x.requires_grad_(), y.requires_grad_()), eps=1e-7, atol=1e-4
    )


def test_broadcasting_distance_sums_gradients() -> None:
    metric = L2()
    x, many = images(1, seed=1).requires_grad_(), images(4, seed=2)
    draw = metric.draw((17, 11))
    metric.distance(metric.embed(x, draw), metric.embed(many, draw)).sum().backward()
    expected = (2 * (x.detach() - many)).sum(0, keepdim=True) / x[0].numel()
    torch.testing.assert_close(x.grad, expected)


def test_negative_linear_weights_are_refused() -> None:
    with pytest.raises(InputError, match="negative"):
        PerceptualMetric("bad", TinyTrunk(), [LINEAR[0], -LINEAR[1]])


def test_images_too_small_for_the_network_are_refused() -> None:
    with pytest.raises(InputError, match="too small"):
        tiny().embed(torch.rand(1, 3, 2, 20), tiny().draw((2, 20)))


def test_estimate_meets_its_bounds_and_covers_the_mean() -> None:
    metric, x, y = tiny(Ensemble()), images(seed=1), images(seed=2)
    truth = estimate(metric, x, y, max_draws=3000, seed=0)
    loose = estimate(metric, x, y, relative_error=0.1, max_draws=3000, seed=1)
    assert loose.met and 30 <= loose.draws < truth.draws
    assert (1.96 * loose.standard_error <= 0.1 * loose.distance).all()
    combined = (truth.standard_error**2 + loose.standard_error**2).sqrt()
    assert ((truth.distance - loose.distance).abs() < 4 * combined).all()
    tight = estimate(metric, x, y, absolute_error=1e-9, max_draws=40, seed=2)
    assert not tight.met and tight.draws == 40


def test_estimate_of_a_deterministic_metric_takes_one_draw() -> None:
    result = estimate(L2(), images(seed=1), images(seed=2))
    assert result.draws == 1 and (result.standard_error == 0).all() and result.met


def test_one_draw_has_no_error_bound() -> None:
    result = estimate(tiny(Ensemble()), images(seed=1), images(seed=2), max_draws=1)
    assert result.standard_error.isnan().all()


def test_compare_shares_draws() -> None:
    metric, reference = tiny(Ensemble()), images(1, seed=1)
    near = (reference + 0.02).clamp(0, 1)
    result = compare(
        metric,
        reference[0],
        torch.cat([images(1, seed=2), near]),
        max_draws=50,
        seed=0,
    )
    assert result.closest == 1
    assert result.margin[1] == 0 and result.margin_error[1] == 0
    assert result.margin[0] > 3 * result.margin_error[0]
    with pytest.raises(InputError, match="reference"):
        compare(metric, images(2), images(2))


def test_unknown_names_and_options_are_refused() -> None:
    assert available_metrics()[-1] == "l2"
    with pytest.raises(InputError, match="'elpips'"):
        create_metric("elpips")
    with pytest.raises(InputError, match="no ensemble"):
        create_metric("l2", scale_levels=3)
