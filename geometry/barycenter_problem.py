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
from ..metrics.backgrounds import channels_for, suited
from ..metrics.base import image_size
from ..metrics.seeds import stream
from ..metrics.tiling import Wrap, wrap_of
from ..optim import GradientSample, Preconditioner
from ..rgba import has_alpha
from .bands import BandPreconditioner
from .company import Alone
from .footprint import Footprint, Need, barycenter_network, fitted
from .identity import Identity, digest, digests, metric_identity
from .inputs import check_inputs
from .masks import check_mask, masked, unfrozen, within
from .meeting import meet
from .noise import noise_images, texture_noise
from .options import BarycenterOptions
from .outline import Outlines, inside, spread_colours
from .ranks import Constant, active
from .shared_barycenter import distances, objective
from .simplex import to_simplex, weighted_mean

Init = Literal["blend", "objects", "texture", "noise", "image"]

_HELD_OUT_DRAWS = 8
# That are in memory while one is computed: moments of the solver in five bands each, and the like.
_IMAGES_AT_ONCE = 26


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
    memory
        What it takes of memory, where that was looked at.
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
    memory: Footprint | None = field(default=None, repr=False)

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
        check_inputs(images, channels=channels_for(metric, images))
        subset, seed = options.subset, options.seed
        if subset is not None and not 1 <= subset <= len(images):
            raise InputError(f"subset: found {subset}, expected 1 to {len(images)} inputs")
        if isinstance(metric, str):
            metric = create_metric(metric, device=images.device)
        metric = suited(metric, images).tiled(options.tile)
        chosen = images[: options.subset]
        metric, working_metric, memory = fitted(
            Need(
                f"a barycenter of {len(images)} images of {images.shape[3]} x {images.shape[2]} px",
                4.0 * _IMAGES_AT_ONCE * images[0].numel(),
                lambda metric: barycenter_network(metric, chosen, options.draws),
                "a smaller --size or fewer --draws need less",
            ),
            metric,
            working_copy(metric, options.precision),
            options.activation_checkpointing,
            image_size(images),
            images.device,
        )
        simplex = to_simplex(weights, len(images))
        return cls(
            images=images.detach(),
            weights=simplex.to(images),
            metric=metric,
            working_metric=working_metric,
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
            memory=memory,
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
        metric, power = self.working_metric, self.power
        count = self.draws if metric.stochastic else 1
        draws = list(metric.draws(image_size(x), count, generator))
        if (ranks := active()) is not None and metric.stochastic:
            value, gradient = ranks.call(
                objective, Constant(metric), Constant(inputs), weights, x, draws, power
            )
        else:
            targets = None if metric.stochastic or self.subset else self._kept_targets
            value, gradient = objective(Alone(), metric, inputs, weights, x, draws, power, targets)
        gradient = unfrozen(gradient, self._reach)
        return GradientSample(value, gradient, count, work=sum(draw.share for draw in draws))

    @torch.no_grad()
    def held_out(self, x: Tensor) -> float:
        """Return the objective on the held-out draws."""
        metric, images, draws = self.working_metric, self.images, self.held_out_draws
        if (ranks := active()) is not None:
            found = ranks.call(distances, Constant(metric), Constant(images), x, draws)
        else:
            found = distances(Alone(), metric, images, x, draws)
        total = torch.zeros_like(self.weights)
        for each in found:
            total = total + each
        return float(self.weights @ (total / len(draws)) ** self.power)

    def preconditioner(self) -> Preconditioner:
        """Return how far, by place and band, the solution may be from the start.

        Of images with transparency only colours inside of the start's outline differ.
        """
        images, wrap = self.images, wrap_of(self.metric.tile)
        if has_alpha(images):
            images = inside(spread_colours(images, wrap), self.initial[:, 3:])
        bands = BandPreconditioner.around(self.initial, images, self.weights, wrap)
        return masked(bands, self._reach)

    @cached_property
    def _reach(self) -> Tensor | None:
        """How far pixels may go: the mask, and of images with transparency inside outlines."""
        return within(self.initial[:, 3:], self.mask) if has_alpha(self.images) else self.mask

    @cached_property
    @torch.no_grad()
    def _kept_targets(self) -> Embedding:
        """The inputs' embeddings under a deterministic metric."""
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


def _initial(images: Tensor, weights: Tensor, init: Init | Tensor, seed: int, wrap: Wrap) -> Tensor:
    if isinstance(init, Tensor):
        if init.shape not in (images.shape[1:], images[:1].shape):
            raise InputError(
                f"init: found shape {tuple(init.shape)}, expected {tuple(images.shape[1:])}"
            )
        check_images(init.view_as(images[:1]), "init", images.shape[1])
        return init.detach().view_as(images[:1]).to(images)
    if init == "image":
        return images[int(weights.argmax())][None].clone()
    if has_alpha(images):
        colours = _initial(spread_colours(images, wrap), weights, init, seed, wrap)
        return inside(colours, Outlines.of(images, wrap).between(weights)[None])
    if init == "blend":
        return weighted_mean(images, weights)[None]
    if init == "objects":
        return meet(images, weights, wrap)
    if init == "texture":
        return texture_noise(images, weights[None], seed, wrap)
    if init == "noise":
        return noise_images(images, 1, seed)
    known = ", ".join(get_args(Init))
    raise InputError(f"init: found {init!r}, expected one of {known} or a tensor")
