"""``elpips train-lipsim`` from photographs to a file that the metric loads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from command_line import failure
from elpips.media import save_image
from elpips.metrics import create_metric
from elpips.metrics.lipschitz.weights import ENTRY
from elpips.scripts.calibration import panel
from elpips.scripts.cli import main
from random_images import images
from two_afc_sets import write_set

ARGUMENTS = (
    "--panel l2 --groups 2 --copies 2 --size 24 --network.side 24 --network.scales 2 "
    "--steps 2 --batch 2"
)


def test_a_network_is_trained_and_the_same_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photographs, out = tmp_path / "photographs", tmp_path / "out"
    photographs.mkdir()
    save_image(photographs / "a.png", images(1, 60, 100)[0])
    write_set(tmp_path / "set", {"noise": 2})
    command = ["train-lipsim", str(photographs), *ARGUMENTS.split(), "--outdir", str(out)]
    command += ["--also", str(tmp_path / "set"), "--validation", str(tmp_path / "set")]
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert "2AFC score" in shown and str(out / "lipsim.safetensors") in shown
    record = json.loads((out / "run.json").read_text())
    path = out / "lipsim.safetensors"
    metric = create_metric("lipsim", trunk=path)
    assert record["sha256"] == metric.pretrained[0].sha256 and len(record["losses"]) == 2
    with safe_open(path, "pt") as file:
        recipe = json.loads(file.metadata()[ENTRY])["recipe"]
    assert recipe["training"]["steps"] == 2 and recipe["groups"]["copies"] == 2
    first = path.read_bytes()
    for each in ("lipsim.safetensors", "training.pt"):
        (out / each).unlink()
    assert main(command) == 0
    assert path.read_bytes() == first
    # All steps are done: the file is written anew from the checkpoint.
    assert main(command) == 0
    assert path.read_bytes() == first
    tuned = [*command[:-6], "--outdir", str(tmp_path / "tuned"), "--start", str(path)]
    assert main(tuned) == 0
    capsys.readouterr()
    assert (tmp_path / "tuned" / "lipsim.safetensors").read_bytes() != first
    assert "holds another network" in failure(capsys, *tuned, "--network.scales", "1")
    assert (out / "loss.png").stat().st_size > 0


def test_judges_of_the_panel_must_not_be_random() -> None:
    assert panel.load_judge("l2", torch.device("cpu")).name == "l2"
