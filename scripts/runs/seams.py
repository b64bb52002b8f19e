"""What is said of seams, where images are to repeat."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from torch import Tensor

from ...geometry.seam import measure_seams
from ...metrics.tiling import Tile

logger = logging.getLogger("elpips")

_BORDERS = {"x": ("left and right", "columns"), "y": ("top and bottom", "rows")}


def note_seams(names: Sequence[str], images: Tensor, tile: Tile) -> None:
    """Warn of input images (N, 3, H, W) that do not tile; the run goes on."""
    for axis, seams in measure_seams(images, tile).items():
        borders, lines = _BORDERS[axis]
        for index in seams.visible:
            logger.warning(
                "NOTE: %s does not tile: across its %s borders pixels differ %.1f times as much "
                "as between its %s; what becomes of it will not tile there either",
                names[index],
                borders,
                seams.elsewhere[index],
                lines,
            )


def seams_record(images: Tensor, tile: Tile) -> dict[str, Any]:
    """Return the seams of images (N, 3, H, W) for an ``evaluation`` of run.json, if they tile."""
    found = {axis: asdict(seams) for axis, seams in measure_seams(images, tile).items()}
    return {"seams": found} if found else {}


def seams_line(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the line of a closing table on all images that records have, if they tile."""
    largest = [
        f"{max(max(record['seams'][axis]['elsewhere']) for record in records):.2f} ({axis})"
        for axis in (records[0].get("seams", ()) if records else ())
    ]
    text = "seams: across borders pixels differ up to {} times as much as inside"
    return [text.format(", ".join(largest))] if largest else []
