"""How good is a path? Measures from shared-draw distances, with a certificate.

On shared draws D(x, y) = ||Phi(x) - Phi(y)||^2 in one fixed feature space, so that sqrt(D)
obeys the triangle inequality, and every path from A to B has

    length = sum_i sqrt(D_i) >= chord = sqrt(D(A, B)),   energy = N sum_i D_i >= chord^2

exactly, on the finite set of draws they were computed with. ``excess`` = length / chord - 1
thus bounds how much longer the path is than the shortest one. It is a bound and not an
error: it is reached only where the straight line in feature space consists of images.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from ..metrics import Draw, Embedding, InputError, Metric, check_images
from ..metrics.backgrounds import suited
from ..metrics.base import image_size
from ..metrics.seeds import stream
from ..metrics.statistics import standard_error
from .options import check_draws
from .path_appearance import PathAppearance
from .path_energy import frames_at_a_time
from .reference_path import cross_fade
from .sine_modes import times_of


@dataclass(frozen=True)
class PathEvaluation(PathAppearance):
    """A path of N transitions judged on draws that nothing was optimised or selected on.

    Distances D are means over draws, shared by all frames. How it looks is of the pictures.

    Attributes
    ----------
    length, chord, excess
        sum_i sqrt(D_i), sqrt(D(A, B)) and length / chord - 1: the certificate.
    energy, energy_error
        N^(2p-1) sum_i D_i^p for power p, and its standard error.
    normalized_ppl, normalized_ppl_error
        N sum_i D_i / D(A, B) >= 1: perceptual path length, free of scale and frame count.
    uniformity_cv
        Standard deviation over mean of the step sizes sqrt(D_i); 0 for equal steps.
    end_step_ratio
        The larger of the first and last step over the median step: a jump at the ends, where
        frames leave or reach real images, shows as a value far above 1.
    curvature
        Mean angle in degrees between successive steps in feature space.
    deviation
        Largest distance of a frame from the straight line in feature space, over the chord.
    steps
        sqrt(D_i) per transition.
    draws
        Number of draws.
    """

    length: float
    chord: float
    excess: float
    energy: float
    energy_error: float
    normalized_ppl: float
    normalized_ppl_error: float
    uniformity_cv: float
    end_step_ratio: float
    curvature: float
    deviation: float
    steps: tuple[float, ...]
    draws: int


@dataclass(frozen=True)
class PathComparison:
    """A path and the cross-fade of its ends on the same draws.

    Attributes
    ----------
    path, baseline
        Of the path and of the cross-fade.
    advantage, advantage_error
        Energy of the path minus the cross-fade's, and the standard error of it.
    """

    path: PathEvaluation
    baseline: PathEvaluation
    advantage: float
    advantage_error: float

    @property
    def beats_baseline(self) -> bool:
        """Whether the energy is not above the cross-fade's."""
        return self.advantage <= 0

    @property
    def relative_overlay(self) -> float:
        """The overlay beyond chance, as a share of the cross-fade's: 1 for a double exposure."""
        beyond, fade = (
            each.overlay - each.overlay_by_chance for each in (self.path, self.baseline)
        )
        return _ratio(beyond, fade)


@dataclass(frozen=True)
class _Distances:
    """Sampled distances, each (draws, ...) in float64; frames are 0..N."""

    steps: Tensor  # D(i, i+1), (draws, N)
    skips: Tensor  # D(i, i+2), (draws, N - 1)
    to_start: Tensor  # D(0, i), (draws, N + 1)
    to_end: Tensor  # D(i, N), (draws, N + 1)


