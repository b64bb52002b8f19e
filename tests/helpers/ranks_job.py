"""What several ranks compute, and what one does: started by torchrun, rank 0 writes both."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch

from elpips.geometry import barycenter, geodesic
from elpips.geometry.ranks import active, joined
from elpips.metrics import Ensemble, create_metric
from elpips.scripts.calibration.dataset import read_families
from elpips.scripts.calibration.networks import Network, measure
from tests.helpers.tiny_metric import tiny

GENERATOR = torch.Generator().manual_seed(0)
IMAGES = torch.rand(3, 3, 20, 24, generator=GENERATOR)
ENSEMBLE = Ensemble(scale_levels=2)


def paths():
    """Return frames, held-out values and losses of paths of several lengths, by name."""
    found = {}
    for name, frames, options in [
        ("frames", 9, {"steps": 3, "split": "frames", "quality": "draft"}),
        ("chunks", 12, {"steps": 2, "split": "frames", "chunk": 2, "coarse_to_fine": False}),
        ("few", 3, {"steps": 2, "split": "frames"}),
        ("power", 6, {"steps": 2, "power": 2, "coarse_to_fine": False, "pixel_weight": 0.1}),
        ("draws", 5, {"steps": 2, "draws": 5, "split": "draws"}),
        ("both", 8, {"steps": 2, "draws": 2, "split": "frames", "coarse_to_fine": False}),
    ]:
        result = geodesic(IMAGES[0], IMAGES[1], frames, metric=tiny(ENSEMBLE), **options)
        found[name] = compared(result)
    for power, subset in ((1, None), (2, None), (1, 2)):
        result = barycenter(
            IMAGES, metric=tiny(ENSEMBLE), steps=2, draws=5, power=power, subset=subset
        )
        found[f"barycenter {power} {subset}"] = compared(result)
    return found


def choices(folder):
    """Return the distances of two metrics on a 2AFC set, as what is compared of a path."""
    networks = [Network(tiny(ENSEMBLE)), Network(create_metric("l2"))]
    (family,) = read_families(folder)
    seen = []
    found = measure(family, networks, 3, 7, seen.append)
    assert sum(seen) == 4 * len(family)
    return torch.cat(list(found.values())), [], []


def compared(result):
    """Return the pixels, losses and held-out values of a path or barycenter."""
    solution = result.solution
    pixels = getattr(result, "frames", None)
    losses = [each.loss for each in solution.history]
    return result.image if pixels is None else pixels, losses, solution.state.evaluations


def begun(steps, run=None):
    """Return a path of some steps, from its start or from where a run stands."""
    options = {"split": "frames", "coarse_to_fine": False}
    return geodesic(IMAGES[0], IMAGES[1], 7, metric=tiny(ENSEMBLE), steps=steps, run=run, **options)


def main() -> int:
    with joined() as ranks:
        if ranks.rank:
            return ranks.serve()
        shared = paths()
        folder = Path(sys.argv[1]).parent / "set"
        shared["choices"] = choices(folder)
        assert ranks.used and active() is ranks
        ranks.broken, alone = True, None
        assert active() is None
        alone = paths()
        alone["choices"] = choices(folder)
        half, whole = begun(2), begun(5)
        ranks.broken = False
        resumed = begun(5, half.solution.state)
        shared["resumed"], alone["resumed"] = compared(resumed), compared(whole)
        torch.save({"shared": shared, "alone": alone, "size": ranks.size}, sys.argv[1])
    return 0


if __name__ == "__main__":
    code = main()
    assert "RANK" in os.environ
    sys.exit(code)
