"""What all storeys know of pictures with transparency."""

from __future__ import annotations

import torch

from elpips.rgba import has_alpha, over


def test_four_channels_are_a_picture_with_transparency() -> None:
    assert has_alpha(torch.zeros(4, 5, 6)) and has_alpha(torch.zeros(2, 4, 5, 6))
    assert not has_alpha(torch.zeros(4, 3, 5, 6)) and not has_alpha(torch.zeros(4, 6))


def test_over_a_background_is_the_usual_mix() -> None:
    rng = torch.Generator().manual_seed(0)
    straight, alpha = torch.rand(3, 5, 6, generator=rng), torch.rand(1, 5, 6, generator=rng)
    picture = torch.cat([alpha * straight, alpha])
    expected = alpha * straight + (1 - alpha) * 0.25
    torch.testing.assert_close(over(picture, 0.25), expected)
    assert torch.equal(over(picture[:3]), picture[:3])