@torch.no_grad()
def evaluate_path(
    metric: Metric,
    frames: Tensor,
    *,
    power: int = 1,
    draws: int = 16,
    seed: int = 0,
    chunk: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> PathComparison:
    """Evaluate a path of frames (N + 1, 3, H, W), N >= 2, and the cross-fade of its ends.

    All frames of both share every draw and go through the network once per draw, ``chunk``
    at a time; memory does not grow with their number. ``progress`` is called with the
    number of draws so far.
    """
    metric = suited(metric, frames)
    check_images(frames, "frames", metric.channels)
    if len(frames) < 3:
        raise InputError(f"frames: found {len(frames)}, expected at least 3, ends included")
    check_draws(draws)
    chunk = frames_at_a_time(image_size(frames), chunk)
    fade = cross_fade(frames[0], frames[-1], times_of(len(frames) - 1))
    samples: list[list[_Distances]] = []
    count = draws if metric.stochastic else 1
    for draw in metric.draws(image_size(frames), count, stream(seed, "evaluate")):
        ends = metric.embed(frames[[0, -1]], draw)
        samples.append([_distances(metric, path, ends, draw, chunk) for path in (frames, fade)])
        if progress is not None:
            progress(len(samples))
    ours, baselines = ([sample[which] for sample in samples] for which in (0, 1))
    random = metric.stochastic
    path, energies = _evaluation(frames, _stack(ours), power, random)
    baseline, baseline_energies = _evaluation(fade, _stack(baselines), power, random)
    return PathComparison(
        path,
        baseline,
        path.energy - baseline.energy,
        float(standard_error(energies - baseline_energies, stochastic=random)),
    )


def _distances(
    metric: Metric, frames: Tensor, ends: Embedding, draw: Draw, chunk: int
) -> _Distances:
    """Return the distances on one draw, keeping only the last two embeddings."""
    start, end = ends[0], ends[1]
    recent = [start]
    rows: dict[str, list[Tensor]] = {"steps": [], "skips": [], "to_start": [], "to_end": []}
    _append(metric, rows, [], start, start, end)
    for part in frames[1:-1].split(chunk):
        embedding = metric.embed(part, draw)
        for index in range(len(part)):
            point = embedding[index]
            _append(metric, rows, recent, point, start, end)
            recent = [*recent[-1:], point]
    _append(metric, rows, recent, end, start, end)
    stacked = {name: torch.cat(values).double().cpu() for name, values in rows.items()}
    return _Distances(**stacked)


def _append(
    metric: Metric,
    rows: dict[str, list[Tensor]],
    recent: list[Embedding],
    point: Embedding,
    first: Embedding,
    end: Embedding,
) -> None:
    """Add the distances of a frame to those before it, and to both ends."""
    for name, other in zip(("steps", "skips"), recent[::-1], strict=False):
        rows[name].append(metric.distance(point, other))
    rows["to_start"].append(metric.distance(point, first))
    rows["to_end"].append(metric.distance(point, end))


def _stack(samples: list[_Distances]) -> _Distances:
    names = [field.name for field in fields(_Distances)]
    return _Distances(*(torch.stack([getattr(each, name) for each in samples]) for name in names))


def _evaluation(
    frames: Tensor, samples: _Distances, power: int, stochastic: bool
) -> tuple[PathEvaluation, Tensor]:
    """Return the measures, and the energy's samples (draws,) linearised about the mean."""
    count = len(frames) - 1
    squared = samples.steps.mean(0)
    between = float(samples.to_end[:, 0].mean())
    steps, chord = squared.sqrt(), math.sqrt(between)
    scale = float(count) ** (2 * power - 1)
    energies = scale * (power * squared ** (power - 1) * samples.steps).sum(1)
    ppl = count * float(squared.sum()) / between if between > 0 else math.nan
    shares = count * samples.steps.sum(1) - ppl * samples.to_end[:, 0]
    mean = float(steps.mean())
    evaluation = PathEvaluation(
        **vars(PathAppearance.of(frames)),
        length=float(steps.sum()),
        chord=chord,
        excess=_ratio(float(steps.sum()), chord) - 1,
        energy=scale * float((squared**power).sum()),
        energy_error=float(standard_error(energies, stochastic=stochastic)),
        normalized_ppl=ppl,
        normalized_ppl_error=_ratio(float(standard_error(shares, stochastic=stochastic)), between),
        uniformity_cv=_ratio(float(steps.std(unbiased=False)), mean),
        end_step_ratio=_ratio(float(steps[[0, -1]].max()), float(steps.quantile(0.5))),
        curvature=_curvature(squared, samples.skips.mean(0)),
        deviation=_deviation(samples.to_start.mean(0), samples.to_end.mean(0)),
        steps=tuple(steps.tolist()),
        draws=len(samples.steps),
    )
    return evaluation, energies


def _curvature(steps: Tensor, skips: Tensor) -> float:
    """Return the mean angle in degrees, by the law of cosines."""
    product = (steps[:-1] * steps[1:]).sqrt()
    moving = product > 0
    if not moving.any():
        return 0.0
    cosine = (skips - steps[:-1] - steps[1:])[moving] / (2 * product[moving])
    return float(torch.rad2deg(cosine.clamp(-1, 1).acos()).mean())


def _deviation(to_start: Tensor, to_end: Tensor) -> float:
    chord = float(to_start[-1])
    if chord <= 0:
        return math.nan
    along = (to_start + chord - to_end) / (2 * chord)
    return float((to_start / chord - along.square()).clamp(min=0).max().sqrt())


def _ratio(value: float, reference: float) -> float:
    return value / reference if reference > 0 else math.nan
