"""``elpips benchmark translations``, where the truth is known."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from elpips.scripts.benchmarks.translations import translation
from elpips.scripts.cli import main

L2 = ["--metric", "l2", "--steps", "3"]


def test_translations(tmp_path: Path, capsys) -> None:
    truth = translation("coffee", 32, 4)
    assert truth.shape == (5, 3, 32, 32) and torch.equal(truth[0, :, :, 1:], truth[1, :, :, :-1])
    arguments = ["benchmark", "translations", "--samples", "1", "--sizes", "32", "--shifts", "4"]
    arguments += ["--inits", "blend", "flow", *L2, "--outdir", str(tmp_path)]
    assert main(arguments) == 0
    rows = json.loads((tmp_path / "benchmark.json").read_text())["rows"]
    found = {row["path"]: row for row in rows}
    assert list(found) == ["true", "blend", "flow", "fade"]
    assert found["true"]["psnr"] is None and found["flow"]["psnr"] > found["fade"]["psnr"] + 3
    assert found["fade"]["energy"] < found["true"]["energy"]
