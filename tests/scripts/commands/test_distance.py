"""``elpips distance``: what it measures, prints and refuses."""

from __future__ import annotations

import pytest
from PIL import Image

from command_line import failure, run_json
from elpips.scripts.cli import main
from elpips.scripts.commands import distance
from noisy_metric import MEAN_FACTOR, mean_square


def test_as_json(capsys, pictures):
    a, b, *_ = pictures
    found = run_json(capsys, "distance", a, b, "--metric", "l2")
    assert found.pop("distance") == pytest.approx(mean_square(a, b), rel=1e-5)
    assert found == {
        "images": [a, b],
        "metric": "l2",
        "standard_error": 0.0,
        "draws": 1,
        "met": True,
        "weights": [],
    }


def test_in_words(capsys, pictures):
    assert main(["distance", *pictures[:2], "--metric", "l2"]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert lines[0][0] == "distance"
    assert float(lines[0][1]) == pytest.approx(mean_square(*pictures[:2]), rel=1e-5)
    assert [first for first, _ in lines] == ["distance", "95", "draws", "metric"]


@pytest.mark.usefixtures("noisy")
def test_draws_and_their_error(capsys, pictures):
    found = run_json(capsys, "distance", *pictures[:2], "--draws", "50")
    assert found["draws"] == 50
    truth = mean_square(*pictures[:2]) * MEAN_FACTOR
    assert 0 < found["standard_error"] < 0.1 * truth
    assert abs(found["distance"] - truth) < 4 * found["standard_error"]
    assert main(["distance", *pictures[:2], "--draws", "50"]) == 0
    out = capsys.readouterr().out
    assert f"{found['distance']:.6g}" in out
    assert f"{found['distance'] - 1.96 * found['standard_error']:.6g} to " in out


@pytest.mark.usefixtures("noisy")
def test_the_seed_decides(capsys, pictures):
    command = ["distance", *pictures[:2], "--draws", "5"]
    first, again = (run_json(capsys, *command) for _ in range(2))
    assert first == again
    assert run_json(capsys, *command, "--seed", "1")["distance"] != first["distance"]


@pytest.mark.usefixtures("noisy")
def test_a_single_draw_has_no_error(capsys, pictures):
    assert run_json(capsys, "distance", *pictures[:2], "--draws", "1")["standard_error"] is None
    assert main(["distance", *pictures[:2], "--draws", "1"]) == 0
    assert "unknown after a single draw" in capsys.readouterr().out


@pytest.mark.usefixtures("noisy")
def test_error_bounds(capsys, pictures):
    command = ["distance", *pictures[:2]]
    loose = run_json(capsys, *command, "--relative-error", "0.5")
    assert loose["met"] and loose["draws"] == 30
    tight = run_json(capsys, *command, "--absolute-error", "1e-9", "--max-draws", "40")
    assert not tight["met"] and tight["draws"] == 40
    assert main([*command, "--absolute-error", "1e-9", "--max-draws", "40"]) == 0
    assert "the error bounds are not met after 40 draws" in capsys.readouterr().out


@pytest.mark.usefixtures("noisy")
def test_the_default_number_of_draws(capsys, pictures):
    assert run_json(capsys, "distance", *pictures[:2])["draws"] == 200


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--draws", "9", "--relative-error", "0.1"], "--draws fixes the number of draws; "),
        (["--draws", "9", "--absolute-error", "0.1"], "--draws fixes the number of draws; "),
        (["--draws", "9", "--max-draws", "10"], "--draws fixes the number of draws; "),
        (["--draws", "0"], "draws: found 0, expected an integer from 1"),
        (["--relative-error", "-1"], "relative_error: found -1.0, expected a number above 0"),
        (["--seed", "-1"], "seed: found -1, "),
        (["--device", "abacus"], "device 'abacus' is unknown; expected auto, cpu, "),
        (["--metric", "l3"], "metric 'l3' is unknown; expected one of "),
        (["--size", "3"], "size: found 3, expected an integer from 16"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.parametrize("command", ["distance", "compare"])
def test_bad_options(capsys, pictures, command, options, expected):
    options = options if "--metric" in options else ["--metric", "l2", *options]
    assert failure(capsys, command, *pictures[:2], *options).startswith(expected)


def test_missing_image(capsys, pictures):
    error = failure(capsys, "distance", pictures[0], "nowhere.png", "--metric", "l2")
    assert error == "nowhere.png: no such file; expected an image\n"


def test_other_sizes(capsys, pictures, tmp_path):
    wide = str(tmp_path / "wide.png")
    Image.new("RGB", (40, 20)).save(wide)
    error = failure(capsys, "distance", pictures[0], wide, "--metric", "l2")
    assert "--size" in error and "--crop" in error
    for option in (["--size", "16"], ["--crop", "center"]):
        run_json(capsys, "distance", pictures[0], wide, "--metric", "l2", *option)


def test_interruption(capsys, pictures, monkeypatch):
    def interrupt(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(distance, "estimate", interrupt)
    assert main(["distance", *pictures[:2], "--metric", "l2"]) == 130
    assert capsys.readouterr().err == "elpips: interrupted\n"
