"""Make the gallery: morphs and barycenters of the pictures that come with the installation.

    python docs/gallery.py                        # into outputs/gallery
    python docs/gallery.py --docs docs            # its page and pictures into the documentation

Every item is a command, run as it is shown; a run that is there already is not repeated. On two
cores all of them take some 25 minutes at the size shown in the documentation.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from elpips.geometry.reference_path import cross_fade
from elpips.geometry.sine_modes import times_of
from elpips.media import read_frames, read_image, read_sample, save_image, timeline
from elpips.media.write import frame_pixels
from elpips.scripts.cli import main as elpips_command

GAP = 4
"""White pixels between two pictures of an item."""


@dataclass(frozen=True)
class Item:
    """A run of the gallery.

    Attributes
    ----------
    name, title, words
        Of its files, its heading, and what there is to see.
    command
        geodesic, morph, interpolate or barycenter.
    inputs
        Names of samples.
    options
        Of the command, beside the size.
    code
        The same with the library, of images ``a``, ``b``, ... or ``images``.
    """

    name: str
    title: str
    words: str
    command: str
    inputs: tuple[str, ...]
    options: str
    code: str

    @property
    def is_path(self) -> bool:
        """Whether it is of frames."""
        return self.command != "barycenter"

    def line(self, size: int, steps: int | None) -> str:
        """Return the command as it is typed."""
        files = " ".join(f"{name}.png" for name in self.inputs)
        given = [self.options, "" if steps is None else f"--steps {steps}"]
        return " ".join(["elpips", self.command, files, f"--size {size}", *filter(None, given)])

    def python(self, size: int, steps: int | None) -> str:
        """Return the same as a program."""
        files = ", ".join(f'"{name}.png"' for name in self.inputs)
        unpacked = ", ".join("abcd"[: len(self.inputs)])
        names = unpacked if "images" not in self.code else "images"
        code = self.code if steps is None else f"{self.code[:-1]}, steps={steps})"
        return f"{names} = elpips.read_images([{files}], size={size})\n{code}"


ITEMS = (
    Item(
        "bricks-to-gravel",
        "Bricks into gravel",
        "With `--motion` bricks move to stones near them; some mortar shows through on the way.",
        "geodesic",
        ("brick_left", "gravel_left"),
        "--frames 7 --motion",
        "path = elpips.geodesic(a, b, frames=7, motion=1.0)",
    ),
    Item(
        "gravel-to-grass",
        "Gravel into grass",
        "From noise that has the contrast of both ends and the outlines of neither.",
        "geodesic",
        ("gravel_left", "grass"),
        "--frames 7 --init texture",
        'path = elpips.geodesic(a, b, frames=7, init="texture")',
    ),
    Item(
        "bricks-to-wood",
        "Bricks into wood",
        "The shortest path itself, which between unlike textures is a crisp double exposure.",
        "geodesic",
        ("brick_left", "wood"),
        "--frames 7",
        "path = elpips.geodesic(a, b, frames=7)",
    ),
    Item(
        "fur-to-grass",
        "Fur into grass",
        "Two textures of fine lines, moved onto each other.",
        "geodesic",
        ("fur", "grass"),
        "--frames 7 --motion",
        "path = elpips.geodesic(a, b, frames=7, motion=1.0)",
    ),
    Item(
        "tissue",
        "From tissue to tissue",
        "Two places of one stained section: the fibres keep their sharpness.",
        "geodesic",
        ("tissue_left", "tissue_right"),
        "--frames 7",
        "path = elpips.geodesic(a, b, frames=7)",
    ),
    Item(
        "stars",
        "From stars to stars",
        "Two places of the Hubble Deep Field: what has no partner fades in or out.",
        "geodesic",
        ("stars_left", "stars_right"),
        "--frames 7 --motion",
        "path = elpips.geodesic(a, b, frames=7, motion=1.0)",
    ),
    Item(
        "portraits",
        "A portrait into a portrait",
        "Eyes and mouths meet, since both faces lie in the same place.",
        "geodesic",
        ("astronaut_face", "hopper_face"),
        "--frames 7 --motion",
        "path = elpips.geodesic(a, b, frames=7, motion=1.0)",
    ),
    Item(
        "motorcycle",
        "Between two cameras",
        "The left and the right eye's view, as if the camera moved: a path from optical flow.",
        "interpolate",
        ("motorcycle_left", "motorcycle_right"),
        "--frames 7",
        "path = elpips.interpolate(a, b, frames=7)",
    ),
    Item(
        "loop",
        "A loop of three textures",
        "Bricks, gravel and wood in a circle, at one perceptual speed.",
        "morph",
        ("brick_right", "gravel_right", "wood"),
        "--frames 5 --motion --loop",
        "path = elpips.morph(images, frames=5, motion=1.0, loop=True)",
    ),
    Item(
        "between-portraits",
        "Between two portraits",
        "The pixel mean shows two people; the barycenter one face, and one pair of glasses.",
        "barycenter",
        ("astronaut_face", "hopper_face"),
        "--init objects",
        'mean = elpips.barycenter(images, init="objects")',
    ),
    Item(
        "between-bricks-and-gravel",
        "Between bricks and gravel",
        "What is neither, with the contrast of both.",
        "barycenter",
        ("brick_right", "gravel_right"),
        "--init texture",
        'mean = elpips.barycenter(images, init="texture")',
    ),
    Item(
        "between-tissues",
        "Between two places of a tissue",
        "The mean is a blur; the barycenter keeps the fibres.",
        "barycenter",
        ("tissue_left", "tissue_right"),
        "",
        "mean = elpips.barycenter(images)",
    ),
    Item(
        "more-wood-than-bricks",
        "Three parts wood, one part bricks",
        "Weights say nearer to which.",
        "barycenter",
        ("wood", "brick_left"),
        "--weights 3 1",
        "mean = elpips.barycenter(images, weights=[3, 1])",
    ),
    Item(
        "four-textures",
        "Between four textures",
        "Any number of images has an image between them.",
        "barycenter",
        ("brick_left", "gravel_left", "grass", "wood"),
        "--init texture",
        'mean = elpips.barycenter(images, init="texture")',
    ),
)


def run(item: Item, outdir: Path, size: int, steps: int | None, more: Iterable[str]) -> Path:
    """Run an item's command unless that has been done; return its folder.

    Raises
    ------
    SystemExit
        The command failed, or was interrupted, with its exit code.
    """
    pictures, folder = outdir / "pictures", outdir / "runs" / item.name
    pictures.mkdir(parents=True, exist_ok=True)
    for name in item.inputs:
        if not (pictures / f"{name}.png").exists():
            save_image(pictures / f"{name}.png", read_sample(name))
    if not is_done(folder):
        words = shlex.split(item.line(size, steps))[1:]
        words = [str(pictures / each) if each.endswith(".png") else each for each in words]
        going_on = ["--resume"] if (folder / "checkpoint.pt").exists() else []
        code = elpips_command([*words, "--outdir", str(folder), *going_on, *more])
        if code:
            raise SystemExit(code)
    return folder


def is_done(folder: Path) -> bool:
    """Whether a run has come to its end: its record is written before it is judged, too."""
    if not (folder / "run.json").exists():
        return False
    record: dict[str, Any] = json.loads((folder / "run.json").read_text("utf-8"))
    return bool(record.get("evaluation")) and "interrupted" not in str(record.get("result"))


def picture(item: Item, folder: Path, path: Path) -> None:
    """Save what an item shows: a path beside the cross-fade, or inputs, mean and barycenter."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not item.is_path:
        inputs = [read_image(each) for each in sorted((folder / "inputs").glob("*.png"))]
        shown = [*inputs, read_image(folder / "mean.png"), read_image(folder / "barycenter.png")]
        Image.fromarray(frame_pixels(beside(shown)[None])[0]).save(path, quality=90)
        return
    frames = read_frames(folder / "frames")
    parts = [frames]
    if item.command != "morph":
        parts.append(cross_fade(frames[0], frames[-1], times_of(len(frames) - 1)))
    pixels = frame_pixels(torch.stack([beside(each) for each in zip(*parts, strict=True)]))
    closed = item.command == "morph"
    order = timeline(len(pixels), boomerang=not closed, hold=200 if closed else 600)
    images = [Image.fromarray(pixels[index]) for index, _ in order]
    images[0].save(
        path,
        save_all=True,
        append_images=images[1:],
        duration=[int(time) for _, time in order],
        loop=0,
        quality=80,
        method=6,
    )


