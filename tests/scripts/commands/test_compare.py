"""``elpips compare``: distances to one picture on shared draws, and which is closest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from command_line import failure, run_json
from elpips.scripts.cli import main
from noisy_metric import mean_square


def test_as_json(capsys, pictures):
    a, b, c, _ = pictures
    found = run_json(capsys, "compare", a, b, c, "--metric", "l2")
    assert [each["image"] for each in found] == [b, c]
    assert [each["closest"] for each in found] == [False, True]
    for each, path in zip(found, (b, c), strict=True):
        assert each["distance"] == pytest.approx(mean_square(a, path), rel=1e-5)
        assert (each["reference"], each["metric"], each["weights"]) == (a, "l2", [])
        assert (each["draws"], each["standard_error"]) == (1, 0.0)
    assert found[1]["margin"] == 0
    assert found[0]["margin"] == pytest.approx(found[0]["distance"] - found[1]["distance"])


def test_in_words(capsys, pictures):
    a, b, c, _ = pictures
    assert main(["compare", a, b, c, "--metric", "l2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[0] == "image"
    assert [line.split()[0] for line in lines[1:3]] == [c, b]
    assert lines[-1].startswith(f"closest: {c}, by at least 0.")


def test_one_image_is_the_closest(capsys, pictures):
    a, b, *_ = pictures
    assert main(["compare", a, b, "--metric", "l2"]) == 0
    assert capsys.readouterr().out.endswith(f"closest: {b}\n")


def test_no_image_is_refused(capsys, pictures):
    error = failure(capsys, "compare", pictures[0], "--metric", "l2")
    assert error.startswith(f"there is no image to compare with {pictures[0]}; ")


def test_equals_are_told(capsys, pictures):
    a, b, c, copy = pictures
    assert main(["compare", a, b, c, copy, "--metric", "l2"]) == 0
    assert capsys.readouterr().out.endswith(f"closest: {c}, and as close {copy}\n")


@pytest.mark.usefixtures("noisy")
def test_draws_are_shared(capsys, pictures):
    a, b, c, copy = pictures
    found = run_json(capsys, "compare", a, b, c, copy, "--draws", "20")
    assert found[1]["distance"] == found[2]["distance"]
    assert found[2]["margin"] == found[2]["margin_standard_error"] == 0
    assert found[0]["draws"] == 20
    assert main(["compare", a, b, c, "--draws", "20"]) == 0
    assert capsys.readouterr().out.endswith("which exceeds its 95 % error\n")


@pytest.mark.usefixtures("noisy")
def test_no_margin_is_known_after_a_single_draw(capsys, pictures):
    a, b, c, _ = pictures
    assert main(["compare", a, b, c, "--draws", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"closest: {c}, but not beyond the 95 % error of the margin to {b}"
    assert [line.split()[-1] for line in lines[1:3]] == ["unknown", "unknown"]


@pytest.mark.usefixtures("noisy")
def test_bounds_that_are_not_met_are_told(capsys, pictures):
    command = ["compare", *pictures[:3], "--absolute-error", "1e-9", "--max-draws", "40"]
    found = run_json(capsys, *command)
    assert [(each["met"], each["draws"]) for each in found] == [(False, 40)] * 2
    assert main(command) == 0
    assert "the error bounds are not met after 40 draws" in capsys.readouterr().out


@pytest.fixture
def published(shared: Path, tmp_path: Path) -> list[str]:
    """Anchor, vgg_sqz and reference; without the alpha that the published digits ignore."""
    paths = []
    for name in ("adv_anchor", "adv_vgg_sqz", "adv_reference"):
        paths.append(str(tmp_path / f"{name}.png"))
        Image.open(shared / "images" / f"{name}.png").convert("RGB").save(paths[-1])
    return paths


def authors(found: dict) -> dict:
    """Skip where another calibration than the authors' is at hand."""
    calibrations = [weights["calibration"] or "" for weights in found["weights"]]
    if any(each.startswith(("stand-in", "elpips project")) for each in calibrations):
        pytest.skip("the authors' linear weights are not at hand")
    return found


@pytest.mark.weights
def test_published_lpips(capsys, published):
    anchor, other, reference = published
    command = ["compare", reference, anchor, other, "--metric", "lpips_vgg"]
    assert main([*command, "--json"]) == 0
    found = [authors(each) for each in json.loads(capsys.readouterr().out)]
    assert [f"{each['distance']:.7f}" for each in found] == ["0.0253999", "0.0199217"]
    assert [each["closest"] for each in found] == [False, True]
    assert [weights["name"] for weights in found[0]["weights"]] == ["vgg16", "lpips_vgg"]
    assert all(len(weights["sha256"]) == 64 for weights in found[0]["weights"])


@pytest.mark.weights
def test_elpips_prefers_the_anchor(capsys, published):
    """E-LPIPS is not fooled: the anchor is the reference with a little noise."""
    anchor, other, reference = published
    command = ["compare", reference, other, anchor, "--size", "64", "--draws", "6"]
    assert main(command) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1].startswith(f"closest: {anchor}, by at least 0.0")
    assert out.endswith("which exceeds its 95 % error\n")
