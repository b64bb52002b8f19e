"""Paths of moving images: motion is followed where there is one, and nothing else happens."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from elpips.geometry.flow_interpolation import find_motions, flow_path, move
from elpips.media.crop import center_crop, resize_short_side
from elpips.media.samples import read_sample
from elpips.metrics import InputError

INNER = (0.25, 0.5, 0.75)


def psnr(image: Tensor, truth: Tensor) -> float:
    return -10 * (image - truth).square().mean().log10().item()


def moved(name: str, size: int, times: tuple[float, ...], shift: tuple[float, float]) -> Tensor:
    """Crop a photograph, displaced by (down, right) pixels per unit of time; (T, 3, H, W)."""
    photo = read_sample(name)
    center = torch.tensor(photo.shape[1:]) / 2
    offsets = (torch.arange(2 * size) + 0.5) / 2 - size / 2
    frames = []
    for time in times:
        # Two samples per pixel, averaged, of what is twice as fine.
        y, x = (
            2 * ((c + 1.5 * (offsets - (time - 0.5) * d)) / side) - 1
            for c, d, side in zip(center, shift, photo.shape[1:], strict=True)
        )
        grid = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], -1)
        fine = F.grid_sample(photo[None], grid[None], "bicubic", align_corners=False)
        frames.append(F.avg_pool2d(fine, 2)[0].clamp(0, 1))
    return torch.stack(frames)


def thumbnail(name: str, size: int = 96) -> Tensor:
    return center_crop(resize_short_side(read_sample(name), size), size, size)


def test_the_ends_are_exact_bit_for_bit() -> None:
    start, end = moved("chelsea", 48, (0, 1), (3, -2))
    path = flow_path(start, end, [0, 0.5, 1, 0.0])
    assert path.shape == (4, 3, 48, 48)
    assert torch.equal(path[0], start) and torch.equal(path[3], start)
    assert torch.equal(path[2], end)


@pytest.mark.parametrize("size", [64, 128])
@pytest.mark.parametrize("name", ["chelsea", "coffee", "astronaut", "rocket", "gravel"])
@pytest.mark.parametrize("shift", [(6.4, -4.8), (0.7, 2.5)])
def test_a_moved_photograph_is_followed(name: str, size: int, shift: tuple[float, float]) -> None:
    frames = moved(name, size, (0, *INNER, 1), shift)
    path = flow_path(frames[0], frames[-1], INNER)
    for time, frame, truth in zip(INNER, path, frames[1:-1], strict=True):
        fade = torch.lerp(frames[0], frames[-1], time)
        assert psnr(frame, truth) > psnr(fade, truth) + 8


def test_a_far_move_is_followed() -> None:
    frames = moved("astronaut", 128, (0, 0.5, 1), (6, 14))
    middle = flow_path(frames[0], frames[2], [0.5])[0]
    assert psnr(middle, frames[1]) > psnr(frames[[0, 2]].mean(0), frames[1]) + 12


def test_what_moves_in_front_of_a_still_scene_leaves_no_hole() -> None:
    ground, thing = thumbnail("grass", 128), thumbnail("chelsea", 128)[:, 40:72, 40:72]
    frames = ground.repeat(3, 1, 1, 1)
    for frame, left in zip(frames, (30, 34, 38), strict=True):
        frame[:, 48:80, left : left + 32] = thing
    middle = flow_path(frames[0], frames[2], [0.5])[0]
    assert psnr(middle, frames[1]) > psnr(frames[[0, 2]].mean(0), frames[1]) + 5
    assert (middle[:, :, 90:] - ground[:, :, 90:]).abs().max() < 0.01


def test_unrelated_images_nearly_fade() -> None:
    for names in (("chelsea", "coffee"), ("rocket", "camera")):
        start, end = (thumbnail(name) for name in names)
        motions = find_motions(start, end)
        middle = flow_path(start, end, [0.5], motions)[0]
        assert torch.isfinite(middle).all()
        assert middle.min() >= 0 and middle.max() <= 1
        assert (middle - (start + end) / 2).abs().mean() < 0.02


@pytest.mark.parametrize("shape", [(61, 47), (16, 90), (5, 9), (2, 2), (1, 7), (1, 1)])
def test_any_size_of_noise_gives_images(shape: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    start, end = torch.rand(2, 3, *shape, generator=generator)
    path = flow_path(start, end, [0, 0.3, 1])
    assert path.shape == (3, 3, *shape)
    assert torch.isfinite(path).all()
    assert path.min() >= 0 and path.max() <= 1


def test_identical_images_stay() -> None:
    image = thumbnail("coffee", 61)[:, :, :47]
    path = flow_path(image, image, [0.1, 0.5])
    assert (path - image).abs().max() < 1e-5


def test_flat_images_fade() -> None:
    start, end = torch.full((3, 32, 32), 0.25), torch.ones(3, 32, 32)
    path = flow_path(start, end, [0.5])
    torch.testing.assert_close(path, torch.full((1, 3, 32, 32), 0.625))


def test_type_times_and_motions_may_be_given() -> None:
    start, end = moved("coffee", 40, (0, 1), (2, 1)).double()
    motions = find_motions(start, end)
    assert motions.shape == (3, 2, 2, 40, 40)
    path = flow_path(start, end, torch.tensor([0, 0.5, 1]))
    assert path.dtype == motions.dtype == torch.float64
    assert torch.equal(path, flow_path(start, end, [0, 0.5, 1], motions))


def test_the_flow_points_from_start_to_end() -> None:
    start, end = moved("chelsea", 96, (0, 1), (4, -2))
    for forward, backward in find_motions(start, end):
        torch.testing.assert_close(
            forward[:, 20:-20, 20:-20].mean((1, 2)), torch.tensor([4.0, -2.0]), atol=0.3, rtol=0
        )
        torch.testing.assert_close(
            backward[:, 20:-20, 20:-20].mean((1, 2)), torch.tensor([-4.0, 2.0]), atol=0.3, rtol=0
        )


@pytest.mark.parametrize(
    ("start", "end", "times", "message"),
    [
        (torch.zeros(3, 8, 8), torch.zeros(3, 8, 9), [0.5], "ends differ in shape"),
        (torch.zeros(8, 8), torch.zeros(8, 8), [0.5], "start: found shape"),
        (torch.zeros(3, 8, 8), torch.full((3, 8, 8), 2.0), [0.5], "end: found values"),
        (torch.zeros(3, 8, 8), torch.zeros(3, 8, 8), [], "times: found"),
        (torch.zeros(3, 8, 8), torch.zeros(3, 8, 8), [1.5], "times: found"),
        (torch.zeros(3, 8, 8), torch.zeros(3, 8, 8), [float("nan")], "times: found"),
    ],
)
def test_unusable_input_is_refused(
    start: Tensor, end: Tensor, times: list[float], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        flow_path(start, end, times)


def test_moved_ends_meet_halfway() -> None:
    start, end = moved("coffee", 64, (0, 1), (0, 6))
    _, sides = move(start, end, 0.5, find_motions(start, end))
    assert sides.shape == (2, *start.shape)
    # Away from the borders, through which things come in.
    apart = [(pair[0] - pair[1])[:, 8:-8, 8:-8].abs().mean() for pair in (sides, (start, end))]
    assert apart[0] < 0.2 * apart[1]
