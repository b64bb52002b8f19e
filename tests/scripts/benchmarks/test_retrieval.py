"""``elpips benchmark retrieval``: answers, attacks on them, and the table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from elpips.geometry.ball import Ball
from elpips.metrics import Ensemble, InputError, create_metric
from elpips.metrics.lipschitz import certify
from elpips.scripts.benchmarks.retrieval import (
    attack_queries,
    benchmark_retrieval_command,
    certified_radii,
    distances_to,
)
from lipsim_files import tiny_lipsim
from random_images import images
from tiny_metric import tiny


@pytest.fixture
def gallery() -> torch.Tensor:
    return torch.rand(40, 3, 12, 12, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("metric", [tiny(), tiny(Ensemble(scale=False))], ids=["still", "random"])
def test_answers_are_nearest_and_attacks_turn_them(metric, gallery) -> None:
    noise = torch.randn(5, 3, 12, 12, generator=torch.Generator().manual_seed(1))
    query = (gallery[:5] + 0.02 * noise).clamp(0, 1)
    distances = distances_to(metric, query, gallery, 3, 0)
    assert distances.shape == (5, 40)
    order = distances.argsort(dim=1)
    assert order[:, 0].tolist() == [0, 1, 2, 3, 4]
    ball = Ball("linf", 0.6)
    found = attack_queries(metric, query, gallery, order[:, :4], ball, "pgd", 12, 0)
    assert (found - query).abs().max() <= 0.6 + 1e-6 and found.min() >= 0 and found.max() <= 1
    after = distances_to(metric, found, gallery, 3, 0).argmin(dim=1)
    assert (after != order[:, 0]).float().mean() >= 0.6


def test_the_table(tmp_path: Path, capsys) -> None:
    arguments = {"metrics": ("l2",), "patches": 24, "queries": 6, "size": 20, "steps": 3}
    code = benchmark_retrieval_command(
        **arguments, linf=(1 / 255, 0.5), l2=(), device="cpu", outdir=tmp_path
    )
    assert code == 0
    kept = json.loads((tmp_path / "retrieval.json").read_text())["kept"]["l2"]
    assert kept.keys() == {"own patch", "linf 1/255", "linf 0.5"}
    assert kept["linf 0.5"]["mean"] < kept["linf 1/255"]["mean"]
    assert "6 queries among 24 patches" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [{"queries": 30}, {"rivals": 24}, {"attack": "cw"}, {"metrics": ()}, {"steps": 0}]
)
def test_what_cannot_be_looked_up(tmp_path: Path, arguments) -> None:
    with pytest.raises(InputError, match="expected"):
        benchmark_retrieval_command(
            **({"metrics": ("l2",), "patches": 24, "queries": 6} | arguments), outdir=tmp_path
        )


def test_l2_is_a_metric_like_others(gallery) -> None:
    distances = distances_to(create_metric("l2"), gallery[:2], gallery, 1, 0)
    assert distances[0, 0] == 0 and distances[1].argmin() == 1


def test_certified_radii_are_the_least_over_all_other_patches() -> None:
    metric, gallery = tiny_lipsim(), images(5, 16, 16)
    query = (gallery[:2] + 0.02).clamp(0, 1)
    first = distances_to(metric, query, gallery, 1, 0).argmin(dim=1)
    found = certified_radii(metric, query, gallery, first)
    assert first.tolist() == [0, 1] and found.shape == (2,)
    for index, radius in enumerate(found.tolist()):
        others = [other for other in range(5) if other != index]
        pairs = [query[index : index + 1].expand(4, 3, 16, 16), gallery[index].expand(4, 3, 16, 16)]
        alone = certify(metric, *pairs, gallery[others]).reference
        assert radius == pytest.approx(float(alone.min()), rel=1e-4) and radius > 0


def test_of_lipsim_the_certified_share_is_recorded(tmp_path: Path, capsys) -> None:
    arguments = {"metrics": ("lipsim",), "patches": 12, "queries": 4, "steps": 2, "rivals": 2}
    code = benchmark_retrieval_command(
        **arguments, linf=(1 / 255,), l2=(0.01, 1e3), device="cpu", outdir=tmp_path
    )
    assert code == 0
    shares = json.loads((tmp_path / "retrieval.json").read_text())["certified"]["lipsim"]
    assert shares["l2 0.01"]["mean"] > 0 == shares["l2 1000"]["mean"]
    assert "first answers that no change can alter" in capsys.readouterr().out
