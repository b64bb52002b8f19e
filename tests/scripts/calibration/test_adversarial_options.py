"""Options of adversarial training: what is refused, and what follows from them."""

from __future__ import annotations

import pytest

from elpips.metrics import InputError
from elpips.scripts.calibration.adversarial_options import AdversarialOptions


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"epochs": 0}, "epochs: found 0"),
        ({"batch": 0}, "batch: found 0"),
        ({"rate": 0.0}, "rate: found 0.0"),
        ({"adversarial_share": 1.5}, "adversarial_share: found 1.5"),
        ({"attacked": ()}, "attacked: found"),
        ({"attacked": ("third",)}, "attacked: found"),
        ({"mode": "contrastive", "attacked": ("first",)}, "attacks the reference alone"),
        ({"mode": "contrastive", "batch": 1}, "--batch of 2"),
        ({"linf": None, "l2": None}, "neither --linf nor --l2"),
        ({"linf": -1.0}, "linf: found -1.0"),
        ({"seed": -1}, "seed: found -1"),
    ],
)
def test_what_is_refused(fields, match: str) -> None:
    with pytest.raises(InputError, match=match):
        AdversarialOptions(**fields)


def test_balls_and_rates() -> None:
    assert [ball.name for ball in AdversarialOptions().balls] == ["linf 4/255", "l2 1"]
    assert [ball.name for ball in AdversarialOptions(linf=None, l2=2.0).balls] == ["l2 2"]
    options = AdversarialOptions(epochs=2, decay_epochs=2)
    assert [options.rate_factor(step, 10) for step in (0, 20, 30, 40)] == [1, 1, 0.5, 0]
