"""Groups to learn preferences from: a patch, several distorted copies, and a panel's choices.

K copies of one patch make K (K - 1) / 2 pairs for K + 1 passes through the networks of the
panel and of the learner, where triplets make one pair for three.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from ...media.write import to_uint8
from ...metrics import InputError, Metric
from ...metrics.base import image_size
from ...metrics.checks import check_fields
from ...metrics.files import atomic_write
from .dataset import Family
from .families import FAMILIES, distort
from .panel import soft_preference
from .patches import random_patch, region
from .random_numbers import uniform
from .triplets import triplet_generator

CHUNK = 50
"""Groups per file of the cache."""


@dataclass(frozen=True)
class GroupOptions:
    """What groups are made of.

    Attributes
    ----------
    groups
        How many.
    copies
        Distorted copies of each patch, at least 2.
    families
        Families of distortions, in turn.
    size
        Side of the patches in pixels.
    strengths
        Range of the distortions' strength, which the copies of a group share ...
    spread
        ... but for factors exp(spread g), g standard normal, of their own.
    softness
        Exponent k of the judgement d0^k / (d0^k + d1^k) of each metric of the panel.
    group_seed
        Same seed, same groups.
    """

    groups: int = 1000
    copies: int = 4
    families: tuple[str, ...] = ("traditional", "network")
    size: int = 64
    strengths: tuple[float, float] = (0.05, 1.0)
    spread: float = 0.4
    softness: float = 3.0
    group_seed: int = 0

    def __post_init__(self) -> None:
        """Check the options; raises `InputError`."""
        check_fields(self)
        if self.copies < 2:
            raise InputError(f"copies: found {self.copies}, expected at least 2")
        if unknown := sorted({*self.families} - {*FAMILIES}) or not self.families:
            raise InputError(f"families {unknown}: expected any of {', '.join(FAMILIES)}")


@dataclass(frozen=True)
class Groups:
    """Patches with their copies, and which copy is preferred to which.

    Attributes
    ----------
    images
        (N, 1 + K, 3, H, W) uint8, the patch first.
    preferred
        (N, K, K) in [0, 1]: at [i, j] the share of judges that find copy j closer than i.
    """

    images: Tensor
    preferred: Tensor

    def __len__(self) -> int:
        """Return N."""
        return len(self.images)

    @staticmethod
    def joined(parts: Sequence[Groups]) -> Groups:
        """Return several sets as one."""
        return Groups(
            torch.cat([each.images for each in parts]),
            torch.cat([each.preferred for each in parts]),
        )


def make_groups(
    photographs: Mapping[str, Tensor],
    panel: Sequence[Metric],
    options: GroupOptions,
    folder: Path,
    key: str,
    advance: Callable[[int], object] = lambda count: None,
) -> Groups:
    """Make groups of the training parts of photographs, or read those that a folder has.

    Parameters
    ----------
    photographs
        (3, H, W) in [0, 1] by name.
    panel
        Metrics on the CPU that judge; they are not random.
    options
        What the groups are made of.
    folder
        Where files of `CHUNK` groups are kept, each written whole or not at all.
    key
        What tells this set from others; files with another are made anew.
    advance
        Called with the number of groups done since the last call.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for start in range(0, options.groups, CHUNK):
        path = folder / f"groups-{start:06d}.safetensors"
        indices = range(start, min(start + CHUNK, options.groups))
        part = _read(path, key, len(indices))
        if part is None:
            made = []
            for index in indices:
                made.append(make_group(photographs, panel, options, index))
                advance(1)
            part = Groups.joined(made)
            tensors = {"images": part.images, "preferred": part.preferred}
            with atomic_write(path) as temporary:
                temporary.write_bytes(safetensors.torch.save(tensors, {"key": key}))
        else:
            advance(len(indices))
        parts.append(part)
    return Groups.joined(parts)


def make_group(
    photographs: Mapping[str, Tensor], panel: Sequence[Metric], options: GroupOptions, index: int
) -> Groups:
    """Return the group of one index, the same whatever others are made."""
    family = options.families[index % len(options.families)]
    rng = triplet_generator(options.group_seed, "train", f"group of {family}", index)
    names = list(photographs)
    photograph = photographs[names[int(torch.randint(len(names), (), generator=rng))]]
    patch = random_patch(region(photograph, "train"), options.size, rng)
    reference = torch.from_numpy(to_uint8(patch)).permute(2, 0, 1).float() / 255
    common = uniform(rng, *options.strengths)
    copies = []
    for _ in range(options.copies):
        factor = math.exp(options.spread * float(torch.randn((), generator=rng)))
        copies.append(distort(reference, family, min(1.0, common * factor), rng))
    images = torch.stack([reference, *copies])
    preferred = torch.stack([_choices(each, images, options.softness) for each in panel]).mean(0)
    return Groups((images * 255).round().to(torch.uint8)[None], preferred[None])


def groups_of(family: Family) -> Groups:
    """Return the triplets of a 2AFC set as groups of two copies."""
    triplets = family.load(family.stems)
    judge = triplets.judge
    half = torch.full_like(judge, 0.5)
    rows = torch.stack([half, judge, 1 - judge, half], dim=1)
    return Groups(triplets.stacked(), rows.view(-1, 2, 2))


@torch.no_grad()
def _choices(metric: Metric, images: Tensor, softness: float) -> Tensor:
    """Return the preferences (K, K) of one metric for copies in images (1 + K, 3, H, W)."""
    embedding = metric.embed(images, metric.draw(image_size(images)))
    distances = metric.distance(embedding[1:], embedding[:1]).double().tolist()
    return torch.tensor([[soft_preference(a, b, softness) for b in distances] for a in distances])


def _read(path: Path, key: str, count: int) -> Groups | None:
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            if (file.metadata() or {}).get("key") != key:
                return None
            found = Groups(file.get_tensor("images"), file.get_tensor("preferred"))
            return found if len(found) == count else None
    except (OSError, safetensors.SafetensorError):
        return None
