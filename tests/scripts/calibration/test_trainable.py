"""A metric in training beside the metric that it came from and becomes."""

from __future__ import annotations

import pytest
import torch

from elpips.scripts.calibration.trainable import Trainable
from tiny_metric import LINEAR, tiny


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(2, 3, 3, 7, 9, generator=torch.Generator().manual_seed(0))


def test_distances_are_the_metrics(images) -> None:
    model = Trainable.of(tiny())
    a, b = (model.features(each) for each in images)
    torch.testing.assert_close(model.distance(a, b), tiny()(*images))
    torch.testing.assert_close(model.metric()(*images), tiny()(*images))
    every = model.all_distances(a, b)
    torch.testing.assert_close(every.diagonal(), tiny()(*images))
    torch.testing.assert_close(every[0, 2], tiny()(images[0][:1], images[1][2:])[0])
    # What attacks of the released kind make is not in [0, 1].
    assert all(each.isfinite().all() for each in model.features(images[0] - 1))


def test_weights_keep_their_sum_and_sign() -> None:
    model = Trainable.of(tiny())
    total = float(model.linear.detach().sum())
    with torch.no_grad():
        model.linear.sub_(0.15)
    model.keep_sum(total)
    assert model.linear.min() == 0
    assert float(model.linear.detach().sum()) == pytest.approx(total)
    assert [len(part) for part in model.linear_parts()] == [len(part) for part in LINEAR]


@pytest.mark.parametrize("train_trunk", [False, True])
def test_gradients_flow_to_what_is_trained(images, train_trunk) -> None:
    metric = tiny()
    model = Trainable.of(metric, train_trunk=train_trunk)
    a, b = (model.features(each) for each in images)
    model.distance(a, b).sum().backward()
    assert model.linear.grad is not None and model.linear.grad.any()
    assert len(model.network_tensors) == (2 if train_trunk else 0)
    assert all(tensor.grad is not None and tensor.grad.any() for tensor in model.network_tensors)
    with torch.no_grad():
        for tensor in model.network_tensors:
            tensor.add_(1.0)
    # The metric that it came from has a network of its own.
    torch.testing.assert_close(metric(*images), tiny()(*images))
    assert not any(tensor.requires_grad for tensor in model.metric().buffers())


def test_the_order_of_what_is_trained_is_not_the_files() -> None:
    metrics = tiny(), tiny()
    buffers = metrics[1].trunk._buffers
    for name in reversed([*buffers]):
        buffers[name] = buffers.pop(name)
    one, other = (Trainable.of(each, train_trunk=True).network_tensors for each in metrics)
    assert [tensor.shape for tensor in one] == [tensor.shape for tensor in other]
