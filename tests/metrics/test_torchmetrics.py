"""The mean over an evaluation: sums, seeds, error, and two processes."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import torch
from torch import distributed

from elpips.metrics import Ensemble, InputError
from elpips.metrics.pixel import L2
from random_images import images
from tiny_metric import tiny

torchmetrics = pytest.importorskip("torchmetrics", reason="the extra torchmetrics is not installed")

from elpips.metrics.torchmetrics import PerceptualDistance  # noqa: E402

RANDOM = tiny(Ensemble())
X, Y = images(seed=1), images(seed=2)
HELPERS = Path(__file__).resolve().parents[1] / "helpers"

# The second of two processes, which measures the same pairs on draws of its own.
PROCESS = """
import sys
from torch import distributed
import test_torchmetrics

distributed.init_process_group("gloo", sys.argv[1], world_size=2, rank=1)
print(*test_torchmetrics.measured(), flush=True)
distributed.destroy_process_group()
"""


def measured() -> list[float]:
    """Return the sums of one process, and the mean and its error over all processes."""
    measure = PerceptualDistance(RANDOM, draws=3, seed=5)
    measure.update(X, Y)
    local = [measure.total, measure.variance, measure.pairs]
    return [*map(float, local), float(measure.compute()), float(measure.standard_error())]


def test_it_is_the_mean_over_pairs_of_any_batches() -> None:
    measure = PerceptualDistance(L2())
    measure.update(X, Y)
    measure.update(X[:1], Y[:1])
    expected = torch.cat([L2()(X, Y), L2()(X[:1], Y[:1])]).double().mean()
    torch.testing.assert_close(measure.compute(), expected)
    assert measure.standard_error() == 0


def test_its_error_is_what_other_seeds_show() -> None:
    found = []
    for seed in range(40):
        measure = PerceptualDistance(RANDOM, draws=4, seed=seed)
        measure.update(X, Y)
        measure.update(Y, X.flip(0))
        found.append((float(measure.compute()), float(measure.standard_error())))
    means, errors = torch.tensor(found, dtype=torch.float64).T
    # Of 40 means the deviation is known to 11 %.
    assert float(errors.square().mean().sqrt() / means.std()) == pytest.approx(1, abs=0.35)


def test_one_draw_tells_no_error() -> None:
    measure = PerceptualDistance(RANDOM, draws=1)
    measure.update(X, Y)
    assert measure.standard_error().isnan() and measure.compute() > 0


def test_updates_have_draws_of_their_own_and_a_reset_begins_again() -> None:
    measure = PerceptualDistance(RANDOM, seed=3)
    batches = [float(measure(X, Y)) for _ in range(3)]
    assert len(set(batches)) == 3
    assert float(measure.compute()) == pytest.approx(sum(batches) / 3)
    measure.reset()
    measure.update(preds=X, target=Y)
    assert float(measure.compute()) == batches[0]
    other = PerceptualDistance(RANDOM, seed=4)
    assert float(other(X, Y)) != batches[0]


def test_it_works_in_a_collection() -> None:
    collection = torchmetrics.MetricCollection(
        {"a": PerceptualDistance(L2()), "b": torchmetrics.MeanSquaredError()}
    )
    collection.update(X, Y)
    assert set(collection.compute()) == {"a", "b"}


@pytest.mark.parametrize("wrong", [{"draws": 0}, {"seed": -1}, {"metric": "elpips_none"}])
def test_what_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        PerceptualDistance(**{"metric": RANDOM, **wrong})


def test_two_processes_add_up(tmp_path: Path) -> None:
    meeting = f"file://{tmp_path / 'meet'}"
    folders = os.pathsep.join([str(HELPERS), str(Path(__file__).parent)])
    other = subprocess.Popen(
        [sys.executable, "-c", PROCESS, meeting],
        env=os.environ | {"PYTHONPATH": folders},
        stdout=subprocess.PIPE,
        text=True,
    )
    distributed.init_process_group(
        "gloo", meeting, world_size=2, rank=0, timeout=timedelta(minutes=5)
    )
    try:
        ours = measured()
        theirs = [float(each) for each in other.communicate(timeout=60)[0].split()]
    finally:
        distributed.destroy_process_group()
        other.kill()
    total, variance, pairs = (
        first + second for first, second in zip(ours[:3], theirs, strict=False)
    )
    assert pairs == 4 and ours[0] != theirs[0] and ours[3:] == theirs[3:]
    assert ours[3] == pytest.approx(total / pairs, rel=1e-12)
    assert ours[4] == pytest.approx(variance**0.5 / pairs, rel=1e-12)
