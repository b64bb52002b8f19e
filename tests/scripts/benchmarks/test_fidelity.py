"""Fidelity measures on pictures whose error is known."""

from __future__ import annotations

import math

import pytest
import torch

from elpips.scripts.benchmarks.fidelity import psnr, ssim


def test_quality_measures() -> None:
    truth = torch.rand(2, 3, 20, 24, generator=torch.Generator().manual_seed(0))
    assert psnr(truth, truth) == math.inf
    off = torch.full((1, 3, 20, 24), 100 / 255)
    assert psnr(off, off + 10 / 255) == pytest.approx(20 * math.log10(25.5), abs=1e-6)
    assert ssim(truth[0], truth[0]) == pytest.approx(1)
    assert ssim(truth[0], truth[1]) < 0.3
