"""Frames read back from what they were saved as."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import torch
from av.video.reformatter import Interpolation
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


@pytest.mark.parametrize("name", ["a.gif", "a.mp4", "a.webm", "a.webp", "a.apng"])
@pytest.mark.parametrize(
    "options", [{"boomerang": False}, {"fps": 60}, {"duration": 33, "repeats": 2}], ids=str
)
def test_animations_of_ours_are_read_as_what_they_were_made_of(
    tmp_path: Path, name: str, options: dict
) -> None:
    # Two frames are the same, and neighbours differ in few pixels.
    frames = FLAT.clone()
    frames[3] = frames[2]
    frames[5] = frames[4]
    frames[5, :, :2, :2] = 1
    save_animation(tmp_path / name, frames, **options)
    read = read_frames(tmp_path / name)
    assert read.shape == frames.shape
    torch.testing.assert_close(read, frames, rtol=0, atol=0.15)


def test_an_animation_that_was_changed_is_read_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save_animation(tmp_path / "a.gif", noise(4, 16, 16), boomerang=False)
    with Image.open(tmp_path / "a.gif") as image:
        comment = image.info["comment"]
    frames = [Image.fromarray(each) for each in to_uint8(noise(6, 16, 16))]
    frames[0].save(
        tmp_path / "b.gif", save_all=True, append_images=frames[1:], duration=50, comment=comment
    )
    assert len(read_frames(tmp_path / "b.gif")) == 6
    assert caplog.messages == [
        f"{tmp_path / 'b.gif'}: has changed since it was written; all is read"
    ]


def dots() -> list[Image.Image]:
    """Return 12 frames that differ in few pixels."""
    background = to_uint8(noise(1, 48, 64)[0])
    frames = []
    for index in range(12):
        pixels = background.copy()
        pixels[30:32, 4 + 4 * index : 6 + 4 * index] = 255
        frames.append(Image.fromarray(pixels))
    return frames


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.mp4", "a.mkv"])
def test_frames_that_differ_are_never_dropped(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    frames = dots()
    if name.startswith("a.m"):
        with av.open(str(tmp_path / name), "w") as container:
            stream = container.add_stream("libx264rgb", rate=10, options={"crf": "0"})
            stream.height, stream.width, stream.pix_fmt = 48, 64, "rgb24"
            # Twice the rate: each frame is there twice.
            for index in range(2 * len(frames)):
                pixels = np.asarray(frames[index // 2])
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(stream.encode(None))
    else:
        options = {"lossless": True} if name == "a.webp" else {}
        frames[0].save(
            tmp_path / name, save_all=True, append_images=frames[1:], duration=100, **options
        )
    read = read_frames(tmp_path / name)
    assert len(read) == 12
    told = ["left out 12 frames that are exactly the one before"] if name[2] == "m" else []
    assert caplog.messages == [f"{tmp_path / name}: {message}" for message in told]


def test_the_folder_of_a_run_is_read_by_its_frames(tmp_path: Path) -> None:
    frames = noise(3, 16, 16)
    save_frames(tmp_path / "frames", frames)
    save_image(tmp_path / "filmstrip.png", frames[0])
    (tmp_path / "run.json").write_text("{}")
    assert torch.equal(read_frames(tmp_path), frames)


def test_pages_of_two_sizes_are_scaled_or_refused(tmp_path: Path) -> None:
    page = Image.new("RGB", (64, 64))
    page.save(tmp_path / "a.tif", save_all=True, append_images=[page.resize((24, 20))])
    with pytest.raises(InputError, match=r"frame 1 has 64 x 64 pixels and .*frame 2 24 x 20"):
        read_frames(tmp_path / "a.tif")
    assert read_frames(tmp_path / "a.tif", size=20).shape == (2, 3, 20, 20)
    assert read_frames(tmp_path / "a.tif", crop="center").shape == (2, 3, 20, 24)


def test_an_animation_is_read_exactly(tmp_path: Path) -> None:
    frames = in_8_bits(FLAT)
    save_animation(tmp_path / "a.gif", frames)
    assert torch.equal(read_frames(tmp_path / "a.gif"), frames)


def test_a_faithful_video_is_read_exactly(tmp_path: Path) -> None:
    frames = in_8_bits(photographs(5))
    save_animation(tmp_path / "a.mp4", frames, faithful=True)
    assert torch.equal(read_frames(tmp_path / "a.mp4"), frames)


def test_a_video_is_no_darker_than_its_frames(tmp_path: Path) -> None:
    frames = photographs(4)
    save_animation(tmp_path / "a.mp4", frames, duration=40, hold=40, boomerang=False)
    read = read_frames(tmp_path / "a.mp4")
    # FFmpeg's fast conversion is 1.0 to 1.4 levels too dark.
    limit = 0.4 if hasattr(Interpolation, "ACCURATE_RND") else 2
    assert 255 * float((read - frames).mean((0, 2, 3)).abs().max()) < limit


def test_names_with_colons_are_files(tmp_path: Path) -> None:
    save_animation(tmp_path / "12:30.mp4", FLAT)
    assert read_frames(tmp_path / "12:30.mp4").shape == FLAT.shape


def test_forth() -> None:
    frames = list(torch.rand(5, 3, 4, 4, generator=torch.Generator().manual_seed(0)))
    palindrome = frames + frames[:-1][::-1]
    assert forth(palindrome) == forth(palindrome[:-1]) == forth(frames) == 5
    assert forth(frames[:2]) == 2
    # What differs by one value is no way back.
    other = palindrome[6].clone()
    other[0, 0, 0] += 1 / 255
    assert forth([*palindrome[:6], other, *palindrome[7:]]) == 9


def test_a_way_back_is_left_out_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    frames = dots()
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:] + frames[-2:0:-1])
    assert len(read_frames(tmp_path / "a.gif")) == 12
    assert caplog.messages == [
        f"{tmp_path / 'a.gif'}: left out 10 frames of the way back, exactly those forth"
    ]


def test_repeated_frames_are_one() -> None:
    frames = list(noise(3))
    assert without_repeats([frames[0], frames[0], frames[1], frames[2], frames[2]]) == [0, 2, 3]


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
    for name, reason in (("half", ".*"), ("sound", "FFmpeg finds no pictures in it")):
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
