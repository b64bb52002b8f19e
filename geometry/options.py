"""Options of the solving functions: each documented once, for the library and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeVar, get_args

import torch

from ..metrics import InputError, Precision
from ..metrics.checks import check_fields, check_number
from ..metrics.tiling import Tile, wrap_of
from ..optim import StoppingCriteria
from .footprint import Checkpointing
from .quality import Effort, Quality, check_quality, effort
from .shared_path import Split

Schedule = Literal["adaptive", "released"]


@dataclass(frozen=True)
class SolvingOptions:
    """What every solving function takes.

    Attributes
    ----------
    precision
        Of the network's arithmetic in gradients: auto (bfloat16 where the processor is made
        for it and the metric suits it), float32 or bfloat16. Results are judged in float32.
    evaluation_draws
        Fresh draws that the result is judged on, disjoint from those of the optimisation.
    seed
        Same seed, same numbers; 0 to 2^63 - 1.
    """

    precision: Precision = "auto"
    evaluation_draws: int = 64
    seed: int = 0

    def check(self) -> None:
        """Raise `InputError` for numbers that no run can use, before the work begins."""
        check_fields(self)
        self.criteria(1)

    def criteria(self, default_steps: int) -> StoppingCriteria:
        """Return when a run stops whose steps are ``default_steps`` unless they are set."""
        raise NotImplementedError


@dataclass(frozen=True)
class DescentOptions(SolvingOptions):
    """What barycenters and geodesics take.

    Attributes
    ----------
    quality
        draft, standard or best: how many steps are taken, and on a path where. By default
        standard, best on a GPU, and for a path draft where ``steps`` or ``motion`` are given.
    steps
        Optimiser steps in all (of a path, on all its levels), those of a resumed run
        included; by quality if not given.
    power
        1 sums the distances, which are squared feature distances (unbiased, with an exact
        certificate); 2 sums their squares, as the authors' scripts do.
    draws
        Random draws of the ensemble per step, shared by all images.
    schedule
        adaptive (steps scaled to the images), or released (the authors' for barycenters,
        meant for 100,000 steps; a path is then computed on all frames at once).
    tolerance
        Stop when the gradient has fallen to this fraction of its first norm; 0 is off.
    patience
        Stop after this many evaluations (one per 50 steps) without a new best; 0 is off.
    tile
        Keep images seamless that repeat along x (left and right borders meet), y (top and
        bottom), or both. Distances are then of images without borders.
    activation_checkpointing
        Keep little of an image's way through the network and compute it again for the gradient:
        on, off, or auto, where the memory does not suffice without. Gradients are the same.
    """

    quality: Quality | None = None
    steps: int | None = None
    power: int = 1
    draws: int = 1
    schedule: Schedule = "adaptive"
    tolerance: float = 0.0
    patience: int = 0
    tile: Tile = "none"
    activation_checkpointing: Checkpointing = "auto"

    def check(self) -> None:
        """Raise `InputError` for numbers that no run can use, before the work begins."""
        super().check()
        check_quality(self.quality)
        if self.schedule not in get_args(Schedule):
            known = "expected 'adaptive' or 'released'"
            raise InputError(f"schedule: found {self.schedule!r}, {known}")
        wrap_of(self.tile)

    def effort(self, device: torch.device) -> Effort:
        """Return what the quality does on a device."""
        return effort(self.quality, self.steps, device)

    def criteria(self, default_steps: int) -> StoppingCriteria:
        """Return when a run stops that takes ``default_steps`` unless they are set."""
        steps = default_steps if self.steps is None else self.steps
        return make_criteria(steps, self.tolerance, self.patience)


@dataclass(frozen=True)
class BarycenterOptions(DescentOptions):
    """How a barycenter is computed.

    Attributes
    ----------
    subset
        Look at this many inputs per step, drawn at random by weight; at all by default.
    """

    subset: int | None = None


@dataclass(frozen=True)
class GeodesicOptions(DescentOptions):
    """How a geodesic is computed.

    Attributes
    ----------
    coarse_to_fine
        Find paths of 2, 4, 8, ... transitions first.
    halvings
        Find paths of images half, a quarter, ... the size first: this many times.
    step_size
        First step size, in units of how far frames may have to go by place and band; by
        quality and start if not given.
    pixel_weight
        Weight of the path's energy in mean square pixel differences, which settles what the
        metric leaves free.
    motion
        Let objects move: start from both ends moved so that their objects meet. The number
        weighs the smoothness of the motion against how well they match: 1 suits textures, the
        larger the less is moved; nothing is by default.
    equal_steps
        Space the frames equally in perceptual length at the end.
    chunk
        Frames on the tape at a time, memory against speed; by their size if not given.
    split
        What several processes (of torchrun) share: frames, draws, or auto: what divides better.
    """

    evaluation_draws: int = 12
    coarse_to_fine: bool = True
    halvings: int = 0
    step_size: float | None = None
    pixel_weight: float = 0.0
    motion: float | None = None
    equal_steps: bool = False
    chunk: int | None = None
    split: Split = "auto"

    def check(self) -> None:
        """Raise `InputError` for what no run can use, before the work begins."""
        super().check()
        if self.split not in get_args(Split):
            raise InputError(f"split: found {self.split!r}, expected auto, frames or draws")

    def effort(self, device: torch.device) -> Effort:
        """Return what the quality does on a device; from where objects meet, a draft will do."""
        moving = self.quality is None and self.motion is not None
        return effort("draft" if moving else self.quality, self.steps, device)


INTERPOLATION = GeodesicOptions(quality="draft", step_size=0.05)
"""The defaults of `interpolate`: the start along the optical flow is close already."""

ANCHOR_SIGMA = 0.05
"""Standard deviation of the anchor's noise, measured on the authors' published anchor."""


@dataclass(frozen=True)
class AttackOptions(SolvingOptions):
    """How an attack is carried out.

    Attributes
    ----------
    steps
        Optimiser steps in all, those of a resumed run included; 300 for a1 and 100 for a2
        by default.
    sigma
        Standard deviation of the Gaussian noise that makes the anchor.
    """

    steps: int | None = None
    sigma: float = ANCHOR_SIGMA

    def criteria(self, default_steps: int) -> StoppingCriteria:
        """Return when an attack stops that takes ``default_steps`` unless they are set."""
        steps = default_steps if self.steps is None else self.steps
        return make_criteria(steps, evaluate_every=100)


O = TypeVar("O", bound=SolvingOptions)  # noqa: E741 (options)


def choose_options(options: O, overrides: Mapping[str, Any]) -> O:
    """Return checked ``options`` with the fields in ``overrides`` replaced.

    Raises
    ------
    TypeError
        There is no such option.
    InputError
        A value is out of range.
    """
    known = [field.name for field in fields(options)]
    for name in overrides:
        if name not in known:
            raise TypeError(f"there is no option {name!r}; expected any of {', '.join(known)}")
    chosen = replace(options, **overrides)
    chosen.check()
    return chosen


def check_draws(draws: int) -> None:
    """Raise `InputError` unless there is a draw to evaluate on, and not beyond measure."""
    check_number("evaluation_draws", draws)


def make_criteria(
    steps: int, tolerance: float = 0.0, patience: int = 0, evaluate_every: int = 50
) -> StoppingCriteria:
    """Return the criteria by which a run stops, or raise `InputError`."""
    try:
        return StoppingCriteria(steps, tolerance, patience, evaluate_every)
    except ValueError as error:
        raise InputError(str(error)) from None
