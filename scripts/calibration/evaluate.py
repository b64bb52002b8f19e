"""``elpips evaluate-2afc``: how often metrics agree with judges, and with each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import tyro

from ...metrics import DEFAULT_METRIC
from ...metrics.statistics import Mean
from ..runs.options import describe_metric, resolve_device, weights_record
from ..runs.tables import format_table, print_json
from .dataset import Family, read_families
from .networks import make_networks
from .scores import Likeness, evaluate


def evaluate_2afc_command(
    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")],
    *,
    metric: tuple[str, ...] = (DEFAULT_METRIC,),
    linear: tuple[Path, ...] = (),
    agree_with: str | None = None,
    families: tuple[str, ...] | None = None,
    limit: int | None = None,
    draws: int = 50,
    seed: int = 0,
    device: str = "auto",
    json: bool = False,
) -> int:
    """Measure the 2AFC score of metrics on the set DIR, for each family of distortions.

    The score is the mean fraction of judges that preferred the alternative of least distance,
    as published: ensembles without their scale transform, averaged over draws that the two
    alternatives share. DIR has a folder per family (BAPPS's val, or OUTDIR/val of
    `elpips make-2afc`).

    Parameters
    ----------
    folder
        The set.
    metric
        One metric or more.
    linear
        Files of linear weights to try on the first metric's network too; `own` is the
        calibration that comes along.
    agree_with
        A metric, or a file of linear weights for the first metric: also compare all others
        with it, on the same draws; --json has that for each family.
    families
        These only; all by default.
    limit
        At most this many triplets of each family, spread over all.
    draws
        Random draws per triplet; the authors advise against fewer than 50.
    seed
        Same seed, same draws.
    device
        auto, cpu, cuda, cuda:1, ...
    json
        Print JSON.
    """
    where = resolve_device(device)
    found = [each.limited(limit) for each in read_families(folder, families)]
    networks, reference = make_networks(metric, linear, agree_with, where)
    evaluation = evaluate(found, networks, reference, draws=draws, seed=seed)
    if json:
        print_json(
            {
                "folder": folder,
                "draws": draws,
                "seed": seed,
                "triplets": {each.name: len(each) for each in found},
                "weights": [weights_record(each.metric) for each in networks],
                "scores": evaluation.scores,
                "mean": evaluation.means,
                "agree_with": reference,
                "likeness": evaluation.likeness,
            }
        )
        return 0
    print(_score_table(found, evaluation.scores, evaluation.means))
    for each in networks:
        print(describe_metric(each.metric) + (f", {draws} draws" * each.metric.stochastic))
    if reference is not None:
        print(f"\n{_likeness_table(reference, evaluation.likeness['all'])}")
    return 0


def _score_table(
    families: Sequence[Family],
    scores: Mapping[str, Mapping[str, Mean]],
    means: Mapping[str, Mean],
) -> str:
    rows = [("2AFC score", "triplets", *means)]
    for each in families:
        shown = (_percent(value) for value in scores[each.name].values())
        rows.append((each.name, str(len(each)), *shown))
    rows.append(("mean", str(sum(map(len, families))), *map(_percent, means.values())))
    return format_table(rows, "<>" + ">" * len(means))


def _likeness_table(reference: str, found: Mapping[str, Likeness]) -> str:
    rows = [(f"beside {reference}", "Spearman", "same preference")]
    for name, value in found.items():
        rows.append((name, f"{value.spearman:.4f}", _percent(value.agreement)))
    return format_table(rows, "<>>")


def _percent(value: Mean) -> str:
    return f"{value.mean:.2%} +- {value.standard_error:.2%}"
