"""``elpips demo``: the main jobs on real images that come with the installation."""

from __future__ import annotations

from pathlib import Path

from ...geometry import DEFAULT_FRAMES, BarycenterOptions, GeodesicOptions
from ...media import read_sample, save_image
from ..runs.files import prepare_outdir
from ..runs.options import MetricOptions, PictureOptions
from ..runs.path_setup import PathSetup
from ..runs.report import REPORT
from .barycenter import barycenter_command
from .geodesic import geodesic_command

_FACES = ("astronaut_face", "hopper_face")
_TEXTURES = ("brick_left", "gravel_left")


def demo_command(
    *,
    size: int = 128,
    steps: int = 200,
    path_steps: int | None = None,
    frames: int = DEFAULT_FRAMES,
    seed: int = 0,
    device: str = "auto",
    outdir: Path = Path("outputs/demo"),
) -> int:
    """Compute the barycenter of two portraits, then the morph of one texture into another.

    On two cores both together take two to six minutes, by what the processor can do.

    Args:
        size: Short side in pixels.
        steps: Optimiser steps of the barycenter; more give finer detail.
        path_steps: Optimiser steps of the morph; by default as many as its levels need.
        frames: Frames of the morph, both ends counted.
        seed: Same seed, same numbers.
        device: auto, cpu, cuda, ...
        outdir: Folder for everything the demonstration writes.
    """
    faces = _sources(outdir / "sources", _FACES)
    print(
        f"The image between {faces[0]} and {faces[1]}: compare barycenter.png with mean.png, "
        "their pixel mean",
        flush=True,
    )
    pictures, metric = PictureOptions(size=size), MetricOptions(device=device)
    code = barycenter_command(
        faces,
        init="objects",
        pictures=pictures,
        metric=metric,
        solver=BarycenterOptions(steps=steps, seed=seed),
        outdir=outdir / "barycenter",
    )
    if code:
        return code
    textures = _sources(outdir / "sources", _TEXTURES)
    print(
        f"\nA morph from {textures[0]} to {textures[1]} whose objects move: see animation.gif, and "
        "in filmstrip.png and scanline.png the cross-fade beside it",
        flush=True,
    )
    setup = PathSetup(
        frames=frames,
        pictures=pictures,
        metric=metric,
        solver=GeodesicOptions(steps=path_steps, motion=1.0, seed=seed),
        outdir=outdir / "morph",
    )
    code = geodesic_command(*textures, setup)
    print(f"\nTo look at it, open {outdir / 'morph' / REPORT}, or: elpips open {outdir / 'morph'}")
    return code


def _sources(folder: Path, names: tuple[str, str]) -> tuple[Path, Path]:
    """Save two samples as files, and return those."""
    prepare_outdir(folder)
    for name in names:
        save_image(folder / f"{name}.png", read_sample(name))
    return folder / f"{names[0]}.png", folder / f"{names[1]}.png"
