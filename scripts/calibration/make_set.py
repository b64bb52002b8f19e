"""``elpips make-2afc``: a 2AFC set in BAPPS's layout, judged by a panel of metrics."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
import tyro
from torch import Tensor
from tqdm import tqdm

from ...media.samples import read_photographs
from ...media.write import to_uint8
from ...metrics import InputError, Metric
from ..runs.files import plain, prepare_outdir, write_json
from ..runs.options import resolve_device, weights_record
from ..runs.record import environment
from .dataset import has_triplet, write_triplet
from .panel import judge, load_judge
from .set_options import SetOptions
from .set_record import RECORD, begin_record
from .triplets import PHOTOGRAPHS, check_room, make_triplet, triplet_generator


def make_2afc_command(
    folder: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="[DIR]")] = None,
    *,
    samples: tuple[str, ...] = PHOTOGRAPHS,
    options: tyro.conf.OmitArgPrefixes[SetOptions] = SetOptions(),
    device: str = "auto",
    outdir: Path = Path("outputs/2afc"),
) -> int:
    """Make triplets of patches and distorted copies, with judgements of a panel of metrics.

    OUTDIR/train/FAMILY and OUTDIR/val/FAMILY have the layout of BAPPS. The judgement is the
    panel's mean of d0^k / (d0^k + d1^k) for distances d0, d1: near a half where a metric
    hardly sees a difference. The last quarter of each photograph's longer side is for
    validation alone. A run that was stopped goes on where it was when it is started again.

    Parameters
    ----------
    folder
        Photographs; by default those that come along.
    samples
        Of these, the ones to use.
    options
        What the set is made of.
    device
        auto, cpu, cuda, cuda:1, ...
    outdir
        Folder of the set.
    """
    if not samples:
        raise InputError("found no --samples, expected at least one")
    where = resolve_device(device)
    photographs = read_photographs(folder, samples)
    check_room(photographs, options.size)
    panel = [load_judge(name, where) for name in options.panel]
    record = set_record(options, photographs, panel)
    out = prepare_outdir(outdir)
    begin_record(out, record)
    make_set(out, photographs, panel, options, where)
    write_json(out / RECORD, {**record, "environment": environment(where), "complete": True})
    for part, family, count in options.parts():
        print(f"{out / part / family}: {count} triplets")
    return 0


def make_set(
    out: Path,
    photographs: Mapping[str, Tensor],
    panel: Sequence[Metric],
    options: SetOptions,
    device: torch.device,
) -> None:
    """Write the triplets that a folder does not have yet, with a bar of all.

    Parameters
    ----------
    out
        Folder of the set.
    photographs
        (3, H, W) in [0, 1] by name.
    panel
        Metrics on ``device`` that judge.
    options
        What the set is made of.
    device
        Where to judge; triplets are made on the CPU.
    """
    parts = options.parts()
    with tqdm(total=sum(count for *_, count in parts), desc="triplets", disable=None) as bar:
        for part, family, count in parts:
            for index in range(count):
                stem, target = f"{index:06d}", out / part / family
                if not has_triplet(target, stem):
                    rng = triplet_generator(options.seed, part, family, index)
                    images = make_triplet(photographs, part, family, options, rng)
                    judgement = judge(images.to(device), panel, options.softness)
                    write_triplet(target, stem, images, judgement)
                bar.update()


def set_record(
    options: SetOptions, photographs: Mapping[str, Tensor], panel: Sequence[Metric]
) -> dict[str, Any]:
    """Return what tells one set from another, as JSON would read it back."""
    hashes = {
        name: hashlib.sha256(to_uint8(photograph).tobytes()).hexdigest()
        for name, photograph in photographs.items()
    }
    return {
        "command": "make-2afc",
        "options": plain(options),
        "photographs": hashes,
        # Without their places, which differ from machine to machine.
        "panel": [
            [{**each, "source": None} for each in weights_record(metric)] for metric in panel
        ],
        "complete": False,
    }
