from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from elpips.metrics.weights import WeightsError, WeightsStatus
from elpips.scripts.cli import main
from elpips.scripts.commands import weights

EVERYTHING = (
    "vgg16",
    "alexnet",
    "squeezenet1_1",
    "vgg_full_avg",
    "squeeze_full_maxpool",
    "vgg_maxpool",
    "squeeze",
    "lpips_v0.1_vgg",
    "lpips_v0.1_squeeze",
    "lpips_v0.1_alex",
)


def status(name: str, found: str | None, sha256: str = "ab" * 32) -> WeightsStatus:
    return WeightsStatus(name, found, 12_345_678, sha256, f"how to get {name}")


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("ELPIPS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ELPIPS_WEIGHTS", raising=False)


@pytest.mark.parametrize("arguments", [["weights"], ["weights", "list"]], ids=" ".join)
def test_list_says_what_is_missing_and_how_to_get_it(capsys, arguments):
    assert main(arguments) == 0
    out = capsys.readouterr().out
    for name in EVERYTHING:
        assert f"\n{name} " in out
        assert f"\n{name}: `elpips weights fetch {name}` does: " in out
    assert "elpips_vgg              lacks vgg16 and vgg_full_avg" in out
    assert [line.split()[0] for line in out.splitlines() if "ready" in line] == ["lipsim"]


def test_list_names_the_files(capsys, monkeypatch):
    present = {"vgg16": "folder/vgg16.ckpt", "lpips_v0.1_vgg": "folder/vgg.pth"}
    found = [status(name, present.get(name)) for name in EVERYTHING]
    monkeypatch.setattr(weights, "inventory", lambda: found)
    assert main(["weights"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "size", "sha256", "file"]
    assert lines[1].split() == ["vgg16", "12.3", "MB", "abababab", "folder/vgg16.ckpt"]
    assert any(
        line.split()
        == "lpips_vgg lacks vgg_maxpool; lpips_v0.1_vgg stands in, on another scale".split()
        for line in lines
    )
    assert any(
        line.split()
        == "elpips_vgg lacks vgg_full_avg; the project's own calibration takes its place".split()
        for line in lines
    )
    assert "how to get vgg16" not in "\n".join(lines)


def test_list_names_what_is_damaged(capsys, monkeypatch):
    monkeypatch.setattr(weights, "inventory", lambda: [status("vgg16", "f.st", "damaged")])
    assert main(["weights"]) == 0
    assert "damaged: f.st" in capsys.readouterr().out


def test_list_as_json(capsys):
    assert main(["weights", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in found] == list(EVERYTHING)
    assert all(each["found"] is None and each["sha256"] for each in found)


@pytest.mark.parametrize(
    ("names", "asked"), [([], None), (["vgg16", "lpips_alex"], ("vgg16", "lpips_alex"))]
)
def test_fetch_passes_the_names_on(capsys, monkeypatch, names, asked):
    calls = []

    def fetch(names: Sequence[str] | None) -> list[WeightsStatus]:
        calls.append(names)
        return [status("vgg16", "cache/vgg16.safetensors")]

    monkeypatch.setattr(weights, "fetch", fetch)
    assert main(["weights", "fetch", *names]) == 0
    assert calls == [asked]
    assert "cache/vgg16.safetensors" in capsys.readouterr().out


def test_what_comes_along_is_not_fetched(capsys, monkeypatch):
    asked: list[Sequence[str] | None] = []
    monkeypatch.setattr(weights, "fetch", lambda names: asked.append(names) or [status("x", None)])
    assert main(["weights", "fetch", "lipsim"]) == 0
    assert "comes along" in capsys.readouterr().out and asked == []
    assert main(["weights", "fetch", "lipsim", "vgg16"]) == 0
    assert asked == [("vgg16",)]


def test_fetch_of_what_cannot_be_had(capsys, monkeypatch):
    def fetch(names: object) -> object:
        raise WeightsError("1 of 1 weights could not be had")

    monkeypatch.setattr(weights, "fetch", fetch)
    assert main(["weights", "fetch", "vgg16"]) == 2
    captured = capsys.readouterr()
    assert captured.err == "elpips: error: 1 of 1 weights could not be had\n"
    assert not captured.out


def test_fetch_of_unknown_weights(capsys):
    assert main(["weights", "fetch", "vgg19"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("elpips: error: there are no weights 'vgg19'; expected any of vgg16, ")
    assert err.count("\n") == 1
