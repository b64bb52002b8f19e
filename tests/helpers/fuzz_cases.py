"""Seeded cases for the fuzzer: files, arguments, structures, checkpoints and folders."""

from __future__ import annotations

import copy
import hashlib
import io
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
import torch
from PIL import Image

from elpips.geometry.checkpoint import MAGIC
from elpips.metrics.ownership import LIST_NAME

Q = ["--metric", "l2"]
FAST = [*Q, "--evaluation-draws", "2"]
PATH = [*FAST, "--also", "none", "--frames", "3"]


@dataclass(frozen=True)
class Case:
    """A command, the files that are the user's, and the exit codes that are right.

    ``untouched`` are files whose content no exit code may change.
    """

    arguments: list[str]
    untouched: list[Path]
    codes: tuple[int, ...] = (0, 1, 2)
    environment: dict[str, str] | None = None


Maker = Callable[[random.Random, Path, "Stock"], Case]


class Stock:
    """Small sound files that cases are made of."""

    def __init__(self, folder: Path) -> None:
        """Write them."""
        self.folder = folder
        folder.mkdir()
        rng = np.random.default_rng(0)
        pixels = [rng.integers(0, 256, (18, 17, 3), dtype=np.uint8) for _ in range(3)]
        images = [Image.fromarray(each) for each in pixels]
        for name, image in zip("abc", images, strict=True):
            image.save(folder / f"{name}.png")
        for suffix in ("png", "jpg", "tif", "webp", "gif", "bmp", "ppm"):
            images[0].copy().save(folder / f"sound.{suffix}")
        for suffix in ("gif", "webp", "tif", "png"):
            images[0].copy().save(
                folder / f"moving.{suffix}",
                save_all=True,
                append_images=[each.copy() for each in images[1:]],
            )
        Image.fromarray(pixels[0][..., 0].astype(np.uint16) * 257).save(folder / "deep.png")
        np.savez(folder / "weights.npz", a=pixels[0], b=rng.random((3, 3, 3, 5), np.float32))
        tensors = {"lin0": rng.random(64, np.float32), "features.0.weight": pixels[0]}
        safetensors.numpy.save_file(tensors, folder / "weights.safetensors")
        self.a, self.b, self.c = (str(folder / f"{name}.png") for name in "abc")
        self.pictures = sorted(
            path for path in folder.iterdir() if path.stem in ("sound", "moving", "deep")
        )
        # Of runs of three steps: what a checkpoint holds, and its file.
        self.runs: dict[str, bytes] = {}

    def command(self, name: str, out: Path) -> list[str]:
        """Return a short command of a name."""
        inputs = [self.a, self.b]
        options = PATH if name in ("geodesic", "morph", "interpolate") else FAST
        kind = ["a1"] if name == "attack" else []
        return [name, *kind, *inputs, *options, "--steps", "3", "--outdir", str(out)]


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Return bytes cut off, with bits flipped, zeroed, repeated, or of something else."""
    found = bytearray(data)
    way = rng.randrange(7)
    place = rng.randrange(len(found))
    # Heads and tails are where structure is.
    if rng.random() < 0.5:
        place = min(place, rng.randrange(64)) if rng.random() < 0.7 else len(found) - 1 - place % 64
    if way == 0:
        return bytes(found[:place])
    if way in (1, 2):
        for _ in range(rng.choice((1, 1, 3, 20))):
            found[(place + rng.randrange(40)) % len(found)] ^= 1 << rng.randrange(8)
        return bytes(found)
    if way == 3:
        found[place : place + 8] = rng.choice((bytes(8), b"\xff" * 8, b"\x7f\xff\xff\xff" * 2))
        return bytes(found)
    if way == 4:
        return bytes(found[:place] + found[place // 2 :])
    if way == 5:
        return bytes(found[:place] + rng.randbytes(30) + found[place:])
    return rng.choice(
        (b"", b"\0" * 400, b"[" * 100_000, rng.randbytes(500), b"%!PS-Adobe-3.0 EPSF")
    )


def file_case(rng: random.Random, folder: Path, stock: Stock) -> Case:
    """Return a command on a damaged picture, or with a damaged file of weights."""
    if rng.random() < 0.2:
        source = stock.folder / rng.choice(("weights.npz", "weights.safetensors"))
        suffix = rng.choice((".npz", ".safetensors"))
        path = folder / f"alexnet{suffix}"
        path.write_bytes(damaged(source.read_bytes(), rng))
        arguments = ["distance", stock.a, stock.b, "--metric", "lpips_alex"]
        environment = {"ELPIPS_WEIGHTS": str(folder)}
        return Case(arguments, [path], (2,), environment)
    source = rng.choice(stock.pictures)
    path = folder / f"picture{source.suffix}"
    path.write_bytes(damaged(source.read_bytes(), rng))
    command = rng.choice(
        (
            ["distance", str(path), stock.b, *Q],
            ["compare", stock.a, str(path), *Q],
            ["evaluate", str(path), *Q, "--also", "none", "--draws", "2"],
            ["evaluate", str(folder), *Q, "--also", "none", "--draws", "2"],
        )
    )
    return Case(command, [path], (0, 2))


_VALUES = (
    "0 -1 1 2 16 nan inf -inf 1e308 1e-320 9223372036854775807 9223372036854775808 10000000000 "
    "-0.0 0.5 x none auto é ../a.png a:b $_$ [x] ; %s / . 1e6 0x10 True ٣ 1_000"
).split()
_OPTIONS = {
    "": "seed device size crop alpha metric scale-levels".split(),
    "paths": (
        "frames init steps power draws schedule tolerance patience halvings step-size pixel-weight "
        "motion chunk evaluation-draws also residual-draws duration hold rows quality precision"
    ).split(),
    "barycenter": (
        "weights init steps power draws subset schedule tolerance patience evaluation-draws quality"
    ).split(),
    "attack": "steps sigma evaluation-draws ensemble precision".split(),
    "distance": "draws relative-error absolute-error max-draws".split(),
}


def argument_case(rng: random.Random, folder: Path, stock: Stock) -> Case:
    """Return a command with one to three options of strange values."""
    name = rng.choice(("geodesic", "morph", "interpolate", "barycenter", "attack", "distance"))
    kind = "paths" if name in ("geodesic", "morph", "interpolate") else name
    if name == "distance":
        command = [name, stock.a, stock.b, *Q]
    else:
        command = stock.command(name, folder / "out")
    for _ in range(rng.choice((1, 1, 2, 3))):
        option = rng.choice(_OPTIONS[kind] if rng.random() < 0.75 else _OPTIONS[""])
        count = 2 if option == "weights" else rng.choice((0, 1)) if option == "rows" else 1
        value = [rng.choice(_VALUES) for _ in range(count)]
        # Sound, and long: a run without end is not what is looked for here.
        long = {"steps", "frames", "draws", "max-draws", "evaluation-draws", "residual-draws"}
        if option in long and all(each.isascii() and each.isdigit() for each in value):
            value = [each if len(each) < 3 or len(each) > 9 else "2" for each in value]
        if option == "steps" and value in (["9223372036854775807"], ["10000000000"]):
            value = ["-3"]
        command += [f"--{option}", *value]
    return Case(command, [], (0, 1, 2))


def strange(rng: random.Random) -> Any:
    """Return a value that has no business where it is put."""
    nested: Any = 1
    for _ in range(rng.choice((2, 50))):
        nested = {"kind": nested} if rng.random() < 0.5 else [nested]
    return rng.choice(
        (
            None, True, -1, 0, 2**70, 1.5, float("nan"), float("inf"), "", "text", b"bytes", [], {},
            (), nested, [1, 2], {"kind": "AdamState"}, torch.zeros(0), torch.ones(3),
            torch.full((1, 3, 18, 17), float("nan")), torch.zeros(1, 3, 18, 17),
            torch.zeros(1, 3, 18, 17, dtype=torch.int64), torch.full((2, 3, 5, 4), 0.5),
            torch.zeros(5056, dtype=torch.uint8), torch.eye(5, dtype=torch.complex64),
            torch.eye(4).to_sparse(), torch.zeros(3, 5, dtype=torch.float64),
        )
    )  # fmt: skip


def sealed(content: Any) -> bytes:
    """Return the file of a checkpoint that holds something, with its digest."""
    stream = io.BytesIO()
    torch.save(content, stream)
    body = stream.getvalue()
    return MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def content_of(data: bytes) -> Any:
    """Return what the file of a checkpoint holds."""
    return torch.load(io.BytesIO(data[len(MAGIC) + 65 :]), weights_only=True)


def _changed(content: Any, rng: random.Random) -> Any:
    """Return content with something strange in place of one of its parts, or without one."""
    content = copy.copy(content)
    key = rng.choice(list(content))
    if isinstance(content[key], dict) and content[key] and rng.random() < 0.7:
        content[key] = _changed(content[key], rng)
    elif rng.random() < 0.1:
        del content[key]
    elif rng.random() < 0.1:
        content["surplus"] = strange(rng)
    else:
        content[key] = strange(rng)
    return content


def structure_case(rng: random.Random, folder: Path, stock: Stock) -> Case:
    """Return a command that resumes from a sound file of the wrong content."""
    name = rng.choice(sorted(stock.runs))
    out = folder / "out"
    out.mkdir()
    content = _changed(content_of(stock.runs[name]), rng) if rng.random() < 0.9 else strange(rng)
    path = out / "checkpoint.pt"
    if rng.random() < 0.85:
        path.write_bytes(sealed(content))
    else:
        torch.save(content, path)
    if rng.random() < 0.3:
        text = rng.choice(("[" * 10**5, "{}", "[1]", '[1, "a", 3]', '{"a": [[', "\0", '"x"'))
        (out / LIST_NAME).write_text(text)
    return Case([*stock.command(name, out), "--resume"], [], (0, 2))


def checkpoint_case(rng: random.Random, folder: Path, stock: Stock) -> Case:
    """Return a command that resumes from a checkpoint that was damaged on the disk."""
    name = rng.choice(sorted(stock.runs))
    out = folder / "out"
    out.mkdir()
    data = stock.runs[name]
    broken = damaged(data, rng)
    path = out / "checkpoint.pt"
    path.write_bytes(broken)
    untouched, codes = ([], (0,)) if broken == data else ([path], (2,))
    return Case([*stock.command(name, out), "--resume"], untouched, codes)


_PLACES = (
    "frames/0000.png frames/0001.png frames/0007.png frames/holiday.jpg inputs/00_a.png run.json "
    "mean.png barycenter.png attack.png comparison.png animation.gif animation.mp4 steps.png "
    "snapshots/000001.png segments/00/x.png flow/0000.flo checkpoint.pt checkpoint.previous.pt "
    "notes.txt my/deep/file.bin objective.png filmstrip.png"
).split()


def folder_case(rng: random.Random, folder: Path, stock: Stock) -> Case:
    """Return a command into a folder that holds files of the user's, in names like ours."""
    out, elsewhere = folder / "out", folder / "elsewhere"
    untouched = []
    for _ in range(rng.choice((1, 1, 2, 4))):
        name = rng.choice(_PLACES)
        root = out
        if rng.random() < 0.2 and not (out / name.split("/")[0]).exists() and "/" in name:
            root = elsewhere
            out.mkdir(exist_ok=True)
            (elsewhere / name).parent.mkdir(parents=True, exist_ok=True)
            os.symlink(elsewhere / name.split("/")[0], out / name.split("/")[0])
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes(Path(rng.choice((stock.a, stock.b))).read_bytes())
            untouched.append(path)
    name = rng.choice(("geodesic", "barycenter", "attack", "morph", "interpolate"))
    command = stock.command(name, out)
    pictures = [path for path in untouched if path.suffix == ".png"]
    if pictures and rng.random() < 0.4:
        command = [str(rng.choice(pictures)) if part == stock.a else part for part in command]
    return Case([*command, *rng.choice(([], ["--resume"]))], untouched)


KINDS: dict[str, tuple[Maker, int]] = {
    "files": (file_case, 800),
    "arguments": (argument_case, 600),
    "structures": (structure_case, 500),
    "checkpoints": (checkpoint_case, 500),
    "folders": (folder_case, 200),
}
"""By name: what makes a case, and how many make the whole."""
