"""Options that commands share: pictures, the metric and its device, and how they are given."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
import tyro
from torch import Tensor
from tyro.conf import OmitArgPrefixes

from ...geometry import AttackOptions, BarycenterOptions, GeodesicOptions
from ...media import Alpha, Crop, read_frames, read_images, read_mask
from ...metrics import DEFAULT_METRIC, InputError, Metric, available_metrics, create_metric
from ...metrics.recipes import CHANNELS
from ...rgba import has_alpha

logger = logging.getLogger("elpips")

MetricName = Annotated[
    str,
    tyro.conf.arg(
        help=f"One of {', '.join(available_metrics())}; NAME=FILE takes its weights from a file."
    ),
]
"""A metric's name, as the type of an option."""

Member = Literal["geometry", "color", "scaling", "dropout"]
"""Members of the E-LPIPS ensemble, as the paper's ablation groups them."""

_OFF: dict[str, dict[str, Any]] = {
    "geometry": {"offset": False, "flip": False, "transpose": False},
    "color": {"permutation": False, "gain": "none"},
    "scaling": {"scale": False},
    "dropout": {"dropout_keep": 1.0},
}

_DEVICES = "auto, cpu, cuda, cuda:1, ..."


@dataclass(frozen=True)
class PictureOptions:
    """How image files are read.

    Attributes
    ----------
    size
        Scale the short sides to this many pixels (and crop to squares).
    crop
        Keep the middle: none, center (the common size) or square (the default with --size).
    alpha
        Composite transparency on white, ignore it, keep it (geodesic, morph, barycenter,
        evaluate and interpolate of two pictures), or auto: ignore it if all pixels are nearly
        opaque.
    """

    size: int | None = None
    crop: Annotated[Crop | None, tyro.conf.arg(metavar="{none,center,square}")] = None
    alpha: Alpha = "auto"

    def check_flat(self, command: str) -> None:
        """Raise `InputError` where transparency is to be kept by a command that cannot."""
        if self.alpha == "keep":
            raise InputError(
                "alpha: keep is for geodesic, morph, barycenter, evaluate and interpolate of two "
                f"pictures, not for {command}; expected auto, white or ignore"
            )

    def read(self, paths: Sequence[Path], *, keep: bool = False) -> Tensor:
        """Read image files of one size, (N, 3, H, W).

        With ``keep`` they are (N, 4, H, W) where alpha is to be kept, and one of them has any.
        """
        if not keep:
            self.check_flat("this command")
        return self._needed(read_images(paths, size=self.size, crop=self.crop, alpha=self.alpha))

    def read_mask(self, path: Path | None, images: Tensor) -> Tensor | None:
        """Read the mask (H, W) for images that were read like this, if there is one."""
        if path is None:
            return None
        return read_mask(path, images, size=self.size, crop=self.crop)

    def read_frames(self, source: Path) -> Tensor:
        """Read the frames of a folder, an animation or a video, (N, C, H, W)."""
        return self._needed(read_frames(source, size=self.size, crop=self.crop, alpha=self.alpha))

    def _needed(self, images: Tensor) -> Tensor:
        """Leave out an alpha that is kept and 1 everywhere, and say so."""
        if self.alpha == "keep" and bool((images[:, 3:] == 1).all()):
            logger.warning("alpha: nothing here is transparent; results have no transparency")
            return images[:, :3].contiguous()
        return images


@dataclass(frozen=True)
class MetricOptions:
    """Which metric, and where it lives.

    Attributes
    ----------
    metric
        The distance.
    scale_levels
        Levels of the E-LPIPS scale ensemble; by image size if not given.
    device
        auto, cpu, cuda, cuda:1, ...
    """

    metric: MetricName = DEFAULT_METRIC
    scale_levels: int | None = None
    device: str = "auto"

    def check(self) -> None:
        """Raise `InputError` unless there is a metric of that name."""
        name = self.metric.partition("=")[0]
        if name not in available_metrics():
            known = ", ".join(available_metrics())
            raise InputError(f"metric: found {name!r}, expected one of {known}")

    def create(self) -> Metric:
        """Create the metric on the device."""
        options = {} if self.scale_levels is None else {"scale_levels": self.scale_levels}
        return make_metric(self.metric, self.device, **options)

    @property
    def where(self) -> torch.device:
        """The device."""
        return resolve_device(self.device)


def alpha_of(images: Tensor) -> Alpha:
    """Return how pictures are read that are to be like images (N, C, H, W)."""
    return "keep" if has_alpha(images) else "auto"


