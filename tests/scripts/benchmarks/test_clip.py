from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
import torch

from elpips.media import save_image
from elpips.metrics import InputError
from elpips.scripts.benchmarks import clip as module
from elpips.scripts.benchmarks.clip import (
    Watched,
    benchmark_clip_command,
    differing,
    frame_files,
    join,
    memory_over,
    watch,
)
from elpips.scripts.runs.files import read_json, write_json
from elpips.scripts.runs.footage import frame_path

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="memory is read from /proc"
)

# Holds 40 MiB more, writes two files, and waits.
_SCRIPT = """
import pathlib, sys, time
try:
    held = bytearray(40 << 20)
    folder = pathlib.Path(sys.argv[1])
    seconds = float(sys.argv[2])
    for number in range(2):
        (folder / f"{number}.png").touch()
    time.sleep(seconds)
except KeyboardInterrupt:
    sys.exit(130)
"""


def pictures(folder: Path, *shades: float) -> Path:
    (folder / "frames").mkdir(parents=True)
    for number, shade in enumerate(shades):
        save_image(frame_path(folder / "frames", number), torch.full((3, 16, 16), shade))
    return folder


def test_a_process_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.02)
    command = [sys.executable, "-c", _SCRIPT, str(tmp_path)]
    (tmp_path / "1").mkdir()
    interrupted = [*command[:-1], str(tmp_path / "1"), "60"]
    assert watch(interrupted, tmp_path / "1", interrupt_at=2).code == 130
    ended = watch([*command, "0.3"], tmp_path)
    assert ended.code == 0 and ended.samples[-1][0] == 2 and 0.3 <= ended.seconds < 30
    assert 0 < ended.work < 30
    assert 40 < max(memory for _, memory in ended.samples) < 100
    killed = watch([*command, "60"], tmp_path, kill_at=2)
    assert killed.code == -signal.SIGKILL and killed.seconds < 30
    with pytest.raises(InputError, match=r"(?s)a run failed: .*IndexError"):
        watch(command, tmp_path)


def test_growth_is_a_slope_once_settled() -> None:
    flat = [(0, 5.0), (0, 90.0), *((count, 100.0) for count in range(1, 101)), (100, 150.0)]
    found = memory_over(flat)
    assert found == {
        "MiB after a tenth": 100,
        "MiB before the last": 100,
        "MiB at most": 150,
        "MiB more a 1,000 frames": 0,
    }
    growing = [(count, 100 + 0.25 * count) for count in range(101)]
    assert memory_over(growing)["MiB more a 1,000 frames"] == pytest.approx(250, rel=1e-4)


def test_frames_are_compared_by_their_pixels(tmp_path: Path) -> None:
    first, second = (pictures(tmp_path / name, 0.2, 0.4, 0.6) for name in "ab")
    assert differing(frame_files(first), frame_files(second)) == 0
    save_image(frame_path(second / "frames", 1), torch.zeros(3, 16, 16))
    assert differing(frame_files(first), frame_files(second)) == 1
    frame_path(second / "frames", 2).unlink()
    assert differing(frame_files(first), frame_files(second)) == 3


def test_clips_are_joined_by_ends_and_beginnings(tmp_path: Path) -> None:
    first = pictures(tmp_path / "first", 0.0, 0.2, 0.4) / "frames"
    second = pictures(tmp_path / "second", 0.6, 0.8, 1.0) / "frames"
    joined = join([(first, -2), (second, 1)], tmp_path / "joined" / "frames", 16)
    assert [path.name for path in sorted(joined.glob("*.png"))] == [
        "0000.png", "0001.png", "0002.png"
    ]  # fmt: skip
    wanted = pictures(tmp_path / "wanted", 0.2, 0.4, 0.6)
    assert differing(frame_files(wanted), sorted(joined.glob("*.png"))) == 0


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Let runs be over at once: each finds frames 0 to 8, made earlier, and is noted."""
    asked: list[list[str]] = []

    def run(command: list[str], frames: Path, **stop: int) -> Watched:
        asked.append([*command, *stop])
        if not frames.is_dir():
            held = frames.parent.name == "joined"
            shades = [0.5] * 9 if held else [each / 9 for each in range(9)]
            pictures(frames.parent, *shades[: 8 if "kill_at" in stop else 9])
            write_json(frames.parent / "run.json", {"cuts": 1, "kept": 4})
        return Watched(-9 if "kill_at" in stop else 0, 4.0, 2.0, [(1, 90.0), (4, 100.0)])

    clip = pictures(tmp_path / "clip", 0.1, 0.9) / "frames"
    monkeypatch.setattr(module, "watch", run)
    monkeypatch.setattr(module, "fetch_clip", lambda *_: clip)
    return asked


@pytest.mark.usefixtures("as_command")
def test_what_was_found_is_written(tmp_path: Path, runs: list[list[str]]) -> None:
    out = tmp_path / "out"
    assert benchmark_clip_command(joined=2, outdir=out) == 0
    found = read_json(out / "benchmark.json")
    assert found["frames"] == 9 and found["frames a second"] == 9 / 4
    assert found["frames a second of work"] == 9 / 2
    assert found["compared"] == 8 and found["kept"] == 4
    assert found["differ after resume"] == found["in between there"] == 0
    assert found["exit codes"] == [0, -9, 0, 0]
    assert (out / "memory.png").is_file()
    assert [each[-1] for each in runs[1:3]] == ["kill_at", "interrupt_at"]
    assert ["--resume" in each for each in runs] == [False, False, True, False]
    # What runs found is kept, and their options with it.
    assert benchmark_clip_command(joined=2, outdir=out) == 0 and len(runs) == 4
    with pytest.raises(InputError, match="is of other options"):
        benchmark_clip_command(joined=2, factor=2, outdir=out)


@pytest.mark.usefixtures("as_command")
@pytest.mark.parametrize(("name", "number"), [("killed", 3), ("joined", 7)])
def test_frames_that_are_not_as_they_should_be_fail(
    tmp_path: Path, runs: list[list[str]], name: str, number: int
) -> None:
    out = tmp_path / "out"
    assert benchmark_clip_command(joined=2, outdir=out) == 0
    save_image(frame_path(out / name / "frames", number), torch.ones(3, 16, 16))
    assert benchmark_clip_command(joined=2, outdir=out) == 1


@pytest.mark.parametrize("wrong", [{"joined": 1}, {"factor": 1}])
def test_too_few_are_refused(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match="at least 2"):
        benchmark_clip_command(**wrong, outdir=tmp_path / "out")
