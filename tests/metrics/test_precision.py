"""Copies of metrics that compute in another precision."""

from __future__ import annotations

import pytest
import torch

from elpips.metrics import Ensemble, InputError, create_metric, working_copy
from elpips.metrics.pixel import L2
from elpips.metrics.precision import multiplies_bfloat16, precision_of
from random_images import rng
from tiny_metric import tiny


def test_a_copy_is_made_only_where_the_precision_changes() -> None:
    metric = tiny(Ensemble())
    assert working_copy(metric, "float32") is metric
    reduced = working_copy(metric, "bfloat16")
    assert precision_of(reduced) == "bfloat16"
    assert precision_of(metric) == "float32"
    assert reduced.ensemble == metric.ensemble


def test_auto_asks_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    metric = tiny(Ensemble())
    for able, expected in ((True, "bfloat16"), (False, "float32")):
        monkeypatch.setattr(
            "elpips.metrics.precision.multiplies_bfloat16", lambda _, able=able: able
        )
        metric.trunk.smooth = True
        assert precision_of(working_copy(metric, "auto")) == expected
        metric.trunk.smooth = False
        assert working_copy(metric, "auto") is metric
    assert working_copy(tiny(), "auto").dtype == torch.float32


@pytest.mark.parametrize("instructions", ["_is_avx512_bf16_supported", "_is_amx_tile_supported"])
def test_a_processor_is_asked_for_either_kind_of_instructions(
    monkeypatch: pytest.MonkeyPatch, instructions: str
) -> None:
    cpu = torch.device("cpu")
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda: False, raising=False)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    assert not multiplies_bfloat16(cpu)
    monkeypatch.setattr(torch.cpu, instructions, lambda: True)
    assert multiplies_bfloat16(cpu)
    # Without oneDNN nothing uses them; a PyTorch that cannot tell has none.
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert not multiplies_bfloat16(cpu)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    monkeypatch.delattr(torch.cpu, instructions)
    assert not multiplies_bfloat16(cpu)
    assert not multiplies_bfloat16(torch.device("meta"))


@pytest.mark.parametrize(("capability", "able"), [((7, 5), False), ((8, 0), True), ((9, 0), True)])
def test_gpus_multiply_bfloat16_from_compute_capability_8(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], able: bool
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert multiplies_bfloat16(torch.device("cuda")) is able


def test_other_metrics_stay_as_they_are() -> None:
    pixels, exact = L2(), tiny().double()
    assert working_copy(pixels, "bfloat16") is pixels
    assert working_copy(exact, "bfloat16") is exact
    assert precision_of(pixels) == "as given" and precision_of(exact) == "float64"


def test_an_unknown_precision_is_said() -> None:
    with pytest.raises(InputError, match="precision: found 'float8'"):
        working_copy(tiny(), "float8")


def energies(metric, size: int, precisions=("float32", "bfloat16")):
    """Return sum and gradient of the distances along a cross-fade, by precision."""
    generator = rng()
    ends = torch.rand(2, 3, size, size, generator=generator).to(metric.device)
    frames = torch.stack([ends[0].lerp(ends[1], t) for t in (0.25, 0.5, 0.75)]).requires_grad_()
    draw = metric.draw((size, size), generator)
    return [_energy(working_copy(metric, each), ends, frames, draw) for each in precisions]


def _energy(metric, ends: torch.Tensor, frames: torch.Tensor, draw) -> tuple[float, torch.Tensor]:
    with torch.no_grad():
        start, end = (metric.embed(each[None], draw) for each in ends)
    energy = metric.steps(start, metric.embed(frames, draw), end).sum()
    (slope,) = torch.autograd.grad(energy, frames)
    return float(energy.detach()), slope


def test_gradients_are_float32_and_point_the_same_way() -> None:
    (energy, slope), (rough_energy, rough_slope) = energies(tiny(Ensemble()), 24)
    assert rough_slope.dtype == torch.float32
    assert rough_energy == pytest.approx(energy, rel=0.01)
    assert torch.cosine_similarity(rough_slope.flatten(), slope.flatten(), dim=0) > 0.9


@pytest.mark.weights
def test_the_memory_format_changes_nothing_but_rounding() -> None:
    metric = create_metric("elpips_vgg", dropout_keep=1.0)
    (energy, slope), _ = energies(metric, 64)
    metric = metric.to(memory_format=torch.channels_last)
    (other_energy, other_slope), _ = energies(metric, 64)
    assert other_energy == pytest.approx(energy, rel=1e-5)
    # A ReLU within rounding of zero may switch.
    assert (other_slope - slope).norm() < 0.01 * slope.norm()


@pytest.mark.gpu
@pytest.mark.weights
def test_on_a_gpu_energies_and_gradients_are_the_same() -> None:
    # Dropout goes by the order of memory, which differs.
    metric = create_metric("elpips_vgg", dropout_keep=1.0)
    (energy, slope), _ = energies(metric, 64)
    for (gpu_energy, gpu_slope), rel in zip(energies(metric.cuda(), 64), (1e-2, 5e-2), strict=True):
        assert gpu_energy == pytest.approx(energy, rel=rel)
        assert gpu_slope.is_cuda
        cosine = torch.cosine_similarity(gpu_slope.cpu().flatten(), slope.flatten(), dim=0)
        assert cosine > 0.97


@pytest.mark.weights
def test_bfloat16_shifts_the_real_network_by_less_than_draws_do() -> None:
    (energy, slope), (rough_energy, rough_slope) = energies(create_metric("elpips_vgg"), 64)
    assert rough_energy == pytest.approx(energy, rel=0.02)
    assert torch.cosine_similarity(rough_slope.flatten(), slope.flatten(), dim=0) > 0.97
