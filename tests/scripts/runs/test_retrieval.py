"""Pictures of a folder by their distance, and how far the query may change."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from elpips.media import read_image, save_image
from elpips.metrics import InputError, create_metric
from elpips.metrics.lipschitz import certify
from elpips.scripts.runs.embeddings import EmbeddingStore
from elpips.scripts.runs.options import PictureOptions
from elpips.scripts.runs.retrieval import retrieve
from lipsim_files import tiny_lipsim
from random_images import images


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "kept").mkdir()
    x = images(2, 24, 30)
    pictures = {"query": x[0], "far": x[1], "near": 0.95 * x[0] + 0.02, "less": 0.6 * x[0] + 0.2}
    for name, each in pictures.items():
        save_image(tmp_path / f"{name}.png", each)
    return tmp_path


def test_nearest_first_and_the_query_is_no_answer(folder: Path) -> None:
    store = EmbeddingStore(folder / "kept", create_metric("l2"), PictureOptions(), 1, 0)
    (folder / "broken.png").write_bytes(b"no picture")
    save_image(folder / "small.png", images(1, 16, 16)[0])
    done: list[int] = []
    found = retrieve(store, folder / "query.png", sorted(folder.glob("*.png")), done.append)
    assert [each.image.stem for each in found.answers] == ["near", "less", "far"]
    assert found.answers[0].distance < found.answers[1].distance and found.radius is None
    assert {path.stem for path in found.unreadable} == {"broken", "small"} and sum(done) == 6
    assert "another size" in found.unreadable[folder / "small.png"]


def test_under_lipsim_the_radius_is_the_least_of_all_pairs(folder: Path) -> None:
    store = EmbeddingStore(folder / "kept", tiny_lipsim(), PictureOptions(), 1, 0)
    save_image(folder / "small.png", images(1, 16, 16)[0])
    asked = folder / "query.png"
    found = retrieve(store, asked, sorted(folder.glob("*.png")))
    assert len(found.answers) == 4 and not found.unreadable
    names = [each.image for each in found.answers if each.image.stem != "small"]
    query, first, *others = (read_image(path)[None] for path in [asked, *names])
    radii = [float(certify(store.metric, query, first, each).reference) for each in others]
    alone = retrieve(store, asked, names)
    assert alone.radius == pytest.approx(min(radii), rel=1e-4) and alone.radius > 0
    assert retrieve(store, asked, names[:1]).radius is None
    # Two answers that are one picture: no change is needed.
    (folder / "twin.png").write_bytes(names[0].read_bytes())
    assert retrieve(store, asked, [names[0], folder / "twin.png"]).radius == 0
    assert torch.is_grad_enabled()


def test_nothing_to_compare_with_is_refused(folder: Path) -> None:
    store = EmbeddingStore(folder / "kept", create_metric("l2"), PictureOptions(), 1, 0)
    with pytest.raises(InputError, match="no picture to compare it with"):
        retrieve(store, folder / "query.png", [folder / "query.png"])
