"""The whole of a metric, from files to distances, against the authors' digits and draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from elpips.metrics import create_metric

pytestmark = pytest.mark.weights


def load(folder: Path, name: str) -> torch.Tensor:
    pixels = np.asarray(Image.open(folder / "images" / f"{name}.png").convert("RGB"))
    return torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1)[None]


@pytest.mark.parametrize(
    ("image", "published"), [("adv_anchor", 0.0253999), ("adv_vgg_sqz", 0.0199217)]
)
def test_lpips_vgg_has_the_published_digits(shared: Path, image: str, published: float) -> None:
    metric = create_metric("lpips_vgg", linear=shared / "weights" / "vgg_maxpool.npy")
    distance = float(metric(load(shared, image), load(shared, "adv_reference")))
    assert distance == pytest.approx(published, abs=5e-8)


def test_elpips_means_agree_with_the_authors_draws(shared: Path) -> None:
    """The first case of the reference statistics, on 150 draws."""
    metric = create_metric(
        "elpips_vgg", linear=shared / "weights" / "vgg_full_avg.npy", scale_levels=1
    )
    pair = torch.cat([load(shared, name) for name in ("adv_anchor", "adv_reference")])
    pair = pair[..., 150:246, 150:246]
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        distances = torch.tensor(
            [
                float(metric.distance(embedding[:1], embedding[1:]))
                for embedding in (
                    metric.embed(pair, metric.draw((96, 96), rng)) for _ in range(150)
                )
            ]
        )
    # goldens/stats.json: 3,000 draws, mean 0.0106355 +- 0.0000437, deviation 0.00269.
    error = (distances.var() / 150 + 4.37e-5**2).sqrt()
    assert abs(distances.mean() - 0.0106355) < 3 * error
    assert distances.std() == pytest.approx(0.00269, rel=0.2)
