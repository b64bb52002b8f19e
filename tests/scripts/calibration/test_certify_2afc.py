"""``elpips certify-2afc`` on a small set."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import failure, run_json
from elpips.scripts.cli import main
from two_afc_sets import write_set


def test_table_and_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ELPIPS_WEIGHTS", raising=False)
    write_set(tmp_path, {"noise": 3, "other": 2})
    found = run_json(capsys, "certify-2afc", str(tmp_path), "--limit", "2")
    assert [*found["scores"]] == ["noise", "other"]
    assert found["scores"]["noise"]["triplets"] == 2
    assert len(found["scores"]["noise"]["certified"]) == 3
    assert main(["certify-2afc", str(tmp_path), "--families", "noise", "--radii", "0.5"]) == 0
    out = capsys.readouterr().out
    assert "l2 0.5" in out and "mean" in out and "other" not in out
    assert "limit" in failure(capsys, "certify-2afc", str(tmp_path), "--limit", "0")
