"""``elpips figure ablation``, in its smallest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from elpips.scripts.cli import main
from elpips.scripts.figures.ablation import STAGES


@pytest.mark.weights
def test_figure_ablation_has_every_stage(folder: Path, tmp_path: Path, capsys) -> None:
    files = [str(folder / "a.png"), str(folder / "b.png")]
    options = ["--size", "24", "--steps", "2", "--evaluation-draws", "2", "--others", "l2"]
    command = ["figure", "ablation", *files, *options, "--outdir", str(tmp_path / "out")]
    assert main(command) == 0
    stages = json.loads((tmp_path / "out" / "ablation.json").read_text())["stages"]
    assert [each["stage"] for each in stages] == [*(stage.name for stage in STAGES), "l2"]
    assert [each["draws"] for each in stages] == [1, 1, 2, 2, 2, 2, 1]
    assert "layers" in capsys.readouterr().out
