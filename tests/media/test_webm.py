from __future__ import annotations

from pathlib import Path

import av
import pytest
import torch

from elpips.media import read_frames, save_animation, to_uint8
from elpips.metrics.errors import InputError
from frame_pictures import noise, photographs


def test_webm_is_bt709_at_the_rate_asked_for(tmp_path: Path) -> None:
    frames = photographs(3)
    save_animation(tmp_path / "12:30.webm", frames, fps=24, hold=42, boomerang=False)
    with (tmp_path / "12:30.webm").open("rb") as file, av.open(file) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == 24 and stream.codec_context.name.endswith(("vp9", "av1"))
        assert int(stream.codec_context.colorspace) == 1
    read = read_frames(tmp_path / "12:30.webm")
    assert read.shape == frames.shape
    luma = torch.tensor([0.2126, 0.7152, 0.0722])
    error = torch.einsum("nchw,c->nhw", read - frames, luma)
    assert -10 * torch.log10((error**2).mean()) > 34


def test_faithful_webm_keeps_every_bit(tmp_path: Path) -> None:
    frames = noise(2, 15, 17)
    save_animation(tmp_path / "a.webm", frames, fps=25, hold=40, faithful=True, boomerang=False)
    with av.open(str(tmp_path / "a.webm")) as container:
        read = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert [(each == wanted).all() for each, wanted in zip(read, to_uint8(frames), strict=True)]


def test_a_missing_encoder_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(av, "codecs_available", set())
    with pytest.raises(InputError, match=r"a\.webm: PyAV has no encoder for it here; expected"):
        save_animation(tmp_path / "a.webm", noise(2))
    assert list(tmp_path.iterdir()) == []
