"""What a 2AFC set is made of."""

from __future__ import annotations

from dataclasses import dataclass

from ...metrics.checks import check_fields
from ...metrics.errors import InputError
from .families import FAMILIES
from .patches import Part


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
        """Raise `InputError` for options of which no set can be made."""
        check_fields(self)
        for name in (*self.train_families, *self.val_families):
            if name not in FAMILIES:
                raise InputError(
                    f"no distortion family {name!r}; expected any of {', '.join(FAMILIES)}"
                )
        if not self.train or not self.train_families or not self.panel:
            raise InputError(
                f"found {self.train} triplets of {len(self.train_families)} families to train, "
                f"judged by {len(self.panel)} metrics; expected at least one of each"
            )
        low, high = self.strengths
        if low > high:
            raise InputError(f"strengths {low} to {high}: expected the weaker first")

    def parts(self) -> list[tuple[Part, str, int]]:
        """Return (part, family, triplets) of each folder of the set."""
        share, rest = divmod(self.train, len(self.train_families))
        counts = [share + (i < rest) for i in range(len(self.train_families))]
        train = zip(self.train_families, counts, strict=True)
        return [
            *(("train", family, count) for family, count in train),
            *(("val", family, self.val) for family in self.val_families if self.val),
        ]
