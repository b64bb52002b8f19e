"""``elpips certify``: which of two images is closer, and what change could alter that."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import tyro

from ...metrics.lipschitz import Certificate, LipSim, certify, distance_interval, load_lipsim
from ..runs.options import (
    PictureOptions,
    Pictures,
    describe_metric,
    resolve_device,
    weights_record,
)
from ..runs.tables import format_table, print_json

_RADII = (36 / 255, 72 / 255, 108 / 255)


def certify_command(
    reference: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="REFERENCE")],
    a: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="A")],
    b: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="B")],
    *,
    pictures: Pictures = PictureOptions(),
    trunk: Path | None = None,
    radii: tuple[float, ...] = _RADII,
    device: str = "auto",
    json: bool = False,
) -> int:
    """Tell which of A and B is closer to a reference under lipsim, and how surely.

    A radius is the l2 norm of a change, over all pixels and channels of the image as it was
    read, values in [0, 1], below which no change of that one image can alter the judgement.

    Args:
        reference: The image file to compare with.
        a: An image file of the same size.
        b: Another one.
        pictures: How images are read.
        trunk: A checkpoint of LipSim's release, or a file of `elpips train-lipsim`.
        radii: Changes of the reference for which the distances are bounded.
        device: auto, cpu, cuda, cuda:1, ...
        json: Print JSON.
    """
    where = resolve_device(device)
    images = pictures.read([reference, a, b]).to(where)
    metric = load_lipsim(trunk).to(where)
    found = certify(metric, images[:1], images[1:2], images[2:])
    bounds = _bounds(metric, images, found, radii)
    if json:
        print_json(_record(metric, found, bounds, (reference, a, b)))
    else:
        print(_report(metric, found, bounds, (a, b)))
    return 0


def _bounds(
    metric: LipSim, images: Any, found: Certificate, radii: tuple[float, ...]
) -> list[dict[str, Any]]:
    """Return what the distances can become by a change of the reference of each radius."""
    phi = metric.features(images)
    rows = []
    for radius in radii:
        pairs = [
            distance_interval(phi[:1], phi[i : i + 1], radius, found.lipschitz) for i in (1, 2)
        ]
        intervals = [[low.item(), high.item()] for low, high in pairs]
        rows.append(
            {
                "radius": radius,
                "intervals": intervals,
                "certified": radius < found.reference.item(),
            }
        )
    return rows


def _record(
    metric: LipSim, found: Certificate, bounds: list[dict[str, Any]], paths: tuple[Path, ...]
) -> dict[str, Any]:
    return {
        "reference": paths[0],
        "images": paths[1:],
        "metric": metric.name,
        "weights": weights_record(metric),
        "distances": found.distances[0],
        "closest": int(found.closest),
        "radius": {
            "reference": found.reference.item(),
            "images": found.alternatives[0],
            "released": found.released.item(),
        },
        "norm": found.norm.item(),
        "lipschitz": found.lipschitz,
        "bounds": bounds,
    }


def _report(
    metric: LipSim, found: Certificate, bounds: list[dict[str, Any]], paths: tuple[Path, ...]
) -> str:
    rows = [("image", "distance", "radius of a change of it")]
    for path, distance, radius in zip(
        paths, found.distances[0].tolist(), found.alternatives[0].tolist(), strict=True
    ):
        rows.append((str(path), f"{distance:.6g}", f"{radius:.4g}"))
    radius = found.reference.item()
    changes: list[tuple[str, ...]] = [
        ("change of the reference", "distances can become", "", "judgement")
    ]
    for each in bounds:
        shown = (f"{low:.4g} to {high:.4g}" for low, high in each["intervals"])
        verdict = "certified" if each["certified"] else "open"
        changes.append((f"l2 {each['radius']:.4g}", *shown, verdict))
    nearer = paths[int(found.closest)]
    if radius > 0:
        line = f"closest: {nearer}, certified for changes of the reference below l2 {radius:.4g}"
    else:
        line = f"closest: {nearer}, not certified: the two are as close to within rounding"
    return "\n".join(
        [
            format_table(rows, "<>>"),
            format_table(changes, "<>><"),
            f"{describe_metric(metric)}; |phi| of the reference {found.norm.item():.4g}, Lipschitz "
            f"constant with resizing {found.lipschitz:.4g}; the release would claim "
            f"{found.released.item():.4g}",
            line,
        ]
    )
