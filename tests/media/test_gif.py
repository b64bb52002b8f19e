"""GIF files, judged by what other readers find in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from elpips.media import save_animation, to_uint8
from elpips.media.palette import quantize
from frame_pictures import noise


def gif_frames(path: Path) -> tuple[list[np.ndarray], list[int]]:
    """Read colours and milliseconds of every frame."""
    frames, times = [], []
    with Image.open(path) as image:
        assert image.info["loop"] == 0
        for index in range(image.n_frames):
            image.seek(index)
            frames.append(np.asarray(image.convert("RGB")))
            times.append(image.info["duration"])
    return frames, times


def skip_blocks(content: bytes, at: int) -> int:
    while content[at]:
        at += 1 + content[at]
    return at + 1


def local_palettes(content: bytes) -> Iterator[bool]:
    """Yield, for each picture of a GIF, whether it has a palette of its own."""
    # A palette of 2 ** (7 + 1) colours for all.
    assert content[:3] == b"GIF" and content[10] & 0x87 == 0x87
    at = 13 + 768
    while content[at : at + 1] != b";":
        if content[at] == 0x21:
            at = skip_blocks(content, at + 2)
        else:
            assert content[at] == 0x2C
            flags = content[at + 9]
            yield bool(flags & 0x80)
            own = 3 << (flags & 7) + 1 if flags & 0x80 else 0
            at = skip_blocks(content, at + 10 + own + 1)


def test_gif_plays_forth_and_back(tmp_path: Path) -> None:
    frames = noise(5)
    save_animation(tmp_path / "a.gif", frames, duration=97, hold=300, loop_hold=50)
    read, times = gif_frames(tmp_path / "a.gif")
    assert times == [50, 100, 100, 100, 300, 100, 100, 100]
    indices, palette = quantize(to_uint8(frames))
    colours = np.frombuffer(palette, np.uint8).reshape(256, 3)
    for shown, index in zip(read, [0, 1, 2, 3, 4, 3, 2, 1], strict=True):
        assert np.array_equal(shown, colours[indices[index]])
    assert not any(local_palettes((tmp_path / "a.gif").read_bytes()))


def test_gif_plays_one_way(tmp_path: Path) -> None:
    save_animation(tmp_path / "a.gif", noise(4), boomerang=False)
    assert gif_frames(tmp_path / "a.gif")[1] == [200, 200, 200, 400]


def test_what_a_gif_cannot_tell_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    save_animation(tmp_path / "a.gif", noise(3), duration=33, hold=405)
    assert gif_frames(tmp_path / "a.gif")[1] == [30, 30, 410, 30]
    save_animation(tmp_path / "b.gif", noise(2), fps=60, hold=40)
    assert gif_frames(tmp_path / "b.gif")[1] == [20, 40]
    counts = "GIF counts hundredths of a second"
    assert caplog.messages == [
        f"{tmp_path / 'a.gif'}: {counts}: 33 ms as 30, 405 ms as 410",
        f"{tmp_path / 'b.gif'}: {counts}: 16.67 ms as 20",
    ]


def test_gif_keeps_up_to_256_colours_exactly(tmp_path: Path) -> None:
    colours = noise(1, 16, 16)
    # The last frame alone has most of the colours.
    frames = torch.cat([colours[..., :1].expand(1, 3, 16, 16), colours])
    save_animation(tmp_path / "a.gif", frames)
    read, _ = gif_frames(tmp_path / "a.gif")
    assert np.array_equal(read[1], to_uint8(colours[0]))
    assert list(local_palettes((tmp_path / "a.gif").read_bytes())) == [False, False]


def test_gif_shows_equal_frames_as_long(tmp_path: Path) -> None:
    still = noise(1).expand(4, -1, -1, -1)
    save_animation(tmp_path / "still.gif", still, boomerang=False)
    assert gif_frames(tmp_path / "still.gif")[1] in ([1000], [200, 200, 200, 400])
    save_animation(tmp_path / "part.gif", torch.cat([still, 1 - still[:1]]))
    assert sum(gif_frames(tmp_path / "part.gif")[1]) == 7 * 200 + 400
