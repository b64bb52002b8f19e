"""Certificates hold against attacks, and are exact where the network is linear."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from elpips.geometry.ball import Ball
from elpips.geometry.bounded_attacks import apgd
from elpips.metrics.lipschitz import Certificate, certify, distance_interval
from elpips.metrics.lipschitz.certificates import certificate_of
from lipsim_files import tiny_lipsim
from random_images import images, rng

COUNT = 6


def vectors(seed: int, spread: float = 1.0) -> list[Tensor]:
    """Return three batches of vectors (50, 8), as if phi were the identity."""
    found = torch.randn(3, 50, 8, generator=rng(seed), dtype=torch.float64)
    return list(found * spread)


def margin(phi: Tensor, phi0: Tensor, phi1: Tensor) -> Tensor:
    """Return d(x, x1) - d(x, x0)."""
    f, f0, f1 = (each / each.norm(dim=1, keepdim=True) for each in (phi, phi0, phi1))
    return (f * (f0 - f1)).sum(1)


def test_the_radius_of_the_reference_is_exact_in_the_linear_case() -> None:
    phi, phi0, phi1 = vectors(0, 0.4)
    found = certificate_of(phi, phi0, phi1, 1.0)
    before = margin(phi, phi0, phi1)
    u = phi0 / phi0.norm(dim=1, keepdim=True) - phi1 / phi1.norm(dim=1, keepdim=True)
    towards = -before.sign()[:, None] * u / u.norm(dim=1, keepdim=True)
    # What is taken off for rounding is below 1e-4 here.
    for length, flips in ((found.reference, False), (found.reference + 1e-4, True)):
        moved = phi + length[:, None] * towards
        assert ((margin(moved, phi0, phi1).sign() != before.sign()) == flips).all()
    # The released radius claims more where |phi| < 1, and there a flip is inside it.
    short = found.norm < 0.99
    assert 5 < short.sum() < 50
    assert (found.released[short] > found.reference[short]).all()
    torch.testing.assert_close(found.released * found.norm, found.reference, rtol=1e-3, atol=1e-4)


def test_the_radius_of_an_alternative_is_exact_in_the_linear_case() -> None:
    phi, phi0, phi1 = vectors(1)
    found = certificate_of(phi, phi0, phi1, 1.0)
    before = margin(phi, phi0, phi1)
    cosines = 1 - found.distances
    # Towards the cone of the other's angle: the nearest of its rays lies in the plane of both.
    axis = phi / phi.norm(dim=1, keepdim=True)
    beside = phi0 - (phi0 * axis).sum(1, keepdim=True) * axis
    beside = beside / beside.norm(dim=1, keepdim=True)
    ray = cosines[:, 1:] * axis + (1 - cosines[:, 1:] ** 2).sqrt() * beside
    nearest = (phi0 * ray).sum(1, keepdim=True).clamp_min(0) * ray
    torch.testing.assert_close(
        (phi0 - nearest).norm(dim=1), found.alternatives[:, 0], rtol=1e-3, atol=1e-4
    )
    for share, flips in ((0.99, False), (1.02, True)):
        moved = phi0 + share * (nearest - phi0)
        inside = (phi0 * ray).sum(1) > 0.1
        turned = margin(phi, moved, phi1).sign() != before.sign()
        assert (turned == flips)[inside].all()


@pytest.mark.parametrize("radius", [0.05, 0.5, 3.0])
def test_distances_stay_in_their_interval(radius: float) -> None:
    phi, other, step = vectors(2)
    low, high = distance_interval(phi, other, radius, 1.0)
    moved = phi + radius * step / step.norm(dim=1, keepdim=True)
    cosine = (moved * other).sum(1) / moved.norm(dim=1) / other.norm(dim=1)
    assert ((low <= 1 - cosine) & (1 - cosine <= high)).all()
    assert (low >= 0).all() and (high <= 2).all()
    # Of an image to itself: 1 - sqrt(1 - (radius / |phi|)^2).
    same = distance_interval(phi, phi, radius, 1.0)[1]
    share = (radius / phi.norm(dim=1)).clamp(max=1)
    expected = torch.where(share < 1, 1 - (1 - share**2).sqrt(), 2.0)
    torch.testing.assert_close(same, expected, rtol=1e-3, atol=1e-7)


def test_ties_have_no_radius() -> None:
    phi, phi0, _ = vectors(3)
    found = certificate_of(phi, phi0, phi0.clone(), 1.0)
    assert not found.reference.any() and not found.alternatives.any() and not found.closest.any()
    nothing = certificate_of(torch.zeros_like(phi), phi0, phi, 1.0)
    assert not nothing.reference.any() and nothing.distances.isfinite().all()


def judged(seed: int, size: tuple[int, int]) -> tuple[list[Tensor], Certificate]:
    x = 0.2 + 0.6 * images(COUNT, *size, seed=seed)
    noise = torch.randn(2, *x.shape, generator=rng(seed))
    copies = [
        (x + scale * each).clamp(0, 1) for scale, each in zip((0.1, 0.11), noise, strict=True)
    ]
    return [x, *copies], certify(tiny_lipsim(), x, *copies)


@pytest.mark.parametrize("size", [(16, 16), (30, 23)])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_no_attack_inside_the_radius_changes_a_judgement(size: tuple[int, int], which: int) -> None:
    metric = tiny_lipsim()
    triplet, found = judged(which, size)
    radii = torch.stack([found.reference, *found.alternatives.unbind(1)])[which]
    assert (radii > 0).all()
    sign = torch.where(found.closest == 0, -1.0, 1.0)
    center, largest = triplet[which], float(radii.max())
    # Each image has a radius of its own: less of the way in the ball of the largest.
    share = (radii / largest).float().view(-1, 1, 1, 1)

    def wrong(x: Tensor) -> Tensor:
        changed = [*triplet]
        changed[which] = center + share * (x - center)
        return sign * margin(*(metric.features(each) for each in changed))

    attacked = apgd(wrong, center, Ball("l2", 0.99 * largest), 12, rng())
    assert (attacked.values < 0).all()


def test_attacks_come_near_the_bound_of_the_distance() -> None:
    metric = tiny_lipsim()
    x = 0.3 + 0.4 * images(1, 16, 16)
    phi, radius = metric.features(x), 0.3
    bound = float(distance_interval(phi, phi, radius, metric.lipschitz(x))[1])
    draw = metric.draw((16, 16))
    fixed = metric.embed(x, draw)
    found = apgd(
        lambda y: metric.distance(metric.embed(y, draw), fixed), x, Ball("l2", radius), 20, rng()
    )
    assert 0.2 * bound < float(found.values) <= bound


def test_radii_are_of_the_image_as_given() -> None:
    triplet, found = judged(0, (32, 32))
    small = certify(
        tiny_lipsim(),
        *(
            torch.nn.functional.interpolate(each, (16, 16), mode="bilinear", antialias=True)
            for each in triplet
        ),
    )
    assert found.lipschitz == pytest.approx(0.5, rel=0.02) and small.lipschitz == pytest.approx(1)
    torch.testing.assert_close(
        found.reference * found.lipschitz, small.reference, rtol=1e-3, atol=1e-4
    )
    assert math.isfinite(float(found.released.max()))
