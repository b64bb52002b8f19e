from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from elpips.metrics.weights import UnavailableError
from elpips.scripts.cli import main
from elpips.scripts.parity import check

HEIGHT, WIDTH, COUNT = 11, 17, 3


class Cases:
    """Cases with the L2 metric, whose results are known, in a folder with its images."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "cases" / "l2.json"
        self.path.parent.mkdir()
        (folder / "images").mkdir()
        rng = np.random.default_rng(0)
        # With an alpha channel, which is to be ignored.
        x, y = rng.integers(0, 256, (2, HEIGHT + 5, WIDTH + 7, 4), dtype=np.uint8)
        Image.fromarray(x).save(folder / "images" / "x.png")
        Image.fromarray(y).save(folder / "images" / "y.png")
        x, y = (
            (each[2 : 2 + HEIGHT, 3 : 3 + WIDTH, :3] / np.float32(255)).astype(np.float32)
            for each in (x, y)
        )
        box = {"top": 2, "left": 3, "height": HEIGHT, "width": WIDTH}
        self.entry: dict[str, Any] = {
            "case": "one",
            "metric": "l2",
            "image": "x",
            "reference": "y",
            **box,
            "scale_level": 1,
            "swap_xy": 0,
        }
        gradient = 2 * (x - y) / x.size
        self.arrays: dict[str, np.ndarray] = {
            "one.distance": np.full(COUNT, ((x - y) ** 2).mean()),
            "one.gradient": gradient,
            "one.grad_norm": np.full(COUNT, np.linalg.norm(gradient)),
            "one.transformed": x,
        }

    def write(self) -> str:
        self.path.write_text(json.dumps([self.entry]))
        np.savez(self.path.with_suffix(".npz"), **self.arrays)
        return str(self.path)


@pytest.fixture
def cases(tmp_path: Path) -> Cases:
    return Cases(tmp_path)


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["check-parity", *arguments]) == 2
    captured = capsys.readouterr()
    assert not captured.out
    assert captured.err.startswith("elpips: error: ")
    assert captured.err.count("\n") == 1
    return captured.err.removeprefix("elpips: error: ").strip()


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


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"metric": None}, "case one: metric: found None, expected text"),
        ({"metric": "l3"}, "case one: metric 'l3' is unknown; expected one of "),
        ({"case": "two"}, "case two: there is no array two.distance"),
        ({"case": 5}, "case 5: case: found 5, expected text"),
        ({"top": -1}, "case one: top: found -1, expected an integer of at least 0"),
        ({"width": 0}, "case one: width: found 0, expected an integer of at least 1"),
        ({"height": 12}, "one.gradient is float32 of shape (11, 17, 3), expected numbers of shape"),
        ({"top": 6}, "x.png: 24 x 16 pixels; expected at least 20 x 17 for the crop"),
        ({"image": "z"}, "z.png: no such file"),
        ({"metric": "elpips_vgg"}, "case one: there is no array one.scale_offset_yx"),
        ({"metric": "elpips_vgg", "scale_level": 0}, "scale_level: found 0, expected an integer"),
    ],
    ids=str,
)
def test_bad_cases(capsys, cases, change, expected):
    cases.entry |= change
    assert expected in failure(capsys, cases.write())


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (
            "distance",
            np.ones((2, 2)),
            "is float64 of shape (2, 2), expected numbers of shape (any)",
        ),
        ("distance", np.ones(0), "of shape (0,), expected numbers"),
        ("distance", np.array(["a"]), "is <U1 of shape (1,)"),
        ("grad_norm", np.ones(2), "of shape (2,), expected numbers of shape (3)"),
        ("scale_offset_yx", np.ones(2), "one.scale_offset_yx has values other than 0 to 0"),
        ("offset_yx", np.full((3, 2), 8), "one.offset_yx has values other than 0 to 7"),
        ("flip", np.full(3, 0.5), "one.flip has values other than 0 to 3"),
        ("channel_permutation", np.full((3, 3), -1), "has values other than 0 to 2"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_arrays(capsys, cases, name, value, expected):
    cases.entry["metric"] = "elpips_vgg"
    cases.arrays |= {
        "one.scale_offset_yx": np.zeros(2),
        "one.offset_yx": np.zeros((3, 2)),
        "one.flip": np.zeros(3),
        "one.channel_permutation": np.zeros((3, 3)),
        "one.color": np.ones((3, 3)),
        f"one.{name}": value,
    }
    assert expected in failure(capsys, cases.write())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "is not JSON"),
        ("{}", "found no list of cases"),
        ("[]", "found no list of cases"),
        ("[3]", "case 0: found int, expected an object"),
        ("[{}]", "case 0: case: found None, expected text"),
    ],
)
def test_what_is_no_list_of_cases(capsys, cases, text, expected):
    path = cases.write()
    cases.path.write_text(text)
    assert expected in failure(capsys, path)


@pytest.mark.parametrize("content", [None, b"", b"PK\3\4 damaged", b"no arrays"])
def test_damaged_arrays(capsys, cases, content):
    path = cases.write()
    arrays = cases.path.with_suffix(".npz")
    if content is None:
        arrays.unlink()
    else:
        arrays.write_bytes(content)
    error = failure(capsys, path)
    assert error.startswith(f"{arrays}: ")
    assert ("no such file" if content is None else "is not a readable .npz file") in error


def test_missing_file(capsys):
    assert failure(capsys, "nowhere.json").startswith("nowhere.json: cannot be read (No such file")


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
