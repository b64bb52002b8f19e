"""What weights there are, where they would be read from, and getting those that are missing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from . import acquire, cache, sources
from .registry import ASSETS, LINEAR_OF, TRUNK_OF, Asset
from .types import UnavailableError, WeightsError, WeightsStatus


def inventory() -> list[WeightsStatus]:
    """List every registered asset; nothing is downloaded, opened or hashed.

    Raises
    ------
    WeightsError
        If ``ELPIPS_WEIGHTS`` names no folder.
    """
    folder = acquire.weights_folder()
    return [_status(asset, folder) for asset in ASSETS.values()]


def fetch(names: Iterable[str] | None = None, progress: bool = True) -> list[WeightsStatus]:
    """Put weights into the user cache: from ``ELPIPS_WEIGHTS`` or by download.

    Unlike loading, it tries again what failed before, and copies registered files of
    ``ELPIPS_WEIGHTS`` into the cache, which makes do without the folder afterwards.

    Parameters
    ----------
    names
        Assets as in `inventory`, or metrics: a metric's convolutions, linear layers and their
        stand-in. By default everything.
    progress
        Show bars on standard error where that is a terminal.

    Returns
    -------
    list of WeightsStatus
        The state afterwards of what was asked for.

    Raises
    ------
    WeightsError
        If a name is unknown; or, after all has been tried, if some could not be had: each
        with what was tried and why it failed.
    """
    assets = [ASSETS[name] for name in _expand(names)]
    folder = acquire.weights_folder()
    sources.forget_failures()
    failures = []
    for asset in assets:
        try:
            _fetch(asset, folder, progress)
        except WeightsError as error:
            failures.append(f"{asset.name}: {error}")
    if failures:
        kind = UnavailableError if len(failures) == len(assets) else WeightsError
        raise kind(
            f"{len(failures)} of {len(assets)} weights could not be had: {'; '.join(failures)}; "
            "get the files by other means and name their folder in ELPIPS_WEIGHTS"
        )
    return [_status(asset, folder) for asset in assets]


def _fetch(asset: Asset, folder: Path | None, progress: bool) -> None:
    if cache.load(asset) is not None:
        return
    found = acquire.find_in_folder(folder, asset) if folder else None
    if found is None:
        acquire.download(asset, progress=progress)
    elif found.name.removesuffix(".safetensors") not in asset.stems:
        cache.store(acquire.original(asset, found))


def _expand(names: Iterable[str] | None) -> list[str]:
    if names is None:
        return list(ASSETS)
    chosen: dict[str, None] = {}
    for name in names:
        if name in ASSETS:
            chosen[name] = None
        elif name in LINEAR_OF:
            chosen |= dict.fromkeys(n for n in (TRUNK_OF[name], *LINEAR_OF[name]) if n)
        else:
            raise WeightsError(
                f"there are no weights {name!r}; expected any of {', '.join(ASSETS)} or the "
                f"metrics {', '.join(LINEAR_OF)}"
            )
    return list(chosen)


def _status(asset: Asset, folder: Path | None) -> WeightsStatus:
    found = acquire.find_in_folder(folder, asset) if folder else None
    cached = cache.cached_path(asset.name)
    hashes = {origin.filename: origin.sha256 for origin in asset.origins}
    hashes |= {o.archive.filename: o.archive.sha256 for o in asset.origins if o.archive}
    if found is None and cached.is_file():
        found = cached
        hashes[cached.name] = cache.recorded_sha256(asset.name) or "damaged"
    first = asset.origins[0]
    places = " or ".join(f"{o.place} ({_megabytes(o.download_size)})" for o in asset.origins)
    return WeightsStatus(
        name=asset.name,
        purpose=asset.purpose,
        found=None if found is None else str(found),
        size=found.stat().st_size if found else min(o.download_size for o in asset.origins),
        sha256=hashes.get(found.name, first.sha256) if found else first.sha256,
        how=f"`elpips weights fetch {asset.name}` does: {places}",
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
