"""``elpips benchmark retrieval``: whether the nearest patch stays the nearest under attack."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import tyro
from torch import Tensor
from tqdm import tqdm

from ...geometry.ball import Ball
from ...geometry.bounded_attacks import ATTACKERS, Keep, Objective
from ...metrics import Draw, Embedding, InputError, Metric
from ...metrics.base import image_size
from ...metrics.lipschitz import LipSim
from ...metrics.lipschitz.certificates import nearest_radius
from ...metrics.seeds import stream
from ...metrics.statistics import Mean, mean_of
from ..runs.attack import title_of
from ..runs.files import prepare_outdir, write_json
from ..runs.options import make_metrics, resolve_device, weights_record
from ..runs.record import environment
from ..runs.tables import format_table
from .retrieval_patches import load_patches

_CHUNK = 32


def benchmark_retrieval_command(
    images: tyro.conf.Positional[Path | None] = None,
    *,
    metrics: tuple[str, ...] = ("lpips_alex", "rlpips_alex"),
    patches: int = 1024,
    queries: int = 50,
    size: int = 64,
    linf: tuple[float, ...] = (1 / 255, 2 / 255, 4 / 255),
    l2: tuple[float, ...] = (0.25, 0.5, 1.0),
    attack: str = "pgd",
    steps: int = 20,
    rivals: int = 4,
    draws: int = 4,
    seed: int = 0,
    device: str = "auto",
    outdir: Path = Path("outputs/benchmark_retrieval"),
) -> int:
    """Look up patches among many, and again after an attack on the query.

    Patches are cut from photographs; a query is one of them moved by 4 px both ways. The attack
    pushes the query, within a ball of pixel differences, away from its first answer and
    towards the next ones. Printed is the share of first answers that stay and, of lipsim, the
    share of those that no change within an l2 radius can alter.

    Args:
        images: Folder of photographs; those that come along if not given.
        metrics: Names of metrics.
        patches: Patches that are looked among.
        queries: How many of them are looked up.
        size: Side of the patches in pixels.
        linf: Radii of pixel values in [0, 1].
        l2: Radii over all values of a patch.
        attack: pgd or apgd.
        steps: Gradients of an attack.
        rivals: Next answers that an attack brings nearer.
        draws: Random draws to answer on, other than those of the attack.
        seed: Of the patches, the attacks and the draws.
        device: auto, cpu, cuda, ...
        outdir: Folder for retrieval.json.
    """
    balls = (*(Ball("linf", each) for each in linf), *(Ball("l2", each) for each in l2))
    if not metrics or not balls or attack not in ATTACKERS:
        raise InputError(f"expected --metrics, a radius, and --attack of {', '.join(ATTACKERS)}")
    if not 1 <= queries <= patches or not 1 <= rivals < patches or steps < 1:
        raise InputError("expected 1 or more queries, rivals and steps, and more patches")
    folder = prepare_outdir(outdir, ["retrieval.json"])
    where = resolve_device(device)
    judged = make_metrics(metrics, where)
    gallery, moved = load_patches(images, patches, size, seed)
    gallery = gallery.to(where)
    asked = torch.linspace(0, patches - 1, queries).round().long()
    query = moved[asked].to(where)
    found: dict[str, dict[str, Any]] = {}
    certified: dict[str, dict[str, Mean]] = {}
    with tqdm(total=len(judged) * (1 + len(balls)), desc="balls", disable=None) as bar:
        for metric in judged:
            answers = distances_to(metric, query, gallery, draws, seed)
            order = answers.argsort(dim=1)
            first = order[:, 0]
            found[metric.name] = {"own patch": mean_of((first == asked).double())}
            bar.update()
            attacked = []
            for ball in balls:
                nearest = order[:, : rivals + 1]
                attacked.append(
                    attack_queries(metric, query, gallery, nearest, ball, attack, steps, seed)
                )
                bar.update()
            # All at once: what costs most is the gallery.
            after = distances_to(metric, torch.cat(attacked), gallery, draws, seed).argmin(dim=1)
            for ball, answer in zip(balls, after.split(queries), strict=True):
                found[metric.name][ball.name] = mean_of((answer == first).double())
            if isinstance(metric, LipSim):
                radii = certified_radii(metric, query, gallery, first)
                certified[metric.name] = {
                    ball.name: mean_of((radii > ball.epsilon).double())
                    for ball in balls
                    if ball.norm == "l2"
                }
    write_json(
        folder / "retrieval.json",
        {
            "command": "benchmark retrieval",
            "patches": patches,
            "queries": queries,
            "size": size,
            "attack": {"name": attack, "steps": steps, "rivals": rivals},
            "draws": draws,
            "seed": seed,
            "environment": environment(where),
            "weights": {metric.name: weights_record(metric) for metric in judged},
            "kept": found,
            "certified": certified,
        },
    )
    print(report(found, queries, patches))
    for name, shares in certified.items():
        shown = (
            f"{ball} {each.mean:.0%} +- {each.standard_error:.0%}" for ball, each in shares.items()
        )
        print(f"{name}: first answers that no change can alter: {', '.join(shown)}")
    print(folder / "retrieval.json")
    return 0


@torch.no_grad()
def certified_radii(metric: LipSim, query: Tensor, gallery: Tensor, first: Tensor) -> Tensor:
    """Return the radii (Q,) of changes of queries below which their first answers stay first.

    Parameters
    ----------
    metric
        LipSim.
    query, gallery
        Images (Q, 3, H, W) and (N, 3, H, W).
    first
        (Q,): the numbers of the first answers.
    """
    points = torch.cat([metric.features(each) for each in gallery.split(_CHUNK)])
    radii, lipschitz = [], metric.lipschitz(query)
    for phi, number in zip(metric.features(query).split(1), first.tolist(), strict=True):
        others = torch.cat([points[:number], points[number + 1 :]])
        radii.append(nearest_radius(phi, points[number : number + 1], others, lipschitz))
    return torch.tensor(radii, dtype=torch.float64)


@torch.no_grad()
def distances_to(metric: Metric, query: Tensor, gallery: Tensor, draws: int, seed: int) -> Tensor:
    """Return the mean distances (Q, N) of queries to a gallery over draws that all share."""
    count = draws if metric.stochastic else 1
    total = torch.zeros(len(query), len(gallery), dtype=torch.float64)
    for draw in metric.draws(image_size(query), count, stream(seed, "evaluate")):
        points = metric.embed(query, draw)
        for start in range(0, len(gallery), _CHUNK):
            others = metric.embed(gallery[start : start + _CHUNK], draw)
            rows = [metric.distance(others, points[index]) for index in range(len(query))]
            total[:, start : start + _CHUNK] += torch.stack(rows).double().cpu()
    return total / count


def attack_queries(
    metric: Metric,
    query: Tensor,
    gallery: Tensor,
    nearest: Tensor,
    ball: Ball,
    attack: str,
    steps: int,
    seed: int,
) -> Tensor:
    """Return queries (Q, 3, H, W) attacked so that their first answer is no longer nearest.

    Parameters
    ----------
    metric
        What is attacked; each gradient of a random one is taken on a fresh draw.
    query, gallery
        Images (Q, 3, H, W) and (N, 3, H, W).
    nearest
        (Q, 1 + K): by number, the first answers, and the next ones, of which the nearest is
        brought nearer.
    ball, attack, steps
        How.
    seed
        Of the random starts and draws.
    """
    generator = stream(seed, "optimise")
    keep: Keep = "last" if metric.stochastic else "best"
    rows = []
    for start in range(0, len(query), _CHUNK):
        chosen = nearest[start : start + _CHUNK].to(gallery.device)
        center = query[start : start + _CHUNK]
        away = _away_from_first(metric, gallery[chosen], generator)
        rows.append(ATTACKERS[attack](away, center, ball, steps, generator, keep).images)
    return torch.cat(rows)


def _away_from_first(metric: Metric, answers: Tensor, generator: torch.Generator) -> Objective:
    """Return what queries (N, 3, H, W) gain: how much farther the first of their answers is.

    Than the nearest of the others; ``answers`` are (N, 1 + K, 3, H, W).
    """
    size, pictures = image_size(answers), answers.flatten(0, 1)
    each = torch.arange(len(answers), device=answers.device).repeat_interleave(answers.shape[1])

    @torch.no_grad()
    def embedded(draw: Draw) -> Embedding:
        return metric.embed(pictures, draw)

    still = None if metric.stochastic else embedded(metric.draw(size))

    def gain(x: Tensor) -> Tensor:
        draw = metric.draw(size, generator)
        points = embedded(draw) if still is None else still
        distances = metric.distance(metric.embed(x, draw)[each], points).view(len(x), -1)
        return distances[:, 0] - distances[:, 1:].amin(1)

    return gain


def report(found: dict[str, dict[str, Mean]], queries: int, patches: int) -> str:
    """Return the table of shares."""
    head: Sequence[str] = list(next(iter(found.values())))
    rows: list[Sequence[str]] = [("first answers kept", *head)]
    for name, values in found.items():
        shown = (f"{v.mean:.0%} +- {v.standard_error:.0%}" for v in values.values())
        rows.append((title_of(name), *shown))
    table = format_table(rows, "<" + ">" * len(head))
    return (
        f"{table}\n{queries} queries among {patches} patches; own patch: the first answer is the "
        "patch that the query is a moved copy of"
    )
