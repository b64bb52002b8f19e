"""``elpips calibrate``: a metric's linear weights, fitted to human or other preferences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from ...media.figure import save_plot
from ...metrics import DEFAULT_METRIC, InputError
from ...metrics.recipes import CHANNELS
from ..runs.files import prepare_outdir, write_json
from ..runs.options import resolve_device, weights_record
from ..runs.record import environment
from ..runs.tables import format_table
from .calibration import Calibration, calibrate, save_linear, still_metric
from .dataset import Family, read_families
from .preferences import PreferenceOptions
from .set_record import read_record

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def calibrate_command(
    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")],
    *,
    metric: str = DEFAULT_METRIC,
    families: tuple[str, ...] | None = None,
    options: tyro.conf.OmitArgPrefixes[PreferenceOptions] = PreferenceOptions(),
    mean_distance: float | None = None,
    label: str | None = None,
    device: str = "auto",
    outdir: Path = Path("outputs/calibration"),
) -> int:
    """Fit the non-negative linear weights of a metric's layers to the 2AFC set DIR.

    DIR has the layout of BAPPS: DIR/train/FAMILY/{ref,p0,p1,judge}, or DIR/FAMILY/..., and is
    judged on DIR/val where there is one. Features are computed once, without transformations
    and dropout, and kept in OUTDIR/channels. OUTDIR/METRIC.safetensors holds the weights:
    --linear of `elpips evaluate-2afc`, `elpips.create_metric` and, as a file in the folder
    ELPIPS_WEIGHTS, every command takes it.

    Parameters
    ----------
    folder
        The set.
    metric
        Whose layers are weighted: of lpips_... or elpips_...
    families
        Train on these only; on all by default.
    options
        How the weights are fitted.
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
    if metric not in CHANNELS:
        raise InputError(f"metric {metric!r} has no linear weights; expected any of {[*CHANNELS]}")
    where = resolve_device(device)
    train, held_out = _read_parts(folder, families)
    out = prepare_outdir(outdir, [f"{metric}.safetensors", "run.json", "loss.png"])
    unit = still_metric(metric, where)
    found = calibrate(
        train, held_out, unit, options, mean_distance=mean_distance, cache=out / "channels"
    )
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
    save_linear(path, metric, found.linear, name, recipe)
    write_json(
        out / "run.json",
        {
            **recipe,
            "calibration": name,
            "environment": environment(where),
            "losses": found.losses,
            "agreement": found.agreements,
            "scale": found.scale,
            "used": int((found.linear > 0).sum()),
            "seconds": found.seconds,
        },
    )
    plot_losses(out / "loss.png", found.losses)
    print(report(metric, found))
    print(f"{path}\n{out / 'run.json'}\n{out / 'loss.png'}")
    return 0


def plot_losses(path: Path, losses: Sequence[float]) -> None:
    """Plot the mean loss of each epoch."""

    def draw(axes: Axes) -> None:
        axes.plot(range(1, len(losses) + 1), losses, "-o", ms=3)
        axes.set_xlabel("epoch")
        axes.set_ylabel("binary cross-entropy")

    save_plot(path, draw)


def report(metric: str, found: Calibration) -> str:
    """Return the closing table."""
    rows = [("family", "triplets", "2AFC", "+-")]
    for name, value in found.agreements.items():
        shown = (f"{value.score:.2%}", f"{value.standard_error:.2%}")
        rows.append((name, str(value.triplets), *shown))
    used = int((found.linear > 0).sum())
    sums = ", ".join(f"{float(part.sum()):.3g}" for part in found.linear.split(CHANNELS[metric]))
    return "\n".join(
        [
            format_table(rows, "<>>>"),
            f"loss {found.losses[0]:.4f} after one epoch, {found.losses[-1]:.4f} after "
            f"{len(found.losses)}; {used} of {len(found.linear)} weights are used",
            f"sums of the layers' weights: {sums}",
        ]
    )


def _read_parts(
    folder: Path, families: tuple[str, ...] | None
) -> tuple[list[Family], list[Family]]:
    """Return the families of a set to train on, and those held out."""
    split = (folder / "train").is_dir()
    train = read_families(folder / "train" if split else folder, families)
    return train, read_families(folder / "val") if split and (folder / "val").is_dir() else []
