"""Loading by name: trunks, and linear layers with their stand-ins."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import torch

from . import acquire
from .convert import read_user_file
from .layout import CHANNELS
from .registry import ASSETS, LINEAR_OF, SHIPPED, TRUNKS
from .types import UnavailableError, Weights, WeightsError

logger = logging.getLogger("elpips")


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
        file cannot be had, a warning is logged, and ``calibration`` says what is in its place:
        for elpips_vgg the project's own, which comes along; for lpips_vgg and lpips_squeeze
        LPIPS v0.1's ("stand-in: ..."), whose distances are on another scale.

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
        if metric in SHIPPED:
            own = load_own(metric)
            logger.warning(
                "%s runs on the calibration %s, not on the authors' %s (%s); %s",
                metric,
                own.calibration,
                file,
                error,
                advice,
            )
            return own
        if second is None:
            raise UnavailableError(f"no linear weights of {metric}: {error}; {advice}") from None
        reason = str(error)
    try:
        weights = replace(acquire.get(ASSETS[second], second), name=metric)
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
    return replace(weights, calibration=f"stand-in: {weights.calibration}")


def load_own(metric: str) -> Weights:
    """Load the project's own calibration of a metric, which comes along.

    Raises
    ------
    WeightsError
        If there is none of this metric, or the installation is damaged.
    """
    if metric not in SHIPPED:
        raise WeightsError(f"no calibration of {metric!r} comes along; expected {list(SHIPPED)}")
    path = Path(__file__).with_name(SHIPPED[metric])
    tensors, sha256, calibration = read_user_file(path, "linear", metric)
    return Weights(metric, tensors, path.name, sha256, calibration)


def load_lpips(metric: str) -> Weights:
    """Load the linear layers of LPIPS v0.1, whichever others a metric would be given.

    Parameters
    ----------
    metric
        ``"lpips_vgg"``, ``"lpips_squeeze"`` or ``"lpips_alex"``.

    Raises
    ------
    WeightsError
        If there are none of this metric, or they cannot be had.
    """
    asset = ASSETS.get(metric.replace("lpips_", "lpips_v0.1_", 1))
    if asset is None or asset.layout != metric:
        raise WeightsError(f"LPIPS v0.1 has no linear layers of {metric!r}")
    return replace(acquire.get(asset, metric), name=metric)


def unit_linear(metric: str) -> Weights:
    """Return linear layers of all ones, to be fitted.

    Raises
    ------
    WeightsError
        If there is no such metric.
    """
    if metric not in CHANNELS:
        raise WeightsError(
            f"there are no linear layers of {metric!r}; expected one of {sorted(CHANNELS)}"
        )
    tensors = {f"lin{i}": torch.ones(count) for i, count in enumerate(CHANNELS[metric])}
    return Weights(metric, tensors, "made here", "", "all ones")
