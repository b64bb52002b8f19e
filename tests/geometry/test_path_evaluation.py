"""Measures of paths whose values are known."""

from __future__ import annotations

import math

import pytest
import torch

from elpips.geometry import evaluate_path
from elpips.geometry.reference_path import cross_fade
from elpips.geometry.sine_modes import times_of
from elpips.metrics import Ensemble, InputError, create_metric
from tiny_metric import tiny

ENDS = torch.rand(2, 3, 17, 21, generator=torch.Generator().manual_seed(0))
L2 = create_metric("l2")


def fade(times: list[float]) -> torch.Tensor:
    return cross_fade(ENDS[0], ENDS[1], times)


def test_the_cross_fade_is_the_l2_geodesic() -> None:
    comparison = evaluate_path(L2, fade(times_of(6)))
    path = comparison.path
    distance = float((ENDS[0] - ENDS[1]).square().mean())
    assert path.chord == pytest.approx(math.sqrt(distance), rel=1e-5)
    assert path.excess == pytest.approx(0, abs=1e-5)
    assert path.energy == pytest.approx(distance, rel=1e-5)
    assert path.normalized_ppl == pytest.approx(1, rel=1e-5)
    assert path.uniformity_cv == pytest.approx(0, abs=1e-4)
    assert path.end_step_ratio == pytest.approx(1, abs=1e-4)
    assert path.curvature == pytest.approx(0, abs=0.2)
    assert path.deviation == pytest.approx(0, abs=1e-3)
    assert path.draws == 1 and path.energy_error == 0
    assert comparison.baseline == path and comparison.advantage == 0
    assert comparison.beats_baseline


def test_power_two_has_the_same_energy_scale() -> None:
    path = evaluate_path(L2, fade(times_of(4)), power=2).path
    assert path.energy == pytest.approx(path.chord**4, rel=1e-4)


def test_a_detour_by_a_right_angle() -> None:
    # 0 -> e1 -> e1 + e2 in pixel space.
    frames = torch.zeros(3, 3, 16, 16)
    frames[1:, 0], frames[2:, 1] = 1, 1
    path = evaluate_path(L2, frames).path
    assert path.length == pytest.approx(2 / math.sqrt(3), rel=1e-5)
    assert path.excess == pytest.approx(math.sqrt(2) - 1, rel=1e-5)
    assert path.normalized_ppl == pytest.approx(2, rel=1e-5)
    assert path.curvature == pytest.approx(90, abs=0.1)
    assert path.deviation == pytest.approx(0.5, abs=1e-4)


def test_a_jump_at_the_end_shows() -> None:
    path = evaluate_path(L2, fade([0, 0.4, 0.5, 0.6, 0.7, 0.85, 1])).path
    assert path.end_step_ratio == pytest.approx(0.4 / 0.125, rel=1e-4)
    assert path.steps[0] == pytest.approx(0.4 * path.chord, rel=1e-4)
    assert path.uniformity_cv > 0.5 and path.excess == pytest.approx(0, abs=1e-5)


def test_ghosts_have_half_the_detail_and_crisp_frames_all() -> None:
    rng = torch.Generator().manual_seed(1)
    textures = torch.rand(3, 3, 64, 64, generator=rng)
    frames = cross_fade(textures[0], textures[1], times_of(4))
    ghost = evaluate_path(L2, frames).path
    assert ghost.high_band_ratio == pytest.approx(0.5, abs=0.03)
    assert ghost.mid_contrast == pytest.approx(math.sqrt(0.5), abs=0.02)
    frames[2] = textures[2]
    crisp = evaluate_path(L2, frames).path
    assert crisp.high_band_ratio == pytest.approx(1, abs=0.03)
    assert crisp.mid_contrast == pytest.approx(1, abs=0.02)
    assert crisp.high_band[0] == crisp.high_band[-1] == 1


@pytest.mark.parametrize("metric", [tiny(), tiny(Ensemble())], ids=["lpips-like", "elpips-like"])
def test_the_certificate_holds_for_any_path(metric) -> None:
    frames = torch.rand(5, 3, 17, 21, generator=torch.Generator().manual_seed(2))
    for path in (frames, cross_fade(frames[0], frames[-1], times_of(4))):
        found = evaluate_path(metric, path, draws=6, seed=3)
        assert found.path.excess >= -1e-6
        assert found.path.energy >= found.path.length**2 * (1 - 1e-6)
        assert found.path.energy / found.path.length**2 == pytest.approx(
            1 + found.path.uniformity_cv**2, rel=1e-5
        )
        assert found.path.normalized_ppl >= 1 - 1e-6
    # Noise on noise is a detour.
    assert evaluate_path(metric, frames, draws=6, seed=3).path.excess > 0.5


def test_chunks_and_baseline_share_draws() -> None:
    frames = torch.rand(6, 3, 17, 21, generator=torch.Generator().manual_seed(2))
    metric = tiny(Ensemble())
    one, other = (evaluate_path(metric, frames, draws=5, seed=3, chunk=chunk) for chunk in (1, 99))
    assert one.path.energy == pytest.approx(other.path.energy, rel=1e-5)
    assert one.path.curvature == pytest.approx(other.path.curvature, abs=0.01)
    plain = cross_fade(frames[0], frames[-1], times_of(5))
    same = evaluate_path(metric, plain, draws=5, seed=3)
    assert same.path == same.baseline and same.path.energy == pytest.approx(one.baseline.energy)


def test_seeds_differ_and_repeat() -> None:
    frames = torch.rand(4, 3, 17, 21, generator=torch.Generator().manual_seed(2))
    one, again, other = (
        evaluate_path(tiny(Ensemble()), frames, draws=3, seed=seed) for seed in (5, 5, 6)
    )
    assert one == again and one.path.energy != other.path.energy
    with pytest.raises(InputError, match="seed: found -1"):
        evaluate_path(tiny(Ensemble()), frames, seed=-1)


def test_the_standard_error_is_that_of_repetitions() -> None:
    frames = torch.rand(3, 3, 17, 21, generator=torch.Generator().manual_seed(2))
    found = [evaluate_path(tiny(Ensemble()), frames, draws=12, seed=seed) for seed in range(60)]
    for value, error in (
        ([each.path.energy for each in found], [each.path.energy_error for each in found]),
        ([each.advantage for each in found], [each.advantage_error for each in found]),
    ):
        expected = torch.tensor(error, dtype=torch.float64).square().mean().sqrt()
        assert float(torch.tensor(value, dtype=torch.float64).std() / expected) == pytest.approx(
            1, abs=0.35
        )


def test_progress_counts_draws() -> None:
    seen: list[int] = []
    evaluate_path(tiny(Ensemble()), fade(times_of(3)), draws=3, progress=seen.append)
    assert seen == [1, 2, 3]


def test_identical_ends_and_bad_input() -> None:
    flat = evaluate_path(L2, torch.full((3, 3, 16, 16), 0.5)).path
    assert flat.length == 0 and math.isnan(flat.normalized_ppl)
    with pytest.raises(InputError, match="found 2, expected at least 3"):
        evaluate_path(L2, ENDS)
    with pytest.raises(InputError, match="evaluation_draws: found 0"):
        evaluate_path(L2, fade(times_of(3)), draws=0)
    with pytest.raises(InputError, match="frames: found values"):
        evaluate_path(L2, fade(times_of(3)) * 2)
