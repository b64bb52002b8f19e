"""What tells one problem from another: by it a run is known that may go on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ..metrics import InputError, Metric
from ..metrics.precision import precision_of
from ..optim import RunState
from ..rgba import CHANNELS

Identity = Mapping[str, Any]
"""Plain numbers, strings and lists by name; equal for the same problem on any machine."""

# In the user's words, what differs; what other entries follow from comes last.
_WORDS = {
    "kind": "kind {made}, not {found}",
    "size": "images of {made} px (height, width), not {found}",
    "alpha": "--alpha {made}, not {found}",
    "images": "other images ({which}), or other --alpha or --crop",
    "source": "another source image",
    "target": "another target image, or none",
    "frames": "--frames {made}, not {found}",
    "weights": "--weights {made}, not {found}",
    "metric": "--metric {made}, not {found}",
    "tile": "--tile {made}, not {found}",
    "ensemble": "another --ensemble, or other --scale-levels",
    "metric weights": "other files of the metric's weights",
    "precision": "--precision {made}, not {found}",
    "seed": "--seed {made}, not {found}",
    "power": "--power {made}, not {found}",
    "draws": "--draws {made}, not {found}",
    "subset": "--subset {made}, not {found}",
    "sigma": "--sigma {made}, not {found}",
    "pixel weight": "--pixel-weight {made}, not {found}",
    "schedule": "--schedule {made}, not {found}",
    "init": "--init {made}, not {found}",
    "mask": "another --mask, or one given and one not",
    "levels": "other levels (--halvings, --coarse-to-fine)",
    "level steps": "another --quality, or --steps given and not given",
    "solver": "another --step-size, --quality or --schedule",
    "start": "another start (--init, --motion, or the pictures it names)",
}
_LONGEST = 60


class IdentityError(InputError):
    """A run that belongs to another problem than the one it is to go on with."""


def digest(images: Tensor) -> str:
    """Return the SHA-256 of the very pixels."""
    return hashlib.sha256(images.cpu().numpy().tobytes()).hexdigest()


def digests(images: Tensor) -> list[str]:
    """Return the SHA-256 of the pixels of each of images (N, 3, H, W)."""
    return [digest(image) for image in images]


def metric_identity(metric: Metric, working_metric: Metric) -> dict[str, Any]:
    """Return what tells a metric from others: weights, ensemble, gradients' precision."""
    return {
        "metric": metric.name,
        "metric weights": [weights.sha256 for weights in metric.pretrained],
        "ensemble": str(getattr(metric, "ensemble", None)),
        # As of runs that were begun before images could tile.
        "tile": None if metric.tile == "none" else metric.tile,
        "alpha": "keep" if metric.channels == CHANNELS else "another",
        "precision": precision_of(working_metric),
    }


def check_identity(run: RunState, identity: Identity) -> RunState:
    """Return ``run``, or raise `IdentityError` if it is another's: what was changed, in words."""
    # Runs that were begun before it was said are told apart by their images.
    made = {"alpha": identity.get("alpha"), **run.identity}
    keys = [key for key in {**identity, **made} if made.get(key) != identity.get(key)]
    if not keys:
        return run
    keys.sort(key=lambda key: list(_WORDS).index(key) if key in _WORDS else -1)
    changed = _in_words(keys[0], made.get(keys[0]), identity.get(keys[0]))
    raise IdentityError(
        f"the checkpoint was made with {changed}; resume with the same images and options, or "
        "start anew without --resume"
    )


def _in_words(key: str, made: Any, found: Any) -> str:
    which = ""
    if isinstance(made, list) and isinstance(found, list):
        which = f"{len(made)}, not {len(found)}"
        if len(made) == len(found):
            places = [
                i + 1 for i, pair in enumerate(zip(made, found, strict=True)) if _differ(pair)
            ]
            which = f"number {', '.join(map(str, places))} of {len(made)}"
            if sorted(map(str, made)) == sorted(map(str, found)):
                which = "in another order"
    words = _WORDS.get(key, f"{key} {{made}}, not {{found}}")
    return words.format(made=_short(made), found=_short(found), which=which)


def _differ(pair: tuple[Any, Any]) -> bool:
    return bool(pair[0] != pair[1])


def _short(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
