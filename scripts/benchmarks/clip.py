"""``elpips benchmark clip``: a whole clip at more frames, its memory, and a run that is killed.

``elpips interpolate`` runs in processes of its own, whose resident memory is read twice a second:
once through, and once killed in the middle and resumed, whose frames are then compared with the
first's. A third run is of two clips joined, across whose cut no frame may be in between.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ...media import open_frames, read_image, save_image
from ...media.crop import crop_images, resize_short_side
from ...media.figure import save_plot
from ...metrics import DEFAULT_METRIC, InputError
from ..runs.files import plain, prepare_outdir, read_json, write_json
from ..runs.footage import frame_path
from ..runs.record import environment
from .footage import CLIPS, fetch_clip

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PAUSE = 0.5
_INTERRUPTED = 130
# Memory is settled when a tenth of the frames are there.
_SETTLED = 10
_STATUS, _MEMORY = "/proc/{}/status", "VmRSS:"


@dataclass(frozen=True)
class Watched:
    """A process that was watched until its end.

    Attributes
    ----------
    code
        Its exit code; minus the signal that ended it.
    seconds, work
        How long it took, and of that the processor's time, of all its threads.
    samples
        Frames of the result that there were, and what it held of the machine's memory in MiB.
    """

    code: int
    seconds: float
    work: float
    samples: list[tuple[int, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Runs:
    """Runs of ``elpips interpolate`` in a folder, with the same options.

    Attributes
    ----------
    folder
        Where each has a folder of its name, and NAME.json, which says how it went.
    options
        Of the command.
    """

    folder: Path
    options: list[str]

    def run(self, source: Path, name: str, out: str = "", **stop: int | None) -> Watched:
        """Run the command on footage, or read how it went; arguments as of `watch`.

        With ``out`` the run in that folder is gone on with.

        Raises
        ------
        InputError
            It failed, or went with other options.
        """
        path = self.folder / f"{name}.json"
        if path.is_file():
            content = read_json(path)
            if content.get("options") != self.options:
                raise InputError(f"{path}: is of other options; name another --outdir")
            samples = [(count, memory) for count, memory in content["samples"]]
            return Watched(content["code"], content["seconds"], content["work"], samples)
        folder = self.folder / (out or name)
        arguments = ["interpolate", str(source), *self.options, "--outdir", str(folder)]
        arguments += ["--resume"] if out else []
        print(f"elpips {' '.join(arguments)}", flush=True)
        command = [sys.executable, "-m", "elpips", *arguments]
        watched = watch(command, folder / "frames", **stop)
        write_json(path, {"options": self.options, **plain(watched)})
        return watched


def benchmark_clip_command(
    *,
    size: int = 48,
    factor: int = 4,
    steps: int = 4,
    evaluation_draws: int = 2,
    joined: int = 6,
    kill_at: int | None = None,
    metric: str = DEFAULT_METRIC,
    outdir: Path = Path("outputs/benchmark_clip"),
) -> int:
    """Make a clip of 250 frames smoother; measure frames a second, memory, and a resumed kill.

    Args:
        size: Side of the frames in pixels.
        factor: Frames of the result for each of the clip's.
        steps: Optimiser steps of a path between two frames.
        evaluation_draws: Draws that a path is judged on.
        joined: Frames of each of the two clips that are joined.
        kill_at: Frames after which a run is killed; resumed it goes on until there are twice as
            many. Half of all if not given.
        metric: The distance.
        outdir: Folder for benchmark.json, memory.png and the runs; those that are there are read.
    """
    if not Path(_STATUS.format("self")).exists():
        raise InputError("the memory of processes cannot be measured on this system")
    if min(joined, factor) < 2:
        raise InputError(f"found joined {joined} and factor {factor}; expected at least 2 of each")
    folder = prepare_outdir(outdir, ["memory.png", "benchmark.json"])
    bikes, other = (fetch_clip(clip, folder) for clip in CLIPS[:2])
    options = [f"--factor={factor}", f"--size={size}", "--crop=square", f"--steps={steps}"]
    options += [f"--evaluation-draws={evaluation_draws}", f"--metric={metric}"]
    runs = Runs(folder, options)
    whole = runs.run(bikes, "whole")
    through = frame_files(folder / "whole")
    middle = kill_at or len(through) // 2
    killed = runs.run(bikes, "killed", kill_at=middle)
    resumed = runs.run(bikes, "resumed", out="killed", interrupt_at=2 * middle)
    again = frame_files(folder / "killed")
    joint = join([(bikes, -joined), (other, joined)], folder / "joined_input", size)
    cut = runs.run(joint, "joined")
    first = (joined - 1) * factor
    held = [frame_path(folder / "joined" / "frames", first + k) for k in range(factor)]
    found = {
        "frames": len(through),
        "frames a second": len(through) / whole.seconds,
        "frames a second of work": len(through) / whole.work,
        **memory_over(whole.samples),
        "cuts": read_json(folder / "whole" / "run.json")["cuts"],
        "killed at": killed.samples[-1][0],
        "kept": read_json(folder / "killed" / "run.json")["kept"],
        "compared": len(again),
        "differ after resume": differing(through[: len(again)], again),
        "cuts of joined clips": read_json(folder / "joined" / "run.json")["cuts"],
        "in between there": differing(held[:1] * (factor - 1), held[1:]),
        "exit codes": [each.code for each in (whole, killed, resumed, cut)],
    }
    watched = {"run through": whole, "killed": killed, "resumed": resumed}
    save_plot(folder / "memory.png", lambda axes: _draw(axes, watched))
    write_json(
        folder / "benchmark.json",
        {"command": "benchmark clip", "options": options, **found}
        | {"environment": environment(torch.device("cpu"))},
    )
    for name, value in found.items():
        print(f"{name:<26}{value}")
    print(f"{folder / 'benchmark.json'}\n{folder / 'memory.png'}")
    return int(bool(found["differ after resume"] or found["in between there"]))


def watch(
    command: Sequence[str],
    frames: Path,
    kill_at: int | None = None,
    interrupt_at: int | None = None,
) -> Watched:
    """Run a process and sample its memory; kill or interrupt it when there are so many frames.

    Raises
    ------
    InputError
        It failed: the last lines that it wrote to standard error.
    """
    # Not there on Windows, which has no /proc either.
    import resource

    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    samples: list[tuple[int, float]] = []
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            while process.poll() is None:
                count = sum(1 for _ in frames.glob("*.png")) if frames.is_dir() else 0
                if (memory := resident(process.pid)) is not None:
                    samples.append((count, memory))
                if kill_at is not None and count >= kill_at:
                    process.kill()
                    break
                if interrupt_at is not None and count >= interrupt_at:
                    process.send_signal(signal.SIGINT)
                    interrupt_at = None
                time.sleep(_PAUSE)
        finally:
            process.kill()
            code = process.wait()
        seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        if code not in (0, -signal.SIGKILL, _INTERRUPTED) or not samples:
            errors.seek(0)
            raise InputError(f"a run failed: {errors.read().decode(errors='replace')[-500:]}")
    work = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Watched(code, seconds, work, samples)


def resident(process: int) -> float | None:
    """Return what a process holds of the machine's memory, in MiB; None where it has ended."""
    try:
        lines = Path(_STATUS.format(process)).read_text().splitlines()
    except OSError:
        return None
    found = next((line for line in lines if line.startswith(_MEMORY)), None)
    return None if found is None else int(found.split()[1]) / 1024


