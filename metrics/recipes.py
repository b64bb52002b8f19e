"""What each metric with a pretrained network is made of: one recipe a metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from .trunks import VGG16, AlexNet, SqueezeNet, Trunk


@dataclass(frozen=True)
class Recipe:
    """The parts of a metric.

    Attributes
    ----------
    trunk
        Weights of the network, by their name in `weights.registry`.
    build
        Makes the network of its tensors and of the probability to keep in dropout.
    linear
        Weights of the linear layers, by their name in `weights.registry`, or a file in the
        package.
    channels
        Of each layer that is compared, hence lengths of its linear weights.
    stand_in
        What takes the place of ``linear`` where it cannot be had: other weights by name, or a
        file in the package. None: nothing does.
    ensemble
        Whether images are transformed at random (E-LPIPS) or not at all (LPIPS).
    whole
        Whether a file of the user's may hold network and linear layers together (R-LPIPS).
    """

    trunk: str
    build: Callable[[Mapping[str, Tensor], float], Trunk]
    linear: str
    channels: tuple[int, ...]
    stand_in: str | None = None
    ensemble: bool = False
    whole: bool = False


RECIPES: dict[str, Recipe] = {
    "elpips_vgg": Recipe(
        "vgg16",
        partial(VGG16, average_pooling=True, all_layers=True),
        "vgg_full_avg",
        (3, 64, 64, 128, 128, *3 * (256,), *6 * (512,)),
        stand_in="elpips_vgg_own.safetensors",
        ensemble=True,
    ),
    "elpips_squeeze_maxpool": Recipe(
        "squeezenet1_1",
        partial(SqueezeNet, all_layers=True),
        "squeeze_full_maxpool",
        (3, 64, 128, 128, 256, 256, 384, 384, 512, 512),
        ensemble=True,
    ),
    "lpips_vgg": Recipe(
        "vgg16", VGG16, "vgg_maxpool", (64, 128, 256, 512, 512), stand_in="lpips_v0.1_vgg"
    ),
    "lpips_squeeze": Recipe(
        "squeezenet1_1",
        SqueezeNet,
        "squeeze",
        (64, 128, 256, 384, 384, 512, 512),
        stand_in="lpips_v0.1_squeeze",
    ),
    "lpips_alex": Recipe("alexnet", AlexNet, "lpips_v0.1_alex", (64, 192, 384, 256, 256)),
    "rlpips_alex": Recipe(
        "alexnet", AlexNet, "rlpips_alex_own.safetensors", (64, 192, 384, 256, 256), whole=True
    ),
    # Linear weights of it do not come along: it takes files, and can be trained.
    "rlpips_vgg": Recipe(
        "vgg16", VGG16, "rlpips_vgg_own.safetensors", (64, 128, 256, 512, 512), whole=True
    ),
}

CHANNELS: dict[str, tuple[int, ...]] = {name: each.channels for name, each in RECIPES.items()}
TRUNK_OF: dict[str, str] = {name: each.trunk for name, each in RECIPES.items()}
