"""Adversarial training of a metric: the loop, which goes on where it was stopped."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .adversarial_options import AdversarialOptions
from .dataset import Triplets
from .inner_attack import attack_batch, contrastive_losses
from .random_numbers import generator_of
from .ranking_network import RankingNetwork, ranking_losses
from .trainable import Trainable
from .training_state import read_training, write_training

_EVERY = 8
_HEAD_BATCH = 50


@dataclass(frozen=True)
class TripletSet:
    """Triplets in memory: images (N, 3, 3, H, W) uint8 of ref, p0, p1; judgements (N,)."""

    images: Tensor
    judge: Tensor

    def __len__(self) -> int:
        """Return N."""
        return len(self.images)

    def batch(self, rows: Tensor, device: torch.device) -> Triplets:
        """Return the triplets of some rows, on a device."""
        images = self.images[rows].to(device).float() / 255
        ref, p0, p1 = images.unbind(1)
        return Triplets(ref, p0, p1, self.judge[rows].to(device))


@dataclass(frozen=True)
class AdversarialFit:
    """A trained metric, and the mean losses of each epoch on clean and attacked triplets."""

    model: Trainable
    clean: tuple[float, ...]
    adversarial: tuple[float, ...]


def fit_adversarially(
    model: Trainable,
    triplets: TripletSet,
    options: AdversarialOptions,
    *,
    checkpoint: Path,
    identity: Mapping[str, Any],
    progress: Callable[[int, float, float], object] = lambda steps, clean, adversarial: None,
) -> AdversarialFit:
    """Train a metric on triplets as they are and under attack; the sum of its weights is kept.

    Parameters
    ----------
    model
        What is trained, in place.
    triplets
        At least one.
    options
        How.
    checkpoint
        File that is written now and then, and gone on from where it is there: the same
        numbers come out as without a stop.
    identity
        What a checkpoint must have been made with besides ``options``: plain numbers and text.
    progress
        Called with the number of steps done and the two losses of the last.

    Raises
    ------
    InputError
        A seed out of range, or a checkpoint of another training.
    """
    device, total = model.linear.device, float(model.linear.detach().sum())
    ranking = RankingNetwork(options.hidden, generator_of(options.seed, "ranking")).to(device)
    adam = _optimiser(model, ranking, options)
    steps_per_epoch = -(-len(triplets) // options.batch)
    steps = steps_per_epoch * (options.epochs + options.decay_epochs)
    losses = torch.full((steps, 2), math.nan, dtype=torch.float64)
    identity = {**identity, "options": asdict(options), "triplets": len(triplets)}
    state = read_training(checkpoint, identity, device)
    done = 0 if state is None else _restore(state, model, ranking, adam, losses)
    if done == 0 and options.mode == "ranking":
        _head_start(model, ranking, triplets, options)
    rates = [group["lr"] for group in _optimiser(model, ranking, options).param_groups]
    for step in range(done, steps):
        epoch, index = divmod(step, steps_per_epoch)
        order = torch.randperm(len(triplets), generator=generator_of(options.seed, "order", epoch))
        batch = triplets.batch(order.split(options.batch)[index], device)
        for group, rate in zip(adam.param_groups, rates, strict=True):
            group["lr"] = rate * options.rate_factor(step, steps_per_epoch)
        losses[step] = _train_step(model, ranking, adam, batch, options, step)
        model.keep_sum(total)
        if (step + 1) % _EVERY == 0 or step + 1 == steps:
            state = _state(model, ranking, adam, losses, step + 1)
            write_training(checkpoint, identity, state)
        progress(step + 1, *losses[step].tolist())
    means = losses.split(steps_per_epoch)
    clean, adversarial = ([float(each[:, i].mean()) for each in means] for i in (0, 1))
    return AdversarialFit(model, tuple(clean), tuple(adversarial))


def _train_step(
    model: Trainable,
    ranking: RankingNetwork,
    adam: torch.optim.Optimizer,
    batch: Triplets,
    options: AdversarialOptions,
    step: int,
) -> Tensor:
    """Take one step; return the mean losses (2,) on clean and attacked triplets."""
    balls, kinds = options.balls, options.attacked
    attacked = attack_batch(
        model,
        ranking,
        batch,
        kinds[step // len(balls) % len(kinds)],
        balls[step % len(balls)],
        options,
        generator_of(options.seed, "attack", step),
    )
    clean = _losses(model, ranking, batch, batch, options).mean()
    adversarial = _losses(model, ranking, attacked, batch, options).mean()
    share = options.adversarial_share
    adam.zero_grad()
    torch.lerp(clean, adversarial, share).backward()
    adam.step()
    return torch.stack([clean.detach(), adversarial.detach()]).double().cpu()


def _losses(
    model: Trainable,
    ranking: RankingNetwork,
    triplets: Triplets,
    clean: Triplets,
    options: AdversarialOptions,
) -> Tensor:
    """Return the losses (N,) of triplets that may be attacked."""
    if options.mode == "contrastive":
        points, references = model.features(triplets.ref), model.features(clean.ref)
        return contrastive_losses(model, points, references, options.temperature)
    ref, p0, p1 = (model.features(each) for each in (triplets.ref, triplets.p0, triplets.p1))
    distances = model.distance(ref, p0), model.distance(ref, p1)
    return ranking_losses(ranking, *distances, triplets.judge)


def _head_start(
    model: Trainable, ranking: RankingNetwork, triplets: TripletSet, options: AdversarialOptions
) -> None:
    """Let the ranking network learn what the distances mean, before they change."""
    device = model.linear.device
    rows = []
    with torch.no_grad():
        for chosen in torch.arange(len(triplets)).split(_HEAD_BATCH):
            batch = triplets.batch(chosen, device)
            ref, p0, p1 = (model.features(each) for each in (batch.ref, batch.p0, batch.p1))
            rows.append(torch.stack([model.distance(ref, p0), model.distance(ref, p1)]))
    distances, judge = torch.cat(rows, dim=1), triplets.judge.to(device)
    adam = torch.optim.Adam(ranking.parameters(), options.ranking_rate, options.betas)
    generator = generator_of(options.seed, "head start")
    for _ in range(options.head_start):
        chosen = torch.randint(len(judge), (options.batch,), generator=generator).to(device)
        first, second = distances[:, chosen]
        loss = ranking_losses(ranking, first, second, judge[chosen]).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()


def _optimiser(
    model: Trainable, ranking: RankingNetwork, options: AdversarialOptions
) -> torch.optim.Adam:
    rate = options.rate * float(model.linear.detach().mean())
    groups: list[dict[str, Any]] = [
        {"params": [model.linear], "lr": rate},
        {"params": list(ranking.parameters()), "lr": options.ranking_rate},
    ]
    if model.trains_trunk:
        groups.append({"params": model.network_tensors, "lr": options.trunk_rate})
    return torch.optim.Adam(groups, betas=options.betas)


def _state(
    model: Trainable,
    ranking: RankingNetwork,
    adam: torch.optim.Optimizer,
    losses: Tensor,
    done: int,
) -> dict[str, Any]:
    """Return all that a training needs to go on after ``done`` steps."""
    return {
        "done": done,
        "linear": model.linear.detach(),
        "network": [each.detach() for each in model.network_tensors],
        "ranking": ranking.state_dict(),
        "adam": adam.state_dict(),
        "losses": losses,
    }


def _restore(
    state: Mapping[str, Any],
    model: Trainable,
    ranking: RankingNetwork,
    adam: torch.optim.Optimizer,
    losses: Tensor,
) -> int:
    """Put back what `_state` returned; return the number of steps that are done."""
    with torch.no_grad():
        model.linear.copy_(state["linear"])
        for tensor, value in zip(model.network_tensors, state["network"], strict=True):
            tensor.copy_(value)
    ranking.load_state_dict(state["ranking"])
    adam.load_state_dict(state["adam"])
    losses.copy_(state["losses"])
    return int(state["done"])
