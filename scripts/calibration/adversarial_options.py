"""How a metric is trained against attacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...geometry.ball import Ball
from ...metrics.checks import check_fields
from ...metrics.errors import InputError
from .attacked import ATTACKED, Attacked

Mode = Literal["ranking", "contrastive"]
"""Preferences between two alternatives; or to know a patch again among those of a batch."""


@dataclass(frozen=True)
class AdversarialOptions:
    """How a metric is trained against attacks.

    Attributes
    ----------
    epochs
        Passes over the triplets at the full rate ...
    decay_epochs
        ... and then at a rate that falls to zero linearly.
    batch
        Triplets per step.
    rate
        Adam's step size of the linear weights, in units of their mean.
    ranking_rate
        Of the network that turns distances into a probability.
    trunk_rate
        Of the network's weights, with --train-trunk.
    betas
        Adam's decay rates.
    hidden
        Units in each of the two hidden layers of the ranking network.
    head_start
        Steps in which the ranking network learns alone, on the distances as they are.
    mode
        What is trained for. Contrastive: no judgements; the attack is on the reference.
    temperature
        Of the contrastive loss, a distance.
    train_trunk
        Train the network as well as the linear weights.
    adversarial_share
        Weight of the attacked triplets in the loss, from 0 to 1.
    attacked
        Which images are attacked: reference, first, second, both; in turn.
    linf
        Radius of the attack in pixel values of [0, 1]; None: no such attack.
    l2
        Radius over a whole image; in turn with linf. None: no such attack.
    attack_steps
        Gradients of an attack.
    as_released
        The attack of the released code: each step jumps to epsilon times the sign of the
        gradient under an untrained ranking network of its own, and out of [0, 1].
    seed
        Of the ranking network's first weights, the order of the triplets and the attacks.
    """

    epochs: int = 5
    decay_epochs: int = 3
    batch: int = 50
    rate: float = 0.05
    ranking_rate: float = 1e-3
    trunk_rate: float = 1e-5
    betas: tuple[float, float] = (0.9, 0.999)
    hidden: int = 32
    head_start: int = 500
    mode: Mode = "ranking"
    temperature: float = 0.1
    train_trunk: bool = False
    adversarial_share: float = 0.5
    attacked: tuple[Attacked, ...] = ("reference",)
    linf: float | None = 4 / 255
    l2: float | None = 1.0
    attack_steps: int = 7
    as_released: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the options; raises `InputError`."""
        check_fields(self)
        if not self.attacked or not set(self.attacked) <= set(ATTACKED):
            raise InputError(f"attacked: found {self.attacked}, expected any of {[*ATTACKED]}")
        if self.mode == "contrastive" and self.attacked != ("reference",):
            raise InputError("the contrastive mode attacks the reference alone")
        if self.mode == "contrastive" and self.batch < 2:
            raise InputError("the contrastive mode needs a --batch of 2 or more")
        if not self.balls:
            raise InputError("found neither --linf nor --l2, expected at least one")

    @property
    def balls(self) -> tuple[Ball, ...]:
        """The balls that attacks stay in; steps take them in turn."""
        radii = (("linf", self.linf), ("l2", self.l2))
        return tuple(Ball(norm, radius) for norm, radius in radii if radius is not None)  # type: ignore[arg-type]

    def rate_factor(self, step: int, steps_per_epoch: int) -> float:
        """Return what step sizes are multiplied by at a step, counted from 0."""
        late = step / steps_per_epoch - self.epochs
        return 1.0 if late <= 0 else 1 - late / self.decay_epochs
