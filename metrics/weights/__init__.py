"""Weights of the metrics: found, downloaded, checked, converted once, loaded.

Looked for in (1) an explicit path or the folder in ``ELPIPS_WEIGHTS``, (2) the user cache
(``ELPIPS_CACHE``, by default the system's place for caches), (3) a download. No pickle is
opened before its SHA-256 matched the registry; see `registry` for the table.
"""

from .inventory import fetch, inventory
from .load import load_linear, load_lpips, load_own, load_trunk, unit_linear
from .types import UnavailableError, Weights, WeightsError, WeightsStatus

__all__ = [
    "UnavailableError",
    "Weights",
    "WeightsError",
    "WeightsStatus",
    "fetch",
    "inventory",
    "load_linear",
    "load_lpips",
    "load_own",
    "load_trunk",
    "unit_linear",
]
