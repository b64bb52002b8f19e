"""A calibration: linear weights of a metric's layers, fitted to a 2AFC set, and how well."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from ...metrics import InputError, create_metric
from ...metrics.files import atomic_write
from ...metrics.perceptual import PerceptualMetric
from ...metrics.recipes import CHANNELS
from ...metrics.statistics import mean_of
from ...metrics.weights import unit_linear
from ...metrics.weights.write import safetensors_bytes
from ..runs.files import plain
from .dataset import Family
from .features import Preferences, preferences_of
from .preferences import PreferenceFit, PreferenceOptions, fit_preferences, two_afc_scores

STILL: dict[str, Any] = {
    "scale": False,
    "offset": False,
    "flip": False,
    "transpose": False,
    "permutation": False,
    "gain": "none",
    "dropout_keep": 1.0,
}
"""Options of an ensemble without transformations and dropout, as calibrations are trained."""


@dataclass(frozen=True)
class Agreement:
    """How often distances agree with the judges: 2AFC score, its error, and the triplets."""

    score: float
    standard_error: float
    triplets: int


@dataclass(frozen=True)
class Calibration:
    """Linear weights and what is known of them.

    Attributes
    ----------
    linear
        (C,), at least 0: all layers side by side.
    scale
        Their sum over that of the fit.
    losses
        Mean loss of each epoch of the fit.
    agreements
        On each family of distortions, trained on or held out.
    seconds
        For the features, and in all.
    """

    linear: Tensor
    scale: float
    losses: tuple[float, ...]
    agreements: Mapping[str, Agreement]
    seconds: Mapping[str, float]


def calibrate(
    train: Sequence[Family],
    held_out: Sequence[Family],
    metric: PerceptualMetric,
    options: PreferenceOptions,
    *,
    mean_distance: float | None,
    cache: Path,
) -> Calibration:
    """Fit the linear weights of a metric's layers, with bars of the triplets and the epochs.

    Parameters
    ----------
    train, held_out
        Families to fit to, and others to judge the fit on as well.
    metric
        Without randomness, its linear weights 1 (`still_metric`).
    options
        How the weights are fitted.
    mean_distance
        Of the training pairs under the weights; None leaves the scale that the fit ended on.
    cache
        Folder of the features, as of `preferences_of`.

    Raises
    ------
    InputError
        A triplet cannot be read, or all weights ended at zero.
    """
    began = time.perf_counter()
    families = [*train, *held_out]
    with tqdm(total=sum(map(len, families)), desc="features", disable=None) as bar:
        found = [preferences_of(each, metric, cache, bar.update) for each in families]
    pairs = Preferences.joined(found[: len(train)])
    prepared = time.perf_counter()
    fit = fit_on(pairs, options, metric.device)
    linear = rescaled(fit.linear, pairs, mean_distance)
    agreements = {
        f"{each.folder.parent.name}/{each.name}": agreement(preferences, linear)
        for each, preferences in zip(families, found, strict=True)
    }
    return Calibration(
        linear=linear,
        scale=float(linear.sum() / fit.linear.sum().clamp_min(1e-30)),
        losses=fit.losses,
        agreements=agreements,
        seconds={"features": prepared - began, "total": time.perf_counter() - began},
    )


def still_metric(name: str, device: torch.device) -> PerceptualMetric:
    """Create a metric without transformations whose linear weights are 1."""
    options = STILL if name.startswith("elpips_") else {}
    created = create_metric(name, linear=unit_linear(name), device=device, **options)
    assert isinstance(created, PerceptualMetric)
    return created


def fit_on(pairs: Preferences, options: PreferenceOptions, device: torch.device) -> PreferenceFit:
    """Fit linear weights to a set on a device, with a bar of the epochs."""
    first, second, judge = (each.to(device) for each in (pairs.first, pairs.second, pairs.judge))
    with tqdm(total=options.epochs + options.decay_epochs, desc="epochs", disable=None) as bar:

        def show(epochs: int, loss: float) -> None:
            bar.set_postfix(loss=f"{loss:.4f}")
            bar.update(epochs - bar.n)

        fit = fit_preferences(first, second, judge, options, show)
    if not fit.linear.any():
        raise InputError(
            "all weights ended at zero; more --epochs, a larger --rate or more triplets may help"
        )
    return fit


def rescaled(linear: Tensor, pairs: Preferences, mean_distance: float | None) -> Tensor:
    """Scale linear weights (C,) to a mean distance of the pairs; unchanged without one."""
    linear = linear.cpu()
    if mean_distance is None:
        return linear
    channels = (pairs.first.mean(0) + pairs.second.mean(0)) / 2
    return linear * (mean_distance / (channels.double() @ linear.double())).float()


def agreement(pairs: Preferences, linear: Tensor) -> Agreement:
    """Return the 2AFC score of linear weights (C,) on a set."""
    scores = two_afc_scores(pairs.first @ linear, pairs.second @ linear, pairs.judge)
    found = mean_of(scores)
    return Agreement(found.mean, found.standard_error, len(scores))


def save_linear(
    path: Path,
    metric: str,
    linear: Tensor,
    label: str,
    recipe: Mapping[str, Any],
    network: Mapping[str, Tensor] | None = None,
) -> None:
    """Write linear weights (C,), all layers side by side, as ``lin0``, ``lin1``, ... (C_l,).

    And the tensors of a network by name, if it goes with them.
    """
    parts = linear.split(CHANNELS[metric])
    tensors = {f"lin{index}": part.contiguous() for index, part in enumerate(parts)}
    tensors |= network or {}
    metadata = {"calibration": label, "recipe": json.dumps(plain(recipe), sort_keys=True)}
    with atomic_write(path) as temporary:
        temporary.write_bytes(safetensors_bytes(tensors, metadata))
