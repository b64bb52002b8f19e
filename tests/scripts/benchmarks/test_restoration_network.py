"""The restoration network and its training."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from elpips.metrics import Ensemble, InputError, create_metric
from elpips.scripts.benchmarks.restoration_data import degrade, random_crops
from elpips.scripts.benchmarks.restoration_network import Training, make_network, train
from restoration_setting import SMALL, generator, stripes
from tiny_metric import tiny

CPU = torch.device("cpu")
L2 = create_metric("l2")


def test_an_untrained_network_changes_nothing() -> None:
    network = make_network(SMALL)
    images = torch.rand(2, 3, 21, 16)
    assert torch.equal(network(images), images)


def test_networks_of_any_weights_stay_in_the_range() -> None:
    network = make_network(SMALL)
    for weight in network.parameters():
        torch.nn.init.normal_(weight, generator=generator())
    restored = network(torch.rand(1, 3, 17, 16))
    assert restored.shape == (1, 3, 17, 16)
    assert restored.min() == 0
    assert restored.max() == 1


@pytest.mark.parametrize("task", ["superres2x", "denoise"])
def test_l2_training_lowers_the_held_out_error(task) -> None:
    setting = Training(
        task=task, steps=200, warmup=0, batch=4, channels=8, layers=3, learning_rate=3e-3
    )
    trained = train(replace(setting, crop=16), [stripes(i) for i in range(24)], L2, CPU)
    truth = torch.stack([stripes(i) for i in range(100, 108)])
    worse = degrade(truth, setting.task, setting.noise, generator())
    with torch.no_grad():
        restored = trained.network(worse)
    assert (restored - truth).square().mean() < 0.97 * (worse - truth).square().mean()


def test_same_seed_same_bits_and_other_seed_others() -> None:
    setting = replace(SMALL, steps=3, task="denoise")
    metric = tiny(Ensemble())
    images = [stripes(0), stripes(1)]
    first, again, other = (
        train(each, images, metric, CPU) for each in (setting, setting, replace(setting, seed=1))
    )
    assert first.losses == again.losses
    for a, b in zip(first.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(a, b)
    assert first.losses != other.losses


def test_every_loss_sees_the_same_crops_and_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Tensor] = []

    def spy(*arguments) -> Tensor:
        seen.append(random_crops(*arguments))
        return seen[-1]

    monkeypatch.setattr("elpips.scripts.benchmarks.restoration_network.random_crops", spy)
    for metric in (L2, tiny(Ensemble())):
        train(SMALL, [stripes(0)], metric, CPU)
    assert torch.equal(torch.stack(seen[:2]), torch.stack(seen[2:]))
    assert not torch.equal(seen[0], seen[1])


def test_warmup_and_pixel_weight_are_of_l2() -> None:
    images = [stripes(0)]
    l2 = train(SMALL, images, L2, CPU)
    warm = train(replace(SMALL, warmup=2), images, tiny(), CPU)
    assert warm.losses[0] == pytest.approx(l2.losses[0])
    alone, both = (
        train(replace(SMALL, steps=1, pixel_weight=weight), images, tiny(), CPU).losses[0]
        for weight in (0, 10)
    )
    assert both - alone == pytest.approx(10 * l2.losses[0], rel=1e-4)


@pytest.mark.parametrize(
    "setting",
    [
        {"steps": 0},
        {"batch": 0},
        {"crop": 33},
        {"layers": 1},
        {"noise": -1},
        {"learning_rate": 0},
        {"seed": -1},
    ],
)
def test_bad_settings_are_one_line(setting) -> None:
    with pytest.raises(InputError, match=next(iter(setting))):
        Training(**setting)
