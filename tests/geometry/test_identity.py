"""What tells one problem from another."""

from __future__ import annotations

import json

import pytest
import torch

from elpips.geometry import GeodesicProblem, IdentityError
from elpips.geometry.identity import check_identity, digest, digests, metric_identity
from elpips.metrics import Ensemble, InputError, create_metric
from elpips.metrics.backgrounds import suited
from elpips.optim import PaperAdam, start
from tiny_metric import tiny
from toy_paths import END, START
from toy_problems import MIDDLE, quadratic

IDENTITY = {
    "frames": 5,
    "metric": "l2",
    "seed": 3,
    "size": [9, 9],
    "images": ["a", "b"],
    "start": "c",
}

METRIC = tiny(Ensemble())


def run_of(identity):
    return start(quadratic(), PaperAdam(), MIDDLE, 0, identity)


def test_a_run_of_the_same_problem_comes_back() -> None:
    run = run_of(IDENTITY)
    assert check_identity(run, dict(reversed(IDENTITY.items()))) is run


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 4}, "made with --seed 3, not 4"),
        ({"metric": "tiny", "start": "d"}, "made with --metric l2, not tiny"),
        ({"levels": [2, 4], "frames": 6, "start": "d"}, "made with --frames 5, not 6"),
        ({"start": "d"}, "another start (--init, --motion, or the pictures it names)"),
        ({"images": ["a", "c"], "start": "d"}, "other images (number 2 of 2), or other --alpha"),
        ({"images": ["b", "a"], "start": "d"}, "other images (in another order)"),
        ({"images": ["a"], "start": "d"}, "other images (2, not 1)"),
        ({"size": [3, 4], "images": ["c", "d"]}, "images of [9, 9] px (height, width), not [3, 4]"),
        ({"novelty": 2}, "made with novelty none, not 2"),
    ],
)
def test_what_was_changed_is_said_in_words(change, message: str) -> None:
    with pytest.raises(IdentityError) as caught:
        check_identity(run_of(IDENTITY), {**IDENTITY, **change})
    assert message in str(caught.value)
    assert str(caught.value).endswith("or start anew without --resume")
    assert "\n" not in str(caught.value) and isinstance(caught.value, InputError)


def test_what_the_problem_lacks_is_a_difference_too() -> None:
    with pytest.raises(IdentityError, match="made with --seed 3, not none"):
        check_identity(run_of(IDENTITY), {k: v for k, v in IDENTITY.items() if k != "seed"})


def test_a_digest_is_of_the_very_pixels() -> None:
    images = torch.rand(2, 3, 5, 4, generator=torch.Generator().manual_seed(0))
    assert digest(images) == digest(images.clone()) and len(digest(images)) == 64
    assert digest(images.mT.contiguous().mT) == digest(images)
    changed = images.clone()
    changed[1, 2, 3, 3] += 1e-6
    assert digest(changed) != digest(images)


def test_each_image_has_its_digest() -> None:
    images = torch.rand(2, 3, 5, 4, generator=torch.Generator().manual_seed(0))
    assert digests(images) == [digest(images[0]), digest(images[1])]
    assert digest(images[0]) != digest(images[1])


def test_metrics_are_told_apart_by_what_changes_their_numbers() -> None:
    def of(metric, working=None):
        return metric_identity(metric, working or metric)

    assert of(tiny())["metric"] == "tiny" and of(tiny()) == of(tiny())
    assert of(tiny(Ensemble())) != of(tiny()) != of(create_metric("l2"))
    assert of(tiny(Ensemble(scale_levels=3))) != of(tiny(Ensemble()))
    assert of(tiny(), tiny().to(torch.bfloat16))["precision"] == "bfloat16"
    assert of(tiny())["precision"] == "float32"


def test_identities_are_plain_and_survive_a_file() -> None:
    identity = dict(GeodesicProblem.of(START, END, 5, metric=tiny(Ensemble())).identity)
    assert json.loads(json.dumps(identity)) == identity


def test_transparency_kept_once_and_not_again_is_said_before_the_images() -> None:
    pair = torch.zeros(1, 4, 8, 8)
    plain, over = (
        {**metric_identity(m, m), "images": m.channels} for m in (METRIC, suited(METRIC, pair))
    )
    with pytest.raises(IdentityError, match="with --alpha keep, not another"):
        check_identity(run_of(over), plain)
    # What was begun before this was said.
    before = {key: value for key, value in over.items() if key != "alpha"}
    assert check_identity(run_of(before), over).identity == before
    with pytest.raises(IdentityError, match="other images"):
        check_identity(run_of(before), plain)


def test_runs_of_images_that_tile_are_others_and_those_of_before_are_not() -> None:
    plain, torus = (metric_identity(each, each) for each in (METRIC, METRIC.tiled("both")))
    with pytest.raises(IdentityError, match="--tile none, not both"):
        check_identity(run_of(plain), torus)
    before = {key: value for key, value in plain.items() if key != "tile"}
    assert check_identity(run_of(before), plain).identity == before
