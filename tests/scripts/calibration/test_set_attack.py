"""Choices under attack: what an outcome promises."""

from __future__ import annotations

import pytest
import torch

from elpips.metrics import Ensemble, InputError
from elpips.scripts.calibration.attacked import ATTACKED, attacked_images, with_images
from elpips.scripts.calibration.dataset import Triplets
from elpips.scripts.calibration.set_attack import (
    SetAttackOptions,
    attack_triplets,
    decided,
    margins,
)
from tiny_metric import tiny

OPTIONS = SetAttackOptions(steps=6, linf=(0.01, 0.1), l2=(0.5,), draws=4, batch=4)


@pytest.fixture
def triplets() -> Triplets:
    rng = torch.Generator().manual_seed(0)
    ref = 0.3 + 0.4 * torch.rand(7, 3, 12, 12, generator=rng)
    noise = torch.randn(2, 7, 3, 12, 12, generator=rng)
    judge = torch.tensor([0.1, 0.9, 0.2, 0.8, 0.0, 1.0, 0.9])
    sizes = torch.where(judge > 0.5, torch.tensor([[0.12], [0.03]]), torch.tensor([[0.03], [0.12]]))
    p0, p1 = (ref + sizes[..., None, None, None] * noise).clamp(0, 1)
    # The judges of the last one are wrong.
    judge[-1] = 0.1
    return Triplets(ref, p0, p1, judge)


@pytest.mark.parametrize("attacked", ATTACKED)
def test_attacks_turn_choices_inside_their_balls(triplets, attacked) -> None:
    options = SetAttackOptions(**(vars(OPTIONS) | {"attacked": attacked}))
    metric = tiny()
    found = attack_triplets(metric, triplets, options)
    assert (found.natural[:-1] < 0).all() and found.natural[-1] > 0
    torch.testing.assert_close(found.natural, margins(metric, triplets, options))
    for ball in options.balls:
        assert (found.attacked[ball.name] >= found.natural).all()
        images = found.images[ball.name]
        difference = images - attacked_images(triplets, attacked)
        lengths = difference.flatten(2).abs().amax(-1)
        if ball.norm == "l2":
            lengths = difference.flatten(2).norm(dim=-1)
        assert (lengths <= ball.epsilon + 1e-6).all() and images.min() >= 0 and images.max() <= 1
        # The images are those of the margins; what is wrong already is left as it is.
        again = margins(metric, with_images(triplets, attacked, images), options)
        torch.testing.assert_close(again, found.attacked[ball.name], rtol=1e-4, atol=1e-7)
        assert not difference[-1].any()
        assert (found.by_attack[ball.name]["apgd"] >= found.by_attack[ball.name]["pgd"]).all()
    small, large = (float((found.attacked[b.name] < 0).double().mean()) for b in options.balls[:2])
    assert large <= small < 1 and (large == 0 or attacked in ("first", "second"))


def test_a_random_metric_is_judged_on_draws_that_no_attack_has_seen(triplets) -> None:
    metric = tiny(Ensemble(scale=False))
    found = [attack_triplets(metric, triplets, OPTIONS) for _ in range(2)]
    assert torch.equal(found[0].natural, found[1].natural)
    assert torch.equal(found[0].attacked["linf 0.1"], found[1].attacked["linf 0.1"])
    assert (found[0].attacked["l2 0.5"] >= found[0].natural).all()
    assert (found[0].attacked["linf 0.1"] > found[0].natural)[:-1].any()
    assert found[0].seconds > 0


def test_undecided_triplets_are_left_out(triplets) -> None:
    judge = triplets.judge.clone()
    judge[2] = 0.5
    assert len(decided(Triplets(triplets.ref, triplets.p0, triplets.p1, judge))) == 6


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"attacks": ("cw",)}, "attacks: found"),
        ({"attacked": "third"}, "attacked: found"),
        ({"steps": 0}, "steps: found 0"),
        ({"linf": (), "l2": ()}, "no radius"),
        ({"linf": (-0.1,)}, "linf: found -0.1"),
        ({"seed": -1}, "seed: found -1"),
    ],
)
def test_what_is_refused(fields, match: str) -> None:
    with pytest.raises(InputError, match=match):
        SetAttackOptions(**fields)
