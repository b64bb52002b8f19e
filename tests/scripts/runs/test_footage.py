"""Footage made smoother: every frame in its place, cuts and stills held, runs that go on."""

from __future__ import annotations

import logging
from fractions import Fraction
from pathlib import Path

import av
import pytest
import torch

from elpips.geometry import GeodesicOptions
from elpips.media import open_frames, read_image, save_frames
from elpips.media.samples import read_sample
from elpips.metrics import InputError, create_metric
from elpips.scripts.runs.files import write_json
from elpips.scripts.runs.footage import (
    IDENTITY,
    Retiming,
    Smoother,
    check_same,
    retiming,
    smooth,
    source_digest,
)
from elpips.scripts.runs.options import PictureOptions

CHELSEA, COFFEE = read_sample("chelsea"), read_sample("coffee")
SHOTS = [
    CHELSEA[:, 50:98, 60:108],
    CHELSEA[:, 50:98, 62:110],
    CHELSEA[:, 50:98, 62:110],
    COFFEE[:, 50:98, 60:108],
]
CPU = torch.device("cpu")


@pytest.fixture
def smoother() -> Smoother:
    return Smoother(create_metric("l2"), GeodesicOptions(steps=2))


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    save_frames(tmp_path / "shots", torch.stack(SHOTS))
    return tmp_path / "shots"


def run(shots: Path, out: Path, smoother: Smoother, step: Fraction = Fraction(1, 2)):
    out.mkdir(exist_ok=True)
    with open_frames(shots) as stream:
        return smooth(stream, out, step, smoother, PictureOptions(), CPU)


def test_twice_as_many_frames_with_the_cut_held(shots, tmp_path, smoother, caplog) -> None:
    out = tmp_path / "out"
    with caplog.at_level(logging.WARNING, "elpips"):
        counts, interrupted = run(shots, out, smoother)
    assert not interrupted and counts["written"] == 7 and counts["cuts"] == 1
    assert "frame 3: cut to another scene" in caplog.text
    frames = [read_image(path) for path in sorted(out.iterdir())]
    for index, source in ((0, 0), (2, 1), (4, 1), (5, 1), (6, 3)):
        assert torch.equal(frames[index], (SHOTS[source] * 255).round() / 255)
    between = CHELSEA[:, 50:98, 61:109]
    assert (frames[1] - between).abs().mean() < (SHOTS[0] - between).abs().mean()


def test_a_run_goes_on_with_the_same_pixels(shots, tmp_path, smoother) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run(shots, whole, smoother)
    run(shots, broken, smoother)
    (broken / "000001.png").unlink()
    counts, _ = run(shots, broken, smoother)
    assert counts["written"] == 2 and counts["kept"] == 5
    for path in whole.iterdir():
        assert path.read_bytes() == (broken / path.name).read_bytes()


def test_ctrl_c_ends_between_pairs(shots, tmp_path, smoother, monkeypatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Smoother, "between", stop)
    counts, interrupted = run(shots, tmp_path / "out", smoother)
    assert interrupted and counts["written"] == 0


def test_rates_are_the_sources_times_a_factor_or_as_asked(shots) -> None:
    with open_frames(shots) as stream:
        assert retiming(stream, 4, None, 12.0) == Retiming(Fraction(12), Fraction(48))
        assert retiming(stream, 4, 29.97, 23.976).step == Fraction(4, 5)
        assert retiming(stream, 2, None, None).source == 24
        with pytest.raises(InputError, match="fps: found 0"):
            retiming(stream, 2, 0.0, None)


def test_other_footage_or_options_are_not_gone_on_with(shots, tmp_path) -> None:
    first = {"source": source_digest(shots), "step": "1/2"}
    with pytest.raises(InputError, match="no footage to go on with"):
        check_same(tmp_path, first)
    write_json(tmp_path / IDENTITY, first)
    check_same(tmp_path, first)
    check_same(tmp_path, {**first, "frame_format": "png"})
    with pytest.raises(InputError, match="another frame format"):
        check_same(tmp_path, {**first, "frame_format": "tiff"})
    (shots / "0003.png").unlink()
    with pytest.raises(InputError, match="another source, step"):
        check_same(tmp_path, {"source": source_digest(shots), "step": "1/4"})


def write_uneven(path: Path, times: list[int]) -> None:
    """Write the first shots as a video whose frames come at times in hundredths of a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 48
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 100)
        for index, time in enumerate(times):
            image = CHELSEA[:, 50:98, 60 + index : 108 + index].permute(1, 2, 0)
            frame = av.VideoFrame.from_ndarray((image * 255).byte().numpy(), format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 100)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_the_times_of_a_video_are_kept(tmp_path, smoother, caplog) -> None:
    write_uneven(tmp_path / "a.mkv", [0, 10, 20, 45, 55])
    out, even = tmp_path / "out", tmp_path / "even"
    for folder, rate in ((out, Fraction(10)), (even, None)):
        folder.mkdir()
        with open_frames(tmp_path / "a.mkv") as stream:
            smooth(stream, folder, Fraction(1, 2), smoother, PictureOptions(), CPU, rate)
    # Shown from 0 to 0.55 s, and from 0 to 0.4 s by equal times.
    assert len(list(out.iterdir())) == 12 and len(list(even.iterdir())) == 9
    assert caplog.text.count("not shown for equal times") == 1
    assert torch.equal(read_image(out / "000009.png"), read_image(even / "000006.png"))
