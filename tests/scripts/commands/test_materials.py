"""``elpips materials`` from folders to folders, with the L2 metric."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from command_line import failure
from elpips.geometry.texture_flow import TextureFlow
from elpips.media import read_frames
from elpips.scripts.cli import main

FAST = ["--metric", "l2", "--also", "none", "--frames", "4", "--steps", "4", "--animations", "gif"]


@pytest.fixture
def sets(tmp_path: Path) -> list[str]:
    """Two materials: base colour, normal, and height of 16 bits."""
    rng = np.random.default_rng(0)
    for name in ("oak", "ash"):
        folder = tmp_path / name
        folder.mkdir()
        pixels = np.kron(rng.integers(40, 220, (6, 6, 3)), np.ones((4, 4, 1))).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{name}_albedo.png")
        height = pixels[..., 1].astype(np.uint16) * 201
        Image.fromarray(height).save(folder / f"{name}_height.png")
        down, right = np.gradient(height / 65535)
        vectors = np.stack([-right, down, np.full_like(down, 0.1)], -1)
        vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
        Image.fromarray(np.rint((vectors + 1) * 127.5).astype(np.uint8)).save(
            folder / f"{name}_normal.png"
        )
    return [str(tmp_path / name) for name in ("oak", "ash")]


def test_maps_have_a_folder_and_a_strip_each(sets: list[str], tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    assert main(["materials", *sets, *FAST, "--outdir", str(out)]) == 0
    for kind in ("frames", "normal", "height"):
        strip = "filmstrip" if kind == "frames" else kind
        assert len(list((out / kind).iterdir())) == 4 and (out / f"{strip}.png").exists()
        for index, folder in ((0, sets[0]), (3, sets[1])):
            suffix = "albedo" if kind == "frames" else kind
            (given,) = Path(folder).glob(f"*_{suffix}.png")
            found, expected = (
                np.asarray(Image.open(path).convert("RGB") if kind != "height" else _deep(path))
                for path in (out / kind / f"{index:04d}.png", given)
            )
            assert np.array_equal(found, expected)
    lengths = (2 * read_frames(out / "normal") - 1).norm(dim=1)
    assert (lengths - 1).abs().max() < 3**0.5 / 255
    record = json.loads((out / "run.json").read_text())
    assert record["command"] == "materials" and record["arguments"]["motion"] == 1
    assert record["maps"]["height"]["deep"] and not record["maps"]["base"]["deep"]
    assert record["evaluation"]["energy"] > 0
    assert record["maps"]["height"]["grey"] and not record["maps"]["normal"]["grey"]
    with Image.open(out / "height" / "0001.png") as height:
        assert height.mode.startswith("I") and "icc_profile" not in height.info
    page = (out / "report.html").read_text()
    assert all(f'"name":"{name}"' in page.replace(": ", ":") for name in ("base", "height"))
    said = capsys.readouterr()
    assert "oak_height.png and ash_height.png" in said.err
    assert "report.html" in said.out and f"{out / 'height'}\n" in said.out


def test_without_motion_nothing_moves(sets: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = [*FAST, "--motion", "None", "--steps", "0", "--preview", "--outdir", str(out)]
    assert main(["materials", *sets, *options]) == 0
    assert not (out / "flow").exists()
    height, ends = read_frames(out / "height"), [0, 3]
    middle = torch.lerp(height[0], height[3], 1 / 3)
    torch.testing.assert_close(height[1], middle, rtol=0, atol=2e-5)
    base = read_frames(out / "frames")
    assert (base[1] - base[ends].mean(0)).abs().mean() < (base[0] - base[3]).abs().mean()


def test_the_motion_is_estimated_once(sets: list[str], tmp_path: Path, monkeypatch) -> None:
    found = []
    between = TextureFlow.between
    monkeypatch.setattr(TextureFlow, "between", lambda *x: found.append(x) or between(*x))
    assert main(["materials", *sets, *FAST, "--outdir", str(tmp_path / "out")]) == 0
    assert len(found) == 1


def _deep(path: Path) -> np.ndarray:
    return (read_frames(path)[0, 0] * 65535).round().numpy()


def test_a_resumed_run_has_the_same_maps(sets: list[str], tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert main(["materials", *sets, *FAST, "--outdir", str(one)]) == 0
    fewer = [*FAST, "--outdir", str(two)]
    assert main(["materials", *sets, *fewer, "--steps", "2"]) == 0
    assert main(["materials", *sets, *fewer, "--resume"]) == 0
    for path in one.glob("*/*.png"):
        assert path.read_bytes() == (two / path.relative_to(one)).read_bytes()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--init", "crisp"], "expected objects"),
        (["--equal-steps"], "equal steps"),
        (["--frame-format", "exr"], "OpenEXR"),
        (["--kind", "x"], "FILE=KIND"),
    ],
)
def test_what_maps_cannot_do_is_refused(sets: list[str], capsys, options, said: str) -> None:
    assert said in failure(capsys, "materials", *sets, *options)
