"""Loading by name: trunks, and linear layers with their stand-ins."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from ..recipes import CHANNELS, RECIPES, TRUNK_OF
from . import cache
from .download import download
from .read import open_verified, read_file, read_member, read_plain
from .registry import ASSETS, Asset, Source
from .types import UnavailableError, Weights, WeightsError

logger = logging.getLogger("elpips")


def load_trunk(name: str, path: Path | None = None) -> Weights:
    """Load a convolution stack.

    Parameters
    ----------
    name
        ``"vgg16"``, ``"alexnet"`` or ``"squeezenet1_1"``.
    path
        A file (or folder) to read instead of looking for it: a ``.safetensors`` in any float
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
    if name not in TRUNK_OF.values():
        known = sorted({*TRUNK_OF.values()})
        raise WeightsError(f"there is no trunk {name!r}; expected one of {known}")
    return _from_path(path, [ASSETS[name]]) if path is not None else _find(ASSETS[name])


def load_linear(metric: str, path: Path | None = None) -> Weights:
    """Load a metric's linear layers, or what stands in for them.

    Parameters
    ----------
    metric
        A metric of `recipes.RECIPES`.
    path
        As of `load_trunk`: a file with ``lin0``, ``lin1``, ..., or a registered one.

    Returns
    -------
    Weights
        ``"lin0"``, ``"lin1"``, ...: float32 (C,) per layer, at least 0. Where the authors'
        file cannot be had, a warning is logged, and ``calibration`` says what is in its place:
        for elpips_vgg the project's own, which comes along; for lpips_vgg and lpips_squeeze
        LPIPS v0.1's ("stand-in: ..."), whose distances are on another scale. Of R-LPIPS the
        project's own are what there is.

    Raises
    ------
    WeightsError
        If they cannot be had or used: what was tried, and what to do.
    """
    _check(metric)
    if RECIPES[metric].linear not in ASSETS:
        return load_own(metric) if path is None else read_plain(Path(path), metric, metric)
    asset, stand_in = ASSETS[RECIPES[metric].linear], RECIPES[metric].stand_in
    if path is not None:
        fitting = [each for each in ASSETS.values() if each.layout == metric]
        return replace(_from_path(path, fitting), name=metric)
    try:
        return replace(_find(asset), name=metric)
    except UnavailableError as error:
        if stand_in is None:
            raise
        reason = str(error)
    try:
        weights = _find(ASSETS[stand_in]) if stand_in in ASSETS else load_own(metric)
    except UnavailableError as error:
        raise UnavailableError(f"{reason}; and none that could stand in: {error}") from None
    if stand_in in ASSETS:
        weights = replace(weights, name=metric, calibration=f"stand-in: {weights.calibration}")
        reason = f"distances are on another scale: {reason}"
    logger.warning("%s runs on the calibration %s: %s", metric, weights.calibration, reason)
    return weights


def load_own(metric: str) -> Weights:
    """Load the project's own calibration, which comes along; its metadata holds the recipe."""
    recipe = RECIPES.get(metric)
    files = (recipe.stand_in, recipe.linear) if recipe else ()
    file = next((each for each in files if each and each not in ASSETS), None)
    path = None if file is None else Path(__file__).with_name(file)
    if file is None or path is None or not path.is_file():
        raise WeightsError(
            f"no calibration of {metric!r} comes along; give a file, such as {metric}=FILE"
        )
    return replace(read_plain(path, metric, metric), source=file)


def load_lpips(metric: str) -> Weights:
    """Load the linear layers of LPIPS v0.1, whichever others an LPIPS would be given."""
    asset = ASSETS.get(metric.replace("lpips_", "lpips_v0.1_", 1))
    if asset is None or asset.layout != metric:
        raise WeightsError(f"LPIPS v0.1 has no linear layers of {metric!r}")
    return replace(_find(asset), name=metric)


