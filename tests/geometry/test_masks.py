"""What a mask keeps is kept bit by bit, and what it frees moves."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from elpips.geometry import (
    GeodesicProblem,
    IdentityError,
    barycenter,
    geodesic,
    morph,
    stationarity_errors,
)
from elpips.geometry.masks import MaskedPreconditioner, check_mask, masked
from elpips.metrics import Ensemble, InputError
from elpips.optim import Scaling, StopReason
from tiny_metric import tiny
from toy_paths import END, START, noise

SIZE = (START.shape[-2], START.shape[-1])


def halves(left: float = 0.0, right: float = 1.0) -> Tensor:
    """Return a mask whose left ten columns are one number and the others another."""
    mask = torch.full(SIZE, right)
    mask[:, :10] = left
    return mask


def test_the_map_and_its_adjoint_belong_together() -> None:
    map_ = MaskedPreconditioner(Scaling(noise(2, 3, 4, 5)), noise(4, 5, seed=2))
    z, x = noise(2, 3, 4, 5, seed=3), noise(2, 3, 4, 5, seed=4)
    torch.testing.assert_close((map_.apply(z) * x).sum(), (z * map_.adjoint(x)).sum())
    assert masked(map_, None) is map_


@pytest.mark.parametrize("init", ["crisp", "noise", "texture", "frames"])
def test_a_path_stays_at_its_start_where_the_mask_is_black(init: str) -> None:
    start = noise(5, 3, *SIZE) if init == "frames" else init
    result = geodesic(START, END, 9, metric=tiny(Ensemble()), init=start, mask=halves(), steps=110)
    assert result.levels[0].problem.transitions < 8
    reference = result.problem.middle
    inner = result.frames[1:-1]
    assert torch.equal(inner[..., :10], reference[..., :10])
    assert (inner[..., 10:] != reference[..., 10:]).float().mean() > 0.9
    assert torch.equal(result(0.3)[..., :10], result.reference([0.3])[0, ..., :10].clamp(0, 1))


def test_black_stays_black_from_smaller_images() -> None:
    ends = noise(2, 3, 64, 72)
    mask = (noise(64, 72, seed=5) > 0.7).float()
    result = geodesic(
        *ends, 3, metric=tiny(Ensemble()), init="blend", mask=mask, steps=204, halvings=1
    )
    assert [level.problem.size for level in result.levels] == [(32, 36), (64, 72)]
    same = result.frames[1] == result.problem.middle[0]
    assert same[:, mask == 0].all() and same[:, mask > 0].float().mean() < 0.1


def test_grey_moves_less_than_white() -> None:
    images = torch.stack([START, END])
    found = barycenter(images, metric=tiny(), init="noise", mask=halves(0.1), steps=20)
    moved = (found.image - found.problem.initial[0]).abs()
    assert 0 < moved[..., :10].mean() < 0.3 * moved[..., 10:].mean()


def test_a_barycenter_stays_at_its_start_where_the_mask_is_black() -> None:
    images = torch.stack([START, END])
    found = barycenter(images, metric=tiny(), init="image", mask=halves(), steps=20)
    assert torch.equal(found.image[..., :10], START[..., :10])
    assert (found.image[..., 10:] != START[..., 10:]).float().mean() > 0.9


def test_a_morph_takes_a_mask_for_all_its_pairs() -> None:
    keys = torch.stack([START, END, START.flip(-1)])
    found = morph(keys, 3, metric=tiny(), mask=halves(), steps=10)
    for segment in found.segments:
        assert torch.equal(segment.frames[1:-1, ..., :10], segment.problem.middle[..., :10])
        assert not torch.equal(segment.frames[1:-1], segment.problem.middle)


def test_a_run_with_another_mask_is_another_run() -> None:
    begun = geodesic(START, END, 3, metric="l2", mask=halves(), steps=2)
    run = begun.solution.state
    again = geodesic(START, END, 3, metric="l2", mask=halves(), steps=4, run=run)
    assert again.solution.state.step == 4
    for other in (None, halves(0.5)):
        with pytest.raises(IdentityError, match="another --mask"):
            geodesic(START, END, 3, metric="l2", mask=other, steps=4, run=run)
    images = torch.stack([START, END])
    run = barycenter(images, metric="l2", steps=2).solution.state
    with pytest.raises(IdentityError, match="another --mask"):
        barycenter(images, metric="l2", steps=4, mask=halves(), run=run)


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (torch.ones(17, 20), "found shape (17, 20), expected (17, 21)"),
        (torch.ones(1, 17, 21), "found shape (1, 17, 21)"),
        (torch.zeros(SIZE), "is 0 (black) everywhere"),
        (halves(math.nan), "found values from nan"),
        (halves(-0.5), "found values from -0.5 to 1"),
        (halves(0, 255), "found values from 0 to 255, expected [0, 1]"),
        ([[1.0]], "found list, expected a torch.Tensor"),
    ],
)
def test_masks_that_cannot_be_used_are_refused(mask: Tensor, said: str) -> None:
    with pytest.raises(InputError) as error:
        check_mask(mask, START, "adaptive")
    assert str(error.value).startswith("mask: ") and said in str(error.value)


def test_the_released_schedule_takes_no_mask() -> None:
    with pytest.raises(InputError, match="mask: cannot be kept by the released schedule"):
        geodesic(START, END, 3, metric="l2", mask=halves(), schedule="released")
    assert check_mask(halves() > 0, START, "adaptive").dtype == START.dtype  # type: ignore[union-attr]


def test_what_a_mask_holds_does_not_keep_a_run_from_converging() -> None:
    images = noise(2, 3, *SIZE)
    options = {"metric": "l2", "init": "image", "tolerance": 0.02, "steps": 1500}
    free = barycenter(images, **options).solution
    held = barycenter(images, mask=halves(), **options).solution
    assert free.result is held.result is StopReason.CONVERGED
    problem = GeodesicProblem.of(START, END, 4, metric="l2", mask=halves(), init="nearest")
    still = GeodesicProblem.of(START, END, 4, metric="l2", mask=halves(), init="blend")
    # The free half at its optimum, the other where it started.
    solved = problem.complete(problem.middle.lerp(still.middle, halves()))
    assert max(stationarity_errors(problem, solved)) < 1e-6
