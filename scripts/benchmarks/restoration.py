"""``elpips benchmark restoration``: metrics as the training loss of a small network.

The same network, first weights, crops and noise for every loss; what comes out is judged on
photographs and textures that no network has seen, on fresh draws.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Annotated, Any

import torch
import tyro
from torch import Tensor
from tqdm import tqdm

from ...media.write import save_image
from ...metrics import InputError, Metric, Precision, working_copy
from ...metrics.files import atomic_write
from ...metrics.precision import precision_of
from ...metrics.seeds import stream
from ...metrics.statistics import mean_of
from ..runs.files import plain, prepare_outdir, write_json
from ..runs.options import make_metric, resolve_device, told_apart, weights_record
from ..runs.record import environment
from .restoration_data import TEST, TRAIN, degrade, held_out_images, training_images
from .restoration_network import Trained, Training, make_network, train
from .restoration_report import (
    Measures,
    differences,
    judge,
    measures_table,
    save_losses,
    save_pictures,
)

_TRAINING_SIDES = (128, 256)
_SIZE = 128
_ZOOM = 40
_SHOWN = 3
_INPUT = {"superres2x": "bicubic", "denoise": "noisy"}
_BASELINE = "l2"
# Of the files of trained networks: others would be of other streams of random numbers.
_FORMAT = 2


def benchmark_restoration_command(
    *,
    losses: tuple[str, ...] = ("l2", "lpips_vgg", "elpips_vgg"),
    training: Annotated[tyro.conf.OmitArgPrefixes[Training], tyro.conf.arg(name="training")] = (
        Training()
    ),
    judges: tuple[str, ...] = ("lpips_alex", "lpips_vgg", "elpips_vgg"),
    evaluation_draws: int = 8,
    precision: Precision = "auto",
    device: str = "auto",
    outdir: Path = Path("outputs/benchmark_restoration"),
) -> int:
    """Train a small network under several losses and compare what it restores.

    Args:
        losses: Metrics to train with, one network each.
        training: What is restored, and how the networks are trained.
        judges: Metrics, besides PSNR and SSIM, to judge the held-out pictures with.
        evaluation_draws: Fresh draws of a judge that draws.
        precision: Of the losses' arithmetic: auto (bfloat16 for E-LPIPS where the processor is
            made for it), float32 or bfloat16. Pictures are judged in float32.
        device: auto, cpu, cuda, ...
        outdir: Folder for benchmark.json, all pictures, and a figure of the first three; networks
            already in it are read.
    """
    if not losses or len(set(losses)) < len(losses):
        raise InputError(f"losses: found {' '.join(losses) or 'none'}, expected different ones")
    folder = prepare_outdir(outdir, ["pictures.png", "losses.png", "benchmark.json"])
    where = resolve_device(device)
    # All of them now: what is missing shall be said before the training.
    metrics = {
        called: working_copy(make_metric(name, where), precision)
        for name, called in told_apart(losses).items()
    }
    judging = {called: make_metric(name, where) for name, called in told_apart(judges).items()}
    truth = held_out_images(_SIZE)
    worse = degrade(truth, training.task, training.noise, stream(training.seed, "held_out"))
    trained = {
        name: train_or_read(folder, training, metric, where) for name, metric in metrics.items()
    }
    pictures = {_INPUT[training.task]: worse, **restore(worse, trained)}
    measures = {}
    for name, images in tqdm(pictures.items(), desc="judge", unit="method"):
        measures[name] = judge(images, truth, judging, evaluation_draws, training.seed)
        for sample, image in zip(TEST, images, strict=True):
            save_image(folder / f"{sample}_{name}.png", image)
    save_pictures(folder / "pictures.png", truth[:_SHOWN], pictures, measures, zoom=_ZOOM)
    losses_of = {name: each.losses for name, each in trained.items()}
    save_losses(folder / "losses.png", losses_of, training.warmup)
    write_json(
        folder / "benchmark.json",
        {
            "command": "benchmark restoration",
            "training": training,
            "train": TRAIN,
            "test": TEST,
            "evaluation_draws": evaluation_draws,
            "precision": {name: precision_of(metric) for name, metric in metrics.items()},
            "environment": environment(where),
            "weights": {
                name: weights_record(metric) for name, metric in {**judging, **metrics}.items()
            },
            "seconds": {name: each.seconds for name, each in trained.items()},
            **_summary(measures),
        },
    )
    print(measures_table(measures, _BASELINE))
    seconds = (f"{name} {each.seconds:.0f} s" for name, each in trained.items())
    print(f"training: {', '.join(seconds)}")
    for file in ("benchmark.json", "pictures.png", "losses.png"):
        print(folder / file)
    return 0


@torch.no_grad()
def restore(worse: Tensor, trained: Mapping[str, Trained]) -> dict[str, Tensor]:
    """Return what each network makes of images (N, 3, H, W) in [0, 1], by its loss."""
    return {name: each.network(worse) for name, each in trained.items()}


def train_or_read(
    folder: Path, training: Training, metric: Metric, device: torch.device
) -> Trained:
    """Train with a metric, or read what an earlier call with the same options has trained.

    The network is on the CPU.

    Raises
    ------
    InputError
        The file of an earlier call is damaged.
    """
    options = [_FORMAT, training, metric.name, weights_record(metric), precision_of(metric)]
    options += [device.type, TRAIN, _TRAINING_SIDES]
    key = hashlib.sha256(json.dumps(plain(options)).encode()).hexdigest()[:12]
    path = folder / f"{metric.name}_{key}.pt"
    if path.exists():
        return _read(path, training)
    with tqdm(total=training.warmup + training.steps, desc=metric.name, unit="step") as bar:

        def advance(loss: float) -> None:
            bar.set_postfix(loss=f"{loss:.5f}", refresh=False)
            bar.update()

        found = train(training, training_images(_TRAINING_SIDES), metric, device, advance)
    network = found.network.to("cpu")
    content = {"network": network.state_dict(), "losses": found.losses, "seconds": found.seconds}
    with atomic_write(path) as temporary:
        torch.save(content, temporary)
    return found


def _read(path: Path, training: Training) -> Trained:
    try:
        content = torch.load(path, weights_only=True)
    except (RuntimeError, UnpicklingError, EOFError):
        raise InputError(f"{path}: is damaged; delete it to train again") from None
    network = make_network(training)
    network.load_state_dict(content["network"])
    return Trained(network.eval(), tuple(content["losses"]), content["seconds"])


def _summary(measures: Mapping[str, Measures]) -> dict[str, Any]:
    """Return all measures, their means, and the means of their differences to the baseline."""
    others = {name: each for name, each in measures.items() if name != _BASELINE}
    return {
        "measures": measures,
        "means": {
            method: {name: mean_of(values) for name, values in each.items()}
            for method, each in measures.items()
        },
        f"minus_{_BASELINE}": {
            method: differences(each, measures[_BASELINE])
            for method, each in others.items()
            if _BASELINE in measures
        },
    }
