"""Channel distances of a 2AFC set, computed once and kept in a folder.

Without random transformations they do not change while weights are fitted: a set is a matrix,
and fitting takes seconds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from ...metrics.base import image_size
from ...metrics.channels import channel_distances
from ...metrics.files import atomic_write
from ...metrics.perceptual import PerceptualMetric
from .dataset import IMAGES, Family, Triplets

CHUNK = 100
"""Triplets per file of the cache."""

_BATCH = 10


@dataclass(frozen=True)
class Preferences:
    """A 2AFC set as numbers.

    Attributes
    ----------
    first, second
        (N, C): channel distances of p0 and of p1 to the reference, all layers side by side.
    judge
        (N,): the fraction of judges that preferred p1.
    """

    first: Tensor
    second: Tensor
    judge: Tensor

    @staticmethod
    def joined(parts: Sequence[Preferences]) -> Preferences:
        """Return several sets as one."""
        return Preferences(
            torch.cat([part.first for part in parts]),
            torch.cat([part.second for part in parts]),
            torch.cat([part.judge for part in parts]),
        )


def preferences_of(
    family: Family,
    metric: PerceptualMetric,
    cache: Path,
    advance: Callable[[int], object] = lambda count: None,
) -> Preferences:
    """Compute the channel distances of a family, or read them.

    Parameters
    ----------
    family
        The triplets.
    metric
        A metric without randomness whose linear weights are 1.
    cache
        Folder for the results, `CHUNK` triplets a file, each written whole or not at all. A
        file is used if pictures, network and layers are the same.
    advance
        Called with the number of triplets done since the last call.
    """
    parts = []
    for start in range(0, len(family), CHUNK):
        stems = family.stems[start : start + CHUNK]
        path = cache / f"{family.folder.parent.name}-{family.name}-{start:06d}.safetensors"
        key = _key(family, stems, metric)
        # Judgements are read each time: they may change, and errors in them shall be seen.
        part = _read(path, key)
        if part is None:
            rows = []
            for index in range(0, len(stems), _BATCH):
                triplets = family.load(stems[index : index + _BATCH])
                rows.append(triplet_channels(metric, triplets))
                advance(len(triplets))
            part = torch.cat(rows, dim=1)
            cache.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as temporary:
                temporary.write_bytes(safetensors.torch.save({"channels": part}, {"key": key}))
        else:
            advance(len(stems))
        parts.append(Preferences(part[0], part[1], family.judgements(stems)))
    return Preferences.joined(parts)


@torch.no_grad()
def triplet_channels(metric: PerceptualMetric, triplets: Triplets) -> Tensor:
    """Return the channel distances (2, N, C) of p0 and p1 to the references, on the CPU."""
    draw = metric.draw(image_size(triplets.ref))
    images = (each.to(metric.device) for each in (triplets.ref, triplets.p0, triplets.p1))
    ref, p0, p1 = (metric.embed(each, draw) for each in images)
    rows = [torch.cat(channel_distances(ref, other), dim=1) for other in (p0, p1)]
    return torch.stack(rows).float().cpu()


def _key(family: Family, stems: Sequence[str], metric: PerceptualMetric) -> str:
    digest = hashlib.sha256(repr((metric.name, [w.sha256 for w in metric.pretrained])).encode())
    for stem in stems:
        for kind in IMAGES:
            digest.update(hashlib.sha256(family.path(kind, stem).read_bytes()).digest())
    return digest.hexdigest()


def _read(path: Path, key: str) -> Tensor | None:
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            if (file.metadata() or {}).get("key") != key:
                return None
            return file.get_tensor("channels")
    except (OSError, safetensors.SafetensorError):
        return None
