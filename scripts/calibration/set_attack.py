"""A metric's choices on triplets, as they are and under attack inside balls."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ...geometry.ball import Ball
from ...geometry.bounded_attacks import ATTACKERS, Keep, Raised
from ...geometry.ranks import Constant
from ...geometry.sharing import device_of_each, shared_out
from ...geometry.strata import Strata
from ...metrics import Draw, Metric
from ...metrics.base import image_size
from ...metrics.checks import check_fields
from ...metrics.errors import InputError
from .attacked import ATTACKED, Attacked, attacked_distances, attacked_images, with_images
from .dataset import Triplets
from .random_numbers import generator_of

Advance = Callable[[int], object]


@dataclass(frozen=True)
class SetAttackOptions:
    """How the choices of a metric are attacked.

    Attributes
    ----------
    attacks
        pgd, apgd: one after the other on the triplets that the metric still judges rightly.
    steps
        Gradients of each attack.
    restarts
        Times that each attack is made, from another random start.
    attacked
        Which image may change: reference, first, second; both: the two alternatives.
    linf
        Radii of pixel values in [0, 1].
    l2
        Radii over all values of an image.
    gradient_draws
        Random draws that each gradient is a mean over; 1 for a metric that is not random.
    draws
        Random draws that choices are judged on, which no attack has seen.
    batch
        Triplets that are attacked at once.
    seed
        Of the random starts and draws.
    """

    attacks: tuple[str, ...] = ("pgd", "apgd")
    steps: int = 40
    restarts: int = 1
    attacked: Attacked = "reference"
    linf: tuple[float, ...] = (4 / 255,)
    l2: tuple[float, ...] = (1.0,)
    gradient_draws: int = 1
    draws: int = 16
    batch: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the options; raises `InputError`."""
        check_fields(self)
        if not self.attacks or not set(self.attacks) <= set(ATTACKERS):
            raise InputError(f"attacks: found {self.attacks}, expected any of {[*ATTACKERS]}")
        if self.attacked not in ATTACKED:
            raise InputError(f"attacked: found {self.attacked!r}, expected one of {[*ATTACKED]}")
        if self.steps < 1:
            raise InputError(f"steps: found {self.steps}, expected at least 1")
        if not self.balls:
            raise InputError("found no radius of --linf or --l2, expected at least one")

    @property
    def balls(self) -> tuple[Ball, ...]:
        """The balls to attack in; raises `InputError` for what is no radius."""
        return (*(Ball("linf", r) for r in self.linf), *(Ball("l2", r) for r in self.l2))


@dataclass(frozen=True)
class Outcome:
    """What became of a metric's choices.

    A margin is d(right) - d(wrong), right being what more than half of the judges preferred: the
    metric is right where it is below 0.

    Attributes
    ----------
    natural
        Margins (N,) in float64 without attack.
    attacked
        By ball: the largest margins (N,) that were found.
    by_attack
        By ball and attack: the largest margins (N,) after that attack and those before it.
    images
        By ball: the attacked images (N, K, 3, H, W) of the largest margins.
    seconds
        Per pair of images, all draws together.
    """

    natural: Tensor
    attacked: Mapping[str, Tensor]
    by_attack: Mapping[str, Mapping[str, Tensor]]
    images: Mapping[str, Tensor] = field(repr=False)
    seconds: float


def attack_triplets(
    metric: Metric, triplets: Triplets, options: SetAttackOptions, advance: Advance = lambda n: None
) -> Outcome:
    """Attack a metric's choices on triplets of which no judgement is a half.

    Every attack raises the margin, so towards the wrong choice. Of a metric that is random, each
    gradient is taken on fresh draws and the last iterate is judged; of others the best. Ranks of
    torchrun take batches in turn, and find what one process does.

    Parameters
    ----------
    metric
        On the device of the triplets.
    triplets
        N images and judgements.
    options
        How.
    advance
        Called with the number of triplets done since the last call.
    """
    parts = []
    device = device_of_each(triplets.ref.device)
    batches = (
        (start, triplets[start : start + options.batch].to(torch.device("cpu")))
        for start in range(0, len(triplets), options.batch)
    )
    for part in shared_out(_attack_batch, batches, Constant(metric), options, device):
        parts.append(part)
        advance(len(part.natural))
    return _joined(parts)


