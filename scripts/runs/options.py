"""What the commands share: defaults, the metric and its device, seeds, output."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import torch
import tyro

from ...metrics import InputError, Metric, available_metrics, create_metric

MetricName = Annotated[str, tyro.conf.arg(help=f"One of {', '.join(available_metrics())}.")]
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
_SEEDS = 2**63


def default_of(function: Callable[..., object], name: str) -> Any:
    """Return the default of a parameter, so that command and API cannot drift apart.

    Raises
    ------
    KeyError
        There is no such parameter.
    TypeError
        It has no default.
    """
    default = inspect.signature(function).parameters[name].default
    if default is inspect.Parameter.empty:
        raise TypeError(f"{name} of {function.__qualname__} has no default")
    return default


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
    except (AssertionError, RuntimeError, NotImplementedError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise InputError(
            f"device '{device}' cannot be used here ({reason}); expected {_DEVICES}"
        ) from None
    return device


def ensemble_options(members: Sequence[Member] | None) -> dict[str, Any]:
    """Return the options of `create_metric` that leave only ``members`` on; None: all."""
    if members is None:
        return {}
    return {k: v for name, off in _OFF.items() if name not in members for k, v in off.items()}


def make_metric(name: str, device: str | torch.device = "auto", **options: Any) -> Metric:
    """Create a metric on a device; arguments as of `resolve_device` and `create_metric`.

    Where a calibration stands in for the authors', the loading of weights says so through
    the ``elpips`` logger, and nobody needs to say it again.
    """
    return create_metric(name, device=resolve_device(device), **options)


def make_generator(seed: int) -> torch.Generator:
    """Return a generator on the CPU.

    Raises
    ------
    InputError
        The seed is negative or has more than 63 bits.
    """
    if not 0 <= seed < _SEEDS:
        raise InputError(f"seed: found {seed}, expected 0 to 2^63 - 1")
    return torch.Generator().manual_seed(seed)


def weights_record(metric: Metric) -> list[dict[str, str | None]]:
    """Return which files a metric stands on, for ``--json`` and ``run.json``."""
    return [
        {
            "name": each.name,
            "source": each.source,
            "sha256": each.sha256,
            "calibration": each.calibration,
        }
        for each in metric.weights
    ]


def describe_metric(metric: Metric) -> str:
    """Return a metric's name and, where its linear weights have one, their calibration."""
    calibrations = [each.calibration for each in metric.weights if each.calibration]
    return f"{metric.name} ({', '.join(calibrations)})" if calibrations else metric.name
