"""``elpips benchmark geodesics``, beside a clip as published."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from elpips.media import save_animation
from elpips.scripts.benchmarks.geodesics import published_panel
from elpips.scripts.cli import main

L2 = ["--metric", "l2", "--steps", "3"]
BLEND = [*L2, "--init", "blend"]


def clip(path: Path) -> Path:
    """Write a clip as published: three panels of 32 px, 5 px apart, ten frames."""
    rng = torch.Generator().manual_seed(0)
    frames = torch.rand(10, 3, 8, 26, generator=rng).repeat_interleave(4, 2)
    frames = frames.repeat_interleave(4, 3)[..., :32, :]
    panels = torch.ones(10, 3, 32, 3 * 32 + 10)
    panels[..., :32] = frames[..., :32]
    save_animation(path, panels)
    return path


def test_geodesics_beside_a_published_clip(tmp_path: Path, capsys) -> None:
    source = clip(tmp_path / "clip.gif")
    assert published_panel(source, 24).shape == (10, 3, 24, 24)
    arguments = ["benchmark", "geodesics", "--clip", str(source), "--samples", "1", *BLEND]
    arguments += ["--size", "24", "--outdir", str(tmp_path / "out")]
    assert main(arguments) == 0
    first = capsys.readouterr().out
    rows = json.loads((tmp_path / "out/benchmark.json").read_text())["rows"]
    assert [(row["pair"], row["path"]) for row in rows] == [
        ("clip", "geodesic"),
        ("clip", "published"),
        ("clip", "cross-fade"),
        ("brick_left-gravel_left", "geodesic"),
        ("brick_left-gravel_left", "cross-fade"),
    ]
    assert rows[2]["normalized_ppl"] == pytest.approx(1, abs=1e-3)
    assert rows[1]["normalized_ppl"] > 2
    # Solved paths are read again.
    assert main(arguments) == 0
    assert capsys.readouterr().out == first
    assert main(["benchmark", "geodesics", "--clip", str(source), "--size", "64", *BLEND]) == 2
    assert "panels of 32 x 32 px, --size is 64" in capsys.readouterr().err
