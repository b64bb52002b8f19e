"""The barycenter as a stochastic problem: samples, starts, identity."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry import BarycenterOptions, BarycenterProblem
from elpips.geometry.noise import noise_images
from elpips.geometry.outline import Outlines
from elpips.metrics import Ensemble, InputError, OverBackgrounds
from elpips.metrics.seeds import stream
from tiny_metric import tiny
from toy_paths import noise

IMAGES = noise(3, 3, 17, 21, seed=0)
WEIGHTS = [1.0, 2.0, 5.0]
X = torch.full_like(IMAGES[:1], 0.5)


def problem(images=IMAGES, weights=WEIGHTS, metric="l2", init="blend", **options):
    options = BarycenterOptions(**options)
    return BarycenterProblem.of(images, weights, options, metric=metric, init=init)


def test_subset_gradient_is_unbiased() -> None:
    full, part = problem(), problem(subset=1)
    x, rng = X, stream(0, "optimise")
    mean = torch.stack([part.sample(x, rng).gradient for _ in range(4000)]).mean(0)
    exact = full.sample(x, rng).gradient
    assert (mean - exact).norm() < 0.1 * exact.norm()


@pytest.mark.parametrize("power", [1, 2])
def test_samples_are_the_objective_and_its_gradient(power: int) -> None:
    sample = problem(power=power).sample(X, stream(0, "optimise"))
    distances = (X - IMAGES).square().mean((1, 2, 3))
    weights = torch.tensor(WEIGHTS) / 8
    assert sample.value == pytest.approx(float(weights @ distances**power), rel=1e-5)
    slopes = weights * power * distances ** (power - 1)
    expected = torch.einsum("k,kchw->chw", slopes, 2 * (X - IMAGES) / X.numel())[None]
    torch.testing.assert_close(sample.gradient, expected, rtol=1e-4, atol=1e-9)
    assert problem(power=power).held_out(X) == pytest.approx(sample.value, rel=1e-5)


def test_draws_of_a_step_are_averaged_before_the_power() -> None:
    three = problem(metric=tiny(Ensemble()), draws=3).sample(X, stream(0, "optimise"))
    rng = stream(0, "optimise")
    singles = [problem(metric=tiny(Ensemble())).sample(X, rng) for _ in range(3)]
    assert three.draws == 3
    torch.testing.assert_close(
        three.gradient, torch.stack([each.gradient for each in singles]).mean(0)
    )
    assert three.value == pytest.approx(sum(each.value for each in singles) / 3, rel=1e-5)


def test_a_subset_of_all_inputs_is_all_of_them() -> None:
    assert problem(subset=3).subset is None and problem(subset=2).subset == 2


def test_starts() -> None:
    mean = torch.einsum("k,kchw->chw", torch.tensor(WEIGHTS) / 8, IMAGES)
    torch.testing.assert_close(problem().initial[0], mean)
    torch.testing.assert_close(problem().mean, mean)
    assert torch.equal(problem(init="image").initial, IMAGES[2:])
    assert torch.equal(problem(init="noise", seed=4).initial, noise_images(IMAGES, 1, 4))
    for given in (IMAGES[1], IMAGES[1:2], IMAGES[1].clone().requires_grad_()):
        assert torch.equal(problem(init=given).initial, IMAGES[1:2])


@pytest.mark.parametrize("subset", [0, 4])
def test_bad_subsets_are_refused(subset: int) -> None:
    with pytest.raises(InputError, match=f"subset: found {subset}, expected 1 to 3 inputs"):
        problem(subset=subset)


def test_identity_is_of_what_is_solved() -> None:
    assert problem().identity == problem(evaluation_draws=3, steps=5).identity
    for key, changed in {
        "weights": problem(weights=None),
        "metric": problem(metric=tiny()),
        "power": problem(power=2),
        "draws": problem(draws=2),
        "subset": problem(subset=1),
        "images": problem(IMAGES.flip(3)),
        "start": problem(init="image"),
    }.items():
        assert changed.identity[key] != problem().identity[key]


@pytest.mark.parametrize("init", ["blend", "objects", "texture", "noise"])
def test_starts_with_transparency_have_one_outline(init) -> None:
    alpha = torch.zeros(3, 1, 32, 40)
    for index in range(3):
        alpha[index, :, 6:26, 4 + 4 * index : 24 + 4 * index] = 1
    images = torch.cat([noise(3, 3, 32, 40) * alpha, alpha], 1)
    found = problem(images, init=init)
    assert isinstance(found.metric, OverBackgrounds) and found.mean.shape == (4, 32, 40)
    assert (found.initial[:, :3] <= found.initial[:, 3:]).all()
    # The one in the middle of all, of which a mean would have a third and two thirds.
    expected = Outlines.of(images).between(torch.tensor(WEIGHTS) / 8)
    assert torch.equal(found.initial[0, 3:], expected)
    assert ((expected > 0.1) & (expected < 0.9)).float().mean() < 0.06
    with pytest.raises(InputError, match="init: found shape"):
        problem(images, init=images[0, :3])
