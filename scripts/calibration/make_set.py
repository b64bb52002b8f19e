"""``elpips make-2afc``: a 2AFC set in BAPPS's layout, judged by a panel of metrics."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
import tyro
from torch import Tensor
from tqdm import tqdm

from ...media.folder import list_images
from ...media.read import read_image
from ...media.samples import read_sample
from ...media.write import to_uint8
from ...metrics import InputError, Metric, create_metric
from ...metrics.weights import load_lpips
from ..runs.files import plain, prepare_outdir, print_notice, write_json
from ..runs.options import make_generator, resolve_device, weights_record
from ..runs.record import environment
from .dataset import RECORD, has_triplet, read_record, write_triplet
from .distortions import integer, uniform
from .families import FAMILIES, distort
from .patches import Part, random_patch, region

PHOTOGRAPHS = (
    "astronaut",
    "camera",
    "chelsea",
    "coffee",
    "hopper",
    "hubble",
    "motorcycle_left",
    "retina",
    "rocket",
    "brick",
    "grass",
    "gravel",
    "tissue",
)
"""The samples that patches are cut from: whole photographs, each scene once."""

_SEED_BYTES = 8


@dataclass(frozen=True)
class SetOptions:
    """What a set is made of.

    Attributes
    ----------
    train
        Triplets for training, in equal parts of each family.
    val
        Triplets of each family for validation.
    train_families
        Families of distortions to train on.
    val_families
        Families of distortions to validate on.
    size
        Side of the patches in pixels.
    strengths
        Range of the distortions' strength, which the two of a triplet share ...
    spread
        ... but for factors exp(spread g), g standard normal, of their own.
    panel
        Metrics that judge; LPIPS metrics by the linear weights of LPIPS v0.1.
    softness
        Exponent k of the judgement d0^k / (d0^k + d1^k); larger is more decided.
    seed
        Same seed, same triplets, bit by bit.
    """

    train: int = 1500
    val: int = 50
    train_families: tuple[str, ...] = ("traditional",)
    val_families: tuple[str, ...] = tuple(FAMILIES)
    size: int = 64
    strengths: tuple[float, float] = (0.05, 1.0)
    spread: float = 0.3
    panel: tuple[str, ...] = ("lpips_vgg", "lpips_alex")
    softness: float = 3.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the options."""
        for name in (*self.train_families, *self.val_families):
            if name not in FAMILIES:
                raise InputError(
                    f"no distortion family {name!r}; expected any of {', '.join(FAMILIES)}"
                )
        if self.train < 1 or self.val < 0 or not self.train_families:
            raise InputError(
                f"found {self.train} triplets of {len(self.train_families)} families to train "
                f"and {self.val} per family to validate; expected 1 of 1 and 0 or more"
            )
        low, high = self.strengths
        if not 0 <= low <= high <= 1 or self.spread < 0:
            raise InputError(
                f"strengths {low} to {high}, spread {self.spread}: expected in [0, 1], >= 0"
            )
        if not self.panel or not self.softness > 0:
            raise InputError(
                f"panel of {len(self.panel)}, softness {self.softness}: expected one metric or "
                "more and a positive number"
            )

    def parts(self) -> list[tuple[Part, str, int]]:
        """Return (part, family, triplets) of each folder of the set."""
        share, rest = divmod(self.train, len(self.train_families))
        counts = [share + (i < rest) for i in range(len(self.train_families))]
        train = zip(self.train_families, counts, strict=True)
        return [
            *(("train", family, count) for family, count in train),
            *(("val", family, self.val) for family in self.val_families if self.val),
        ]


DEFAULTS = SetOptions()


