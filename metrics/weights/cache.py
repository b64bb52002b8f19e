"""The user cache: one safetensors file per asset, and a note of failed downloads.

Every load checks the tensors against the digest that was written with them. For VGG16's 59 MB
that is 35 ms of 120, and the alternative to finding a damaged file is a wrong distance.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import platformdirs
import safetensors.torch
from torch import Tensor

from ..errors import InputError
from ..files import atomic_write
from ..recipes import CHANNELS
from .read import fit, read_safetensors
from .registry import Asset
from .types import Weights, WeightsError

logger = logging.getLogger("elpips")

RETRY_SECONDS = 24 * 3600
_SCRATCH = "elpips-download-"


def cache_dir() -> Path:
    """Return the folder of the cache: ``ELPIPS_CACHE``, or the user's cache folder."""
    folder = os.environ.get("ELPIPS_CACHE") or platformdirs.user_cache_dir("elpips", False)
    return Path(folder).expanduser()


def cached_path(name: str) -> Path:
    """Return where an asset is kept."""
    return cache_dir() / f"{name}.safetensors"


def load(asset: Asset) -> Weights | None:
    """Load an asset from the cache; None if it is not there.

    What is damaged, or made of an original that is no longer registered, is passed over with
    a notice: it can be had again, and is then replaced.
    """
    path = cached_path(asset.name)
    try:
        tensors, metadata = read_safetensors(path.read_bytes())
        if metadata.get("digest") != _digest(tensors):
            raise WeightsError("the numbers do not match the digest written with them")
        if metadata["sha256"] not in {source.sha256 for source in asset.sources}:
            raise WeightsError("it was converted from a file that is not registered")
        if asset.layout in CHANNELS:
            tensors = fit(asset.layout, tensors)
    except FileNotFoundError:
        return None
    # Damage can end in anything.
    except Exception as error:
        logger.warning("%s cannot be used and must be got again: %s", path, error)
        return None
    source = f"user cache ({metadata.get('source', 'origin unknown')})"
    return Weights(asset.name, tensors, source, metadata["sha256"], asset.calibration)


def store(weights: Weights) -> None:
    """Write what was read of an original, whole or not at all; a notice where that fails."""
    metadata = {"source": weights.source, "sha256": weights.sha256}
    metadata["digest"] = _digest(weights.tensors)
    try:
        _write(cached_path(weights.name), safetensors.torch.save(weights.tensors, metadata))
    except (OSError, InputError) as error:
        logger.warning("could not keep %s in %s: %s", weights.name, cache_dir(), error)


@contextmanager
def scratch() -> Iterator[str]:
    """Give a folder for downloads, in the cache, and remove it and what kills have left there.

    Where the cache cannot be written to it is in the system's folder for temporary files.
    """
    folder: Path | None = cache_dir()
    try:
        assert folder is not None
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"{_SCRATCH}*"):
            if time.time() - left.stat().st_mtime > RETRY_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        folder = None
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=folder) as found:
        yield found


def recent_failure(name: str) -> str | None:
    """Return why an asset's download failed within `RETRY_SECONDS`, or None."""
    try:
        when = _failure(name).stat().st_mtime
        reason = _failure(name).read_text("utf-8")
    except (OSError, ValueError):
        return None
    at = time.strftime("%Y-%m-%d %H:%M", time.localtime(when))
    return f"{reason} (at {at})" if 0 <= time.time() - when < RETRY_SECONDS else None


def note_failure(name: str, reason: str | None) -> None:
    """Remember a failed download of an asset, or with None forget it."""
    with suppress(OSError, InputError):
        if reason is None:
            _failure(name).unlink(missing_ok=True)
        else:
            _write(_failure(name), reason.encode())


def _failure(name: str) -> Path:
    return cache_dir() / f"{name}.failed"


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        temporary.write_bytes(data)


def _digest(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name].contiguous()
        digest.update(f"{name} {value.dtype} {tuple(value.shape)};".encode())
        digest.update(value.numpy().data.cast("B"))
    return digest.hexdigest()
