"""Attacks as stochastic problems: what is raised or lowered, and what has to stay."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Literal

import torch
from scipy.optimize import brentq
from torch import Tensor

from ..metrics import (
    Draw,
    Embedding,
    InputError,
    Metric,
    create_metric,
    working_copy,
)
from ..metrics.base import image_size
from ..metrics.seeds import stream
from ..optim import Constraint, GradientSample, PrimalDualAdam, ProjectedMomentum, Solver, project
from .bands import BandPreconditioner
from .identity import Identity, digest, metric_identity
from .inputs import check_input
from .noise import noisy
from .options import AttackOptions
from .strata import Strata

AttackKind = Literal["a1", "a2"]

_HELD_OUT_DRAWS = 48
_TIGHTNESS = 2e-3
# Share of the anchor's distance that the optimisation leaves, lest held-out draws find it above.
_MARGIN = 0.02
# Where x is the source or the target, their difference has a gradient, too.
_TINY = 1e-12
# First step of A1 in pixel values, by band from fine to coarse: the noise of a step in fine
# bands costs metric distance, and photographs differ in coarse ones.
_FIRST_STEP, _DECAY, _DECAY_WITHOUT_NOISE = 0.04, 40.0, 200.0
_BAND_SPREAD = (0.1, 0.2, 0.4, 0.7, 1.0)


@dataclass(frozen=True)
class AttackProblem:
    """An attack on a metric as a stochastic problem over images x (1, 3, H, W).

    Attributes
    ----------
    source, anchor, target
        (1, 3, H, W); no target: away from the source.
    metric, working_metric
        The metric, and its copy that gives gradients.
    radius
        |anchor - source|, root mean square over pixels and channels.
    held_out_draws
        Those that the constraint is verified on.
    sigma, seed
        Of the anchor's noise, and of all draws.
    """

    kind: AttackKind
    source: Tensor
    anchor: Tensor
    target: Tensor | None
    metric: Metric
    working_metric: Metric
    radius: float
    held_out_draws: Strata = field(repr=False)
    sigma: float
    seed: int
    _kept: list[Embedding] = field(default_factory=list, repr=False)

    @classmethod
    def of(
        cls,
        kind: AttackKind,
        source: Tensor,
        target: Tensor | None = None,
        options: AttackOptions | None = None,
        *,
        metric: Metric | str,
    ) -> AttackProblem:
        """Check the arguments of `attack` and set the problem up."""
        options = options or AttackOptions()
        if kind not in ("a1", "a2"):
            raise InputError(f"attack: found {kind!r}, expected a1 or a2")
        if kind == "a2" and target is not None:
            raise InputError("attack a2 raises the distance to its source; it takes no target")
        check_input(source, "source")
        if target is not None:
            check_input(target, "target")
            if target.shape != source.shape:
                shapes = f"{tuple(source.shape)} and {tuple(target.shape)}"
                raise InputError(f"source and target differ in shape: {shapes}")
            if torch.equal(source, target):
                raise InputError("source and target are the same image")
        if isinstance(metric, str):
            metric = create_metric(metric, device=source.device)
        source = source[None].detach()
        anchor = noisy(source, options.sigma, options.seed)
        generator = stream(options.seed, "held_out")
        held_out = Strata.of(metric, image_size(source), _HELD_OUT_DRAWS, generator)
        return cls(
            kind=kind,
            source=source,
            anchor=anchor,
            target=None if target is None else target[None].detach(),
            metric=metric,
            working_metric=working_copy(metric, options.precision),
            radius=rms(anchor - source),
            held_out_draws=held_out,
            sigma=options.sigma,
            seed=options.seed,
        )

    @property
    def identity(self) -> Identity:
        """What must agree for a run to go on."""
        return {
            "kind": self.kind,
            "size": list(image_size(self.source)),
            "source": digest(self.source),
            "target": None if self.target is None else digest(self.target),
            **metric_identity(self.metric, self.working_metric),
            "sigma": self.sigma,
            "seed": self.seed,
        }

    @cached_property
    def level(self) -> float:
        """Return d(anchor, source) on the held-out draws."""
        level = mean_distance(self.metric, self.anchor, self.source, self.held_out_draws)
        if not level > 0:
            name = self.metric.name
            raise InputError(f"{name} does not tell the noisy anchor from the source")
        return level

    def sample(self, x: Tensor, generator: torch.Generator) -> GradientSample:
        """Sample the goal and, for A1, the constraint on one draw."""
        variable = x.detach().requires_grad_()
        (draw,) = self.working_metric.draws(image_size(x), 1, generator)
        fixed = self._fixed(draw)
        distance = (
            self.working_metric.distance(self.working_metric.embed(variable, draw), fixed[0]).sum()
            / self.level
        )
        (slope,) = torch.autograd.grad(distance, variable)
        value = float(distance.detach())
        if self.kind == "a2":
            return GradientSample(-value, -slope)
        level = float(self.working_metric.distance(fixed[1], fixed[0])) / self.level
        goal = self._goal(variable)
        (gradient,) = torch.autograd.grad(goal, variable)
        constraint = Constraint(value - (1 - _MARGIN) * level, slope)
        return GradientSample(float(goal.detach()), gradient, constraint=constraint)

    @torch.no_grad()
    def held_out(self, x: Tensor) -> float:
        """Return the goal on held-out draws; for A1 of x drawn back to about the constraint."""
        length = self._relative_length(x)
        if self.kind == "a2":
            return -(length**2)
        return float(self._goal(torch.lerp(self.source, x, 1 / max(1.0, length))))

    def solver(self) -> Solver[Any]:
        """Return the solver of the attack."""
        if self.kind == "a2":
            return ProjectedMomentum(self.source, self.radius)
        spread = torch.tensor(_BAND_SPREAD, dtype=self.source.dtype, device=self.source.device)
        bands = BandPreconditioner(spread.view(1, -1, 1, 1, 1))
        decay = _DECAY if self.metric.stochastic else _DECAY_WITHOUT_NOISE
        return PrimalDualAdam(bands, fraction=_FIRST_STEP, decay=decay)

    @torch.no_grad()
    def tighten(self, x: Tensor) -> Tensor:
        """Return the point on the line through x where the constraint of A1 is just kept.

        Back towards the source where x breaks the constraint, on towards the target (away from
        the source) where it leaves room. To `_TIGHTNESS` of the way, on the held-out draws.
        """
        if self.kind == "a2":
            return x
        length = self._relative_length(x)
        if length > 1:
            way = partial(torch.lerp, self.source, x)
            known = {0.0: -1.0, 1.0: length - 1}
        else:
            beyond = 2 * x - self.source if self.target is None else self.target
            way = partial(torch.lerp, x, project(beyond))
            known = {0.0: length - 1, 1.0: self._relative_length(way(1.0)) - 1}
            if known[1.0] <= 0:
                return way(1.0)

        def excess_at(share: float) -> float:
            if share not in known:
                known[share] = self._relative_length(way(share)) - 1
            return known[share]

        brentq(excess_at, 0.0, 1.0, xtol=_TIGHTNESS)
        return way(max(share for share, value in known.items() if value <= 0))

    def _goal(self, x: Tensor) -> Tensor:
        """Return |x - t| or, without a target, minus |x - r|, in units of |b - r|."""
        away = x - (self.source if self.target is None else self.target)
        length = (away.square().mean() + _TINY).sqrt() / self.radius
        return -length if self.target is None else length

    def _relative_length(self, x: Tensor) -> float:
        """Return sqrt(d(x, r) / d(b, r)) on the held-out draws; about linear on a line from r."""
        distance = mean_distance(self.metric, x, self.source, self.held_out_draws)
        return math.sqrt(distance / self.level)

    @torch.no_grad()
    def _fixed(self, draw: Draw) -> Embedding:
        """Embed the source and, for A1, the anchor; once where nothing is random."""
        if self._kept:
            return self._kept[0]
        fixed = [self.source, self.anchor] if self.kind == "a1" else [self.source]
        embedding = self.working_metric.embed(torch.cat(fixed), draw)
        if not self.metric.stochastic:
            self._kept.append(embedding)
        return embedding


@torch.no_grad()
def mean_distance(metric: Metric, x: Tensor, y: Tensor, draws: Strata) -> float:
    """Return the mean distance of x and y (1, 3, H, W) over draws."""
    values = []
    for draw in draws.draws:
        embedding = metric.embed(torch.cat([x, y]), draw)
        values.append(metric.distance(embedding[0], embedding[1]).double().cpu())
    return float(draws.mean(torch.cat(values)))


def rms(difference: Tensor) -> float:
    """Return the root mean square of a tensor."""
    return float(difference.square().mean().sqrt())
