"""Frames read back from what they were saved as."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from elpips.media import read_frames, save_animation, save_frames, save_image, to_uint8
from elpips.media.frames import forth, without_repeats
from elpips.metrics.errors import InputError
from frame_pictures import noise, photographs

FLAT = torch.linspace(0, 1, 6).view(-1, 1, 1, 1).expand(-1, 3, 32, 40)


def in_8_bits(frames: Tensor) -> Tensor:
    return (frames * 255).round() / 255


def test_saved_frames_are_read_back_exactly(tmp_path: Path) -> None:
    frames = noise(12, 16, 20)
    save_frames(tmp_path / "new" / "frames", frames)
    names = sorted(path.name for path in (tmp_path / "new" / "frames").iterdir())
    assert names == [*(f"{index:04d}.png" for index in range(12)), "elpips-files.jsonl"]
    assert torch.equal(read_frames(str(tmp_path / "new" / "frames")), frames)


def test_frames_of_a_longer_path_are_removed_and_nothing_else(tmp_path: Path) -> None:
    save_frames(tmp_path, noise(5, 16, 16))
    others = ("notes.txt", "4.png", "0003.jpg", "x0004.png")
    for name in others:
        (tmp_path / name).touch()
    save_frames(tmp_path, noise(3, 16, 16))
    numbered = {f"{index:04d}.png" for index in range(3)}
    assert {path.name for path in tmp_path.iterdir()} == {*numbered, *others, "elpips-files.jsonl"}


def test_frames_of_another_origin_are_neither_written_over_nor_removed(tmp_path: Path) -> None:
    for name in ("0001.png", "0007.png"):
        (tmp_path / name).write_bytes(b"of the user")
        with pytest.raises(InputError, match=rf"{name}: is neither written over nor removed"):
            save_frames(tmp_path, noise(3, 16, 16))
        assert (tmp_path / name).read_bytes() == b"of the user"
        assert [path.name for path in tmp_path.iterdir()] == [name]
        (tmp_path / name).unlink()
    save_frames(tmp_path, noise(3, 16, 16))
    (tmp_path / "0002.png").write_bytes(b"changed by the user")
    with pytest.raises(InputError, match=r"0002\.png"):
        save_frames(tmp_path, noise(2, 16, 16))


def test_frames_that_cannot_be_saved_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file: is a file; expected a folder for frames"):
        save_frames(tmp_path / "file", noise(2))
    with pytest.raises(InputError, match=r"below: cannot be made \(Not a directory\)"):
        save_frames(tmp_path / "file" / "below", noise(2))
    with pytest.raises(InputError, match="frames: found the shape"):
        save_frames(tmp_path / "new", noise(2)[0])
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_names_are_taken_in_natural_order(tmp_path: Path) -> None:
    frames = noise(12, 16, 16)
    for index, frame in enumerate(frames):
        save_image(tmp_path / f"frame{index}.png", frame)
    (tmp_path / "notes.txt").write_text("not a frame")
    assert torch.equal(read_frames(tmp_path), frames)


@pytest.mark.parametrize("name", ["a.gif", "a.mp4"])
@pytest.mark.parametrize("boomerang", [False, True])
def test_animations_and_videos_are_read_forth_only(
    tmp_path: Path, name: str, boomerang: bool
) -> None:
    save_animation(tmp_path / name, FLAT, boomerang=boomerang)
    frames = read_frames(tmp_path / name)
    assert frames.shape == FLAT.shape
    torch.testing.assert_close(frames, FLAT, rtol=0, atol=0.01)


def test_an_animation_is_read_exactly(tmp_path: Path) -> None:
    frames = in_8_bits(FLAT)
    save_animation(tmp_path / "a.gif", frames)
    assert torch.equal(read_frames(tmp_path / "a.gif"), frames)


def test_a_faithful_video_is_read_exactly(tmp_path: Path) -> None:
    frames = in_8_bits(photographs(5))
    save_animation(tmp_path / "a.mp4", frames, faithful=True)
    assert torch.equal(read_frames(tmp_path / "a.mp4"), frames)


def test_a_video_is_read_as_ffmpeg_decodes_it(tmp_path: Path) -> None:
    save_animation(tmp_path / "a.mp4", photographs(4), duration=40, hold=40, boomerang=False)
    with av.open(str(tmp_path / "a.mp4")) as container:
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert np.array_equal(to_uint8(read_frames(tmp_path / "a.mp4")), np.stack(decoded))


def test_names_with_colons_are_files(tmp_path: Path) -> None:
    save_animation(tmp_path / "12:30.mp4", FLAT)
    assert read_frames(tmp_path / "12:30.mp4").shape == FLAT.shape


def test_forth() -> None:
    frames = torch.rand(5, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    palindrome = torch.cat([frames, frames[:-1].flip(0)])
    for shown in (palindrome, palindrome[:-1]):
        assert torch.equal(forth(shown), frames)
    assert torch.equal(forth(frames), frames)
    assert len(forth(frames[:2])) == 2


def test_repeated_frames_are_one() -> None:
    frames = noise(3)
    assert torch.equal(without_repeats(frames.repeat_interleave(4, 0)), frames)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("broken.gif", b"GIF89a broken", "the image is damaged|not an image that can be read"),
        ("text.gif", b"hello", "not an image that can be read"),
        # Pillow would read it, by running Ghostscript.
        ("program.gif", b"%!PS-Adobe-3.0 EPSF-3.0\n", "is PostScript, not an image"),
        ("broken.mp4", b"no video", "not a readable video"),
        ("missing", None, "no such file or folder; expected frames"),
    ],
)
def test_bad_sources_are_one_line(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=f"{name}: {message}") as caught:
        read_frames(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_truncated_video_and_one_of_sound_only_are_said(tmp_path: Path) -> None:
    save_animation(tmp_path / "a.mp4", FLAT)
    whole = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "half.mp4").write_bytes(whole[: len(whole) // 2])
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        stream.layout = "mono"
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), "fltp", "mono")
        sound.sample_rate = 8000
        container.mux([*stream.encode(sound), *stream.encode(None)])
    for name, reason in (("half", "Invalid data .*"), ("sound", "FFmpeg finds no pictures in it")):
        with pytest.raises(InputError, match=rf"{name}\.mp4: not a readable video \({reason}\)$"):
            read_frames(tmp_path / f"{name}.mp4")


def test_a_folder_without_pictures_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no pictures"):
        read_frames(tmp_path)


def test_frames_of_several_sizes_are_refused(tmp_path: Path) -> None:
    for index, side in enumerate((16, 20)):
        Image.new("RGB", (side, side)).save(tmp_path / f"{index}.png")
    with pytest.raises(InputError, match=r"16 x 16 pixels and .* 20 x 20"):
        read_frames(tmp_path)
