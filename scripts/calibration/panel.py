"""The panel of metrics that judges a set where there are no people to ask."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ...metrics import InputError, Metric, create_metric
from ...metrics.base import image_size
from ...metrics.weights import load_lpips


def load_judge(name: str, device: torch.device) -> Metric:
    """Create a metric of the panel; LPIPS metrics with the linear layers of LPIPS v0.1.

    Raises
    ------
    InputError
        There is no such metric, or it is random: a judge gives one answer.
    """
    if name.startswith("lpips_"):
        return create_metric(name, linear=load_lpips(name), device=device)
    metric = create_metric(name, device=device)
    if metric.stochastic:
        raise InputError(f"panel: {name} is random; expected metrics without an ensemble")
    return metric


def judge(images: Tensor, panel: Sequence[Metric], softness: float) -> float:
    """Return a panel's preference for p1 in [0, 1], of images ref, p0, p1 (3, 3, H, W).

    The mean over metrics of d0^k / (d0^k + d1^k), k = ``softness``; a half if both are 0.
    """
    votes = []
    for metric in panel:
        with torch.no_grad():
            embedding = metric.embed(images, metric.draw(image_size(images)))
            first, second = metric.distance(embedding[1:], embedding[:1]).double().tolist()
        votes.append(soft_preference(first, second, softness))
    return sum(votes) / len(votes)


def soft_preference(first: float, second: float, softness: float) -> float:
    """Return first^k / (first^k + second^k), k = ``softness``; a half if both are 0."""
    if first <= 0 or second <= 0:
        return 0.5 if first == second else float(second <= 0)
    return 1 / (1 + (second / first) ** softness)
