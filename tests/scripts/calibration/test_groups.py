"""Groups of distorted copies, judged by a panel and kept in files."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from elpips.metrics import InputError
from elpips.metrics.pixel import L2
from elpips.scripts.calibration import groups
from elpips.scripts.calibration.dataset import read_families
from elpips.scripts.calibration.groups import GroupOptions, groups_of, make_group, make_groups
from elpips.scripts.calibration.panel import judge
from random_images import images
from two_afc_sets import write_set

OPTIONS = GroupOptions(groups=3, copies=3, families=("traditional",), size=24)
PHOTOGRAPHS = {"a": images(1, 60, 90)[0], "b": images(1, 70, 40, seed=1)[0]}


def test_each_pair_of_copies_is_judged_as_a_triplet_would_be() -> None:
    found = make_group(PHOTOGRAPHS, [L2()], OPTIONS, 0)
    assert found.images.shape == (1, 4, 3, 24, 24) and found.images.dtype == torch.uint8
    pixels = found.images[0].float() / 255
    for i, j in ((0, 1), (2, 0)):
        expected = judge(pixels[[0, 1 + i, 1 + j]], [L2()], OPTIONS.softness)
        assert float(found.preferred[0, i, j]) == pytest.approx(expected, rel=1e-5)
    torch.testing.assert_close(found.preferred + found.preferred.mT, torch.ones(1, 3, 3))


def test_groups_are_kept_and_made_anew_under_another_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "CHUNK", 2)
    done: list[int] = []
    first = make_groups(PHOTOGRAPHS, [L2()], OPTIONS, tmp_path, "key", done.append)
    assert len(first) == 3 and sum(done) == 3
    files = sorted(tmp_path.iterdir())
    times = [each.stat().st_mtime_ns for each in files]
    again = make_groups(PHOTOGRAPHS, [L2()], OPTIONS, tmp_path, "key")
    assert torch.equal(first.images, again.images)
    assert torch.equal(first.preferred, again.preferred)
    assert [each.stat().st_mtime_ns for each in files] == times
    files[0].write_bytes(b"damaged")
    make_groups(PHOTOGRAPHS, [L2()], OPTIONS, tmp_path, "other key")
    assert all(each.stat().st_mtime_ns > time for each, time in zip(files, times, strict=True))


def test_triplets_are_groups_of_two(tmp_path: Path) -> None:
    write_set(tmp_path, {"noise": 3})
    (family,) = read_families(tmp_path)
    found = groups_of(family)
    triplets = family.load(family.stems)
    torch.testing.assert_close(found.images[:, 2].float() / 255, triplets.p1)
    torch.testing.assert_close(found.preferred[:, 0, 1], triplets.judge)


@pytest.mark.parametrize("fields", [{"copies": 1}, {"groups": 0}, {"families": ("none",)}])
def test_options_are_checked(fields) -> None:
    with pytest.raises(InputError, match="expected"):
        GroupOptions(**fields)
