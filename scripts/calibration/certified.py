"""Certified 2AFC scores: the share of judges that agree with judgements no attack can change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...metrics.lipschitz import Certificate, LipSim, certify
from ...metrics.statistics import Mean, mean_of
from .dataset import Family
from .preferences import two_afc_scores

RADII = (36 / 255, 72 / 255, 108 / 255)
"""Radii in l2 that LipSim was published with."""

_BATCH = 16


@dataclass(frozen=True)
class CertifiedScores:
    """Scores of one family.

    Attributes
    ----------
    natural
        The 2AFC score: the mean fraction of judges that agree.
    certified
        By radius: the same, where judgements whose radius is not above it count as wrong.
    radius
        Median radius of a change of the reference.
    norm
        Median of |phi| of the references; the release claims too much where it is below 1.
    lipschitz
        Constant by which the radii were divided.
    triplets
        How many there are.
    """

    natural: Mean
    certified: Mapping[float, Mean]
    radius: float
    norm: float
    lipschitz: float
    triplets: int


def certified_scores(
    metric: LipSim,
    family: Family,
    radii: Sequence[float] = RADII,
    advance: Callable[[int], object] = lambda count: None,
) -> CertifiedScores:
    """Judge and certify the triplets of a family, against changes of the reference.

    Parameters
    ----------
    metric
        LipSim.
    family
        Triplets of one size.
    radii
        l2 over pixels and channels, values in [0, 1].
    advance
        Called with the number of triplets done since the last call.

    Raises
    ------
    InputError
        A triplet cannot be read.
    """
    natural, radius, norm, lipschitz = [], [], [], 0.0
    for triplets in family.batches(_BATCH):
        images = (each.to(metric.device) for each in (triplets.ref, triplets.p0, triplets.p1))
        found = certify(metric, *images)
        natural.append(agreement(found, triplets.judge))
        radius.append(found.reference.cpu())
        norm.append(found.norm.cpu())
        lipschitz = max(lipschitz, found.lipschitz)
        advance(len(triplets))
    scores, lengths = torch.cat(natural), torch.cat(radius)
    return CertifiedScores(
        natural=mean_of(scores),
        certified={each: mean_of(scores * (lengths > each)) for each in radii},
        radius=float(lengths.median()),
        norm=float(torch.cat(norm).median()),
        lipschitz=lipschitz,
        triplets=len(scores),
    )


def agreement(found: Certificate, judge: Tensor) -> Tensor:
    """Return the 2AFC scores (N,) in float64 of judgements, given those of people."""
    distances = found.distances.cpu()
    return two_afc_scores(distances[:, 0], distances[:, 1], judge.double())