Pictures = Annotated[OmitArgPrefixes[PictureOptions], tyro.conf.arg(name="pictures")]
TheMetric = Annotated[OmitArgPrefixes[MetricOptions], tyro.conf.arg(name="metric")]
BarycenterArguments = Annotated[OmitArgPrefixes[BarycenterOptions], tyro.conf.arg(name="solver")]
GeodesicArguments = Annotated[OmitArgPrefixes[GeodesicOptions], tyro.conf.arg(name="solver")]
AttackArguments = Annotated[OmitArgPrefixes[AttackOptions], tyro.conf.arg(name="solver")]


def flat(**arguments: Any) -> dict[str, Any]:
    """Return a command's arguments by the names of its options, as for run.json.

    Fields of option groups stand among the other arguments, as on the command line.
    """
    found: dict[str, Any] = {}
    for name, value in arguments.items():
        if is_dataclass(value):
            found |= flat(**{each.name: getattr(value, each.name) for each in fields(value)})
        else:
            found[name] = value
    return found


def resolve_device(name: str | torch.device) -> torch.device:
    """Return the device that is named; "auto" is CUDA where there is some, else the CPU.

    Raises
    ------
    InputError
        There is no such device on this machine.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"device {name!r} is unknown; expected {_DEVICES}") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise InputError(f"device '{device}': PyTorch finds no CUDA device here; expected cpu")
    try:
        torch.zeros(1, device=device).item()
    # Whatever it is: of kinds that it was not built for, PyTorch raises nearly everything.
    except Exception:
        raise InputError(f"device '{device}' cannot be used here; expected {_DEVICES}") from None
    return device


def ensemble_options(members: Sequence[Member] | None) -> dict[str, Any]:
    """Return the options of `create_metric` that leave only ``members`` on; None: all."""
    if members is None:
        return {}
    return {k: v for name, off in _OFF.items() if name not in members for k, v in off.items()}


def make_metric(name: str, device: str | torch.device = "auto", **options: Any) -> Metric:
    """Create a metric on a device; arguments as of `resolve_device` and `create_metric`.

    ``NAME=FILE`` takes what the file holds: linear weights, an R-LPIPS with its network, or the
    network of a metric that is nothing else. The metric is then called by the file's name too.
    Where a calibration stands in for the authors', the loading of weights says so through
    the ``elpips`` logger, and nobody needs to say it again.
    """
    name, _, file = name.partition("=")
    if file:
        options["linear" if name in CHANNELS else "trunk"] = Path(file)
    metric = create_metric(name, device=resolve_device(device), **options)
    if file:
        metric.name = f"{name}={Path(file).name}"
    return metric


def make_metrics(
    names: Sequence[str],
    device: str | torch.device = "auto",
    options: Callable[[str], Mapping[str, Any]] = lambda name: {},
) -> list[Metric]:
    """Create metrics as `make_metric` does, each once, called so that names tell them apart.

    Parameters
    ----------
    names
        As given; see `told_apart`.
    device
        Of all of them.
    options
        Returns those of `create_metric` for a name.
    """
    found = []
    for name, called in told_apart(names).items():
        metric = make_metric(name, device, **options(name))
        if "=" in name:
            metric.name = called
        found.append(metric)
    return found


def told_apart(names: Sequence[str]) -> dict[str, str]:
    """Return what different metrics are called in tables and names of files, by the names given.

    Of NAME=FILE that is the file's name and, where needed, of the folders that it is in:
    ``lipsim=one-net.pth`` beside ``lipsim=two-net.pth``.

    Raises
    ------
    InputError
        The folders' names do not tell two files apart.
    """
    given: dict[tuple[str, ...], str] = {}
    for name in names:
        metric, _, file = name.partition("=")
        parts = Path(file).resolve().parts[1:] if file else ()
        given.setdefault((metric, *parts), name)
    for depth in range(1, max(map(len, given), default=1) + 1):
        called = ["=".join([key[0], *_tail(key[1:], depth)]) for key in given]
        if len(set(called)) == len(called):
            return dict(zip(given.values(), called, strict=True))
    raise InputError(f"metrics: {' and '.join(given.values())} would have one name; rename a file")


def _tail(parts: Sequence[str], depth: int) -> list[str]:
    return ["-".join(parts[-depth:])] if parts else []


def weights_record(metric: Metric) -> list[dict[str, str | None]]:
    """Return which files a metric stands on, for ``--json`` and ``run.json``."""
    return [
        {
            "name": each.name,
            "source": each.source,
            "sha256": each.sha256,
            "calibration": each.calibration,
        }
        for each in metric.pretrained
    ]


def describe_metric(metric: Metric) -> str:
    """Return a metric's name and, where its linear weights have one, their calibration."""
    calibrations = [each.calibration for each in metric.pretrained if each.calibration]
    return f"{metric.name} ({', '.join(calibrations)})" if calibrations else metric.name
