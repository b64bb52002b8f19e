"""``elpips figure attack``, with the L2 metric."""

from __future__ import annotations

import json
from pathlib import Path

from elpips.media import read_image
from elpips.scripts.cli import main


def test_figure_attack_judges_every_image(folder: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    files = [str(folder / "a.png"), str(folder / "b.png")]
    options = ["--metrics", "l2", "--size", "24", "--steps", "20", "--outdir", str(out)]
    assert main(["figure", "attack", *files, *options]) == 0
    assert read_image(out / "attack.png").std() > 0.01
    table = json.loads((out / "attack.json").read_text())["distances"]["l2"]
    assert table.keys() == {"anchor", "target", "a1_l2", "a2_l2"}
    anchor = table["anchor"]["distance"]
    assert table["a1_l2"]["distance"] <= anchor * 1.01 < table["target"]["distance"]
    assert "a2_l2" in capsys.readouterr().out
