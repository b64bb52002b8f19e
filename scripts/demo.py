"""``elpips demo``: the main job on real images that come with the installation."""

from __future__ import annotations

from pathlib import Path

from scripts.barycenter import barycenter_command
from scripts.images import prepare_outdir, save_png
from scripts.samples import load_sample

_FACES = ("astronaut_face", "hopper_face")


def demo_command(
    *,
    size: int = 128,
    steps: int = 240,
    seed: int = 0,
    device: str = "auto",
    outdir: Path = Path("outputs/demo"),
) -> int:
    """Compute the perceptual barycenter of two portraits, in about two minutes on two cores.

    Args:
        size: Short side in pixels.
        steps: Optimiser steps; more give finer detail.
        seed: Same seed, same numbers.
        device: auto, cpu, cuda, ...
        outdir: Folder for everything the demonstration writes.
    """
    sources = prepare_outdir(outdir / "sources")
    paths = tuple(sources / f"{name}.png" for name in _FACES)
    for path, name in zip(paths, _FACES, strict=True):
        save_png(path, load_sample(name))
    print(
        f"The image between {paths[0]} and {paths[1]}: compare barycenter.png with mean.png, "
        "their pixel mean",
        flush=True,
    )
    return barycenter_command(
        paths, size=size, steps=steps, seed=seed, device=device, outdir=outdir
    )
