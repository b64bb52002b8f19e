"""Geodesics: the shortest path of images between two images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor

from ..metrics import DEFAULT_METRIC, InputError, Metric
from ..metrics.backgrounds import channels_for
from ..optim import Callback, RunState, Solution, StopReason
from .cuts import is_cut
from .ends import check_ends
from .geodesic_problem import GeodesicProblem
from .identity import check_identity
from .multilevel import (
    Level,
    check_path_run,
    default_steps,
    minimise_path,
    on_finest,
    plan,
    start_path,
    work_after,
)
from .multilevel import identity as path_identity
from .notebook import animation, number, show, stopped
from .options import INTERPOLATION, GeodesicOptions, choose_options
from .path_evaluation import PathComparison, evaluate_path
from .progress import draws_bar, steps_bar
from .reference_path import PathInit, Reference, cross_fade, interpolate_path
from .reparametrise import reparametrise
from .sine_modes import times_of

DEFAULT_FRAMES = 10

_INTERRUPTED_DRAWS = 4


@dataclass(frozen=True)
class Geodesic:
    """A discrete geodesic and what is known about it.

    Attributes
    ----------
    frames
        (N + 1, 3, H, W) RGB in [0, 1]; the first and last are the ends, bit by bit.
    levels, options
        What was solved, coarse to fine, and how.
    solution
        How the solver got there.
    """

    frames: Tensor = field(repr=False)
    levels: tuple[Level, ...] = field(repr=False)
    options: GeodesicOptions
    solution: Solution = field(repr=False)
    _shown: bool = field(default=False, repr=False)

    @property
    def problem(self) -> GeodesicProblem:
        """The problem on the finest level."""
        return self.levels[-1].problem

    @property
    def reference(self) -> Reference:
        """The path it started from, at any times."""
        return self.problem.reference

    @cached_property
    def displacements(self) -> Tensor | None:
        """How what is at each pixel moves in each transition, halfway through it.

        (N, 2, H, W) in pixels, downwards and to the right; None where nothing is meant to.
        """
        count, velocity = self.problem.transitions, self.reference.velocity
        if velocity is None:
            return None
        return torch.stack([velocity((index + 0.5) / count) / count for index in range(count)])

    @property
    def stop_reason(self) -> StopReason:
        """Why the solver stopped."""
        return self.solution.result

    @cached_property
    def evaluation(self) -> PathComparison:
        """Measures of the path and of the cross-fade, on draws that nothing else has seen.

        Computed when it is first asked for; on few draws after Ctrl-C.
        """
        draws = self.options.evaluation_draws
        if self.solution.interrupted:
            draws = min(draws, _INTERRUPTED_DRAWS)
        with draws_bar(self.problem.metric, draws, shown=self._shown) as progress:
            return evaluate_path(
                self.problem.metric,
                self.frames,
                power=self.problem.power,
                draws=draws,
                seed=self.options.seed,
                chunk=self.problem.chunk,
                progress=progress,
            )

    def _repr_html_(self) -> str:
        """Show the path and the cross-fade in a notebook, with what is known so far."""
        start, end = self.frames[0], self.frames[-1]
        fade = cross_fade(start, end, times_of(len(self.frames) - 1))
        height, width = self.frames.shape[-2:]
        name = self.problem.metric.name
        return show(
            f"Geodesic of {len(self.frames)} frames of {width} x {height} px under {name}",
            animation(self.frames, "path") + animation(fade, "cross-fade"),
            [stopped(self.solution), *self._known()],
        )

    def _known(self) -> list[tuple[str, str]]:
        """Return what is known of it by name, without computing anything."""
        held_out = [("energy on held-out draws", f"{self.solution.objective:.4g}")]
        # The cached property's value, if it has one.
        if (found := self.__dict__.get("evaluation")) is None:
            return [*held_out, ("certificate", "computed when you ask for .evaluation")]
        ours, fade = found.path, found.baseline
        return [
            ("perceptual path length", number(ours.normalized_ppl, ours.normalized_ppl_error)),
            ("the cross-fade's", number(fade.normalized_ppl, fade.normalized_ppl_error)),
            ("excess over the lower bound", f"{ours.excess:.1%}"),
            ("the cross-fade's", f"{fade.excess:.1%}"),
            ("overlay", f"{ours.overlay:.2f}, by chance {ours.overlay_by_chance:.2f}"),
            ("fresh draws", f"{ours.draws}"),
        ]

    def __call__(self, t: float | Sequence[float] | Tensor) -> Tensor:
        """Return the image (3, H, W) at time t in [0, 1], or images (T, 3, H, W) at times.

        Raises
        ------
        InputError
            There is no time, or one outside [0, 1].
        """
        times = torch.as_tensor(t, dtype=torch.float64, device="cpu")
        if times.ndim > 1 or not times.numel():
            raise InputError(f"times: found {t!r}, expected one or a list of at least one")
        found = interpolate_path(self.frames, times.reshape(-1).tolist(), self.reference)
        return found if times.ndim else found[0]


def geodesic(
    start: Tensor,
    end: Tensor,
    frames: int = DEFAULT_FRAMES,
    options: GeodesicOptions | None = None,
    *,
    metric: Metric | str = DEFAULT_METRIC,
    init: PathInit | Tensor | None = None,
    mask: Tensor | None = None,
    run: RunState | None = None,
    callbacks: Iterable[Callback] = (),
    progress: str | None = None,
    **overrides: Any,
) -> Geodesic:
    """Compute the path of images between two images that has the least energy.

    The energy N sum_i D(x_i, x_i+1) of N transitions bounds the squared length of the path
    from above, and equals it where the steps are equal.

    Parameters
    ----------
    start, end
        Images (3, H, W) RGB in [0, 1], on the metric's device.
    frames
        N + 1, both ends counted; at least 3.
    options
        How; the defaults of `GeodesicOptions` if not given.
    metric
        The distance D, or the name of one.
    init
        Start from a cross-fade that keeps local contrast (``"crisp"``), the plain one
        (``"blend"``), the nearer end (``"nearest"``), noise (``"noise"``), noise with the local
        contrast of the ends and none of their outlines (``"texture"``), both ends moved along
        their optical flow (``"flow"``) or so that their objects meet (``"objects"``), or
        frames (T, 3, H, W) of any number. If not given, crisp or, with ``motion``, objects.
    mask
        How far each pixel may go, (H, W) in [0, 1]: 1 leaves it free, 0 keeps it exactly as
        the path it starts from has it, and between steps are that much smaller.
        Of noise and texture that is the fade (plain or crisp).
    run
        The state of an earlier run of the same problem, to go on from; see `load_run`.
    callbacks
        Called with the `RunState` after every step.
    progress
        Label of a progress bar on standard error; none if not given.
    **overrides
        Fields of `GeodesicOptions` that replace those of ``options``.

    Raises
    ------
    InputError
        Unusable images or options, or ``run`` is of another problem.

    References
    ----------
    .. [1] Kettunen et al., arXiv 1906.03973: discrete geodesics in E-LPIPS. The authors'
       code was never released; levels, solver and starts are this project's.
    """
    options = choose_options(options or GeodesicOptions(), overrides)
    if init is None:
        init = "crisp" if options.motion is None else "objects"
    problem = GeodesicProblem.of(start, end, frames, options, metric=metric, init=init, mask=mask)
    levels = plan(problem, options)
    if run is None:
        run = start_path(levels, options.seed)
    else:
        run = check_path_run(levels, check_identity(run, path_identity(levels)))
    criteria = options.criteria(default_steps(levels))
    work = partial(work_after, levels)
    with steps_bar(progress, criteria.steps, run.step, work) as bar:
        solution = minimise_path(levels, run, criteria, [bar, *callbacks])
    path = problem.complete(on_finest(levels, solution.value))
    if options.equal_steps:
        path = reparametrise(problem.metric, path, problem.held_out_draws, problem.reference)
    return Geodesic(path, levels, options, solution, progress is not None)


def interpolate(
    start: Tensor,
    end: Tensor,
    frames: int = 3,
    options: GeodesicOptions | None = None,
    *,
    metric: Metric | str = DEFAULT_METRIC,
    init: PathInit | Tensor | None = "flow",
    **arguments: Any,
) -> Geodesic:
    """Compute the frames between two frames of real footage, at equal times.

    A geodesic that starts from both frames warped along their optical flow, which finds
    motions that the metric alone cannot (beyond about 4 pixels), in small steps. From flow
    between two scenes (`is_cut`) there is nothing to find: each frame is then the nearer end,
    and the start of the result's problem is ``"nearest"``.

    Parameters
    ----------
    start, end
        Images (3, H, W) RGB in [0, 1], on the metric's device.
    frames
        Both ends counted: 3 gives one frame in between.
    options
        How; `INTERPOLATION` if not given.
    metric, init, **arguments
        As of `geodesic`.
    """
    known = [each.name for each in fields(GeodesicOptions)]
    overrides = {name: arguments.pop(name) for name in known if name in arguments}
    options = choose_options(options or INTERPOLATION, overrides)
    if isinstance(init, str) and init == "flow":
        check_ends(start, end, channels_for(metric, start))
        if is_cut(start[:3], end[:3]):
            init, options = "nearest", replace(options, steps=0)
    return geodesic(start, end, frames, options, metric=metric, init=init, **arguments)
