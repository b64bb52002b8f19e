"""Weights of the metrics: found, downloaded, checked, converted once, loaded.

Looked for in (1) an explicit path or the folder in ``ELPIPS_WEIGHTS``, (2) the user cache
(``ELPIPS_CACHE``, by default the system's place for caches), (3) a download. No pickle is
opened before its SHA-256 matched the registry, see `registry` for the table; R-LPIPS files of
the user's, which have none there, are read as tensors alone, see `whole`.
"""

from .inventory import WeightsStatus, fetch, inventory
from .load import fetch_archive_member, load_linear, load_lpips, load_own, load_trunk, unit_linear
from .registry import Source
from .types import UnavailableError, Weights, WeightsError
from .whole import load_parts, read_whole

__all__ = [
    "Source",
    "UnavailableError",
    "Weights",
    "WeightsError",
    "WeightsStatus",
    "fetch",
    "fetch_archive_member",
    "inventory",
    "load_linear",
    "load_lpips",
    "load_own",
    "load_parts",
    "load_trunk",
    "read_whole",
    "unit_linear",
]
