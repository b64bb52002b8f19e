"""``elpips benchmark scale``, small and with what needs no weights."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from PIL import Image

from elpips.scripts.benchmarks.scale import Measurement, exponent, fitted_exponents
from elpips.scripts.cli import main


def test_scale(tmp_path: Path, capsys) -> None:
    arguments = ["benchmark", "scale", "--metric", "l2", "--frames", "3", "5", "--sizes", "16"]
    arguments += ["--frame-size", "20", "--size-frames", "4"]
    assert main([*arguments, "--outdir", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "benchmark.json").read_text())
    assert [row["frames"] for row in record["by_frames"]] == [3, 5]
    assert [(row["size"], row["frames"]) for row in record["by_size"]] == [(16, 4)]
    assert all(row["seconds"] > 0 and row["memory"] > 50 for row in record["by_frames"])
    assert len(set(Image.open(tmp_path / "scale.png").convert("L").tobytes())) > 1
    assert set(record["exponents"]) == {
        "seconds over frames",
        "memory over frames",
        "seconds over pixels",
        "memory over pixels, idle taken off",
    }
    assert "exponent of seconds over frames: " in capsys.readouterr().out


def test_too_few_frames_are_refused(tmp_path: Path, capsys) -> None:
    assert main(["benchmark", "scale", "--frames", "2", "--outdir", str(tmp_path)]) == 2
    assert "expected frames of at least 3" in capsys.readouterr().err


def test_exponents() -> None:
    assert exponent([1, 2, 4], [3, 12, 48]) == pytest.approx(2)
    assert math.isnan(exponent([1], [1]))


def test_time_grows_with_frames_and_memory_with_pixels() -> None:
    by_frames = [Measurement(16, each, 2.0 * each, 100.0, 90.0) for each in (3, 6)]
    by_size = [Measurement(each, 3, 5.0, 90.0 + each**2, 90.0) for each in (16, 32)]
    assert list(fitted_exponents(by_frames, by_size).values()) == pytest.approx([1, 0, 0, 1])
