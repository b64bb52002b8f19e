"""``elpips train-lipsim``: the small 1-Lipschitz network, trained on a panel's judgements."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import torch
import tyro
from tqdm import tqdm

from ...media.figure import save_plot
from ...media.samples import read_photographs
from ...media.write import to_uint8
from ...metrics import InputError
from ...metrics.files import atomic_write
from ...metrics.lipschitz import load_lipsim
from ...metrics.lipschitz.small import SmallSize
from ...metrics.lipschitz.weights import save_small
from ..runs.files import plain, prepare_outdir, write_json
from ..runs.options import weights_record
from ..runs.record import environment
from .certified import certified_scores
from .certify_2afc import score_table
from .dataset import read_families
from .groups import GroupOptions, Groups, groups_of, make_groups
from .lipsim_training import TrainingOptions, train
from .panel import load_judge

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LESSONS = ("astronaut", "camera", "coffee", "hopper", "hubble", "brick", "grass", "gravel")
"""Samples to learn from; the others stay unseen, to judge what was learnt."""


def train_lipsim_command(
    folder: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="[DIR]")] = None,
    *,
    samples: tuple[str, ...] = LESSONS,
    panel: tuple[str, ...] = ("lpips_vgg", "lpips_alex"),
    groups: tyro.conf.OmitArgPrefixes[GroupOptions] = GroupOptions(),
    also: tuple[Path, ...] = (),
    network: SmallSize = SmallSize(),
    start: Path | None = None,
    training: tyro.conf.OmitArgPrefixes[TrainingOptions] = TrainingOptions(),
    validation: Path | None = None,
    label: str = "elpips project's own (2AFC by an LPIPS panel)",
    outdir: Path = Path("outputs/lipsim"),
) -> int:
    """Train a small 1-Lipschitz network for the metric lipsim; OUTDIR/lipsim.safetensors has it.

    It learns which of several distorted copies of a patch a panel of metrics finds closer,
    with a margin in the image's l2. The groups are made first and kept in OUTDIR/groups. A
    run that was stopped goes on where it was when it is started again. `create_metric("lipsim",
    trunk=FILE)` and, as --metric lipsim=FILE, every command takes the file.

    Parameters
    ----------
    folder
        Photographs to learn from; by default the samples.
    samples
        Which of the photographs that come along, where no folder is named.
    panel
        Metrics that judge; LPIPS metrics by the linear weights of LPIPS v0.1.
    groups
        What is learnt from.
    also
        Folders of 2AFC sets (BAPPS's layout, a folder per family) to learn from as well, with
        patches of the same size.
    network
        What the network is made of.
    start
        A file of an earlier training to go on from, with the same --network; its step sizes
        begin anew.
    training
        How it is trained.
    validation
        A 2AFC set whose scores are reported, and no more than that.
    label
        What commands call these weights.
    outdir
        Folder for the groups, the checkpoint, the weights, run.json and a plot.
    """
    out = prepare_outdir(outdir, ["lipsim.safetensors", "run.json", "loss.png"])
    judges = [load_judge(name, torch.device("cpu")) for name in panel]
    before = None if start is None else load_lipsim(start)
    if before is not None and getattr(before.network, "size", None) != network:
        raise InputError(f"{start}: holds another network than {network}")
    photographs = read_photographs(folder, samples)
    families = [each for place in also for each in read_families(place)]
    held_out = read_families(validation) if validation else []
    recipe: dict[str, Any] = {
        "command": "train-lipsim",
        "photographs": {
            name: hashlib.sha256(to_uint8(each).tobytes()).hexdigest()
            for name, each in photographs.items()
        },
        "panel": [[each["sha256"] for each in weights_record(judge)] for judge in judges],
        "groups": plain(groups),
    }
    began = time.perf_counter()
    key = _digest(recipe)
    with tqdm(total=groups.groups, desc="groups", disable=None) as bar:
        made = make_groups(photographs, judges, groups, out / "groups", key, bar.update)
    lessons = [made, *map(groups_of, families)]
    seconds = {"groups": time.perf_counter() - began}
    recipe |= {
        "also": [_content(each) for each in lessons[1:]],
        "network": plain(network),
        "training": plain(training),
        "start": None if before is None else weights_record(before)[0]["sha256"],
    }
    with tqdm(total=training.steps, desc="steps", disable=None) as bar:

        def show(done: int, loss: float) -> None:
            bar.set_postfix_str(f"loss {loss:.4f}", refresh=False)
            bar.update(done - bar.n)

        checkpoint = out / "training.pt"
        weights = None if before is None else before.network.state_dict()
        found, losses = train(lessons, network, training, checkpoint, recipe, show, weights)
    path = out / "lipsim.safetensors"
    with atomic_write(path) as temporary:
        temporary.write_bytes(save_small(found, label, recipe))
    metric = load_lipsim(path)
    scores = {each.name: certified_scores(metric, each) for each in held_out}
    seconds["all"] = time.perf_counter() - began
    write_json(
        out / "run.json",
        {
            **recipe,
            "sha256": weights_record(metric)[0]["sha256"],
            "environment": environment(torch.device("cpu")),
            "losses": losses,
            "scores": scores,
            "seconds": seconds,
        },
    )
    save_plot(out / "loss.png", partial(_draw, losses))
    if scores:
        print(score_table(scores))
    print(f"{path}\n{out / 'run.json'}\n{out / 'loss.png'}")
    return 0


def _draw(losses: Sequence[float], axes: Axes) -> None:
    """Plot running means over a fiftieth of the steps."""
    width = max(1, len(losses) // 50)
    means = [sum(losses[i : i + width]) / width for i in range(0, len(losses) - width + 1, width)]
    axes.plot(range(width, width * len(means) + 1, width), means)
    axes.set_xlabel("step")
    axes.set_ylabel("loss")


def _digest(recipe: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def _content(groups: Groups) -> str:
    digest = hashlib.sha256(groups.images.numpy().tobytes())
    digest.update(groups.preferred.numpy().tobytes())
    return digest.hexdigest()
