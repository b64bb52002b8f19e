"""Our metrics as a measure of torchmetrics: the mean over all pairs of an evaluation.

Imported by those who use it; it needs the extra ``torchmetrics`` of this distribution.

>>> from elpips.metrics.torchmetrics import PerceptualDistance
>>> measure = PerceptualDistance("elpips_vgg", draws=4)  # doctest: +SKIP
>>> measure.update(restored, photographs)  # doctest: +SKIP
>>> measure.compute(), measure.standard_error()  # doctest: +SKIP
"""

from __future__ import annotations

import hashlib
from typing import Any

import torch
from torch import Tensor

from .base import Metric
from .checks import require_number
from .registry import DEFAULT_METRIC, create_metric
from .statistics import standard_error

try:
    import torchmetrics
except ModuleNotFoundError as error:
    raise ImportError(
        "elpips.metrics.torchmetrics needs torchmetrics; install elpips-geometry[torchmetrics]"
    ) from error


class PerceptualDistance(torchmetrics.Metric):
    """The mean distance of pairs of images, over batches and processes.

    Each update has draws of its own, from the seed, the number of the update since the last
    `reset` and the process: the same evaluation gives the same number. Sums are kept, so that
    processes add up exactly.

    Parameters
    ----------
    metric
        The distance, or the name of one.
    draws
        Random draws for each pair, at least 1; at least 2 for a standard error. A metric that
        is not random takes 1.
    seed
        0 to 2^63 - 1.
    **options
        As of `torchmetrics.Metric`, such as ``dist_sync_on_step``.

    Raises
    ------
    InputError
        Unknown metric, no draws, no seed.

    Examples
    --------
    >>> measure = PerceptualDistance("lpips_vgg").to("cuda")  # doctest: +SKIP
    >>> measures = torchmetrics.MetricCollection([measure, PSNR()])  # doctest: +SKIP
    """

    is_differentiable = False
    higher_is_better = False
    full_state_update = False
    plot_lower_bound = 0.0

    total: Tensor
    variance: Tensor
    pairs: Tensor

    def __init__(
        self,
        metric: Metric | str = DEFAULT_METRIC,
        *,
        draws: int = 2,
        seed: int = 0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        require_number("draws", draws)
        require_number("seed", seed)
        self.distance = create_metric(metric) if isinstance(metric, str) else metric
        self.draws = draws if self.distance.stochastic else 1
        self.seed = seed
        self._updates = 0
        self._in_forward = False
        zero = torch.zeros((), dtype=torch.float64)
        self.add_state("total", zero, dist_reduce_fx="sum")
        self.add_state("variance", zero.clone(), dist_reduce_fx="sum")
        self.add_state("pairs", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    @torch.no_grad()
    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add pairs of images (N, 3, H, W) in [0, 1], where the metric is.

        Raises
        ------
        InputError
            Images of another shape, type or range, or of two shapes.
        """
        generator = _generator(self.seed, self._updates)
        sums = torch.stack(
            [
                self.distance(preds, target, generator=generator).double().sum()
                for _ in range(self.draws)
            ]
        )
        # The pairs of a batch are stratified among each other: only whole batches are
        # independent of each other.
        error = standard_error(sums, stochastic=self.distance.stochastic)
        self.total += sums.mean()
        self.variance += error**2
        self.pairs += len(preds)
        self._updates += 1

    def compute(self) -> Tensor:
        """Return the mean distance, a scalar; NaN before the first update."""
        return self.total / self.pairs

    def standard_error(self) -> Tensor:
        """Return how far other draws would take the mean of these pairs: one standard error.

        A scalar over all processes, which all have to call it. NaN with one draw; 0 for a metric
        that is not random. It says nothing of other pairs.
        """
        with self.sync_context(should_sync=self._to_sync, should_unsync=self._should_unsync):
            return self.variance.sqrt() / self.pairs

    def forward(self, *images: Tensor, **named: Tensor) -> Any:
        """Add a batch as `update` does, and return the mean distance of that batch."""
        self._in_forward = True
        try:
            return super().forward(*images, **named)
        finally:
            self._in_forward = False

    def reset(self) -> None:
        """Forget all pairs, and begin with the first update's draws again."""
        super().reset()
        # torchmetrics resets within `forward`, too, to measure one batch.
        if not self._in_forward:
            self._updates = 0


def _generator(seed: int, update: int) -> torch.Generator:
    """Return the generator of one update in this process."""
    rank = torch.distributed.get_rank() if torch.distributed.is_initialized() else 0
    digest = hashlib.sha256(f"{seed}/torchmetrics/{rank}/{update}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)
