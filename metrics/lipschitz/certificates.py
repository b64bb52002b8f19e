r"""Certificates: how far an image may be changed before a judgement can change.

Two images x0, x1 are compared with a reference x under d = 1 - cos(phi, phi). With f = phi/|phi|,
d(x, x1) - d(x, x0) = <f(x), f(x0) - f(x1)>: which one is closer is the sign of <phi(x), u>,
u = f(x0) - f(x1). phi moves by at most L |delta|, L its Lipschitz constant, so

- a change of the *reference* by less than |<phi(x), u>| / |u| / L changes nothing;
- a change of *one alternative* x0 by less than |phi(x0)| sin(min(|t0 - t1|, pi/2)) / L changes
  nothing, t the angles to phi(x): phi(x0) would have to reach the cone of angle t1;
- d(x, y) stays within 1 - cos(t +- a), a = arcsin(L |delta| / |phi(x)|), for a change of x.

They hold for every change, found or not, within [0, 1] or not. The radius of the release,
|d(x, x1) - d(x, x0)| / |u|, is the first one over |phi(x)|: it claims too much where
|phi(x)| < 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..base import check_pair
from .metric import LipSim

_CHUNK = 64

ROUNDING = 5e-6
"""Relative error of phi that single precision is granted; see `docs/robust-metrics.md`."""


@dataclass(frozen=True)
class Certificate:
    """Judgements of pairs, and the l2 radii within which they cannot change.

    All are tensors (N,) in float64. Radii are l2 norms over all pixels and channels of the
    images as given, values in [0, 1].

    Attributes
    ----------
    distances
        (N, 2): d(x, x0) and d(x, x1).
    reference
        Radius of a change of the reference.
    alternatives
        (N, 2): radii of a change of x0 alone, and of x1 alone.
    released
        What the release gives as the radius of the reference; no certificate, see above.
    norm
        |phi(x)| of the reference.
    lipschitz
        L, resizing included, by which the radii were divided; ``released`` was not.
    """

    distances: Tensor
    reference: Tensor
    alternatives: Tensor
    released: Tensor
    norm: Tensor
    lipschitz: float

    @property
    def closest(self) -> Tensor:
        """Index (N,) of the closer alternative; 0 at ties, whose radii are 0."""
        return (self.distances[:, 1] < self.distances[:, 0]).long()


@torch.no_grad()
def certify(metric: LipSim, reference: Tensor, first: Tensor, second: Tensor) -> Certificate:
    """Judge which of two alternatives is closer to a reference, and certify the judgements.

    Parameters
    ----------
    metric
        LipSim, where the images are, computing in single or double precision.
    reference, first, second
        Images (N, 3, H, W) in [0, 1].

    Raises
    ------
    InputError
        Images of another shape, type or range, or of several shapes.
    """
    check_pair(reference, first)
    check_pair(reference, second)
    phi, phi0, phi1 = (metric.features(each) for each in (reference, first, second))
    return certificate_of(phi, phi0, phi1, metric.lipschitz(reference))


def certificate_of(phi: Tensor, phi0: Tensor, phi1: Tensor, lipschitz: float) -> Certificate:
    """Return the certificate of features (N, D) of a reference and two alternatives.

    What rounding can do is taken off each radius: phi is granted a relative error of
    `ROUNDING`, which turns the plane <., u> = 0 by up to twice that over |u|.
    """
    phi, phi0, phi1 = phi.double(), phi0.double(), phi1.double()
    norm, norm0, norm1 = (each.norm(dim=1) for each in (phi, phi0, phi1))
    f, f0, f1 = unit(phi), unit(phi0), unit(phi1)
    u = f0 - f1
    length = u.norm(dim=1)
    height = (phi * u).sum(1).abs()
    # Two alternatives that are one to the network: a tie, which nothing certifies.
    apart = length > 4 * ROUNDING
    safe = torch.where(apart, length, 1.0)
    reference = height / safe - ROUNDING * norm * (1 + 2 / safe)
    t0, t1 = angle(f, f0), angle(f, f1)
    turn = ((t0 - t1).abs() - 4 * ROUNDING).clamp(0, math.pi / 2).sin()
    alternatives = torch.stack([norm0, norm1], 1) * (turn[:, None] - ROUNDING)
    return Certificate(
        distances=torch.stack([1 - t0.cos(), 1 - t1.cos()], 1),
        reference=torch.where(apart, reference, 0.0).clamp_min(0) / lipschitz,
        alternatives=alternatives.clamp_min(0) / lipschitz,
        released=torch.where(apart, (f * u).sum(1).abs() / safe, 0.0),
        norm=norm,
        lipschitz=lipschitz,
    )


def nearest_radius(phi: Tensor, first: Tensor, others: Tensor, lipschitz: float) -> float:
    """Return the radius of a change of a query below which its nearest image stays the nearest.

    Parameters
    ----------
    phi, first
        Features (1, D) of the query and, up to their length, of the nearest image.
    others
        (N, D), up to their lengths: those of all other images, N at least 1.
    lipschitz
        Of the features by the query, resizing included.
    """
    parts = []
    for part in others.split(_CHUNK):
        alike = (len(part), -1)
        found = certificate_of(phi.expand(alike), first.expand(alike), part, lipschitz)
        parts.append(found.reference.min())
    return float(torch.stack(parts).min())


def distance_interval(
    phi: Tensor, other: Tensor, radius: float, lipschitz: float
) -> tuple[Tensor, Tensor]:
    """Return the least and the largest distance (N,) that a change of one image can lead to.

    Parameters
    ----------
    phi, other
        Features (N, D) of the image that is changed, and of the one it is compared with.
    radius
        l2 norm of the change.
    lipschitz
        Of the features by the image, resizing included.
    """
    phi, other = phi.double(), other.double()
    norm, between = phi.norm(dim=1), angle(unit(phi), unit(other))
    share = lipschitz * radius / norm.clamp_min(1e-300) + 2 * ROUNDING
    turn = torch.where(share < 1, share.clamp(max=1).asin(), math.pi)
    low, high = (between - turn).clamp_min(0), (between + turn).clamp_max(math.pi)
    return 1 - low.cos(), 1 - high.cos()


def unit(phi: Tensor) -> Tensor:
    """Return directions of vectors (N, D); 0 for 0."""
    return phi / phi.norm(dim=1, keepdim=True).clamp_min(1e-300)


def angle(f: Tensor, g: Tensor) -> Tensor:
    """Return angles (N,) in radians of unit vectors (N, D), exact for small ones too."""
    return 2 * torch.atan2((f - g).norm(dim=1), (f + g).norm(dim=1))
