"""Small 1-Lipschitz networks as metrics, and files of the release's layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from elpips.metrics.lipschitz import LipSim
from elpips.metrics.lipschitz.names import checkpoint_name
from elpips.metrics.lipschitz.released import ReleasedNetwork, ReleasedSize
from elpips.metrics.lipschitz.small import SmallNetwork, SmallSize
from elpips.metrics.lipschitz.weights import save_small
from random_images import rng

RELEASED = ReleasedSize(3, 8, 2, 24, inner=5, side=32, outputs=20)
SMALL = SmallSize(16, 3)


def tiny_lipsim(seed: int = 0) -> LipSim:
    """Return the metric of a small network with random weights for 16 px."""
    return LipSim(random_small(seed).freeze())


def random_small(seed: int = 0) -> SmallNetwork:
    """Return a small network for 16 px, of random weights."""
    network = SmallNetwork(SMALL)
    with torch.no_grad():
        for each in network.parameters():
            each.add_(2 * torch.randn(each.shape, generator=rng(seed)))
    return network


def small_file(folder: Path, seed: int = 0) -> Path:
    """Write ``net.safetensors``, a small network as `elpips train-lipsim` does, in a new folder."""
    folder.mkdir(parents=True)
    path = folder / "net.safetensors"
    path.write_bytes(save_small(random_small(seed), "a test's", {}))
    return path


def released_state(network: ReleasedNetwork, prefix: str = "module.model.") -> dict[str, Tensor]:
    """Return a network's tensors as a checkpoint of the release has them: each twice."""
    state = {}
    for name, tensor in network.state_dict().items():
        official = checkpoint_name(name)
        alias = official.replace("base.1.", "convs.").replace("base.2.", "linear.")
        state |= {prefix + official: tensor, prefix + alias: tensor}
    return state


def save_released(path: Path, state: dict[str, Any], **more: Any) -> Path:
    """Write a checkpoint of the release's layout."""
    content = {"epoch": 1, "global_step": 435, "model_state_dict": state}
    torch.save({**content, "optimizer_state_dict": {"state": {}}, **more}, path)
    return path
