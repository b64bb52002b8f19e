"""Adversarial training: it lowers both losses, and goes on where it was stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from elpips.metrics import InputError
from elpips.scripts.calibration.adversarial_fit import TripletSet, fit_adversarially
from elpips.scripts.calibration.adversarial_options import AdversarialOptions
from elpips.scripts.calibration.trainable import Trainable
from tiny_metric import tiny

OPTIONS = AdversarialOptions(
    epochs=2, decay_epochs=1, batch=8, rate=0.1, head_start=20, attack_steps=2, linf=0.02, l2=0.2
)


class StoppedError(Exception):
    """The run is stopped here."""


@pytest.fixture(scope="module")
def triplets() -> TripletSet:
    """Return triplets whose second copy is the noisier one, and is not preferred."""
    rng = torch.Generator().manual_seed(0)
    ref = 0.3 + 0.4 * torch.rand(24, 3, 8, 8, generator=rng)
    noise = torch.randn(2, 24, 3, 8, 8, generator=rng)
    images = torch.stack([ref, ref + 0.03 * noise[0], ref + 0.1 * noise[1]], dim=1).clamp(0, 1)
    return TripletSet((images * 255).round().to(torch.uint8), torch.full((24,), 0.1))


def fit(triplets, path: Path, options=OPTIONS, stop: int | None = None):
    model = Trainable.of(tiny(), train_trunk=options.train_trunk)

    def progress(done: int, *_: float) -> None:
        if done == stop:
            raise StoppedError

    return fit_adversarially(
        model, triplets, options, checkpoint=path, identity={"set": "a"}, progress=progress
    )


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"train_trunk": True, "attacked": ("reference", "both"), "trunk_rate": 1e-3},
        {"mode": "contrastive", "head_start": 0},
        {"as_released": True, "attacked": ("first",), "l2": None},
    ],
    ids=["ranking", "trunk", "contrastive", "as_released"],
)
def test_a_stopped_training_ends_as_an_uninterrupted_one(triplets, tmp_path, fields) -> None:
    options = AdversarialOptions(**(vars(OPTIONS) | fields))
    whole = fit(triplets, tmp_path / "a.pt", options)
    with pytest.raises(StoppedError):
        fit(triplets, tmp_path / "b.pt", options, stop=8)
    resumed = fit(triplets, tmp_path / "b.pt", options)
    assert torch.equal(whole.model.linear, resumed.model.linear)
    assert (whole.clean, whole.adversarial) == (resumed.clean, resumed.adversarial)
    pairs = zip(whole.model.network_tensors, resumed.model.network_tensors, strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    before = Trainable.of(tiny()).linear.detach()
    assert not torch.equal(whole.model.linear, before)
    torch.testing.assert_close(whole.model.linear.detach().sum(), before.sum())
    if options.train_trunk:
        assert not torch.equal(whole.model.network_tensors[0], tiny().trunk.features_0_weight)


def test_both_losses_fall(triplets, tmp_path: Path) -> None:
    options = AdversarialOptions(**(vars(OPTIONS) | {"epochs": 12, "ranking_rate": 1e-2}))
    found = fit(triplets, tmp_path / "a.pt", options)
    assert len(found.clean) == len(found.adversarial) == 13
    assert found.clean[-1] < found.clean[0] and found.adversarial[-1] < found.adversarial[0]


def test_a_checkpoint_of_another_training_is_refused(triplets, tmp_path: Path) -> None:
    fit(triplets, tmp_path / "a.pt")
    other = AdversarialOptions(**(vars(OPTIONS) | {"seed": 1}))
    with pytest.raises(InputError, match="another training, with options"):
        fit(triplets, tmp_path / "a.pt", other)
    (tmp_path / "a.pt").write_bytes(b"no checkpoint")
    with pytest.raises(InputError, match="cannot be gone on from"):
        fit(triplets, tmp_path / "a.pt")
