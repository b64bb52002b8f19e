"""What weights there are, where they would be read from, and getting those that are missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..recipes import RECIPES
from . import cache
from .download import failures as failed_downloads
from .load import find_in_folder, get, weights_folder
from .read import read_file
from .registry import ASSETS, Asset
from .types import UnavailableError, WeightsError


@dataclass(frozen=True)
class WeightsStatus:
    """One line of the inventory.

    ``found`` is the file that would be read now, or None; ``size`` its bytes, or those of the
    smallest download; ``sha256`` what it should have (of a cached copy, its original), or
    ``"damaged"``; ``how`` says how to get it.
    """

    name: str
    found: str | None
    size: int
    sha256: str
    how: str


def inventory() -> list[WeightsStatus]:
    """List every registered asset; nothing is downloaded; cached copies are checked."""
    folder = weights_folder()
    return [_status(asset, folder) for asset in ASSETS.values()]


def fetch(names: Iterable[str] | None = None, progress: bool = True) -> list[WeightsStatus]:
    """Put weights into the user cache: from ``ELPIPS_WEIGHTS`` or by download.

    Unlike loading, it tries again what failed before, and copies registered files of
    ``ELPIPS_WEIGHTS`` into the cache, which makes do without the folder afterwards.

    Parameters
    ----------
    names
        Of the `inventory`, or metrics for all their parts; everything by default.
    progress
        Show bars on standard error where that is a terminal.

    Raises
    ------
    WeightsError
        A name is unknown; or, after all has been tried, some cannot be had.
    """
    assets, folder, failures = _expand(names), weights_folder(), []
    failed_downloads.clear()
    for asset in assets:
        try:
            found = find_in_folder(folder, asset)
            if cache.load(asset) is not None:
                continue
            if found is None:
                get(asset, progress)
            elif found.suffix != ".safetensors":
                cache.store(read_file(found, [asset]))
        except WeightsError as error:
            failures.append(f"{asset.name}: {error}")
    if failures:
        kind = UnavailableError if len(failures) == len(assets) else WeightsError
        raise kind(
            f"{len(failures)} of {len(assets)} weights could not be had: {'; '.join(failures)}; "
            "get the files by other means and name their folder in ELPIPS_WEIGHTS"
        )
    return [_status(asset, folder) for asset in assets]


def _expand(names: Iterable[str] | None) -> list[Asset]:
    if names is None:
        return list(ASSETS.values())
    chosen: list[str | None] = []
    for name in names:
        if name not in ASSETS and name not in RECIPES:
            raise WeightsError(
                f"there are no weights {name!r}; expected any of {', '.join(ASSETS)} or the "
                f"metrics {', '.join(RECIPES)}"
            )
        recipe = RECIPES.get(name)
        chosen += [recipe.trunk, recipe.linear, recipe.stand_in] if recipe else [name]
    return [ASSETS[name] for name in dict.fromkeys(chosen) if name in ASSETS]


def _status(asset: Asset, folder: Path | None) -> WeightsStatus:
    found, sha256 = find_in_folder(folder, asset), asset.sources[0].sha256
    for file in (file for source in asset.sources for file in (source.download, source)):
        if found is not None and found.name == file.filename:
            sha256 = file.sha256
    cached = cache.cached_path(asset.name)
    if found is None and cached.is_file():
        weights = cache.load(asset)
        found, sha256 = cached, weights.sha256 if weights else "damaged"
    places = [(source.place, source.download.size) for source in asset.sources]
    how = " or ".join(f"{place} ({_size(size)})" for place, size in places)
    return WeightsStatus(
        asset.name,
        str(found) if found else None,
        found.stat().st_size if found else min(size for _, size in places),
        sha256,
        f"`elpips weights fetch {asset.name}` does: {how}",
    )


def _size(count: int) -> str:
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
