"""``elpips certify-2afc``: how often lipsim agrees with judges, and cannot be made not to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import tyro
from tqdm import tqdm

from ...metrics.lipschitz import load_lipsim
from ...metrics.statistics import Mean
from ..runs.options import describe_metric, resolve_device, weights_record
from ..runs.tables import format_table, print_json
from .certified import RADII, CertifiedScores, certified_scores
from .dataset import read_families


def certify_2afc_command(
    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")],
    *,
    trunk: Path | None = None,
    radii: tuple[float, ...] = RADII,
    families: tuple[str, ...] | None = None,
    limit: int | None = None,
    device: str = "auto",
    json: bool = False,
) -> int:
    """Measure natural and certified 2AFC scores of lipsim on the set DIR, by family.

    Certified is a judgement that no change of the reference of an l2 norm up to the radius can
    alter; all others count as wrong. DIR has a folder per family (BAPPS's val, or OUTDIR/val of
    `elpips make-2afc`).

    Parameters
    ----------
    folder
        The set.
    trunk
        A checkpoint of the release, or a file of `elpips train-lipsim`.
    radii
        l2 over all pixels and channels, values in [0, 1].
    families
        These only; all by default.
    limit
        At most this many triplets of each family, spread over all.
    device
        auto, cpu, cuda, cuda:1, ...
    json
        Print JSON.
    """
    metric = load_lipsim(trunk).to(resolve_device(device))
    found = [each.limited(limit) for each in read_families(folder, families)]
    with tqdm(total=sum(map(len, found)), desc="triplets", disable=None) as bar:
        scores = {each.name: certified_scores(metric, each, radii, bar.update) for each in found}
    if json:
        print_json({"folder": folder, "weights": weights_record(metric), "scores": scores})
        return 0
    print(score_table(scores))
    print(describe_metric(metric))
    return 0


def score_table(scores: Mapping[str, CertifiedScores]) -> str:
    """Return the table of scores by family, and their means over families."""
    radii = list(next(iter(scores.values())).certified)
    header = ("2AFC score", "triplets", "natural", *(f"l2 {_name(each)}" for each in radii))
    rows = [(*header, "median radius", "|phi|", "Lipschitz")]
    for name, each in scores.items():
        values = (_percent(value) for value in (each.natural, *each.certified.values()))
        shown = (f"{each.radius:.3g}", f"{each.norm:.3g}", f"{each.lipschitz:.4g}")
        rows.append((name, str(each.triplets), *values, *shown))
    all_scores = list(scores.values())
    total = str(sum(each.triplets for each in all_scores))
    natural = sum(each.natural.mean for each in all_scores) / len(all_scores)
    means = [sum(s.certified[r].mean for s in all_scores) / len(all_scores) for r in radii]
    rows.append(("mean", total, *(f"{value:.2%}" for value in (natural, *means)), "", "", ""))
    return format_table(rows, "<" + ">" * (len(rows[0]) - 1))


def _name(radius: float) -> str:
    steps = radius * 255
    return f"{steps:.0f}/255" if abs(steps - round(steps)) < 1e-6 else f"{radius:g}"


def _percent(value: Mean) -> str:
    return f"{value.mean:.2%} +- {value.standard_error:.2%}"
