"""H.264 files, judged by what FFmpeg finds in them."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from torch import Tensor

from elpips.media import mp4, read_frames, save_animation, to_uint8
from elpips.metrics import InputError
from frame_pictures import noise, photographs

CHART = torch.tensor(
    [
        *([1.0, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 0]),
        *([0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5], [1, 0.5, 0], [0.1, 0.25, 0.8], [0.8, 0.1, 0.35]),
    ]
)


PATCH = 32


def chart() -> Tensor:
    """Return one frame of flat patches, 3 rows of 4."""
    patches = CHART.reshape(3, 4, 3).permute(2, 0, 1)
    return patches.repeat_interleave(PATCH, 1).repeat_interleave(PATCH, 2)[None]


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


@pytest.mark.parametrize("faithful", [False, True])
def test_mp4_lasts_as_long_as_the_gif(tmp_path: Path, faithful: bool) -> None:
    frames = torch.linspace(0, 1, 4)[:, None, None, None].expand(4, 3, 16, 18)
    save_animation(tmp_path / "a.mp4", frames, faithful=faithful)
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
    save_animation(tmp_path / "a.mp4", noise(3), **times, boomerang=False, repeats=2)
    read = decoded(tmp_path / "a.mp4")
    # 10 ms is the greatest time that divides 40, 70 and 100.
    assert len(read) == 2 * (4 + 7 + 10)
    assert float(read[1].pts * read[1].time_base) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("times", "rate", "count"),
    [
        ({"duration": 33, "hold": 400}, Fraction(1000, 33), 1 + 1 + 12),
        ({"duration": 16, "hold": 16}, Fraction(125, 2), 3),
        ({"fps": 60, "hold": 400}, Fraction(60), 1 + 1 + 24),
        ({"fps": 24, "hold": 400}, Fraction(24), 1 + 1 + 10),
        ({"fps": 2.5, "hold": 400}, Fraction(5, 2), 3),
        ({"fps": 30000 / 1001, "hold": 33}, Fraction(30000, 1001), 3),
    ],
)
def test_mp4_plays_at_the_rate_asked_for(
    tmp_path: Path, times: dict, rate: Fraction, count: int
) -> None:
    save_animation(tmp_path / "a.mp4", noise(3, 16, 16), boomerang=False, **times)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].average_rate == rate
    read = decoded(tmp_path / "a.mp4")
    assert len(read) == count
    assert read[1].pts * read[1].time_base == 1 / rate


def test_mp4_is_bt709_in_tags_and_in_truth(tmp_path: Path) -> None:
    save_animation(tmp_path / "a.mp4", chart())
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
    save_animation(tmp_path / "a.mp4", frames, boomerang=False)
    read = decoded(tmp_path / "a.mp4")[:15:5]
    for frame, wanted in zip(read, to_uint8(frames), strict=True):
        error = (bt709_to_rgb(frame) - wanted) @ np.array([0.2126, 0.7152, 0.0722])
        assert 10 * np.log10(255**2 / (error**2).mean()) > 42


def test_chroma_is_sited_on_the_left() -> None:
    # A ramp of blue: averaging centred on the even columns keeps its values there.
    ramp = np.zeros((4, 16, 3), np.uint8)
    ramp[..., 2] = 16 * np.arange(16)
    planes = mp4.yuv420(ramp)
    blue = planes[4:].reshape(2, 2, 8)[0].astype(float)
    expected = 128 + 224 * (16 * np.arange(0, 16, 2) / 255) * (1 - 0.0722) / 1.8556
    assert np.abs(blue[:, 1:] - expected[1:]).max() <= 0.51


@pytest.mark.parametrize(("height", "width"), [(15, 16), (16, 17), (6, 10), (1, 1)])
def test_mp4_of_odd_sizes_repeats_the_last_row_and_column(
    tmp_path: Path, height: int, width: int
) -> None:
    frame = torch.linspace(0, 1, height * width).reshape(1, 1, height, width).expand(1, 3, -1, -1)
    save_animation(tmp_path / "a.mp4", frame)
    grey = bt709_to_rgb(decoded(tmp_path / "a.mp4")[0])
    right, bottom = width % 2, height % 2
    assert grey.shape == (height + bottom, width + right, 3)
    expected = np.pad(to_uint8(frame[0]), [(0, bottom), (0, right), (0, 0)], mode="edge")
    assert np.abs(grey - expected).mean() < 3


@pytest.mark.parametrize("frames", [chart(), noise(3, 15, 17)], ids=["chart", "odd noise"])
def test_faithful_mp4_keeps_every_bit(tmp_path: Path, frames: Tensor) -> None:
    save_animation(tmp_path / "a.mp4", frames, faithful=True, boomerang=False, hold=200)
    read = decoded(tmp_path / "a.mp4")
    assert len(read) == 5 * len(frames)
    for index, frame in enumerate(read):
        assert np.array_equal(frame.to_ndarray(format="rgb24"), to_uint8(frames[index // 5]))


def test_a_failing_encoder_leaves_the_old_file(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")
    with pytest.raises(InputError, match="repeats 0"):
        save_animation(path, noise(2), repeats=0)

    wrong = dataclasses.replace(mp4.h264(), options={"preset": "none of its"})
    monkeypatch.setattr(mp4, "h264", lambda **_: wrong)
    with pytest.raises(InputError, match=r"a\.mp4: cannot be encoded \(.+\)"):
        save_animation(path, noise(2))
    assert [each.name for each in tmp_path.iterdir()] == ["a.mp4"]
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize(
    "name", ["12:30 %03d.mp4", "a|b?c#d&e=[1].mp4", "日本\udce9.mp4", "-i.webm"]
)
def test_videos_take_any_name(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # FFmpeg would take what stands before a colon for a protocol, and the whole for a pattern.
    folder = tmp_path / "concat:a%d"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    path = Path("concat:a%d") / name
    save_animation(path, noise(2, 16, 16))
    assert [each.name for each in folder.iterdir()] == [name]
    assert len(read_frames(path)) == 2
    monkeypatch.chdir(folder)
    assert len(read_frames(name)) == 2
