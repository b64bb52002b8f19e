"""Animations, judged by what other readers find in the files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data
from torch import Tensor

from elpips.media import animation as animation
from elpips.media.animation import forth_and_back, save_gif, save_mp4, timeline
from elpips.media.palette import quantize
from elpips.media.write import to_uint8
from elpips.metrics import InputError

CHART = torch.tensor(
    [
        *([1.0, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 0]),
        *([0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5], [1, 0.5, 0], [0.1, 0.25, 0.8], [0.8, 0.1, 0.35]),
    ]
)
PATCH = 32


def noise(count: int, height: int = 12, width: int = 14) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(0))


def photographs(count: int) -> Tensor:
    """Return the cross-fade of a sky with a coffee cup, 96 px."""
    ends = [data.rocket()[:384:4, 100:484:4], data.coffee()[:384:4, :384:4]]
    sky, cup = (torch.from_numpy(end.copy()).permute(2, 0, 1) / 255 for end in ends)
    return torch.stack([torch.lerp(sky, cup, t / (count - 1)) for t in range(count)])


def chart() -> Tensor:
    """Return one frame of flat patches, 3 rows of 4."""
    patches = CHART.reshape(3, 4, 3).permute(2, 0, 1)
    return patches.repeat_interleave(PATCH, 1).repeat_interleave(PATCH, 2)[None]


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


def decoded(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def bt709_to_rgb(frame: av.VideoFrame) -> np.ndarray:
    """Convert limited-range 4:2:0 to (H, W, 3) in 0 to 255, each chroma value for 2 x 2 pixels."""
    planes = frame.to_ndarray().astype(float)
    height, width = frame.height, frame.width
    luma = (planes[:height] - 16) / 219
    chroma = planes[height:].reshape(2, height // 2, width // 2).repeat(2, 1).repeat(2, 2)
    blue, red = (chroma - 128) / 224
    rgb = [luma + 1.5748 * red, luma - 0.18732 * blue - 0.46812 * red, luma + 1.8556 * blue]
    return 255 * np.stack(rgb, -1).clip(0, 1)


def test_forth_and_back_repeats_neither_end() -> None:
    assert forth_and_back(1) == [0]
    assert forth_and_back(2) == [0, 1]
    assert forth_and_back(4) == [0, 1, 2, 3, 2, 1]
    assert len(forth_and_back(10)) == 18


def test_timeline_holds_ends_and_rounds() -> None:
    assert timeline(3) == [(0, 200), (1, 200), (2, 400), (1, 200)]
    rounded = timeline(3, duration=44, hold=105, loop_hold=36, boomerang=False)
    assert rounded == [(0, 40), (1, 40), (2, 110)]
    assert timeline(1) == [(0, 400)]


def test_gif_plays_forth_and_back(tmp_path: Path) -> None:
    frames = noise(5)
    save_gif(tmp_path / "a.gif", frames, duration=97, hold=300, loop_hold=50)
    read, times = gif_frames(tmp_path / "a.gif")
    assert times == [50, 100, 100, 100, 300, 100, 100, 100]
    indices, palette = quantize(to_uint8(frames))
    colours = np.frombuffer(palette, np.uint8).reshape(256, 3)
    for shown, index in zip(read, [0, 1, 2, 3, 4, 3, 2, 1], strict=True):
        assert np.array_equal(shown, colours[indices[index]])
    assert not any(local_palettes((tmp_path / "a.gif").read_bytes()))


def test_gif_plays_one_way(tmp_path: Path) -> None:
    save_gif(tmp_path / "a.gif", noise(4), boomerang=False)
    assert gif_frames(tmp_path / "a.gif")[1] == [200, 200, 200, 400]


def test_gif_keeps_up_to_256_colours_exactly(tmp_path: Path) -> None:
    colours = noise(1, 16, 16)
    # The last frame alone has most of the colours.
    frames = torch.cat([colours[..., :1].expand(1, 3, 16, 16), colours])
    save_gif(tmp_path / "a.gif", frames)
    read, _ = gif_frames(tmp_path / "a.gif")
    assert np.array_equal(read[1], to_uint8(colours[0]))
    assert list(local_palettes((tmp_path / "a.gif").read_bytes())) == [False, False]


def test_gif_shows_equal_frames_as_long(tmp_path: Path) -> None:
    still = noise(1).expand(4, 3, 12, 14)
    save_gif(tmp_path / "still.gif", still, boomerang=False)
    assert gif_frames(tmp_path / "still.gif")[1] in ([1000], [200, 200, 200, 400])
    save_gif(tmp_path / "part.gif", torch.cat([still, 1 - still[:1]]))
    assert sum(gif_frames(tmp_path / "part.gif")[1]) == 7 * 200 + 400


def test_palette_serves_all_frames_without_flicker() -> None:
    frames = photographs(6)
    frames[:, :, :, :40] = frames[0, :, :, :40]
    pixels = to_uint8(frames)
    indices, palette = quantize(pixels)
    colours = np.frombuffer(palette, np.uint8).reshape(256, 3)
    assert np.array_equal(indices[:, :, :40], indices[:1, :, :40].repeat(6, 0))
    errors = colours[indices].astype(float) - pixels
    worst = max(float((error**2).mean()) for error in errors)
    assert 10 * np.log10(255**2 / worst) > 35
    # No shift of colours, which the dither might cause.
    assert abs(errors.mean()) < 0.3


def test_smooth_gradients_are_dithered() -> None:
    ramp = torch.linspace(0.2, 0.4, 256).expand(3, 64, 256)
    frames = torch.stack([ramp, noise(1, 64, 256)[0]])
    pixels = to_uint8(frames)
    indices, palette = quantize(pixels)
    colours = np.frombuffer(palette, np.uint8).reshape(256, 3)
    shown = colours[indices[0]].astype(float)
    # Bands would be alike in all rows.
    assert float(shown.std(0).max()) > 0


@pytest.mark.parametrize("faithful", [False, True])
def test_mp4_lasts_as_long_as_the_gif(tmp_path: Path, faithful: bool) -> None:
    frames = torch.linspace(0, 1, 4)[:, None, None, None].expand(4, 3, 16, 18)
    save_mp4(tmp_path / "a.mp4", frames, faithful=faithful)
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == 25
        assert float(stream.duration * stream.time_base) == pytest.approx(1.4)
    read = decoded(tmp_path / "a.mp4")
    assert [(frame.width, frame.height) for frame in read] == [(18, 16)] * 35
    grey = [float(frame.to_ndarray(format="rgb24").mean()) for frame in read]
    expected = np.array([0, 85, 170, 255, 255, 170, 85]).repeat(5)
    assert grey == pytest.approx(expected, abs=2)


def test_mp4_of_uneven_times_and_repeats(tmp_path: Path) -> None:
    times = {"duration": 70, "hold": 100, "loop_hold": 40}
    save_mp4(tmp_path / "a.mp4", noise(3), **times, boomerang=False, repeats=2)
    read = decoded(tmp_path / "a.mp4")
    # 10 ms is the greatest time that divides 40, 70 and 100.
    assert len(read) == 2 * (4 + 7 + 10)
    assert float(read[1].pts * read[1].time_base) == pytest.approx(0.01)


def test_mp4_is_bt709_in_tags_and_in_truth(tmp_path: Path) -> None:
    save_mp4(tmp_path / "a.mp4", chart())
    with av.open(str(tmp_path / "a.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert context.name == "h264" and context.pix_fmt == "yuv420p"
        tags = [context.colorspace, context.color_primaries, context.color_trc]
        # BT.709 is 1 in each list of the standard; of ranges, 1 is the limited one.
        assert [int(tag) for tag in [*tags, context.color_range]] == [1, 1, 1, 1]
    colours = bt709_to_rgb(decoded(tmp_path / "a.mp4")[0])
    for index, colour in enumerate(CHART):
        top, left = index // 4 * PATCH, index % 4 * PATCH
        inside = colours[top + 6 : top + PATCH - 6, left + 6 : left + PATCH - 6]
        assert np.abs(inside - 255 * colour.numpy()).mean() < 2.5
        assert np.abs(inside - 255 * colour.numpy()).max() < 5


def test_mp4_keeps_a_photograph_and_edges_of_colour_in_place(tmp_path: Path) -> None:
    frames = photographs(3)
    save_mp4(tmp_path / "a.mp4", frames, boomerang=False)
    read = decoded(tmp_path / "a.mp4")[:15:5]
    for frame, wanted in zip(read, to_uint8(frames), strict=True):
        error = (bt709_to_rgb(frame) - wanted) @ np.array([0.2126, 0.7152, 0.0722])
        assert 10 * np.log10(255**2 / (error**2).mean()) > 42


def test_chroma_is_sited_on_the_left() -> None:
    # A ramp of blue: averaging centred on the even columns keeps its values there.
    ramp = np.zeros((4, 16, 3), np.uint8)
    ramp[..., 2] = 16 * np.arange(16)
    planes = animation._yuv420(ramp)
    blue = planes[4:].reshape(2, 2, 8)[0].astype(float)
    expected = 128 + 224 * (16 * np.arange(0, 16, 2) / 255) * (1 - 0.0722) / 1.8556
    assert np.abs(blue[:, 1:] - expected[1:]).max() <= 0.51


@pytest.mark.parametrize(("height", "width"), [(15, 16), (16, 17), (6, 10), (1, 1)])
def test_mp4_of_odd_sizes_repeats_the_last_row_and_column(
    tmp_path: Path, height: int, width: int
) -> None:
    frame = torch.linspace(0, 1, height * width).reshape(1, 1, height, width).expand(1, 3, -1, -1)
    save_mp4(tmp_path / "a.mp4", frame)
    grey = bt709_to_rgb(decoded(tmp_path / "a.mp4")[0])
    right, bottom = width % 2, height % 2
    assert grey.shape == (height + bottom, width + right, 3)
    expected = np.pad(to_uint8(frame[0]), [(0, bottom), (0, right), (0, 0)], mode="edge")
    assert np.abs(grey - expected).mean() < 3


@pytest.mark.parametrize("frames", [chart(), noise(3, 15, 17)], ids=["chart", "odd noise"])
def test_faithful_mp4_keeps_every_bit(tmp_path: Path, frames: Tensor) -> None:
    save_mp4(tmp_path / "a.mp4", frames, faithful=True, boomerang=False, hold=200)
    read = decoded(tmp_path / "a.mp4")
    assert len(read) == 5 * len(frames)
    for index, frame in enumerate(read):
        assert np.array_equal(frame.to_ndarray(format="rgb24"), to_uint8(frames[index // 5]))


@pytest.mark.parametrize("save", [save_gif, save_mp4])
@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (torch.zeros(0, 3, 8, 8), "frames: found the shape"),
        (torch.zeros(3, 8, 8), "frames: found the shape"),
        (torch.zeros(2, 1, 8, 8), "frames: found the shape"),
        (torch.full((2, 3, 8, 8), torch.nan), "frames: .*NaN"),
    ],
)
def test_unusable_frames_are_one_line(
    tmp_path: Path, save: Callable[..., None], frames: Tensor, message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        save(tmp_path / "a.out", frames)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("save", [save_gif, save_mp4])
def test_unwritable_files_and_wrong_times_are_one_line(
    tmp_path: Path, save: Callable[..., None]
) -> None:
    with pytest.raises(InputError, match=r"none.a\.mp4: cannot be written"):
        save(tmp_path / "none" / "a.mp4", noise(2))
    for times in ({"duration": 10}, {"hold": 0}, {"loop_hold": 0}, {"hold": 10**6}):
        with pytest.raises(InputError, match=f"{next(iter(times))} .* milliseconds"):
            save(tmp_path / "a.mp4", noise(2), **times)
    assert list(tmp_path.iterdir()) == []


def test_a_failing_encoder_leaves_the_old_file(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")
    with pytest.raises(InputError, match="repeats 0"):
        save_mp4(path, noise(2), repeats=0)

    def fail(*_: object, **__: object) -> None:
        raise ValueError("no encoder")

    monkeypatch.setattr(animation, "_options", fail)
    with pytest.raises(InputError, match=r"a\.mp4: cannot be encoded \(no encoder\)"):
        save_mp4(path, noise(2))
    assert [each.name for each in tmp_path.iterdir()] == ["a.mp4"]
    assert path.read_bytes() == b"old"
