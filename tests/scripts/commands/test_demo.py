"""``elpips demo``, in its smallest."""

from __future__ import annotations

from pathlib import Path

import pytest

from elpips.scripts.cli import main


@pytest.mark.weights
def test_demo(tmp_path: Path, capsys) -> None:
    arguments = ["demo", "--size", "32", "--steps", "3", "--path-steps", "2", "--frames", "3"]
    assert main([*arguments, "--outdir", str(tmp_path / "demo")]) == 0
    said = capsys.readouterr().out.strip().splitlines()
    assert f"elpips open {tmp_path / 'demo/morph'}" in said[-1]
    last = said[-12:-2]
    assert all(Path(line).exists() for line in last)
    assert {"animation.gif", "animation.mp4", "scanline.png", "flow", "report.html"} <= {
        Path(line).name for line in last
    }
    assert (tmp_path / "demo/barycenter/barycenter.png").exists()
