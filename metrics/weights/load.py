"""Loading by name: trunks, and linear layers with their stand-ins."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import torch

from metrics.weights import acquire
from metrics.weights.layout import CHANNELS
from metrics.weights.registry import ASSETS, LINEAR_OF, TRUNKS
from metrics.weights.types import UnavailableError, Weights, WeightsError

logger = logging.getLogger("elpips")

# relu1_2, relu2_2, relu3_3, relu4_3 and relu5_3 among E-LPIPS-VGG's layers, where 0 is the
# image and 1 to 13 are the convolutions.
LPIPS_VGG_LAYERS = (2, 4, 7, 10, 13)


def load_trunk(name: str, path: Path | None = None) -> Weights:
    """Load a convolution stack.

    Parameters
    ----------
    name
        ``"vgg16"``, ``"alexnet"`` or ``"squeezenet1_1"``.
    path
        A file or folder to read instead of looking for it: a ``.safetensors`` in any float
        type, a ``.npz`` of kernels (height, width, in, out), or a registered file. By default
        the folder in ``ELPIPS_WEIGHTS``, the user cache, then a download.

    Returns
    -------
    Weights
        ``"features.0.weight"`` (out, in, height, width), ``"features.0.bias"`` (out,), ...:
        torchvision's names; float32.

    Raises
    ------
    WeightsError
        If they cannot be had or used: what was tried, and what to do.
    """
    trunks = {asset.name for asset in TRUNKS}
    if name not in trunks:
        raise WeightsError(f"there is no trunk {name!r}; expected one of {sorted(trunks)}")
    asset = ASSETS[name]
    if path is not None:
        return acquire.from_path(Path(path).expanduser(), name, [asset])
    try:
        return acquire.get(asset, name)
    except UnavailableError as error:
        files = " or ".join(origin.filename for origin in asset.origins)
        raise UnavailableError(
            f"no weights of {name}: {error}; put {files} into a folder and name it in "
            "ELPIPS_WEIGHTS, or run `elpips weights fetch` where the network allows"
        ) from None


def load_linear(metric: str, path: Path | None = None) -> Weights:
    """Load a metric's linear layers, or what stands in for them.

    Parameters
    ----------
    metric
        ``"elpips_vgg"``, ``"elpips_squeeze_maxpool"``, ``"lpips_vgg"``, ``"lpips_squeeze"`` or
        ``"lpips_alex"``.
    path
        A file or folder to read instead of looking for it: a ``.safetensors`` with ``lin0``,
        ``lin1``, ..., or a registered file (the authors' .npy, LPIPS v0.1's .pth). By default
        the folder in ``ELPIPS_WEIGHTS``, the user cache, then a download.

    Returns
    -------
    Weights
        ``"lin0"``, ``"lin1"``, ...: float32 (C,) per layer, at least 0. Where the authors'
        file cannot be had, a warning is logged and ``calibration`` begins with
        ``"stand-in: "``: LPIPS v0.1's layers for lpips_vgg and lpips_squeeze, LPIPS-VGG v0.1's
        on five of the fourteen layers for elpips_vgg. Distances are on another scale then.

    Raises
    ------
    WeightsError
        If they cannot be had or used: what was tried, and what to do.
    """
    if metric not in LINEAR_OF:
        raise WeightsError(
            f"there are no linear layers of {metric!r}; expected one of {sorted(LINEAR_OF)}"
        )
    first, second = LINEAR_OF[metric]
    asset = ASSETS[first]
    if path is not None:
        candidates = [ASSETS[name] for name in (first, second) if name]
        fitting = [candidate for candidate in candidates if candidate.layout == metric]
        return acquire.from_path(Path(path).expanduser(), metric, fitting)
    try:
        return replace(acquire.get(asset, metric), name=metric)
    except UnavailableError as error:
        file = asset.origins[0].filename
        advice = f"put {file} into a folder and name it in ELPIPS_WEIGHTS, or run "
        advice += "`elpips weights fetch` where the network allows"
        if second is None:
            raise UnavailableError(f"no linear weights of {metric}: {error}; {advice}") from None
        reason = str(error)
    try:
        weights = _stand_in(metric, acquire.get(ASSETS[second], second))
    except UnavailableError as error:
        raise UnavailableError(
            f"no linear weights of {metric}: {reason}; and none that could stand in: {error}; "
            f"{advice}"
        ) from None
    logger.warning(
        "%s runs on a stand-in, not on the authors' %s (%s): distances are on another scale; %s",
        metric,
        file,
        reason,
        advice,
    )
    return weights


def _stand_in(metric: str, weights: Weights) -> Weights:
    if metric != "elpips_vgg":
        return replace(weights, name=metric, calibration=f"stand-in: {weights.calibration}")
    tensors = {f"lin{i}": torch.zeros(count) for i, count in enumerate(CHANNELS[metric])}
    for i, layer in enumerate(LPIPS_VGG_LAYERS):
        tensors[f"lin{layer}"] = weights.tensors[f"lin{i}"]
    calibration = "stand-in: LPIPS-VGG v0.1 linear weights on their five layers"
    return replace(weights, name=metric, tensors=tensors, calibration=calibration)
