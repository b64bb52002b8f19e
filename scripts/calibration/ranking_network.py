"""The small network that turns two distances into the probability of a preference."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_SOFTENING = 0.1
_SLOPE = 0.2
_INPUTS = 5


class RankingNetwork(nn.Module):
    """Logit of the probability that the second alternative is preferred, from two distances.

    Of (d0, d1, d0 - d1, d0 / (0.1 + d1), d1 / (0.1 + d0)), by two hidden layers.
    """

    def __init__(self, hidden: int, generator: torch.Generator, *, orient: bool = True) -> None:
        super().__init__()
        sizes = (_INPUTS, hidden, hidden, 1)
        self.layers = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(sizes))
        for parameter in self.parameters():
            fan_in = parameter.shape[-1] if parameter.dim() == 2 else hidden
            bound = fan_in**-0.5
            with torch.no_grad():
                parameter.copy_((torch.rand(parameter.shape, generator=generator) * 2 - 1) * bound)
        if orient:
            self._orient()

    def _orient(self) -> None:
        """Let a larger first distance speak for the second alternative, to begin with.

        While the linear weights are zero the network gets no signal on its inputs: pointing the
        other way, it would hold them at zero for good.
        """
        origin = torch.zeros(2, 1, requires_grad=True)
        (slope,) = torch.autograd.grad(self(origin[0], origin[1]).sum(), origin)
        if slope[0] < slope[1]:
            with torch.no_grad():
                self.layers[-1].get_parameter("weight").neg_()

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return logits (N,) of distances (N,) and (N,)."""
        x = torch.stack(
            [
                first,
                second,
                first - second,
                first / (_SOFTENING + second),
                second / (_SOFTENING + first),
            ],
            dim=1,
        )
        for layer in list(self.layers)[:-1]:
            x = F.leaky_relu(layer(x), _SLOPE)
        return self.layers[-1](x)[:, 0]


def ranking_losses(
    network: RankingNetwork, first: Tensor, second: Tensor, preferred: Tensor
) -> Tensor:
    """Return the binary cross-entropies (N,), averaged over both orders of the pair.

    Parameters
    ----------
    network
        What turns distances into a probability.
    first, second
        Distances (N,).
    preferred
        (N,) in [0, 1]: the fraction of judges that preferred the second.
    """
    logits = torch.stack([network(first, second), network(second, first)])
    goals = torch.stack([preferred, 1 - preferred])
    return F.binary_cross_entropy_with_logits(logits, goals, reduction="none").mean(0)
