"""Options of a set: what is refused, and how triplets are shared out."""

from __future__ import annotations

import pytest

from elpips.metrics import InputError
from elpips.scripts.calibration.set_options import SetOptions


@pytest.mark.parametrize(
    "options",
    [
        {"train_families": ("cnn",)},
        {"train": 0},
        {"strengths": (0.5, 0.2)},
        {"strengths": (0.0, 1.1)},
        {"panel": ()},
        {"softness": 0.0},
    ],
)
def test_options_of_a_set_are_checked(options) -> None:
    with pytest.raises(InputError, match=r"expected"):
        SetOptions(**options)


def test_distortions_may_begin_at_nothing() -> None:
    assert SetOptions(strengths=(0.0, 1.0)).strengths == (0.0, 1.0)


def test_training_triplets_are_shared_out() -> None:
    options = SetOptions(
        train=5, val=2, train_families=("traditional", "network"), val_families=("deblur",)
    )
    assert options.parts() == [
        ("train", "traditional", 3),
        ("train", "network", 2),
        ("val", "deblur", 2),
    ]
