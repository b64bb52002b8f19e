"""``elpips benchmark certificates``: no flip inside, flips far outside."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from command_line import failure, run_json
from elpips.metrics.lipschitz.weights import save_small
from elpips.scripts.calibration.certificates import Outcome, flips, joined
from elpips.scripts.cli import main
from lipsim_files import tiny_lipsim
from random_images import images, rng
from two_afc_sets import write_set


@pytest.mark.parametrize("attacked", ["reference", "first", "second"])
def test_judgements_flip_outside_the_radius_only(attacked: str) -> None:
    metric, x = tiny_lipsim(), 0.2 + 0.6 * images(4, 16, 16)
    noise = torch.randn(2, *x.shape, generator=rng(1))
    triplet = [x, (x + 0.1 * noise[0]).clamp(0, 1), (x + 0.11 * noise[1]).clamp(0, 1)]
    inside = flips(metric, triplet, attacked, 0.99, "apgd", 8, rng())
    outside = flips(metric, triplet, attacked, 8.0, "apgd", 12, rng())
    assert inside.attacks == outside.attacks == 4
    assert inside.flips == 0 < inside.nearest < 1 and outside.flips == 4 and outside.nearest < 0


def test_without_a_radius_there_is_nothing_to_attack() -> None:
    x = images(2, 16, 16)
    assert flips(tiny_lipsim(), [x, x, x], "reference", 0.5, "pgd", 2, rng()).attacks == 0
    assert joined([Outcome(2, 1, 0.5), Outcome(3, 0, -1.0)]) == Outcome(5, 1, -1.0)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_set(tmp_path, {"noise": 3})
    path = tmp_path / "lipsim.safetensors"
    path.write_bytes(save_small(tiny_lipsim().network, "tiny", {}))
    arguments = ["benchmark", "certificates", str(tmp_path / "noise"), "--trunk", str(path)]
    arguments += ["--steps", "3", "--restarts", "1", "--multiples", "0.9", "50"]
    found = run_json(capsys, *arguments)
    assert found["violations"] == 0 and found["outcomes"]["0.9"]["attacks"] == 3
    assert main([*arguments, "--attack", "pgd"]) == 0
    assert "violations: 0" in capsys.readouterr().out
    assert "expected at least 1" in failure(capsys, *arguments, "--steps", "0")
    # Several families are attacked together; what is wrong with one is said.
    write_set(tmp_path, {"blur": 2})
    arguments[2] = str(tmp_path)
    assert run_json(capsys, *arguments)["outcomes"]["0.9"]["attacks"] == 5
    Image.new("RGB", (20, 20)).save(tmp_path / "blur/p1/000001.png")
    assert "has 20 x 20 pixels" in failure(capsys, *arguments)
