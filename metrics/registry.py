"""Metrics by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from .base import Metric
from .ensemble import Ensemble
from .errors import InputError
from .lipschitz import load_lipsim
from .perceptual import PerceptualMetric
from .pixel import L2
from .recipes import RECIPES
from .weights import Weights, load_parts

DEFAULT_METRIC = "elpips_vgg"


def available_metrics() -> tuple[str, ...]:
    """Return the names that `create_metric` knows."""
    return (*RECIPES, "lipsim", "l2")


def create_metric(
    name: str = DEFAULT_METRIC,
    *,
    trunk: Path | None = None,
    linear: Path | Weights | None = None,
    device: str | torch.device = "cpu",
    **options: Any,
) -> Metric:
    """Create a metric by name, fetching its weights if they are not on this machine.

    Parameters
    ----------
    name
        One of `available_metrics()`; those of the E-LPIPS release keep its names.
    trunk, linear
        Files to take the network's and the linear weights from, in place of the search
        described in `metrics.weights`; for the linear weights also what one of its functions
        returned. One file with both will do for R-LPIPS, as either. For lipsim, which has no
        linear weights, ``trunk`` is a checkpoint of the release or a file of ours.
    device
        Where the metric lives; images must be there too.
    **options
        Fields of `Ensemble`, such as ``scale_levels=8`` or ``dropout_keep=1.0``, for the
        E-LPIPS metrics; ``outputs``, as of `lipschitz.load_lipsim`, for lipsim.

    Raises
    ------
    InputError
        Unknown name or option.
    metrics.weights.WeightsError
        Weights that cannot be found or fetched.

    Examples
    --------
    >>> metric = create_metric("elpips_vgg")
    >>> metric(x, y, draws=200)  # doctest: +SKIP
    """
    if name == "l2":
        _reject(name, options)
        if trunk is not None or linear is not None:
            raise InputError(f"metric {name!r} has no weights, and takes none")
        return L2().to(device)
    if name == "lipsim":
        if linear is not None:
            raise InputError(f"metric {name!r} has no linear weights; give its file as trunk")
        _check_options(name, options, {"outputs"})
        return load_lipsim(trunk, **options).to(device)
    if name not in RECIPES:
        raise InputError(f"metric {name!r} is unknown; expected one of {available_metrics()}")
    recipe = RECIPES[name]
    if not recipe.ensemble:
        _reject(name, options)
    ensemble = _ensemble(name, options) if recipe.ensemble else None
    trunk_weights, linear_weights = load_parts(name, trunk, linear)
    metric = PerceptualMetric(
        name,
        recipe.build(trunk_weights.tensors, ensemble.dropout_keep if ensemble else 1.0),
        [linear_weights.tensors[f"lin{i}"] for i in range(len(linear_weights.tensors))],
        ensemble,
        # Only the records are kept: the tensors live on as buffers.
        tuple(replace(weights, tensors={}) for weights in (trunk_weights, linear_weights)),
    )
    return metric.to(device)


def _reject(name: str, options: Mapping[str, object]) -> None:
    if options:
        raise InputError(f"metric {name!r} has no ensemble and takes no option {sorted(options)}")


def _ensemble(name: str, options: dict[str, Any]) -> Ensemble:
    _check_options(name, options, set(Ensemble.__dataclass_fields__))
    return Ensemble(**options)


def _check_options(name: str, options: Mapping[str, object], known: set[str]) -> None:
    if unknown := sorted(set(options) - known):
        raise InputError(f"metric {name!r}: unknown options {unknown}; expected {sorted(known)}")
