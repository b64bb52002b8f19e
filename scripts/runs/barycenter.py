"""The files of ``elpips barycenter``: pictures, checkpoint, and whose checkpoint it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...geometry import BarycenterProblem
from ...geometry.barycenter import Schedule
from ...media.grid import Cell, save_grid
from ...media.write import save_image
from ...optim import RunState, Solution, Solver
from .files import prepare_outdir
from .folder import RunFolder, digest, metric_identity

_COMPARED_INPUTS = 6


@dataclass(frozen=True)
class BarycenterFiles(RunFolder):
    """The files of one run."""

    problem: BarycenterProblem
    solver: Solver

    def save_inputs(self, names: list[str]) -> None:
        """Save the inputs as used, and their pixel mean."""
        inputs = prepare_outdir(self.folder / "inputs")
        for index, (name, image) in enumerate(zip(names, self.problem.images, strict=True)):
            save_image(inputs / f"{index:02d}_{name}.png", image)
        save_image(self.folder / "mean.png", self.problem.mean)

    def save_snapshot(self, run: RunState) -> None:
        """Save the candidate at log-spaced steps; a callback."""
        if is_snapshot_step(run.step):
            snapshots = self.folder / "snapshots"
            snapshots.mkdir(exist_ok=True)
            candidate = self.solver.postprocess(run.x, run.solver)
            save_image(snapshots / f"{run.step:06d}.png", candidate[0])

    def save_comparison(
        self, names: list[str], solution: Solution, evaluation: Mapping[str, Any]
    ) -> None:
        """Save inputs, mean and result side by side, with their figures."""
        shown = list(zip(names, self.problem.images, strict=True))[:_COMPARED_INPUTS]
        baseline = evaluation["baseline"]
        cells = [Cell(image, name) for name, image in shown]
        cells.append(Cell(self.problem.mean, _caption("pixel mean", baseline)))
        cells.append(Cell(solution.value[0], _caption("barycenter", evaluation)))
        save_grid(self.folder / "comparison.png", [cells])

    def save_solution(self, solution: Solution) -> None:
        """Save the result, and the checkpoint to go on from."""
        save_image(self.folder / "barycenter.png", solution.value[0])
        self.save_state(solution.state)


def _caption(name: str, evaluation: Mapping[str, Any]) -> str:
    return f"{name}\n{evaluation['objective']:.4f}, detail {evaluation['high_band_ratio']:.2f}"


def is_snapshot_step(step: int) -> bool:
    """Whether ``step`` is 1, 2, 3, 5 or 7 times a power of ten."""
    digits = str(step)
    return digits[0] in "12357" and not digits[1:].strip("0")


def identity_of(
    problem: BarycenterProblem, schedule: Schedule, init: str, seed: int
) -> dict[str, Any]:
    """Return what must agree for a checkpoint to be resumed."""
    return {
        "images": digest(problem.images),
        "start": digest(problem.initial),
        "weights": [float(weight) for weight in problem.weights],
        **metric_identity(problem),
        "power": problem.power,
        "draws": problem.draws,
        "subset": problem.subset,
        "schedule": schedule,
        "seed": seed,
    }
