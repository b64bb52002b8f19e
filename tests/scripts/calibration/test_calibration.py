"""Calibrations: the one that comes along, and the metrics that are calibrated."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from elpips.media.samples import read_sample
from elpips.metrics import create_metric
from elpips.metrics.weights import load_linear, load_own
from elpips.scripts.calibration.calibration import agreement, rescaled, still_metric
from elpips.scripts.calibration.dataset import Triplets
from elpips.scripts.calibration.features import Preferences, triplet_channels
from elpips.scripts.calibration.set_options import SetOptions
from elpips.scripts.calibration.triplets import make_triplet


@pytest.mark.weights
def test_the_calibration_that_comes_along_agrees_with_the_authors(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELPIPS_WEIGHTS", str(shared / "weights"))
    metric = still_metric("elpips_vgg", torch.device("cpu"))
    # Families and parts of photographs that it was not trained on.
    names = ("astronaut", "chelsea", "coffee", "motorcycle_left")
    photographs = {name: read_sample(name) for name in names}
    families = ("superres", "deblur", "color", "frameinterp")
    rows = []
    for index in range(28):
        rng = torch.Generator().manual_seed(10_000 + index)
        family = families[index % len(families)]
        rows.append(make_triplet(photographs, "val", family, SetOptions(), rng))
    ref, p0, p1 = torch.stack(rows).unbind(1)
    channels = triplet_channels(metric, Triplets(ref, p0, p1, torch.zeros(len(ref))))
    authors = load_linear("elpips_vgg").tensors
    own = load_own("elpips_vgg").tensors
    ones = {name: torch.ones_like(each) for name, each in own.items()}
    theirs, ours, plain = (
        channels @ torch.cat(list(linear.values())) for linear in (authors, own, ones)
    )
    same = ((theirs[0] > theirs[1]) == (ours[0] > ours[1])).float().mean()
    assert same >= 0.9
    # Without the ensemble, which brings the two closer still.
    assert spearman(theirs, ours) >= 0.95
    assert spearman(theirs, ours) > spearman(theirs, plain) + 0.02


def spearman(a: torch.Tensor, b: torch.Tensor) -> float:
    ranks = torch.stack([each.flatten().argsort().argsort().double() for each in (a, b)])
    return float(torch.corrcoef(ranks)[0, 1])


@pytest.mark.weights
@pytest.mark.parametrize("name", ["elpips_vgg", "lpips_alex"])
def test_a_still_metric_is_not_random(name: str) -> None:
    metric = still_metric(name, torch.device("cpu"))
    assert not metric.stochastic
    full = create_metric(name)
    x, y = torch.rand(2, 1, 3, 40, 40, generator=torch.Generator().manual_seed(0))
    assert float(metric(x, y)) > float(full(x, y)) > 0


def test_a_mean_distance_counts_both_alternatives() -> None:
    first, second = torch.rand(2, 7, 3, generator=torch.Generator().manual_seed(0))
    pairs = Preferences(first, second, torch.zeros(7))
    linear = rescaled(torch.tensor([1.0, 0.0, 2.0]), pairs, 0.3)
    assert float((torch.cat([first, second]) @ linear).mean()) == pytest.approx(0.3)
    assert torch.equal(rescaled(linear, pairs, None), linear)


def test_agreement_of_one_triplet_has_no_error() -> None:
    pairs = Preferences(torch.ones(1, 2), torch.zeros(1, 2), torch.tensor([0.75]))
    found = agreement(pairs, torch.ones(2))
    assert (found.score, found.triplets) == (0.75, 1)
    assert math.isnan(found.standard_error)
