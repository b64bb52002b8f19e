"""``elpips benchmark certificates``: attacks inside the radii that lipsim certifies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import torch
import tyro
from torch import Tensor
from tqdm import tqdm

from ...geometry.ball import Ball
from ...geometry.bounded_attacks import ATTACKERS
from ...metrics import InputError
from ...metrics.lipschitz import LipSim, certify, load_lipsim
from ..runs.options import describe_metric, resolve_device, weights_record
from ..runs.tables import format_table, print_json
from .dataset import read_families

Attacked = Literal["reference", "first", "second"]
"""Which image of a triplet is changed."""

_TRIPLET: tuple[Attacked, ...] = ("reference", "first", "second")


@dataclass(frozen=True)
class Outcome:
    """What attacks at one share of the radius have reached.

    Attributes
    ----------
    attacks
        How many: triplets with a radius above 0, times restarts.
    flips
        How many of them changed the judgement.
    nearest
        The least margin that was left, over the margin before; below 0 for a flip.
    """

    attacks: int
    flips: int
    nearest: float


def benchmark_certificates_command(
    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")],
    *,
    trunk: Path | None = None,
    attacked: Attacked = "reference",
    multiples: tuple[float, ...] = (0.5, 0.9, 0.99, 2.0, 4.0),
    attack: Literal["apgd", "pgd"] = "apgd",
    steps: int = 100,
    restarts: int = 2,
    limit: int | None = None,
    batch: int = 60,
    seed: int = 0,
    device: str = "auto",
    json: bool = False,
) -> int:
    """Attack judgements of lipsim at multiples of their certified radii; below 1 none may flip.

    DIR is a family of triplets, DIR/{ref,p0,p1,judge}, or holds some, as `elpips make-2afc`
    writes them. The attack lowers the margin by which the closer alternative is closer. Exit
    code 1 where a judgement flips at a multiple of at most 1.

    Parameters
    ----------
    folder
        The family, or the set.
    trunk
        A checkpoint of LipSim's release, or a file of `elpips train-lipsim`.
    attacked
        Which image is changed.
    multiples
        Of the certified radius; those above 1 show how tight it is.
    attack
        How.
    steps
        Gradients per attack.
    restarts
        Random starts of each attack.
    limit
        At most this many triplets of each family, spread over all.
    batch
        Triplets at a time.
    seed
        Of the random starts.
    device
        auto, cpu, cuda, cuda:1, ...
    json
        Print JSON.
    """
    if steps < 1:
        raise InputError(f"steps: found {steps}, expected at least 1")
    where = resolve_device(device)
    metric = load_lipsim(trunk).to(where)
    found = [each.limited(limit) for each in read_families(folder)]
    loaded = [part for each in found for part in each.batches(batch)]
    triplets = [[each.to(where) for each in (part.ref, part.p0, part.p1)] for part in loaded]
    outcomes = {}
    with tqdm(total=len(multiples) * restarts * sum(map(len, found)), disable=None) as bar:
        for share in multiples:
            parts = []
            for index, part in enumerate(triplets):
                for restart in range(restarts):
                    rng = torch.Generator().manual_seed(seed + restart + index * batch * restarts)
                    parts.append(flips(metric, part, attacked, share, attack, steps, rng))
                    bar.update(len(part[0]))
            outcomes[share] = joined(parts)
    broken = sum(each.flips for share, each in outcomes.items() if share <= 1)
    if json:
        record = {"attacked": attacked, "attack": attack, "steps": steps, "outcomes": outcomes}
        print_json({"weights": weights_record(metric), **record, "violations": broken})
    else:
        rows = [("radius / certified", "attacks", "flips", "least margin left")]
        for share, each in outcomes.items():
            rows.append((f"{share:g}", str(each.attacks), str(each.flips), f"{each.nearest:.3f}"))
        print(format_table(rows, "<>>>"))
        print(f"{describe_metric(metric)}; {attacked} attacked by {attack}, {steps} steps")
        print(f"violations: {broken}")
    return 1 if broken else 0


def flips(
    metric: LipSim,
    triplet: Sequence[Tensor],
    attacked: Attacked,
    share: float,
    attack: str,
    steps: int,
    rng: torch.Generator,
) -> Outcome:
    """Attack one image of each triplet (3 of (N, 3, H, W)) at a share of its radius."""
    which = _TRIPLET.index(attacked)
    found = certify(metric, *triplet)
    radii = torch.stack([found.reference, *found.alternatives.unbind(1)])[which] * share
    kept = radii > 0
    if not kept.any():
        return Outcome(0, 0, 1.0)
    images, radii = [each[kept] for each in triplet], radii[kept]
    sign = torch.where(found.closest == 0, 1.0, -1.0).to(images[0])[kept]
    margin = _margin(metric, images, which, sign)
    center, largest = images[which], float(radii.max())
    before = margin(center)
    # Each image has a ball of its own: it goes less of the way in the ball of the largest.
    part = (radii / largest).to(center).view(-1, 1, 1, 1)
    raised = ATTACKERS[attack](
        lambda x: -margin(center + part * (x - center)),
        center,
        Ball("l2", largest),
        steps,
        rng,
        "best",
    )
    left = -raised.values / before
    return Outcome(len(left), int((left < 0).sum()), float(left.min()))


def joined(parts: Sequence[Outcome]) -> Outcome:
    """Return the outcomes of several batches as one."""
    return Outcome(
        sum(each.attacks for each in parts),
        sum(each.flips for each in parts),
        min(each.nearest for each in parts),
    )


def _margin(
    metric: LipSim, images: Sequence[Tensor], which: int, sign: Tensor
) -> Callable[[Tensor], Tensor]:
    """Return by how much the closer alternative is closer, (N,), as one image changes."""
    with torch.no_grad():
        fixed = [metric.embed(each, metric.draw((1, 1))).layers[0].flatten(1) for each in images]

    def margin(x: Tensor) -> Tensor:
        f = [*fixed]
        f[which] = metric.embed(x, metric.draw((1, 1))).layers[0].flatten(1)
        # <f, f0 - f1>, in double: the difference of two distances would cancel.
        return 2 * sign * (f[0].double() * (f[1].double() - f[2].double())).sum(1)

    return margin
