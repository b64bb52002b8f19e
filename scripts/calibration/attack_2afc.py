"""``elpips attack-2afc``: how often metrics still choose rightly when their images are attacked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import torch
import tyro
from tqdm import tqdm

from ...metrics import DEFAULT_METRIC, InputError, Metric
from ...metrics.statistics import Mean, mean_of
from ..runs.files import prepare_outdir, write_json
from ..runs.options import describe_metric, make_metrics, resolve_device, weights_record
from ..runs.record import environment
from ..runs.tables import format_table, print_json
from .attack_checks import check_attacks
from .dataset import Family, Triplets, read_families
from .preferences import two_afc_scores
from .set_attack import Outcome, SetAttackOptions, attack_triplets, decided


def attack_2afc_command(
    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")],
    *,
    metric: tuple[str, ...] = (DEFAULT_METRIC,),
    families: tuple[str, ...] | None = None,
    limit: int | None = None,
    options: tyro.conf.OmitArgPrefixes[SetAttackOptions] = SetAttackOptions(),
    checks: bool = False,
    device: str = "auto",
    out: Path | None = None,
    json: bool = False,
) -> int:
    """Measure how often metrics choose rightly on the 2AFC set DIR, as it is and under attack.

    Right is what more than half of the judges preferred; triplets without such a preference are
    left out. An attack changes an image within a ball of pixel differences, so that the
    metric's two distances turn against that choice: with PGD, then APGD where PGD failed. A
    triplet counts as right under attack where all attacks failed. Metrics that are random are
    attacked on the mean over draws, and judged on draws that no attack has seen.

    Parameters
    ----------
    folder
        The set: a folder per family, as BAPPS's val or OUTDIR/val of `elpips make-2afc`.
    metric
        One metric or more.
    families
        These only; all by default.
    limit
        At most this many triplets of each family, spread over all.
    options
        How choices are attacked.
    checks
        Also check the attacks themselves, on each metric: that accuracy goes to nothing as the
        ball grows, that more steps do no less, that attacks on the other metrics do no more
        than its own. Exit code 1 where one fails.
    device
        auto, cpu, cuda, cuda:1, ...
    out
        A JSON file to write the results to.
    json
        Print JSON.
    """
    if not metric or (limit is not None and limit < 1):
        raise InputError(f"--metric {metric}, --limit {limit}: expected at least one of each")
    if out is not None:
        # Before hours of attacks.
        prepare_outdir(out.parent, [out.name])
    where = resolve_device(device)
    judged = make_metrics(metric, where)
    found = [each.limited(limit) for each in read_families(folder, families)]
    triplets, everything, names = load_decided(found, where)
    outcomes: dict[str, Outcome] = {}
    with tqdm(total=len(judged) * len(triplets), desc="triplets", disable=None) as bar:
        for each in judged:
            outcomes[each.name] = attack_triplets(each, triplets, options, bar.update)
    done = check_attacks(judged, triplets, outcomes, options) if checks else []
    content = {
        "command": "attack-2afc",
        "folder": folder,
        "options": options,
        "triplets": {each.name: len(each) for each in found},
        "decided": len(triplets),
        "weights": {each.name: weights_record(each) for each in judged},
        "environment": environment(where),
        "score": {each.name: natural_score(each, everything, outcomes) for each in judged},
        "accuracy": {name: accuracies(outcome) for name, outcome in outcomes.items()},
        "by_family": {
            name: {
                family: accuracies(outcome, [i for i, each in enumerate(names) if each == family])
                for family in dict.fromkeys(names)
            }
            for name, outcome in outcomes.items()
        },
        "by_attack": {
            name: {
                ball: {attack: _accuracy(values) for attack, values in by_attack.items()}
                for ball, by_attack in outcome.by_attack.items()
            }
            for name, outcome in outcomes.items()
        },
        "seconds_per_pair": {name: outcome.seconds for name, outcome in outcomes.items()},
        "checks": done,
    }
    if json:
        print_json(content)
    else:
        print(accuracy_table(outcomes))
        for each in judged:
            print(describe_metric(each) + (f", {options.draws} draws" * each.stochastic))
        print("\n".join(check.line for check in done))
    if out is not None:
        write_json(out, content)
    return int(not all(check.passed for check in done))


def load_decided(
    families: Sequence[Family], device: torch.device
) -> tuple[Triplets, Triplets, list[str]]:
    """Read families: the triplets that the judges decided, all of them, and the former's families.

    Raises
    ------
    InputError
        A triplet cannot be read, or the judges decided none.
    """
    everything = Triplets.joined([each.load(each.stems) for each in families]).to(device)
    names = [family.name for family in families for _ in family.stems]
    chosen = (everything.judge != 0.5).tolist()
    if not any(chosen):
        raise InputError("found no triplet of which more than half of the judges agree")
    return decided(everything), everything, [n for n, c in zip(names, chosen, strict=True) if c]


def accuracies(outcome: Outcome, rows: Sequence[int] | None = None) -> dict[str, Mean]:
    """Return the accuracies "natural" and by ball, of some triplets or all."""
    margins: Mapping[str, torch.Tensor] = {"natural": outcome.natural, **outcome.attacked}
    return {
        name: _accuracy(values if rows is None else values[rows])
        for name, values in margins.items()
    }


def accuracy_table(outcomes: Mapping[str, Outcome]) -> str:
    """Return the table of accuracies."""
    first = next(iter(outcomes.values()))
    rows = [("accuracy", "natural", *first.attacked, "seconds a pair")]
    for name, outcome in outcomes.items():
        shown = [
            f"{each.mean:.1%} +- {each.standard_error:.1%}" for each in accuracies(outcome).values()
        ]
        rows.append((name, *shown, f"{outcome.seconds:.3g}"))
    return format_table(rows, "<" + ">" * (len(rows[0]) - 1))


def natural_score(metric: Metric, triplets: Triplets, outcomes: Mapping[str, Outcome]) -> Mean:
    """Return the 2AFC score without attack: the mean share of judges that agree.

    On the triplets that the judges decided, and a half on the others.
    """
    score = torch.full((len(triplets),), 0.5, dtype=torch.float64)
    chosen = (triplets.judge != 0.5).cpu()
    judge = triplets.judge[chosen.to(triplets.judge.device)].double().cpu()
    right = torch.maximum(judge, 1 - judge)
    margins = outcomes[metric.name].natural
    # A margin is as a difference of distances to the right alternative and the wrong one.
    score[chosen] = two_afc_scores(margins, torch.zeros_like(margins), 1 - right)
    return mean_of(score)


def _accuracy(margins: torch.Tensor) -> Mean:
    return mean_of((margins < 0).double())
