"""2AFC sets on disk: round trip, what is wrong said in one line, making and going on."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from elpips.media.crop import resize_short_side
from elpips.media.samples import read_sample
from elpips.media.write import save_image
from elpips.metrics.errors import InputError
from elpips.scripts.calibration import make_set
from elpips.scripts.calibration.dataset import read_families, write_triplet
from elpips.scripts.calibration.make_set import (
    SetOptions,
    judge,
    load_judge,
    make_2afc_command,
    soft_preference,
)
from elpips.scripts.calibration.patches import random_patch, region
from two_afc_sets import SIDE, write_set

TINY = SetOptions(
    train=3, val=1, train_families=("traditional",), val_families=("superres",), panel=("l2",)
)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    write_set(tmp_path / "set", {"noise": 3, "blur": 2})
    return tmp_path / "set"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    images = torch.arange(3 * 3 * 8 * 8).reshape(3, 3, 8, 8) % 256 / 255
    write_triplet(tmp_path / "a", "000000", images, 0.25)
    (family,) = read_families(tmp_path)
    found = family.load(family.stems)
    assert torch.equal(torch.cat([found.ref, found.p0, found.p1]), images)
    assert found.judge.tolist() == [0.25]
    assert read_families(tmp_path / "a") == [family]


def test_families_by_name_and_number(made: Path) -> None:
    assert [(each.name, len(each)) for each in read_families(made)] == [("blur", 2), ("noise", 3)]
    (noise,) = read_families(made, ["noise"])
    assert noise.limited(2).stems == ("000000", "000001")
    assert noise.limited(None) == noise.limited(9) == noise
    assert [len(each) for each in noise.batches(2)] == [2, 1]


def damage(kind: str):
    def change(family: Path) -> None:
        target = family / "judge" / "000001.npy"
        if kind == "judge":
            target.unlink()
        elif kind == "range":
            np.save(target, np.float32(1.5))
        elif kind == "nan":
            np.save(target, np.float32("nan"))
        elif kind == "two":
            np.save(target, np.zeros(2, np.float32))
        elif kind == "text":
            target.write_text("0.5")
        elif kind == "p1":
            (family / "p1" / "000001.png").unlink()
        elif kind == "size":
            Image.new("RGB", (SIDE, SIDE + 1)).save(family / "p0" / "000001.png")
        elif kind == "empty":
            shutil.rmtree(family / "ref")
            (family / "ref").mkdir()

    return change


@pytest.mark.parametrize(
    ("kind", "match"),
    [
        ("judge", "judge/000001.npy: no such file; expected the fraction"),
        ("range", r"judge/000001.npy: found 1.5, expected a fraction in \[0, 1\]"),
        ("nan", "judge/000001.npy: found nan, expected a fraction"),
        ("two", r"judge/000001.npy: found float32 \(2,\), expected one number"),
        ("text", "judge/000001.npy: no array can be read"),
        ("p1", "p1/000001.png: no such file; expected one for each"),
        ("size", "p0/000001.png has 24 x 25 pixels and .*ref/000000.png 24 x 24"),
        ("empty", r"ref: holds no \*.png; expected FAMILY"),
    ],
)
def test_damage_is_said_in_one_line(made: Path, kind: str, match: str) -> None:
    damage(kind)(made / "noise")
    with pytest.raises(InputError, match=match) as caught:
        (family,) = read_families(made, ["noise"])
        family.load(family.stems)
    assert "\n" not in str(caught.value)


def test_folders_that_are_no_set(tmp_path: Path, made: Path) -> None:
    with pytest.raises(InputError, match="nowhere: no such folder; expected FAMILY"):
        read_families(tmp_path / "nowhere")
    (tmp_path / "void").mkdir()
    with pytest.raises(InputError, match="void: holds no family"):
        read_families(tmp_path / "void")
    with pytest.raises(InputError, match=r"has no family 'x'; expected any of \['blur', 'noise'\]"):
        read_families(made, ["x"])


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
    other = SetOptions(**{**vars(TINY), "seed": 1})
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
    tmp_path: Path, photos: Path, monkeypatch, capsys
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
        other = SetOptions(**{**vars(TINY), "seed": 5})
        make_2afc_command(photos, options=other, device="cpu", outdir=out)
    assert make_2afc_command(photos, options=TINY, device="cpu", outdir=out) == 0
    assert "goes on with the set" in capsys.readouterr().err
    make_2afc_command(photos, options=TINY, device="cpu", outdir=whole)
    assert contents(out) == contents(whole)
    assert json.loads((out / "set.json").read_text())["complete"] is True


def test_training_and_validation_share_no_pixel() -> None:
    for height, width in ((40, 30), (30, 41)):
        marks = torch.arange(height * width).reshape(1, height, width).expand(3, -1, -1).float()
        train, val = region(marks, "train").unique(), region(marks, "val").unique()
        assert len(train) + len(val) == height * width
        assert not set(train.tolist()) & set(val.tolist())


def test_patches_avoid_what_is_flat_and_need_room() -> None:
    image = torch.full((3, 200, 200), 0.5)
    image[:, 100:] = torch.rand(3, 100, 200, generator=torch.Generator().manual_seed(0))
    rng = torch.Generator().manual_seed(0)
    patches = [random_patch(image, 16, rng) for _ in range(20)]
    assert all(each.shape == (3, 16, 16) and each.std() > 0.04 for each in patches)
    with pytest.raises(InputError, match="found 200 x 200 pixels for patches of 201"):
        random_patch(image, 201, rng)


def test_photographs_of_the_users_own(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    with pytest.raises(InputError, match="holds no photographs"):
        make_2afc_command(folder, options=TINY, outdir=tmp_path / "out")
    Image.effect_noise((120, 300), 60).save(folder / "small.png")
    small = SetOptions(**{**vars(TINY), "size": 128})
    with pytest.raises(InputError, match=r"small.png: found 120 x 75 pixels for patches of 128"):
        make_2afc_command(folder, options=small, outdir=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert make_2afc_command(folder, options=TINY, outdir=tmp_path / "out") == 0


@pytest.mark.parametrize(
    ("first", "second", "expected"), [(1, 1, 0.5), (2, 1, 8 / 9), (0, 1, 0), (1, 0, 1), (0, 0, 0.5)]
)
def test_soft_preferences(first: float, second: float, expected: float) -> None:
    assert soft_preference(first, second, 3) == pytest.approx(expected)


@pytest.mark.parametrize(
    "options",
    [
        {"train_families": ("cnn",)},
        {"train": 0},
        {"strengths": (0.5, 0.2)},
        {"panel": ()},
        {"softness": 0.0},
    ],
)
def test_options_of_a_set_are_checked(options) -> None:
    with pytest.raises(InputError, match=r"expected"):
        SetOptions(**options)
