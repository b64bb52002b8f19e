from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import ImageCms

from elpips.media.profile import (
    ADOBE_PRIMARIES,
    SRGB_PRIMARIES,
    ColourSpace,
    encode,
    gamma_curve,
    primaries_matrix,
    read_profile,
    srgb_curve,
)
from image_files import RGB, icc, linear_profile, rgb_profile, to_linear

COLOUR = (RGB / 255).astype(np.float32)


def para(kind: int, *numbers: float) -> bytes:
    values = (round(number * 65536) for number in numbers)
    return b"para\0\0\0\0" + struct.pack(f">HH{len(numbers)}i", kind, 0, *values)


def test_encoding_undoes_the_curve() -> None:
    np.testing.assert_allclose(encode(to_linear(COLOUR).astype(np.float32)), COLOUR, atol=1e-6)
    assert encode(np.array([-1.0, 2.0], np.float32)).tolist() == [0, 1]


def test_primaries_give_the_published_matrix() -> None:
    # sRGB, adapted to D50 by Bradford's matrix (Lindbloom).
    published = [
        [0.4360747, 0.3850649, 0.1430804],
        [0.2225045, 0.7168786, 0.0606169],
        [0.0139322, 0.0971045, 0.7141733],
    ]
    np.testing.assert_allclose(primaries_matrix(SRGB_PRIMARIES), published, atol=5e-4)
    with pytest.raises(ValueError, match=r"span no colours|Singular"):
        primaries_matrix(((0.3, 0.3), (0.4, 0.4), (0.5, 0.5)))


@pytest.mark.parametrize(
    "curve",
    [
        para(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
        para(4, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0, 0),
        b"curv\0\0\0\0"
        + struct.pack(">I", 1024)
        + np.rint(to_linear(np.linspace(0, 1, 1024)) * 65535).astype(">u2").tobytes(),
    ],
)
def test_srgb_is_known_by_any_name(curve: bytes) -> None:
    space = read_profile(rgb_profile("Anything", curve), "Anything")
    assert space is not None and space.is_srgb()


@pytest.mark.parametrize(
    ("curve", "exponent"),
    [
        (b"curv" + bytes(8), 1.0),
        (b"curv\0\0\0\0" + struct.pack(">IH", 1, round(1.8 * 256)), 461 / 256),
        (para(0, 2.2), 2.2),
        (para(1, 2.2, 1, 0), 2.2),
        (para(2, 2.2, 1, 0, 0), 2.2),
    ],
)
def test_curves_of_every_kind(curve: bytes, exponent: float) -> None:
    space = read_profile(rgb_profile("sRGB", curve), "sRGB")
    assert space is not None and not space.is_srgb()
    expected = encode((COLOUR**exponent).astype(np.float32))
    np.testing.assert_allclose(space.to_srgb(COLOUR), expected, atol=2e-3)


def test_conversion_agrees_with_a_colour_management_system() -> None:
    adobe = ColourSpace("", gamma_curve(563 / 256), primaries_matrix(ADOBE_PRIMARIES))
    # Adobe RGB's green, which sRGB lacks, and a colour that it has.
    colours = np.array([[[0, 1, 0], [0.5, 0.4, 0.3]]], np.float32)
    np.testing.assert_allclose(
        adobe.to_srgb(colours)[0] * 255, [[0, 255, 0], [138, 102, 75]], atol=1.5
    )
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    space = read_profile(own, "own")
    assert space is not None and space.is_srgb()
    assert ColourSpace("", srgb_curve(), primaries_matrix(SRGB_PRIMARIES)).is_srgb()


def test_grey_may_be_alike_where_colours_are_not() -> None:
    space = ColourSpace("", srgb_curve(), primaries_matrix(ADOBE_PRIMARIES))
    assert space.is_srgb(1) and not space.is_srgb(3)


def test_tables_are_left_to_others() -> None:
    assert read_profile(icc(b"RGB ", "x", {b"A2B0": b"mft2"}), "x") is None
    assert read_profile(icc(b"CMYK", "x", {}), "x") is None


@pytest.mark.parametrize(
    "profile",
    [
        b"",
        b"nonsense" * 30,
        linear_profile("x")[:200],
        icc(b"RGB ", "x", {}),
        icc(b"LAB ", "x", {}),
        rgb_profile("x", b"curv\0\0\0\0" + struct.pack(">I", 1 << 31)),
        rgb_profile("x", para(9, 1)),
        rgb_profile("x", b"what" + bytes(8)),
    ],
)
def test_damaged_profiles_are_one_kind_of_error(profile: bytes) -> None:
    with pytest.raises(ValueError, match=r"profile|RGB|curve|buffer"):
        read_profile(profile, "x")
