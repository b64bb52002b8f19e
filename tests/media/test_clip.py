"""Long videos: every picture at its time, sound carried over, one picture held at a time."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from elpips.media.clip import write_clip
from elpips.media.write import Pixels
from elpips.metrics import InputError

RATE = Fraction(25)
SAMPLES = 8000


def ramp(count: int) -> Iterator[Pixels]:
    for index in range(count):
        yield np.full((18, 21, 3), 10 + 5 * index, dtype=np.uint8)


def with_sound(path: Path, codec: str, seconds: float = 1.0) -> Path:
    """Write a video of one colour with a tone."""
    with av.open(f"file:{path}", "w") as container:
        video = container.add_stream("mpeg4", rate=10)
        video.width = video.height = 16
        video.pix_fmt = "yuv420p"
        sound = container.add_stream(codec, rate=SAMPLES, layout="mono")
        frame = av.VideoFrame(16, 16, "yuv420p")
        for index in range(int(10 * seconds)):
            frame.pts, frame.time_base = index, Fraction(1, 10)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        times = np.arange(int(SAMPLES * seconds)) / SAMPLES
        tone = (3000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)
        for start in range(0, len(tone), 1000):
            part = tone[None, start : start + 1000]
            chunk = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
            chunk.sample_rate, chunk.pts, chunk.time_base = SAMPLES, start, Fraction(1, SAMPLES)
            container.mux(sound.encode(chunk))
        container.mux(sound.encode(None))
    return path


def test_pictures_come_back_in_order_and_at_the_rate(tmp_path: Path) -> None:
    path = tmp_path / "12:30 $x.mp4"
    write_clip(path, lambda: ramp(30), Fraction(30000, 1001))
    with av.open(f"file:{path}") as container:
        stream = container.streams.video[0]
        assert stream.average_rate == Fraction(30000, 1001) and stream.frames == 30
        frames = list(container.decode(video=0))
    means = [frame.to_ndarray(format="rgb24")[:18, :21].mean() for frame in frames]
    np.testing.assert_allclose(means, [10 + 5 * index for index in range(30)], atol=2)


def test_sound_is_carried_over_as_it_is(tmp_path: Path) -> None:
    source = with_sound(tmp_path / "source.mp4", "aac")
    path = tmp_path / "out.mp4"
    write_clip(path, lambda: ramp(25), RATE, sound=source)
    packets = []
    for each in (source, path):
        with av.open(f"file:{each}") as container:
            packets.append([bytes(packet) for packet in container.demux(audio=0)])
            assert container.streams.audio[0].codec_context.name == "aac"
    assert packets[0][:8] == packets[1][:8] and len(packets[1]) > 7


def test_sound_ends_with_the_pictures(tmp_path: Path) -> None:
    source = with_sound(tmp_path / "source.mp4", "aac", seconds=2.0)
    path = tmp_path / "out.mp4"
    write_clip(path, lambda: ramp(25), RATE, sound=source)
    with av.open(f"file:{path}") as container:
        audio = container.streams.audio[0]
        assert float(audio.duration * audio.time_base) == pytest.approx(1.0, abs=0.3)


def test_a_video_without_sound_gives_none(tmp_path: Path, caplog) -> None:
    write_clip(tmp_path / "silent.mp4", lambda: ramp(3), RATE)
    with caplog.at_level(logging.WARNING, "elpips"):
        write_clip(tmp_path / "out.mp4", lambda: ramp(3), RATE, sound=tmp_path / "silent.mp4")
    with av.open(f"file:{tmp_path / 'out.mp4'}") as container:
        assert not container.streams.audio and not caplog.text


def test_sound_that_mp4_cannot_hold_is_told_and_left_out(tmp_path: Path, caplog) -> None:
    source = with_sound(tmp_path / "source.avi", "pcm_u8")
    with caplog.at_level(logging.WARNING, "elpips"):
        write_clip(tmp_path / "out.mp4", lambda: ramp(3), RATE, sound=source)
    with av.open(f"file:{tmp_path / 'out.mp4'}") as container:
        assert container.streams.video[0].frames == 3 and not container.streams.audio
    assert "source.avi: its sound is left out (MP4 cannot hold it)" in caplog.text


def test_no_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found no pictures"):
        write_clip(tmp_path / "out.mp4", lambda: ramp(0), RATE)
    assert not list(tmp_path.iterdir())
