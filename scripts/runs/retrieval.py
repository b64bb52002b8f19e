"""The pictures of a folder by their distance to one of them or to another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from ...metrics import InputError
from ...metrics.lipschitz import LipSim
from ...metrics.lipschitz.certificates import nearest_radius
from .embeddings import EmbeddingStore, distance

logger = logging.getLogger("elpips")

_CHUNK = 256


@dataclass(frozen=True)
class Answer:
    """A picture that was found, and its distance."""

    image: Path
    distance: float


@dataclass(frozen=True)
class Found:
    """What a folder holds, nearest first.

    Attributes
    ----------
    answers
        All pictures that could be compared.
    unreadable
        The others, and why.
    radius
        Under LipSim, the l2 norm (over pixels and channels of the query as it was read, values
        in [0, 1]) below which no change of the query can make another answer the first; None
        under other metrics, which have no such bound, or where there is one answer only.
    """

    answers: tuple[Answer, ...]
    unreadable: dict[Path, str]
    radius: float | None


def retrieve(
    store: EmbeddingStore,
    query: Path,
    files: Sequence[Path],
    advance: Callable[[int], object] = lambda count: None,
) -> Found:
    """Compare the picture files with a query.

    What cannot be read or compared is left out, with a line of the logger "elpips".

    Parameters
    ----------
    store
        Where embeddings are kept, and by which metric.
    query
        The picture to look for; a file of the same path among the others is left out.
    files
        What to look among.
    advance
        Called with the number of files done since the last call.

    Raises
    ------
    InputError
        The query cannot be read, or nothing could be compared with it.
    """
    asked = store.embed(query)
    answers, unreadable = [], {}
    for path in files:
        try:
            if path.resolve() != query.resolve():
                answers.append(Answer(path, distance(store.metric, store.embed(path), asked)))
        except InputError as error:
            unreadable[path] = str(error).removeprefix(f"{path}: ")
            logger.warning("%s: left out (%s)", path, unreadable[path])
        advance(1)
    if not answers:
        raise InputError(f"{query}: there is no picture to compare it with")
    answers.sort(key=lambda each: each.distance)
    radius = None
    if isinstance(store.metric, LipSim) and len(answers) > 1:
        radius = certified_radius(store, query, [each.image for each in answers])
    return Found(tuple(answers), unreadable, radius)


@torch.no_grad()
def certified_radius(store: EmbeddingStore, query: Path, images: Sequence[Path]) -> float:
    """Return below which change of the query the first of the images stays the nearest.

    Under LipSim: the least of the radii of the judgements between it and each of the others.
    """
    metric = store.metric
    assert isinstance(metric, LipSim)
    picture = store.pictures.read([query]).to(metric.device)
    phi, first = metric.features(picture), _direction(store, images[0])
    radii = []
    for start in range(1, len(images), _CHUNK):
        others = torch.cat([_direction(store, each) for each in images[start : start + _CHUNK]])
        radii.append(nearest_radius(phi, first, others, metric.lipschitz(picture)))
    return min(radii)


def _direction(store: EmbeddingStore, image: Path) -> torch.Tensor:
    return store.embed(image)[0].layers[0].flatten(1)
