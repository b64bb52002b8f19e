"""``elpips benchmark restoration``: metrics as the training loss of a small network.

The same network, first weights, crops and noise for every loss; what comes out is judged on
photographs and textures that no network has seen, on fresh draws.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from pickle import UnpicklingError
from typing import Annotated, Any

import torch
import tyro
from tqdm import tqdm

from ...media.write import save_image
from ...metrics import InputError, Metric, Precision, working_copy
from ...metrics.files import atomic_write
from ...metrics.precision import precision_of
from ...metrics.seeds import stream
from ...metrics.statistics import mean_of
from ..runs.files import plain, prepare_outdir, write_json
from ..runs.options import make_metric, resolve_device, weights_record
from ..runs.record import environment
from .restoration_network import (
    TEST,
    TRAIN,
    Training,
    degrade,
    held_out_images,
    make_network,
    train,
    training_images,
)
from .restoration_report import differences, judge, measures_table, save_losses, save_pictures

_TRAINING_SIDES = (128, 256)
_SIZE = 128
_ZOOM = 40
_SHOWN = 3
_INPUT = {"superres2x": "bicubic", "denoise": "noisy"}
_BASELINE = "l2"


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
    if evaluation_draws < 1:
        raise InputError(f"evaluation_draws: found {evaluation_draws}, expected at least 1")
    folder = prepare_outdir(outdir)
    where = resolve_device(device)
    # All of them now: what is missing shall be said before the training.
    metrics = {name: working_copy(make_metric(name, where), precision) for name in losses}
    judging = {name: make_metric(name, where) for name in judges}
    truth = held_out_images(_SIZE)
    worse = degrade(truth, training, stream(training.seed, "held_out"))
    pictures = {_INPUT[training.task]: worse}
    found = {}
    for name, metric in metrics.items():
        found[name] = _trained(folder, training, metric, where)
        network = make_network(training)
        network.load_state_dict(found[name]["weights"])
        with torch.no_grad():
            pictures[name] = network(worse)
    measures = {}
    for name, images in tqdm(pictures.items(), desc="judge", unit="method"):
        measures[name] = judge(images, truth, judging, evaluation_draws, training.seed)
        for sample, image in zip(TEST, images, strict=True):
            save_image(folder / f"{sample}_{name}.png", image)
    save_pictures(folder / "pictures.png", truth[:_SHOWN], pictures, measures, zoom=_ZOOM)
    save_losses(
        folder / "losses.png",
        {name: each["losses"] for name, each in found.items()},
        training.warmup,
    )
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
            "seconds": {name: each["seconds"] for name, each in found.items()},
            "measures": measures,
            "means": {
                method: {name: mean_of(values) for name, values in each.items()}
                for method, each in measures.items()
            },
            f"minus_{_BASELINE}": {
                method: differences(each, measures[_BASELINE])
                for method, each in measures.items()
                if _BASELINE in measures and method != _BASELINE
            },
        },
    )
    print(measures_table(measures, _BASELINE))
    print(
        "training: " + ", ".join(f"{name} {each['seconds']:.0f} s" for name, each in found.items())
    )
    for file in ("benchmark.json", "pictures.png", "losses.png"):
        print(folder / file)
    return 0


def _trained(
    folder: Path, training: Training, metric: Metric, where: torch.device
) -> dict[str, Any]:
    """Train with a metric, or read what an earlier call with the same options has trained."""

    def compute() -> dict[str, Any]:
        images = training_images(_TRAINING_SIDES)
        total = training.warmup + training.steps
        began = time.perf_counter()
        with tqdm(total=total, desc=metric.name, unit="step") as bar:

            def advance(loss: float) -> None:
                bar.set_postfix(loss=f"{loss:.5f}", refresh=False)
                bar.update()

            result = train(training, images, metric, where, advance)
        return {
            "weights": result.network.to("cpu").state_dict(),
            "losses": list(result.losses),
            "seconds": time.perf_counter() - began,
        }

    options = [training, metric.name, weights_record(metric), precision_of(metric), where.type]
    options += [TRAIN, _TRAINING_SIDES]
    key = hashlib.sha256(json.dumps(plain(options)).encode()).hexdigest()[:12]
    return _kept(folder / f"{metric.name}_{key}.pt", compute)


def _kept(path: Path, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what the file ``path`` holds, or compute it and write it there."""
    if path.exists():
        try:
            return torch.load(path, weights_only=True)
        except (RuntimeError, UnpicklingError, EOFError):
            raise InputError(f"{path}: is damaged; delete it to train again") from None
    found = compute()
    with atomic_write(path) as temporary:
        torch.save(found, temporary)
    return found
