"""Barycenters: the image that minimises the weighted sum of distances to several images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from geometry.certificate import BarycenterEvaluation, evaluate_barycenter
from geometry.sharpness import gaussian_blur
from metrics import Draw, InputError, Metric, check_images, create_metric
from metrics.base import image_size
from optim import (
    Callback,
    Limits,
    ReleasedAdam,
    Sample,
    Solution,
    Solver,
    SpreadAdam,
    minimise,
    start,
)

Init = Literal["blend", "noise", "image"]
Schedule = Literal["adaptive", "released"]

# Streams of random numbers that must not meet: optimisation, selection, judgement.
_STREAMS = {"optimise": 0, "held_out": 1, "evaluate": 2, "init": 3}
_HELD_OUT_DRAWS = 8
_SPREAD_SIGMA = 3.0


@dataclass(frozen=True)
class Barycenter:
    """A barycenter and what is known about it.

    Attributes
    ----------
    image
        (3, H, W) RGB in [0, 1].
    evaluation
        Objective, certificate and baselines on draws that nothing else has seen.
    solution
        How the solver got there.
    """

    image: Tensor
    evaluation: BarycenterEvaluation
    solution: Solution


def barycenter(
    images: Tensor,
    weights: Sequence[float] | None = None,
    *,
    metric: Metric | str = "elpips_vgg",
    init: Init | Tensor = "blend",
    power: int = 1,
    steps: int = 400,
    schedule: Schedule = "adaptive",
    draws: int = 1,
    subset: int | None = None,
    tolerance: float = 0.0,
    patience: int = 0,
    seed: int = 0,
    evaluation_draws: int = 64,
    callbacks: Iterable[Callback] = (),
) -> Barycenter:
    """Compute the image x that minimises sum_k w_k D(x, a_k)^power, the Fréchet mean.

    Parameters
    ----------
    images
        The inputs a_k, (K, 3, H, W) RGB in [0, 1], on the metric's device.
    weights
        K non-negative numbers, normalised to sum 1; uniform by default.
    metric
        The distance D, or the name of one.
    init
        Start from the weighted pixel mean (``"blend"``), Gaussian noise as released
        (``"noise"``), the input of largest weight (``"image"``) or a tensor (3, H, W).
    power
        1: the sum of E-LPIPS distances, which are squared feature distances (unbiased,
        with a tight certificate). 2: the sum of their squares, as in the release.
    steps
        Optimiser steps.
    schedule
        ``"adaptive"``: steps scaled to the images (`SpreadAdam`). ``"released"``: the
        authors' (`ReleasedAdam`), meant for 100,000 steps.
    draws
        Random draws per step, shared by all images.
    subset
        How many inputs, drawn at random by weight, a step looks at; all by default.
    tolerance, patience
        Further reasons to stop, see `optim.Limits`; off by default.
    seed
        Same seed, same numbers.
    evaluation_draws
        Draws for the evaluation, disjoint from those of the optimisation.
    callbacks
        Called with the `Run` after every step.

    Raises
    ------
    InputError
        Unusable images, weights or options.

    References
    ----------
    .. [1] Kettunen et al., arXiv 1906.03973, section on barycenters; released as
       ``ex_pairwise_average.py`` (power 2, all inputs) and ``ex_bary10.py`` (subset 1).
    """
    problem = BarycenterProblem.of(
        images,
        weights,
        metric=metric,
        init=init,
        power=power,
        draws=draws,
        subset=subset,
        seed=seed,
    )
    solution = minimise(
        problem,
        solver=(solver := make_solver(problem, schedule)),
        run=start(problem, solver, problem.initial, seed=stream_seed(seed, "optimise")),
        limits=Limits(steps, tolerance, patience),
        callbacks=callbacks,
    )
    image = solution.value[0]
    evaluation = evaluate_barycenter(
        image,
        problem.images,
        problem.weights,
        problem.metric,
        power=power,
        draws=evaluation_draws,
        generator=stream(seed, "evaluate"),
    )
    return Barycenter(image, evaluation, solution)


@dataclass(frozen=True)
class BarycenterProblem:
    """The objective sum_k w_k D(x, a_k)^power over images x (1, 3, H, W); see `barycenter`.

    Attributes
    ----------
    images, weights
        Inputs (K, 3, H, W) and their weights (K,) on the simplex.
    initial
        Where to start, (1, 3, H, W).
    held_out_draws
        Draws set aside for choosing the best iterate.
    """

    images: Tensor
    weights: Tensor
    metric: Metric
    initial: Tensor
    power: int = 1
    draws: int = 1
    subset: int | None = None
    held_out_draws: tuple[Draw, ...] = field(default=(), repr=False)

    @classmethod
    def of(
        cls,
        images: Tensor,
        weights: Sequence[float] | None = None,
        *,
        metric: Metric | str = "elpips_vgg",
        init: Init | Tensor = "blend",
        power: int = 1,
        draws: int = 1,
        subset: int | None = None,
        seed: int = 0,
    ) -> BarycenterProblem:
        """Check the arguments of `barycenter` and set the problem up."""
        check_images(images)
        if power not in (1, 2):
            raise InputError(f"power: found {power}, expected 1 or 2")
        if draws < 1:
            raise InputError(f"draws per step: found {draws}, expected at least 1")
        if subset is not None and not 1 <= subset <= len(images):
            raise InputError(f"subset: found {subset}, expected 1 to {len(images)} inputs")
        if isinstance(metric, str):
            metric = create_metric(metric, device=images.device)
        simplex = to_simplex(weights, len(images))
        return cls(
            images=images.detach(),
            weights=simplex.to(images),
            metric=metric,
            initial=_initial(images.detach(), simplex.to(images), init, seed),
            power=power,
            draws=draws,
            subset=None if subset == len(images) else subset,
            held_out_draws=tuple(
                metric.draws(
                    image_size(images),
                    _HELD_OUT_DRAWS if metric.stochastic else 1,
                    stream(seed, "held_out"),
                )
            ),
        )

    def sample(self, x: Tensor, generator: torch.Generator) -> Sample:
        """Sample the objective and its gradient on fresh draws shared by all images."""
        inputs, weights = self._choose(generator)
        variable = x.detach().requires_grad_()
        distances = torch.zeros_like(weights)
        draws = self.draws if self.metric.stochastic else 1
        for draw in self.metric.draws(image_size(x), draws, generator):
            with torch.no_grad():
                targets = self.metric.embed(inputs, draw)
            distances = distances + self.metric.distance(self.metric.embed(variable, draw), targets)
        value = weights @ (distances / draws) ** self.power
        (gradient,) = torch.autograd.grad(value, variable)
        return Sample(float(value.detach()), gradient, draws)

    @torch.no_grad()
    def held_out(self, x: Tensor) -> float:
        """Return the objective on the held-out draws."""
        points = torch.cat([x, self.images])
        total = torch.zeros_like(self.weights)
        for draw in self.held_out_draws:
            embedding = self.metric.embed(points, draw)
            total = total + self.metric.distance(embedding[1:], embedding[:1])
        return float(self.weights @ (total / len(self.held_out_draws)) ** self.power)

    def spread(self) -> Tensor:
        """Return the local distance (1, 1, H, W) of the inputs from the start, in pixel values.

        The root of the weighted mean square over inputs, channels and a Gaussian window;
        for a start from the blend, the local standard deviation of the inputs.
        """
        squares = (self.images - self.initial).square().mean(1, keepdim=True)
        local = gaussian_blur(
            torch.einsum("k,kchw->chw", self.weights, squares)[None], _SPREAD_SIGMA
        )
        # A floor, so that no pixel is frozen where the inputs happen to agree.
        return (local + 1e-3 * local.mean() + 1e-8).sqrt()

    def _choose(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return this step's inputs and weights: all, or a random subset drawn by weight."""
        if self.subset is None:
            return self.images, self.weights
        chosen = torch.multinomial(
            self.weights.cpu(), self.subset, replacement=True, generator=generator
        ).to(self.images.device)
        # Drawn by weight, each counts the same: the expectation is the full objective.
        return self.images[chosen], torch.full_like(self.weights[chosen], 1 / self.subset)


