"""SLL blocks have norm 1 whatever their weights and whichever units are on."""

from __future__ import annotations

import pytest
import torch

from elpips.metrics.lipschitz.sll import SLLBlock, SLLConvolution, SLLDense
from lipschitz_norms import jacobian_norm
from random_images import rng

LIMIT = 1 + 1e-5


def block(kind: str, seed: int) -> tuple[SLLBlock, torch.Tensor]:
    generator = rng(seed)
    if kind == "dense":
        return SLLDense(30, 12, generator), torch.randn(1, 30, generator=generator)
    return SLLConvolution(7, 5, generator), torch.randn(1, 7, 9, 8, generator=generator)


@pytest.mark.parametrize("kind", ["convolution", "dense"])
@pytest.mark.parametrize("seed", range(4))
def test_norm_is_one_at_random_and_trained_weights(kind: str, seed: int) -> None:
    layer, x = block(kind, seed)
    # The sign of the bias turns units on and off: all, some, none.
    for bias in (5.0, 0.0, -5.0):
        with torch.no_grad():
            layer.bias.add_(bias)
        assert jacobian_norm(layer.double(), x.double()) <= LIMIT
        with torch.no_grad():
            layer.bias.sub_(bias)
    layer = layer.float()
    adam = torch.optim.Adam(layer.parameters(), 0.1)
    for _ in range(20):
        # Away from the identity, as far as it goes.
        loss = -(layer(x) - x).square().sum()
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert 0.5 < jacobian_norm(layer.double(), x.double()) <= LIMIT


def test_the_norm_is_reached() -> None:
    layer, x = block("dense", 0)
    with torch.no_grad():
        layer.bias.sub_(100)
    assert jacobian_norm(layer, x) == pytest.approx(1)


def test_scales_are_those_of_the_formula() -> None:
    dense, _ = block("dense", 1)
    gram = (dense.weight @ dense.weight.T).abs()
    ratio = (dense.q[None, :] - dense.q[:, None]).exp()
    torch.testing.assert_close(dense.scales(), 1 / (gram * ratio).sum(1))
    layer, _ = block("convolution", 1)
    expected = torch.zeros(5)
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            moved = torch.zeros(5, 7, 7, 7)
            moved[:, :, 2 + dy : 5 + dy, 2 + dx : 5 + dx] = layer.kernel.detach()
            still = torch.zeros(5, 7, 7, 7)
            still[:, :, 2:5, 2:5] = layer.kernel.detach()
            expected += torch.einsum("ichw,jchw->ij", still, moved).abs().sum(1)
    torch.testing.assert_close(layer.scales(), 1 / expected)


def test_q_has_no_effect_on_convolutions() -> None:
    layer, x = block("convolution", 2)
    before = layer(x)
    with torch.no_grad():
        layer.q.mul_(3)
    assert torch.equal(layer(x), before)


def test_scales_are_computed_once() -> None:
    for kind in ("convolution", "dense"):
        layer, x = block(kind, 3)
        before = layer(x)
        layer.freeze()
        assert torch.equal(layer(x), before)
        with torch.no_grad():
            layer.q.add_(torch.arange(len(layer.q)))
        assert torch.equal(layer(x), before)
        assert "frozen" not in layer.state_dict()


def test_units_without_weights_have_no_gradient_that_is_not_finite() -> None:
    layer, x = block("dense", 4)
    with torch.no_grad():
        layer.weight[3] = 0
    assert layer.scales()[3] == 0
    layer(x).sum().backward()
    assert all(each.grad.isfinite().all() for each in layer.parameters())
