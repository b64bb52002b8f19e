"""``elpips check-parity``: what passes, what fails, and what the user is told."""

from __future__ import annotations

import json

import numpy as np
import pytest

from elpips.metrics.weights import UnavailableError
from elpips.scripts.cli import main
from elpips.scripts.parity import check
from parity_cases import failure


def test_what_agrees_passes(capsys, cases):
    assert main(["check-parity", cases.write()]) == 0
    lines = capsys.readouterr().out.splitlines()
    header = ["case", "metric", "distance", "gradient", "gradient", "norm", "transformed"]
    assert lines[0].split() == header
    assert lines[1].split()[:2] == ["one", "l2"]
    assert lines[1].split()[-1] == "PASS"
    assert lines[2].split()[0] == "worst"
    assert lines[3] == "1 of 1 cases pass"
    assert "distance 0.0001, gradient 0.001 (relative)" in lines[4]


def test_json(capsys, cases):
    assert main(["check-parity", cases.write(), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["passed"] is True
    assert found["weights"] == {"l2": []}
    (case,) = found["cases"]
    assert (case["case"], case["metric"], case["passed"]) == ("one", "l2", True)
    assert case["rounding"] is None
    for error in ("distance", "gradient", "gradient_norm", "transformed"):
        assert 0 <= case[error] < 1e-6


@pytest.mark.parametrize(
    ("name", "factor", "shown"),
    [
        ("distance", 1.0003, "distance"),
        ("gradient", 1.003, "gradient"),
        ("grad_norm", 1.003, "gradient_norm"),
        ("transformed", 1.003, "transformed"),
    ],
)
def test_what_differs_fails(capsys, cases, name, factor, shown):
    cases.arrays[f"one.{name}"] = cases.arrays[f"one.{name}"] * factor
    assert main(["check-parity", cases.write(), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert not found["passed"]
    expected = (factor - 1) / factor if name != "transformed" else factor - 1
    assert found["cases"][0][shown] == pytest.approx(expected, rel=0.02)
    assert main(["check-parity", cases.write()]) == 1
    out = capsys.readouterr().out
    assert "FAIL" in out
    assert "l2 ran on the weights of: none" in out
    assert "0 of 1 cases pass" in out


def test_every_item_counts_and_nan_fails(capsys, cases):
    cases.arrays["one.distance"][-1] = np.nan
    assert main(["check-parity", cases.write(), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["cases"][0]["distance"] is None


def test_another_shape_of_the_transformed_image_fails(capsys, cases):
    cases.arrays["one.transformed"] = cases.arrays["one.transformed"][1:]
    assert main(["check-parity", cases.write()]) == 1
    assert "inf" in capsys.readouterr().out


def test_tolerances(capsys, cases):
    cases.arrays["one.distance"] = cases.arrays["one.distance"] * 1.01
    cases.arrays["one.gradient"] = cases.arrays["one.gradient"] * 1.01
    path = cases.write()
    assert main(["check-parity", path, "--tolerance", "0.02"]) == 1
    assert main(["check-parity", path, "--gradient-tolerance", "0.02"]) == 1
    assert main(["check-parity", path, "--tolerance", "0.02", "--gradient-tolerance", "0.02"]) == 0


def test_results_that_may_be_missing(capsys, cases):
    cases.arrays = {"one.distance": cases.arrays["one.distance"]}
    assert main(["check-parity", cases.write()]) == 0
    line = capsys.readouterr().out.splitlines()[1].split()
    assert line[3:] == ["-", "-", "-", "PASS"]


def test_images_elsewhere(capsys, cases):
    path = cases.write()
    (cases.folder / "images").rename(cases.folder / "pictures")
    assert "there is no folder 'images' beside it" in failure(capsys, path)
    pictures = str(cases.folder / "pictures")
    assert main(["check-parity", path, "--images", pictures]) == 0
    capsys.readouterr()
    error = failure(capsys, path, "--images", str(cases.folder))
    assert "case one: " in error and "x.png: no such file" in error


def test_damaged_image(capsys, cases):
    path = cases.write()
    (cases.folder / "images" / "y.png").write_bytes(b"")
    assert "y.png: the file is empty" in failure(capsys, path)


@pytest.mark.parametrize("trunk", ["squeezenet", "squeezenet=", "resnet=a.npz"])
def test_bad_trunks(capsys, cases, trunk):
    error = failure(capsys, cases.write(), "--trunk", trunk)
    assert error.startswith(f"--trunk {trunk}: expected NAME=FILE, with a name of vgg16, ")


def test_a_trunk_that_cannot_be_had_is_asked_for(capsys, cases, monkeypatch, tmp_path):
    monkeypatch.setenv("ELPIPS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ELPIPS_WEIGHTS", raising=False)

    def unavailable(*args: object, **options: object) -> None:
        raise UnavailableError("no network")

    monkeypatch.setattr(check, "make_metric", unavailable)
    cases.entry["metric"] = "lpips_squeeze"
    error = failure(capsys, cases.write())
    assert "case one: lpips_squeeze needs --trunk squeezenet1_1=FILE" in error
    assert error.endswith("no network")
    error = failure(capsys, cases.write(), "--trunk", "squeezenet=nowhere.npz")
    assert error.endswith("case one: no network")
