"""``elpips train-rlpips``: LPIPS trained against attack, on a 2AFC set."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import torch
import tyro
from tqdm import tqdm

from ...media.figure import save_plot
from ...metrics import InputError
from ...metrics.perceptual import PerceptualMetric
from ...metrics.recipes import CHANNELS, RECIPES
from ...metrics.statistics import Mean, mean_of
from ...metrics.weights import load_linear, load_lpips, load_trunk, read_whole
from ..runs.files import plain, prepare_outdir, write_json
from ..runs.options import resolve_device
from ..runs.record import environment
from ..runs.tables import format_table
from .adversarial_fit import AdversarialFit, TripletSet, fit_adversarially
from .adversarial_options import AdversarialOptions
from .calibration import save_linear
from .dataset import Family, Triplets, read_families
from .set_attack import SetAttackOptions, attack_triplets, decided
from .set_record import read_record
from .trainable import Trainable

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def train_rlpips_command(
    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")],
    *,
    metric: str = "rlpips_alex",
    start: Path | None = None,
    families: tuple[str, ...] | None = None,
    options: tyro.conf.OmitArgPrefixes[AdversarialOptions] = AdversarialOptions(),
    judged: int = 60,
    label: str | None = None,
    device: str = "auto",
    outdir: Path = Path("outputs/rlpips"),
) -> int:
    """Train LPIPS on the 2AFC set DIR as it is and under attack; OUTDIR/METRIC.safetensors.

    DIR has the layout of BAPPS: DIR/train/FAMILY/{ref,p0,p1,judge}, or DIR/FAMILY/..., and is
    judged on DIR/val where there is one. Training begins with LPIPS v0.1. Each step attacks its
    triplets to raise the very loss that is trained, and descends on them and on the triplets as
    they are; the linear weights keep their sum. With --train-trunk the file holds the network
    too. Every command takes it: --metric METRIC=FILE. A run that was stopped goes on where it
    was when it is started again.

    Parameters
    ----------
    folder
        The set.
    metric
        rlpips_alex or rlpips_vgg.
    start
        A file to begin with in place of LPIPS v0.1: linear weights, or the network too.
    families
        Train on these only; on all by default.
    options
        How.
    judged
        Held-out triplets of each family to judge start and result on, attacked or not, before
        and after; 0: none.
    label
        What commands call the result; by default made of the set's name.
    device
        auto, cpu, cuda, cuda:1, ...
    outdir
        Folder for the weights, run.json and a plot.
    """
    if metric not in RECIPES or not RECIPES[metric].whole:
        known = [name for name, recipe in RECIPES.items() if recipe.whole]
        raise InputError(f"metric {metric!r} is not trained here; expected any of {known}")
    where, split = resolve_device(device), (folder / "train").is_dir()
    train = load_set(read_families(folder / "train" if split else folder, families))
    held_out = read_families(folder / "val") if split and (folder / "val").is_dir() else []
    out = prepare_outdir(outdir, [f"{metric}.safetensors", "run.json", "loss.png"])
    initial = initial_metric(metric, start, where)
    model = Trainable.of(initial, train_trunk=options.train_trunk)
    identity = {
        "metric": metric,
        "start": [weights.sha256 for weights in initial.pretrained],
        "set": set_digest(train),
    }
    fit = _fit(model, train, options, out / "checkpoint.pt", identity)
    recipe = {
        "command": "train-rlpips",
        **identity,
        "options": options,
        "triplets": len(train),
        "made with": read_record(folder),
    }
    name = label or f"own R-LPIPS ({folder.resolve().name})"
    path = out / f"{metric}.safetensors"
    save_linear(
        path, metric, torch.cat(fit.model.linear_parts()).cpu(), name, recipe, network(fit.model)
    )
    found = judge(initial, fit.model, held_out, judged, options, where)
    write_json(
        out / "run.json",
        {
            **recipe,
            "calibration": name,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "environment": environment(where),
            "losses": {"clean": fit.clean, "attacked": fit.adversarial},
            "judged": found,
        },
    )
    plot_losses(out / "loss.png", fit)
    print(report(metric, fit, found))
    print(f"{path}\n{out / 'run.json'}\n{out / 'loss.png'}")
    return 0


def load_set(families: Sequence[Family]) -> TripletSet:
    """Read all triplets of some families into memory, 8 bits a value."""
    parts = [batch for family in families for batch in family.batches(100)]
    return TripletSet(
        torch.cat([each.stacked() for each in parts]), torch.cat([each.judge for each in parts])
    )


def set_digest(triplets: TripletSet) -> str:
    """Return the SHA-256 of the pixels and judgements of a set."""
    digest = hashlib.sha256(triplets.images.numpy().tobytes())
    digest.update(triplets.judge.float().numpy().tobytes())
    return digest.hexdigest()


def initial_metric(name: str, start: Path | None, device: torch.device) -> PerceptualMetric:
    """Return what training begins with: LPIPS v0.1 on torchvision's network, or a file."""
    trunk = load_trunk(RECIPES[name].trunk)
    whole = None if start is None else read_whole(start, name)
    if whole is not None:
        trunk, linear = whole
    elif start is not None:
        linear = load_linear(name, start)
    else:
        linear = load_lpips(name.removeprefix("r"))
    return PerceptualMetric(
        name,
        RECIPES[name].build(trunk.tensors, 1.0),
        [linear.tensors[f"lin{index}"] for index in range(len(CHANNELS[name]))],
        None,
        (trunk, linear),
    ).to(device)