@torch.no_grad()
def margins(metric: Metric, triplets: Triplets, options: SetAttackOptions) -> Tensor:
    """Return margins (N,) in float64, as means over the draws that choices are judged on."""
    size = image_size(triplets.ref)
    generator = generator_of(options.seed, "judged on")
    strata = Strata.of(metric, size, options.draws, generator)
    rows = []
    for draw in strata.draws:
        ref, p0, p1 = (
            metric.embed(each, draw) for each in (triplets.ref, triplets.p0, triplets.p1)
        )
        first, second = metric.distance(ref, p0).double(), metric.distance(ref, p1).double()
        rows.append((_sign(triplets.judge) * (first - second)).cpu())
    return strata.mean(torch.stack(rows))


def decided(triplets: Triplets) -> Triplets:
    """Return the triplets of which more than half of the judges preferred one alternative."""
    return triplets[triplets.judge != 0.5]


def _attack_batch(
    batch: tuple[int, Triplets], metric: Metric, options: SetAttackOptions, device: torch.device
) -> Outcome:
    """Attack the triplets from a number on."""
    start, triplets = batch[0], batch[1].to(device)
    began = time.perf_counter()
    natural = margins(metric, triplets, options)
    seconds = (time.perf_counter() - began) / 2
    center = attacked_images(triplets, options.attacked)
    worst, images = {}, {}
    by_attack: dict[str, dict[str, Tensor]] = {}
    for ball in options.balls:
        largest, found = natural.clone(), center.clone()
        by_attack[ball.name] = {}
        for name in options.attacks:
            for restart in range(options.restarts):
                rows = (largest < 0).nonzero().flatten()
                if not len(rows):
                    break
                part = triplets[rows]
                words = (options.seed, name, ball.name, restart, start)
                raised = _attack(metric, part, ball, name, options, generator_of(*words))
                changed = with_images(part, options.attacked, raised.images)
                new = margins(metric, changed, options)
                better = new > largest[rows]
                largest[rows[better]] = new[better]
                found[rows[better]] = raised.images[better.to(raised.images.device)]
            by_attack[ball.name][name] = largest.clone()
        worst[ball.name], images[ball.name] = largest, found.cpu()
    return Outcome(natural, worst, by_attack, images, seconds)


def _attack(
    metric: Metric,
    triplets: Triplets,
    ball: Ball,
    name: str,
    options: SetAttackOptions,
    generator: torch.Generator,
) -> Raised:
    size, sign = image_size(triplets.ref), _sign(triplets.judge)
    center = attacked_images(triplets, options.attacked)

    def distances_under(draw: Draw) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
        return attacked_distances(
            triplets, options.attacked, lambda images: metric.embed(images, draw), metric.distance
        )

    fixed = None if metric.stochastic else distances_under(metric.draw(size))

    def margin(x: Tensor) -> Tensor:
        if fixed is not None:
            first, second = fixed(x)
            return sign * (first - second)
        total = torch.zeros_like(sign)
        for _ in range(options.gradient_draws):
            # A draw for each triplet: their noise is then their own.
            draw = metric.draw(size, generator, batch=len(x))
            first, second = distances_under(draw)(x)
            total = total + sign * (first - second)
        return total / options.gradient_draws

    keep: Keep = "last" if metric.stochastic else "best"
    return ATTACKERS[name](margin, center, ball, options.steps, generator, keep)


def _sign(judge: Tensor) -> Tensor:
    """Return what makes d0 - d1 a margin: 1 where p0 is right, -1 where p1 is."""
    return 1.0 - 2.0 * (judge > 0.5).to(judge.dtype)


def _joined(parts: Sequence[Outcome]) -> Outcome:
    def joined(values: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        return {key: torch.cat([each[key] for each in values]) for key in values[0]}

    natural = torch.cat([each.natural for each in parts])
    return Outcome(
        natural,
        joined([each.attacked for each in parts]),
        {ball: joined([each.by_attack[ball] for each in parts]) for ball in parts[0].by_attack},
        joined([each.images for each in parts]),
        sum(each.seconds for each in parts) / len(natural),
    )
