"""The barycenter as a stochastic problem: samples of the objective, held-out judgement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

import torch
from torch import Tensor

from ..metrics import (
    Draw,
    Embedding,
    InputError,
    Metric,
    check_images,
    create_metric,
    working_copy,
)
from ..metrics.base import image_size
from ..metrics.seeds import stream
from ..metrics.tiling import Wrap, wrap_of
from ..optim import GradientSample, Preconditioner
from .bands import BandPreconditioner
from .barycenter_evaluation import weighted_mean
from .identity import Identity, digest, digests, metric_identity
from .masks import check_mask, masked
from .meeting import meet
from .noise import noise_images, texture_noise
from .options import BarycenterOptions
from .ranks import active
from .shared_barycenter import distances_on, shared_distances, shared_objective

Init = Literal["blend", "objects", "texture", "noise", "image"]

_HELD_OUT_DRAWS = 8


@dataclass(frozen=True)
class BarycenterProblem:
    """The objective sum_k w_k D(x, a_k)^power over images x (1, 3, H, W); see `barycenter`.

    Attributes
    ----------
    images, weights
        Inputs (K, 3, H, W) and their weights (K,) on the simplex.
    working_metric
        The same metric in a faster precision, for gradients and for choosing among iterates.
    initial
        Where to start, (1, 3, H, W).
    held_out_draws
        Draws set aside for choosing the best iterate.
    mask
        How far pixels may go, (H, W) in [0, 1]: where 0 they stay as they are at the start.
    """

    images: Tensor
    weights: Tensor
    metric: Metric
    working_metric: Metric
    initial: Tensor
    power: int = 1
    draws: int = 1
    subset: int | None = None
    held_out_draws: tuple[Draw, ...] = field(default=(), repr=False)
    mask: Tensor | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        images: Tensor,
        weights: Sequence[float] | None = None,
        options: BarycenterOptions | None = None,
        *,
        metric: Metric | str,
        init: Init | Tensor = "blend",
        mask: Tensor | None = None,
    ) -> BarycenterProblem:
        """Check the arguments of `barycenter` and set the problem up."""
        options = options or BarycenterOptions()
        check_images(images)
        subset, seed = options.subset, options.seed
        if subset is not None and not 1 <= subset <= len(images):
            raise InputError(f"subset: found {subset}, expected 1 to {len(images)} inputs")
        if isinstance(metric, str):
            metric = create_metric(metric, device=images.device)
        metric = metric.tiled(options.tile)
        simplex = to_simplex(weights, len(images))
        return cls(
            images=images.detach(),
            weights=simplex.to(images),
            metric=metric,
            working_metric=working_copy(metric, options.precision),
            initial=_initial(images.detach(), simplex.to(images), init, seed, wrap_of(metric.tile)),
            power=options.power,
            draws=options.draws,
            subset=None if subset == len(images) else subset,
            held_out_draws=tuple(
                metric.draws(
                    image_size(images),
                    _HELD_OUT_DRAWS if metric.stochastic else 1,
                    stream(seed, "held_out"),
                )
            ),
            mask=check_mask(mask, images, options.schedule),
        )

    @property
    def identity(self) -> Identity:
        """What must agree for a run to go on."""
        return {
            "weights": [float(weight) for weight in self.weights],
            **metric_identity(self.metric, self.working_metric),
            "power": self.power,
            "draws": self.draws,
            "subset": self.subset,
            "size": list(image_size(self.images)),
            "images": digests(self.images),
            "start": digest(self.initial),
            "mask": None if self.mask is None else digest(self.mask),
        }

    @property
    def mean(self) -> Tensor:
        """The weighted pixel mean (3, H, W), the baseline."""
        return weighted_mean(self.images, self.weights)

    def sample(self, x: Tensor, generator: torch.Generator) -> GradientSample:
        """Sample the objective and its gradient on fresh draws shared by all images."""
        inputs, weights = self._choose(generator)
        if (ranks := active()) is not None and self.metric.stochastic:
            drawn = list(self.metric.draws(image_size(x), self.draws, generator))
            objective, gradient = shared_objective(
                ranks, self.working_metric, inputs, weights, x, drawn, self.power
            )
            work = sum(draw.share for draw in drawn)
            return GradientSample(objective, gradient, self.draws, work=work)
        variable = x.detach().requires_grad_()
        distances = torch.zeros_like(weights)
        metric = self.working_metric
        draws, work = self.draws if metric.stochastic else 1, 0.0
        for draw in metric.draws(image_size(x), draws, generator):
            targets = self._targets(inputs, draw)
            distances = distances + metric.distance(metric.embed(variable, draw), targets)
            work += draw.share
        value = weights @ (distances / draws) ** self.power
        (gradient,) = torch.autograd.grad(value, variable)
        return GradientSample(float(value.detach()), gradient, draws, work=work)

    @torch.no_grad()
    def held_out(self, x: Tensor) -> float:
        """Return the objective on the held-out draws."""
        ranks, draws = active(), self.held_out_draws
        if ranks is not None:
            distances = shared_distances(ranks, self.working_metric, self.images, x, draws)
        else:
            distances = distances_on(self.working_metric, self.images, x, draws)
        total = torch.zeros_like(self.weights)
        for each in distances:
            total = total + each
        return float(self.weights @ (total / len(draws)) ** self.power)

    def preconditioner(self) -> Preconditioner:
        """Return how far, by place and band, the solution may be from the start."""
        bands = BandPreconditioner.around(
            self.initial, self.images, self.weights, wrap_of(self.metric.tile)
        )
        return masked(bands, self.mask)

    @torch.no_grad()
    def _targets(self, inputs: Tensor, draw: Draw) -> Embedding:
        """Embed the inputs of a step; a deterministic metric's embeddings are kept."""
        metric = self.working_metric
        if metric.stochastic or self.subset is not None:
            return metric.embed(inputs, draw)
        return self._kept_targets

    @cached_property
    def _kept_targets(self) -> Embedding:
        metric = self.working_metric
        return metric.embed(self.images, metric.draw(image_size(self.images)))

    def _choose(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return this step's inputs and weights: all, or a random subset drawn by weight."""
        if self.subset is None:
            return self.images, self.weights
        chosen = torch.multinomial(
            self.weights.cpu(), self.subset, replacement=True, generator=generator
        ).to(self.images.device)
        # Drawn by weight, each counts the same: the expectation is the full objective.
        return self.images[chosen], torch.full_like(self.weights[chosen], 1 / self.subset)


def to_simplex(weights: Sequence[float] | None, count: int) -> Tensor:
    """Return ``count`` weights (count,) that are non-negative and sum to 1."""
    if weights is None:
        return torch.full((count,), 1 / count, dtype=torch.float64)
    values = torch.as_tensor(weights, dtype=torch.float64)
    if values.shape != (count,):
        raise InputError(f"weights: found {values.numel()}, expected {count}, one per image")
    if not (torch.isfinite(values).all() and (values >= 0).all() and values.sum() > 0):
        raise InputError(f"weights: found {values.tolist()}, expected >= 0 and not all 0")
    # Finite weights may have a sum that is not.
    values = values if torch.isfinite(values.sum()) else values / values.max()
    return values / values.sum()


def _initial(images: Tensor, weights: Tensor, init: Init | Tensor, seed: int, wrap: Wrap) -> Tensor:
    if isinstance(init, Tensor):
        if init.shape not in (images.shape[1:], images[:1].shape):
            raise InputError(
                f"init: found shape {tuple(init.shape)}, expected {tuple(images.shape[1:])}"
            )
        check_images(init.view_as(images[:1]), "init")
        return init.view_as(images[:1]).to(images)
    if init == "blend":
        return weighted_mean(images, weights)[None]
    if init == "image":
        return images[int(weights.argmax())][None].clone()
    if init == "objects":
        return meet(images, weights, wrap)
    if init == "texture":
        return texture_noise(images, weights[None], seed, wrap)
    if init == "noise":
        return noise_images(images, 1, seed)
    known = ", ".join(get_args(Init))
    raise InputError(f"init: found {init!r}, expected one of {known} or a tensor")
