"""Devices, members of the ensemble, and arguments as they are recorded."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from elpips.geometry import GeodesicOptions
from elpips.metrics import InputError
from elpips.scripts.runs.options import (
    MetricOptions,
    PictureOptions,
    ensemble_options,
    flat,
    make_metrics,
    resolve_device,
    told_apart,
)
from lipsim_files import small_file


def test_members_of_the_ensemble_are_switched_off() -> None:
    assert ensemble_options(None) == {}
    everything = ("geometry", "color", "scaling", "dropout")
    assert ensemble_options(everything) == {}
    assert ensemble_options(("geometry", "color", "scaling")) == {"dropout_keep": 1.0}
    assert ensemble_options(()).keys() == {
        *("offset", "flip", "transpose", "permutation", "gain", "scale", "dropout_keep")
    }


def test_devices() -> None:
    assert resolve_device("cpu") == torch.device("cpu")
    assert resolve_device("auto").type in ("cpu", "cuda")
    assert resolve_device(torch.device("cpu")) == torch.device("cpu")
    for name in ("tpu7", "meta", "cuda:99"):
        with pytest.raises(InputError, match=f"device '{name}'"):
            resolve_device(name)


def test_arguments_are_flat() -> None:
    found = flat(start=Path("a.png"), solver=GeodesicOptions(steps=3), metric=MetricOptions("l2"))
    assert found["start"] == Path("a.png") and found["steps"] == 3 and found["metric"] == "l2"
    assert found["seed"] == 0 and "solver" not in found


def test_the_metric_is_created_as_asked() -> None:
    metric = MetricOptions("l2", device="cpu").create()
    assert metric.name == "l2"
    with pytest.raises(InputError, match="no ensemble"):
        MetricOptions("l2", scale_levels=3).create()


def test_pictures_are_read_as_asked(pair) -> None:
    images = PictureOptions(size=16).read([Path(path) for path in pair])
    assert images.shape == (2, 3, 16, 16)
    assert images.dtype == torch.float32


def test_metrics_are_told_apart_by_as_much_of_a_path_as_is_needed(tmp_path: Path) -> None:
    one, two = (f"lipsim={tmp_path / each / 'net.pth'}" for each in ("one/x", "two/x"))
    again = f"lipsim={tmp_path / 'one/../one/x/net.pth'}"
    assert told_apart([]) == {}
    assert told_apart(["l2", one, "l2", again]) == {"l2": "l2", one: "lipsim=net.pth"}
    assert list(told_apart(["lipsim", one, two]).values()) == [
        *("lipsim", "lipsim=one-x-net.pth", "lipsim=two-x-net.pth")
    ]
    same = [f"lipsim=/{each}net.pth" for each in ("a/", "b/", "b-")]
    with pytest.raises(InputError, match="would have one name; rename a file"):
        told_apart(same)


def test_metrics_are_made_once_each_and_called_apart(tmp_path: Path) -> None:
    one, two = (f"lipsim={small_file(tmp_path / each)}" for each in ("one", "two"))
    made = make_metrics(["l2", one, two, "l2"], "cpu")
    files = (f"lipsim={each}-net.safetensors" for each in ("one", "two"))
    assert [each.name for each in made] == ["l2", *files]
    assert make_metrics([one], "cpu")[0].name == "lipsim=net.safetensors"