def beside(images: Iterable[Tensor]) -> Tensor:
    """Put images (3, H, W) beside each other on white."""
    parts: list[Tensor] = []
    for image in images:
        parts += [torch.ones(3, image.shape[1], GAP), image]
    return torch.cat(parts[1:], dim=2)


def numbers(item: Item, folder: Path) -> str:
    """Say what a run was measured at."""
    record: dict[str, Any] = json.loads((folder / "run.json").read_text("utf-8"))
    if item.command == "morph":
        return ""
    judged = record["evaluation"]
    if not item.is_path:
        objective, mean = judged["objective"], judged["baseline"]["objective"]
        said = f"On {judged['draws']} draws an objective of {objective:.3g}; the pixel mean's is "
        return f"{said}{mean:.3g}, any image's at least {judged['lower_bound']:.3g}."
    ours, fade = judged, judged["baseline"]
    return (
        f"Perceptual path length {ours['normalized_ppl']:.2f}, of the cross-fade "
        f"{fade['normalized_ppl']:.2f}; overlay {ours['overlay']:.2f}."
    )


def page(outdir: Path, size: int, steps: int | None, pictures: str, reports: str) -> str:
    """Return the page of all items, with links to pictures and reports."""
    lines = [
        "# Gallery",
        "",
        "Pictures that come with the installation, and what the commands beside them make of them.",
        f"All at {size} px, made by `python docs/gallery.py`; a path is shown beside the",
        "cross-fade of its ends, a barycenter after its inputs and their mean.",
        "What the numbers are: [output.md](output.md), [certificate.md](certificate.md).",
    ]
    if not reports:
        lines[3] = f"All at {size} px; a path is shown beside the"
        lines = lines[:5]
    for item in ITEMS:
        folder = outdir / "runs" / item.name
        if not is_done(folder) or not (outdir / "images" / f"{item.name}.webp").exists():
            continue
        lines += ["", f"## {item.title}", "", f"![{item.title}]({pictures}/{item.name}.webp)", ""]
        lines += [" ".join([item.words, numbers(item, folder)]).rstrip(), ""]
        lines += ["    " + item.line(size, steps), "", "```python", "import elpips", ""]
        lines += [item.python(size, steps), "```"]
        if reports:
            lines += ["", f"<!-- report {item.name} -->"]
        elif (folder / "report.html").exists():
            lines += ["", f"[Its report](runs/{item.name}/report.html)"]
    return "\n".join([*lines, ""])


