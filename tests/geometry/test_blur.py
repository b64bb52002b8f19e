"""The blur: its shape, its borders, its width."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry.blur import gaussian_blur, gaussian_matrix


@pytest.mark.parametrize("sigma", [0.5, 2.0, 30.0])
def test_blur_is_symmetric_and_keeps_constants(sigma: float) -> None:
    matrix = gaussian_matrix(17, sigma)
    torch.testing.assert_close(matrix, matrix.T)
    torch.testing.assert_close(matrix.sum(1), torch.ones(17, dtype=torch.float64))


def test_blur_mirrors_at_the_border() -> None:
    signal = torch.rand(1, 40, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mirrored = torch.cat([signal.flip(1), signal, signal.flip(1)], dim=1)
    inner = gaussian_blur(mirrored, 2.0)[:, 40:80]
    torch.testing.assert_close(gaussian_blur(signal, 2.0), inner, rtol=1e-5, atol=1e-5)


def test_blur_has_its_sigma() -> None:
    impulse = torch.zeros(1, 101, dtype=torch.float64)
    impulse[0, 50] = 1
    spread = gaussian_blur(impulse, 3.0)[0]
    offsets = torch.arange(-50, 51, dtype=torch.float64)
    assert float((spread * offsets**2).sum()) ** 0.5 == pytest.approx(3.0, rel=1e-3)


@pytest.mark.parametrize("sigma", [0.5, 3.0, 40.0])
def test_blur_is_its_own_adjoint_and_keeps_means(sigma: float) -> None:
    x, y = torch.rand(
        2, 2, 3, 9, 14, generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )
    left, right = (gaussian_blur(x, sigma) * y).sum(), (x * gaussian_blur(y, sigma)).sum()
    torch.testing.assert_close(left, right)
    torch.testing.assert_close(gaussian_blur(x, sigma).mean((2, 3)), x.mean((2, 3)))


@pytest.mark.parametrize("sigma", [0.5, 3.0, 40.0])
def test_blur_goes_around_axes_that_wrap(sigma: float) -> None:
    images = torch.rand(2, 3, 9, 14, generator=torch.Generator().manual_seed(2)).double()
    blurred = gaussian_blur(images, sigma, (True, True))
    rolled = gaussian_blur(images.roll((4, -5), (-2, -1)), sigma, (True, True))
    torch.testing.assert_close(rolled, blurred.roll((4, -5), (-2, -1)))
    torch.testing.assert_close(blurred.mean((2, 3)), images.mean((2, 3)))
    row = torch.cat([images[:1, :1, :1]] * 9, -1).repeat(1, 1, 9, 1)
    across = gaussian_blur(row[..., :14], sigma, (False, True))
    torch.testing.assert_close(across, gaussian_blur(row, sigma)[..., 56:70], rtol=1e-3, atol=1e-3)
