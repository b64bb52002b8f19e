"""Images that solvers can take."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry import attack, barycenter, geodesic, morph
from elpips.geometry.inputs import check_input, check_inputs
from elpips.metrics import InputError

X = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def test_single_and_double_precision_pass() -> None:
    for images in (X, X.double()):
        check_inputs(images)
        check_input(images[0], "image")
    with pytest.raises(InputError, match="found values"):
        check_inputs(X + 1)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize(
    "solve",
    [
        lambda x: geodesic(x[0], x[1], metric="l2"),
        lambda x: morph(x, metric="l2"),
        lambda x: barycenter(x, metric="l2"),
        lambda x: attack("a2", x[0], metric="l2"),
    ],
)
def test_half_precision_is_refused(solve, dtype: torch.dtype) -> None:
    with pytest.raises(InputError, match=f"found {dtype}, expected torch.float32 or"):
        solve(X.to(dtype))