def network(model: Trainable) -> dict[str, torch.Tensor]:
    """Return the network's tensors by torchvision's names where it was trained; else none."""
    if not model.trains_trunk:
        return {}
    return {
        name.replace("_", ".", 2): tensor.detach().cpu().clone()
        for name, tensor in model.trunk.named_buffers()
    }


def judge(
    initial: PerceptualMetric,
    model: Trainable,
    families: Sequence[Family],
    limit: int,
    options: AdversarialOptions,
    device: torch.device,
) -> dict[str, dict[str, Mean]]:
    """Return the accuracies of what training began with and of its result, by attack."""
    if not families or limit < 1:
        return {}
    parts = [each.load(each.stems) for each in (family.limited(limit) for family in families)]
    triplets = decided(Triplets.joined(parts).to(device))
    attack = SetAttackOptions(
        attacks=("pgd",),
        attacked=options.attacked[0],
        steps=20,
        linf=() if options.linf is None else (options.linf,),
        l2=() if options.l2 is None else (options.l2,),
        seed=options.seed,
    )
    found = {}
    with tqdm(total=2 * len(triplets), desc="judged", disable=None) as bar:
        for name, each in (("start", initial), ("trained", model.metric())):
            outcome = attack_triplets(each, triplets, attack, bar.update)
            margins = {"natural": outcome.natural, **outcome.attacked}
            found[name] = {key: mean_of((value < 0).double()) for key, value in margins.items()}
    return found


def plot_losses(path: Path, fit: AdversarialFit) -> None:
    """Plot the mean losses of each epoch, on triplets as they are and under attack."""

    def draw(axes: Axes) -> None:
        for losses, name in ((fit.clean, "as they are"), (fit.adversarial, "under attack")):
            axes.plot(range(1, len(losses) + 1), losses, "-o", ms=3, label=name)
        axes.set_xlabel("epoch")
        axes.set_ylabel("loss")
        axes.legend()

    save_plot(path, draw)


def report(metric: str, fit: AdversarialFit, found: Mapping[str, Mapping[str, Mean]]) -> str:
    """Return the closing table."""
    parts = fit.model.linear_parts()
    used = sum(int((part > 0).sum()) for part in parts)
    lines = [
        f"loss as they are {fit.clean[0]:.4f} -> {fit.clean[-1]:.4f}, under attack "
        f"{fit.adversarial[0]:.4f} -> {fit.adversarial[-1]:.4f}; {used} of "
        f"{sum(CHANNELS[metric])} linear weights are used",
        f"sums of the layers' weights: {', '.join(f'{float(part.sum()):.3g}' for part in parts)}",
    ]
    if found:
        rows = [("held-out accuracy", *next(iter(found.values())))]
        for name, values in found.items():
            shown = (f"{each.mean:.1%} +- {each.standard_error:.1%}" for each in values.values())
            rows.append((name, *shown))
        lines.insert(0, format_table(rows, "<" + ">" * (len(rows[0]) - 1)))
    return "\n".join(lines)


def _fit(
    model: Trainable,
    train: TripletSet,
    options: AdversarialOptions,
    checkpoint: Path,
    identity: Mapping[str, Any],
) -> AdversarialFit:
    steps = -(-len(train) // options.batch) * (options.epochs + options.decay_epochs)
    with tqdm(total=steps, desc="steps", disable=None) as bar:

        def show(done: int, clean: float, attacked: float) -> None:
            bar.set_postfix(clean=f"{clean:.3f}", attacked=f"{attacked:.3f}")
            bar.update(done - bar.n)

        return fit_adversarially(
            model, train, options, checkpoint=checkpoint, identity=plain(identity), progress=show
        )
