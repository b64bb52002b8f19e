"""Distances with few embeddings at a time."""

from __future__ import annotations

import torch

from elpips.geometry.barycenter_evaluation import evaluate_barycenter, pairwise_distances
from elpips.geometry.one_by_one import distances_to_last
from elpips.metrics import Ensemble
from elpips.metrics.activations import checkpointed
from tiny_metric import tiny

IMAGES = torch.rand(5, 3, 20, 24, generator=torch.Generator().manual_seed(0))
METRIC = tiny(Ensemble())


def test_distances_to_the_last_images_are_those_of_all_at_once() -> None:
    draw = METRIC.draw((20, 24), torch.Generator().manual_seed(1))
    matrix = pairwise_distances(METRIC, METRIC.embed(IMAGES, draw))
    found = distances_to_last(METRIC, IMAGES, 3, draw)
    torch.testing.assert_close(found, matrix[:, 2:])


def test_a_barycenter_is_judged_alike_in_little_memory() -> None:
    weights = torch.tensor([0.5, 0.25, 0.25])
    much, little = (
        evaluate_barycenter(each, IMAGES[0], IMAGES[1:4], weights, draws=3)
        for each in (METRIC, checkpointed(METRIC))
    )
    torch.testing.assert_close(
        torch.tensor([little.objective, little.lower_bound, little.advantage.objective]),
        torch.tensor([much.objective, much.lower_bound, much.advantage.objective]),
        rtol=1e-5,
        atol=1e-7,
    )


def test_no_more_than_three_embeddings_are_there(monkeypatch) -> None:
    metric, seen = checkpointed(METRIC), []
    embed = metric.embed
    monkeypatch.setattr(metric, "embed", lambda x, draw: seen.append(len(x)) or embed(x, draw))
    evaluate_barycenter(metric, IMAGES[0], IMAGES[1:3], torch.tensor([0.5, 0.5]), draws=1)
    assert set(seen) == {1}
