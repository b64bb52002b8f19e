"""The user cache: one safetensors file per asset, and a note of failed downloads.

Every load checks the tensors against the digest that was written with them. For VGG16's 59 MB
that is 35 ms of 150, and the alternative to finding a damaged file is a wrong distance.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path

import platformdirs
import safetensors
import safetensors.torch
from torch import Tensor

from .convert import as_asset, read_safetensors
from .registry import Asset
from .types import Weights, WeightsError

logger = logging.getLogger("elpips")

RETRY_SECONDS = 24 * 3600
_ATTEMPTS = "attempts.json"


def cache_dir() -> Path:
    """Return the folder of the cache: ``ELPIPS_CACHE``, or the user's cache folder."""
    folder = os.environ.get("ELPIPS_CACHE") or platformdirs.user_cache_dir("elpips", False)
    return Path(folder).expanduser()


def cached_path(name: str) -> Path:
    """Return where an asset is kept."""
    return cache_dir() / f"{name}.safetensors"


def load(asset: Asset) -> Weights | None:
    """Load an asset from the cache; None if it is not there.

    A file that is damaged, or converted from an original that is no longer registered, is
    removed with a notice: it can be had again.
    """
    path = cached_path(asset.name)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        logger.warning("cannot read %s (%s): looking elsewhere", path, error.strerror)
        return None
    try:
        tensors, metadata = read_safetensors(data)
        if metadata.get("digest") != _digest(tensors):
            raise WeightsError("the numbers do not match the digest written with them")
        if metadata["sha256"] not in {origin.sha256 for origin in asset.origins}:
            raise WeightsError("it was converted from a file that is not registered")
        tensors = as_asset(asset.kind, asset.layout, tensors)
    except (WeightsError, KeyError) as error:
        logger.warning("removed the cached %s, which must be got again: %s", path, error)
        _remove(path)
        return None
    source = f"user cache ({metadata.get('source', 'origin unknown')})"
    return Weights(asset.name, tensors, source, metadata["sha256"], asset.calibration)


def store(weights: Weights) -> None:
    """Write an asset to the cache, whole or not at all; a notice where that is impossible.

    ``weights.source`` and ``weights.sha256`` are those of the original.
    """
    metadata = {
        "source": weights.source,
        "sha256": weights.sha256,
        "digest": _digest(weights.tensors),
    }
    data = safetensors.torch.save(weights.tensors, metadata)
    try:
        _replace(cached_path(weights.name), data)
    except OSError as error:
        logger.warning("could not keep %s in %s: %s", weights.name, cache_dir(), error)


def recorded_sha256(name: str) -> str | None:
    """Return the SHA-256 of a cached asset's original, read from the header alone."""
    try:
        with safetensors.safe_open(cached_path(name), framework="pt") as file:
            return (file.metadata() or {}).get("sha256")
    except (OSError, safetensors.SafetensorError):
        return None


def recent_failure(name: str) -> str | None:
    """Return why an asset's download failed within `RETRY_SECONDS`, or None."""
    attempt = _attempts().get(name)
    if not isinstance(attempt, dict):
        return None
    when, reason = attempt.get("time"), attempt.get("reason")
    if not isinstance(when, (int, float)) or not 0 <= time.time() - when < RETRY_SECONDS:
        return None
    return f"{reason} (at {time.strftime('%Y-%m-%d %H:%M', time.localtime(when))})"


def note_failure(name: str, reason: str | None) -> None:
    """Remember a failed download of an asset, or with None forget it."""
    attempts = _attempts()
    if reason is None and name not in attempts:
        return
    attempts.pop(name, None)
    if reason is not None:
        attempts[name] = {"time": time.time(), "reason": reason}
    try:
        _replace(cache_dir() / _ATTEMPTS, json.dumps(attempts, indent=1).encode())
    except OSError:
        logger.debug("could not write %s in %s", _ATTEMPTS, cache_dir())


def _attempts() -> dict[str, object]:
    try:
        attempts = json.loads((cache_dir() / _ATTEMPTS).read_bytes())
    except (OSError, ValueError):
        return {}
    return attempts if isinstance(attempts, dict) else {}


def _digest(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name].contiguous()
        digest.update(f"{name} {value.dtype} {tuple(value.shape)};".encode())
        digest.update(value.numpy().data.cast("B"))
    return digest.hexdigest()


def _replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not tempfile's: its files are for their owner alone, and a cache may be shared.
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with scratch.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(scratch, path)
    except BaseException:
        _remove(scratch)
        raise


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("could not remove %s: %s", path, error.strerror)
