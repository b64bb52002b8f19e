"""LPIPS and E-LPIPS: the definition written out, what is refused, and real networks."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from elpips.metrics import Ensemble, InputError, create_metric
from elpips.metrics.ensemble import EnsembleDraw
from elpips.metrics.perceptual import PerceptualMetric
from random_images import images, rng
from tiny_metric import LINEAR, TinyTrunk, tiny

STILL = Ensemble(
    scale=False,
    offset=False,
    flip=False,
    transpose=False,
    permutation=False,
    gain="none",
    dropout_keep=1.0,
)


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
    draw = metric.draw((9, 8), rng(1))

    def function(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return metric.distance(metric.embed(a, draw), metric.embed(b, draw))

    assert torch.autograd.gradcheck(
        function, (x.requires_grad_(), y.requires_grad_()), eps=1e-7, atol=1e-4
    )


def test_an_ensemble_with_all_members_off_is_lpips() -> None:
    still, plain = tiny(STILL), tiny()
    assert not still.stochastic and not plain.stochastic and tiny(Ensemble()).stochastic
    assert plain.draw((17, 11), batch=3) == EnsembleDraw(batch=3)
    x, y = images(seed=1), images(seed=2)
    assert torch.equal(still(x, y, generator=rng()), plain(x, y))


def test_images_that_share_a_draw_share_its_masks() -> None:
    # With masks of their own, identical images would be apart.
    metric = tiny(Ensemble(dropout_keep=0.5))
    e = metric.embed(images(1).expand(3, -1, -1, -1), metric.draw((17, 11), rng()))
    assert (metric.distance(e[1:], e[0]) == 0).all()
    batch = metric.draw((17, 11), rng(), batch=3)
    e = metric.embed(images(1).expand(3, -1, -1, -1), batch)
    assert (metric.distance(e[1:], e[0]) > 0).all()


def test_the_network_computes_in_its_own_type() -> None:
    metric = tiny().double()
    assert metric.dtype == torch.float64 and metric.device == torch.device("cpu")
    embedding = metric.embed(images(), metric.draw((17, 11)))
    assert {layer.dtype for layer in embedding.layers} == {torch.float64}


@pytest.mark.parametrize("fast", [False, True])
def test_how_images_lie_in_memory_changes_nothing(fast: bool) -> None:
    # As the pictures of most libraries: channels side by side, and a part of a larger one.
    others = torch.rand(2, 24, 20, 3, generator=rng()).permute(0, 3, 1, 2)[..., 3:, 2:]
    metric = tiny(Ensemble(permutation=False, fast=fast))
    for seed in range(4):
        draw = metric.draw((21, 18), rng(seed))
        found = metric.distance(*(metric.embed(x, draw) for x in (others, others.contiguous())))
        assert found.tolist() == [0, 0]


def test_images_of_a_narrow_type_are_as_those_of_the_networks() -> None:
    metric, narrow = tiny(Ensemble(scale_levels=3)), images(2, 24, 20).half()
    for seed in range(4):
        draw = metric.draw((24, 20), rng(seed))
        found, expected = (metric.embed(x, draw).layers for x in (narrow, narrow.float()))
        assert all(map(torch.equal, found, expected))


def test_the_network_may_compute_in_float16() -> None:
    metric, half = tiny(Ensemble()), tiny(Ensemble()).half()
    x, y = images(2, seed=1), torch.zeros(2, 3, 17, 11)
    expected = metric(x, y, generator=rng())
    torch.testing.assert_close(half(x, y, generator=rng()), expected, rtol=0.01, atol=0)


def test_negative_linear_weights_are_refused() -> None:
    with pytest.raises(InputError, match="layer 1 have a negative"):
        PerceptualMetric("bad", TinyTrunk(), [LINEAR[0], -LINEAR[1]])


def test_images_too_small_for_the_network_are_refused() -> None:
    metric = tiny()
    with pytest.raises(InputError, match="20 x 2 px at scale level 1 are too small for tiny"):
        metric.embed(images(1, 2, 20), metric.draw((2, 20)))
    metric.embed(images(1, 3, 20), metric.draw((3, 20)))


def test_what_it_is_shows() -> None:
    assert "'tiny', ensemble=None" in repr(tiny())


@pytest.mark.weights
@pytest.mark.parametrize("name", ["elpips_vgg", "lpips_vgg", "lpips_alex"])
@pytest.mark.parametrize("kind", ["identical", "flat", "black", "white"])
def test_gradients_of_real_networks_are_finite(name: str, kind: str) -> None:
    metric = create_metric(name)
    x = images(1, 40, 33)
    y = {
        "identical": x,
        "flat": torch.full_like(x, 0.5),
        "black": torch.zeros_like(x),
        "white": torch.ones_like(x),
    }[kind]
    for a, b in ((x, y), (y, x), (y, y)):
        variable = a.clone().requires_grad_()
        metric(variable, b, generator=rng()).sum().backward()
        assert torch.isfinite(variable.grad).all()


def test_rolled_images_are_as_far_apart_to_a_metric_of_images_that_tile() -> None:
    metric = tiny(Ensemble(scale_levels=2)).tiled("both")
    x, y = images(1, seed=1), images(1, seed=2)
    draw = metric.draw((17, 11), rng(3))
    rolled = replace(draw, offset=(((draw.offset[0][0] - 4) % 17, (draw.offset[0][1] + 3) % 11),))
    pair = [metric.embed(image.roll((4, -3), (-2, -1)), rolled) for image in (x, y)]
    before = metric.distance(metric.embed(x, draw), metric.embed(y, draw))
    assert torch.equal(metric.distance(*pair), before)


def test_a_metric_of_images_that_tile_shares_the_network() -> None:
    plain = tiny(Ensemble())
    found = plain.tiled("x")
    assert (plain.tile, plain.ensemble.tile) == ("none", "none")
    assert (found.tile, found.ensemble.tile, found.stochastic) == ("x", "x", True)
    assert found.trunk is plain.trunk and found.name == plain.name
    assert plain.tiled("none") is plain and found.tiled("none") is found


def test_to_a_metric_without_ensemble_images_have_borders() -> None:
    assert tiny().tiled("none").tile == "none"
    with pytest.raises(InputError, match="tiny has no ensemble that could roll"):
        tiny().tiled("x")
    with pytest.raises(InputError, match="tile: found 'z'"):
        tiny(Ensemble()).tiled("z")
