"""``elpips make-2afc``: the same seed makes the same set, and a stopped one goes on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from elpips.media.crop import resize_short_side
from elpips.media.samples import read_sample
from elpips.media.write import save_image
from elpips.metrics import InputError
from elpips.scripts.calibration import make_set
from elpips.scripts.calibration.dataset import read_families, write_triplet
from elpips.scripts.calibration.make_set import make_2afc_command
from elpips.scripts.calibration.panel import judge, load_judge
from elpips.scripts.calibration.set_options import SetOptions

TINY = SetOptions(
    train=3, val=1, train_families=("traditional",), val_families=("superres",), panel=("l2",)
)


def contents(folder: Path) -> dict[str, str]:
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in (".png", ".npy")]
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("chelsea", "coffee"):
        save_image(folder / f"{name}.png", resize_short_side(read_sample(name), 256))
    return folder


def test_the_same_seed_makes_the_same_set(tmp_path: Path, photos: Path) -> None:
    for name in ("a", "b"):
        assert make_2afc_command(photos, options=TINY, device="cpu", outdir=tmp_path / name) == 0
    first = contents(tmp_path / "a")
    assert len(first) == 4 * (3 + 1)
    assert first == contents(tmp_path / "b")
    other = replace(TINY, seed=1)
    make_2afc_command(photos, options=other, device="cpu", outdir=tmp_path / "c")
    assert not set(first.values()) & set(contents(tmp_path / "c").values())
    (family,) = read_families(tmp_path / "a" / "train")
    triplets = family.load(family.stems)
    assert triplets.ref.shape == (3, 3, 64, 64)
    for ref, p0, p1, h in zip(*vars(triplets).values(), strict=True):
        expected = judge(torch.stack([ref, p0, p1]), [load_judge("l2", torch.device("cpu"))], 3.0)
        assert float(h) == pytest.approx(expected, abs=1e-6)
        closer_1 = (p1 - ref).square().sum() < (p0 - ref).square().sum()
        assert (float(h) > 0.5) == bool(closer_1)


def test_a_stopped_set_goes_on_and_is_not_used_before(
    tmp_path: Path, photos: Path, monkeypatch, caplog
) -> None:
    out, whole = tmp_path / "out", tmp_path / "whole"
    written = []

    def impatient(*arguments) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(write_triplet(*arguments))

    with monkeypatch.context() as patch:
        patch.setattr(make_set, "write_triplet", impatient)
        with pytest.raises(KeyboardInterrupt):
            make_2afc_command(photos, options=TINY, device="cpu", outdir=out)
    with pytest.raises(InputError, match="the set is unfinished"):
        read_families(out / "train")
    with pytest.raises(InputError, match="holds a set of other options"):
        other = replace(TINY, seed=5)
        make_2afc_command(photos, options=other, device="cpu", outdir=out)
    assert make_2afc_command(photos, options=TINY, device="cpu", outdir=out) == 0
    assert [each.getMessage() for each in caplog.records] == [
        f"{out}: goes on with the set that is there"
    ]
    make_2afc_command(photos, options=TINY, device="cpu", outdir=whole)
    assert contents(out) == contents(whole)
    assert json.loads((out / "set.json").read_text())["complete"] is True


def test_photographs_of_the_users_own(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    with pytest.raises(InputError, match="holds no pictures"):
        make_2afc_command(folder, options=TINY, outdir=tmp_path / "out")
    Image.effect_noise((120, 300), 60).save(folder / "small.png")
    small = replace(TINY, size=128)
    with pytest.raises(InputError, match=r"small.png: found 120 x 75 pixels for patches of 128"):
        make_2afc_command(folder, options=small, outdir=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert make_2afc_command(folder, options=TINY, outdir=tmp_path / "out") == 0


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_seeds_of_other_ranges_are_refused(tmp_path: Path, seed: int) -> None:
    with pytest.raises(InputError, match=f"seed: found {seed}, expected an integer from 0 to"):
        make_2afc_command(options=replace(TINY, seed=seed), outdir=tmp_path / "out")
    assert not (tmp_path / "out").exists()
