"""The geodesic as a stochastic problem: samples of the path energy, held-out judgement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import Tensor

from ..metrics import Draw, Metric, create_metric, working_copy
from ..metrics.backgrounds import channels_for, suited
from ..metrics.base import image_size
from ..metrics.seeds import stream
from ..metrics.tiling import Wrap, wrap_of
from ..optim import GradientSample, Preconditioner, project
from ..rgba import has_alpha
from .bands import BandPreconditioner
from .company import Alone
from .ends import check_ends, check_frames
from .footprint import Footprint, fitted, path_need, path_network
from .identity import Identity, digest, digests, metric_identity
from .masks import check_mask, masked, unfrozen, within
from .noise import noise_images, texture_noise
from .options import GeodesicOptions
from .outline import inside, spread_colours
from .path_energy import frames_at_a_time
from .ranks import Constant, active
from .reference_path import PathInit, Reference, reference_path
from .shared_path import Split, Task, by_draws, by_frames, what_to_split
from .sine_modes import PathPreconditioner, times_of
from .torus import resize

_HELD_OUT_DRAWS = 4


@dataclass(frozen=True)
class GeodesicProblem:
    """The path energy over the inner frames (N - 1, 3, H, W) of N transitions.

    Energies are as `path_energy` defines them, plus ``pixel_weight`` times N sum_i of the mean
    square pixel differences, whatever the power.

    Attributes
    ----------
    ends
        Start and end (2, 3, H, W).
    transitions
        N.
    working_metric
        The same metric in a faster precision, for gradients and for choosing among iterates.
    reference
        The path whose deviation is computed, at any times.
    init
        The name of the start; ``"texture"`` and ``"noise"`` start from noise instead of the
        reference.
    chunk
        Frames on the tape at a time.
    split
        What several ranks share.
    held_out_draws
        Draws set aside for choosing the best iterate.
    mask
        How far pixels may go, (H, W) in [0, 1]: where 0 they stay the reference's.
    memory
        What it takes of memory, where that was looked at.
    """

    ends: Tensor
    transitions: int
    metric: Metric
    working_metric: Metric
    reference: Reference
    init: str = "crisp"
    power: int = 1
    draws: int = 1
    pixel_weight: float = 0.0
    chunk: int = 4
    split: Split = "auto"
    seed: int = 0
    held_out_draws: tuple[Draw, ...] = field(default=(), repr=False)
    mask: Tensor | None = field(default=None, repr=False)
    memory: Footprint | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        start: Tensor,
        end: Tensor,
        frames: int,
        options: GeodesicOptions | None = None,
        *,
        metric: Metric | str,
        init: PathInit | Tensor = "crisp",
        mask: Tensor | None = None,
    ) -> GeodesicProblem:
        """Check the arguments of `geodesic` and set the problem up."""
        options = options or GeodesicOptions()
        check_ends(start, end, channels_for(metric, start))
        released = options.schedule == "released"
        check_frames(frames, image_size(start), start.device, released=released)
        if isinstance(metric, str):
            metric = create_metric(metric, device=start.device)
        metric = suited(metric, start).tiled(options.tile)
        ends = torch.stack([start, end]).detach()
        chunk = frames_at_a_time(image_size(start), options.chunk)
        metric, working_metric, memory = fitted(
            path_need(
                frames,
                image_size(start),
                lambda metric: path_network(metric, ends, frames - 2, chunk),
                released=released,
            ),
            metric,
            working_copy(metric, options.precision),
            options.activation_checkpointing,
            image_size(start),
            start.device,
        )
        problem = cls(
            ends=ends,
            transitions=frames - 1,
            metric=metric,
            working_metric=working_metric,
            reference=reference_path(
                ends[0], ends[1], init, options.motion or 1.0, wrap_of(metric.tile)
            ),
            init=init if isinstance(init, str) else "frames",
            power=options.power,
            draws=options.draws if metric.stochastic else 1,
            pixel_weight=options.pixel_weight,
            chunk=chunk,
            split=options.split,
            seed=options.seed,
            mask=check_mask(mask, ends, options.schedule),
            memory=memory,
        )
        return replace(problem, held_out_draws=problem._set_aside(image_size(ends)))

    @property
    def identity(self) -> Identity:
        """What must agree for a run to go on."""
        return {
            "frames": self.transitions + 1,
            "init": self.init,
            **metric_identity(self.metric, self.working_metric),
            "power": self.power,
            "draws": self.draws,
            "pixel weight": self.pixel_weight,
            "seed": self.seed,
            "size": list(image_size(self.ends)),
            "images": digests(self.ends),
            "start": digest(self.initial),
            "mask": None if self.mask is None else digest(self.mask),
        }

    @property
    def wrap(self) -> Wrap:
        """Axes (y, x) on which images repeat."""
        return wrap_of(self.metric.tile)

    @property
    def size(self) -> tuple[int, int]:
        """(H, W)."""
        return image_size(self.ends)

    @cached_property
    def middle(self) -> Tensor:
        """The inner frames of the reference path, (N - 1, 3, H, W)."""
        return project(self.reference(times_of(self.transitions)[1:-1]))

    @cached_property
    def initial(self) -> Tensor:
        """Where to start: the reference path or, as far as a mask lets it, noise.

        Of images with transparency, noise inside the reference's outlines.
        """
        clear = has_alpha(self.ends)
        ends = spread_colours(self.ends, self.wrap) if clear else self.ends
        if self.init == "texture":
            times = torch.tensor(times_of(self.transitions)[1:-1])
            noise = texture_noise(ends, torch.stack([1 - times, times], 1), self.seed, self.wrap)
        elif self.init == "noise":
            noise = noise_images(ends, self.transitions - 1, self.seed)
        else:
            return self.middle
        noise = inside(noise, self.middle[:, 3:]) if clear else noise
        return noise if self.mask is None else self.middle.lerp(noise, self.mask)

    def at(self, transitions: int, size: tuple[int, int]) -> GeodesicProblem:
        """Return the same problem with other transitions and at another size (H, W)."""
        if size == self.size:
            return replace(self, transitions=transitions)
        reference, wrap = self.reference, self.wrap
        return replace(
            self,
            ends=resize(self.ends, size, wrap),
            transitions=transitions,
            reference=Reference(
                lambda times: resize(reference(times), size, wrap),
                resize(reference.halfway, size, wrap),
                outlined=reference.outlined,
            ),
            held_out_draws=self._set_aside(size),
            mask=None if self.mask is None else resize(self.mask[None, None], size, wrap)[0, 0],
        )

    def complete(self, frames: Tensor) -> Tensor:
        """Put the ends around inner frames: (N + 1, 3, H, W)."""
        return torch.cat([self.ends[:1], frames, self.ends[1:]])

    def sample(self, x: Tensor, generator: torch.Generator) -> GradientSample:
        """Sample the energy and its gradient on fresh draws shared by all frames."""
        draws = list(self.metric.draws(self.size, self.draws, generator))
        values, gradient = self._energies(x, draws)
        value, gradient = sum(values) / self.draws, gradient / self.draws
        work = x.numel() * sum(draw.share for draw in draws)
        if self.pixel_weight:
            energy, slope = _pixel_energy(self.complete(x))
            value += self.pixel_weight * energy
            gradient += self.pixel_weight * slope
        return GradientSample(value, unfrozen(gradient, self._reach), self.draws, work=work)

    @torch.no_grad()
    def held_out(self, x: Tensor) -> float:
        """Return the energy on the held-out draws."""
        values, _ = self._energies(x, self.held_out_draws, slope=False)
        pixels = _pixel_energy(self.complete(x))[0] if self.pixel_weight else 0.0
        return sum(values) / len(values) + self.pixel_weight * pixels

    def preconditioner(self) -> Preconditioner:
        """Return coordinates scaled by how far frames may have to go, by place and band."""
        ends = self.reference.halfway
        halves = torch.tensor([0.5, 0.5])
        bands = BandPreconditioner.around(ends.mean(0, keepdim=True), ends, halves, self.wrap)
        return masked(PathPreconditioner(bands, self.transitions), self._reach)

    @cached_property
    def _reach(self) -> Tensor | None:
        """How far pixels may go: the mask, and inside outlines that the reference has."""
        return within(self.middle[:, 3:], self.mask) if self.reference.outlined else self.mask

    def _energies(
        self, x: Tensor, draws: Sequence[Draw], *, slope: bool = True
    ) -> tuple[list[float], Tensor]:
        """Return the energy on each draw and the sum of its gradients, by all ranks there are."""
        metric, task = self.working_metric, Task(tuple(draws), self.power, self.chunk, slope)
        if (ranks := active()) is None:
            return by_draws(Alone(), metric, self.ends, x, task)
        # What only judges is the same number for number if each draw is one rank's.
        split = what_to_split(self.split, len(x), len(draws), ranks.size) if slope else "draws"
        if split == "frames":
            return ranks.call(by_frames, Constant(metric), Constant(self.ends), x, task)
        return ranks.call(by_draws, Constant(metric), Constant(self.ends), x, task)

    def _set_aside(self, size: tuple[int, int]) -> tuple[Draw, ...]:
        count = _HELD_OUT_DRAWS if self.metric.stochastic else 1
        return tuple(self.metric.draws(size, count, stream(self.seed, "held_out")))


def _pixel_energy(frames: Tensor) -> tuple[float, Tensor]:
    """Return N sum_i mean (x_i+1 - x_i)^2 and its gradient on the inner frames."""
    steps = frames.diff(dim=0)
    scale = len(steps) / frames[0].numel()
    return float(scale * steps.square().sum()), 2 * scale * (steps[:-1] - steps[1:])
