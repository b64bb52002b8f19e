"""``elpips calibrate``: a metric's linear weights, fitted to human or other preferences."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import safetensors.torch
import torch
import tyro
from torch import Tensor
from tqdm import tqdm

from ...media.figure import save_plot
from ...metrics import InputError, create_metric
from ...metrics.files import atomic_write
from ...metrics.perceptual import PerceptualMetric
from ...metrics.weights import unit_linear
from ...metrics.weights.layout import CHANNELS
from ..runs.files import plain, prepare_outdir, write_json
from ..runs.options import MetricName, default_of, make_generator, resolve_device, weights_record
from ..runs.record import environment
from ..runs.tables import format_table
from .dataset import read_families, read_record
from .features import Preferences, preferences_of
from .preferences import PreferenceFit, PreferenceOptions, fit_preferences, two_afc_scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STILL: dict[str, Any] = {
    "scale": False,
    "offset": False,
    "flip": False,
    "transpose": False,
    "permutation": False,
    "gain": "none",
    "dropout_keep": 1.0,
}
"""Options of an ensemble without transformations and dropout, as calibrations are trained."""

_FIT = PreferenceOptions()


@dataclass(frozen=True)
class Agreement:
    """How often distances agree with the judges: 2AFC score, its error, and the triplets."""

    score: float
    standard_error: float
    triplets: int


def calibrate_command(
    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")],
    *,
    metric: MetricName = default_of(create_metric, "name"),
    families: tuple[str, ...] | None = None,
    options: tyro.conf.OmitArgPrefixes[PreferenceOptions] = _FIT,
    mean_distance: float | None = None,
    label: str | None = None,
    device: str = "auto",
    outdir: Path = Path("outputs/calibration"),
) -> int:
    """Fit the non-negative linear weights of a metric's layers to the 2AFC set DIR.

    DIR has the layout of BAPPS: DIR/train/FAMILY/{ref,p0,p1,judge}, or DIR/FAMILY/..., and is
    judged on DIR/val where there is one. Features are computed once, without transformations
    and dropout, and kept in OUTDIR/channels. OUTDIR/METRIC.safetensors holds the weights:
    --linear of `elpips evaluate-2afc`, `metrics.create_metric` and, as a file in the folder
    ELPIPS_WEIGHTS, every command takes it.

    Parameters
    ----------
    folder
        The set.
    metric
        Whose layers are weighted.
    families
        Train on these only; on all by default.
    options
        How weights are fitted.
    mean_distance
        Scale the weights so that this is the mean distance of the training pairs, both
        alternatives counted; preferences do not fix a scale. By default as fitted.
    label
        What commands call this calibration; by default made of the set's name.
    device
        auto, cpu, cuda, cuda:1, ...
    outdir
        Folder for the weights, run.json and a plot.
    """
    began = time.perf_counter()
    make_generator(options.seed)
    if metric not in CHANNELS:
        raise InputError(f"metric {metric!r} has no linear weights; expected any of {[*CHANNELS]}")
    if mean_distance is not None and not mean_distance > 0:
        raise InputError(f"--mean-distance {mean_distance}: expected a positive number")
    where = resolve_device(device)
    split = (folder / "train").is_dir()
    train = read_families(folder / "train" if split else folder, families)
    held_out = read_families(folder / "val") if split and (folder / "val").is_dir() else []
    out = prepare_outdir(outdir)
    unit = still_metric(metric, where)
    total = sum(map(len, [*train, *held_out]))
    with tqdm(total=total, desc="features", disable=None) as bar:
        numbers = [preferences_of(each, unit, out / "channels", bar.update) for each in train]
        checks = [preferences_of(each, unit, out / "channels", bar.update) for each in held_out]
    pairs = Preferences.joined(numbers)
    prepared = time.perf_counter()
    fit = fit_on(pairs, options, where)
    weights = rescaled(fit.weights, pairs, mean_distance)
    agreements = {
        f"{each.folder.parent.name}/{each.name}": agreement(numbers_of, weights)
        for each, numbers_of in zip([*train, *held_out], [*numbers, *checks], strict=True)
    }
    recipe = {
        "command": "calibrate",
        "metric": metric,
        "options": options,
        "mean_distance": mean_distance,
        "triplets": {each.name: len(each) for each in train},
        "set": read_record(folder),
        "network": [each["sha256"] for each in weights_record(unit)[:1]],
    }
    name = label or f"own calibration ({folder.resolve().name})"
    path = out / f"{metric}.safetensors"
    save_linear(path, metric, weights, name, recipe)
    write_json(
        out / "run.json",
        {
            **recipe,
            "calibration": name,
            "environment": environment(where),
            "losses": fit.losses,
            "agreement": agreements,
            "scale": float(weights.sum() / fit.weights.sum().clamp_min(1e-30)),
            "used": int((weights > 0).sum()),
            "seconds": {
                "features": prepared - began,
                "total": time.perf_counter() - began,
            },
        },
    )
    plot_losses(out / "loss.png", fit.losses)
    print(report(metric, fit, weights, agreements))
    print(f"{path}\n{out / 'run.json'}\n{out / 'loss.png'}")
    return 0


def still_metric(name: str, device: torch.device) -> PerceptualMetric:
    """Create a metric without transformations whose linear weights are 1."""
    options = STILL if name.startswith("elpips_") else {}
    created = create_metric(name, linear=unit_linear(name), device=device, **options)
    assert isinstance(created, PerceptualMetric)
    return created


def fit_on(pairs: Preferences, options: PreferenceOptions, device: torch.device) -> PreferenceFit:
    """Fit weights to a set on a device, with a bar of the epochs."""
    first, second, judge = (each.to(device) for each in (pairs.first, pairs.second, pairs.judge))
    with tqdm(total=options.epochs + options.decay_epochs, desc="epochs", disable=None) as bar:

        def show(epochs: int, loss: float) -> None:
            bar.set_postfix(loss=f"{loss:.4f}")
            bar.update(epochs - bar.n)

        fit = fit_preferences(first, second, judge, options, show)
    if not fit.weights.any():
        raise InputError(
            "all weights ended at zero; more --epochs, a larger --rate or more triplets may help"
        )
    return fit


def rescaled(weights: Tensor, pairs: Preferences, mean_distance: float | None) -> Tensor:
    """Scale weights (C,) to a mean distance of the pairs; unchanged without one."""
    weights = weights.cpu()
    if mean_distance is None:
        return weights
    channels = (pairs.first.mean(0) + pairs.second.mean(0)) / 2
    return weights * (mean_distance / (channels.double() @ weights.double())).float()


def agreement(pairs: Preferences, weights: Tensor) -> Agreement:
    """Return the 2AFC score of weights on a set."""
    scores = two_afc_scores(pairs.first @ weights, pairs.second @ weights, pairs.judge)
    error = float(scores.std() / len(scores) ** 0.5) if len(scores) > 1 else float("nan")
    return Agreement(float(scores.mean()), error, len(scores))


def save_linear(
    path: Path, metric: str, weights: Tensor, label: str, recipe: Mapping[str, Any]
) -> None:
    """Write weights (C,), all layers side by side, as ``lin0``, ``lin1``, ... (C_l,)."""
    parts = weights.split(CHANNELS[metric])
    tensors = {f"lin{index}": part.contiguous() for index, part in enumerate(parts)}
    metadata = {"calibration": label, "recipe": json.dumps(plain(recipe), sort_keys=True)}
    with atomic_write(path) as temporary:
        temporary.write_bytes(safetensors.torch.save(tensors, metadata))


def plot_losses(path: Path, losses: Sequence[float]) -> None:
    """Plot the mean loss of each epoch."""

    def draw(axes: Axes) -> None:
        axes.plot(range(1, len(losses) + 1), losses, "-o", ms=3)
        axes.set_xlabel("epoch")
        axes.set_ylabel("binary cross-entropy")

    save_plot(path, draw)


def report(
    metric: str, fit: PreferenceFit, weights: Tensor, agreements: Mapping[str, Agreement]
) -> str:
    """Return the closing table."""
    rows = [("family", "triplets", "2AFC", "+-")]
    for name, value in agreements.items():
        shown = (f"{value.score:.2%}", f"{value.standard_error:.2%}")
        rows.append((name, str(value.triplets), *shown))
    sums = ", ".join(f"{float(part.sum()):.3g}" for part in weights.split(CHANNELS[metric]))
    return "\n".join(
        [
            format_table(rows, "<>>>"),
            f"loss {fit.losses[0]:.4f} after one epoch, {fit.losses[-1]:.4f} after "
            f"{len(fit.losses)}; {int((weights > 0).sum())} of {len(weights)} weights are used",
            f"sums of the layers' weights: {sums}",
        ]
    )
