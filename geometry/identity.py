"""What tells one problem from another: by it a run is known that may go on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ..metrics import InputError, Metric
from ..metrics.precision import precision_of
from ..optim import RunState

Identity = Mapping[str, Any]
"""Plain numbers, strings and lists by name; equal for the same problem on any machine."""


class IdentityError(InputError):
    """A run that belongs to another problem than the one it is to go on with."""


def digest(images: Tensor) -> str:
    """Return the SHA-256 of the very pixels."""
    return hashlib.sha256(images.cpu().numpy().tobytes()).hexdigest()


def metric_identity(metric: Metric, working_metric: Metric) -> dict[str, Any]:
    """Return what tells a metric from others: weights, ensemble, gradients' precision."""
    return {
        "metric": metric.name,
        "metric weights": [weights.sha256 for weights in metric.pretrained],
        "ensemble": str(getattr(metric, "ensemble", None)),
        "precision": precision_of(working_metric),
    }


def check_identity(run: RunState, identity: Identity) -> RunState:
    """Return ``run``, or raise `IdentityError` with the first difference if it is another's."""
    for key in {**run.identity, **identity}:
        made, found = run.identity.get(key), identity.get(key)
        if made != found:
            raise IdentityError(
                f"the checkpoint was made with {key} {made!r}, found {found!r}; resume with the "
                "same images and options"
            )
    return run
