"""2AFC sets on disk: round trip, and what is wrong said in one line."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from elpips.metrics import InputError
from elpips.scripts.calibration.dataset import read_families, write_triplet
from two_afc_sets import SIDE, write_set


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
