"""Pictures with transparency are judged by what is seen of them over any background."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from elpips.metrics import Ensemble, InputError, OverBackgrounds, create_metric, working_copy
from elpips.metrics.backgrounds import channels_for, suited
from elpips.metrics.precision import precision_of
from elpips.rgba import over
from tiny_metric import tiny


def pictures(count: int, seed: int = 0) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    alpha = torch.rand(count, 1, 20, 24, generator=rng)
    return torch.cat([alpha * torch.rand(count, 3, 20, 24, generator=rng), alpha], 1)


def test_the_distance_is_the_inner_ones_over_the_drawn_colour() -> None:
    inner = tiny(Ensemble())
    metric = OverBackgrounds(inner)
    x, y = pictures(2), pictures(2, seed=1)
    draw = metric.draw((20, 24), torch.Generator().manual_seed(3))
    found = metric.distance(metric.embed(x, draw), metric.embed(y, draw))
    seen = [inner.embed(over(z, draw.colours), draw.inner) for z in (x, y)]
    assert torch.equal(found, inner.distance(*seen))
    colours = torch.cat([metric.draw((20, 24)).colours for _ in range(300)])
    assert colours.shape == (300, 3, 1, 1) and 0.4 < colours.mean() < 0.6
    assert colours.std() == pytest.approx(12**-0.5, abs=0.03)


def test_opaque_pictures_are_as_far_apart_as_without_alpha() -> None:
    x, y = torch.rand(2, 2, 3, 20, 24, generator=torch.Generator().manual_seed(1))
    opaque = [torch.cat([z, torch.ones(2, 1, 20, 24)], 1) for z in (x, y)]
    expected = create_metric("l2")(x, y)
    torch.testing.assert_close(OverBackgrounds(create_metric("l2"))(*opaque), expected)


def test_colours_are_not_hidden_by_any_alpha() -> None:
    # Alike over white, and not over anything else.
    clear, white = torch.zeros(1, 4, 20, 24), torch.ones(1, 4, 20, 24)
    assert torch.equal(over(clear, 1.0), over(white, 1.0))
    assert OverBackgrounds(create_metric("l2"))(clear, white, draws=8) > 0.05


def test_it_has_the_precision_of_what_it_is_of() -> None:
    metric = OverBackgrounds(tiny(Ensemble()))
    assert working_copy(metric, "float32") is metric
    reduced = working_copy(metric, "bfloat16")
    assert isinstance(reduced, OverBackgrounds) and precision_of(reduced) == "bfloat16"
    tiled = metric.tiled("x")
    assert isinstance(tiled, OverBackgrounds) and tiled.inner.tile == tiled.tile == "x"
    assert metric.tiled("none") is metric


def test_pictures_that_are_none_are_refused() -> None:
    metric = OverBackgrounds(create_metric("l2"))
    draw = metric.draw((20, 24))
    with pytest.raises(InputError, match="expected \\(N, 4, H, W\\) with premultiplied RGBA"):
        metric.embed(pictures(1)[:, :3], draw)
    with pytest.raises(InputError, match="found colours above alpha"):
        metric.embed(pictures(1) * torch.tensor([1, 1, 1, 0.1]).view(4, 1, 1), draw)
    with pytest.raises(InputError, match="transparency is for geodesics, morphs and barycenters"):
        create_metric("l2").embed(pictures(1), metric.inner.draw((20, 24)))


def test_any_metric_suits_pictures_with_transparency() -> None:
    inner = create_metric("l2")
    metric = suited(inner, pictures(1))
    assert isinstance(metric, OverBackgrounds) and metric.inner is inner
    assert suited(metric, pictures(1)) is metric and suited(inner, pictures(1)[:, :3]) is inner
    channels = [channels_for(each, pictures(1)[0, :3]) for each in (inner, metric, "l2")]
    assert channels == [3, 4, 3] and channels_for("l2", pictures(1)) == 4