def memory_over(samples: Sequence[tuple[int, float]]) -> dict[str, float]:
    """Return memory in MiB after a tenth of the frames, its most, and its growth a 1,000 frames.

    The growth is the slope of a straight line, by least squares, through what was sampled
    between a tenth of the frames and the last but one.
    """
    last = samples[-1][0]
    settled = [each for each in samples if last / _SETTLED <= each[0] < last] or list(samples)
    counts = torch.tensor([float(count) for count, _ in settled])
    memory = torch.tensor([each for _, each in settled])
    apart = counts - counts.mean()
    slope = (apart * memory).sum() / apart.square().sum().clamp(min=1e-9)
    return {
        "MiB after a tenth": settled[0][1],
        "MiB before the last": settled[-1][1],
        "MiB at most": max(each for _, each in samples),
        "MiB more a 1,000 frames": 1000 * float(slope),
    }


def frame_files(folder: Path) -> list[Path]:
    """Return the files of the frames of a run, in order."""
    return sorted((folder / "frames").glob("*.png"))


def differing(first: Sequence[Path], second: Sequence[Path]) -> int:
    """Return of how many frames the pixels differ; of other numbers of frames all do."""
    if len(first) != len(second):
        return max(len(first), len(second))
    pairs = zip(first, second, strict=True)
    return sum(not torch.equal(read_image(a), read_image(b)) for a, b in pairs)


def join(parts: Sequence[tuple[Path, int]], folder: Path, size: int) -> Path:
    """Write frames of clips, so many of the first or, where negative, last ones, as pictures."""
    target = prepare_outdir(folder)
    number = 0
    for clip, count in parts:
        with open_frames(clip) as stream:
            pictures = list(stream)
        for picture in pictures[:count] if count > 0 else pictures[count:]:
            (square,) = crop_images([resize_short_side(picture, size)], "square")
            save_image(target / f"{number:04d}.png", square)
            number += 1
    return target


def _draw(axes: Axes, runs: Mapping[str, Watched]) -> None:
    for name, run in runs.items():
        axes.plot(*zip(*run.samples, strict=True), lw=1, label=name)
    axes.set_xlabel("frames written")
    axes.set_ylabel("resident memory, MiB")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, loc="lower right")
