"""Transparency from files to files: nothing hides under it, and nothing shines through."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from elpips.media import read_frames, read_image, save_animation, save_frames, save_image
from elpips.media.alpha import on_checkers, premultiplied, straight, within_alpha
from elpips.media.crop import resize_short_side
from elpips.media.frame_files import FrameFormat, frame_name, save_frame
from elpips.media.grid import Cell, save_grid
from elpips.media.write import to_uint8


def levels(*shape: int, seed: int = 0) -> Tensor:
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(seed)) / 255


def pictures(count: int = 3) -> Tensor:
    """Pictures of 8-bit straight colours, in places clear and in places opaque."""
    alpha = levels(count, 1, 18, 26)
    alpha[..., :6, :], alpha[..., 20:] = 0, 1
    return premultiplied(torch.cat([levels(count, 3, 18, 26, seed=1), alpha], 1))


@pytest.mark.parametrize(
    ("form", "error"), [("png", 0), ("png16", 1e-6), ("tiff", 1e-6), ("exr", 1e-6)]
)
def test_frames_are_read_as_they_were(tmp_path: Path, form: FrameFormat, error: float) -> None:
    for index, picture in enumerate(pictures()):
        path = tmp_path / frame_name(index, form)
        save_frame(path, picture, form)
        found = read_image(path, alpha="keep")
        torch.testing.assert_close(found, picture, rtol=0, atol=error)
    save_frames(tmp_path / "frames", pictures(), form)
    found = read_frames(tmp_path / "frames", alpha="keep")
    torch.testing.assert_close(found, pictures(), rtol=0, atol=error)


def test_other_programs_find_straight_colours(tmp_path: Path) -> None:
    picture = pictures()[0]
    save_image(tmp_path / "a.png", picture)
    with Image.open(tmp_path / "a.png") as image:
        assert image.mode == "RGBA"
        stored = np.asarray(image)
    alpha = picture[3].numpy()
    assert np.array_equal(stored[..., 3], np.rint(alpha * 255))
    expected = levels(3, 3, 18, 26, seed=1)[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(stored[..., :3][alpha > 0] / 255, expected[alpha > 0], atol=1e-6)


def test_colours_under_what_is_clear_have_no_influence(tmp_path: Path) -> None:
    hidden = np.full((20, 24, 4), 255, np.uint8)
    hidden[..., :3], hidden[:, :12, 3] = (10, 200, 90), 0
    other = hidden.copy()
    other[:, :12, :3] = (255, 0, 255)
    for name, pixels in (("a", hidden), ("b", other)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    a, b = (read_image(tmp_path / f"{name}.png", alpha="keep") for name in "ab")
    assert torch.equal(a, b) and (a[:3, :, :12] == 0).all()
    # Nor after scaling: a half transparent edge has the object's colour.
    small = resize_short_side(a, 10)
    edge = (small[3] > 0.05) & (small[3] < 0.95)
    assert edge.any() and (small[:3] <= small[3:]).all()
    colour = torch.tensor([10.0, 200, 90])[:, None] / 255
    torch.testing.assert_close((small[:3] / small[3:])[:, edge], colour.expand(3, edge.sum()))


def test_clear_places_are_written_in_the_nearest_colour() -> None:
    picture = torch.zeros(4, 8, 8)
    picture[:, 2, 2] = torch.tensor([0.25, 0.5, 0.0, 0.5])
    found = straight(picture)
    assert (found[:3] == torch.tensor([0.5, 1.0, 0.0])[:, None, None]).all()
    assert torch.equal(found[3].float(), picture[3])
    # Less than half a level is nothing to be seen; nothing anywhere is black.
    assert (straight(picture * 0.003)[:3] == 0).all()
    assert (straight(picture * 0.003, 65535)[:3] == found[:3]).all()


def test_what_has_no_alpha_is_left_alone(tmp_path: Path) -> None:
    plain = pictures()[:, :3]
    assert torch.equal(on_checkers(plain), plain) and torch.equal(within_alpha(plain), plain)
    save_image(tmp_path / "a.png", plain[0])
    kept = read_image(tmp_path / "a.png", alpha="keep")
    assert torch.equal(kept[:3], read_image(tmp_path / "a.png")) and (kept[3] == 1).all()


def test_checkers_are_seen_through_what_is_clear(tmp_path: Path) -> None:
    clear = torch.zeros(4, 20, 20)
    squares = on_checkers(clear)
    assert squares.unique().tolist() == pytest.approx([0.4, 0.6])
    assert (squares[:, 4, 4] != squares[:, 4, 12]).all() and squares[0, 4, 4] == squares[0, 12, 12]
    opaque = torch.cat([levels(3, 20, 20), torch.ones(1, 20, 20)])
    assert torch.equal(on_checkers(opaque), opaque[:3])
    save_grid(tmp_path / "clear.png", [[Cell(clear, "clear")]])
    save_grid(tmp_path / "squares.png", [[Cell(squares, "clear")]])
    assert (tmp_path / "clear.png").read_bytes() == (tmp_path / "squares.png").read_bytes()


@pytest.mark.parametrize("name", ["a.webp", "a.apng"])
def test_animations_keep_transparency_exactly(tmp_path: Path, name: str, caplog) -> None:
    save_animation(tmp_path / name, pictures())
    assert torch.equal(read_frames(tmp_path / name, alpha="keep"), pictures())
    assert not caplog.messages


def test_videos_for_browsers_keep_transparency(tmp_path: Path) -> None:
    frames = torch.zeros(2, 4, 33, 41)
    frames[:, :, 8:20, 10:30] = torch.tensor([0.8, 0.4, 0.1, 1.0])[:, None, None]
    frames[1, :, 20:26, 10:30] = 0.5 * frames[1, :, 10:11, 10:11]
    save_animation(tmp_path / "a.webm", frames, boomerang=False, duration=40, hold=40)
    decoder = av.CodecContext.create("libvpx-vp9", "r")
    with av.open(str(tmp_path / "a.webm")) as container:
        assert container.streams.video[0].metadata["ALPHA_MODE"] == "1"
        packets = [packet for packet in container.demux(video=0) if packet.size]
        found = [frame for packet in packets for frame in decoder.decode(packet)]
    for frame, expected in zip(found, frames, strict=True):
        pixels = frame.to_ndarray(format="rgba")[:33, :41]
        assert abs(pixels[..., 3] - 255.0 * expected[3].numpy()).max() < 6
        assert abs(pixels[12, 20] - 255 * expected[:, 12, 20].numpy()).max() < 6
        # Beside an edge colours go on, where chroma of half the size would mix them with black.
        assert abs(pixels[12, 8, :3] - 255 * expected[:3, 12, 20].numpy()).max() < 12


@pytest.mark.parametrize("name", ["a.gif", "a.mp4", "faithful.webm"])
def test_other_animations_show_checkers_and_say_so(tmp_path: Path, name: str, caplog) -> None:
    frames = torch.zeros(2, 4, 32, 32)
    frames[1, 0], frames[1, 3] = 1, 1
    save_animation(tmp_path / name, frames, faithful=name == "faithful.webm")
    assert caplog.messages == [
        f"{tmp_path / name}: transparency is shown over checkers; webp, apng and webm keep it"
    ]
    found = read_frames(tmp_path / name)
    expected = torch.from_numpy(to_uint8(on_checkers(frames))).movedim(-1, 1) / 255
    assert (found - expected).abs().mean() < 0.02
