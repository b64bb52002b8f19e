"""Embeddings of picture files, kept by the content of the files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from ...media.source import read_source
from ...metrics import Draw, Embedding, InputError, Metric
from ...metrics.base import image_size
from ...metrics.files import atomic_write
from ...metrics.seeds import stream
from .files import plain
from .options import PictureOptions, weights_record


@dataclass(frozen=True)
class EmbeddingStore:
    """A folder of embeddings by one metric, on draws that all pictures share.

    Attributes
    ----------
    folder
        Where they are kept; another metric or ensemble, other draws and other ways to read
        pictures have other files in it.
    metric
        Where the pictures go.
    pictures
        How they are read.
    draws
        How many random draws, where the metric is random.
    seed
        Of the draws.
    """

    folder: Path
    metric: Metric
    pictures: PictureOptions
    draws: int
    seed: int

    def embed(self, path: Path) -> list[Embedding]:
        """Return the embeddings of a picture file, one for each draw.

        They are computed if the folder has none for a file of this content.

        Raises
        ------
        InputError
            The file cannot be read, or is none that the metric takes.
        """
        content = hashlib.sha256(read_source(path)).hexdigest()
        kept = self.folder / f"{self._name(content)}.safetensors"
        found = _read(kept)
        if found is None:
            found = self._computed(self.pictures.read([path]))
            tensors = {
                f"{draw}.{index}": layer.detach().cpu().contiguous()
                for draw, each in enumerate(found)
                for index, layer in enumerate(each.layers)
            }
            with atomic_write(kept) as temporary:
                temporary.write_bytes(safetensors.torch.save(tensors))
        device = self._device
        return [Embedding(tuple(layer.to(device) for layer in each.layers)) for each in found]

    @torch.no_grad()
    def _computed(self, image: Tensor) -> list[Embedding]:
        draws = self.metric.draws(image_size(image), self._count, stream(self.seed, "evaluate"))
        return [self._embedded(image, draw) for draw in draws]

    def _embedded(self, image: Tensor, draw: Draw) -> Embedding:
        return self.metric.embed(image.to(self._device), draw)

    @property
    def _count(self) -> int:
        return self.draws if self.metric.stochastic else 1

    @property
    def _device(self) -> torch.device:
        return next((each.device for each in self.metric.buffers()), torch.device("cpu"))

    def _name(self, content: str) -> str:
        random = {"draws": self.draws, "seed": self.seed} if self.metric.stochastic else {}
        key = {
            "metric": self.metric.name,
            "weights": weights_record(self.metric),
            "ensemble": getattr(self.metric, "ensemble", None),
            "pictures": self.pictures,
            "content": content,
            **random,
        }
        return hashlib.sha256(json.dumps(plain(key), sort_keys=True).encode()).hexdigest()[:40]


def distance(metric: Metric, a: Sequence[Embedding], b: Sequence[Embedding]) -> float:
    """Return the mean distance of two pictures over the draws of their embeddings.

    Raises
    ------
    InputError
        The pictures are of two sizes, and the metric compares place by place.
    """
    shapes = ([[layer.shape for layer in each.layers] for each in group] for group in (a, b))
    if len({str(shape) for shape in shapes}) > 1:
        raise InputError("of another size than the query; scale both with --size")
    parts = [metric.distance(one, other) for one, other in zip(a, b, strict=True)]
    return float(torch.stack(parts).double().mean())


def _read(path: Path) -> list[Embedding] | None:
    """Return what a file of the store holds; None if there is none, or a damaged one."""
    try:
        tensors = safetensors.torch.load_file(path)
        pairs = sorted(tuple(int(part) for part in name.split(".")) for name in tensors)
    except (OSError, ValueError, safetensors.SafetensorError):
        return None
    return [
        Embedding(tuple(tensors[f"{one}.{index}"] for one, index in pairs if one == draw))
        for draw in sorted({pair[0] for pair in pairs})
    ]
