"""Convolution stacks against the same written with layers of torch.nn, on narrow networks."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from elpips.metrics.trunks import VGG16, AlexNet, SqueezeNet, Trunk, normalise
from random_images import images, rng

# Widths of torchvision's layers do not matter to a trunk; these are unequal and quick.
VGG_WIDTHS = ((2, 3), (4, 5), (3, 4, 5), (4, 3, 5), (5, 4, 3))
ALEX_WIDTHS = (4, 5, 6, 4, 5)
FIRES = (3, 4, 6, 7, 9, 10, 11, 12)


def seeded(network: nn.Sequential) -> nn.Sequential:
    """Draw the weights, on the positive side so that most units are alive."""
    generator = rng(1)
    for values in network.parameters():
        values.requires_grad_(False)
        values.normal_(0.05, 0.3, generator=generator)
        if values.dim() == 1:
            values.abs_()
    return network.double()


def vgg(pool: type[nn.Module] = nn.MaxPool2d) -> nn.Sequential:
    layers, width = [], 3
    for block in VGG_WIDTHS:
        for out in block:
            layers += [nn.Conv2d(width, out, 3, padding=1), nn.ReLU()]
            width = out
        layers.append(pool(2))
    return seeded(nn.Sequential(*layers))


def alexnet() -> nn.Sequential:
    a, b, c, d, e = ALEX_WIDTHS
    return seeded(
        nn.Sequential(
            *(nn.Conv2d(3, a, 11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2)),
            *(nn.Conv2d(a, b, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2)),
            *(nn.Conv2d(b, c, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(c, d, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(d, e, 3, padding=1), nn.ReLU()),
        )
    )


class Fire(nn.Module):
    """A squeeze to 2 channels, and 3 + 4 from it, as in SqueezeNet."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, 2, 1)
        self.expand1x1 = nn.Conv2d(2, 3, 1)
        self.expand3x3 = nn.Conv2d(2, 4, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.squeeze(x))
        return torch.cat([F.relu(self.expand1x1(x)), F.relu(self.expand3x3(x))], 1)


def squeezenet() -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(3, 5, 3, stride=2), nn.ReLU()]
    for index in range(2, 13):
        layers.append(Fire(5 if index == 3 else 7) if index in FIRES else nn.MaxPool2d(3, 2))
    return seeded(nn.Sequential(*layers))


def tensors(network: nn.Sequential) -> dict[str, torch.Tensor]:
    return {f"features.{name}": value for name, value in network.state_dict().items()}


def outputs(network: nn.Sequential, x: torch.Tensor, kinds: tuple[type, ...]) -> list[torch.Tensor]:
    """Return what the layers of some kinds give, in order."""
    found = []
    for layer in network:
        x = layer(x)
        if isinstance(layer, kinds):
            found.append(x)
    return found


def keep_all(x: torch.Tensor) -> torch.Tensor:
    return x


def assert_layers(found: Sequence[torch.Tensor], expected: Sequence[torch.Tensor]) -> None:
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        assert b.count_nonzero() > b.numel() // 4
        torch.testing.assert_close(a, b)


X = images(2, 69, 77, seed=2).double()


@pytest.mark.parametrize("average", [False, True])
def test_vgg16(average: bool) -> None:
    network = vgg(nn.AvgPool2d if average else nn.MaxPool2d)
    relus = outputs(network, X, (nn.ReLU,))
    every = VGG16(tensors(network), average_pooling=average, all_layers=True)
    assert_layers(every(X, keep_all), [X, *relus])
    lasts = VGG16(tensors(network), average_pooling=average)
    assert_layers(lasts(X, keep_all), [relus[i] for i in (1, 3, 6, 9, 12)])
    assert every.smooth == average


def test_alexnet() -> None:
    network = alexnet()
    assert_layers(AlexNet(tensors(network))(X, keep_all), outputs(network, X, (nn.ReLU,)))


def test_squeezenet() -> None:
    network = squeezenet()
    first, *fires = outputs(network, X, (nn.ReLU, Fire))
    every = SqueezeNet(tensors(network), all_layers=True)(X, keep_all)
    assert_layers(every, [X, first, *fires])
    # relu1, fire3, fire5 (both before a pool), fire6 to fire9, by the paper's numbers.
    expected = [first, fires[1], fires[3], *fires[4:]]
    assert_layers(SqueezeNet(tensors(network))(X, keep_all), expected)


NETWORKS = [(VGG16, vgg, 13), (AlexNet, alexnet, 5), (SqueezeNet, squeezenet, 25)]


@pytest.mark.parametrize(("kind", "network", "convolutions"), NETWORKS)
def test_every_convolution_has_its_input_dropped_once(kind, network, convolutions: int) -> None:
    seen: list[torch.Tensor] = []

    def drop(x: torch.Tensor) -> torch.Tensor:
        seen.append(x)
        return torch.zeros_like(x)

    made: Trunk = kind(tensors(network()))
    features = made(X, drop)
    assert len(seen) == convolutions and seen[0] is X
    # Nothing but biases is left.
    assert all(torch.equal(f, f[:1, :, :1, :1].expand_as(f)) for f in features)


@pytest.mark.parametrize(("kind", "network", "convolutions"), NETWORKS)
def test_keeping_half_doubles_the_weights_and_not_the_biases(kind, network, convolutions) -> None:
    del convolutions
    plain = tensors(network())
    whole, half = kind(plain), kind(plain, 0.5)
    for name, value in plain.items():
        factor = 2 if name.endswith("weight") else 1
        buffer = name.replace(".", "_")
        assert torch.equal(half.get_buffer(buffer), factor * value)
        assert torch.equal(whole.get_buffer(buffer), value)
    # The trunk's numbers are its own.
    assert all(whole.get_buffer(n.replace(".", "_")) is not v for n, v in plain.items())
    assert not list(whole.parameters())


@pytest.mark.parametrize(("kind", "network", "convolutions"), NETWORKS)
def test_the_smallest_side_is_the_smallest_that_works(kind, network, convolutions) -> None:
    del convolutions
    trunk = kind(tensors(network()))
    side = kind.smallest_side
    assert all(f.numel() > 0 for f in trunk(images(1, side, side + 9).double(), keep_all))
    with pytest.raises(RuntimeError, match=r"too small|Output size"):
        trunk(images(1, side - 1, side + 9).double(), keep_all)


def test_images_are_normalised_as_lpips_does() -> None:
    shift = torch.tensor([-0.030, -0.088, -0.188])[:, None, None]
    scale = torch.tensor([0.458, 0.448, 0.450])[:, None, None]
    for x in (X, X.float()):
        torch.testing.assert_close(normalise(x), ((2 * x - 1 - shift) / scale).to(x.dtype))
