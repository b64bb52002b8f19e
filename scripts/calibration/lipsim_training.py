"""Training of the small 1-Lipschitz network: for judgements as the judges', with a radius.

For a patch x and copies i, j of it, the signed distance of phi(x) from the plane on which i
and j are equally close, r = <phi(x), f_i - f_j> / |f_i - f_j|, is the certified radius where
its sign is the judges'. What is lowered is the mean of |2 h - 1| s((m - r) / w), s the logistic
function, h the share of judges that find i closer and r counted towards the majority: a soft
count of judgements that are wrong or have a radius below m, in which pairs that the judges are
divided over weigh little. phi cannot be scaled to satisfy it, for its Lipschitz constant is 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ...metrics import InputError
from ...metrics.checks import check_fields
from ...metrics.lipschitz.small import SmallNetwork, SmallSize
from .groups import Groups
from .training_state import read_training, write_training

# Squared difference of directions below which two copies count as one.
_SAME = 1e-8


@dataclass(frozen=True)
class TrainingOptions:
    """How the network is trained.

    Attributes
    ----------
    steps
        Of Adam.
    batch
        Groups per step.
    rate
        Adam's step size; it rises over the first 20 steps and falls to zero over the last 60 %.
    betas
        Adam's decay rates.
    margin
        Radius in the image's l2 that each judgement is asked for ...
    width
        ... and how far around it the count is soft.
    checkpoint
        Steps between two checkpoints.
    seed
        Of the order of the groups.
    """

    steps: int = 100
    batch: int = 16
    rate: float = 0.1
    betas: tuple[float, float] = (0.9, 0.99)
    margin: float = 0.3
    width: float = 0.4
    checkpoint: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the options; raises `InputError`."""
        check_fields(self)
        if self.steps < 1:
            raise InputError(f"steps: found {self.steps}, expected at least 1")

    def rate_at(self, step: int) -> float:
        """Return the step size of a step, counted from 0."""
        left = (self.steps - step) / self.steps
        return self.rate * min(1.0, (step + 1) / _WARMUP, left / _DECAY)


_WARMUP, _DECAY = 20, 0.6


def train(
    lessons: Sequence[Groups],
    size: SmallSize,
    options: TrainingOptions,
    checkpoint: Path | None = None,
    identity: Mapping[str, Any] | None = None,
    progress: Callable[[int, float], object] | None = None,
    start: Mapping[str, Tensor] | None = None,
) -> tuple[SmallNetwork, list[float]]:
    """Train a network of a size on groups; return it and the loss of each step.

    Parameters
    ----------
    lessons
        What to learn, in parts of as many copies a group each; a step takes its batch from
        one part, chosen by their sizes.
    size
        What the network is made of; the patches have its side.
    options
        How.
    checkpoint
        A file that is written now and then, and gone on from where it is there.
    identity
        What tells this training from others, as `write_training` takes it; a checkpoint with
        another is refused.
    progress
        Called with the number of steps done and the loss of the last.
    start
        Weights to begin with, of a network of the same size; by default near the identity.

    Raises
    ------
    InputError
        The patches are of another size, or the checkpoint is of another training.
    """
    for each in lessons:
        if each.images.shape[-2:] != (size.side, size.side):
            found = tuple(each.images.shape[-2:])
            raise InputError(f"patches of {found} pixels; expected {size.side} a side")
    rng = torch.Generator().manual_seed(options.seed)
    network = SmallNetwork(size)
    if start is not None:
        network.load_state_dict(start)
    adam = torch.optim.Adam(network.parameters(), options.rate, options.betas)
    losses: list[float] = []
    state = None if checkpoint is None else read_training(checkpoint, identity or {})
    if state is not None:
        network.load_state_dict(state["network"])
        adam.load_state_dict(state["adam"])
        rng.set_state(state["rng"])
        losses = list(state["losses"])
    sizes = torch.tensor([float(len(each)) for each in lessons])
    for step in range(len(losses), options.steps):
        groups = lessons[int(torch.multinomial(sizes, 1, generator=rng))]
        chosen = torch.randint(len(groups), (options.batch,), generator=rng)
        images = turned(groups.images[chosen].float() / 255, rng)
        radii = signed_radii(network, images)
        loss = soft_count(radii, groups.preferred[chosen], options.margin, options.width)
        for group in adam.param_groups:
            group["lr"] = options.rate_at(step)
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
        if progress is not None:
            progress(step + 1, losses[-1])
        done = step + 1
        if checkpoint and (done % options.checkpoint == 0 or done == options.steps):
            state = {
                "network": network.state_dict(),
                "adam": adam.state_dict(),
                "rng": rng.get_state(),
                "losses": losses,
            }
            write_training(checkpoint, identity or {}, state)
    return network, losses


def signed_radii(network: SmallNetwork, images: Tensor) -> Tensor:
    """Return r (B, K, K) of groups (B, 1 + K, 3, H, W): positive at [i, j] where j is closer."""
    count, copies = images.shape[:2]
    phi = network(images.flatten(0, 1)).view(count, copies, -1)
    f = F.normalize(phi[:, 1:], dim=2)
    height = (f @ phi[:, 0, :, None])[:, :, 0]
    squared = 2 - 2 * f @ f.mT
    return (height[:, None, :] - height[:, :, None]) * squared.clamp_min(_SAME).rsqrt()


def soft_count(radii: Tensor, preferred: Tensor, margin: float, width: float) -> Tensor:
    """Return the mean loss of pairs; both tensors (B, K, K), the diagonal ignored."""
    copies = radii.shape[1]
    i, j = torch.triu_indices(copies, copies, 1)
    lead = 2 * preferred[:, i, j] - 1
    return (lead.abs() * torch.sigmoid((margin - radii[:, i, j] * lead.sign()) / width)).mean()


def turned(images: Tensor, rng: torch.Generator) -> Tensor:
    """Mirror or transpose square images (..., H, W), all of them alike, at random."""
    across, down, swap = torch.randint(2, (3,), generator=rng).tolist()
    axes = [axis for axis, chosen in ((-1, across), (-2, down)) if chosen]
    flipped = images.flip(axes) if axes else images
    return flipped.transpose(-1, -2) if swap else flipped
