"""Names of the tensors in the checkpoints of LipSim's release."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ..weights.types import WeightsError

# Wrappers around the network: data parallelism, the metric, a backbone.
_PREFIX = re.compile(r"^(?:(?:module|model|backbone)\.)+")
# Modules of the sequence "base": its second holds the convolutions, its third a flattening
# and then the dense blocks. "convs" and "linear" name the same tensors again.
_PLACES = (
    (re.compile(r"^base\.1\.(\d+)\.(kernel|bias|q)$"), "convolutions"),
    (re.compile(r"^convs\.(\d+)\.(kernel|bias|q)$"), "convolutions"),
    (re.compile(r"^base\.2\.(\d+)\.(weight|bias|q)$"), "dense"),
    (re.compile(r"^linear\.(\d+)\.(weight|bias|q)$"), "dense"),
)
_SHOWN = 6


def released_tensors(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], int, int]:
    """Return the tensors by the names of `ReleasedNetwork`, and how many blocks of each kind.

    Raises
    ------
    WeightsError
        A name that is unknown, two tensors under one name that differ, or blocks missing.
    """
    found: dict[str, Tensor] = {}
    unknown = []
    for name, tensor in tensors.items():
        place = _place(_PREFIX.sub("", name))
        if place is None:
            unknown.append(name)
        elif place in found and not torch.equal(found[place], tensor):
            raise WeightsError(f"{name} differs from its other copy in the file")
        else:
            found[place] = tensor
    if unknown:
        names = listed(sorted(unknown))
        raise WeightsError(f"unknown {names}; expected names such as base.1.0.kernel")
    depths = [
        1 + max((int(name.split(".")[1]) for name in found if name.startswith(kind)), default=-1)
        for kind in ("convolutions", "dense")
    ]
    for first in ("convolutions.0.kernel", "dense.0.weight"):
        if first not in found:
            raise WeightsError(f"missing {checkpoint_name(first)}")
    return found, depths[0], depths[1]


def checkpoint_name(name: str) -> str:
    """Return what a checkpoint calls a tensor of `ReleasedNetwork`."""
    kind, _, rest = name.partition(".")
    index, _, tensor = rest.partition(".")
    if kind == "convolutions":
        return f"base.1.{index}.{tensor}"
    return f"base.2.{int(index) + 1}.{tensor}" if kind == "dense" else name


def listed(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are, for a message."""
    if not names:
        return "none"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _place(name: str) -> str | None:
    for pattern, kind in _PLACES:
        if match := pattern.match(name):
            # The flattening is number 0 of the dense sequence.
            index = int(match[1]) - (kind == "dense")
            return f"{kind}.{index}.{match[2]}" if index >= 0 else None
    return None