def make_2afc_command(
    folder: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="[DIR]")] = None,
    *,
    options: tyro.conf.OmitArgPrefixes[SetOptions] = DEFAULTS,
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
    options
        What the set is made of.
    device
        auto, cpu, cuda, cuda:1, ...
    outdir
        Folder of the set.
    """
    make_generator(options.seed)
    where = resolve_device(device)
    photographs = load_photographs(folder)
    for name, photograph in photographs.items():
        try:
            random_patch(region(photograph, "val"), options.size, torch.Generator())
        except InputError as error:
            raise InputError(f"{name}: {error}") from None
    panel = [load_judge(name, where) for name in options.panel]
    record = set_record(options, photographs, panel)
    out = prepare_outdir(outdir)
    _begin(out, record)
    parts = options.parts()
    with tqdm(total=sum(count for *_, count in parts), desc="triplets", disable=None) as bar:
        for part, family, count in parts:
            for index in range(count):
                stem, target = f"{index:06d}", out / part / family
                if not has_triplet(target, stem):
                    rng = triplet_generator(options.seed, part, family, index)
                    images = make_triplet(photographs, part, family, options, rng)
                    judgement = judge(images.to(where), panel, options.softness)
                    write_triplet(target, stem, images, judgement)
                bar.update()
    write_json(out / RECORD, {**record, "environment": environment(where), "complete": True})
    for part, family, count in parts:
        print(f"{out / part / family}: {count} triplets")
    return 0


def make_triplet(
    photographs: Mapping[str, Tensor],
    part: Part,
    family: str,
    options: SetOptions,
    rng: torch.Generator,
) -> Tensor:
    """Return a patch and two distorted copies, (3, 3, size, size), in steps of 1/255."""
    photograph = list(photographs.values())[integer(rng, len(photographs))]
    patch = random_patch(region(photograph, part), options.size, rng)
    reference = torch.from_numpy(to_uint8(patch)).permute(2, 0, 1).float() / 255
    common = uniform(rng, *options.strengths)
    copies = []
    for _ in range(2):
        factor = math.exp(options.spread * float(torch.randn((), generator=rng)))
        copies.append(distort(reference, family, min(1.0, common * factor), rng))
    return torch.stack([reference, *copies])


def judge(images: Tensor, panel: Sequence[Metric], softness: float) -> float:
    """Return a panel's preference for p1 in [0, 1], of images ref, p0, p1 (3, 3, H, W).

    The mean over metrics of d0^k / (d0^k + d1^k), k = ``softness``; a half if both are 0.
    """
    votes = []
    for metric in panel:
        with torch.no_grad():
            size = (images.shape[-2], images.shape[-1])
            embedding = metric.embed(images, metric.draw(size))
            first, second = metric.distance(embedding[1:], embedding[:1]).double().tolist()
        votes.append(soft_preference(first, second, softness))
    return sum(votes) / len(votes)


def soft_preference(first: float, second: float, softness: float) -> float:
    """Return first^k / (first^k + second^k), k = ``softness``; a half if both are 0."""
    if first <= 0 or second <= 0:
        return 0.5 if first == second else float(second <= 0)
    return 1 / (1 + (second / first) ** softness)


def load_judge(name: str, device: torch.device) -> Metric:
    """Create a metric of the panel; LPIPS metrics with the weights of LPIPS v0.1.

    Raises
    ------
    InputError
        There is no such metric, or it is random: a judge gives one answer.
    """
    if name.startswith("lpips_"):
        return create_metric(name, linear=load_lpips(name), device=device)
    metric = create_metric(name, device=device)
    if metric.stochastic:
        raise InputError(f"panel: {name} is random; expected metrics without an ensemble")
    return metric


def load_photographs(folder: Path | None) -> dict[str, Tensor]:
    """Read the photographs of a folder by name, or those that come along.

    Raises
    ------
    InputError
        There is no such folder, or no image in it.
    """
    if folder is None:
        return {name: read_sample(name) for name in PHOTOGRAPHS}
    return {path.name: read_image(path) for path in list_images(folder)}


def triplet_generator(seed: int, part: Part, family: str, index: int) -> torch.Generator:
    """Return the generator of one triplet, which no other triplet shares."""
    name = f"{seed}/{part}/{family}/{index}".encode()
    digest = hashlib.sha256(name).digest()[:_SEED_BYTES]
    return torch.Generator().manual_seed(int.from_bytes(digest, "little") % 2**63)


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


def _begin(out: Path, record: Mapping[str, Any]) -> None:
    """Note what is being made, or check that it goes on with the same."""
    known = read_record(out)
    if known is None:
        if any((out / part).exists() for part in ("train", "val")):
            raise InputError(f"{out}: holds another set; name another --outdir")
        write_json(out / RECORD, record)
        return
    for key in ("options", "photographs"):
        if known.get(key) != record[key]:
            raise InputError(f"{out}: holds a set of other {key}; name another --outdir")
    hashes = [[[each["sha256"] for each in m] for m in r.get("panel", [])] for r in (known, record)]
    if hashes[0] != hashes[1]:
        raise InputError(f"{out}: holds a set of a panel of other weights; name another --outdir")
    print_notice(f"{out}: goes on with the set that is there")