def stream(seed: int, purpose: str) -> torch.Generator:
    """Return the generator of one purpose: the streams of one seed never meet."""
    return torch.Generator().manual_seed(stream_seed(seed, purpose))


def stream_seed(seed: int, purpose: str) -> int:
    """Return the seed of one purpose's stream."""
    return seed * len(_STREAMS) + _STREAMS[purpose]


def make_solver(problem: BarycenterProblem, schedule: Schedule) -> Solver:
    """Return the solver of a schedule."""
    if schedule == "released":
        return ReleasedAdam()
    if schedule == "adaptive":
        return SpreadAdam(spread=problem.spread())
    raise InputError(f"schedule: found {schedule!r}, expected 'adaptive' or 'released'")


def to_simplex(weights: Sequence[float] | None, count: int) -> Tensor:
    """Return ``count`` weights (count,) that are non-negative and sum to 1."""
    if weights is None:
        return torch.full((count,), 1 / count, dtype=torch.float64)
    values = torch.as_tensor(weights, dtype=torch.float64)
    if values.shape != (count,):
        raise InputError(
            f"weights: found {values.numel()}, expected one for each of {count} images"
        )
    if not (torch.isfinite(values).all() and (values >= 0).all() and values.sum() > 0):
        raise InputError(f"weights: found {values.tolist()}, expected >= 0 and not all 0")
    return values / values.sum()


def _initial(images: Tensor, weights: Tensor, init: Init | Tensor, seed: int) -> Tensor:
    if isinstance(init, Tensor):
        if init.shape not in (images.shape[1:], images[:1].shape):
            raise InputError(
                f"init: found shape {tuple(init.shape)}, expected {tuple(images.shape[1:])}"
            )
        check_images(init.view_as(images[:1]), "init")
        return init.view_as(images[:1]).to(images)
    if init == "blend":
        return torch.einsum("k,kchw->chw", weights, images)[None].clamp(0, 1)
    if init == "image":
        return images[int(weights.argmax())][None].clone()
    if init == "noise":
        noise = torch.randn(images[:1].shape, generator=stream(seed, "init"))
        return (0.5 + 0.2 * noise).clamp(1e-5, 1 - 1e-5).to(images)
    raise InputError(f"init: found {init!r}, expected 'blend', 'noise', 'image' or a tensor")
