"""Non-negative linear weights fitted to preferences between two alternatives (2AFC).

A triplet has two vectors of non-negative features, first (C,) and second (C,), and the
fraction h of judges that preferred the second. Distances are d = w . feature with w >= 0; a
small network turns the two distances into a probability, which is compared with h. Where the
features are a metric's channel distances, w are its linear layers, which is how LPIPS [1]_
and E-LPIPS were calibrated.

References
----------
.. [1] Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual
   Metric", CVPR 2018, Section 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ...metrics.checks import check_fields
from .ranking_network import RankingNetwork, ranking_losses


@dataclass(frozen=True)
class PreferenceOptions:
    """How linear weights are fitted; defaults as released with E-LPIPS (``train_run.py``).

    Attributes
    ----------
    epochs
        Passes over the triplets at the full rate ...
    decay_epochs
        ... and then at a rate that falls to zero linearly.
    batch
        Triplets per step.
    rate
        Adam's step size, of linear weights and network.
    betas
        Adam's decay rates.
    pause
        First steps, at a rate of zero, while Adam's moments settle.
    warmup
        Steps after these, at a rising rate.
    hidden
        Units in each of the two hidden layers of the ranking network.
    seed
        Of the network's first weights and of the order of the triplets.
    """

    epochs: int = 5
    decay_epochs: int = 5
    batch: int = 50
    rate: float = 1e-4
    betas: tuple[float, float] = (0.9, 0.999)
    pause: int = 50
    warmup: int = 50
    hidden: int = 32
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the options; raises `InputError`."""
        check_fields(self)

    def rate_at(self, step: int, steps_per_epoch: int) -> float:
        """Return the step size of a step, counted from 0."""
        warm = min(max((step - self.pause) / max(1, self.warmup), 0.0), 1.0)
        late = step // steps_per_epoch - self.epochs + 1
        decay = 1.0 if late <= 0 else 1 - late / (self.decay_epochs + 1)
        return self.rate * warm * decay


@dataclass(frozen=True)
class PreferenceFit:
    """Fitted linear weights.

    Attributes
    ----------
    linear
        (C,), at least 0, on the scale that the fit ended on: preferences do not fix it.
    losses
        Mean loss of each epoch.
    """

    linear: Tensor
    losses: tuple[float, ...]


def fit_preferences(
    first: Tensor,
    second: Tensor,
    preferred: Tensor,
    options: PreferenceOptions | None = None,
    progress: Callable[[int, float], object] | None = None,
) -> PreferenceFit:
    """Fit non-negative linear weights by which distances explain preferences.

    They start at zero and are clamped to be non-negative after every step; the loss is the
    binary cross-entropy of the ranking network, averaged over both orders of the pair.

    Parameters
    ----------
    first, second
        Features (N, C) of the two alternatives, at least 0, on one device.
    preferred
        (N,) in [0, 1]: the fraction of judges that preferred the second.
    options
        How; by default as released.
    progress
        Called with the number of epochs done and the mean loss of the last.

    Returns
    -------
    PreferenceFit
        The same numbers for the same seed on the same machine.

    Raises
    ------
    ValueError
        Tensors whose shapes do not fit, none at all, or values out of range or not finite.
    """
    options = options or PreferenceOptions()
    _check(first, second, preferred)
    rng = torch.Generator().manual_seed(options.seed)
    network = RankingNetwork(options.hidden, rng).to(first.device)
    linear = torch.zeros(first.shape[1], device=first.device, requires_grad=True)
    adam = torch.optim.Adam([linear, *network.parameters()], options.rate, options.betas)
    steps = -(-len(first) // options.batch)
    losses: list[float] = []
    for epoch in range(options.epochs + options.decay_epochs):
        order = torch.randperm(len(first), generator=rng).to(first.device)
        total = 0.0
        for index, chosen in enumerate(order.split(options.batch)):
            for group in adam.param_groups:
                group["lr"] = options.rate_at(epoch * steps + index, steps)
            distances = first[chosen] @ linear, second[chosen] @ linear
            loss = ranking_losses(network, *distances, preferred[chosen]).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
            with torch.no_grad():
                linear.clamp_(min=0)
            total += loss.item() * len(chosen)
        losses.append(total / len(first))
        if progress is not None:
            progress(epoch + 1, losses[-1])
    return PreferenceFit(linear.detach().clone(), tuple(losses))


def two_afc_scores(first: Tensor, second: Tensor, preferred: Tensor) -> Tensor:
    """Return the 2AFC score (N,) of distances (N,) and (N,): the judges that agree.

    The fraction of judges that preferred the alternative of least distance; a half at ties.
    """
    half = (first == second) * 0.5
    return preferred * (second < first) + (1 - preferred) * (first < second) + half


def _check(first: Tensor, second: Tensor, preferred: Tensor) -> None:
    if first.dim() != 2 or first.shape != second.shape or preferred.shape != first.shape[:1]:
        raise ValueError(
            f"found shapes {tuple(first.shape)}, {tuple(second.shape)} and "
            f"{tuple(preferred.shape)}; expected (N, C), (N, C) and (N,)"
        )
    if not len(first):
        raise ValueError("there are no preferences; expected at least one")
    for features in (first, second):
        low, high = torch.stack(features.aminmax()).tolist()
        if not (low >= 0 and math.isfinite(high)):
            raise ValueError(f"features from {low:.3g} to {high:.3g}; expected finite, >= 0")
    low, high = torch.stack(preferred.aminmax()).tolist()
    if not (low >= 0 and high <= 1):
        raise ValueError(f"preferences from {low:.3g} to {high:.3g}; expected [0, 1]")
