"""Embeddings of pictures: kept by content, metric, draws and how pictures are read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from elpips.media import read_image, save_image
from elpips.metrics import InputError, create_metric
from elpips.metrics.ensemble import Ensemble
from elpips.metrics.seeds import stream
from elpips.scripts.runs.embeddings import EmbeddingStore, distance
from elpips.scripts.runs.options import PictureOptions
from random_images import images
from tiny_metric import tiny


@pytest.fixture
def store(tmp_path: Path) -> EmbeddingStore:
    (tmp_path / "kept").mkdir()
    for name, each in zip("ab", images(2, 20, 20), strict=True):
        save_image(tmp_path / f"{name}.png", each)
    return EmbeddingStore(tmp_path / "kept", create_metric("l2"), PictureOptions(), 3, 0)


def test_a_picture_is_embedded_once(store: EmbeddingStore, tmp_path: Path) -> None:
    (first,) = store.embed(tmp_path / "a.png")
    (kept,) = store.folder.iterdir()
    (tmp_path / "copy.png").write_bytes((tmp_path / "a.png").read_bytes())
    (again,) = store.embed(tmp_path / "copy.png")
    assert list(store.folder.iterdir()) == [kept]
    assert all(torch.equal(a, b) for a, b in zip(first.layers, again.layers, strict=True))
    kept.write_bytes(b"damaged")
    (mended,) = store.embed(tmp_path / "a.png")
    assert torch.equal(mended.layers[0], first.layers[0])
    replace(store, pictures=PictureOptions(size=16)).embed(tmp_path / "a.png")
    store.embed(tmp_path / "b.png")
    assert len(list(store.folder.iterdir())) == 3


def test_distances_are_those_of_the_metric(store: EmbeddingStore, tmp_path: Path) -> None:
    a, b = (store.embed(tmp_path / f"{name}.png") for name in "ab")
    pictures = [read_image(tmp_path / f"{name}.png")[None] for name in "ab"]
    assert distance(store.metric, a, b) == pytest.approx(float(store.metric(*pictures)), rel=1e-5)
    with pytest.raises(InputError, match="of another size than the query"):
        smaller = replace(store, pictures=PictureOptions(size=16)).embed(tmp_path / "b.png")
        distance(store.metric, a, smaller)


def test_random_metrics_share_their_draws(store: EmbeddingStore, tmp_path: Path) -> None:
    random = replace(store, metric=tiny(Ensemble(scale=False)))
    a, b = (random.embed(tmp_path / f"{name}.png") for name in "ab")
    assert len(a) == 3
    pictures = [read_image(tmp_path / f"{name}.png")[None] for name in "ab"]
    expected = []
    for draw in random.metric.draws((20, 20), 3, stream(0, "evaluate")):
        points = [random.metric.embed(each, draw) for each in pictures]
        expected.append(float(random.metric.distance(*points)))
    assert distance(random.metric, a, b) == pytest.approx(sum(expected) / 3, rel=1e-5)
    assert len(replace(random, draws=2).embed(tmp_path / "a.png")) == 2


def test_another_ensemble_has_other_embeddings(store: EmbeddingStore, tmp_path: Path) -> None:
    ensembles = [Ensemble(scale=False, gain=each) for each in ("color", "none")]
    one, other = (replace(store, metric=tiny(e)).embed(tmp_path / "a.png") for e in ensembles)
    assert not torch.equal(one[0].layers[0], other[0].layers[0])
