"""Shapes that go over into each other, without halos and without vanishing."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from elpips.geometry.outline import Outlines, inside, spread_colours
from elpips.geometry.reference_path import reference_path

ROWS, COLUMNS = torch.meshgrid(torch.arange(40.0), torch.arange(48.0), indexing="ij")


def disc(row: float, column: float, radius: float) -> Tensor:
    """Return the alpha (H, W) of a disc whose edge is a pixel wide."""
    away = ((ROWS - row).square() + (COLUMNS - column).square()).sqrt()
    return (radius - away + 0.5).clamp(0, 1)


def cut_out(alpha: Tensor, colour: tuple[float, float, float]) -> Tensor:
    return torch.cat([torch.tensor(colour)[:, None, None] * alpha, alpha[None]])


def partial(alpha: Tensor) -> float:
    """Return the share of pixels that are neither clear nor opaque."""
    return float(((alpha > 0.05) & (alpha < 0.95)).float().mean())


def test_the_ends_are_what_they_were() -> None:
    alphas = torch.stack([disc(20, 18, 11), disc(18, 28, 7)])
    outlines = Outlines.of(torch.stack([cut_out(alpha, (1, 0, 0)) for alpha in alphas]))
    for index, weights in enumerate(([1.0, 0.0], [0.0, 1.0])):
        assert (outlines.between(weights)[0] - alphas[index]).abs().max() < 0.25
        assert (outlines.between(weights)[0] - alphas[index]).abs().mean() < 0.005


@pytest.mark.parametrize("column", [18.0, 24.0, 34.0])
def test_areas_go_evenly_and_edges_stay_sharp(column: float) -> None:
    # Within each other, beside each other, and apart.
    alphas = torch.stack([disc(20, 14, 11), disc(20, column, 7)])
    outlines = Outlines.of(torch.stack([cut_out(alpha, (1, 0, 0)) for alpha in alphas]))
    for time in (0.25, 0.5, 0.75):
        middle = outlines.between([1 - time, time])[0]
        expected = torch.lerp(*alphas.mean((1, 2)), time)
        assert float(middle.mean()) == pytest.approx(float(expected), rel=0.06)
        assert partial(middle) < 1.6 * max(map(partial, alphas))


def test_what_is_transparent_all_over_is_faded() -> None:
    glass, solid = torch.full((40, 48), 0.5), torch.ones(40, 48)
    images = torch.stack([cut_out(alpha, (0, 1, 0)) for alpha in (glass, solid)])
    torch.testing.assert_close(
        Outlines.of(images).between([0.5, 0.5])[0], torch.full((40, 48), 0.75)
    )


def test_three_shapes_have_one_between_them() -> None:
    alphas = torch.stack([disc(20, column, 8) for column in (16, 24, 32)])
    outlines = Outlines.of(torch.stack([cut_out(alpha, (1, 0, 0)) for alpha in alphas]))
    assert (outlines.between(torch.full((3,), 1 / 3))[0] - alphas[1]).abs().mean() < 0.02


def test_outlines_go_around_borders_that_meet() -> None:
    alphas = torch.stack([disc(20, 24, 11), disc(20, 24, 6)])
    images = torch.stack([cut_out(alpha, (1, 0, 0)) for alpha in alphas])
    expected = Outlines.of(images, (True, True)).between([0.5, 0.5]).roll((7, 22), (1, 2))
    rolled = Outlines.of(images.roll((7, 22), (2, 3)), (True, True)).between([0.5, 0.5])
    torch.testing.assert_close(rolled, expected)


def test_colours_go_on_beyond_edges() -> None:
    picture = cut_out(disc(20, 24, 8), (0.2, 0.6, 0.4))
    found = spread_colours(picture[None])[0]
    expected = torch.tensor([0.2, 0.6, 0.4])[:, None, None].expand(3, 40, 48)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    assert (spread_colours(torch.zeros(1, 4, 40, 48)) == 0).all()
    torch.testing.assert_close(inside(found[None], picture[None, 3:])[0], picture)


@pytest.mark.parametrize("init", ["crisp", "objects", "flow", "texture"])
def test_starts_have_no_halo(init) -> None:
    ends = cut_out(disc(20, 14, 11), (1, 0, 0)), cut_out(disc(20, 26, 8), (1, 0, 0))
    frames = reference_path(*ends, init)([0.0, 0.25, 0.5, 1.0])
    assert torch.equal(frames[0], ends[0]) and torch.equal(frames[-1], ends[1])
    assert (frames[:, :3] <= frames[:, 3:]).all()
    widest = max(partial(end[3]) for end in ends)
    assert max(partial(frame[3]) for frame in frames) < 1.6 * widest
    # The fade has one, which is what this is about.
    assert partial(reference_path(*ends, "blend")([0.5])[0, 3]) > 2.5 * widest
    # All of it is as red as the ends are.
    torch.testing.assert_close(frames[:, 0], frames[:, 3], atol=1e-3, rtol=0)