def main(arguments: list[str] | None = None) -> int:
    """Make the gallery, or the items named."""
    parser = argparse.ArgumentParser(description="Make the gallery.")
    parser.add_argument("items", nargs="*", help="names of items; all by default")
    parser.add_argument("--outdir", type=Path, default=Path("outputs/gallery"))
    parser.add_argument("--docs", type=Path, help="put page, pictures and reports here, too")
    parser.add_argument("--size", type=int, default=128, help="short side in pixels")
    parser.add_argument("--steps", type=int, help="of each run; by quality if not given")
    parser.add_argument("--more", default="", help="further options of each command")
    given = parser.parse_args(arguments)
    known = [item.name for item in ITEMS]
    if unknown := set(given.items) - set(known):
        print(f"error: no item {sorted(unknown)}; expected of {known}", file=sys.stderr)
        return 2
    for item in ITEMS:
        if given.items and item.name not in given.items:
            continue
        folder = run(item, given.outdir, given.size, given.steps, shlex.split(given.more))
        picture(item, folder, given.outdir / "images" / f"{item.name}.webp")
        text = page(given.outdir, given.size, given.steps, "images", "")
        (given.outdir / "gallery.md").write_text(text, "utf-8")
        if given.docs:
            kept = given.docs / "images" / "gallery"
            kept.mkdir(parents=True, exist_ok=True)
            shutil.copy(given.outdir / "images" / f"{item.name}.webp", kept)
            if (folder / "report.html").exists():
                (given.docs / "reports").mkdir(exist_ok=True)
                shutil.copy(folder / "report.html", given.docs / "reports" / f"{item.name}.html")
            text = page(given.outdir, given.size, given.steps, "images/gallery", "reports")
            (given.docs / "gallery.md").write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
