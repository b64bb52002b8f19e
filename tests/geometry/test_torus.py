"""Images continued by themselves and folded back, and all that goes around borders that meet."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry import barycenter, geodesic
from elpips.geometry.bands import BandPreconditioner, join, split
from elpips.geometry.crisp_fade import crisp_fade
from elpips.geometry.flow_interpolation import flow_path
from elpips.geometry.meeting import meet
from elpips.geometry.noise import texture_noise
from elpips.geometry.texture_flow import TextureFlow
from elpips.geometry.torus import around, fold_matrix, resize
from elpips.metrics import Ensemble
from rolled_metric import Rolled
from tiny_metric import tiny
from toy_paths import noise

BOTH = (True, True)
# As smooth as pictures, and repeating.
SMOOTH = split(noise(2, 3, 32, 48, seed=4), BOTH)[:, 1:].sum(1).clamp(0, 1)
HALF = torch.tensor([0.5, 0.5])
ROLL = (12, -18)


@pytest.mark.parametrize("size", [(16, 24), (13, 48), (64, 96), (40, 31)])
def test_images_are_scaled_around_their_borders(size: tuple[int, int]) -> None:
    tiled = SMOOTH.repeat(1, 1, 3, 3)
    expected = resize(tiled, (3 * size[0], 3 * size[1]))
    expected = expected[..., size[0] : 2 * size[0], size[1] : 2 * size[1]]
    torch.testing.assert_close(resize(SMOOTH, size, BOTH), expected, rtol=0, atol=1e-5)
    across = resize(SMOOTH, size, (False, True))
    alone = resize(SMOOTH.repeat(1, 1, 1, 3), (size[0], 3 * size[1]))
    torch.testing.assert_close(across, alone[..., size[1] : 2 * size[1]], rtol=0, atol=1e-5)


@pytest.mark.parametrize(("side", "pad"), [(8, 0), (8, 2), (9, 4), (3, 1)])
def test_folding_weighs_the_places_of_each_pixel(side: int, pad: int) -> None:
    matrix = fold_matrix(side, pad)
    torch.testing.assert_close(matrix.sum(1), torch.ones(side, dtype=torch.float64))
    places = (torch.arange(side + 2 * pad) - pad) % side
    torch.testing.assert_close(matrix @ places.double(), torch.arange(float(side)).double())


def test_what_is_estimated_around_borders_is_folded_back() -> None:
    found = around(lambda a, b: a - 2 * b, SMOOTH[0], SMOOTH[1], BOTH)
    torch.testing.assert_close(found, SMOOTH[0] - 2 * SMOOTH[1])
    # What grows from border to border cannot jump where they meet.
    ramp = around(lambda a, b: torch.arange(float(a.shape[-1])).expand_as(a), *SMOOTH, BOTH)
    assert float((ramp - ramp.roll(1, -1)).abs().max()) < 3


@pytest.mark.parametrize(
    "function",
    [
        lambda x: split(x, BOTH),
        lambda x: join(split(x, BOTH), BOTH),
        lambda x: BandPreconditioner.around(x[:1], x, HALF, BOTH).apply(split(x, BOTH)),
        lambda x: BandPreconditioner.around(x[:1], x, HALF, BOTH).adjoint(x),
        lambda x: crisp_fade(*x, [0.3, 0.5], BOTH),
    ],
    ids=["split", "join", "preconditioner", "adjoint", "crisp"],
)
def test_filters_of_rolled_images_are_rolled(function) -> None:
    rolled = function(SMOOTH.roll(ROLL, (-2, -1)))
    torch.testing.assert_close(rolled, function(SMOOTH).roll(ROLL, (-2, -1)), rtol=0, atol=2e-5)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, wrap: flow_path(*x, [0.5], wrap=wrap),
        lambda x, wrap: TextureFlow.between(*x, wrap=wrap).path([0.5]),
        lambda x, wrap: meet(x, HALF, wrap),
        lambda x, wrap: texture_noise(x, HALF[None], 0, wrap),
    ],
    ids=["flow", "objects", "meet", "texture"],
)
def test_starts_go_on_where_they_begin(function) -> None:
    pair = torch.stack([SMOOTH[0], SMOOTH[0].roll((2, 3), (-2, -1))])
    ratios = []
    for wrap in ((False, False), BOTH):
        found = function(pair, wrap)[0]
        for axis in (-2, -1):
            steps = (found - found.roll(1, axis)).abs().mean(0).mean(-1 if axis == -2 else -2)
            ratios.append(float(steps[0] / steps[1:].mean()))
    # Without, there is a seam.
    assert max(ratios[2:]) < 1.08 < max(ratios[:2]), ratios


@pytest.mark.parametrize("options", [{"halvings": 1}, {"init": "nearest", "schedule": "released"}])
def test_the_path_of_rolled_images_is_rolled(options: dict) -> None:
    # Nothing knows where the border is: neither draws, starts, bands nor sizes.
    ends = noise(2, 3, 64, 64, seed=5).double()
    metric = tiny(Ensemble(scale_levels=2)).double().tiled("both")
    settings = {"frames": 3, "steps": 54, "seed": 2, **options}
    path = geodesic(*ends, metric=metric, **settings).frames
    rolled, roll = Rolled(metric, (0.25, 0.375)), (16, 24)
    found = geodesic(*ends.roll(roll, (-2, -1)), metric=rolled, tile="both", **settings).frames
    torch.testing.assert_close(found, path.roll(roll, (-2, -1)), rtol=0, atol=1e-6)
    begun = geodesic(*ends, metric=metric, **settings | {"steps": 0}).frames
    assert (path - begun).abs().max() > 0.05


@pytest.mark.parametrize("tile", ["none", "both"])
def test_the_barycenter_of_rolled_images_is_rolled_if_they_tile(tile: str) -> None:
    images = noise(2, 3, 16, 24, seed=6).double()
    metric = tiny(Ensemble()).double()
    rolled = Rolled(metric.tiled("both"), (0.5, 0.25)) if tile == "both" else metric
    found = [
        barycenter(each, metric=judge, init="image", tile=tile, steps=30).image
        for each, judge in ((images, metric), (images.roll((8, 6), (-2, -1)), rolled))
    ]
    error = (found[0].roll((8, 6), (-2, -1)) - found[1]).abs().max()
    assert error < 1e-6 if tile == "both" else error > 0.01