def unit_linear(metric: str) -> Weights:
    """Return a metric's linear layers of all ones, to be fitted."""
    _check(metric)
    tensors = {f"lin{i}": torch.ones(count) for i, count in enumerate(CHANNELS[metric])}
    return Weights(metric, tensors, "made here", "", "all ones")


def fetch_archive_member(archive: Source, member: str, sha256: str, progress: bool = True) -> bytes:
    """Read a member of an archive from ``ELPIPS_WEIGHTS``, the cache or the network.

    The archive is kept in the cache as it is. Raises `WeightsError` if it cannot be had, or if
    the SHA-256 of the archive or the member (``sha256``) is another.
    """
    folder = weights_folder()
    path = folder / archive.filename if folder else None
    if path is None or not path.is_file():
        path = download(archive, cache.cache_dir(), progress)
    with open_verified(path, [archive.sha256]) as (stream, _):
        return read_member(stream, member, sha256).read()


def weights_folder() -> Path | None:
    """Return the folder that ``ELPIPS_WEIGHTS`` names, None where it is unset or empty."""
    value = os.environ.get("ELPIPS_WEIGHTS")
    folder = Path(value).expanduser() if value else None
    if folder and not folder.is_dir():
        raise WeightsError(
            f"ELPIPS_WEIGHTS names the folder {value!r}, which does not exist; create it and put "
            "the weight files there, or unset the variable"
        )
    return folder


def find_in_folder(folder: Path | None, asset: Asset) -> Path | None:
    """Return the file of a folder that would be read for an asset.

    In order: ``<name>.safetensors`` of the asset or its metric, registered files, archives.
    """
    names = [f"{asset.name}.safetensors"]
    names += [f"{each}.safetensors" for each, r in RECIPES.items() if r.linear == asset.name]
    names += [source.filename for source in asset.sources]
    names += [source.download.filename for source in asset.sources]
    files = [folder / name for name in names] if folder else []
    return next((file for file in files if file.is_file()), None)


def get(asset: Asset, progress: bool = True) -> Weights:
    """Download an asset from the first of its sources that works, and cache it."""
    reasons = []
    for source in asset.sources:
        try:
            with cache.scratch() as scratch:
                file = download(source.download, Path(scratch), progress)
                # All that an archive holds is kept, lest it be downloaded again for the rest.
                for each in ASSETS.values():
                    if source.download in (other.download for other in each.sources):
                        cache.store(read_file(file, [each]))
                weights = read_file(file, [asset])
            cache.note_failure(asset.name, None)
            return weights
        except WeightsError as error:
            reasons.append(str(error))
    if asset.replaceable:
        cache.note_failure(asset.name, "; ".join(reasons))
    raise UnavailableError("; ".join(reasons))


def _from_path(path: Path, assets: Sequence[Asset]) -> Weights:
    file = Path(path).expanduser()
    if file.is_dir():
        found = next((each for asset in assets if (each := find_in_folder(file, asset))), None)
        if found is None:
            raise WeightsError(f"the folder {file} has no weights {assets[0].name}")
        file = found
    return replace(read_file(file, assets), source=str(file))


def _find(asset: Asset) -> Weights:
    # What the user's folder has is never cached: taking it out there takes it out of use.
    if file := find_in_folder(weights_folder(), asset):
        return _from_path(file, [asset])
    if cached := cache.load(asset):
        return cached
    try:
        if asset.replaceable and (reason := cache.recent_failure(asset.name)):
            raise UnavailableError(f"{reason} and was not tried again, which it is after a day")
        return get(asset)
    except UnavailableError as error:
        files = " or ".join(source.filename for source in asset.sources)
        raise UnavailableError(
            f"no weights {asset.name}: {error}; put {files} into a folder and name it in "
            "ELPIPS_WEIGHTS, or run `elpips weights fetch` where the network allows"
        ) from None


def _check(metric: str) -> None:
    if metric not in CHANNELS:
        known = sorted(CHANNELS)
        raise WeightsError(f"there are no linear layers of {metric!r}; expected one of {known}")
