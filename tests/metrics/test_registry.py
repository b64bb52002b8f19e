"""Metrics by name: what is refused, and what options become."""

from __future__ import annotations

from pathlib import Path

import pytest

from elpips.metrics import DEFAULT_METRIC, InputError, available_metrics, create_metric


def test_unknown_names_and_options_are_refused() -> None:
    assert DEFAULT_METRIC in available_metrics() and available_metrics()[-1] == "l2"
    with pytest.raises(InputError, match=r"'elpips' is unknown; expected one of .*'elpips_vgg'"):
        create_metric("elpips")
    for name in ("l2", "lpips_vgg"):
        with pytest.raises(InputError, match=f"'{name}' has no ensemble.*scale_levels"):
            create_metric(name, scale_levels=3)
    # Before any weights are looked for.
    with pytest.raises(InputError, match=r"unknown options \['scales'\].*'scale_levels'"):
        create_metric("elpips_vgg", scales=3)
    with pytest.raises(InputError, match="scale_levels: found 0"):
        create_metric("elpips_vgg", scale_levels=0)


def test_l2_needs_no_weights() -> None:
    metric = create_metric("l2")
    assert metric.name == "l2" and metric.pretrained == ()
    for file in ("trunk", "linear"):
        with pytest.raises(InputError, match="'l2' has no weights"):
            create_metric("l2", **{file: Path("x")})


def test_lipsim_comes_along_and_has_no_ensemble() -> None:
    metric = create_metric("lipsim")
    assert metric.name == "lipsim" and not metric.stochastic
    assert len(metric.pretrained) == 1 and "lipsim" in available_metrics()
    for options, message in (
        ({"linear": Path("a")}, " has no linear weights; give its file as trunk$"),
        ({"scale_levels": 3}, r": unknown options \['scale_levels'\]; expected \['outputs'\]$"),
    ):
        with pytest.raises(InputError, match=f"^metric 'lipsim'{message}"):
            create_metric("lipsim", **options)


@pytest.mark.weights
@pytest.mark.parametrize("name", ["elpips_vgg", "lpips_vgg", "lpips_alex"])
def test_a_metric_knows_its_name_and_files(name: str) -> None:
    metric = create_metric(name)
    assert metric.name == name and metric.stochastic == name.startswith("elpips")
    assert len(metric.pretrained) == 2
    # The tensors themselves live on as buffers only.
    assert all(not record.tensors and record.sha256 for record in metric.pretrained)
