"""Convolution stacks: VGG16, AlexNet and SqueezeNet 1.1, from an image to its features.

Parameters are buffers under torchvision's state-dict names with dots replaced. A trunk
takes images normalised as LPIPS does (`normalise`) and returns one tensor (N, C, H, W)
per layer. ``drop`` is called on the input of every convolution.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .functions import AveragePool

Drop = Callable[[Tensor], Tensor]
Part = Callable[[Tensor, Drop], tuple[Tensor, list[Tensor]]]
"""Goes on from what the part before it gave; returns what the next one takes, and its layers."""

# LPIPS's ScalingLayer, for inputs in [-1, 1].
INPUT_SHIFT = torch.tensor([-0.030, -0.088, -0.188])
INPUT_SCALE = torch.tensor([0.458, 0.448, 0.450])


def normalise(images: Tensor) -> Tensor:
    """Map images (N, 3, H, W) in [0, 1] to the range the trunks were trained on.

    As the ScalingLayer of LPIPS 0.1 (``lpips/lpips.py``), applied to 2 x - 1.
    """
    gain, bias = 2 / INPUT_SCALE, -(1 + INPUT_SHIFT) / INPUT_SCALE
    return torch.addcmul(bias.to(images)[:, None, None], images, gain.to(images)[:, None, None])


class Trunk(nn.Module):
    """A frozen convolution stack.

    Parameters
    ----------
    tensors
        Weights and biases by torchvision's names (``"features.0.weight"``, ...).
    keep
        Probability with which ``drop`` keeps an element; its inverse scales the weights.
    """

    smallest_side: int
    """Shortest side in pixels that every layer can process."""

    smooth = False
    """Whether rounding changes gradients little: no maxima, whose places may switch."""

    def __init__(self, tensors: Mapping[str, Tensor], keep: float = 1.0) -> None:
        super().__init__()
        for name, value in tensors.items():
            scaled = value / keep if name.endswith("weight") else value.clone()
            self.register_buffer(name.replace(".", "_"), scaled)

    @abstractmethod
    def forward(self, x: Tensor, drop: Drop) -> list[Tensor]:
        """Return the features of normalised images x, one tensor per layer."""

    def parts(self) -> Sequence[Part]:
        """Return the network cut where little has to be kept; one after the other they are it."""
        return [lambda x, drop: (x, self(x, drop))]

    def _conv(self, x: Tensor, name: str, drop: Drop, stride: int = 1, padding: int = 0) -> Tensor:
        weight = getattr(self, f"features_{name}_weight")
        bias = getattr(self, f"features_{name}_bias")
        return F.conv2d(drop(x), weight, bias, stride=stride, padding=padding).relu_()


class VGG16(Trunk):
    """VGG16 with max or average pooling; all 13 ReLU layers and the input, or LPIPS's five."""

    smallest_side = 16
    _BLOCKS = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        keep: float = 1.0,
        *,
        average_pooling: bool = False,
        all_layers: bool = False,
    ) -> None:
        super().__init__(tensors, keep)
        self.smooth = average_pooling
        self._all_layers = all_layers

    def forward(self, x: Tensor, drop: Drop) -> list[Tensor]:
        """Return 14 layers (input and 13 convolutions) or the last layer of each block."""
        features = []
        for part in self.parts():
            x, found = part(x, drop)
            features += found
        return features

    def parts(self) -> Sequence[Part]:
        """Return the five blocks, each with the pooling after it."""
        return [partial(self._block, number) for number in range(len(self._BLOCKS))]

    def _block(self, number: int, x: Tensor, drop: Drop) -> tuple[Tensor, list[Tensor]]:
        features = [x] if self._all_layers and number == 0 else []
        block = self._BLOCKS[number]
        for index in block:
            x = self._conv(x, str(index), drop, padding=1)
            if self._all_layers or index == block[-1]:
                features.append(x)
        if number + 1 < len(self._BLOCKS):
            x = AveragePool.apply(x) if self.smooth else F.max_pool2d(x, 2)
        return x, features


class AlexNet(Trunk):
    """AlexNet's five ReLU layers."""

    smallest_side = 31

    def forward(self, x: Tensor, drop: Drop) -> list[Tensor]:
        """Return the five layers of LPIPS-Alex."""
        relu1 = self._conv(x, "0", drop, stride=4, padding=2)
        relu2 = self._conv(F.max_pool2d(relu1, 3, 2), "3", drop, padding=2)
        relu3 = self._conv(F.max_pool2d(relu2, 3, 2), "6", drop, padding=1)
        relu4 = self._conv(relu3, "8", drop, padding=1)
        relu5 = self._conv(relu4, "10", drop, padding=1)
        return [relu1, relu2, relu3, relu4, relu5]


class SqueezeNet(Trunk):
    """SqueezeNet 1.1 with max pooling; input, first convolution and 8 fires, or LPIPS's seven.

    Pooling drops incomplete windows, as in the E-LPIPS release; torchvision's keeps them.
    """

    smallest_side = 31
    _POOL_BEFORE = (3, 6, 9)
    _FIRES = (3, 4, 6, 7, 9, 10, 11, 12)
    # The layers of LPIPS-SqueezeNet among ours: the last before each pool, then each fire.
    _LPIPS_LAYERS = (1, 3, 5, 6, 7, 8, 9)

    def __init__(
        self, tensors: Mapping[str, Tensor], keep: float = 1.0, *, all_layers: bool = False
    ) -> None:
        super().__init__(tensors, keep)
        self._all_layers = all_layers

    def forward(self, x: Tensor, drop: Drop) -> list[Tensor]:
        """Return 10 layers (input, first convolution, fires) or LPIPS's seven."""
        features = [x]
        x = self._conv(x, "0", drop, stride=2)
        features.append(x)
        for index in self._FIRES:
            if index in self._POOL_BEFORE:
                x = F.max_pool2d(x, 3, 2)
            x = self._fire(x, index, drop)
            features.append(x)
        return features if self._all_layers else [features[i] for i in self._LPIPS_LAYERS]

    def _fire(self, x: Tensor, index: int, drop: Drop) -> Tensor:
        squeezed = self._conv(x, f"{index}_squeeze", drop)
        return torch.cat(
            [
                self._conv(squeezed, f"{index}_expand1x1", drop),
                self._conv(squeezed, f"{index}_expand3x3", drop, padding=1),
            ],
            dim=1,
        )
