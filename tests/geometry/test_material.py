"""Maps moved as the base colour is."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from elpips.geometry.blur import gaussian_blur
from elpips.geometry.luminance import luminance
from elpips.geometry.material import move_map, unit_normals
from elpips.geometry.texture_flow import TextureFlow
from elpips.metrics import InputError

TIMES = [0.0, 0.25, 0.5, 0.75, 1.0]


def spots(shift: int) -> Tensor:
    """Return bright spots on dark, (3, 40, 40), moved to the right."""
    image = torch.zeros(40, 40)
    image[10::14, 8 + shift :: 14] = 1
    blurred = gaussian_blur(image, 2.0)
    return (0.1 + 0.8 * blurred / blurred.max()).expand(3, -1, -1).contiguous()


def normals(height: Tensor) -> Tensor:
    down, right = torch.gradient(height)
    vectors = torch.stack([-right, down, torch.full_like(height, 0.2)])
    return (vectors / vectors.norm(dim=0) + 1) / 2


@pytest.fixture(scope="module")
def flow() -> TextureFlow:
    return TextureFlow.between(spots(0), spots(3))


def edges(image: Tensor) -> Tensor:
    return torch.stack(torch.gradient(luminance(image))).norm(dim=0)


def peak(first: Tensor, second: Tensor, reach: int = 3) -> tuple[int, int]:
    """Return the shift at which the edges of two pictures correlate best."""
    a, b = (edges(image) - edges(image).mean() for image in (first, second))
    span = range(-reach, reach + 1)
    found = {(i, j): float((a * b.roll((i, j), (0, 1))).sum()) for i in span for j in span}
    return max(found, key=found.__getitem__)


def test_ends_are_kept_bit_by_bit(flow: TextureFlow) -> None:
    generator = torch.Generator().manual_seed(0)
    start, end = torch.rand(2, 3, 40, 40, generator=generator)
    for role in ("colour", "normal", "data"):
        found = move_map(flow, start, end, [0, 1], role)
        assert torch.equal(found[0], start) and torch.equal(found[1], end)


def test_maps_stay_in_register(flow: TextureFlow) -> None:
    base = flow.path(TIMES)
    height = move_map(flow, 1 - spots(0), 1 - spots(3), TIMES, "data")
    assert [peak(*pair) for pair in zip(base, height, strict=True)] == [(0, 0)] * len(TIMES)
    # Which a map that only fades would not be.
    still = torch.lerp(1 - spots(0), 1 - spots(3), 0.75)
    assert peak(base[1], still) != (0, 0)


def test_normals_have_unit_length(flow: TextureFlow) -> None:
    ends = normals(spots(0)[0]), normals(spots(3)[0])
    found = 2 * move_map(flow, *ends, TIMES, "normal") - 1
    assert (found.norm(dim=1) - 1).abs().max() < 1e-5
    rounded = 2 * ((found + 1) / 2 * 255).round() / 255 - 1
    assert (rounded.norm(dim=1) - 1).abs().max() < 3**0.5 / 255
    assert (2 * move_map(flow, *ends, TIMES, "data") - 1).norm(dim=1).min() < 0.99


def test_opposite_normals_point_upwards() -> None:
    image = torch.full((1, 3, 2, 2), 0.5)
    assert torch.equal(unit_normals(image)[0, :, 0, 0], torch.tensor([0.5, 0.5, 1.0]))


def test_data_are_mixed_as_they_are_and_colours_keep_contrast(flow: TextureFlow) -> None:
    grey = torch.full((3, 40, 40), 0.2), torch.full((3, 40, 40), 0.6)
    found = move_map(flow, *grey, TIMES, "data")
    for time, frame in zip(TIMES, found, strict=True):
        assert torch.allclose(frame, torch.full_like(frame, 0.2 + 0.4 * time), atol=1e-5)
    generator = torch.Generator().manual_seed(1)
    noise = torch.rand(2, 3, 40, 40, generator=generator)
    colour, data = (move_map(flow, *noise, [0.5], role).std() for role in ("colour", "data"))
    assert colour > 1.1 * data


def test_what_is_no_map_of_the_base_colour_is_refused(flow: TextureFlow) -> None:
    image = torch.rand(3, 40, 40)
    with pytest.raises(InputError, match="end: found a map of"):
        move_map(flow, image, torch.rand(3, 40, 41), TIMES, "data")
    with pytest.raises(InputError, match="times"):
        move_map(flow, image, image, [1.5], "data")
