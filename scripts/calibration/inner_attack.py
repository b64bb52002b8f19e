"""The inner maximisation of adversarial training: the worst triplets for what is trained."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ...geometry.ball import Ball
from ...geometry.bounded_attacks import pgd
from .adversarial_options import AdversarialOptions
from .attacked import Attacked, attacked_distances, attacked_images, with_images
from .dataset import Triplets
from .ranking_network import RankingNetwork, ranking_losses
from .trainable import Features, Trainable

# As released (``lpips/trainer.py``): so long that each step forgets the one before.
_RELEASED_STEP = 1e4


def contrastive_losses(
    model: Trainable, points: Features, references: Features, temperature: float
) -> Tensor:
    """Return the cross-entropies (N,) of finding each of N images among N references."""
    logits = -model.all_distances(points, references) / temperature
    return F.cross_entropy(
        logits, torch.arange(len(logits), device=logits.device), reduction="none"
    )


def attack_batch(
    model: Trainable,
    ranking: RankingNetwork,
    triplets: Triplets,
    attacked: Attacked,
    ball: Ball,
    options: AdversarialOptions,
    generator: torch.Generator,
) -> Triplets:
    """Return triplets that raise the training loss, within a ball around those given.

    In evaluation mode, from a random start, with PGD that stays in [0, 1] and keeps the best;
    or as released.
    """
    center = attacked_images(triplets, attacked)
    if options.mode == "contrastive":
        with torch.no_grad():
            references = model.features(triplets.ref)

        def objective(x: Tensor) -> Tensor:
            points = model.features(x[:, 0])
            return contrastive_losses(model, points, references, options.temperature)

        found = pgd(objective, center, ball, options.attack_steps, generator).images
        return with_images(triplets, attacked, found)
    distances = attacked_distances(triplets, attacked, model.features, model.distance)
    if options.as_released:
        found = released_attack(distances, triplets.judge, center, ball, options, generator)
    else:

        def objective(x: Tensor) -> Tensor:
            return ranking_losses(ranking, *distances(x), triplets.judge)

        found = pgd(objective, center, ball, options.attack_steps, generator).images
    return with_images(triplets, attacked, found)


def released_attack(
    distances: Callable[[Tensor], tuple[Tensor, Tensor]],
    judge: Tensor,
    center: Tensor,
    ball: Ball,
    options: AdversarialOptions,
    generator: torch.Generator,
) -> Tensor:
    """Return what the released attack makes of images (N, K, 3, H, W); not kept in [0, 1].

    From a difference of zero, each step adds 1e4 times the sign of the gradient and cuts to the
    ball, under a ranking network with new random weights. Whether that raises or lowers a
    distance is up to chance; it is here for comparison.
    """
    x = center
    for _ in range(options.attack_steps):
        untrained = RankingNetwork(options.hidden, generator, orient=False).to(center.device)
        variable = x.detach().requires_grad_()
        losses = ranking_losses(untrained, *distances(variable), judge)
        (gradient,) = torch.autograd.grad(losses.sum(), variable)
        difference = x - center + _RELEASED_STEP * gradient.sign()
        if ball.norm == "linf":
            difference = difference.clamp(-ball.epsilon, ball.epsilon)
        else:
            length = difference.flatten(-3).norm(dim=-1).clamp_min(1e-12)
            difference = difference * (ball.epsilon / length).clamp_max(1)[..., None, None, None]
        x = center + difference
    return x.detach()
