"""Two-alternative forced choices (2AFC) on disk, in the layout of BAPPS [1]_.

``FAMILY/{ref,p0,p1}/000000.png`` are a reference and two distorted copies of it,
``FAMILY/judge/000000.npy`` the fraction of judges in [0, 1] that found p1 closer to it.

References
----------
.. [1] Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual
   Metric", CVPR 2018.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...media.read import read_image
from ...media.write import save_image
from ...metrics.errors import InputError
from ...metrics.files import atomic_write
from .set_record import refuse_unfinished

IMAGES = ("ref", "p0", "p1")
_EXPECTED = "expected FAMILY/{ref,p0,p1}/*.png and FAMILY/judge/*.npy"


@dataclass(frozen=True)
class Triplets:
    """Images (N, 3, H, W) in [0, 1], and the fraction (N,) of judges that preferred p1."""

    ref: Tensor
    p0: Tensor
    p1: Tensor
    judge: Tensor

    def __len__(self) -> int:
        """Return N."""
        return len(self.ref)

    def __getitem__(self, rows: slice | Tensor) -> Triplets:
        """Select triplets by slice, by numbers or by a mask (N,), which may be on any device."""
        chosen = rows if isinstance(rows, slice) else rows.to(self.ref.device)
        return Triplets(self.ref[chosen], self.p0[chosen], self.p1[chosen], self.judge[chosen])

    @staticmethod
    def joined(parts: Sequence[Triplets]) -> Triplets:
        """Return several sets of triplets as one."""
        kinds = (*IMAGES, "judge")
        return Triplets(*(torch.cat([getattr(part, kind) for part in parts]) for kind in kinds))

    def to(self, device: torch.device) -> Triplets:
        """Return the triplets on a device."""
        return Triplets(*(each.to(device) for each in (self.ref, self.p0, self.p1, self.judge)))

    def stacked(self) -> Tensor:
        """Return the images side by side, ref, p0, p1: (N, 3, 3, H, W) uint8."""
        images = torch.stack([self.ref, self.p0, self.p1], dim=1)
        return (images * 255).round().to(torch.uint8)


@dataclass(frozen=True)
class Family:
    """One family of distortions: its folder and the names of its triplets, in order."""

    folder: Path
    stems: tuple[str, ...]

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    def __len__(self) -> int:
        """Return the number of triplets."""
        return len(self.stems)

    def limited(self, count: int | None) -> Family:
        """Return the family with ``count`` triplets at most, evenly spread over all."""
        if count is None or count >= len(self):
            return self
        chosen = [index * len(self) // count for index in range(count)]
        return Family(self.folder, tuple(self.stems[index] for index in chosen))

    def load(self, stems: Sequence[str]) -> Triplets:
        """Read triplets by name.

        Raises
        ------
        InputError
            In one line: a file is missing, damaged, of another size than its triplet's or the
            first one's, or a judgement is outside [0, 1].
        """
        rows = [[read_image(self.path(kind, stem)) for kind in IMAGES] for stem in stems]
        for row, stem in zip(rows, stems, strict=True):
            for image, kind in zip(row, IMAGES, strict=True):
                if image.shape != rows[0][0].shape:
                    raise InputError(
                        f"{self.folder / kind / stem}.png has {_size(image)} pixels and "
                        f"{self.folder / IMAGES[0] / stems[0]}.png {_size(rows[0][0])}; expected "
                        "one size"
                    )
        ref, p0, p1 = (torch.stack(each) for each in zip(*rows, strict=True))
        return Triplets(ref, p0, p1, self.judgements(stems))

    def judgements(self, stems: Sequence[str]) -> Tensor:
        """Read judgements (N,) by name; see `load`."""
        return torch.tensor([self._judgement(stem) for stem in stems])

    def path(self, kind: str, stem: str) -> Path:
        """Return the path of a picture, one of `IMAGES`.

        Raises
        ------
        InputError
            There is no such file.
        """
        path = self.folder / kind / f"{stem}.png"
        if not path.is_file():
            raise InputError(f"{path}: no such file; expected one for each of {IMAGES[0]}/*.png")
        return path

    def batches(self, size: int) -> Iterator[Triplets]:
        """Read all triplets, ``size`` at a time."""
        for start in range(0, len(self), size):
            yield self.load(self.stems[start : start + size])

    def _judgement(self, stem: str) -> float:
        path = self.folder / "judge" / f"{stem}.npy"
        try:
            values = np.load(path, allow_pickle=False)
        except FileNotFoundError:
            raise InputError(
                f"{path}: no such file; expected the fraction of judges that preferred p1"
            ) from None
        except (OSError, ValueError, EOFError) as error:
            raise InputError(f"{path}: no array can be read ({error}); get it again") from None
        if values.size != 1 or values.dtype.kind not in "fiub":
            raise InputError(f"{path}: found {values.dtype} {values.shape}, expected one number")
        value = float(values.reshape(()))
        if not 0 <= value <= 1:
            raise InputError(f"{path}: found {value:g}, expected a fraction in [0, 1]")
        return value


def read_families(folder: Path, names: Sequence[str] | None = None) -> list[Family]:
    """Return the families of a folder, in the order of their names.

    Parameters
    ----------
    folder
        With a sub-folder per family; or itself a family.
    names
        The families wanted; by default all.

    Raises
    ------
    InputError
        In one line: no such folder or family, a family without triplets, or a set that
        `elpips make-2afc` has not finished.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; {_EXPECTED} in it")
    refuse_unfinished(folder)
    if (folder / IMAGES[0]).is_dir():
        found = [folder]
    else:
        found = sorted(each.parent for each in folder.glob(f"*/{IMAGES[0]}") if each.is_dir())
    if not found:
        raise InputError(f"{folder}: holds no family; {_EXPECTED}")
    known = {each.name: each for each in found}
    if missing := [name for name in names or () if name not in known]:
        raise InputError(f"{folder}: has no family {missing[0]!r}; expected any of {list(known)}")
    families = []
    for each in (known[name] for name in names) if names else found:
        stems = tuple(sorted(path.stem for path in (each / IMAGES[0]).glob("*.png")))
        if not stems:
            raise InputError(f"{each / IMAGES[0]}: holds no *.png; {_EXPECTED}")
        families.append(Family(each, stems))
    return families


def write_triplet(folder: Path, stem: str, images: Tensor, judge: float) -> None:
    """Write one triplet: images (3, 3, H, W) of ref, p0, p1, and then the judgement.

    The judgement comes last, so that a triplet with one is whole.
    """
    for kind, image in zip(IMAGES, images, strict=True):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        save_image(folder / kind / f"{stem}.png", image)
    (folder / "judge").mkdir(exist_ok=True)
    with atomic_write(folder / "judge" / f"{stem}.npy") as temporary:
        np.save(temporary, np.array([judge], np.float32))


def has_triplet(folder: Path, stem: str) -> bool:
    """Return whether a triplet was written to the end."""
    return (folder / "judge" / f"{stem}.npy").is_file()


def _size(image: Tensor) -> str:
    return f"{image.shape[2]} x {image.shape[1]}"
