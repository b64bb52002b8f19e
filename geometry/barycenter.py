"""Barycenters: the image that minimises the weighted sum of distances to several images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from torch import Tensor

from ..metrics import DEFAULT_METRIC, Metric
from ..metrics.seeds import stream_seed
from ..optim import (
    Callback,
    PaperAdam,
    PreconditionedAdam,
    RunState,
    Solution,
    Solver,
    StopReason,
    minimise,
    start,
)
from .barycenter_evaluation import BarycenterEvaluation, evaluate_barycenter
from .barycenter_problem import BarycenterProblem, Init
from .identity import check_identity
from .notebook import number, show, still, stopped
from .options import BarycenterOptions, choose_options
from .progress import draws_bar, steps_bar
from .quality import barycenter_step_size
from .soundness import check_fits

_INTERRUPTED_DRAWS = 8
_MOST_INPUTS = 6


@dataclass(frozen=True)
class Barycenter:
    """A barycenter and what is known about it.

    Attributes
    ----------
    image
        (3, H, W) RGB in [0, 1].
    problem, options
        What was solved, and how.
    solution
        How the solver got there.
    """

    image: Tensor = field(repr=False)
    problem: BarycenterProblem = field(repr=False)
    options: BarycenterOptions
    solution: Solution = field(repr=False)
    _shown: bool = field(default=False, repr=False)

    @property
    def stop_reason(self) -> StopReason:
        """Why the solver stopped."""
        return self.solution.result

    @cached_property
    def evaluation(self) -> BarycenterEvaluation:
        """Objective, certificate and baselines on draws that nothing else has seen.

        Computed when it is first asked for; on few draws after Ctrl-C.
        """
        draws = self.options.evaluation_draws
        if self.solution.interrupted:
            draws = min(draws, _INTERRUPTED_DRAWS)
        with draws_bar(self.problem.metric, draws, shown=self._shown) as progress:
            return evaluate_barycenter(
                self.problem.metric,
                self.image,
                self.problem.images,
                self.problem.weights,
                power=self.problem.power,
                draws=draws,
                seed=self.options.seed,
                progress=progress,
            )

    def _repr_html_(self) -> str:
        """Show inputs, pixel mean and barycenter in a notebook, with what is known so far."""
        inputs, weights = self.problem.images, self.problem.weights.tolist()
        height, width = self.image.shape[-2:]
        pictures = [
            still(image, f"input {index + 1}, weight {weight:.2g}")
            for index, (image, weight) in enumerate(zip(inputs, weights, strict=True))
            if index < _MOST_INPUTS
        ]
        pictures += [still(self.problem.mean, "pixel mean"), still(self.image, "barycenter")]
        return show(
            f"Barycenter of {len(inputs)} images of {width} x {height} px "
            f"under {self.problem.metric.name}",
            "".join(pictures),
            [stopped(self.solution), *self._known()],
        )

    def _known(self) -> list[tuple[str, str]]:
        """Return what is known of it by name, without computing anything."""
        held_out = [("objective on held-out draws", f"{self.solution.objective:.4g}")]
        # The cached property's value, if it has one.
        if (found := self.__dict__.get("evaluation")) is None:
            return [*held_out, ("certificate", "computed when you ask for .evaluation")]
        mean = found.baseline
        return [
            ("objective", number(found.objective, found.standard_error)),
            ("the pixel mean's", number(mean.objective, mean.standard_error)),
            ("no image has less than", f"{found.lower_bound:.4g}"),
            ("excess over that", f"{found.excess:.1%}"),
            ("fresh draws", f"{found.draws}"),
        ]


def barycenter(
    images: Tensor,
    weights: Sequence[float] | None = None,
    options: BarycenterOptions | None = None,
    *,
    metric: Metric | str = DEFAULT_METRIC,
    init: Init | Tensor = "blend",
    mask: Tensor | None = None,
    run: RunState | None = None,
    callbacks: Iterable[Callback] = (),
    progress: str | None = None,
    **overrides: Any,
) -> Barycenter:
    """Compute the image x that minimises sum_k w_k D(x, a_k)^power, the Fréchet mean.

    Parameters
    ----------
    images
        The inputs a_k, (K, 3, H, W) RGB in [0, 1], on the metric's device.
    weights
        K non-negative numbers, normalised to sum 1; uniform by default.
    options
        How; the defaults of `BarycenterOptions` if not given.
    metric
        The distance D, or the name of one.
    init
        Start from the weighted pixel mean (``"blend"``), the inputs moved so that their
        objects meet (``"objects"``), noise with the inputs' local contrast and what they
        share (``"texture"``), Gaussian noise as released (``"noise"``), the input of largest
        weight (``"image"``) or a tensor (3, H, W).
    mask
        How far each pixel may go, (H, W) in [0, 1]: 1 leaves it free, 0 keeps it exactly as
        the start has it, and between steps are that much smaller.
    run
        The state of an earlier run of the same problem, to go on from; see `load_run`.
    callbacks
        Called with the `RunState` after every step.
    progress
        Label of a progress bar on standard error; none if not given.
    **overrides
        Fields of `BarycenterOptions` that replace those of ``options``.

    Raises
    ------
    InputError
        Unusable images, weights or options, or ``run`` is of another problem.

    References
    ----------
    .. [1] Kettunen et al., arXiv 1906.03973, section on barycenters; released as
       ``ex_pairwise_average.py`` (power 2, all inputs) and ``ex_bary10.py`` (subset 1).
    """
    options = choose_options(options or BarycenterOptions(), overrides)
    problem = BarycenterProblem.of(images, weights, options, metric=metric, init=init, mask=mask)
    solver: Solver[Any] = PaperAdam()
    if options.schedule == "adaptive":
        size = barycenter_step_size(init if isinstance(init, str) else "tensor")
        solver = PreconditionedAdam(problem.preconditioner(), fraction=size)
    identity = {**problem.identity, "schedule": options.schedule, "seed": options.seed}
    if run is None:
        seed = stream_seed(options.seed, "optimise")
        run = start(problem, solver, problem.initial, seed, identity)
    else:
        run = check_fits(check_identity(run, identity), solver, problem.initial)
    criteria = options.criteria(options.effort(images.device).steps)
    with steps_bar(progress, criteria.steps, run.step) as bar:
        solution = minimise(problem, solver, run, criteria, [bar, *callbacks])
    shown = progress is not None
    return Barycenter(solution.value[0], problem, options, solution, shown)
